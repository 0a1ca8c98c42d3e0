"""A local Hugging Face hub: repositories in memory, the API's responses, a separate server for large files, faults."""

import hashlib
import json
import socket
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

CHUNK = 64 * 1024
LARGE = 4096
"""From this many bytes on, a file is large: the hub knows its SHA-256 and redirects to the other server."""


@dataclass
class Faults:
    """Faults of a file. Counters count down: a fault with ``times`` 1 happens once."""

    cut_at: int = 0
    """The connection breaks after this many bytes of a response, ``cut_times`` times."""
    cut_times: int = 0
    wrong_times: int = 0
    """This many times, one byte of the content is wrong."""
    busy_times: int = 0
    """This many times, the server responds with 503."""
    bytes_per_second: int = 0
    no_ranges: bool = False
    """The server ignores ranges and sends the whole file."""
    etag: str = ""
    """The ETag from the large files' server, if it is not the usual one."""


@dataclass
class Repository:
    """Files at a commit; ``pinned`` overrides the commit's name. A ``token``, if set, is required to read them."""

    files: dict[str, bytes]
    card: dict[str, Any] = field(default_factory=dict)
    gated: bool = False
    token: str = ""
    pinned: str = ""

    @property
    def commit(self) -> str:
        """The name of this commit."""
        sums = {name: git_sum(content) for name, content in sorted(self.files.items())}
        return self.pinned or hashlib.sha1(json.dumps(sums).encode()).hexdigest()


@dataclass(frozen=True)
class Asked:
    """A received request."""

    host: str
    path: str
    authorization: str
    range: str
    if_range: str


def git_sum(content: bytes) -> str:
    """The git blob hash of a file's content."""
    return hashlib.sha1(f"blob {len(content)}\0".encode() + content).hexdigest()


class LocalHub:
    """Two servers: the hub, and the one for large files. Use it as a context manager."""

    def __init__(self) -> None:
        self.repositories: dict[str, Repository] = {}
        self.older: dict[tuple[str, str], Repository] = {}
        self.renamed: dict[str, str] = {}
        self.faults: dict[str, Faults] = {}
        self.asked: list[Asked] = []
        self.sent = 0
        self._lock = threading.Lock()
        self._hub = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self, "hub"))
        self._store = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self, "store"))
        self._hub.daemon_threads = self._store.daemon_threads = True

    @property
    def url(self) -> str:
        """The value for HF_ENDPOINT."""
        return f"http://127.0.0.1:{self._hub.server_port}"

    @property
    def store_url(self) -> str:
        """The address of the server for large files, which counts as another host for tokens."""
        return f"http://127.0.0.1:{self._store.server_port}"

    def __enter__(self) -> "LocalHub":
        for server in (self._hub, self._store):
            threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        for server in (self._hub, self._store):
            server.shutdown()
            server.server_close()

    def add(self, name: str, files: Mapping[str, bytes | str], **more: Any) -> Repository:
        """Add a repository."""
        contents = {path: text.encode() if isinstance(text, str) else text for path, text in files.items()}
        self.repositories[name] = Repository(contents, **more)
        return self.repositories[name]

    def move(self, name: str, files: Mapping[str, bytes | str]) -> Repository:
        """Add a commit with other files to a repository; older commits stay."""
        old = self.repositories[name]
        self.older[name, old.commit] = old
        return self.add(name, files)

    def at(self, name: str, revision: str) -> Repository | None:
        """A repository at a revision."""
        newest = self.repositories.get(name)
        return newest if newest and revision in ("main", newest.commit) else self.older.get((name, revision))

    def rename(self, name: str, new: str) -> None:
        """Rename a repository; the old name redirects to the new one."""
        self.repositories[new] = self.repositories.pop(name)
        self.renamed[name] = new

    def fault(self, path: str, **what: Any) -> Faults:
        """Set a fault for a file, named by its path in the repository."""
        self.faults[path] = Faults(**what)
        return self.faults[path]

    def heard(self, host: str, part: str = "") -> list[Asked]:
        """The requests received by ``hub`` or ``store`` with ``part`` in their path."""
        with self._lock:
            return [one for one in self.asked if one.host == host and part in one.path]

    def note(self, asked: Asked) -> None:
        """Record a request."""
        with self._lock:
            self.asked.append(asked)

    def count(self, sent: int) -> None:
        """Add to the number of bytes sent."""
        with self._lock:
            self.sent += sent


@contextmanager
def local_hub() -> Iterator[LocalHub]:
    """A running hub."""
    with LocalHub() as hub:
        yield hub


def _handler(hub: LocalHub, host: str) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, format: str, *args: Any) -> None:
            """Silence."""

        def do_HEAD(self) -> None:
            self.do_GET()

        def do_GET(self) -> None:
            get = self.headers.get
            hub.note(Asked(host, self.path, get("Authorization") or "", get("Range") or "", get("If-Range") or ""))
            try:
                _answer_store(hub, self) if host == "store" else _answer_hub(hub, self)
            except (BrokenPipeError, ConnectionResetError):
                self.close_connection = True

    return Handler


