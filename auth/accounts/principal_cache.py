"""Caches the principal of a secret for two seconds, so that most requests need no database query."""

import threading
import time
from dataclasses import dataclass

from auth.accounts.principal import Principal

SECONDS = 2.0
_MOST_ENTRIES = 10_000


@dataclass(frozen=True)
class _CachedPrincipal:
    principal: Principal
    until: float


class PrincipalCache:
    """Principals by the hash of their secret. Any change of rights clears the cache.

    A change made by another process (``python -m auth``) takes effect when the entry is ``SECONDS`` old.
    """

    def __init__(self) -> None:
        self._known: dict[str, _CachedPrincipal] = {}
        self._lock = threading.Lock()
        self.generation = 0

    def get(self, key: str) -> Principal | None:
        """Return the principal, or None if it has to be looked up."""
        known = self._known.get(key)
        return known.principal if known and time.time() < known.until else None

    def put(self, key: str, principal: Principal, generation: int, expires_at: float | None = None) -> None:
        """Cache a principal, unless rights changed since ``generation`` was read."""
        until = time.time() + SECONDS
        with self._lock:
            if generation != self.generation:
                return
            if len(self._known) >= _MOST_ENTRIES:
                self._known.clear()
            self._known[key] = _CachedPrincipal(principal, until if expires_at is None else min(until, expires_at))

    def forget(self) -> None:
        """Clear the cache. Call it after the change is committed."""
        with self._lock:
            self.generation += 1
            self._known.clear()
