"""Whose turn it is: class, then the person served longest ago, then the warmest model of their first few."""

from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

from jobs.record import LiveJob

CLASSES = ("interactive", "batch", "training")
WINDOW = 8
"""How many of a person's jobs are looked at for a warm model."""
MOST_SKIPS = 4
"""How often a job may be overtaken for warmth."""


class Turn(NamedTuple):
    """The next job, those of the same person it overtakes, and whether its model is in memory already."""

    job: LiveJob
    overtaken: tuple[LiveJob, ...]
    warm: bool


class Line:
    """The waiting jobs of one lane; each ``next`` takes one out, as if it had run.

    ``served`` is when each person last had a turn (seconds since 1970), ``last`` the model that ran last, ``warm``
    says whether a model is in memory.
    """

    def __init__(
        self, jobs: Iterable[LiveJob], served: Mapping[str, float], last: str | None, warm: Callable[[str], bool]
    ) -> None:
        self._served = dict(served)
        self._last = last
        self._warm = warm
        self._skipped: dict[str, int] = {}
        self._groups: dict[str, dict[str, list[LiveJob]]] = {}
        for job in sorted(jobs, key=lambda job: job.ticket.created_at):
            self._groups.setdefault(job.ticket.priority, {}).setdefault(job.ticket.user_id, []).append(job)

    def next(self) -> Turn | None:
        """Take the next job out; None when nobody waits."""
        people = next((self._groups[name] for name in CLASSES if self._groups.get(name)), None)
        if people is None:
            return None
        user = min(people, key=lambda user: (self._served.get(user, 0.0), people[user][0].ticket.created_at))
        turn = self._choose(people[user])
        people[user].remove(turn.job)
        if not people[user]:
            del people[user]
        for job in turn.overtaken:
            self._skipped[job.id] = self._skips(job) + 1
        self._served[user] = max(self._served.values(), default=0.0) + 1
        self._last = turn.job.ticket.model
        return turn

    def _choose(self, jobs: list[LiveJob]) -> Turn:
        window = jobs[:WINDOW]
        chosen = next((n for n, job in enumerate(window) if self._skips(job) >= MOST_SKIPS), None)
        if chosen is None:
            chosen = max(range(len(window)), key=lambda n: (self._warmth(window[n].ticket.model), -n))
        job = window[chosen]
        return Turn(job, tuple(window[:chosen]), self._warmth(job.ticket.model) > 0)

    def _skips(self, job: LiveJob) -> int:
        return self._skipped.get(job.id, job.skipped)

    def _warmth(self, model: str) -> int:
        return 2 if model == self._last else int(self._warm(model))
