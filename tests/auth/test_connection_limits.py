"""Clients that hold connections without a request: real sockets against a process with few file descriptors."""

import logging
import resource
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from ipaddress import ip_network
from pathlib import Path

import httpx
import pytest

from auth.http.connection_limits import ConnectionLimits
from logs import LogLimit
from tests.support.live import REPOSITORY, free_port
from tests.support.waiting import until

FILES = 400
SERVER = """
import asyncio, logging, resource, sys
resource.setrlimit(resource.RLIMIT_NOFILE, (64, {files}))
from pathlib import Path
import uvicorn
from auth.lan.certificate import LanCertificate
from auth.http.connection_limits import ConnectionLimits, bounded_config, raise_open_files
from auth.lan.lan_server import LanServer
from auth.lan.addresses import listen

async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        for step in ("startup", "shutdown"):
            await receive()
            await send({{"type": f"lifespan.{{step}}.complete"}})
        return
    while (await receive()).get("more_body"):
        pass
    await send({{"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]}})
    await send({{"type": "http.response.body", "body": b"ok"}})

logging.basicConfig(level="WARNING")
sockets = listen("127.0.0.1", {port})
limits = ConnectionLimits(raise_open_files())
config = bounded_config(app, limits, log_config=None, log_level="warning")
lan = LanServer(config, sockets, LanCertificate(Path({folder!r})), limits) if {lan} else uvicorn.Server(config)
lan.run(sockets=sockets)
"""


@contextmanager
def serving(folder: Path, lan: bool) -> Iterator[tuple[int, Path]]:
    """Our server with an app that returns “ok”, its port and its log."""
    port, log = free_port(), folder / "log"
    code = SERVER.format(files=FILES, port=port, folder=str(folder / "tls"), lan=lan)
    with log.open("wb") as out:
        process = subprocess.Popen([sys.executable, "-c", code], cwd=REPOSITORY, stdout=out, stderr=out)
    try:
        until(lambda: answers(port), 60, "the server", every=0.1)
        yield port, log
    finally:
        process.kill()
        process.wait()


def answers(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/", timeout=5).text == "ok"
    except httpx.TransportError:
        return False


@pytest.mark.slow
@pytest.mark.parametrize("lan", [False, True])
def test_half_open_connections_block_nobody_and_are_closed(tmp_path: Path, lan: bool) -> None:
    halves = {
        "head": b"GET / HTTP/1.1\r\nHost: x\r\nX-A: ",
        "body": b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nab",
    }
    halves |= {"nothing": b"", "tls": b"\x16\x03"} if lan else {"nothing": b""}
    with serving(tmp_path, lan) as (port, log), ExitStack() as stack:
        held: list[socket.socket] = []
        for number in range(2 * FILES):
            one = stack.enter_context(socket.create_connection(("127.0.0.1", port), timeout=5))
            one.sendall(list(halves.values())[number % len(halves)])
            held.append(one)
            if number % 100 == 99:
                assert answers(port), number
        heads = [one for number, one in enumerate(held) if number % len(halves) == 0]
        until(lambda: not any(map(is_open, heads)), 25, "the end of heads that never come")
        assert answers(port)
        assert log.stat().st_size < 20_000, log.read_text()[-2000:]


def is_open(one: socket.socket) -> bool:
    one.setblocking(False)
    try:
        return one.recv(1) != b""
    except BlockingIOError:
        return True
    except OSError:
        return False


class Caller:
    def __init__(self, address: str, silent_since: float | None) -> None:
        self.address = address
        self.silent_since = silent_since
        self.dropped = False

    def drop(self) -> None:
        self.dropped = True


def test_an_address_has_a_limit_and_its_most_silent_connection_is_closed() -> None:
    limits = ConnectionLimits(10_000, (ip_network("192.0.2.1"),), per_address=2)
    busy, silent = Caller("198.51.100.7", None), Caller("198.51.100.7", 1.0)
    assert [limits.admit(one) for one in (busy, silent, Caller("198.51.100.7", None))] == [True, True, True]
    assert (busy.dropped, silent.dropped) == (False, True)
    assert not limits.admit(Caller("198.51.100.7", 5.0)), "all of that address are being answered"
    limits.leave(busy)
    assert limits.admit(Caller("198.51.100.7", 5.0))
    for address in ("192.0.2.1", "127.0.0.1", "::1", "198.51.100.8"):
        many = [Caller(address, 0.0) for _ in range(5)]
        assert all(map(limits.admit, many))
        assert any(one.dropped for one in many) == (address == "198.51.100.8")


def test_repeated_log_lines_are_written_a_few_times_then_counted(caplog: pytest.LogCaptureFixture) -> None:
    now = [0.0]
    limit, log = LogLimit(most=3, seconds=60, clock=lambda: now[0]), logging.getLogger("test.flood")
    caplog.handler.addFilter(limit)
    try:
        for number in range(1000):
            log.warning("Could not accept a connection: %s", number)
            log.warning("socket.accept() out of system resource\nsocket: fd=%d", number)
        log.warning("Something else")
        assert len(caplog.messages) == 7
        now[0] = 61
        log.warning("Could not accept a connection: %s", "x")
        assert vars(caplog.records[-1])["left_out"] == 997
    finally:
        caplog.handler.removeFilter(limit)


def test_the_limit_of_open_files_is_raised_as_far_as_the_system_allows() -> None:
    code = (
        "import resource; resource.setrlimit(resource.RLIMIT_NOFILE, (64, 300))\n"
        "from auth.http.connection_limits import raise_open_files\n"
        "print(raise_open_files(200), raise_open_files(), resource.getrlimit(resource.RLIMIT_NOFILE)[0])"
    )
    assert resource.getrlimit(resource.RLIMIT_NOFILE)[1] >= 300
    done = subprocess.run([sys.executable, "-c", code], cwd=REPOSITORY, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["200", "300", "300"]
