"""A log that nobody outside can fill: the same line is written a few times a minute, then counted."""

import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Callable

MOST = 5
SECONDS = 60.0
_MANY_LINES = 1000


class LogLimit(logging.Filter):
    """For a handler: lets ``most`` lines of a kind through in ``seconds``; the next one tells how many were left out.

    Lines are of a kind that come from one logger with the same first line, before values are filled in.
    """

    def __init__(self, most: int = MOST, seconds: float = SECONDS, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._most = most
        self._seconds = seconds
        self._clock = clock
        self._lock = threading.Lock()
        self._seen: OrderedDict[tuple[str, str], tuple[float, int]] = OrderedDict()

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether the line is written."""
        key, now = (record.name, str(record.msg).partition("\n")[0]), self._clock()
        with self._lock:
            began, count = self._seen.get(key, (now, 0))
            if left_out := max(0, count - self._most) if now - began >= self._seconds else 0:
                record.msg = f"{record.msg} (and {left_out:,} more times in the last minutes)"
            if now - began >= self._seconds:
                began, count = now, 0
            self._seen[key] = (began, count + 1)
            self._seen.move_to_end(key)
            if len(self._seen) > _MANY_LINES:
                self._seen.popitem(last=False)
        return count < self._most
