"""What the library says about an asset and a project, to pages and scripts alike."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

Kind = Literal["image", "clip", "sound", "subtitles", "document", "lora"]
MOST_TAGS = 50


class View(BaseModel):
    """A frozen answer."""

    model_config = ConfigDict(frozen=True, from_attributes=True)


class ProjectView(View):
    """A project as one person sees it."""

    id: str
    name: str
    shared: bool
    mine: bool


class AssetView(View):
    """An asset as someone who may read it sees it. ``/api/assets/<id>/(file|thumb)`` hold its bytes.

    ``family`` says which models a LoRA is for, ``lora`` what else is known of it. ``notes`` are sentences on what the
    file lacks (a clip that is cut off) or what of its source is not in it.
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
    parents: tuple[str, ...] = ()
    children_count: int = 0
    favourite: bool = False
    tags: tuple[str, ...] = ()
    source: str | None = None
    step: bool = False
    model: str | None = None
    family: str | None = None
    lora: dict[str, Any] | None = None
    notes: tuple[str, ...] = ()
    provenance: dict[str, Any] | None = None


class AssetPage(View):
    """Assets, newest first. ``next`` continues the list; None at its end."""

    assets: tuple[AssetView, ...]
    next: str | None = None


class AssetIndex(View):
    """Every asset of a list, newest first: its id, and its ``moment``, behind which a page of the list can go on."""

    ids: tuple[str, ...]
    moments: tuple[int, ...]


class Family(View):
    """What an asset was made from and what was made from it, as far as one person may see it, newest first.

    ``missing`` counts the parents that are gone for good or somebody else's; those in one's own bin have a
    ``deleted_at``.
    """

    parents: tuple[AssetView, ...]
    children: tuple[AssetView, ...]
    missing: int = 0


class AssetChange(View):
    """What is to be different about an asset; only fields that are given change anything.

    ``favourite`` is each person's own; everything else is for the asset's owner. ``project_id`` None takes it out of
    its project, ``source`` None or "" forgets the label; ``triggers`` are the words that a LoRA answers to.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    favourite: bool = False
    title: str = Field("", max_length=400)
    tags: tuple[str, ...] = Field((), max_length=MOST_TAGS)
    source: str | None = Field(None, max_length=400)
    project_id: str | None = None
    triggers: tuple[str, ...] = Field((), max_length=20)


Deed = Literal["delete", "restore", "favourite", "unfavourite", "tag", "untag", "move"]


class Deeds(View):
    """One thing to be done to many assets: ``tag`` belongs to tag and untag, ``project_id`` to move."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    ids: tuple[str, ...] = Field(min_length=1, max_length=500)
    do: Deed
    tag: str = ""
    project_id: str | None = None


class Refusal(View):
    """An asset that was left as it was, and why."""

    id: str
    what: str


class Outcome(View):
    """What came of something done to many assets."""

    done: tuple[str, ...]
    refused: tuple[Refusal, ...] = ()


class Facet(View):
    """A value that a list can be narrowed to: ``value`` for the query, ``name`` for people."""

    value: str
    name: str
    count: int


class Facets(View):
    """How many assets a person may see of each kind, model, person, tag and project; most first.

    The project ``"own"`` is the person's work in no project.
    """

    total: int
    favourites: int
    deleted: int
    kinds: tuple[Facet, ...]
    models: tuple[Facet, ...]
    people: tuple[Facet, ...]
    tags: tuple[Facet, ...]
    projects: tuple[Facet, ...]


class Going(View):
    """A step on the way that goes to the bin by itself, and when (seconds since 1970)."""

    asset: AssetView
    goes_at: float


class Sweep(View):
    """What of a person's own goes to the bin by itself: ``due`` of ``count`` could go now, with ``bytes``.

    ``going`` shows the first 200, the next to go first.
    """

    days: int
    count: int
    due: int
    bytes: int
    going: tuple[Going, ...]


class Share(View):
    """How many assets, and how many bytes their files take, belong to a person or a project."""

    id: str
    name: str
    count: int
    bytes: int


class Space(View):
    """What takes room on the disk, in bytes. A member sees their own and the projects they work on, the owner all.

    ``total`` are the files of everybody's assets, the bins' among them; ``own`` is a project's id for work in none.
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
    """A finished file on its way into the library, still in the folder where it was made.

    ``content_sha256`` is over what went into the encoder (pixels, frames, samples), not over the file.
    """

    file: str
    thumb: str | None = None
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
    source: str | None = None
    step: bool = False
