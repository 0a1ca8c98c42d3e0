"""The health of the studio as a list for people: what is OK, what is not, and what to do."""

import platform
import shutil
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from auth.lan.addresses import LAN
from auth.pages.certificate_page import folder_of
from db import database_problem
from engines.memory_fit import size_of
from engines.provenance import VERSION
from engines.starter.fetch import missing
from engines.starter.manifest import read_manifest
from jobs.wording import duration, sentence
from studio import Studio

State = Literal["good", "warn", "bad", "none"]

_INTEGRITY_SECONDS = 300.0
_LANES = {
    "device": "Main device (GPU, or CPU if there is none)",
    "cpu": "CPU",
    "talk": "Writing on the CPU",
    "net": "Ollama",
    "fetch": "Downloads",
}


class Check(BaseModel):
    """The result of one check. ``none`` means that it is for information only."""

    model_config = ConfigDict(frozen=True)

    name: str
    state: State
    words: str
    next: str = ""


class LaneView(BaseModel):
    """The number of waiting and running jobs in a lane."""

    model_config = ConfigDict(frozen=True)

    name: str
    title: str
    waiting: int
    running: int


class Health(BaseModel):
    """All checks and lanes. ``time`` is the studio's clock in seconds since 1970."""

    model_config = ConfigDict(frozen=True)

    version: str
    time: float
    checks: tuple[Check, ...]
    lanes: tuple[LaneView, ...]


class HealthLook:
    """Runs the checks; that of the database, which takes longest, at most every five minutes."""

    def __init__(self, studio: Studio) -> None:
        self._studio = studio
        self._started = time.time()
        self._lock = threading.Lock()
        self._integrity: tuple[float, Check] | None = None

    def look(self) -> Health:
        """Run all checks. May take seconds."""
        looks: tuple[Callable[[], Check], ...] = (
            self._device,
            self._engine,
            self._database,
            self._files,
            self._disk,
            self._starter,
            self._ollama,
            self._certificate,
            self._clock,
        )
        return Health(
            version=VERSION,
            time=time.time(),
            checks=(self._up(), *(look() for look in looks)),
            lanes=tuple(self._lanes()),
        )

    def _up(self) -> Check:
        since = duration(time.time() - self._started)
        words = f"Version {VERSION}, running for {since}. Python {platform.python_version()} on {platform.machine()}."
        return Check(name="Studio", state="good", words=words)

    def _device(self) -> Check:
        device = self._studio.jobs.device()
        full = f"{size_of(device.used_bytes)} of {size_of(device.total_bytes)} in use."
        return Check(name="Device", state="none", words=f"{sentence(device.name)}. {full}")

    def _engine(self) -> Check:
        kind = self._studio.settings.engine or "chosen by the studio"
        words = {
            "process": "Models run in their own processes: if one crashes, nothing else does.",
            "inprocess": "Models run in the studio's own process.",
        }.get(kind, "Models run in the studio's own process; with several GPUs, in one process per GPU.")
        return Check(name="Engines", state="none", words=words)

    def _database(self) -> Check:
        with self._lock:
            if self._integrity is None or time.monotonic() - self._integrity[0] > _INTEGRITY_SECONDS:
                self._integrity = time.monotonic(), self._integrity_check()
            return self._integrity[1]

    def _integrity_check(self) -> Check:
        try:
            with self._studio.database.session() as session:
                verdict = str(session.execute(text("PRAGMA quick_check(1)")).scalar())
        except (SQLAlchemyError, sqlite3.Error) as error:
            trouble = database_problem(error, self._studio.data.database)
            if trouble is None:
                return Check(name="Database", state="bad", words=f"Cannot be read: {str(error)[:200]}.")
            problem = trouble.problem
            return Check(name="Database", state="bad", words=f"{problem.what} {problem.why}", next=problem.next)
        if verdict != "ok":
            advice = "Stop the studio, move studio.db away and restore a backup: python -m library restore."
            return Check(name="Database", state="bad", words=f"Damaged: {verdict[:200]}.", next=advice)
        size = self._studio.data.database.stat().st_size
        return Check(name="Database", state="good", words=f"Intact, {max(1, round(size / 1e6))} MB.")

    def _files(self) -> Check:
        lost = len(self._studio.library.unclaimed())
        if lost:
            words = f"{lost} {'file has' if lost == 1 else 'files have'} no entry in the database."
            return Check(
                name="Files", state="warn", words=words, next="Add them to the library again under Unclaimed files."
            )
        return Check(name="Files", state="good", words="Every file has an entry in the database.")

    def _disk(self) -> Check:
        usage = shutil.disk_usage(self._studio.data.root)
        keep = self._studio.settings.keep_free_mb * 2**20
        words = f"{size_of(usage.free)} of {size_of(usage.total)} free."
        if usage.free < keep:
            return Check(name="Disk", state="bad", words=words, next="No job starts until you free up space: see Disk.")
        if usage.free < max(5 * keep, usage.total // 20):
            return Check(name="Disk", state="warn", words=words, next="Free up space soon: see Disk.")
        return Check(name="Disk", state="good", words=words)

    def _starter(self) -> Check:
        pack = read_manifest()
        gone = missing(self._starter_folder(), pack)
        if not gone:
            return Check(name="Starter models", state="good", words=f"All {len(pack)} are installed.")
        uses = ", ".join(pack[name].use for name in gone)
        words = f"{len(gone)} of {len(pack)} are missing, for: {uses}."
        return Check(
            name="Starter models",
            state="warn",
            words=words,
            next="Restart the studio with “make run” to download them.",
        )

    def _starter_folder(self) -> Path:
        return (self._studio.settings.starter or self._studio.data.starter).expanduser().resolve()

    def _ollama(self) -> Check:
        shelf = self._studio.language.shelf()
        if shelf.problem is not None:
            words = f"Not running at {shelf.ollama_url}. Writing uses the built-in models."
            return Check(name="Ollama", state="none", words=words, next="Start Ollama to use larger models.")
        served = sum(model.runtime == "ollama" for model in shelf.models)
        models = "1 model" if served == 1 else f"{served} models"
        return Check(name="Ollama", state="good", words=f"Running at {shelf.ollama_url}, with {models}.")

    def _certificate(self) -> Check:
        if self._studio.settings.host != LAN:
            words = "Other devices cannot connect (https is off)."
            return Check(
                name="Network",
                state="none",
                words=words,
                next="To turn it on, start the studio with: make run HOST=lan",
            )
        certificate = folder_of(self._studio.data).server()
        if certificate is None:
            return Check(name="Network", state="bad", words="The certificate is missing.", next="Restart the studio.")
        until = f"{certificate.not_valid_after_utc:%B %-d, %Y}"
        words = f"Devices can connect over https. The certificate is valid until {until} and renews itself."
        return Check(name="Network", state="good", words=words)

    def _clock(self) -> Check:
        now = datetime.now().astimezone()
        return Check(name="Clock", state="none", words=f"{now:%B %-d, %Y, %H:%M} ({now.tzname()}).")

    def _lanes(self) -> Iterator[LaneView]:
        order = list(_LANES)
        counts = sorted(self._studio.jobs.counts().items(), key=lambda item: order.index(item[0]))
        for lane, states in counts:
            yield LaneView(
                name=lane,
                title=_LANES[lane],
                waiting=sum(states.get(state, 0) for state in ("queued", "paused", "interrupted")),
                running=sum(states.get(state, 0) for state in ("loading", "running", "saving")),
            )
