"""The queue as everybody else sees it: ask, watch, stop, ask again."""

import asyncio
import logging
import threading
import time
from collections.abc import AsyncIterator, Collection, Iterator, Sequence
from contextlib import contextmanager, suppress

from sqlalchemy.exc import OperationalError, SQLAlchemyError
from sqlalchemy.orm import Session

from auth.principal import Principal
from data import DataFolder
from db import Database
from engines.catalog import Catalog
from engines.host import Host
from engines.requests import Request, from_storage
from engines.tasks import TASKS
from engines.wire import DeviceState
from errors import Problem, StudioError, not_found
from jobs import recovery
from jobs.asking import REF_LENGTH, Asking
from jobs.attempts import Attempts
from jobs.choosing import Chosen, Needs
from jobs.costs import Costs
from jobs.history import History
from jobs.live import LiveStore
from jobs.people import shut_out
from jobs.queue import Along, Ended, Outdated, Queue
from jobs.record import LiveJob
from jobs.reproduce import request_of
from jobs.scheduler import Lane
from jobs.showing import Viewer
from jobs.trouble import disk_full, is_disk_full
from jobs.views import FINISHED, DeviceView, Estimate, Follow, JobView, State
from jobs.warmth import Warmth
from library.conversations import answers
from library.conversations.answers import Answer
from library.service import Library

log = logging.getLogger(__name__)

_LOOK_SECONDS = 0.2
"""How often ``wait`` looks for a change."""
_LISTEN_SECONDS = 0.01
"""How often ``text`` looks for more."""
_VIEWER_SECONDS = 5.0
"""How long it may take until somebody new in a project sees its jobs, or somebody who left does not."""
_PAGE = 200


