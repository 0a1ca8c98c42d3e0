"""When a long job lets short ones run between its tiles or frames.

Short jobs may start for ten seconds. Then the long one works three times as long as it paused; so it always gets on.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from engines.tasks import TASKS
from jobs.queue.costs import seconds_left
from jobs.queue.live_job import LiveJob

SHORT_SECONDS = 10.0
"""The most that a short job is expected to take, with loading; also how long short jobs may start."""
LONG_SECONDS = 20.0
"""A job with less work left than this does not yield."""
LEAST_SECONDS = 3.0
"""The least time a job works before it yields again."""
_SHARE = 3.0
"""How much longer it works than it paused."""


def works_until(paused_at: float, now: float) -> float:
    """Until when a job that continues ``now`` works before it yields again."""
    return now + max(LEAST_SECONDS, _SHARE * (now - paused_at))


def begins_working(job: LiveJob, now: float) -> Mapping[str, Any]:
    """What changes when a job that let short ones run has its model again: only then it works, and is timed."""
    if job.works_until is None or job.pace is None:
        return {}
    return {
        "works_until": job.works_until + now - job.pace.began,
        "pace": replace(job.pace, at=now, began=now, first_step=job.pace.step),
    }


def yields_in(job: LiveJob, now: float) -> float | None:
    """The seconds until an active job can let short ones run; None if it finishes first, or cannot."""
    task = TASKS.get(job.ticket.task)
    if task is None or not task.can_yield or job.state != "running" or job.pace is None or job.cancel or job.pause:
        return None
    wait = max(0.0, (job.works_until or 0.0) - now)
    return wait if (seconds_left(job, now) or 0.0) - wait > LONG_SECONDS else None


def step_seconds(job: LiveJob, now: float) -> float:
    """The seconds that one step of an active job takes."""
    if job.pace is None or job.pace.total <= job.pace.step:
        return 0.0
    return (seconds_left(job, now) or 0.0) / (job.pace.total - job.pace.step)


def waits(seconds: list[float], first: float) -> list[float]:
    """When each of several short jobs is done, if the first starts in ``first`` seconds; ``seconds`` is how long each
    takes."""
    done, began = [], 0.0
    for one in seconds:
        done.append(first + began + one + _SHARE * SHORT_SECONDS * (began // SHORT_SECONDS))
        began += one
    return done
