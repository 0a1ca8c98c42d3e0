"""One attempt at a job: what it is given, the folder it works in, how its files are kept."""

import json
import logging
import os
import re
import shutil
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from pydantic import TypeAdapter, ValidationError
from sqlalchemy import select
from sqlalchemy.orm import Session

from data import DataFolder
from db import Database
from engines import wire
from engines.requests import AssetFacts, from_storage
from jobs.people import person
from jobs.queue import Queue
from jobs.record import LiveJob, Ticket
from jobs.reproduce import pinned, verdict
from jobs.tables import Job
from library.service import Library
from library.views import NewAsset

MANIFEST = "result.json"
"""Written last into an attempt's folder: with it the attempt is complete, whatever happens next."""

log = logging.getLogger(__name__)

_PLACE = "place"
"""How far an attempt is, beside its files: what a crash leaves of the progress that only memory has."""
_FILES = TypeAdapter(tuple[wire.ResultFile, ...])
_WORK = re.compile(r"([0-9a-f]{32})-(\d+|checkpoint)")


class Attempts:
    """Prepares attempts and keeps their results."""

    def __init__(self, database: Database, data: DataFolder, library: Library, queue: Queue) -> None:
        self._database = database
        self._data = data
        self._library = library
        self._queue = queue

    def envelope(self, job: LiveJob) -> wire.Envelope:
        """Everything the engine needs; its project and its inputs are authorised once more.

        Raises StudioError where the project or an input is gone or may not be read any more, OSError where the disk is
        full.
        """
        who = person(self._database, job.ticket.user_id)
        if job.ticket.project_id is not None:
            self._library.require_project(who, job.ticket.project_id)
        request = from_storage(job.ticket.request)
        inputs = {}
        for asset_id in request.asset_ids():
            asset = self._library.get(who, asset_id)
            inputs[asset_id] = wire.Input(
                path=str(self._library.file(who, asset_id)),
                facts=AssetFacts.model_validate(asset),
                title=asset.title,
            )
        folder, checkpoint = self.folder(job), self._checkpoint(job.id)
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        checkpoint.mkdir(exist_ok=True)
        with self._database.session() as session:
            kept = pinned(session, job.ticket.parent)
        return wire.Envelope(
            job=job.id,
            attempt=job.attempt,
            request=request.model_dump(mode="json"),
            inputs=inputs,
            out_dir=str(folder),
            checkpoint_dir=str(checkpoint),
            pinned=kept,
        )

    def folder(self, job: LiveJob) -> Path:
        """Where the current attempt writes."""
        return self._data.job(job.id, job.attempt)

    def keep(self, job: LiveJob, files: Sequence[wire.ResultFile]) -> None:
        """Make the attempt's files assets and the job done, in one transaction; a second time changes nothing.

        Raises Outdated for an attempt that is not the current one, OSError where files are missing or do not fit.
        """
        now = time.time()

        def commit(session: Session) -> None:
            self._queue.done(session, job, now)

        ids = self._library.adopt(
            job_id=job.id,
            attempt=job.attempt,
            owner_id=job.ticket.user_id,
            project_id=job.ticket.project_id,
            folder=self.folder(job),
            files=[_new_asset(file, job.ticket) for file in files],
            commit=commit,
        )
        with self._database.session() as session:
            compared = verdict(session, job.id, job.ticket.parent)
        self._queue.show_done(job, now, ids, compared)

    def seal(self, job: LiveJob, files: Sequence[wire.ResultFile]) -> None:
        """Write the manifest, so that a crash from here on loses nothing."""
        path = self.folder(job) / MANIFEST
        part = path.with_suffix(".part")
        with part.open("wb") as file:
            file.write(_FILES.dump_json(tuple(files)))
            file.flush()
            os.fsync(file.fileno())
        part.rename(path)
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def sealed(self, job: LiveJob) -> tuple[wire.ResultFile, ...] | None:
        """The files of an attempt that was complete when the studio ended; None where it was not.

        None also where the result was a text: that ended with the memory it was in.
        """
        try:
            return _FILES.validate_json((self.folder(job) / MANIFEST).read_bytes()) or None
        except (OSError, ValidationError, json.JSONDecodeError):
            return None

    def mark_place(self, job: LiveJob, place: str) -> None:
        """Note how far the attempt is. Not flushed to the disk: it outlives the studio, not the machine."""
        with suppress(OSError):  # a full disk costs nothing but the note
            (self.folder(job) / _PLACE).write_text(place)

    def place(self, job: LiveJob) -> str:
        """How far the attempt was when the studio ended; its state where nothing more was noted."""
        try:
            return (self.folder(job) / _PLACE).read_text()
        except (OSError, UnicodeDecodeError):
            return job.state

    def clear(self, job: LiveJob, *, checkpoint: bool = True) -> None:
        """Remove the attempt's folder, and its checkpoint unless the job goes on from it."""
        shutil.rmtree(self.folder(job), ignore_errors=True)
        if checkpoint:
            shutil.rmtree(self._checkpoint(job.id), ignore_errors=True)

    def sweep(self, unfinished: set[str], held: set[str]) -> None:
        """Remove what attempts left, but checkpoints of ``unfinished`` jobs and everything of ``held`` ones.

        A complete result that is not in the library stays: of a job that the database does not know (it may be the
        wrong database), and of one that failed only because it could not be saved.
        """
        for path in self._data.work.iterdir():
            match = _WORK.fullmatch(path.name)
            if not match or match[1] in held or (match[2] == "checkpoint" and match[1] in unfinished):
                continue
            if (path / MANIFEST).exists() and self._state(match[1]) in (None, "failed"):
                log.warning("%s holds a result that is not in the library; it is left where it is", path)
                continue
            shutil.rmtree(path, ignore_errors=True)

    def complete(self) -> list[tuple[str, int]]:
        """The attempts whose complete results still lie in the work folder: each job's id and the attempt's number."""
        folders = (path.parent.name for path in self._data.work.glob(f"*/{MANIFEST}"))
        matches = (match for name in folders if (match := _WORK.fullmatch(name)))
        return [(match[1], int(match[2])) for match in matches if match[2] != "checkpoint"]

    def _state(self, job_id: str) -> str | None:
        """The stored state of a job; None where the database does not know it."""
        with self._database.session() as session:
            return session.scalar(select(Job.state).where(Job.id == job_id))

    def _checkpoint(self, job_id: str) -> Path:
        return self._data.work / f"{job_id}-checkpoint"


def _new_asset(file: wire.ResultFile, ticket: Ticket) -> NewAsset:
    return NewAsset(
        **file.model_dump(exclude={"title"}),
        title=file.title or ticket.title,
        parents=from_storage(ticket.request).asset_ids(),
    )
