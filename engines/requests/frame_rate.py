"""Frame rates as exact fractions: the broadcast rates are 24000/1001, 30000/1001 and so on, not 23.976 and 29.97."""

import math
import re
from fractions import Fraction
from typing import Annotated, Any

from pydantic import BeforeValidator, PlainSerializer, WithJsonSchema

_BROADCAST = {round(1000 * rate / 1001, 2): Fraction(1000 * rate, 1001) for rate in (24, 30, 48, 60, 120, 240)}
_WRITTEN = re.compile(r"\s*(\d{1,9})\s*/\s*(\d{1,9})\s*")
LOWEST, HIGHEST = 1, 240
"""Frames per second."""

_FINEST = 1001
"""The largest denominator."""


def exact_rate(fps: float) -> Fraction:
    """Return the exact frame rate for a decimal number: 29.97 is 30000/1001, 23.98 and 23.976 are 24000/1001."""
    for shown, exact in _BROADCAST.items():
        if abs(fps - shown) < 0.005:
            return exact
    return Fraction(fps).limit_denominator(1000)


def shown_rate(rate: Fraction) -> str:
    """Return a rate as people write it: 23.976, 25, 59.94."""
    return f"{round(float(rate), 3):g}"


def written_rate(rate: Fraction) -> int | str:
    """Return a rate as it is stored: a whole number, or a fraction such as “24000/1001”."""
    return rate.numerator if rate.denominator == 1 else f"{rate.numerator}/{rate.denominator}"


def _read(value: Any) -> Fraction:
    if isinstance(value, Fraction):
        return value
    if isinstance(value, str) and (written := _WRITTEN.fullmatch(value)):
        if int(written[2]) == 0:
            raise ValueError("A frame rate cannot be divided by 0")
        return Fraction(int(written[1]), int(written[2])).limit_denominator(_FINEST)
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise ValueError("A frame rate is a number, or a fraction such as 24000/1001")
    try:
        number = float(value)
    except (ValueError, OverflowError):
        raise ValueError("A frame rate is a number, or a fraction such as 24000/1001") from None
    if not math.isfinite(number):
        raise ValueError("A frame rate is finite")
    return exact_rate(number)


FrameRate = Annotated[
    Fraction,
    BeforeValidator(_read),
    PlainSerializer(written_rate, when_used="json"),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "number", "minimum": LOWEST, "maximum": HIGHEST},
                {"type": "string", "pattern": r"^\d+/\d+$"},
            ]
        }
    ),
]
"""Frames per second: a number, or a fraction as text such as “24000/1001”."""

FILM_RATES = tuple(map(exact_rate, (23.976, 24, 25, 29.97, 30, 48, 50, 59.94, 60)))
"""The rates that films and broadcasts use."""