def _answer_hub(hub: LocalHub, asked: BaseHTTPRequestHandler) -> None:
    path = unquote(urlsplit(asked.path).path)
    for old, new in hub.renamed.items():
        if f"/{old}/" in path:
            asked.send_response(307)
            asked.send_header("Location", asked.path.replace(old, new, 1))
            asked.send_header("Content-Length", "0")
            asked.end_headers()
            return
    if path.startswith("/api/models/"):
        name, _, revision = path.removeprefix("/api/models/").partition("/revision/")
        _answer_info(hub, asked, name, revision)
        return
    name, _, rest = path.removeprefix("/").partition("/resolve/")
    commit, _, file = rest.partition("/")
    repository = hub.at(name, commit)
    if repository is None:
        _refuse(asked, 404, "RevisionNotFound" if name in hub.repositories else "RepoNotFound")
    elif repository.token and asked.headers.get("Authorization") != f"Bearer {repository.token}":
        known = bool(asked.headers.get("Authorization"))
        _refuse(asked, 403 if known else 401, "" if known else "GatedRepo")
    elif file not in repository.files:
        _refuse(asked, 404, "EntryNotFound")
    elif len(repository.files[file]) >= LARGE:
        asked.send_response(302)
        asked.send_header("Location", f"{hub.store_url}/{name}/{repository.commit}/{file}?signature=secret")
        asked.send_header("X-Linked-Etag", f'"{hashlib.sha256(repository.files[file]).hexdigest()}"')
        asked.send_header("Content-Length", "0")
        asked.end_headers()
    else:
        _send(hub, asked, file, repository.files[file], git_sum(repository.files[file]))


def _answer_store(hub: LocalHub, asked: BaseHTTPRequestHandler) -> None:
    path = unquote(urlsplit(asked.path).path).lstrip("/")
    owner, name, commit, file = path.split("/", 3)
    repository = hub.at(f"{owner}/{name}", commit)
    content = repository.files[file] if repository else b""
    _send(hub, asked, file, content, f"store-{git_sum(content)[:12]}")


def _answer_info(hub: LocalHub, asked: BaseHTTPRequestHandler, name: str, revision: str) -> None:
    repository = hub.at(name, revision)
    if repository is None:
        known = name in hub.repositories
        _refuse(asked, 404 if known else 401, "RevisionNotFound" if known else "RepoNotFound")
        return
    blobs = parse_qs(urlsplit(asked.path).query).get("blobs") == ["true"]
    siblings = []
    for path, content in repository.files.items():
        sibling: dict[str, Any] = {"rfilename": path}
        if blobs:
            sibling |= {"size": len(content), "blobId": git_sum(content)}
            if len(content) >= LARGE:
                sum = hashlib.sha256(content).hexdigest()
                sibling["lfs"] = {"sha256": sum, "size": len(content), "pointerSize": 130}
        siblings.append(sibling)
    found = {"id": name, "sha": repository.commit, "siblings": siblings, "cardData": repository.card}
    body = json.dumps(found | {"gated": "auto" if repository.gated else False}).encode()
    asked.send_response(200)
    asked.send_header("Content-Type", "application/json")
    asked.send_header("Content-Length", str(len(body)))
    asked.end_headers()
    asked.wfile.write(body)


def _refuse(asked: BaseHTTPRequestHandler, status: int, code: str) -> None:
    asked.send_response(status)
    if code:
        asked.send_header("X-Error-Code", code)
    asked.send_header("Content-Length", "0")
    asked.end_headers()


def _send(hub: LocalHub, asked: BaseHTTPRequestHandler, path: str, content: bytes, etag: str) -> None:
    fault = hub.faults.get(path, Faults())
    if fault.busy_times:
        fault.busy_times -= 1
        _refuse(asked, 503, "")
        return
    etag, start = fault.etag or etag, 0
    wanted, validator = asked.headers.get("Range", ""), asked.headers.get("If-Range", "").strip('"')
    if wanted.startswith("bytes=") and not fault.no_ranges and validator in ("", etag):
        start = int(wanted.removeprefix("bytes=").rstrip("-"))
    if start >= len(content) > 0 and wanted:
        _refuse(asked, 416, "")
        return
    body = bytearray(content[start:])
    if fault.wrong_times:
        fault.wrong_times -= 1
        body[len(body) // 2] ^= 1
    asked.send_response(206 if start else 200)
    asked.send_header("ETag", f'"{etag}"')
    asked.send_header("Accept-Ranges", "bytes")
    if start:
        asked.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
    asked.send_header("Content-Length", str(len(body)))
    asked.end_headers()
    if asked.command == "HEAD":
        return
    _stream(hub, asked, bytes(body), fault)


def _stream(hub: LocalHub, asked: BaseHTTPRequestHandler, body: bytes, fault: Faults) -> None:
    end = len(body)
    if fault.cut_times:
        fault.cut_times -= 1
        end = min(end, fault.cut_at)
    for at in range(0, end, CHUNK):
        piece = body[at : min(at + CHUNK, end)]
        asked.wfile.write(piece)
        hub.count(len(piece))
        if fault.bytes_per_second:
            time.sleep(len(piece) / fault.bytes_per_second)
    if end < len(body):
        asked.wfile.flush()
        asked.close_connection = True
        asked.connection.shutdown(socket.SHUT_WR)
