"""Limits on open connections: in total, per address, and on the time a request's head may take.

File descriptors are limited. Clients that hold connections without finishing a request must not use them all: the head
of a request has to arrive in time, each address gets a share, and at the limit the connection that has been silent
longest is closed.
"""

import asyncio
import resource
from collections import Counter
from collections.abc import Sequence
from ipaddress import ip_network
from typing import Any, Protocol

import h11
import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from auth.http.networks import Network, is_in

HEAD_SECONDS = 10.0
"""Seconds the head of a request may take to arrive."""
PER_ADDRESS = 128
"""Connections per address; a browser uses six. Proxies and loopback are exempt, as they carry many clients."""
MOST_FILES = 65_536
_RESERVE = 192
"""File descriptors reserved for files, the database, engines and their libraries."""
_BACKLOG = 128
_LOOPBACK = (ip_network("127.0.0.0/8"), ip_network("::1"))


def raise_open_files(most: int = MOST_FILES) -> int:
    """Raise the limit on open files as far as the system allows, up to ``most``. Returns the new limit."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = most if hard == resource.RLIM_INFINITY else min(hard, most)
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        return most if soft == resource.RLIM_INFINITY else soft
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    return wanted


class Connection(Protocol):
    """An open connection. ``silent_since`` is when the client last sent data (event loop time) while its request is
    incomplete; None while the studio owes it a response.
    """

    address: str

    @property
    def silent_since(self) -> float | None: ...

    def drop(self) -> None:
        """Close it at once."""


class ConnectionLimits:
    """The open connections of a server, for use in its event loop. ``shared`` are networks that carry many clients."""

    def __init__(self, open_files: int, shared: Sequence[Network] = (), per_address: int = PER_ADDRESS) -> None:
        self._most = max(16, open_files - _RESERVE)
        self._per_address = per_address
        self._shared = shared
        self._open: set[Connection] = set()
        self._of_address: Counter[str] = Counter()

    def admit(self, connection: Connection) -> bool:
        """Admit a connection; at a limit, the most silent connection is closed for it.

        Returns False if the new connection must be closed.
        """
        if self._of_address[connection.address] >= self._per_address and not self._is_shared(connection.address):
            rivals = [other for other in self._open if other.address == connection.address]
        else:
            rivals = list(self._open) if len(self._open) >= self._most else []
        if rivals and not self._drop_most_silent(rivals):
            return False
        self._open.add(connection)
        self._of_address[connection.address] += 1
        return True

    def leave(self, connection: Connection) -> None:
        """Remove a closed connection."""
        if connection in self._open:
            self._open.remove(connection)
            self._of_address[connection.address] -= 1
            if not self._of_address[connection.address]:
                del self._of_address[connection.address]

    def _is_shared(self, address: str) -> bool:
        return is_in(address, (*_LOOPBACK, *self._shared))

    def _drop_most_silent(self, among: list[Connection]) -> bool:
        silent = [(since, one) for one in among if (since := one.silent_since) is not None]
        if not silent:
            return False
        _, victim = min(silent, key=lambda pair: pair[0])
        self.leave(victim)
        victim.drop()
        return True


class BoundedProtocol(H11Protocol):
    """uvicorn's HTTP protocol within ``limits``; the head of each request must arrive within ``HEAD_SECONDS``."""

    limits: ConnectionLimits
    address = ""
    predecessor: Connection | None = None
    """The entry for this connection before its protocol (TLS or plain) was known."""
    _heard = 0.0
    _head_timer: asyncio.TimerHandle | None = None

    @property
    def silent_since(self) -> float | None:
        return self._heard if self._owes_us() else None

    def drop(self) -> None:
        self.transport.abort()

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self.address = self.client[0] if self.client else ""
        self._heard = self.loop.time()
        if self.predecessor is not None:
            self.limits.leave(self.predecessor)
        if not self.limits.admit(self):
            self.drop()
            return
        self._time_head()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_timing()
        self.limits.leave(self)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        self._heard = self.loop.time()
        self._time_head()
        super().data_received(data)
        if self.conn.their_state is not h11.IDLE:
            self._stop_timing()

    def _owes_us(self) -> bool:
        """Return whether the client's request is still incomplete."""
        return self.conn.their_state in (h11.IDLE, h11.SEND_BODY)

    def _time_head(self) -> None:
        if self._head_timer is None and self.conn.their_state is h11.IDLE:
            self._head_timer = self.loop.call_later(HEAD_SECONDS, self.transport.close)

    def _stop_timing(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None


def bounded_config(app: Any, limits: ConnectionLimits, **more: Any) -> uvicorn.Config:
    """Return a server configuration within ``limits``. Its backlog is smaller than the reserve of file descriptors."""
    protocol = type("LimitedProtocol", (BoundedProtocol,), {"limits": limits})
    return uvicorn.Config(app, http=protocol, backlog=_BACKLOG, **more)
