"""Backups from the Studio page: one at a time, in the background, with the result."""

import logging
import threading
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from errors import StudioError
from library.backup import BackupProgress, backup, last
from studio import Studio

log = logging.getLogger(__name__)


class BackupView(BaseModel):
    """The last backup (``last_at`` is None if there is none), and the running one: ``done`` of ``total`` bytes.

    ``place`` is where the next one is stored, ``problem`` why the last one failed, ``commands`` do the same in a shell.
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
        self._progress = BackupProgress(0, 0)
        self._problem = ""

    def view(self) -> BackupView:
        """Return the current state."""
        running = self._running  # before what a backup leaves: once none is running, all of it is there
        last_backup, place = last(self._studio.data), self._place()
        return BackupView(
            last_at=last_backup.made_at if last_backup else None,
            bytes=last_backup.bytes if last_backup else 0,
            missing=len(last_backup.missing) if last_backup else 0,
            place=str(place),
            running=running,
            done=self._progress.done,
            total=self._progress.total,
            problem=self._problem,
            commands=(
                f'python -m library backup "{place}"',
                f'C41_DATA=EMPTY_FOLDER python -m library restore "{place}"',
            ),
        )

    def start(self) -> BackupView:
        """Start a backup, unless one is running."""
        with self._lock:
            if not self._running:
                self._running, self._problem, self._progress = True, "", BackupProgress(0, 0)
                threading.Thread(target=self._make, name="backup", daemon=True).start()
        return self.view()

    def _place(self) -> Path:
        """Return the folder of the last backup, or a new one next to the data folder."""
        last_backup = last(self._studio.data)
        if last_backup is not None and Path(last_backup.where).suffix != ".tar":
            return Path(last_backup.where)
        root = self._studio.data.root
        return root.parent / f"{root.name} backup"

    def _make(self) -> None:
        try:
            backup(self._studio.data, self._place(), self._report)
        except StudioError as error:
            self._problem = error.problem.sentence
        except Exception:
            log.exception("The backup failed")
            self._problem = "The backup failed. See the log for details."
        finally:
            self._running = False

    def _report(self, progress: BackupProgress) -> None:
        self._progress = progress
