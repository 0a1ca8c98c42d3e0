"""Designing a cast member: four drafts, a change to the chosen one, a sheet of three views.

Each step runs ordinary jobs in the best way the installed models allow, and reports which way that is.
"""

from typing import Any, Literal

from pydantic import Field

from api.bodies import Body
from auth.accounts.principal import Principal
from engines.catalog import Entry
from engines.requests import Request, parse
from errors import StudioError
from jobs.admission.cast import most_references, numbers_pictures
from jobs.views import JobView
from library.cast.views import CastKind
from library.views import View
from studio import Studio

DRAFTS = 4
_CHANGE = 0.6
"""The strength for models that can only change the whole picture."""

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
    ("drafts", "pictures"): "{model} uses your description and your pictures.",
    ("drafts", "words"): "{model} uses your description.",
    ("change", "edit"): "{model} edits the picture as you describe.",
    ("change", "pictures"): "{model} generates a new picture with this one as reference.",
    ("change", "change"): "{model} keeps the layout and replaces the rest: more may change than you describe.",
    (
        "change",
        "words",
    ): "{model} cannot use reference pictures: it generates a new one from the description and the same seed.",
    ("sheet", "edit"): "{model} edits the picture into three views.",
    ("sheet", "pictures"): "{model} generates three views with the picture as reference.",
    (
        "sheet",
        "words",
    ): "{model} cannot use reference pictures: it generates three similar views from the same description and seed.",
}


class DesignStep(Body):
    """A design step. ``look`` is the description, ``references`` are reference pictures (drafts), ``picture`` is the
    chosen draft (change, sheet), ``change`` describes the change to it."""

    step: Literal["drafts", "change", "sheet"]
    kind: CastKind = "character"
    look: str = Field(min_length=1, max_length=1500)
    references: tuple[str, ...] = Field((), max_length=10)
    picture: str | None = None
    change: str = Field("", max_length=1500)
    project_id: str | None = None


class DesignMethod(View):
    """How the installed models can do a step; ``how`` is null if none can. ``words`` explains it to people."""

    step: str
    how: How | None
    model: str | None = None
    words: str


class DesignStarted(View):
    """The jobs of a step, and how they are done."""

    way: DesignMethod
    jobs: tuple[JobView, ...]


def methods(studio: Studio) -> list[DesignMethod]:
    """Return how each step can be done: drafts from words, drafts with pictures, a change, a sheet."""
    steps = (("drafts", False), ("drafts", True), ("change", True), ("sheet", True))
    return [_method(studio, step, pictures)[0] for step, pictures in steps]


def design(studio: Studio, who: Principal, step: DesignStep) -> DesignStarted:
    """Submit the jobs of a step. Raises StudioError no_model, no_picture, no_sheet (422) or as ``Jobs.submit``."""
    if step.step != "drafts" and step.picture is None:
        raise StudioError("no_picture", "No draft is chosen.", next="Choose one of the drafts first.", status=422)
    if step.step == "change" and not step.change:
        raise StudioError(
            "empty_field",
            "The description of the change is empty.",
            next="Describe the change, then try again.",
            status=422,
        )
    if step.step == "sheet" and step.kind not in _VIEWS:
        raise StudioError(
            "no_sheet", "A style cannot have a sheet of views.", next="Save it to the cast without one.", status=422
        )
    way, entry = _method(studio, step.step, bool(step.references) or step.step != "drafts")
    if entry is None or way.how is None:
        raise StudioError("no_model", way.words, next="Download one on the Models page.", status=422)
    named = way.how == "edit" or (way.how == "pictures" and numbers_pictures(entry, studio.catalog))
    requests = [_request(studio, who, step, way.how, entry, words) for words in _words(step, way.how, named)]
    jobs = tuple(studio.jobs.submit(who, request, project_id=step.project_id) for request in requests)
    return DesignStarted(way=way, jobs=jobs)


def _method(studio: Studio, step: str, pictures: bool) -> tuple[DesignMethod, Entry | None]:
    catalog, installed = studio.catalog, studio.catalog.installed_for_task
    draws = installed("create_image")
    entries_by_method: dict[How, list[Entry]] = {
        "edit": installed("edit_image") if step != "drafts" else [],
        "pictures": [entry for entry in draws if most_references(entry, catalog)] if pictures else [],
        "change": installed("change_image") if step == "change" else [],
        "words": draws,
    }
    for how, entries in entries_by_method.items():
        if entries:
            words = _SAID[step, how].format(model=entries[0].name)
            return DesignMethod(step=step, how=how, model=entries[0].id, words=words), entries[0]
    return DesignMethod(step=step, how=None, words="No model that generates pictures is installed."), None


def _words(step: DesignStep, how: How, named: bool) -> tuple[str, ...]:
    """Return the prompt of each job of a step; with ``named``, it refers to the chosen draft as “picture 1”."""
    shown = f"the {_NOUNS[step.kind]} in picture 1" if named else step.look
    if step.step == "drafts":
        return (_joined(step.look, _FRAMES[step.kind]),)
    if step.step == "change":
        return (step.change if how == "edit" else _joined(shown, step.change),)
    return tuple(_joined(shown, view, "plain background") for view in _VIEWS[step.kind])


def _joined(*parts: str) -> str:
    return ", ".join(part.rstrip(" .,") for part in parts if part)


def _request(studio: Studio, who: Principal, step: DesignStep, how: How, entry: Entry, words: str) -> Request:
    fields: dict[str, Any] = {"model": entry.id, "prompt": words}
    if step.step == "drafts":
        references = step.references if how == "pictures" else ()
        draft = entry.quality.get("draft", {})
        return parse({**draft, **fields, "task": "create_image", "count": DRAFTS, "references": references})
    if how == "edit":
        return parse({**fields, "task": "edit_image", "image": step.picture})
    if how == "change":
        return parse({**fields, "task": "change_image", "image": step.picture, "strength": _CHANGE})
    if how == "pictures":
        return parse({**fields, "task": "create_image", "references": (step.picture,)})
    provenance = studio.library.get(who, step.picture or "").provenance or {}
    return parse({**fields, "task": "create_image", "seed": provenance.get("seed")})
