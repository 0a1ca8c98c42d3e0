"""Designing a member of the cast: four drafts, a change of the one that is kept, a sheet of it from three sides.

Each step is ordinary jobs, done in the best way that the installed models know, which is said.
"""

from typing import Any, Literal

from pydantic import Field

from api.writing import Body
from auth.principal import Principal
from engines.catalog import Entry
from engines.requests import Request, parse
from errors import StudioError
from jobs.casting import knows_which, sees
from jobs.views import JobView
from library.cast.views import CastKind
from library.views import View
from studio import Studio

DRAFTS = 4
_CHANGE = 0.6
"""How much of a picture is drawn anew where a model can only change all of it."""

_FRAMES: dict[CastKind, str] = {
    "character": "head and shoulders, plain background",
    "product": "product picture, plain background",
    "place": "wide view",
    "style": "",
}
_VIEWS: dict[CastKind, tuple[str, ...]] = {
    "character": ("front view", "three-quarter view", "profile, side view"),
    "product": ("front view", "three-quarter view", "side view"),
    "place": ("seen from the front", "seen from the left", "seen from the right"),
}
_NOUNS: dict[CastKind, str] = {"character": "person", "product": "product", "place": "place", "style": "style"}

How = Literal["pictures", "edit", "change", "words"]

_SAID: dict[tuple[str, How], str] = {
    ("drafts", "pictures"): "{model} goes by your words and your pictures.",
    ("drafts", "words"): "{model} draws from your words.",
    ("change", "edit"): "{model} changes the picture by your words.",
    ("change", "pictures"): "{model} draws it anew, going by the picture.",
    ("change", "change"): "{model} keeps the layout and draws the rest anew: more may change than you say.",
    ("change", "words"): "{model} cannot look at a picture: it draws anew from the words and the same seed.",
    ("sheet", "edit"): "{model} turns the picture by words, three times.",
    ("sheet", "pictures"): "{model} draws three views, going by the picture.",
    ("sheet", "words"): "{model} cannot turn a picture: three views from the same words and seed, alike, not the same.",
}


class DesignStep(Body):
    """A step of a design. ``look`` are the words for it, ``references`` pictures to go by (drafts), ``picture`` the one
    that is kept (change, sheet), ``change`` what is to be different about it."""

    step: Literal["drafts", "change", "sheet"]
    kind: CastKind = "character"
    look: str = Field(min_length=1, max_length=1500)
    references: tuple[str, ...] = Field((), max_length=10)
    picture: str | None = None
    change: str = Field("", max_length=1500)
    project_id: str | None = None


class DesignWay(View):
    """In which way the installed models can do a step; ``how`` is null where none can. ``words`` says it to people."""

    step: str
    how: How | None
    model: str | None = None
    words: str


class Designed(View):
    """The jobs of a step, and the way they are done."""

    way: DesignWay
    jobs: tuple[JobView, ...]


def ways(studio: Studio) -> list[DesignWay]:
    """What can be done here: drafts by words, drafts by pictures too, a change, a sheet."""
    steps = (("drafts", False), ("drafts", True), ("change", True), ("sheet", True))
    return [_way(studio, step, pictures)[0] for step, pictures in steps]


def design(studio: Studio, who: Principal, asked: DesignStep) -> Designed:
    """Ask for the jobs of a step. Raises StudioError no_model, no_picture, no_sheet (422) or as ``Jobs.submit``."""
    if asked.step != "drafts" and asked.picture is None:
        raise StudioError("no_picture", "There is no picture yet.", next="Keep one of the drafts first.", status=422)
    if asked.step == "change" and not asked.change:
        raise StudioError("empty_field", "Nothing is to be different.", next="Say what, then try again.", status=422)
    if asked.step == "sheet" and asked.kind not in _VIEWS:
        raise StudioError("no_sheet", "A style has no sides.", next="Save it to the cast as it is.", status=422)
    way, entry = _way(studio, asked.step, bool(asked.references) or asked.step != "drafts")
    if entry is None or way.how is None:
        raise StudioError("no_model", way.words, next="Get one on the Models page.", status=422)
    named = way.how == "edit" or (way.how == "pictures" and knows_which(entry, studio.catalog))
    requests = [_request(studio, who, asked, way.how, entry, words) for words in _words(asked, way.how, named)]
    jobs = tuple(studio.jobs.submit(who, request, project_id=asked.project_id) for request in requests)
    return Designed(way=way, jobs=jobs)


def _way(studio: Studio, step: str, pictures: bool) -> tuple[DesignWay, Entry | None]:
    catalog = studio.catalog

    def installed(task: str) -> list[Entry]:
        return [entry for entry in catalog.for_task(task) if catalog.installed(entry)]

    draws = installed("create_image")
    found: dict[How, list[Entry]] = {
        "edit": installed("edit_image") if step != "drafts" else [],
        "pictures": [entry for entry in draws if sees(entry, catalog)] if pictures else [],
        "change": installed("change_image") if step == "change" else [],
        "words": draws,
    }
    for how, entries in found.items():
        if entries:
            words = _SAID[step, how].format(model=entries[0].name)
            return DesignWay(step=step, how=how, model=entries[0].id, words=words), entries[0]
    return DesignWay(step=step, how=None, words="No model that draws is on this machine."), None


def _words(asked: DesignStep, how: How, named: bool) -> tuple[str, ...]:
    """The prompt of each job of a step; ``named`` where it may speak of the kept picture as such."""
    shown = f"the {_NOUNS[asked.kind]} in picture 1" if named else asked.look
    if asked.step == "drafts":
        return (_joined(asked.look, _FRAMES[asked.kind]),)
    if asked.step == "change":
        return (asked.change if how == "edit" else _joined(shown, asked.change),)
    return tuple(_joined(shown, view, "plain background") for view in _VIEWS[asked.kind])


def _joined(*parts: str) -> str:
    return ", ".join(part.rstrip(" .,") for part in parts if part)


def _request(studio: Studio, who: Principal, asked: DesignStep, how: How, entry: Entry, words: str) -> Request:
    fields: dict[str, Any] = {"model": entry.id, "prompt": words}
    if asked.step == "drafts":
        references = asked.references if how == "pictures" else ()
        draft = entry.quality.get("draft", {})
        return parse({**draft, **fields, "task": "create_image", "count": DRAFTS, "references": references})
    if how == "edit":
        return parse({**fields, "task": "edit_image", "image": asked.picture})
    if how == "change":
        return parse({**fields, "task": "change_image", "image": asked.picture, "strength": _CHANGE})
    if how == "pictures":
        return parse({**fields, "task": "create_image", "references": (asked.picture,)})
    made = studio.library.get(who, asked.picture or "").provenance or {}
    return parse({**fields, "task": "create_image", "seed": made.get("seed")})
