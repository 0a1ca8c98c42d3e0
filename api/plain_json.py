"""Checks that JSON from outside can be stored, passed on and shown safely."""

import json
from typing import Any

from utf8 import valid

DEPTH = 40


class PlainJson(dict[str, Any]):
    """A file for gradio_client to download, which the studio stored so that only the caller can fetch it."""


def is_plain(value: Any, depth: int = DEPTH) -> bool:
    """Return whether any JSON parser can read this: ``depth`` levels at most, finite numbers, no lone surrogates."""
    if isinstance(value, dict):
        return depth > 0 and all(is_plain(key) and is_plain(part, depth - 1) for key, part in value.items())
    if isinstance(value, list):
        return depth > 0 and all(is_plain(part, depth - 1) for part in value)
    if isinstance(value, str):
        return valid(value) == value
    return abs(value) < 2**63 if isinstance(value, int | float) else value is None  # false for NaN and infinity


def is_reserved(value: dict[Any, Any]) -> bool:
    """Return whether Gradio or gradio_client would treat an object as a file to copy or fetch, or as an update.

    ``gradio_client.utils.is_file_obj`` checks only for ``path``, ``gradio.utils.is_prop_update`` for ``__type__``.
    """
    return isinstance(value.get("path"), str) or "__type__" in value


def has_reserved(value: Any) -> bool:
    """Return whether a JSON value contains such an object."""
    if isinstance(value, dict):
        return is_reserved(value) or any(map(has_reserved, value.values()))
    return isinstance(value, list) and any(map(has_reserved, value))


def answerable(value: Any) -> Any:
    """Return an endpoint's response in a form that is safe to pass through Gradio: only our own files stay files.

    Any other object Gradio would treat as a file or an update becomes its JSON text, so that content from a form or a
    picture cannot make a client fetch anything.
    """
    if isinstance(value, PlainJson):
        return dict(value)
    if isinstance(value, dict):
        if is_reserved(value):
            return json.dumps(value, ensure_ascii=False, default=str)
        return {key: answerable(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [answerable(part) for part in value]
    return value
