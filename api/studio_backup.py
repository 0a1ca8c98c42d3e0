"""A backup at the press of a button: one at a time, in the background, with what came of it."""

import logging
import threading
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from errors import StudioError
from library.backup import Progress, backup, last
from studio import Studio

log = logging.getLogger(__name__)


class BackupView(BaseModel):
    """The last backup (``last_at`` None: there is none), and the one being made: ``done`` of ``total`` bytes.

    ``place`` is where the next one goes, ``problem`` why the last try came to nothing, ``commands`` what does the same.
    """

    model_config = ConfigDict(frozen=True)

    last_at: float | None
    bytes: int
    missing: int
    place: str
    running: bool
    done: int
    total: int
    problem: str
    commands: tuple[str, ...]


class Backups:
    """Makes backups of a studio's data folder."""

    def __init__(self, studio: Studio) -> None:
        self._studio = studio
        self._lock = threading.Lock()
        self._running = False
        self._progress = Progress(0, 0)
        self._problem = ""

    def view(self) -> BackupView:
        """How things stand."""
        found, place = last(self._studio.data), self._place()
        return BackupView(
            last_at=found.made_at if found else None,
            bytes=found.bytes if found else 0,
            missing=len(found.missing) if found else 0,
            place=str(place),
            running=self._running,
            done=self._progress.done,
            total=self._progress.total,
            problem=self._problem,
            commands=(
                f'python -m library backup "{place}"',
                f'C41_DATA=EMPTY_FOLDER python -m library restore "{place}"',
            ),
        )

    def start(self) -> BackupView:
        """Begin one; while one is being made it goes on, and nothing else begins."""
        with self._lock:
            if not self._running:
                self._running, self._problem, self._progress = True, "", Progress(0, 0)
                threading.Thread(target=self._make, name="backup", daemon=True).start()
        return self.view()

    def _place(self) -> Path:
        """Where the last one went; at first a folder beside the data folder, which only takes what is new."""
        found = last(self._studio.data)
        if found is not None and Path(found.where).suffix != ".tar":
            return Path(found.where)
        root = self._studio.data.root
        return root.parent / f"{root.name} backup"

    def _make(self) -> None:
        try:
            backup(self._studio.data, self._place(), self._report)
        except StudioError as error:
            self._problem = error.problem.sentence
        except Exception:
            log.exception("The backup broke")
            self._problem = "The backup broke in the middle. The log says why."
        finally:
            self._running = False

    def _report(self, progress: Progress) -> None:
        self._progress = progress
