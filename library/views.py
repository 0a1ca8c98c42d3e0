"""Views of assets and projects, for pages and scripts."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

Kind = Literal["image", "clip", "sound", "subtitles", "document", "lora", "lut"]
MOST_TAGS = 50


def read_old_favorite(data: Any) -> Any:
    """Request data in which ``favorite`` may have its old spelling."""
    if not isinstance(data, dict) or "favourite" not in data:
        return data
    return {"favorite" if name == "favourite" else name: value for name, value in data.items()}


class View(BaseModel):
    """A frozen response."""

    model_config = ConfigDict(frozen=True, from_attributes=True)


class ProjectView(View):
    """A project as one person sees it."""

    id: str
    name: str
    shared: bool
    mine: bool
    archived: bool = False


class AssetView(View):
    """An asset as one person sees it. Its bytes are at ``/api/assets/<id>/(file|thumb|proxy)``.

    ``family`` is the model family of a LoRA, ``lora`` what else is known about it. ``notes`` are sentences on what is
    missing from the file, such as the end of a truncated clip. ``badges`` say what was done since the first file it was
    made from, whose title it has: “2×”, “24 fps”, “Edited”. ``reproduces`` is the asset that this one was made to
    reproduce, and ``verdict`` says whether it is identical.
    """

    id: str
    kind: Kind
    origin: Literal["made", "upload"]
    title: str
    mime: str
    bytes: int
    width: int | None = None
    height: int | None = None
    seconds: float | None = None
    fps: float | None = None
    frames: int | None = None
    content_sha256: str
    created_at: float
    deleted_at: float | None = None
    project_id: str | None = None
    job_id: str | None = None
    mine: bool
    owner: str
    has_thumb: bool
    has_proxy: bool = False
    parents: tuple[str, ...] = ()
    children_count: int = 0
    favorite: bool = False
    tags: tuple[str, ...] = ()
    source: str | None = None
    step: bool = False
    model: str | None = None
    family: str | None = None
    lora: dict[str, Any] | None = None
    notes: tuple[str, ...] = ()
    reproduces: str | None = None
    verdict: str | None = None
    badges: tuple[str, ...] = ()
    provenance: dict[str, Any] | None = None


class AssetPage(View):
    """Assets, newest first. ``next`` continues the list; None at its end."""

    assets: tuple[AssetView, ...]
    next: str | None = None


class AssetHit(View):
    """An asset that a search over everything found."""

    id: str
    kind: Kind
    title: str
    badges: tuple[str, ...] = ()
    has_thumb: bool


class AssetIndex(View):
    """Every asset of a list, newest first: its id and its ``moment``, after which a page of the list can continue."""

    ids: tuple[str, ...]
    moments: tuple[int, ...]


class AssetFamily(View):
    """The assets that an asset was made from, and those made from it, newest first, limited to what one person may see.

    ``missing`` counts the parents that are permanently deleted or someone else's; those in the person's own bin have a
    ``deleted_at``.
    """

    parents: tuple[AssetView, ...]
    children: tuple[AssetView, ...]
    missing: int = 0


class AssetChange(View):
    """Changes to an asset; fields that are not given stay as they are.

    ``favorite`` is personal; everything else is for the asset's owner. ``project_id`` None removes it from its
    project, ``source`` None or "" removes the source; ``triggers`` are the trigger words of a LoRA.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    favorite: bool = False
    title: str = Field("", max_length=400)
    tags: tuple[str, ...] = Field((), max_length=MOST_TAGS)
    source: str | None = Field(None, max_length=400)
    project_id: str | None = None
    triggers: tuple[str, ...] = Field((), max_length=20)

    _old_favorite = model_validator(mode="before")(read_old_favorite)


BulkAction = Literal["delete", "restore", "favorite", "unfavorite", "tag", "untag", "move"]


class BulkEdit(View):
    """One edit of many assets: ``tag`` is for tag and untag, ``project_id`` for move."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    ids: tuple[str, ...] = Field(min_length=1, max_length=500)
    do: BulkAction
    tag: str = ""
    project_id: str | None = None

    @field_validator("do", mode="before")
    @classmethod
    def _read_old_action(cls, action: Any) -> Any:
        return {"favourite": "favorite", "unfavourite": "unfavorite"}.get(str(action), action)


class Refusal(View):
    """An asset that was not changed, and why."""

    id: str
    what: str


class Outcome(View):
    """The outcome of an edit of many assets."""

    done: tuple[str, ...]
    refused: tuple[Refusal, ...] = ()


class Facet(View):
    """A value that a list can be filtered by: ``value`` for the query, ``name`` for people."""

    value: str
    name: str
    count: int


class Facets(View):
    """The number of assets a person may see per kind, model, person, tag and project; highest first.

    The project ``"own"`` is the person's work in no project.
    """

    total: int
    favorites: int
    deleted: int
    kinds: tuple[Facet, ...]
    models: tuple[Facet, ...]
    people: tuple[Facet, ...]
    tags: tuple[Facet, ...]
    projects: tuple[Facet, ...]


class ScheduledDeletion(View):
    """An intermediate step that goes to the bin automatically, and when (seconds since 1970)."""

    asset: AssetView
    goes_at: float


class Sweep(View):
    """The person's own intermediate steps scheduled for deletion: ``due`` of ``count`` are due now, with ``bytes``.

    ``going`` lists the first 200, the next one first.
    """

    days: int
    count: int
    due: int
    bytes: int
    going: tuple[ScheduledDeletion, ...]


class Share(View):
    """The number and total file size in bytes of the assets of a person or a project."""

    id: str
    name: str
    count: int
    bytes: int


class Space(View):
    """Disk space in bytes. Members see their own and the projects they work on, the owner sees everything.

    ``total`` covers the files of everyone's assets, including bins; ``own`` is the project id for work in no project.
    """

    people: tuple[Share, ...]
    projects: tuple[Share, ...]
    bin: Share
    total: int
    thumbnails: int
    folders: dict[str, int]
    free: int
    disk: int


class NewAsset(View):
    """A finished file that is about to be adopted, still in the folder where it was made.

    ``proxy`` is a small copy of a clip that browsers cannot play.
    ``content_sha256`` is the hash of the encoder's input (pixels, frames, samples), not of the file. ``badge`` says
    what differs from the first of ``parents``; empty for a file of its own.
    """

    file: str
    thumb: str | None = None
    proxy: str | None = None
    kind: Kind
    title: str
    mime: str
    width: int | None = None
    height: int | None = None
    seconds: float | None = None
    fps: float | None = None
    frames: int | None = None
    content_sha256: str
    family: str | None = None
    lora: dict[str, Any] | None = None
    notes: tuple[str, ...] = ()
    provenance: dict[str, Any] | None = None
    parents: tuple[str, ...] = ()
    badge: str = ""
    source: str | None = None
    step: bool = False
