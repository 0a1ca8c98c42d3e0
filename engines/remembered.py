"""What was worked out before and is worth keeping in main memory: the most recently used of it."""

from collections import OrderedDict
from collections.abc import Callable
from threading import Lock
from typing import Any


class Remembered:
    """Keeps up to ``most`` things by key; the least recently used is forgotten. Safe from any thread."""

    def __init__(self, most: int = 64) -> None:
        self._most = most
        self._known: OrderedDict[str, Any] = OrderedDict()
        self._lock = Lock()

    def get(self, key: str, make: Callable[[], Any]) -> Any:
        """What is known under a key, else what ``make`` makes. Two who ask at once may both make it."""
        with self._lock:
            if key in self._known:
                self._known.move_to_end(key)
                return self._known[key]
        made = make()
        with self._lock:
            self._known[key] = made
            while len(self._known) > self._most:
                self._known.popitem(last=False)
        return made

    def forget(self) -> None:
        """Let go of everything."""
        with self._lock:
            self._known.clear()
