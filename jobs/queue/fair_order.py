"""The order of waiting jobs: by class, then the person served longest ago, then their first job with a loaded model.

A job that let short ones run comes first. Jobs that a person has moved stay in the order they gave them.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

from jobs.queue.live_job import LiveJob

CLASSES = ("interactive", "batch", "training")
WINDOW = 8
"""How many of a person's jobs are searched for a loaded model."""
MOST_SKIPS = 4
"""How often a job may be overtaken by one with a loaded model."""


class WaitingJob(NamedTuple):
    """The next job, the jobs of the same person it overtakes, and whether its model is already in memory."""

    job: LiveJob
    overtaken: tuple[LiveJob, ...]
    warm: bool


class FairOrder:
    """The waiting jobs of one lane; each ``next`` removes one, as if it had run.

    ``served`` is the time of each person's last turn (seconds since 1970), ``last`` the model that ran last; ``warm``
    returns whether a model is in memory.
    """

    def __init__(
        self, jobs: Iterable[LiveJob], served: Mapping[str, float], last: str | None, warm: Callable[[str], bool]
    ) -> None:
        self._served = dict(served)
        self._last = last
        self._warm = warm
        self._skipped: dict[str, int] = {}
        self._groups: dict[str, dict[str, list[LiveJob]]] = {}
        ordered = sorted(jobs, key=lambda job: job.order)
        self._yielded = [job for job in ordered if job.yielded is not None]
        for job in ordered:
            if job.yielded is not None:
                continue
            self._groups.setdefault(job.ticket.priority, {}).setdefault(job.ticket.user_id, []).append(job)

    def next(self) -> WaitingJob | None:
        """Remove and return the next job; None if there is none."""
        if self._yielded:
            job = self._yielded.pop(0)
            return WaitingJob(job, (), self._resident_since(job.ticket.model) > 0)
        people = next((self._groups[name] for name in CLASSES if self._groups.get(name)), None)
        if people is None:
            return None
        user = min(people, key=lambda user: (self._served.get(user, 0.0), people[user][0].order))
        turn = self._choose(people[user])
        people[user].remove(turn.job)
        if not people[user]:
            del people[user]
        for job in turn.overtaken:
            self._skipped[job.id] = self._skips(job) + 1
        self._served[user] = max(self._served.values(), default=0.0) + 1
        self._last = turn.job.ticket.model
        return turn

    def _choose(self, jobs: list[LiveJob]) -> WaitingJob:
        # A job that its owner placed is not overtaken, and overtakes none.
        free = next((n for n, job in enumerate(jobs[:WINDOW]) if job.placed), WINDOW)
        window = jobs[: max(1, free)]
        chosen = next((n for n, job in enumerate(window) if self._skips(job) >= MOST_SKIPS), None)
        if chosen is None:
            chosen = max(range(len(window)), key=lambda n: (self._resident_since(window[n].ticket.model), -n))
        job = window[chosen]
        return WaitingJob(job, tuple(window[:chosen]), self._resident_since(job.ticket.model) > 0)

    def _skips(self, job: LiveJob) -> int:
        return self._skipped.get(job.id, job.skipped)

    def _resident_since(self, model: str) -> int:
        return 2 if model == self._last else int(self._warm(model))
