"""What a crash or a power cut left behind, put right at start."""

import logging
import threading
import time
from collections.abc import Callable

from sqlalchemy.exc import OperationalError

from jobs.attempts import Attempts
from jobs.history import History
from jobs.live import KEEP_SECONDS, LiveStore
from jobs.places import stop_at
from jobs.queue import DISK, Queue
from jobs.record import LiveJob, Spot, ticket_of
from jobs.tables import Job
from jobs.trouble import NOT_SAVED, STOPPED_OFTEN, STOPPED_TWICE, is_passing, problem_of
from jobs.views import ACTIVE

log = logging.getLogger(__name__)

MOST_RESTARTS = {"further": 1, "same": 1, "behind": 3}
"""How often a job is begun again after the studio ended during it, counted since it last came further than ever."""
_DISK_SECONDS = 5.0


def recover(
    history: History, queue: Queue, live: LiveStore, attempts: Attempts, units: Callable[[Job], float]
) -> list[LiveJob]:
    """Bring every job back to where it belongs: complete ones are kept, others begun again or given up.

    ``units`` says how much work a stored job is. Returns the jobs that could not be written down because the database
    cannot be written now: hand them to ``settle_later``.
    """
    for job in history.finished_since(time.time() - KEEP_SECONDS):
        live.put(job)
    _reopen(queue, attempts)
    rows = history.unfinished()
    for row, owner in rows:
        queue.take_back(row, ticket_of(row, owner, units(row)))
    interrupted = [found for row, _ in rows if row.state in ACTIVE and (found := live.get(row.id))]
    left = [job for job in interrupted if not _settled(history, queue, attempts, job)]
    try:
        attempts.sweep({job.id for job in live.all() if not job.finished}, {job.id for job in left})
    except OSError as error:
        log.warning("what ended attempts left could not be removed: %s", error)
    for job in left:
        live.update(job.id, spot=Spot(why=DISK))
    return left


def _reopen(queue: Queue, attempts: Attempts) -> None:
    """Try once more to save the complete results that could not be saved before."""
    try:
        queue.reopen(attempts.complete())
    except OperationalError as error:
        log.warning("results that were not saved wait for the next start: %s", error.orig)


def settle_later(
    history: History, queue: Queue, attempts: Attempts, jobs: list[LiveJob], stopping: threading.Event
) -> None:
    """Go on trying to settle what ``recover`` could not, until all is done or the studio stops."""
    while jobs and not stopping.wait(_DISK_SECONDS):
        jobs = [job for job in jobs if not _settled(history, queue, attempts, job)]


def _settled(history: History, queue: Queue, attempts: Attempts, job: LiveJob) -> bool:
    """Decide about one job that was under way when the studio ended; False where that cannot be written now."""
    try:
        _settle(history, queue, attempts, job)
    except Exception as error:
        if not is_passing(error):
            raise
        log.warning("job %s cannot be settled yet: %s", job.id, error)
        return False
    return True


def _settle(history: History, queue: Queue, attempts: Attempts, job: LiveJob) -> None:
    if _kept(queue, attempts, job):
        return
    row = history.row(job.id)
    place = attempts.place(job)
    stop = stop_at(place, row.stop_place)
    again = 1 if stop.progress == "further" else row.restarts + 1
    if row.cancel:
        queue.finish(job, "cancelled")
    elif row.lane == "fetch" or again <= MOST_RESTARTS[stop.progress]:  # a download ends no studio
        queue.requeue(job, restarts=again, stop_place=stop.places)
        log.info("job %s begins again; the studio ended at %s", job.id, place)
    else:
        queue.finish(job, "failed", STOPPED_TWICE if stop.progress == "same" else STOPPED_OFTEN)


def _kept(queue: Queue, attempts: Attempts, job: LiveJob) -> bool:
    """Keep the files of an attempt that was complete; False where there is nothing whole to keep.

    What is whole but cannot be saved stays where it is, and its job fails.
    """
    files = attempts.sealed(job)
    if files is None:
        return False
    try:
        attempts.keep(job, files)
        log.info("job %s was complete: kept", job.id)
    except FileNotFoundError:
        log.exception("the result of job %s is not whole", job.id)
        return False
    except Exception as error:
        if is_passing(error):
            raise
        queue.finish(job, "failed", problem_of(error, NOT_SAVED))
    return True
