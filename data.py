"""The data folder: its layout, its lock, its secrets."""

import fcntl
import os
import secrets
import shutil
from pathlib import Path
from typing import TextIO

from errors import StudioError


def write_private(path: Path, content: bytes) -> None:
    """Write a file atomically, readable only by the studio's account (0600). Raises OSError."""
    part = path.with_name(f"{path.name}.part")
    part.unlink(missing_ok=True)
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)


class DataFolder:
    """The folder with everything people make. A lock ensures that only one running studio uses it.

    Layout: ``studio.db`` · ``secrets/`` (files 0600) · ``users/<id>/`` · ``work/`` (running jobs) ·
    ``uploads/`` (Gradio's cache) · ``starter/`` · ``catalog/`` · ``envs/`` · ``logs/`` ·
    ``models/`` (uploaded by people) · ``cache/`` (made again when needed) · ``hf_token`` (the access token for gated
    models, 0600). Only the account that runs the studio can read it (folders 0700, the database 0600), because a
    computer may have other users.
    """

    def __init__(self, root: Path) -> None:
        self.root = root.expanduser().resolve()
        self.database = self.root / "studio.db"
        self.users = self.root / "users"
        self.work = self.root / "work"
        self.uploads = self.root / "uploads"
        self.cache = self.root / "cache"
        self.starter = self.root / "starter"
        self.catalog = self.root / "catalog"
        self.models = self.root / "models"
        self.logs = self.root / "logs"
        self.hub_token = self.root / "hf_token"
        self._secrets = self.root / "secrets"
        self._lock: TextIO | None = None

    def create(self) -> None:
        """Create the folders. Raises StudioError if they cannot be written."""
        try:
            self.root.parent.mkdir(parents=True, exist_ok=True)
            for folder in (self.root, self.users, self.work, self.uploads, self.catalog, self._secrets):
                folder.mkdir(mode=0o700, exist_ok=True)
            self.database.touch(mode=0o600)  # SQLite gives its journals the same mode
        except OSError as error:
            raise StudioError(
                "data_folder",
                f"Cannot use the data folder {self.root}.",
                f"The system says: {error.strerror or error}.",
                "Choose another folder with C41_DATA or --data.",
                status=500,
            ) from error

    def lock(self) -> None:
        """Lock the folder for this process until it ends. Raises StudioError if another studio has it locked."""
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
                f"Another studio (process {holder}) is using it.",
                "Stop the other studio, or choose another folder with C41_DATA.",
                status=500,
            ) from error
        handle.seek(0)
        handle.truncate()
        handle.write(str(os.getpid()))
        handle.flush()
        self._lock = handle

    def unlock(self) -> None:
        """Release the lock."""
        if self._lock:
            self._lock.close()
            self._lock = None

    def user(self, user_id: str) -> Path:
        """Return the folder of a user's files."""
        return self.users / user_id

    def job(self, job_id: str, attempt: int) -> Path:
        """Return the folder an attempt at a job writes to until its files are adopted."""
        return self.work / f"{job_id}-{attempt}"

    def secret(self, name: str) -> str:
        """Return a random secret, created on first use, stored (0600) and never sent anywhere. Raises OSError."""
        if stored := self.stored_secret(name):
            return stored
        value = secrets.token_urlsafe(48)
        write_private(self._secrets / name, value.encode())
        return value

    def stored_secret(self, name: str) -> str | None:
        """Return a secret stored in the folder of secrets, or None."""
        path = self._secrets / name
        return path.read_text().strip() or None if path.is_file() else None

    def free_bytes(self) -> int:
        """Return the free space on the folder's disk, in bytes."""
        return shutil.disk_usage(self.root).free
