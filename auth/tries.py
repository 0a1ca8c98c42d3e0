"""How often a password may be tried: ten times a minute for an address and for an account."""

import ipaddress
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from math import ceil

from errors import StudioError

MOST_KEYS = 10_000
"""Of so many addresses and names tries are remembered; those tried longest ago are forgotten first."""
_WRONG = frozenset({401, 410})


class TooManyTries(StudioError):
    """Answered with 429. ``seconds`` is how long to wait."""

    def __init__(self, most: int, seconds: int) -> None:
        self.seconds = seconds
        super().__init__(
            "too_many_tries",
            "That was tried too often.",
            f"{most} wrong tries a minute are allowed for one account and for one address.",
            f"Wait {seconds} seconds, then try again.",
            status=429,
        )


class Tries:
    """Counts tries by key in a sliding window; one that succeeds is forgiven."""

    def __init__(self, most: int = 10, window: float = 60, clock: Callable[[], float] = time.monotonic) -> None:
        self._most = most
        self._window = window
        self._clock = clock
        self._times: OrderedDict[str, deque[float]] = OrderedDict()
        self._lock = threading.Lock()

    @contextmanager
    def counted(self, *keys: str) -> Iterator[None]:
        """Count what the block tries, and forgive it unless it was a wrong guess (StudioError of status 401 or 410)."""
        self.take(*keys)
        try:
            yield
        except StudioError as error:
            if error.status not in _WRONG:
                self.forgive(*keys)
            raise
        self.forgive(*keys)

    def take(self, *keys: str) -> None:
        """Count one try, before it is made. Raises TooManyTries when any of its keys has had its share."""
        now = self._clock()
        with self._lock:
            for key in keys:
                times = self._recent(key, now)
                if len(times) >= self._most:
                    raise TooManyTries(self._most, max(1, ceil(times[0] + self._window - now)))
            for key in keys:
                self._times.setdefault(key, deque()).append(now)
                self._times.move_to_end(key)
            while len(self._times) > MOST_KEYS:
                self._times.popitem(last=False)

    def _recent(self, key: str, now: float) -> deque[float]:
        """The tries of a key that still count; one without any takes no room."""
        times = self._times.get(key, deque())
        while times and times[0] <= now - self._window:
            times.popleft()
        if not times:
            self._times.pop(key, None)
        return times

    def forgive(self, *keys: str) -> None:
        """Take the last try of each key back: it was right."""
        with self._lock:
            for key in keys:
                times = self._times.get(key)
                if times:
                    times.pop()
                if not times:
                    self._times.pop(key, None)


def address_key(address: str) -> str:
    """One key for one customer: an IPv4 address, or the /64 network an IPv6 address can hop about in."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return f"address:{address}"
    if isinstance(parsed, ipaddress.IPv6Address):
        mapped = parsed.ipv4_mapped
        return f"address:{mapped or ipaddress.ip_network((parsed, 64), strict=False)}"
    return f"address:{parsed}"
