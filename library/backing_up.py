"""A backup under way beside the running studio, for a page to start and to follow."""

import logging
import threading
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from data import DataFolder
from errors import Problem, StudioError
from library.backup import BackupInfo, Progress, backup, last

log = logging.getLogger(__name__)


class BackupState(BaseModel):
    """How the backup under way stands (bytes), how the one before it failed, and the last that is whole."""

    model_config = ConfigDict(frozen=True)

    running: bool
    done_bytes: int = 0
    total_bytes: int = 0
    problem: Problem | None = None
    last: BackupInfo | None = None


class Backups:
    """One backup at a time. Safe from any thread."""

    def __init__(self, data: DataFolder) -> None:
        self._data = data
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._progress = Progress(0, 0)
        self._problem: Problem | None = None

    def start(self, target: Path) -> None:
        """Begin a backup into a .tar file or a folder. Raises StudioError backup_running (409)."""
        with self._lock:
            if self._running():
                raise StudioError("backup_running", "A backup is under way.", next="Wait for its end.", status=409)
            self._progress, self._problem = Progress(0, 0), None
            self._thread = threading.Thread(target=self._run, args=(target,), name="backup", daemon=True)
            self._thread.start()

    def state(self) -> BackupState:
        """How it stands."""
        done, total = self._progress
        return BackupState(
            running=self._running(), done_bytes=done, total_bytes=total, problem=self._problem, last=last(self._data)
        )

    def _running(self) -> bool:
        return self._thread is not None and self._thread.is_alive()

    def _run(self, target: Path) -> None:
        try:
            backup(self._data, target, self._show)
        except StudioError as error:
            self._problem = error.problem
        except Exception:
            log.exception("The backup failed")
            self._problem = Problem(code="unexpected", what="The backup failed.", why="The studio's log says why.")

    def _show(self, progress: Progress) -> None:
        self._progress = progress
