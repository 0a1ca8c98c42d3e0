"""A download's progress and stop signal, shared by the threads that fetch its files."""

import threading
import time


class DownloadStopped(Exception):
    """Raised in a fetching thread to stop the download."""


class DownloadProgress:
    """Counts the bytes of several threads. ``total`` is the size of the download, ``done`` the bytes already here."""

    def __init__(self, total: int, done: int) -> None:
        self.total = total
        self._done = done
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._began = (time.monotonic(), done)
        self._recent = [self._began]

    def add(self, count: int) -> None:
        """Add to the downloaded bytes; ``count`` may be negative. Raises DownloadStopped."""
        with self._lock:
            self._done += count
        self.check()

    @property
    def done(self) -> int:
        """Bytes already here, at most ``total``."""
        with self._lock:
            return max(0, min(self._done, self.total))

    def speed(self) -> float:
        """Return the bytes per second over about the last ten seconds."""
        now, done = time.monotonic(), self.done
        self._recent = [*(at for at in self._recent[-50:] if now - at[0] < 10), (now, done)]
        began, before = self._recent[0]
        return max(0.0, (done - before) / (now - began)) if now > began else 0.0

    def stop(self) -> None:
        """Stop every thread at its next chunk."""
        self._stop.set()

    def check(self) -> None:
        """Raise DownloadStopped if ``stop`` was called."""
        if self._stop.is_set():
            raise DownloadStopped

    def wait(self, seconds: float) -> None:
        """Sleep until ``stop`` is called. Raises DownloadStopped."""
        if self._stop.wait(seconds):
            raise DownloadStopped
