"""A cache in main memory for results that are expensive to compute; the most recently used are kept."""

from collections import OrderedDict
from collections.abc import Callable, Mapping
from threading import Lock
from typing import Any, NamedTuple

_MOST_BYTES = 1_000_000_000
"""Holds a few prompts of a model with large embeddings (LTX-2 stacks Gemma's layers: 385 MB each), else thousands."""
_LEAST_BYTES = 4096
"""The minimum size of any entry: its key and everything that is not a tensor."""


class _CachedResult(NamedTuple):
    value: Any
    bytes: int


class ResultCache:
    """Caches results by key, up to ``most_bytes`` of tensors in total. The least recently used is dropped first; a
    result larger than the limit is not cached. Safe to use from any thread."""

    def __init__(self, most_bytes: int = _MOST_BYTES) -> None:
        self._most_bytes = most_bytes
        self._known: OrderedDict[str, _CachedResult] = OrderedDict()
        self._lock = Lock()

    def get(self, key: str, make: Callable[[], Any]) -> Any:
        """Return the cached result of a key, else call ``make``. Two threads at the same time may both call it."""
        with self._lock:
            if key in self._known:
                self._known.move_to_end(key)
                return self._known[key].value
        value = make()
        with self._lock:
            self._known[key] = _CachedResult(value, _bytes(value))
            self._known.move_to_end(key)
            while sum(one.bytes for one in self._known.values()) > self._most_bytes:
                self._known.popitem(last=False)
        return value

    def forget(self) -> None:
        """Clear the cache."""
        with self._lock:
            self._known.clear()


def _bytes(value: Any) -> int:
    """Return the bytes of all tensors and arrays in a nested value."""
    if isinstance(value, Mapping):
        return _LEAST_BYTES + sum(map(_bytes, value.values()))
    if isinstance(value, list | tuple):
        return _LEAST_BYTES + sum(map(_bytes, value))
    return int(getattr(value, "nbytes", _LEAST_BYTES))
