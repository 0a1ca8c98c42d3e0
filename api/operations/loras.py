"""The LoRAs of the library; adding more from Hugging Face and from folders of this computer."""

from typing import Annotated

from fastapi import Query
from pydantic import BaseModel, ConfigDict, Field

from api.bodies import MOST_BYTES, Body
from api.loras import LoraListView, add_lora, lora_list
from api.operations.registry import Absent, Json, Operations
from api.principal import Who
from api.server_paths import is_inside, no_guests, server_path
from engines.loras.folder import LoraScan
from engines.requests import parse
from jobs.views import JobView
from library.views import AssetView
from studio import Studio

operations = Operations()


class HubLoraBody(Body):
    """A LoRA on Hugging Face: a repository, and the file if it has several."""

    repo: str = Field(max_length=500)
    file: str = Field("", max_length=300)
    project_id: str | None = None


class FolderBody(Body):
    """A folder of this computer."""

    folder: str = Field(min_length=1, max_length=4096)


class LocalLoraBody(Body):
    """A file of this computer."""

    path: str = Field(min_length=1, max_length=4096)
    project_id: str | None = None


class HubLora(BaseModel):
    """A file of a repository; ``size`` in bytes."""

    model_config = ConfigDict(frozen=True)

    path: str
    size: int


class HubFiles(BaseModel):
    """The files of a repository that may be LoRAs."""

    model_config = ConfigDict(frozen=True)

    repo: str
    license: str
    gated: bool
    files: tuple[HubLora, ...]


def _hub_lora_body(repo: str, file: str = "", project_id: str | None = None) -> Json:
    return {"repo": repo, "file": file, "project_id": project_id}


def _local_lora_body(path: str, project_id: str | None = None) -> Json:
    return {"path": path, "project_id": project_id}


@operations.add("GET /api/loras")
def list_loras(
    studio: Studio,
    who: Who,
    model: Annotated[str | None, Query(max_length=200)] = None,
    q: Annotated[str | None, Query(max_length=400)] = None,
) -> LoraListView:
    """List the LoRAs of the library with family and trigger words; with a model, those that fit it come first."""
    return lora_list(studio, who, model, q)


@operations.add("GET /api/loras/look", Absent.PAGE)
def look_at_loras(studio: Studio, who: Who, repo: Annotated[str, Query(min_length=1, max_length=500)]) -> HubFiles:
    """List the files of a Hugging Face repository that may be LoRAs."""
    no_guests(who)
    from engines.hub import address
    from engines.hub.client import Hub
    from engines.hub.lora_download import candidates

    meant = address.read_main(repo)
    with Hub(studio.data.hub_token) as hub:
        repository = hub.repo(meant.repo)
    named = [file for file in candidates(repository) if meant.file in ("", file.path)]
    files = tuple(HubLora(path=file.path, size=file.size) for file in named)
    return HubFiles(repo=repository.name, license=repository.license, gated=repository.gated, files=files)


@operations.add("POST /api/loras/get", arguments=_hub_lora_body, status=201, max_body_size=MOST_BYTES)
def get_lora(studio: Studio, who: Who, body: HubLoraBody) -> JobView:
    """Download a LoRA from Hugging Face to the library. Returns the job. repo: owner/name, or the URL of its page or
    file. file: which one, if the repository has several."""
    request = parse({"task": "fetch_lora", "repo": body.repo, "file": body.file})
    return studio.jobs.submit(who, request, project_id=body.project_id)


@operations.add("POST /api/loras/scan", Absent.OWNER, max_body_size=MOST_BYTES)
def scan_loras(studio: Studio, who: Who, body: FolderBody) -> LoraScan:
    """List the LoRAs in a folder of this computer (owner only)."""
    from engines.loras.folder import scan

    return scan(server_path(studio, who, body.folder), lambda path: is_inside(studio, path))


@operations.add("POST /api/loras/import", arguments=_local_lora_body, status=201, max_body_size=MOST_BYTES)
def import_lora(studio: Studio, who: Who, body: LocalLoraBody) -> AssetView:
    """Add a LoRA file on the studio's computer to the library (owner only, in a browser). Returns the asset."""
    return add_lora(studio, who, body.path, body.project_id)
