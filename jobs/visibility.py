"""A job as one person sees it: their own in full, other people's in outline."""

from typing import NamedTuple

from engines.tasks import TASKS
from jobs import wording
from jobs.admission.cast import lines_of_job
from jobs.queue.live_job import LiveJob
from jobs.views import JobView


class Viewer(NamedTuple):
    """The person looking, and the projects they work on; ``owner`` marks the owner of the studio."""

    user_id: str
    projects: frozenset[str] = frozenset()
    owner: bool = False

    def sees(self, job: LiveJob) -> bool:
        """Whether they may see a job in full."""
        return job.ticket.user_id == self.user_id or job.ticket.project_id in self.projects


class Side(NamedTuple):
    """How much of a job someone sees; everyone on the same side sees the same."""

    mine: bool
    full: bool
    may_stop: bool


def side(job: LiveJob, viewer: Viewer) -> Side:
    """The side from which a person sees a job."""
    mine = job.ticket.user_id == viewer.user_id
    return Side(mine, viewer.sees(job), mine or viewer.owner)


def view_for(job: LiveJob, side: Side) -> JobView:
    """The job as seen from one side."""
    ticket = job.ticket
    outline = JobView(
        id=job.id,
        mine=side.mine,
        owner=ticket.owner,
        task=ticket.task,
        noun=ticket.noun,
        state=job.state,
        words=_words(job, side),
        place=job.spot.place if job.state == "queued" else None,
        seconds_left=None if job.seconds_left is None else round(job.seconds_left, 1),
        created_at=ticket.created_at,
        started_at=job.started_at,
        finished_at=job.finished_at,
        can_move=side.mine and job.state == "queued" and job.yielded is None,
        can_cancel=side.may_stop and job.state in ("queued", "loading", "running", "paused") and not job.cancel,
        can_pause=side.mine and _can_pause(job),
        can_resume=side.mine and job.state == "paused",
    )
    if not side.full:
        return outline
    pace = job.pace
    return outline.model_copy(
        update={
            "title": ticket.title,
            "model": ticket.model,
            "lane": ticket.lane,
            "dismissed": job.dismissed,
            "project_id": ticket.project_id,
            "cast": lines_of_job(ticket.request, ticket.model),
            "request": ticket.request,
            "client_ref": ticket.client_ref if side.mine else None,
            "attempt": job.attempt,
            "step": pace.step if pace else 0,
            "total": pace.total if pace else 0,
            "fraction": min(1.0, pace.step / pace.total) if pace and pace.total > 0 else None,
            "preview": job.previews,
            "text": "\n".join(part for part in (job.text, job.verdict) if part),
            "thinking": job.thinking,
            "facts": job.facts,
            "assets": job.assets,
            "error": job.error,
            "can_retry": side.mine and job.finished,
        }
    )


def _can_pause(job: LiveJob) -> bool:
    task = TASKS.get(job.ticket.task)
    ready = job.state in ("queued", "loading", "running") and not job.cancel and not job.pause
    return ready and task is not None and task.can_yield


def _words(job: LiveJob, side: Side) -> str:
    if job.cancel and job.active and job.state != "saving":
        return "canceling"
    if job.pause and job.active:
        return "pausing"
    if not job.finished and job.spot.why:
        return job.spot.why
    if job.state == "queued":
        return _waiting(job)
    if job.state == "loading":
        return f"loading {job.note}" if side.full and job.note else "starting"
    if job.state == "running":
        return _running(job, side.full)
    if job.state == "done":
        took = (job.finished_at or 0) - (job.started_at or job.finished_at or 0)
        return f"done in {wording.duration(took)}" + (f": {job.verdict}" if side.full and job.verdict else "")
    if job.state == "failed":
        return job.error.sentence if side.full and job.error else "failed"
    if job.state == "paused":
        pace = job.pace if side.full else None
        return wording.paused(pace.step, pace.total, pace.noun) if pace else "paused"
    return "canceled" if job.state == "cancelled" else job.state


def _waiting(job: LiveJob) -> str:
    spot = job.spot
    if job.yielded is not None:
        return wording.yielded(job.seconds_left)
    if spot.place is None:
        return "waiting"
    return wording.in_line(spot.place, job.seconds_left)


def _running(job: LiveJob, full: bool) -> str:
    pace = job.pace if full else None
    if pace is None:
        return wording.working(0, 0, "", job.seconds_left)
    return wording.working(pace.step, pace.total, pace.noun, job.seconds_left)
