"""REST: asking for work, watching it, stopping it."""

from fastapi import APIRouter, Response
from fastapi.responses import StreamingResponse

from api.bodies import JsonObject, read_submission
from api.principal import Who
from jobs.views import Estimate, Follow, JobView
from studio import Studio


def add_to(router: APIRouter, studio: Studio) -> None:
    """Add the routes of jobs."""
    jobs = studio.jobs

    @router.get("/api/jobs")
    def follow_jobs(who: Who, since: str | None = None) -> Follow:
        """What changed in the queue since a cursor; everything without one."""
        return jobs.since(who, since)

    @router.post("/api/jobs", status_code=201)
    def submit_job(who: Who, body: JsonObject) -> JobView:
        """Ask for work: a request, a file's whole record, or ``{"request", "project_id", "client_ref"}``."""
        asked = read_submission(body)
        return jobs.submit(who, asked.request, project_id=asked.project_id, client_ref=asked.client_ref)

    @router.post("/api/estimate")
    def estimate_job(who: Who, body: JsonObject) -> Estimate:
        """What a request would take, without asking for it."""
        asked = read_submission(body)
        return jobs.estimate(who, asked.request, asked.project_id)

    @router.get("/api/jobs/{id}")
    def job(who: Who, id: str) -> JobView:
        """A job as it is now."""
        return jobs.get(who, id)

    @router.get("/api/jobs/{id}/text")
    def job_text(who: Who, id: str, after: int = 0) -> StreamingResponse:
        """A job's text from its character ``after`` on, sent as it grows, until the job ends."""
        jobs.get(who, id)
        return StreamingResponse(
            jobs.text(who, id, max(0, after)),
            media_type="text/plain; charset=utf-8",
            headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
        )

    @router.post("/api/jobs/{id}/cancel")
    def cancel_job(who: Who, id: str) -> JobView:
        """Stop a job, waiting or running."""
        return jobs.cancel(who, id)

    @router.post("/api/jobs/{id}/pause")
    def pause_job(who: Who, id: str) -> JobView:
        """Let a job rest that can go on later: downloads, long clips."""
        return jobs.pause(who, id)

    @router.post("/api/jobs/{id}/resume")
    def resume_job(who: Who, id: str) -> JobView:
        """Let a paused job go on."""
        return jobs.resume(who, id)

    @router.post("/api/jobs/{id}/retry")
    def retry_job(who: Who, id: str) -> JobView:
        """Try a failed or cancelled job again."""
        return jobs.retry(who, id)

    @router.get("/api/jobs/{id}/preview")
    def job_preview(who: Who, id: str) -> Response:
        """How the result looks now: a JPEG."""
        return Response(jobs.preview(who, id), media_type="image/jpeg", headers={"Cache-Control": "no-store"})
