"""Recovery at start from a crash or a power cut."""

import logging
import threading
import time
from collections.abc import Callable

from sqlalchemy.exc import OperationalError

from jobs.queue.attempts import Attempts
from jobs.queue.crash_progress import crash_at
from jobs.queue.history import History
from jobs.queue.live_job import LiveJob, Spot, ticket_of
from jobs.queue.live_store import KEEP_SECONDS, LiveStore
from jobs.queue.problems import NOT_SAVED, STOPPED_OFTEN, STOPPED_TWICE, is_passing, problem_of
from jobs.queue.queue import DISK, Queue
from jobs.queue.tables import Job
from jobs.views import ACTIVE

log = logging.getLogger(__name__)

MOST_RESTARTS = {"further": 1, "same": 1, "behind": 3}
"""How often a job is restarted after the studio stopped during it, counted since it last got further than before."""
_DISK_SECONDS = 5.0


def recover(
    history: History, queue: Queue, live: LiveStore, attempts: Attempts, units: Callable[[Job], float]
) -> list[LiveJob]:
    """Restore every job: save complete results, restart other jobs or fail them.

    ``units`` returns the units of work of a stored job. Returns the jobs whose outcome could not be written to the
    database yet: pass them to ``recover_later``.
    """
    for job in history.finished_since(time.time() - KEEP_SECONDS):
        live.put(job)
    _reopen(queue, attempts)
    rows = history.unfinished()
    for row, owner in rows:
        queue.take_back(row, ticket_of(row, owner, units(row)))
    interrupted = [live_job for row, _ in rows if row.state in ACTIVE and (live_job := live.get(row.id))]
    left = [job for job in interrupted if not _try_recover(history, queue, attempts, job)]
    try:
        attempts.sweep({job.id for job in live.all() if not job.finished}, {job.id for job in left})
    except OSError as error:
        log.warning("files of ended attempts could not be removed: %s", error)
    for job in left:
        live.update(job.id, spot=Spot(why=DISK))
    return left


def _reopen(queue: Queue, attempts: Attempts) -> None:
    """Retry saving complete results that could not be saved before."""
    try:
        queue.reopen(attempts.complete())
    except OperationalError as error:
        log.warning("unsaved results will be retried at the next start: %s", error.orig)


def recover_later(
    history: History, queue: Queue, attempts: Attempts, jobs: list[LiveJob], stopping: threading.Event
) -> None:
    """Keep trying to settle the jobs that ``recover`` could not, until all are settled or the studio stops."""
    while jobs and not stopping.wait(_DISK_SECONDS):
        jobs = [job for job in jobs if not _try_recover(history, queue, attempts, job)]


def _try_recover(history: History, queue: Queue, attempts: Attempts, job: LiveJob) -> bool:
    """Settle one job that was active when the studio stopped; False if that cannot be written now."""
    try:
        _recover_job(history, queue, attempts, job)
    except Exception as error:
        if not is_passing(error):
            raise
        log.warning("job %s cannot be settled yet: %s", job.id, error)
        return False
    return True


def _recover_job(history: History, queue: Queue, attempts: Attempts, job: LiveJob) -> None:
    if _adopt_sealed(queue, attempts, job):
        return
    row = history.row(job.id)
    place = attempts.place(job)
    stop = crash_at(place, row.stop_place)
    again = 1 if stop.progress == "further" else row.restarts + 1
    if row.cancel:
        queue.finish(job, "cancelled")
    elif row.lane == "fetch" or again <= MOST_RESTARTS[stop.progress]:  # a download cannot have stopped the studio
        queue.requeue(job, restarts=again, stop_place=stop.places)
        log.info("job %s is queued again; the studio stopped at: %s", job.id, place)
    else:
        queue.finish(job, "failed", STOPPED_TWICE if stop.progress == "same" else STOPPED_OFTEN)


def _adopt_sealed(queue: Queue, attempts: Attempts, job: LiveJob) -> bool:
    """Save the files of a complete attempt; False if there is no complete result.

    If a complete result cannot be saved, its files stay in the work folder and its job fails.
    """
    files = attempts.sealed(job)
    if files is None:
        return False
    try:
        attempts.keep(job, files)
        log.info("job %s was complete: its result is saved", job.id)
    except FileNotFoundError:
        log.exception("the result of job %s is incomplete", job.id)
        return False
    except Exception as error:
        if is_passing(error):
            raise
        queue.finish(job, "failed", problem_of(error, NOT_SAVED))
    return True
