"""JSON from outside that can be stored, sent on and shown again by anybody."""

import math
from typing import Any

from utf8 import valid

DEPTH = 40


def is_plain(value: Any, depth: int = DEPTH) -> bool:
    """Whether every reader of JSON can take this: so many levels at most, finite numbers, no halves of letters."""
    if isinstance(value, dict):
        return depth > 0 and all(is_plain(key) and is_plain(part, depth - 1) for key, part in value.items())
    if isinstance(value, list):
        return depth > 0 and all(is_plain(part, depth - 1) for part in value)
    if isinstance(value, str):
        return valid(value) == value
    return math.isfinite(value) and abs(value) < 2**63 if isinstance(value, int | float) else value is None