class Jobs:
    """Everything asked of the studio, from being asked to being done. Safe from any thread.

    ``keep_free_bytes`` of the disk are left alone: with less free no job is taken or begun.
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
        costs, warmth = Costs(database, catalog), Warmth()
        self._queue = Queue(database, self._live, costs, warmth, self._tell_ended)
        self._attempts = Attempts(database, data, library, self._queue)
        self._asking = Asking(database, library, catalog, costs, self._queue, self._live, {host.lane for host in hosts})
        self._lanes = [
            Lane(host, self._queue, self._live, self._attempts, costs, warmth, self._has_room, catalog)
            for host in hosts
        ]
        self._stopping = threading.Event()
        self._viewers: dict[tuple[str, str], tuple[float, Viewer]] = {}
        self._listeners: list[Ended] = [_ended]

    def when_ended(self, listener: Ended) -> None:
        """Have ``listener`` told of every job's end, in the transaction that ends it."""
        self._listeners.append(listener)

    def _tell_ended(self, session: Session, job: LiveJob, state: State, error: Problem | None) -> None:
        for listener in self._listeners:
            try:
                with session.begin_nested():
                    listener(session, job, state, error)
            except Exception as broken:
                if state == "done" or isinstance(broken, OperationalError):
                    raise
                log.exception("what belongs to the end of job %s cannot be written", job.id)  # it ends all the same

    def start(self) -> None:
        """Put right what a crash left, then begin with what waits."""
        left = recovery.recover(self._history, self._queue, self._live, self._attempts, self._asking.units)
        if left:
            rest = (self._history, self._queue, self._attempts, left, self._stopping)
            threading.Thread(target=recovery.settle_later, args=rest, name="recovery", daemon=True).start()
        for lane in self._lanes:
            lane.start()

    def stop(self) -> None:
        """End within three seconds: running jobs go back into the line, then the hosts end."""
        self._stopping.set()
        stoppers = [threading.Thread(target=lane.stop) for lane in self._lanes]
        for stopper in stoppers:
            stopper.start()
        for stopper in stoppers:
            stopper.join()

    # -- asking

    def estimate(self, who: Principal, request: Request, project_id: str | None = None) -> Estimate:
        """What a request would take, and the queue in front of it. Raises StudioError (4xx) where it cannot be done."""
        if project_id is not None:
            self._library.require_project(who, project_id)
        return self._asking.estimate(who, request)

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

        ``client_ref`` is the asker's own name for it: asked again under that name, the same job is the answer.
        ``after`` names jobs of theirs that must be done first, such as the download of the model; ``along`` writes
        what belongs to a new job in the same transaction. Raises StudioError: 4xx where the request cannot be done,
        conflict (409) for a ``client_ref`` that stands for another request, too_many_jobs (429), disk_full (507).
        """
        with _full_disk_told():
            earlier = self._earlier(who, request, client_ref)
            if earlier is not None:
                return self.get(who, earlier)
            if not self._has_room():
                raise disk_full()
            coming = self._asking.brought_by(after)
            ready = self._asking.ready(who, request, lambda entry: entry.id in coming)
            row = self._asking.row(who, ready, project_id, client_ref)
            row.parent, row.after = parent, self._asking.after(who, after)
            job = self._queue.add(row, who.name, ready.units, lambda other: self._asking.same(request, other), along)
        return self.get(who, job)

    def retry(self, who: Principal, job_id: str) -> JobView:
        """Ask anew for what a finished job was to do.

        Raises StudioError not_found, not_finished (409) or as ``submit``.
        """
        job = self._own(who, job_id)
        if not job.finished:
            raise StudioError(
                "not_finished", "That job is still under way.", next="Wait for it, or stop it first.", status=409
            )
        return self.submit(who, from_storage(job.ticket.request), project_id=job.ticket.project_id, parent=job_id)

    def reproduce(self, who: Principal, asset_id: str) -> JobView:
        """Make an asset again from what it says about its making; the job's words will say if it came out the same.

        Raises StudioError not_found, no_provenance or as ``submit``.
        """
        asset = self._library.get(who, asset_id)
        return self.submit(who, request_of(asset), project_id=asset.project_id, parent=asset_id)

    def _earlier(self, who: Principal, request: Request, client_ref: str | None) -> str | None:
        """The job made under a reference before. Raises StudioError conflict, bad_client_ref."""
        if client_ref is None:
            return None
        if not 0 < len(client_ref) <= REF_LENGTH:
            raise StudioError("bad_client_ref", f"A client_ref has 1 to {REF_LENGTH} characters.", status=422)
        return self._queue.known_as(who.user_id, client_ref, lambda row: self._asking.same(request, row))

    # -- watching

    def get(self, who: Principal, job_id: str) -> JobView:
        """A job of one's own or of a shared project. Raises StudioError not_found."""
        viewer = self._viewer(who)
        job = self._find(job_id)
        if job is None or not viewer.sees(job):
            raise not_found("job")
        return self._live.view(job, viewer)

    def since(self, who: Principal, cursor: str | None) -> Follow:
        """What changed since a cursor: own jobs in full, other people's under way in outline."""
        return self._live.since(self._viewer(who), cursor)

    def preview(self, who: Principal, job_id: str) -> bytes:
        """How a job looks now, as JPEG. Raises StudioError not_found."""
        job = self._live.get(job_id)
        if job is None or not job.preview or not self._viewer(who).sees(job):
            raise not_found("preview")
        return job.preview

    def page(self, who: Principal, limit: int = 50) -> list[JobView]:
        """One's own jobs, newest first, at most 200."""
        viewer = self._viewer(who)
        return [self._live.view(job, viewer) for job in self._history.newest(who.user_id, max(1, min(limit, _PAGE)))]

    def made_as(self, who: Principal, prefix: str) -> dict[str, str]:
        """What a person's own jobs made whose ``client_ref`` begins so: asset ids by that reference."""
        return self._history.made_as(who.user_id, prefix)

    async def wait(self, who: Principal, job_id: str) -> AsyncIterator[JobView]:
        """A job now and at every change, until it is finished. Holds no thread. Raises StudioError not_found."""
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
        """A job's text as it grows, from its character ``after``, until the job ends. Holds no thread.

        Raises StudioError not_found.
        """
        said, attempt, before = after, -1, ""
        while True:
            version = self._live.version(job_id)  # before the look: whatever changes after it is seen the next time
            view = self.get(who, job_id)
            begun_anew = attempt not in (-1, view.attempt) or not view.text.startswith(before)
            if said and begun_anew:  # what was said before is void
                return
            attempt, before = view.attempt, view.text
            if len(view.text) > said:
                yield view.text[said:]
                said = len(view.text)
            if view.state in FINISHED:
                return
            while self._live.version(job_id) == version:
                await asyncio.sleep(_LISTEN_SECONDS)

    def device(self) -> DeviceView:
        """What the models run on and how full it is."""
        return self._live.meter()

    def devices(self) -> dict[str, DeviceState]:
        """What each lane's device holds now."""
        return self._live.devices()

    def uses(self, model: str) -> bool:
        """Whether a job that is not finished works with a model, or fetches it."""
        jobs = (job.ticket for job in self._live.all() if not job.finished)
        return any(model == ticket.model or model == ticket.request.get("entry") for ticket in jobs)

    def downloading(self) -> set[str]:
        """What jobs that are not finished download: ids of models, names of the repositories of LoRAs."""
        requests = [job.ticket.request for job in self._live.all() if not job.finished]
        return {
            str(request["entry" if request["task"] == "fetch_model" else "repo"])
            for request in requests
            if request.get("task") in ("fetch_model", "fetch_lora")
        }

    def counts(self) -> dict[str, dict[str, int]]:
        """How many jobs of each lane are in each state: unfinished ones now, finished ones since the start."""
        return self._live.counts({lane.name for lane in self._lanes})

    def auto(self, who: Principal, task: str, prompt: str, loras: Collection[str], needs: Needs) -> Chosen:
        """The model when nobody chooses, and why. Raises StudioError."""
        return self._asking.auto(who, task, prompt, loras, needs)

    # -- stopping

    def cancel(self, who: Principal, job_id: str) -> JobView:
        """Stop a job: a waiting one ends at once, one under way soon, one being saved is kept.

        One's own; the owner of the studio stops anybody's that is not finished. Raises StudioError not_found.
        """
        job = self._find(job_id) if who.role == "owner" else None
        if job is None or job.finished:
            job = self._own(who, job_id)
        if not job.finished:
            job = self._stop(job_id)
        return self._live.view(job, self._viewer(who))

    def _stop(self, job_id: str) -> LiveJob:
        with _full_disk_told():
            job = self._queue.cancel(job_id)
        if job.cancel and job.active:
            for lane in self._lanes:
                lane.cancel(job_id)
        return job

    def end_shut_out(self) -> None:
        """Stop every job, waiting or under way, of people who are kept out of the studio by now."""
        unfinished = [job for job in self._live.all() if not job.finished and not job.cancel]
        owners = {job.ticket.user_id for job in unfinished}
        gone = shut_out(self._database, owners) if owners else set()
        for job in unfinished:
            if job.ticket.user_id in gone:
                with suppress(KeyError, Outdated):  # it ended by itself
                    self._stop(job.id)

    def pause(self, who: Principal, job_id: str) -> JobView:
        """Let a job rest until somebody resumes it; what it has done so far is kept.

        Only one's own. Raises StudioError not_found, cannot_pause (409).
        """
        job = self._own(who, job_id)
        if job.state in ("queued", "loading", "running") and TASKS[job.ticket.task].can_yield:
            with _full_disk_told():
                job = self._queue.pause(job_id)
            if job.pause:
                for lane in self._lanes:
                    lane.make_way(job_id)
        elif job.state != "paused":
            raise StudioError(
                "cannot_pause",
                f"This {job.ticket.noun} cannot be paused.",
                "It is over." if job.finished else "It could not go on from where it is.",
                status=409,
            )
        return self._live.view(job, self._viewer(who))

    def resume(self, who: Principal, job_id: str) -> JobView:
        """Let a paused job go on. Only one's own. Raises StudioError not_found, not_paused (409)."""
        job = self._own(who, job_id)
        if job.state != "paused":
            raise StudioError("not_paused", f"This {job.ticket.noun} is not paused.", status=409)
        with _full_disk_told():
            job = self._queue.resume(job_id)
        return self._live.view(job, self._viewer(who))

    def free_now(self, who: Principal) -> None:
        """Drop every model from memory that no job holds. Raises StudioError not_allowed for guests."""
        if who.role == "guest":
            raise StudioError("not_allowed", "Guests cannot do that.", status=403)
        for lane in self._lanes:
            lane.free()

    # -- inside

    def _find(self, job_id: str) -> LiveJob | None:
        return self._live.get(job_id) or self._history.get(job_id)

    def _own(self, who: Principal, job_id: str) -> LiveJob:
        job = self._find(job_id)
        if job is None or job.ticket.user_id != who.user_id:
            raise not_found("job")
        return job

    def _viewer(self, who: Principal) -> Viewer:
        """The eyes of a person, their projects looked up every few seconds."""
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
    """Keep what a job wrote, however far it came."""
    if job.ticket.task == "write":
        answer = Answer(text=job.text, thinking=job.thinking, facts=job.facts, error=error)
        answers.finish(session, job.id, "done" if state == "done" else "stopped", answer)


@contextmanager
def _full_disk_told() -> Iterator[None]:
    """A database that cannot grow is told as a full disk."""
    try:
        yield
    except SQLAlchemyError as error:
        if is_disk_full(error):
            raise disk_full() from error
        raise
