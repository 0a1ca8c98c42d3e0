"""What a crash or a power cut left behind, put right at start."""

import logging
import time
from collections.abc import Callable

from jobs.attempts import Attempts
from jobs.history import History
from jobs.live import KEEP_SECONDS, LiveStore
from jobs.queue import Queue
from jobs.record import LiveJob, live_of, ticket_of
from jobs.tables import Job
from jobs.trouble import STOPPED_TWICE
from jobs.views import ACTIVE

log = logging.getLogger(__name__)

MOST_RESTARTS = 1
"""How often a job is begun again after the studio ended during it."""


def recover(history: History, queue: Queue, live: LiveStore, attempts: Attempts, units: Callable[[Job], float]) -> None:
    """Bring every job back to where it belongs: complete ones are kept, others begun again once, then given up.

    ``units`` says how much work a stored job is.
    """
    for job in history.finished_since(time.time() - KEEP_SECONDS):
        live.put(job)
    rows = history.unfinished()
    for row, owner in rows:
        queue.take_back(row, ticket_of(row, owner, units(row)))
    for row, owner in rows:
        if row.state in ACTIVE:
            _settle(queue, attempts, live_of(row, ticket_of(row, owner)), row)
    attempts.sweep({job.id for job in live.all() if not job.finished})


def _settle(queue: Queue, attempts: Attempts, job: LiveJob, row: Job) -> None:
    """Decide about one job that was under way when the studio ended."""
    if _kept(attempts, job):
        log.info("job %s was complete: kept", job.id)
    elif row.cancel:
        queue.finish(job, "cancelled")
    elif row.restarts < MOST_RESTARTS or row.lane == "fetch":  # a download ends no studio: it may go on every time
        queue.requeue(job, restarts=row.restarts + 1)
        log.info("job %s begins again", job.id)
    else:
        queue.finish(job, "failed", STOPPED_TWICE)


def _kept(attempts: Attempts, job: LiveJob) -> bool:
    """Keep the files of an attempt that was complete; False where there is nothing whole to keep."""
    files = attempts.sealed(job)
    if files is None:
        return False
    try:
        attempts.keep(job, files)
    except Exception:
        log.exception("the result of job %s is not whole", job.id)
        return False
    return True
