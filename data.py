"""The data folder: its layout, its lock, its secrets."""

import fcntl
import os
import secrets
import shutil
from pathlib import Path
from typing import TextIO

from errors import StudioError


def write_private(path: Path, content: bytes) -> None:
    """Write a file that only the studio's account may read (0600), whole or not at all. Raises OSError."""
    part = path.with_name(f"{path.name}.part")
    part.unlink(missing_ok=True)
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)


class DataFolder:
    """Where everything lies that people made. One running studio a folder, held by a lock.

    Layout: ``studio.db`` · ``secrets/`` (files 0600) · ``users/<id>/`` · ``work/`` (jobs under way) ·
    ``uploads/`` (Gradio's cache) · ``starter/`` · ``catalog/`` · ``envs/`` · ``logs/`` ·
    ``models/`` (brought in by people) · ``hf_token`` (the access token for gated models, 0600). What it makes is for
    the account that runs the studio alone (folders 0700, the database 0600): a machine may have other users.
    """

    def __init__(self, root: Path) -> None:
        self.root = root.expanduser().resolve()
        self.database = self.root / "studio.db"
        self.users = self.root / "users"
        self.work = self.root / "work"
        self.uploads = self.root / "uploads"
        self.starter = self.root / "starter"
        self.catalog = self.root / "catalog"
        self.models = self.root / "models"
        self.logs = self.root / "logs"
        self.hub_token = self.root / "hf_token"
        self._secrets = self.root / "secrets"
        self._lock: TextIO | None = None

    def create(self) -> None:
        """Make the folders. Raises StudioError where the place cannot be written."""
        try:
            self.root.parent.mkdir(parents=True, exist_ok=True)
            for folder in (self.root, self.users, self.work, self.uploads, self.catalog, self._secrets):
                folder.mkdir(mode=0o700, exist_ok=True)
            self.database.touch(mode=0o600)  # SQLite gives its journals the same mode
        except OSError as error:
            raise StudioError(
                "data_folder",
                f"The data folder {self.root} cannot be used.",
                f"The system says: {error.strerror or error}.",
                "Choose another with C41_DATA or --data.",
                status=500,
            ) from error

    def lock(self) -> None:
        """Take the folder for this process until it ends. Raises StudioError when another studio holds it."""
        handle = (self.root / "lock").open("a+")
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            handle.seek(0)
            holder = handle.read().strip() or "unknown"
            handle.close()
            raise StudioError(
                "data_in_use",
                f"The data folder {self.root} is in use.",
                f"Another studio (process {holder}) is running on it.",
                "Stop that one, or give this one its own folder with C41_DATA.",
                status=500,
            ) from error
        handle.seek(0)
        handle.truncate()
        handle.write(str(os.getpid()))
        handle.flush()
        self._lock = handle

    def unlock(self) -> None:
        """Give the folder back."""
        if self._lock:
            self._lock.close()
            self._lock = None

    def user(self, user_id: str) -> Path:
        """The folder of one user's files."""
        return self.users / user_id

    def job(self, job_id: str, attempt: int) -> Path:
        """The folder an attempt at a job writes into until its files are adopted."""
        return self.work / f"{job_id}-{attempt}"

    def secret(self, name: str) -> str:
        """A random secret that is made once, kept (0600) and never leaves this machine. Raises OSError."""
        if kept := self.kept_secret(name):
            return kept
        value = secrets.token_urlsafe(48)
        write_private(self._secrets / name, value.encode())
        return value

    def kept_secret(self, name: str) -> str | None:
        """A secret that somebody put into the folder of secrets; None where there is none."""
        path = self._secrets / name
        return path.read_text().strip() or None if path.is_file() else None

    def free_bytes(self) -> int:
        """Free space on the disk that holds the folder."""
        return shutil.disk_usage(self.root).free
