"""JSON from outside that can be stored, sent on and shown again by anybody."""

import json
from typing import Any

from utf8 import valid

DEPTH = 40


class HandedOut(dict[str, Any]):
    """A file as gradio_client downloads it, which the studio itself put where only the asker may fetch it."""


def is_plain(value: Any, depth: int = DEPTH) -> bool:
    """Whether every reader of JSON can take this: so many levels at most, finite numbers, no halves of letters."""
    if isinstance(value, dict):
        return depth > 0 and all(is_plain(key) and is_plain(part, depth - 1) for key, part in value.items())
    if isinstance(value, list):
        return depth > 0 and all(is_plain(part, depth - 1) for part in value)
    if isinstance(value, str):
        return valid(value) == value
    return abs(value) < 2**63 if isinstance(value, int | float) else value is None  # false for NaN and infinity


def is_reserved(value: dict[Any, Any]) -> bool:
    """Whether Gradio or gradio_client takes an object for one of their own: a file to copy or to fetch, an update.

    ``gradio_client.utils.is_file_obj`` asks for a ``path`` alone, ``gradio.utils.is_prop_update`` for a ``__type__``.
    """
    return isinstance(value.get("path"), str) or "__type__" in value


def has_reserved(value: Any) -> bool:
    """Whether there is such an object anywhere in a JSON value."""
    if isinstance(value, dict):
        return is_reserved(value) or any(map(has_reserved, value.values()))
    return isinstance(value, list) and any(map(has_reserved, value))


def answerable(value: Any) -> Any:
    """An endpoint's answer as it may pass through Gradio: of the files in it, only those that the studio hands out.

    Any other object that would be taken for a file or an update goes out as the text of its JSON, so that what
    somebody wrote into a form or a picture makes nobody's client fetch anything.
    """
    if isinstance(value, HandedOut):
        return dict(value)
    if isinstance(value, dict):
        if is_reserved(value):
            return json.dumps(value, ensure_ascii=False, default=str)
        return {key: answerable(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [answerable(part) for part in value]
    return value
