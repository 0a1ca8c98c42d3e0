"""Who a secret belongs to, remembered for two seconds, so that most requests ask the database nothing."""

import threading
import time
from dataclasses import dataclass

from auth.principal import Principal

SECONDS = 2.0
_MANY = 10_000


@dataclass(frozen=True)
class _Known:
    principal: Principal
    until: float


class Memory:
    """Principals by the hash of their secret. Any change of rights empties it.

    A change made by another process (``python -m auth``) shows when the entry is ``SECONDS`` old.
    """

    def __init__(self) -> None:
        self._known: dict[str, _Known] = {}
        self._lock = threading.Lock()
        self.generation = 0

    def get(self, key: str) -> Principal | None:
        """The principal, or None when it has to be looked up."""
        known = self._known.get(key)
        return known.principal if known and time.time() < known.until else None

    def put(self, key: str, principal: Principal, generation: int, expires_at: float | None = None) -> None:
        """Remember what was looked up, unless rights changed since ``generation`` was read."""
        until = time.time() + SECONDS
        with self._lock:
            if generation != self.generation:
                return
            if len(self._known) >= _MANY:
                self._known.clear()
            self._known[key] = _Known(principal, until if expires_at is None else min(until, expires_at))

    def forget(self) -> None:
        """Look everybody up again. Call it after the change is committed."""
        with self._lock:
            self.generation += 1
            self._known.clear()
