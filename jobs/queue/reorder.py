"""Moving one of a person's waiting jobs before or after another."""

import math
from collections.abc import Sequence

from jobs.queue.live_job import LiveJob


def positions(jobs: Sequence[LiveJob], moved: str, anchor: str, *, after: bool) -> dict[str, float]:
    """The new positions, by id, of the jobs whose place changes; ``jobs`` are one person's in one lane, in order.

    The person's jobs exchange the positions they have, so that nothing changes for others. ``moved`` and ``anchor`` are
    among the jobs.
    """
    ids = [job.id for job in jobs]
    before = list(ids)
    ids.remove(moved)
    ids.insert(ids.index(anchor) + after, moved)
    new: dict[str, float] = {}
    last = -math.inf
    for id, old, job in zip(ids, before, jobs, strict=True):
        last = max(job.order, math.nextafter(last, math.inf))  # two jobs may have been submitted in the same instant
        if id != old or last != job.order:
            new[id] = last
    return new
