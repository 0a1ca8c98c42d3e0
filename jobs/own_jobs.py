"""What a person does with their own jobs as a whole: order them, cancel those that wait, dismiss those that failed."""

from collections.abc import Callable
from contextlib import suppress

from auth.accounts.principal import Principal
from errors import StudioError, not_found
from jobs.queue.history import History
from jobs.queue.live_job import LiveJob
from jobs.queue.live_store import LiveStore
from jobs.queue.queue import Outdated, Queue
from jobs.views import JobView, Move
from jobs.visibility import Viewer

_MOST_ENDED = 200


class OwnJobs:
    """A person's own jobs. Thread-safe. ``viewer_of`` returns how a person sees jobs, ``stop`` cancels one by id."""

    def __init__(
        self,
        queue: Queue,
        live: LiveStore,
        history: History,
        viewer_of: Callable[[Principal], Viewer],
        stop: Callable[[str], LiveJob],
    ) -> None:
        self._queue = queue
        self._live = live
        self._history = history
        self._viewer_of = viewer_of
        self._stop = stop

    def move(self, who: Principal, job_id: str, where: Move) -> JobView:
        """Move a waiting job before or after another one of the same person and lane.

        Raises StudioError not_found if one of them is not theirs, cannot_move (409) if it does not wait there.
        """
        anchor = where.before or where.after or ""
        for wanted in (job_id, anchor):
            self._own(who, wanted)
        try:
            job = self._queue.move(job_id, anchor, after=where.after is not None)
        except KeyError as error:
            raise StudioError(
                "cannot_move",
                "The order was not changed.",
                "One of the two jobs no longer waits, or they do not wait for each other.",
                status=409,
            ) from error
        return self._live.view(job, self._viewer_of(who))

    def cancel_waiting(self, who: Principal) -> list[JobView]:
        """Cancel the person's jobs that have not started. Returns them."""
        waiting = [job for job in self._live.all() if job.state == "queued" and job.ticket.user_id == who.user_id]
        for job in waiting:
            with suppress(KeyError, Outdated):  # it has ended with another job that it was waiting for
                if job.yielded is None:
                    self._stop(job.id)
        return self._views(who, [job for job in waiting if job.yielded is None])

    def dismiss(self, who: Principal, job_id: str) -> JobView:
        """Dismiss a failed job: it is no longer listed. Raises StudioError not_found, not_failed (409)."""
        job = self._own(who, job_id)
        if job.state != "failed":
            raise StudioError("not_failed", "Only a failed job can be dismissed.", status=409)
        self._queue.dismiss([job_id])
        return self._views(who, [job])[0]

    def dismiss_failed(self, who: Principal) -> int:
        """Dismiss all the person's failed jobs. Returns how many there were."""
        failed = self._history.failed(who.user_id)
        self._queue.dismiss(failed)
        return len(failed)

    def ended(self, who: Principal, since: float) -> list[JobView]:
        """The person's jobs that ended after a time, in seconds since 1970; the last one first, at most 200."""
        viewer = self._viewer_of(who)
        jobs = self._history.ended_since(who.user_id, since, _MOST_ENDED)
        return [self._live.view(job, viewer) for job in jobs]

    def _views(self, who: Principal, jobs: list[LiveJob]) -> list[JobView]:
        """The jobs as they are now."""
        viewer = self._viewer_of(who)
        found = (self._live.get(job.id) or self._history.get(job.id) or job for job in jobs)
        return [self._live.view(job, viewer) for job in found]

    def _own(self, who: Principal, job_id: str) -> LiveJob:
        job = self._live.get(job_id) or self._history.get(job_id)
        if job is None or job.ticket.user_id != who.user_id:
            raise not_found("job")
        return job
