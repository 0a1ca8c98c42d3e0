"""Uploads leave the room on the disk that is to stay free, whichever way they come in."""

from starlette.types import Message, Receive, Scope

from data import DataFolder
from errors import StudioError

_EVERY = 16 * 2**20


class Room:
    """How much may still come in."""

    def __init__(self, data: DataFolder, keep_free_mb: int) -> None:
        self._data = data
        self._keep = keep_free_mb * 2**20

    def kept(self, scope: Scope, receive: Receive) -> Receive:
        """``receive``, which refuses once too little is free. Raises StudioError (507) at once for a known length."""
        length = dict(scope["headers"]).get(b"content-length", b"")
        self._check(int(length) if length.isdigit() else 0)
        seen = looked = 0

        async def watched() -> Message:
            nonlocal seen, looked
            message = await receive()
            seen += len(message.get("body", b""))
            if seen - looked >= _EVERY:
                looked = seen
                self._check(0)
            return message

        return watched

    def _check(self, more: int) -> None:
        if self._data.free_bytes() - more < self._keep:
            raise StudioError(
                "disk_full",
                "There is no room for that file.",
                "The disk is almost full.",
                "Make room on it, or lower --keep-free-mb.",
                status=507,
            )
