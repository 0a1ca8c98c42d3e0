"""One search over everything a person may see, in groups of a few results each."""

import re
from collections.abc import Iterator, Sequence
from typing import Literal

from pydantic import BaseModel, ConfigDict

from auth.accounts.principal import Principal
from db import fold
from library.recipes.views import RecipeView
from library.views import AssetHit
from studio import Studio

ResultKind = Literal[
    "project", "conversation", "document", "cast", "recipe", "lora", "lut", "image", "clip", "sound", "subtitles"
]
_ASSETS: tuple[tuple[ResultKind, str], ...] = (
    ("image", "Pictures"),
    ("clip", "Clips"),
    ("sound", "Sounds"),
    ("subtitles", "Subtitles"),
    ("document", "Documents"),
    ("lora", "LoRAs"),
    ("lut", "LUTs"),
)
_MARKDOWN = re.compile(r"[#*_>`]+ ?")


class SearchResult(BaseModel):
    """One result: ``note`` says more about it in a line, such as the text around a match."""

    model_config = ConfigDict(frozen=True)

    kind: ResultKind
    id: str
    title: str
    note: str = ""
    badges: tuple[str, ...] = ()
    picture: str | None = None


class SearchGroup(BaseModel):
    """The results of one kind, the best first; ``more`` if there are others."""

    model_config = ConfigDict(frozen=True)

    kind: ResultKind
    name: str
    results: tuple[SearchResult, ...]
    more: bool = False


class SearchAnswer(BaseModel):
    """What a search found, in groups; kinds without a result are left out."""

    model_config = ConfigDict(frozen=True)

    groups: tuple[SearchGroup, ...]


def search(studio: Studio, who: Principal, q: str, limit: int) -> SearchAnswer:
    """Search everything that a person may see; at most ``limit`` results of each kind."""
    if not q.strip():
        return SearchAnswer(groups=())
    groups = _groups(studio, who, q, limit + 1)
    return SearchAnswer(
        groups=tuple(
            SearchGroup(kind=kind, name=name, results=tuple(found[:limit]), more=len(found) > limit)
            for kind, name, found in groups
            if found
        )
    )


def _groups(
    studio: Studio, who: Principal, q: str, most: int
) -> Iterator[tuple[ResultKind, str, Sequence[SearchResult]]]:
    yield "project", "Projects", _projects(studio, who, q)[:most]
    yield (
        "conversation",
        "Conversations",
        [
            SearchResult(
                kind="conversation",
                id=one.id,
                title=one.title,
                note=_MARKDOWN.sub("", one.found) or ("" if one.mine else one.owner),
            )
            for one in studio.conversations.hits(who, q, most)
        ],
    )
    yield (
        "cast",
        "Cast",
        [
            SearchResult(
                kind="cast",
                id=one.id,
                title=f"@{one.name}",
                note=one.look[:120],
                picture=next((picture.asset for picture in one.pictures if picture.has_thumb), None),
            )
            for one in studio.library.cast.all(who, words=q)[:most]
        ],
    )
    yield "recipe", "Recipes", _recipes(studio.recipes.all(who), q)[:most]
    hits = studio.library.hits(who, q, [kind for kind, _ in _ASSETS], most)
    for kind, name in _ASSETS:
        yield kind, name, [_asset(one) for one in hits[kind]]


def _projects(studio: Studio, who: Principal, q: str) -> list[SearchResult]:
    return [
        SearchResult(kind="project", id=one.id, title=one.name, note="Archived" if one.archived else "")
        for one in studio.library.projects(who)
        if _holds(one.name, q)
    ]


def _recipes(recipes: Sequence[RecipeView], q: str) -> list[SearchResult]:
    return [
        SearchResult(kind="recipe", id=one.id, title=one.name, note=one.use)
        for one in recipes
        if _holds(" ".join((one.name, one.use, *(step.name for step in one.steps))), q)
    ]


def _holds(text: str, q: str) -> bool:
    """Return whether a text contains each word of a search."""
    folded = fold(text)
    return all(word in folded for word in fold(q.replace('"', " ")).split())


def _asset(hit: AssetHit) -> SearchResult:
    picture = hit.id if hit.has_thumb else None
    return SearchResult(kind=hit.kind, id=hit.id, title=hit.title, badges=hit.badges, picture=picture)
