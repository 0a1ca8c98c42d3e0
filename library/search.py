"""What a list is narrowed by, as a question to the index of words (SQLite FTS5)."""

import math
import re
import unicodedata
from collections.abc import Iterator, Sequence
from typing import NamedTuple, TypedDict

from sqlalchemy import ColumnElement, Select, and_, column, literal, literal_column, or_, select, table

from auth.principal import Principal
from errors import StudioError

OWN = "own"
"""Stands for a project where a list is asked for: the person's own work, in no project."""

QUERY_LENGTH = 400

WORDS = table("asset_words", column("rowid"))
_GRAMS = table("asset_grams", column("rowid"), column("texts"))
_GRAM = 3
"""Letters that the index of parts of words goes by; shorter parts are looked for in the texts themselves."""

_TEXT = "{title asked tags source model person}"
_UNSPACED = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff]"
)
"""Thai, Lao, Burmese, Khmer, Chinese, Japanese; Korean, whose words carry endings."""
_PARTS = re.compile(r'"([^"]*)"?|([^\s"]+)')


class Wanted(TypedDict, total=False):
    """Which assets a list is to have: None means any; ``deleted`` those in the person's own bin instead.

    ``q`` are words to find; ``owner`` a person's id, ``model`` a model's; ``since`` and ``until`` seconds since 1970.
    """

    q: str | None
    project_id: str | None
    kind: str | None
    job_id: str | None
    origin: str | None
    owner: str | None
    model: str | None
    tag: str | None
    favourite: bool
    since: float | None
    until: float | None
    deleted: bool


def matching(who: Principal, projects: Sequence[str], wanted: Wanted) -> ColumnElement[bool]:
    """The rows of the index that a list is made of; ``projects`` are those the person works on.

    This only finds: who may read what is found is for ``library.rights`` to say.
    """
    parts = list(_parts(wanted.get("q") or ""))
    words = _and([part.words for part in parts if part.words])
    question = f"facets : ({_and(_facets(who, projects, wanted))})" + (f" AND {_TEXT} : ({words})" if words else "")
    found = literal_column("asset_words").op("MATCH")(literal(question))
    inside = (or_(*(WORDS.c.rowid.in_(_holding(one)) for one in part.inside)) for part in parts if part.inside)
    return and_(found, *inside)


def _holding(inside: str) -> Select[tuple[int]]:
    """The rows whose texts hold some letters, within a word too."""
    held: ColumnElement[bool]
    if len(inside) >= _GRAM:
        held = literal_column("asset_grams").op("MATCH")(literal(_quoted(inside)))
    else:
        held = _GRAMS.c.texts.contains(inside, autoescape=True)
    return select(_GRAMS.c.rowid).where(held)


def between(wanted: Wanted, after: int | None) -> Iterator[ColumnElement[bool]]:
    """The stretch of time a list covers, going on behind the moment ``after``."""
    if after is not None:
        yield WORDS.c.rowid < after
    since, until = wanted.get("since"), wanted.get("until")
    if since is not None:
        yield WORDS.c.rowid >= moment(since)
    if until is not None:
        yield WORDS.c.rowid < moment(until)


def moment(seconds: float) -> int:
    """A time as microseconds, within what SQLite can count to. Raises StudioError bad_value."""
    if seconds != seconds:
        raise StudioError("bad_value", "That is not a time.", next="Send seconds since 1970.", status=422)
    return math.floor(max(-1e12, min(seconds, 1e12)) * 1e6)


def _facets(who: Principal, projects: Sequence[str], wanted: Wanted) -> Iterator[str]:
    mine = _facet("owner", who.user_id)
    deleted = bool(wanted.get("deleted"))
    yield '"bin"' if deleted else '"live"'
    scope = [mine] if deleted else [mine, *(_facet("project", project) for project in projects)]
    yield f"({' OR '.join(scope)})"
    if wanted.get("project_id") == OWN:
        yield _and([mine, '"projectnone"'])
    elif project_id := wanted.get("project_id"):
        yield _facet("project", project_id)
    for name in ("kind", "origin", "owner", "job"):
        if value := wanted.get("job_id" if name == "job" else name):
            yield _facet(name, str(value))
    for name in ("model", "tag"):
        if value := wanted.get(name):
            yield _facet(name, unicodedata.normalize("NFC", str(value)).encode("utf-8", "replace").hex())
    if wanted.get("favourite"):
        yield _facet("favourite", who.user_id)


class _Part(NamedTuple):
    """A word or phrase to find: by the index of words (an expression), or as letters ``inside`` of what is written.

    Those are in each of its spellings, of which one must be there.
    """

    words: str = ""
    inside: tuple[str, ...] = ()


def _parts(text: str) -> Iterator[_Part]:
    """Each word and each "phrase in quotes" of what a person typed; the last word may still be unfinished.

    Scripts that write no spaces between words, numbers and signs are found within words as well. Punctuation between
    words narrows nothing; where there is nothing else, it is what is to be found.
    """
    text = text[:QUERY_LENGTH].replace("\0", " ").encode("utf-8", "replace").decode()
    parts = [phrase or word for phrase, word in _PARTS.findall(text) if (phrase or word).strip()]
    if text.strip() and all(map(_is_punctuation, parts)):
        yield _Part(inside=(text.strip(),))
        return
    for n, part in enumerate(parts):
        if _is_punctuation(part):
            continue
        unfinished = n == len(parts) - 1 and text.endswith(part)
        if _UNSPACED.search(part) or part.isdigit() or not any(map(str.isalnum, part)):
            yield _Part(inside=_spellings(part))
        else:
            forms = dict.fromkeys(form for one in _with_sharp_s(part) for form in _spellings(one))
            yield _Part(words=f"({' OR '.join(_quoted(form) + ' *' * unfinished for form in forms)})")


def _is_punctuation(part: str) -> bool:
    categories = map(unicodedata.category, part)
    return all(category[0] in "PSZC" and category != "So" for category in categories)


def _with_sharp_s(part: str) -> tuple[str, ...]:
    """A word as it was typed, with “ss” for each “ß”, and the other way round."""
    plain = re.sub("[ßẞ]", "ss", part)
    return part, plain, re.sub("ss", "ß", plain, flags=re.IGNORECASE)


def _spellings(part: str) -> tuple[str, ...]:
    """The same letters with accents of their own and without: files from macOS, and prompts, may have either."""
    return tuple(dict.fromkeys(unicodedata.normalize(form, part) for form in ("NFC", "NFD")))


def _and(parts: Iterator[str] | Sequence[str]) -> str:
    return " AND ".join(parts)


def _facet(name: str, value: str) -> str:
    return _quoted(f"{name}{value}".replace("\0", " ").encode("utf-8", "replace").decode())


def _quoted(text: str) -> str:
    """A string of FTS5's: whatever is in it is looked for, never understood as its syntax."""
    return '"' + text.replace('"', '""') + '"'
