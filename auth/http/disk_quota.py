"""Keeps uploads of every kind from filling the disk beyond the reserved free space."""

from starlette.types import Message, Receive, Scope

from data import DataFolder
from errors import StudioError

_CHECK_EVERY_BYTES = 16 * 2**20


class DiskQuota:
    """Checks the free space on the disk."""

    def __init__(self, data: DataFolder, keep_free_mb: int) -> None:
        self._data = data
        self._keep = keep_free_mb * 2**20

    def limit(self, scope: Scope, receive: Receive) -> Receive:
        """Return a ``receive`` that raises StudioError (507) once too little is free; checks a known length first."""
        length = dict(scope["headers"]).get(b"content-length", b"")
        self._check(int(length) if length.isdigit() else 0)
        received = looked = 0

        async def watched() -> Message:
            nonlocal received, looked
            message = await receive()
            received += len(message.get("body", b""))
            if received - looked >= _CHECK_EVERY_BYTES:
                looked = received
                self._check(0)
            return message

        return watched

    def _check(self, more: int) -> None:
        if self._data.free_bytes() - more < self._keep:
            raise StudioError(
                "disk_full",
                "There is not enough disk space for this file.",
                "The disk of the studio is almost full.",
                "Free up space, or lower --keep-free-mb.",
                status=507,
            )
