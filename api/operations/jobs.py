"""Submitting, following and canceling jobs."""

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import Query, Response
from fastapi.responses import StreamingResponse

from api.bodies import JsonObject, read_submission
from api.gradio_files import hand_out
from api.operations.registry import Absent, Id, Json, Operations
from api.plain_json import PlainJson
from api.principal import Who
from jobs.views import Dismissed, Estimate, Follow, JobView, Move
from studio import Studio

operations = Operations()


def _estimate_body(request: Json, project_id: str | None = None) -> Json:
    return {"request": request, "project_id": project_id}


def _submit_body(request: Json, project_id: str | None = None, client_ref: str | None = None) -> Json:
    return {"request": request, "project_id": project_id, "client_ref": client_ref}


def _move_body(before: str | None = None, after: str | None = None) -> Json:
    return {name: id for name, id in (("before", before), ("after", after)) if id is not None}


@operations.add("GET /api/jobs", Absent.PAGE)
def follow_jobs(studio: Studio, who: Who, since: str | None = None) -> Follow:
    """Return what changed in the queue since a cursor, or everything without one."""
    return studio.jobs.since(who, since)


@operations.add("POST /api/jobs", arguments=_submit_body, status=201)
def submit(studio: Studio, who: Who, body: JsonObject) -> JobView:
    """Submit a request, or the whole record of a file made here. Returns the job.

    Submitting the same client_ref again returns the same job, so that a script can retry safely.
    """
    submission = read_submission(body)
    return studio.jobs.submit(
        who, submission.request, project_id=submission.project_id, client_ref=submission.client_ref
    )


@operations.add("POST /api/estimate", arguments=_estimate_body)
def estimate(studio: Studio, who: Who, body: JsonObject) -> Estimate:
    """Estimate a request: seconds, memory, the queue ahead of it, and whether it fits."""
    submission = read_submission(body)
    return studio.jobs.estimate(who, submission.request, submission.project_id)


@operations.add("GET /api/jobs/ended")
def ended_jobs(studio: Studio, who: Who, since: Annotated[float, Query(allow_inf_nan=False)] = 0.0) -> list[JobView]:
    """Return your jobs that ended after a time (seconds since 1970), the last one first, at most 200."""
    return studio.jobs.own.ended(who, since)


@operations.add("POST /api/jobs/cancel-waiting")
def cancel_waiting_jobs(studio: Studio, who: Who) -> list[JobView]:
    """Cancel all your jobs that have not started. Returns them."""
    return studio.jobs.own.cancel_waiting(who)


@operations.add("POST /api/jobs/dismiss-failed")
def dismiss_failed_jobs(studio: Studio, who: Who) -> Dismissed:
    """Dismiss all your failed jobs: they are no longer listed."""
    return Dismissed(count=studio.jobs.own.dismiss_failed(who))


@operations.add("GET /api/jobs/{id}")
def job_status(studio: Studio, who: Who, job_id: Id) -> JobView:
    """Return the current state of a job."""
    return studio.jobs.get(who, job_id)


@operations.add("GET /api/jobs/{id}/text", Absent.BYTES)
def job_text(studio: Studio, who: Who, job_id: Id, after: int = 0) -> StreamingResponse:
    """Stream a job's text from character ``after`` on until the job ends."""
    studio.jobs.get(who, job_id)
    return StreamingResponse(
        studio.jobs.text(who, job_id, max(0, after)),
        media_type="text/plain; charset=utf-8",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )


@operations.add(Absent.CLIENT)
async def wait_job(studio: Studio, who: Who, job_id: Id) -> AsyncIterator[JobView]:
    """Follow a job: its state at every change until it ends. Disconnecting does not stop the job."""
    async for view in studio.jobs.wait(who, job_id):
        yield view


@operations.add("POST /api/jobs/{id}/cancel")
def cancel_job(studio: Studio, who: Who, job_id: Id) -> JobView:
    """Cancel a waiting or running job."""
    return studio.jobs.cancel(who, job_id)


@operations.add("POST /api/jobs/{id}/move", arguments=_move_body)
def move_job(studio: Studio, who: Who, job_id: Id, where: Move) -> JobView:
    """Move a waiting job directly before or after another of yours, given by its id. Both wait in the same lane."""
    return studio.jobs.own.move(who, job_id, where)


@operations.add("POST /api/jobs/{id}/dismiss")
def dismiss_job(studio: Studio, who: Who, job_id: Id) -> JobView:
    """Dismiss a failed job: it is no longer listed."""
    return studio.jobs.own.dismiss(who, job_id)


@operations.add("POST /api/jobs/{id}/pause")
def pause_job(studio: Studio, who: Who, job_id: Id) -> JobView:
    """Pause a job that can be resumed: downloads, enlargements, frame rates."""
    return studio.jobs.pause(who, job_id)


@operations.add("POST /api/jobs/{id}/resume")
def resume_job(studio: Studio, who: Who, job_id: Id) -> JobView:
    """Resume a paused job."""
    return studio.jobs.resume(who, job_id)


@operations.add("POST /api/jobs/{id}/retry", Absent.PAGE)
def retry_job(studio: Studio, who: Who, job_id: Id) -> JobView:
    """Retry a failed or canceled job."""
    return studio.jobs.retry(who, job_id)


@operations.add("GET /api/jobs/{id}/preview", Absent.BYTES)
def job_preview(studio: Studio, who: Who, job_id: Id) -> Response:
    """Return the latest preview of the result, a JPEG."""
    preview = studio.jobs.preview(who, job_id)
    return Response(preview, media_type="image/jpeg", headers={"Cache-Control": "no-store"})


@operations.add(Absent.CLIENT)
def job_files(studio: Studio, who: Who, job_id: Id) -> list[PlainJson]:
    """Return the files of a finished job, the main one first; gradio_client downloads them."""
    return [hand_out(studio, who, asset_id) for asset_id in studio.jobs.get(who, job_id).assets]
