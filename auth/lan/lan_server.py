"""The server for your network: https for all devices and plain http for this computer, on one port."""

import asyncio
import logging
import re
import socket
import ssl
from functools import partial
from ipaddress import ip_address
from typing import Any

import uvicorn

from auth.http.connection_limits import BoundedProtocol, ConnectionLimits
from auth.lan.addresses import addresses, lan_url, names
from auth.lan.certificate import LanCertificate
from auth.lan.qr import for_terminal

log = logging.getLogger(__name__)

_TLS_HELLO = b"\x16"
_SILENCE = 5.0
"""Seconds a client may take to send the first byte."""
_PATIENCE = 20.0
_LOOK_EVERY = 300.0
"""Seconds between checks for changed addresses of this computer."""
_HEAD = 8192
_PLACE = re.compile(rb"(?:GET|HEAD) (/[\x21-\x7e]*) HTTP/1\.[01]\r\n")
_HOST = re.compile(rb"\r\nhost:[ \t]*([A-Za-z0-9.:\[\]-]+)[ \t]*\r\n", re.IGNORECASE)


class LanServer(uvicorn.Server):
    """A server that checks the first byte of each connection.

    TLS is served. Plain http is served only to programs on this computer, where the data stays; other clients are
    redirected to https before they send anything sensitive.
    """

    def __init__(
        self,
        config: uvicorn.Config,
        sockets: list[socket.socket],
        certificate: LanCertificate,
        limits: ConnectionLimits,
    ) -> None:
        super().__init__(config)
        self._sockets = sockets
        self._limits = limits
        self._certificate = certificate
        certificate.ensure(names(), addresses())
        self._context = certificate.context()
        self._doors: set[asyncio.Task[None]] = set()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start the app, then accept connections."""
        await super().startup(sockets=[])
        for sock in self._sockets:
            sock.listen(self.config.backlog)
            sock.setblocking(False)
            self._begin(self._accept(sock))
        self._begin(self._renew())

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop accepting connections, then shut down."""
        for task in list(self._doors):
            task.cancel()
        for sock in self._sockets:
            sock.close()
        await super().shutdown(sockets)

    def _begin(self, work: Any) -> asyncio.Task[None]:
        task: asyncio.Task[None] = asyncio.create_task(work)
        self._doors.add(task)
        task.add_done_callback(self._doors.discard)
        return task

    async def _accept(self, sock: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        while True:
            try:
                connection, peer = await loop.sock_accept(sock)
            except OSError as error:  # too many open files, or the client left
                log.warning("Could not accept a connection: %s", error)
                await asyncio.sleep(0.1)
                continue
            connection.setblocking(False)
            caller = _Caller(peer[0], loop.time())
            if self._limits.admit(caller):
                caller.task = self._begin(self._admit(connection, caller))
            else:
                connection.close()

    async def _admit(self, connection: socket.socket, caller: "_Caller") -> None:
        loop = asyncio.get_running_loop()
        protocol, peer = partial(self._protocol, caller), caller.address
        try:
            first = await asyncio.wait_for(_first_byte(connection), _SILENCE)
            if first == _TLS_HELLO:
                await loop.connect_accepted_socket(
                    protocol, connection, ssl=self._context, ssl_handshake_timeout=_PATIENCE
                )
            elif first and ip_address(peer.partition("%")[0]).is_loopback:
                await loop.connect_accepted_socket(protocol, connection)
            else:
                if first:
                    await asyncio.wait_for(_send_on(connection), _PATIENCE)
                connection.close()
        except (OSError, ssl.SSLError, TimeoutError):  # a silent client, or one that does not trust us
            connection.close()
        except asyncio.CancelledError:
            connection.close()
            raise
        finally:
            self._limits.leave(caller)

    def _protocol(self, caller: "_Caller") -> asyncio.Protocol:
        protocol = self.config.http_protocol_class
        assert issubclass(protocol, BoundedProtocol)
        connection = protocol(config=self.config, server_state=self.server_state, app_state=self.lifespan.state)
        connection.predecessor = caller
        return connection

    async def _renew(self) -> None:
        """Renew the certificate when it expires or this computer's addresses change."""
        while True:
            await asyncio.sleep(_LOOK_EVERY)
            try:
                if await asyncio.to_thread(lambda: self._certificate.ensure(names(), addresses())):
                    self._certificate.load(self._context)
            except OSError:
                log.exception("Could not renew the certificate. The studio tries again in 5 minutes.")


class _Caller:
    """A connection whose protocol (TLS or plain) is not known yet."""

    def __init__(self, address: str, since: float) -> None:
        self.address = address
        self.silent_since: float | None = since
        self.task: asyncio.Task[None] | None = None

    def drop(self) -> None:
        """Close it at once."""
        if self.task is not None:
            self.task.cancel()


def invitation(port: int, base_url: str | None) -> str:
    """Return the text and QR code the terminal shows for phones; ``base_url`` is used as the address if it is set."""
    url = base_url or lan_url(port)
    if url is None:
        return "There is no network right now. Phones can connect once there is one."
    named = [f"https://{name}:{port}" for name in names() if name.endswith(".local") and not base_url]
    also = f" (or {named[0]})" if named else ""
    return f"On your phone, open {url}{also}\n{for_terminal(url)}"


async def _first_byte(connection: socket.socket) -> bytes:
    """Peek at the first byte of a connection; empty if the client hangs up."""
    loop = asyncio.get_running_loop()
    ready = asyncio.Event()
    loop.add_reader(connection, ready.set)
    try:
        await ready.wait()
        return connection.recv(1, socket.MSG_PEEK)
    finally:
        loop.remove_reader(connection)


async def _send_on(connection: socket.socket) -> None:
    """Redirect a browser from http to https."""
    loop = asyncio.get_running_loop()
    head = b""
    while b"\r\n\r\n" not in head and len(head) < _HEAD:
        if not (more := await loop.sock_recv(connection, _HEAD)):
            break
        head += more
    place, host = _PLACE.match(head), _HOST.search(head)
    if place and host:
        where = b"https://" + host[1] + place[1]
        answer = b"HTTP/1.1 307 Temporary Redirect\r\nLocation: " + where + b"\r\n"
        body = b"The studio is at " + where + b"\n"
    else:
        answer, body = (
            b"HTTP/1.1 400 Bad Request\r\n",
            b"The studio uses https here. Begin the address with https://.\n",
        )
    rest = b"Content-Type: text/plain\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % len(body)
    await loop.sock_sendall(connection, answer + rest + body)
