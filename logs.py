"""The log, at the terminal and in files: nobody outside can fill it, and old lines make room for new ones."""

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
    """Write what is at least of a level (``info``, …) to the standard error output."""
    logging.getLogger().setLevel(level.upper())
    _add(logging.StreamHandler(sys.stderr))


def to_parent(level: str) -> None:
    """Write it there for a parent that keeps its own time and reads the level from the first word of a line."""
    logging.getLogger().setLevel(level.upper())
    _add(logging.StreamHandler(sys.stderr), "%(levelname)s %(name)s: %(message)s")


def to_file(file: Path) -> None:
    """Write it to a file too: at most FILE_BYTES, and OLDER_FILES of those before it beside it.

    Where the file cannot be written, the terminal must do.
    """
    try:
        file.parent.mkdir(mode=0o700, exist_ok=True)
        _add(_File(file, maxBytes=FILE_BYTES, backupCount=OLDER_FILES, encoding="utf-8", errors="backslashreplace"))
    except OSError as error:
        logging.getLogger(__name__).warning("The log is not kept in %s: %s", file, error)


def _add(handler: logging.Handler, line: str = _FORMAT) -> None:
    handler.setFormatter(_Line(line))
    handler.addFilter(LogLimit())
    logging.getLogger().addHandler(handler)


class _Line(logging.Formatter):
    """A line, and how many like it the handler's ``LogLimit`` left out before it."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802
        """The line without a traceback."""
        text, left_out = super().formatMessage(record), getattr(record, "left_out", 0)
        return f"{text} (and {left_out:,} more times in the last minutes)" if left_out else text


class _File(RotatingFileHandler):
    """On a full disk it stays silent: what happens is at the terminal."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802
        """Drop the line."""


class LogLimit(logging.Filter):
    """For a handler: lets ``most`` lines of a kind through in ``seconds``; the next one tells how many were left out.

    That number is the record's ``left_out`` until the next handler sees it; its message stays as it is. Lines are of a
    kind that come from one logger with the same first line, before values are filled in; its numbers may differ.
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
