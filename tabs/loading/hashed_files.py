"""Files in memory whose names contain a hash of what they hold, so that browsers keep them for good."""

import gzip
import hashlib
from functools import cache

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

TYPES = {"js": "text/javascript", "css": "text/css", "map": "application/json"}


class HashedFiles:
    """Text files, compressed once when they are first requested, and the endpoint that serves them."""

    def __init__(self) -> None:
        self._files: dict[str, bytes] = {}
        self._compressed = cache(lambda name: gzip.compress(self._files[name], 9, mtime=0))

    def add(self, name: str, text: str) -> str:
        """Add ``text`` under ``name`` ("studio.js"). Returns the name with the hash."""
        stem, _, suffix = name.rpartition(".")
        content = text.encode()
        hashed = f"{stem}-{hashlib.sha256(content).hexdigest()[:8]}.{suffix}"
        self._files[hashed] = content
        return hashed

    async def serve(self, request: Request) -> Response:
        """Respond with the file that the path's ``name`` names."""
        name: str = request.path_params["name"]
        if (file := self._files.get(name)) is None:
            raise HTTPException(404)
        headers = {"Vary": "Accept-Encoding"}
        if "gzip" in request.headers.get("accept-encoding", ""):
            headers["Content-Encoding"] = "gzip"
            file = await run_in_threadpool(self._compressed, name)
        return Response(file, headers=headers, media_type=TYPES[name.rpartition(".")[2]])
