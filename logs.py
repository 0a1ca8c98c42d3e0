"""The log in the terminal and in files: repeated lines are limited, and old files are rotated out."""

import logging
import re
import sys
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from logging.handlers import RotatingFileHandler
from pathlib import Path

FILE_BYTES, OLDER_FILES = 5_000_000, 3
_FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"
MOST = 5
SECONDS = 60.0
_MANY_LINES = 1000
_NUMBERS = re.compile(r"\d+")


def to_terminal(level: str) -> None:
    """Log to stderr from a level on (``info``, …)."""
    logging.getLogger().setLevel(level.upper())
    _add(logging.StreamHandler(sys.stderr))


def to_parent(level: str) -> None:
    """Log to stderr for a parent process that adds the time and reads the level from the first word of a line."""
    logging.getLogger().setLevel(level.upper())
    _add(logging.StreamHandler(sys.stderr), "%(levelname)s %(name)s: %(message)s")


def to_file(file: Path) -> None:
    """Log to a file too, of at most FILE_BYTES, with OLDER_FILES older ones next to it.

    If the file cannot be written, only the terminal is used.
    """
    try:
        file.parent.mkdir(mode=0o700, exist_ok=True)
        _add(_File(file, maxBytes=FILE_BYTES, backupCount=OLDER_FILES, encoding="utf-8", errors="backslashreplace"))
    except OSError as error:
        logging.getLogger(__name__).warning("Cannot write the log to %s: %s", file, error)


def _add(handler: logging.Handler, line: str = _FORMAT) -> None:
    handler.setFormatter(_Line(line))
    handler.addFilter(LogLimit())
    logging.getLogger().addHandler(handler)


class _Line(logging.Formatter):
    """Formats a line, with the number of similar ones the handler's ``LogLimit`` omitted before it."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802
        """Return the line without a traceback."""
        text, left_out = super().formatMessage(record), getattr(record, "left_out", 0)
        return f"{text} (and {left_out:,} more times in the last minutes)" if left_out else text


class _File(RotatingFileHandler):
    """Drops lines silently on a full disk; they are in the terminal."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802
        """Drop the line."""


class LogLimit(logging.Filter):
    """Filter for a handler: passes ``most`` lines of a kind in ``seconds``; the next one reports how many were omitted.

    That number is the record's ``left_out`` until the next handler gets it; the message is unchanged. Lines are of one
    kind if they come from one logger with the same first line before formatting, ignoring numbers.
    """

    def __init__(self, most: int = MOST, seconds: float = SECONDS, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._most = most
        self._seconds = seconds
        self._clock = clock
        self._lock = threading.Lock()
        self._seen: OrderedDict[tuple[str, str], tuple[float, int]] = OrderedDict()

    def filter(self, record: logging.LogRecord) -> bool:
        """Return whether the line is written."""
        key, now = (record.name, _NUMBERS.sub("0", str(record.msg).partition("\n")[0])), self._clock()
        with self._lock:
            began, count = self._seen.get(key, (now, 0))
            record.left_out = max(0, count - self._most) if now - began >= self._seconds else 0
            if now - began >= self._seconds:
                began, count = now, 0
            self._seen[key] = (began, count + 1)
            self._seen.move_to_end(key)
            if len(self._seen) > _MANY_LINES:
                self._seen.popitem(last=False)
        return count < self._most
