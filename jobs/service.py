"""The service for jobs: submit, watch, cancel, retry."""

import asyncio
import logging
import threading
import time
from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import suppress

from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from auth.accounts.principal import Principal
from data import DataFolder
from db import Database
from engines.catalog import Catalog, Entry
from engines.host.hosts import Host
from engines.memory_fit import Fit
from engines.protocol import DeviceState
from engines.requests import Request, from_storage
from engines.tasks import TASKS
from errors import Problem, StudioError, not_found
from jobs.admission.admission import REF_LENGTH, Admission
from jobs.admission.model_choice import ModelChoice, Needs
from jobs.admission.reproduce import request_of
from jobs.own_jobs import OwnJobs
from jobs.queue import recovery
from jobs.queue.attempts import Attempts
from jobs.queue.costs import Costs
from jobs.queue.history import History
from jobs.queue.job_owner import shut_out
from jobs.queue.live_job import LiveJob
from jobs.queue.live_store import LiveStore
from jobs.queue.problems import disk_full, naming_full_disk
from jobs.queue.queue import Along, EndListener, Outdated, Queue
from jobs.queue.residency import Residency
from jobs.queue.scheduler import Lane
from jobs.views import FINISHED, DeviceView, Estimate, Follow, JobView, State
from jobs.visibility import Viewer
from library.conversations import answers
from library.conversations.answers import Answer
from library.service import Library

log = logging.getLogger(__name__)

_LOOK_SECONDS = 0.2
"""How often ``wait`` checks for a change."""
_LISTEN_SECONDS = 0.01
"""How often ``text`` checks for more."""
_VIEWER_SECONDS = 5.0
"""How long a change of a project's members may take to affect who sees its jobs."""
_PAGE = 200


