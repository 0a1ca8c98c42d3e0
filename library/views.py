"""What the library says about an asset and a project, to pages and scripts alike."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

Kind = Literal["image", "clip", "sound", "subtitles", "document"]


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
    """An asset as someone who may read it sees it. ``/api/assets/<id>/(file|thumb)`` hold its bytes."""

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
    provenance: dict[str, Any] | None = None


class AssetPage(View):
    """Assets, newest first. ``next`` continues the list; None at its end."""

    assets: tuple[AssetView, ...]
    next: str | None = None


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
    provenance: dict[str, Any] | None = None
    parents: tuple[str, ...] = ()
