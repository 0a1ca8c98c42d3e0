"""Limits wrong password attempts: ten per minute for each address and each account."""

import ipaddress
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from math import ceil

from errors import StudioError

MOST_KEYS = 10_000
"""Number of addresses and names to remember; the oldest are forgotten first."""
_WRONG = frozenset({401, 410})


class TooManyAttempts(StudioError):
    """Becomes a 429 response. ``seconds`` is the time to wait."""

    def __init__(self, most: int, seconds: int) -> None:
        self.seconds = seconds
        super().__init__(
            "too_many_tries",
            "Too many attempts.",
            f"Each account and each address is limited to {most} wrong attempts per minute.",
            f"Wait {seconds} seconds, then try again.",
            status=429,
        )


class RateLimit:
    """Counts attempts by key in a sliding window; successful ones do not count."""

    def __init__(self, most: int = 10, window: float = 60, clock: Callable[[], float] = time.monotonic) -> None:
        self._most = most
        self._window = window
        self._clock = clock
        self._times: OrderedDict[str, deque[float]] = OrderedDict()
        self._lock = threading.Lock()

    @contextmanager
    def counted(self, *keys: str) -> Iterator[None]:
        """Count the block as an attempt, and uncount it unless it fails with StudioError of status 401 or 410."""
        self.take(*keys)
        try:
            yield
        except StudioError as error:
            if error.status not in _WRONG:
                self.forgive(*keys)
            raise
        self.forgive(*keys)

    def take(self, *keys: str) -> None:
        """Count one attempt before it is made. Raises TooManyAttempts if one of its keys is at the limit."""
        now = self._clock()
        with self._lock:
            for key in keys:
                times = self._recent(key, now)
                if len(times) >= self._most:
                    raise TooManyAttempts(self._most, max(1, ceil(times[0] + self._window - now)))
            for key in keys:
                self._times.setdefault(key, deque()).append(now)
                self._times.move_to_end(key)
            while len(self._times) > MOST_KEYS:
                self._times.popitem(last=False)

    def _recent(self, key: str, now: float) -> deque[float]:
        """Return the attempts of a key in the window; drop the key if there are none."""
        times = self._times.get(key, deque())
        while times and times[0] <= now - self._window:
            times.popleft()
        if not times:
            self._times.pop(key, None)
        return times

    def forgive(self, *keys: str) -> None:
        """Remove the last attempt of each key, because it succeeded."""
        with self._lock:
            for key in keys:
                times = self._times.get(key)
                if times:
                    times.pop()
                if not times:
                    self._times.pop(key, None)


def address_key(address: str) -> str:
    """Return the key for a client's address: an IPv4 address, or the /64 network of an IPv6 address."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return f"address:{address}"
    if isinstance(parsed, ipaddress.IPv6Address):
        mapped = parsed.ipv4_mapped
        return f"address:{mapped or ipaddress.ip_network((parsed, 64), strict=False)}"
    return f"address:{parsed}"