class Jobs:
    """All jobs of the studio, from submission to the end. Thread-safe. ``own`` is what people do with all of theirs.

    ``keep_free_bytes`` of the disk stay free: with less, no job is accepted or started.
    """

    def __init__(
        self,
        database: Database,
        data: DataFolder,
        library: Library,
        catalog: Catalog,
        hosts: Sequence[Host],
        *,
        keep_free_bytes: int,
    ) -> None:
        self._database = database
        self._data = data
        self._library = library
        self._keep_free = keep_free_bytes
        self._live = LiveStore()
        self._history = History(database, self._live)
        costs, residency = Costs(database, catalog), Residency()
        self._queue = Queue(database, self._live, costs, residency, self._tell_ended)
        self._attempts = Attempts(database, data, library, self._queue)
        self._admission = Admission(
            database, library, catalog, costs, self._queue, self._live, {host.lane for host in hosts}
        )
        self._lanes = [
            Lane(host, self._queue, self._live, self._attempts, costs, residency, self._has_room, catalog)
            for host in hosts
        ]
        self.own = OwnJobs(self._queue, self._live, self._history, self._viewer, self._stop)
        self._stopping = threading.Event()
        self._viewers: dict[tuple[str, str], tuple[float, Viewer]] = {}
        self._listeners: list[EndListener] = [_ended]

    def when_ended(self, listener: EndListener) -> None:
        """Call ``listener`` at the end of every job, in the transaction that ends it."""
        self._listeners.append(listener)

    def _tell_ended(self, session: Session, job: LiveJob, state: State, error: Problem | None) -> None:
        for listener in self._listeners:
            try:
                with session.begin_nested():
                    listener(session, job, state, error)
            except Exception as broken:
                if state == "done" or isinstance(broken, OperationalError):
                    raise
                log.exception("a listener failed at the end of job %s", job.id)  # the job still ends

    def start(self) -> None:
        """Recover from a crash if there was one, then start the lanes."""
        left = recovery.recover(self._history, self._queue, self._live, self._attempts, self._admission.units)
        if left:
            rest = (self._history, self._queue, self._attempts, left, self._stopping)
            threading.Thread(target=recovery.recover_later, args=rest, name="recovery", daemon=True).start()
        for lane in self._lanes:
            lane.start()

    def stop(self) -> None:
        """Stop within three seconds: put running jobs back into the queue, then stop the hosts."""
        self._stopping.set()
        stoppers = [threading.Thread(target=lane.stop) for lane in self._lanes]
        for stopper in stoppers:
            stopper.start()
        for stopper in stoppers:
            stopper.join()

    # -- submitting

    def estimate(self, who: Principal, request: Request, project_id: str | None = None) -> Estimate:
        """The estimate for a request, including the queue. Raises StudioError (4xx) if it cannot be done."""
        if project_id is not None:
            self._library.require_project(who, project_id)
        return self._admission.estimate(who, request)

    def timed_fit(self, fit: Fit, entry: Entry) -> Fit:
        """Add the time for one usual result to whether a model fits into memory."""
        return self._admission.timed_fit(fit, entry)

    def submit(
        self,
        who: Principal,
        request: Request,
        *,
        project_id: str | None = None,
        client_ref: str | None = None,
        parent: str | None = None,
        after: tuple[str, ...] = (),
        along: Along | None = None,
    ) -> JobView:
        """Put a request into the queue.

        ``client_ref`` is the client's own name for the job: submitting again with the same name returns the same job.
        ``after`` lists the person's jobs that must finish first, such as the download of the model; ``along`` writes
        data that belongs to a new job in the same transaction. Raises StudioError: 4xx if the request cannot be done,
        conflict (409) if ``client_ref`` was used for a different request, too_many_jobs (429), disk_full (507).
        """
        with naming_full_disk():
            earlier = self._earlier(who, request, client_ref)
            if earlier is not None:
                return self.get(who, earlier)
            if not self._has_room():
                raise disk_full()
            coming = self._admission.downloading(after)
            ready = self._admission.ready(who, request, lambda entry: entry.id in coming)
            row = self._admission.row(who, ready, project_id, client_ref)
            row.parent, row.after = parent, self._admission.after(who, after)
            job = self._queue.add(row, who.name, ready.units, lambda other: self._admission.same(request, other), along)
        return self.get(who, job)

    def retry(self, who: Principal, job_id: str) -> JobView:
        """Submit the request of a finished job again.

        Raises StudioError not_found, not_finished (409) or like ``submit``.
        """
        job = self._own(who, job_id)
        if not job.finished:
            raise StudioError(
                "not_finished", "This job is not finished yet.", next="Wait for it, or cancel it first.", status=409
            )
        return self.submit(who, from_storage(job.ticket.request), project_id=job.ticket.project_id, parent=job_id)

    def reproduce(self, who: Principal, asset_id: str) -> JobView:
        """Reproduce an asset from its provenance; the finished job's ``words`` say whether the result is identical.

        Raises StudioError not_found, no_provenance or like ``submit``.
        """
        asset = self._library.get(who, asset_id)
        return self.submit(who, request_of(asset), project_id=asset.project_id, parent=asset_id)

    def _earlier(self, who: Principal, request: Request, client_ref: str | None) -> str | None:
        """The id of the earlier job with this ``client_ref``. Raises StudioError conflict, bad_client_ref."""
        if client_ref is None:
            return None
        if not 0 < len(client_ref) <= REF_LENGTH:
            raise StudioError("bad_client_ref", f"A client_ref has 1 to {REF_LENGTH} characters.", status=422)
        return self._queue.known_as(who.user_id, client_ref, lambda row: self._admission.same(request, row))

    # -- watching

    def get(self, who: Principal, job_id: str) -> JobView:
        """A job of the person or of one of their projects. Raises StudioError not_found."""
        viewer = self._viewer(who)
        job = self._find(job_id)
        if job is None or not viewer.sees(job):
            raise not_found("job")
        return self._live.view(job, viewer)

    def since(self, who: Principal, cursor: str | None) -> Follow:
        """What changed since a cursor: the person's own jobs in full, other people's unfinished jobs in outline."""
        return self._live.since(self._viewer(who), cursor)

    def preview(self, who: Principal, job_id: str) -> bytes:
        """The current preview of a job, as JPEG. Raises StudioError not_found."""
        job = self._live.get(job_id)
        if job is None or not job.preview or not self._viewer(who).sees(job):
            raise not_found("preview")
        return job.preview

    def page(self, who: Principal, limit: int = 50) -> list[JobView]:
        """The person's jobs, newest first, at most 200."""
        viewer = self._viewer(who)
        return [self._live.view(job, viewer) for job in self._history.newest(who.user_id, max(1, min(limit, _PAGE)))]

    def made_as(self, who: Principal, prefix: str) -> dict[str, str]:
        """The first asset's id by ``client_ref``, of the person's jobs whose ``client_ref`` begins with ``prefix``,
        newest first."""
        return self._history.made_as(who.user_id, prefix)

    async def wait(self, who: Principal, job_id: str) -> AsyncIterator[JobView]:
        """Yield a job now and at every change until it is finished. Blocks no thread. Raises StudioError not_found."""
        shown: JobView | None = None
        while True:
            version = self._live.version(job_id)
            view = self.get(who, job_id)
            if view != shown:
                shown = view
                yield view
            if view.state in FINISHED:
                return
            while self._live.version(job_id) == version:
                await asyncio.sleep(_LOOK_SECONDS)

    async def text(self, who: Principal, job_id: str, after: int = 0) -> AsyncIterator[str]:
        """Yield a job's text as it grows, from character ``after`` on, until the job ends. Blocks no thread.

        Raises StudioError not_found.
        """
        sent, attempt, before = after, -1, ""
        while True:
            version = self._live.version(job_id)  # read first, so that a later change is seen in the next round
            view = self.get(who, job_id)
            begun_anew = attempt not in (-1, view.attempt) or not view.text.startswith(before)
            if sent and begun_anew:  # the earlier text is void
                return
            attempt, before = view.attempt, view.text
            if len(view.text) > sent:
                yield view.text[sent:]
                sent = len(view.text)
            if view.state in FINISHED:
                return
            while self._live.version(job_id) == version:
                await asyncio.sleep(_LISTEN_SECONDS)

    def device(self) -> DeviceView:
        """The device the models run on, and its memory use."""
        return self._live.meter()

    def devices(self) -> dict[str, DeviceState]:
        """The current state of each lane's device."""
        return self._live.devices()

    def uses(self, model: str) -> bool:
        """Whether an unfinished job uses or downloads a model."""
        jobs = (job.ticket for job in self._live.all() if not job.finished)
        return any(model == ticket.model or model == ticket.request.get("entry") for ticket in jobs)

    def downloading(self) -> set[str]:
        """What unfinished jobs download: ids of models, and repository names of LoRAs."""
        requests = [job.ticket.request for job in self._live.all() if not job.finished]
        return {
            str(request["entry" if request["task"] == "fetch_model" else "repo"])
            for request in requests
            if request.get("task") in ("fetch_model", "fetch_lora")
        }

    def counts(self) -> dict[str, dict[str, int]]:
        """The number of jobs per lane and state: unfinished ones now, finished ones since the start."""
        return self._live.counts({lane.name for lane in self._lanes})

    def auto(self, who: Principal, task: str, prompt: str, loras: Collection[str], needs: Needs) -> ModelChoice:
        """The automatic model, and why. Raises StudioError."""
        return self._admission.auto(who, task, prompt, loras, needs)

    # -- cancelling

    def cancel(self, who: Principal, job_id: str) -> JobView:
        """Cancel a job: a waiting one ends at once, an active one soon; one that is being saved still finishes.

        People cancel their own jobs; the owner of the studio can cancel anyone's. Raises StudioError not_found.
        """
        job = self._find(job_id) if who.role == "owner" else None
        if job is None or job.finished:
            job = self._own(who, job_id)
        if not job.finished:
            job = self._stop(job_id)
        return self._live.view(job, self._viewer(who))

    def _stop(self, job_id: str) -> LiveJob:
        """End a waiting job, with its checkpoint; tell the host of an active one. Raises KeyError, Outdated."""
        with naming_full_disk():
            job = self._queue.cancel(job_id)
        if job.state == "cancelled":
            self._attempts.clear(job)
        elif job.cancel and job.active:
            for lane in self._lanes:
                lane.cancel(job_id)
        return job

    def end_shut_out(self) -> None:
        """Cancel every unfinished job of people whose account is disabled."""
        unfinished = [job for job in self._live.all() if not job.finished and not job.cancel]
        owners = {job.ticket.user_id for job in unfinished}
        gone = shut_out(self._database, owners) if owners else set()
        for job in unfinished:
            if job.ticket.user_id in gone:
                with suppress(KeyError, Outdated):  # it has already ended
                    self._stop(job.id)

    def pause(self, who: Principal, job_id: str) -> JobView:
        """Pause one of the person's jobs until it is resumed; its progress is kept.

        Raises StudioError not_found, cannot_pause (409).
        """
        job = self._own(who, job_id)
        if job.state in ("queued", "loading", "running") and TASKS[job.ticket.task].can_yield:
            with naming_full_disk():
                job = self._queue.pause(job_id)
            if job.pause:
                for lane in self._lanes:
                    lane.request_yield(job_id)
        elif job.state != "paused":
            raise StudioError(
                "cannot_pause",
                f"This {job.ticket.noun} cannot be paused.",
                "It is finished." if job.finished else "It could not continue from where it stopped.",
                status=409,
            )
        return self._live.view(job, self._viewer(who))

    def resume(self, who: Principal, job_id: str) -> JobView:
        """Resume one of the person's paused jobs. Raises StudioError not_found, not_paused (409)."""
        job = self._own(who, job_id)
        if job.state != "paused":
            raise StudioError("not_paused", f"This {job.ticket.noun} is not paused.", status=409)
        with naming_full_disk():
            job = self._queue.resume(job_id)
        return self._live.view(job, self._viewer(who))

    def free_now(self, who: Principal) -> None:
        """Unload every model that no job uses. Raises StudioError not_allowed for guests."""
        if who.role == "guest":
            raise StudioError("not_allowed", "Guests cannot do that.", status=403)
        for lane in self._lanes:
            lane.free()

    # -- internal

    def _find(self, job_id: str) -> LiveJob | None:
        return self._live.get(job_id) or self._history.get(job_id)

    def _own(self, who: Principal, job_id: str) -> LiveJob:
        job = self._find(job_id)
        if job is None or job.ticket.user_id != who.user_id:
            raise not_found("job")
        return job

    def _viewer(self, who: Principal) -> Viewer:
        """The viewer for a person; their projects are looked up every few seconds."""
        key, now = (who.user_id, who.role), time.monotonic()
        until, viewer = self._viewers.get(key, (0.0, None))
        if viewer is None or now > until:
            projects = frozenset(project.id for project in self._library.projects(who))
            viewer = Viewer(who.user_id, projects, who.role == "owner")
            self._viewers[key] = now + _VIEWER_SECONDS, viewer
        return viewer

    def _has_room(self) -> bool:
        return self._data.free_bytes() >= self._keep_free


def _ended(session: Session, job: LiveJob, state: State, error: Problem | None) -> None:
    """Save the text that a job wrote, even if it is incomplete."""
    if job.ticket.task == "write":
        answer = Answer(text=job.text, thinking=job.thinking, facts=job.facts, error=error)
        answers.finish(session, job.id, "done" if state == "done" else "stopped", answer)
