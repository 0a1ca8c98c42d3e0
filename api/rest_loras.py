"""REST: the LoRAs of the library; more of them from the hub and from folders of this machine."""

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from api.bodies import MOST_BYTES
from api.loras import LoraShelf, bring_in, shelf
from api.principal import Who
from api.server_paths import is_inside, server_path
from engines.loras.folder import Scan
from engines.requests import parse
from errors import StudioError
from jobs.views import JobView
from library.views import AssetView
from studio import Studio


class _Body(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Wanted(_Body):
    """A LoRA of the hub: a repository, and which of its files where there are several."""

    repo: str = Field(max_length=500)
    file: str = Field("", max_length=300)
    project_id: str | None = None


class Folder(_Body):
    """A folder of this machine."""

    folder: str = Field(min_length=1, max_length=4096)


class OnDisk(_Body):
    """A file of this machine."""

    path: str = Field(min_length=1, max_length=4096)
    project_id: str | None = None


class HubFiles(BaseModel):
    """What a repository has that may be LoRAs."""

    model_config = ConfigDict(frozen=True)

    repo: str
    licence: str
    gated: bool
    files: tuple["HubLora", ...]


class HubLora(BaseModel):
    """A file of a repository, in bytes."""

    model_config = ConfigDict(frozen=True)

    path: str
    size: int


def add_to(router: APIRouter, studio: Studio) -> None:
    """Add the routes of LoRAs."""

    @router.get("/api/loras")
    def loras(
        who: Who,
        model: Annotated[str | None, Query(max_length=200)] = None,
        q: Annotated[str | None, Query(max_length=400)] = None,
    ) -> LoraShelf:
        """The LoRAs of the library: family, trigger words; with ``model`` also which of them it reads, those first."""
        return shelf(studio, who, model, q)

    @router.get("/api/loras/look")
    def look_at_loras(who: Who, repo: Annotated[str, Query(min_length=1, max_length=500)]) -> HubFiles:
        """The files of a repository of the hub that may be LoRAs."""
        if who.role == "guest":
            raise StudioError("not_allowed", "Guests cannot do that.", next="Ask the owner.", status=403)
        from engines.hub import address
        from engines.hub.client import Hub
        from engines.hub.loras import candidates

        meant = address.read_main(repo)
        with Hub(studio.data.hub_token) as hub:
            found = hub.repo(meant.repo)
        named = [file for file in candidates(found) if meant.file in ("", file.path)]
        files = tuple(HubLora(path=file.path, size=file.size) for file in named)
        return HubFiles(repo=found.name, licence=found.licence, gated=found.gated, files=files)

    @router.post("/api/loras/get", status_code=201, max_body_size=MOST_BYTES)
    def get_lora(who: Who, body: Wanted) -> JobView:
        """Download a LoRA of the hub into the library: a job that can be stopped, paused and resumed."""
        asked = parse({"task": "fetch_lora", "repo": body.repo, "file": body.file})
        return studio.jobs.submit(who, asked, project_id=body.project_id)

    @router.post("/api/loras/scan", max_body_size=MOST_BYTES)
    def scan_loras(who: Who, body: Folder) -> Scan:
        """The LoRAs in a folder of this machine, for the owner."""
        from engines.loras.folder import scan

        return scan(server_path(studio, who, body.folder), lambda path: is_inside(studio, path))

    @router.post("/api/loras/import", status_code=201, max_body_size=MOST_BYTES)
    def import_lora(who: Who, body: OnDisk) -> AssetView:
        """Take a LoRA of this machine into the library, for the owner."""
        return bring_in(studio, who, body.path, body.project_id)
