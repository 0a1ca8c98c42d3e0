"""One attempt at a job: its input, its work folder, and how its files are saved."""

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
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from data import DataFolder
from db import Database
from engines import protocol
from engines.requests import AssetFacts, from_storage
from jobs.admission.reproduce import pinned_plan, verdict
from jobs.queue.job_owner import person
from jobs.queue.live_job import LiveJob, Ticket
from jobs.queue.queue import Queue
from jobs.queue.tables import Job
from library.service import Library
from library.tables import Asset
from library.views import NewAsset

MANIFEST = "result.json"
"""Written last into an attempt's folder: once it is there, the attempt is complete."""

log = logging.getLogger(__name__)

_PLACE = "place"
"""The progress of an attempt, in a file of its work folder: it survives a crash."""
_FILES = TypeAdapter(tuple[protocol.ResultFile, ...])
_WORK = re.compile(r"([0-9a-f]{32})-(\d+|checkpoint)")


class Attempts:
    """Prepares attempts and saves their results."""

    def __init__(self, database: Database, data: DataFolder, library: Library, queue: Queue) -> None:
        self._database = database
        self._data = data
        self._library = library
        self._queue = queue

    def envelope(self, job: LiveJob) -> protocol.Envelope:
        """Everything the engine needs; access to the project and the inputs is checked again.

        Raises StudioError if the project or an input is gone or may no longer be read, OSError if the disk is full.
        """
        who = person(self._database, job.ticket.user_id)
        if job.ticket.project_id is not None:
            self._library.require_project(who, job.ticket.project_id)
        request = from_storage(job.ticket.request)
        inputs = {}
        for asset_id in request.asset_ids():
            asset = self._library.get(who, asset_id)
            inputs[asset_id] = protocol.Input(
                path=str(self._library.file(who, asset_id)),
                facts=AssetFacts.model_validate(asset),
                title=asset.title,
            )
        folder, checkpoint = self.folder(job), self._checkpoint(job.id)
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        checkpoint.mkdir(exist_ok=True)
        with self._database.session() as session:
            pinned = pinned_plan(session, job.ticket.parent)
        return protocol.Envelope(
            job=job.id,
            attempt=job.attempt,
            request=request.model_dump(mode="json"),
            inputs=inputs,
            out_dir=str(folder),
            checkpoint_dir=str(checkpoint),
            pinned=pinned,
        )

    def folder(self, job: LiveJob) -> Path:
        """The folder the current attempt writes to."""
        return self._data.job(job.id, job.attempt)

    def keep(self, job: LiveJob, files: Sequence[protocol.ResultFile]) -> None:
        """Turn the attempt's files into assets and end the job, in one transaction; repeating it changes nothing.

        Raises Outdated for an attempt that is not the current one, OSError if files are missing or do not fit.
        """
        now = time.time()

        def commit(session: Session) -> None:
            if compared := verdict(session, job.id, job.ticket.parent):
                made = update(Asset).where(Asset.job_id == job.id)
                session.execute(made.values(reproduces=job.ticket.parent, verdict=compared))
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

    def seal(self, job: LiveJob, files: Sequence[protocol.ResultFile]) -> None:
        """Write the manifest; a crash after that loses nothing."""
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

    def sealed(self, job: LiveJob) -> tuple[protocol.ResultFile, ...] | None:
        """The files of an attempt that was complete when the studio ended; None if it was not.

        Also None if the result was a text, which is only in memory.
        """
        try:
            return _FILES.validate_json((self.folder(job) / MANIFEST).read_bytes()) or None
        except (OSError, ValidationError, json.JSONDecodeError):
            return None

    def mark_place(self, job: LiveJob, place: str) -> None:
        """Save the progress of the attempt. Not flushed to disk: it survives a crash of the studio, not a power cut."""
        with suppress(OSError):  # a full disk only costs this note
            (self.folder(job) / _PLACE).write_text(place)

    def place(self, job: LiveJob) -> str:
        """The progress of the attempt when the studio ended; its state if no progress was saved."""
        try:
            return (self.folder(job) / _PLACE).read_text()
        except (OSError, UnicodeDecodeError):
            return job.state

    def clear(self, job: LiveJob, *, checkpoint: bool = True) -> None:
        """Remove the attempt's folder, and its checkpoint unless the job continues from it."""
        shutil.rmtree(self.folder(job), ignore_errors=True)
        if checkpoint:
            shutil.rmtree(self._checkpoint(job.id), ignore_errors=True)

    def sweep(self, unfinished: set[str], protected: set[str]) -> None:
        """Remove what attempts left, except checkpoints of ``unfinished`` jobs and everything of ``protected`` ones.

        A complete result that is not in the library stays if the database does not know its job (it may be the wrong
        database), or if the job only failed because the result could not be saved.
        """
        for path in self._data.work.iterdir():
            match = _WORK.fullmatch(path.name)
            if not match or match[1] in protected or (match[2] == "checkpoint" and match[1] in unfinished):
                continue
            if (path / MANIFEST).exists() and self._state(match[1]) in (None, "failed"):
                log.warning("%s contains a result that is not in the library; it was not deleted", path)
                continue
            shutil.rmtree(path, ignore_errors=True)

    def complete(self) -> list[tuple[str, int]]:
        """The attempts whose complete results are still in the work folder, as pairs of job id and attempt number."""
        folders = (path.parent.name for path in self._data.work.glob(f"*/{MANIFEST}"))
        matches = (match for name in folders if (match := _WORK.fullmatch(name)))
        return [(match[1], int(match[2])) for match in matches if match[2] != "checkpoint"]

    def _state(self, job_id: str) -> str | None:
        """The stored state of a job; None if the database does not know it."""
        with self._database.session() as session:
            return session.scalar(select(Job.state).where(Job.id == job_id))

    def _checkpoint(self, job_id: str) -> Path:
        return self._data.work / f"{job_id}-checkpoint"


def _new_asset(file: protocol.ResultFile, ticket: Ticket) -> NewAsset:
    request = from_storage(ticket.request)
    return NewAsset(
        **file.model_dump(exclude={"title"}),
        title=file.title or ticket.title.removesuffix(f" · {request.badge}"),
        badge=request.badge,
        parents=request.asset_ids(),
    )
