"""An owner's actions in the studio that facsimile tests start: download a model, submit a request."""

from pathlib import Path
from typing import Any

import httpx

from engines import twins
from engines.catalog import Entry, locations
from engines.catalog.entry import Part
from tests.facsimiles.facts import facts
from tests.facsimiles.task_requests import check_result
from tests.facsimiles.test_facts import ENTRIES
from tests.support.live import finished, submit

TOKEN = "hf_facsimile_token"
FETCHED = {e.id: e for e in ENTRIES if any(map(locations.is_repository, e.parts.values()))}
PAINTS = [id for id, entry in FETCHED.items() if entry.part_memory and not entry.quantization_of]
SIDE = 512
"""The side of input pictures in px: smaller ones are enlarged to a megapixel first."""
SMALL = 128
"""The side of generated pictures in px, if the model supports it."""


def lay_config(folder: Path, part: Part, twin_folder: Path) -> None:
    """Put a config next to a single file somewhere in ``folder``, as people can. The studio ships the large model's
    config; this one is for the tiny model."""
    known = facts()[part.repo]
    name = f"{part.subfolder}/{part.file}".lstrip("/")
    config = twins.build(known.twin, twin_folder) / (known.parts[name].source or "") / "config.json"
    (file,) = folder.rglob(f"snapshots/*/{name}")
    file.with_name("config.json").write_bytes(config.read_bytes())


def get(owner: httpx.Client, id: str) -> dict[str, Any]:
    """Download a model as on the Models page, and wait."""
    answer = owner.post(f"/api/models/{id}/get")
    assert answer.status_code == 201, answer.text
    return finished(owner, answer.json()["id"])


def have(owner: httpx.Client, id: str) -> Entry:
    """A model, downloaded if needed, even if it is gated."""
    owner.put("/api/hub-token", json={"token": TOKEN})
    job = get(owner, id)
    assert job["state"] == "done", job["error"]
    return FETCHED[id]


def made(owner: httpx.Client, asked: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Run a job and check its file. Returns the asset."""
    job = finished(owner, submit(owner, asked), 240)
    assert job["state"] == "done", f"{asked['task']} of {asked['model']}: {job['error']}"
    asset: dict[str, Any] = owner.get(f"/api/assets/{job['assets'][0]}").json()
    path = folder / f"result.{'png' if asset['kind'] == 'image' else 'mp4'}"
    path.write_bytes(owner.get(f"/api/assets/{asset['id']}/file").content)
    check_result(path)
    return asset


def check_model(record: dict[str, Any], entry: Entry) -> None:
    """Check that the model in a record is the one that was downloaded."""
    assert record["id"] == entry.id
    for name, part in entry.parts.items():
        written = record["parts"][name]
        assert written["repo"] == part.repo
        assert written["revision"] in (part.revision, facts()[part.repo].commit)
