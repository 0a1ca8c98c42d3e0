"""The filters of a list as a query of the full-text index (SQLite FTS5)."""

import math
import re
import unicodedata
from collections.abc import Iterator, Sequence
from typing import NamedTuple, TypedDict

from sqlalchemy import ColumnElement, Select, and_, column, literal, literal_column, or_, select, table

from auth.accounts.principal import Principal
from errors import StudioError

OWN = "own"
"""A project filter that means the person's own work in no project."""

QUERY_LENGTH = 400

WORDS = table("asset_words", column("rowid"))
_ROWID: ColumnElement[int] = literal_column("+asset_words.rowid")
"""The plus keeps SQLite from asking the index once per row that holds a string; it goes through the matches instead."""
_GRAMS = table("asset_grams", column("rowid"), column("texts"))
_GRAM = 3
"""Characters per entry of the trigram index; shorter parts are searched in the texts themselves."""

_TEXT = "{title asked tags source model person}"
_UNSPACED = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff]"
)
"""Thai, Lao, Burmese, Khmer, Chinese, Japanese; also Korean, whose words have endings."""
_PARTS = re.compile(r'"([^"]*)"?|([^\s"]+)')


class LibraryQuery(TypedDict, total=False):
    """The filters of a list of assets: None means any; ``deleted`` lists the person's own bin instead,
    ``originals`` leaves out reproductions.

    ``q`` are search terms; ``owner`` is a person's id, ``model`` a model's; ``since`` and ``until`` are seconds since
    1970.
    """

    q: str | None
    project_id: str | None
    kind: str | None
    job_id: str | None
    origin: str | None
    owner: str | None
    model: str | None
    tag: str | None
    favorite: bool
    since: float | None
    until: float | None
    deleted: bool
    originals: bool


def matching(
    who: Principal, projects: Sequence[str], wanted: LibraryQuery, *, from_start: bool = False
) -> ColumnElement[bool]:
    """A condition for the index rows of a list; ``projects`` are those the person works on.

    With ``from_start``, numbers only match at the start of a word. It only searches: ``library.rights`` decides who may
    read the matches.
    """
    parts = [part.from_start if from_start else part for part in search_parts(wanted.get("q") or "")]
    words = _and([part.words for part in parts if part.words])
    question = f"facets : ({_and(_facets(who, projects, wanted))})" + (f" AND {_TEXT} : ({words})" if words else "")
    match = literal_column("asset_words").op("MATCH")(literal(question))
    inside = (or_(*(_ROWID.in_(_holding(one)) for one in part.inside)) for part in parts if part.inside)
    return and_(match, *inside)


def _holding(inside: str) -> Select[tuple[int]]:
    """The rows whose texts contain a string, also within a word."""
    held: ColumnElement[bool]
    if len(inside) >= _GRAM:
        held = literal_column("asset_grams").op("MATCH")(literal(_quoted(inside)))
    else:
        held = _GRAMS.c.texts.contains(inside, autoescape=True)
    return select(_GRAMS.c.rowid).where(held)


def between(wanted: LibraryQuery, after: int | None) -> Iterator[ColumnElement[bool]]:
    """Conditions for the time range of a list, continuing after the moment ``after``."""
    if after is not None:
        yield WORDS.c.rowid < after
    since, until = wanted.get("since"), wanted.get("until")
    if since is not None:
        yield WORDS.c.rowid >= moment(since)
    if until is not None:
        yield WORDS.c.rowid < moment(until)


def moment(seconds: float) -> int:
    """A time in microseconds, within SQLite's integer range. Raises StudioError bad_value."""
    if seconds != seconds:
        raise StudioError("bad_value", "This is not a valid time.", next="Send seconds since 1970.", status=422)
    return math.floor(max(-1e12, min(seconds, 1e12)) * 1e6)


def _facets(who: Principal, projects: Sequence[str], wanted: LibraryQuery) -> Iterator[str]:
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
    if wanted.get("favorite"):
        yield _facet("favourite", who.user_id)


class SearchPart(NamedTuple):
    """A word or phrase to find: ``words`` is an expression for a word index, ``inside`` strings to find in the texts.

    ``text`` is the part as typed; ``inside`` holds every spelling, one of which must match.
    """

    text: str
    words: str = ""
    inside: tuple[str, ...] = ()

    @property
    def from_start(self) -> "SearchPart":
        """The same part, but a number only matches at the start of a word, which needs no look into the texts."""
        return SearchPart(self.text, words=f"({_quoted(self.text)} *)") if self.text.isdigit() else self


def search_parts(text: str) -> Iterator[SearchPart]:
    """Each word and each "quoted phrase" of a search text; the last word may be incomplete.

    Numbers, symbols and scripts without spaces between words also match within words. Punctuation is ignored, unless
    the text contains nothing else.
    """
    text = text[:QUERY_LENGTH].replace("\0", " ").encode("utf-8", "replace").decode()
    parts = [phrase or word for phrase, word in _PARTS.findall(text) if (phrase or word).strip()]
    if text.strip() and all(map(_is_punctuation, parts)):
        yield SearchPart(text.strip(), inside=(text.strip(),))
        return
    for n, part in enumerate(parts):
        if _is_punctuation(part):
            continue
        unfinished = n == len(parts) - 1 and text.endswith(part)
        if _UNSPACED.search(part) or part.isdigit() or not any(map(str.isalnum, part)):
            yield SearchPart(part, inside=_spellings(part))
        else:
            forms = dict.fromkeys(form for one in _with_sharp_s(part) for form in _spellings(one))
            words = " OR ".join(_quoted(form) + " *" * unfinished for form in forms)
            yield SearchPart(part, words=f"({words})")


def _is_punctuation(part: str) -> bool:
    categories = map(unicodedata.category, part)
    return all(category[0] in "PSZC" and category != "So" for category in categories)


def _with_sharp_s(part: str) -> tuple[str, ...]:
    """A word as it was typed, with “ss” for each “ß”, and vice versa."""
    plain = re.sub("[ßẞ]", "ss", part)
    return part, plain, re.sub("ss", "ß", plain, flags=re.IGNORECASE)


def _spellings(part: str) -> tuple[str, ...]:
    """The same text with composed and decomposed accents: files from macOS, and prompts, may contain either."""
    return tuple(dict.fromkeys(unicodedata.normalize(form, part) for form in ("NFC", "NFD")))


def _and(parts: Iterator[str] | Sequence[str]) -> str:
    return " AND ".join(parts)


def _facet(name: str, value: str) -> str:
    return _quoted(f"{name}{value}".replace("\0", " ").encode("utf-8", "replace").decode())


def _quoted(text: str) -> str:
    """An FTS5 string literal: its content is searched for, never parsed as query syntax."""
    return '"' + text.replace('"', '""') + '"'
