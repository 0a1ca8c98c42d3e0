"""What a crash or a power cut left behind, put right at start."""

import logging
import threading
import time
from collections.abc import Callable

from sqlalchemy.exc import OperationalError

from jobs.attempts import Attempts
from jobs.history import History
from jobs.live import KEEP_SECONDS, LiveStore
from jobs.queue import DISK, Queue
from jobs.record import LiveJob, Spot, ticket_of
from jobs.tables import Job
from jobs.trouble import STOPPED_TWICE
from jobs.views import ACTIVE

log = logging.getLogger(__name__)

MOST_RESTARTS = 1
"""How often a job is begun again after the studio ended at the same place of it."""
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
    rows = history.unfinished()
    for row, owner in rows:
        queue.take_back(row, ticket_of(row, owner, units(row)))
    interrupted = [found for row, _ in rows if row.state in ACTIVE and (found := live.get(row.id))]
    left = [job for job in interrupted if not _settled(history, queue, attempts, job)]
    attempts.sweep({job.id for job in live.all() if not job.finished}, {job.id for job in left})
    for job in left:
        live.update(job.id, spot=Spot(why=DISK))
    return left


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
    except OperationalError as error:
        log.warning("job %s waits for the database: %s", job.id, error.orig)
        return False
    return True


def _settle(history: History, queue: Queue, attempts: Attempts, job: LiveJob) -> None:
    if _kept(attempts, job):
        log.info("job %s was complete: kept", job.id)
        return
    row = history.row(job.id)
    place = attempts.place(job)
    again = row.restarts + 1 if place == row.stop_place else 1
    if row.cancel:
        queue.finish(job, "cancelled")
    elif again <= MOST_RESTARTS or row.lane == "fetch":  # a download ends no studio: it may go on every time
        queue.requeue(job, restarts=again, stop_place=place)
        log.info("job %s begins again; the studio ended at %s", job.id, place)
    else:
        queue.finish(job, "failed", STOPPED_TWICE)


def _kept(attempts: Attempts, job: LiveJob) -> bool:
    """Keep the files of an attempt that was complete; False where there is nothing whole to keep."""
    files = attempts.sealed(job)
    if files is None:
        return False
    try:
        attempts.keep(job, files)
    except OperationalError:
        raise
    except Exception:
        log.exception("the result of job %s is not whole", job.id)
        return False
    return True
