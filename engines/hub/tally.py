"""How far a download is, and whether it may go on: shared by the threads that fetch its files."""

import threading
import time


class Stopped(Exception):
    """Raised in a fetching thread when the download is to stop."""


class Tally:
    """Counts bytes from several threads. ``total`` is what there is to have, ``done`` what is here."""

    def __init__(self, total: int, done: int) -> None:
        self.total = total
        self._done = done
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._began = (time.monotonic(), done)
        self._recent = [self._began]

    def add(self, count: int) -> None:
        """More bytes are here, or fewer. Raises Stopped."""
        with self._lock:
            self._done += count
        self.check()

    @property
    def done(self) -> int:
        """The bytes that are here, at most ``total``."""
        with self._lock:
            return max(0, min(self._done, self.total))

    def speed(self) -> float:
        """Bytes a second over the last ten seconds or so."""
        now, done = time.monotonic(), self.done
        self._recent = [*(at for at in self._recent[-50:] if now - at[0] < 10), (now, done)]
        began, before = self._recent[0]
        return max(0.0, (done - before) / (now - began)) if now > began else 0.0

    def stop(self) -> None:
        """Let every thread end at its next byte."""
        self._stop.set()

    def check(self) -> None:
        """Raise Stopped where the download is to stop."""
        if self._stop.is_set():
            raise Stopped

    def wait(self, seconds: float) -> None:
        """Sleep, unless told to stop. Raises Stopped."""
        if self._stop.wait(seconds):
            raise Stopped
