"""Badges of an asset: what was done, step by step, since the first file it was made from."""

from collections.abc import Sequence

MOST = 6
_RATE = " fps"


def with_badge(badges: Sequence[str], badge: str) -> tuple[str, ...]:
    """The badges of a file with ``badges`` after one more step.

    A step that is repeated counts once, and a frame rate replaces the one before.
    """
    rate = badge.endswith(_RATE)
    kept = [one for one in badges if one != badge and not (rate and one.endswith(_RATE))]
    return (*kept, badge)[-MOST:]
