"""Replace SSML or HTML in a text by what a listener hears.

Breaks become pauses, paragraph and sentence tags end paragraphs and sentences, and other tags are removed but their
text stays. SSML: https://www.w3.org/TR/speech-synthesis11/
"""

import re
from collections.abc import Iterator
from html import unescape
from typing import NamedTuple

_TAG = re.compile(
    r"<!--.*?(?:-->|\Z)|<!\[CDATA\[|\]\]>|<[!?][A-Za-z][^<>]*>"
    r"|<(?P<end>/?)(?P<name>[A-Za-z][\w:.-]*)(?P<attributes>(?:\s(?:[^<>\"']|\"[^\"<]*\"|'[^'<]*')*)?)/?>",
    re.S,
)
_ATTRIBUTE = re.compile(r"([\w:-]+)\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s\"'/]+))")
_TIME = re.compile(r"\s*\+?(\d{0,6}\.?\d{1,6})\s*(ms|s)\s*", re.I)
_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,30});")

_STRENGTHS = {"none": 0.0, "x-weak": 0.1, "weak": 0.25, "medium": 0.5, "strong": 0.75, "x-strong": 1.0}
"""Pauses in seconds; SSML leaves them to the voice."""
_UNSPOKEN = frozenset(("script", "style", "head", "template"))
_LIST = (
    "p div h1 h2 h3 h4 h5 h6 ul ol li dl dt dd table tr section article blockquote header footer main hr pre "
    "speak paragraph body html"
)
_BLOCKS = frozenset(_LIST.split())
_LISTED = 5
"""The most different tags or codes that a note lists."""


class PlainText(NamedTuple):
    """A text without markup, and notes about what changed for its author."""

    text: str
    notes: tuple[str, ...]


def without_markup(text: str) -> PlainText:
    """Replace a text's tags and character codes by what is heard; a lone “<” stays."""
    tags: list[str] = []
    text = "".join(_pieces(text, tags))
    codes: list[str] = []

    def decode(code: re.Match[str]) -> str:
        letter = unescape(code[0])
        if letter != code[0]:
            codes.append(code[0])
        return letter

    text = _ENTITY.sub(decode, text)
    notes = []
    if "break" in tags:
        notes.append("<break> tags are read as pauses.")
    if others := [f"<{tag}>" for tag in tags if tag != "break"]:
        notes.append(f"Tags are not read aloud: {_tag_pattern(others)}.")
    if codes:
        notes.append(f"Character codes are read as characters: {_tag_pattern(codes)}.")
    return PlainText(text, tuple(notes))


def _tag_pattern(names: list[str]) -> str:
    once = list(dict.fromkeys(names))
    return ", ".join(once[:_LISTED]) + (" and others" if len(once) > _LISTED else "")


def _pieces(text: str, tags: list[str]) -> Iterator[str]:
    """Yield the text between tags and the replacement of each tag, and add the tag's name to ``tags``."""
    at, unspoken, last = 0, "", ""
    for tag in _TAG.finditer(text):
        name, attributes = (tag["name"] or "").lower(), tag["attributes"] or ""
        if name and attributes.strip() and "=" not in attributes:  # “x <y and y> z”
            continue
        if unspoken and not (tag["end"] and name == unspoken):
            continue
        between = "" if unspoken else text[at : tag.start()]
        at, unspoken = tag.end(), ""
        last = (between.rstrip() or last)[-1:]
        yield between
        if not name:
            tags.append("!--" if tag[0].startswith("<!--") else tag[0].strip("<>[]")[:8].split()[0])
            continue
        tags.append(name)
        values = {key.lower(): unescape(a or b or c) for key, a, b, c in _ATTRIBUTE.findall(attributes)}
        alias = values.get("alias", "") if name == "sub" else ""
        if not tag["end"] and not tag[0].endswith("/>") and (name in _UNSPOKEN or alias):
            unspoken = name
        yield alias or _spoken_text(name, bool(tag["end"]), values, last)
    if not unspoken:
        yield text[at:]


def _spoken_text(name: str, end: bool, values: dict[str, str], before: str) -> str:
    """Return the text that replaces a tag; ``before`` is the last character before it."""
    if name == "break":
        return "" if end else _pause(values)
    if name in _BLOCKS:
        return "\n\n"
    if name == "br":
        return "\n"
    if name in ("s", "sentence"):
        return ". " if end and before.isalnum() else " "
    return " " if name in ("td", "th") else ""


def _pause(values: dict[str, str]) -> str:
    time = _TIME.fullmatch(values.get("time", ""))
    if time:
        seconds = float(time[1]) / (1000 if time[2].lower() == "ms" else 1)
    else:
        seconds = _STRENGTHS.get(values.get("strength", "medium").lower(), _STRENGTHS["medium"])
    return f" [pause {seconds:f}] " if seconds else " "
