"""Bounds on open connections: how many there may be, from where, and how long one may take to say what it wants.

A machine has only so many file descriptors. Callers who hold connections without finishing a request must not take
them all: a request's head has to arrive in time, one address gets a share, and where all is taken the connection that
has been silent longest goes.
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

from auth.networks import Network, is_in

HEAD_SECONDS = 10.0
"""Seconds that the head of a request may take to arrive."""
PER_ADDRESS = 128
"""Connections that one address may hold; a browser takes six. Proxies and this machine itself speak for many."""
MOST_FILES = 65_536
_RESERVE = 192
"""File descriptors that are left for files, the database, engines and their libraries."""
_BACKLOG = 128
_LOOPBACK = (ip_network("127.0.0.0/8"), ip_network("::1"))


def raise_open_files(most: int = MOST_FILES) -> int:
    """Let this process open as many files as the system grants it, up to ``most``; how many that are now."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = most if hard == resource.RLIM_INFINITY else min(hard, most)
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        return most if soft == resource.RLIM_INFINITY else soft
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    return wanted


class Connection(Protocol):
    """An open connection. ``silent_since`` is when the caller was last heard (event loop time) while a request of
    theirs is not whole yet; None while the studio owes them an answer.
    """

    address: str

    @property
    def silent_since(self) -> float | None: ...

    def drop(self) -> None:
        """Close it at once."""


class ConnectionLimits:
    """The open connections of a server; for its event loop alone. ``shared`` are networks that speak for many."""

    def __init__(self, open_files: int, shared: Sequence[Network] = (), per_address: int = PER_ADDRESS) -> None:
        self._most = max(16, open_files - _RESERVE)
        self._per_address = per_address
        self._shared = shared
        self._open: set[Connection] = set()
        self._of_address: Counter[str] = Counter()

    def admit(self, one: Connection) -> bool:
        """Take a connection in, in place of one of those that keep silent where there are too many.

        False where it must be closed.
        """
        if self._of_address[one.address] >= self._per_address and not self._is_shared(one.address):
            rivals = [other for other in self._open if other.address == one.address]
        else:
            rivals = list(self._open) if len(self._open) >= self._most else []
        if rivals and not self._drop_most_silent(rivals):
            return False
        self._open.add(one)
        self._of_address[one.address] += 1
        return True

    def leave(self, one: Connection) -> None:
        """Forget a connection that is closed."""
        if one in self._open:
            self._open.remove(one)
            self._of_address[one.address] -= 1
            if not self._of_address[one.address]:
                del self._of_address[one.address]

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
    """uvicorn's HTTP protocol within ``limits``; the head of each request has to arrive in ``HEAD_SECONDS``."""

    limits: ConnectionLimits
    address = ""
    predecessor: Connection | None = None
    """What stood for this connection before its caller had said how it speaks."""
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
        """Whether a request of theirs is not whole yet."""
        return self.conn.their_state in (h11.IDLE, h11.SEND_BODY)

    def _time_head(self) -> None:
        if self._head_timer is None and self.conn.their_state is h11.IDLE:
            self._head_timer = self.loop.call_later(HEAD_SECONDS, self.transport.close)

    def _stop_timing(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None


def bounded_config(app: Any, limits: ConnectionLimits, **more: Any) -> uvicorn.Config:
    """A server's configuration within ``limits``. It takes in fewer callers at a time than it has files in reserve."""
    protocol = type("LimitedProtocol", (BoundedProtocol,), {"limits": limits})
    return uvicorn.Config(app, http=protocol, backlog=_BACKLOG, **more)
