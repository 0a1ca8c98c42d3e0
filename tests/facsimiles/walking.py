"""What an owner does at the studio that tests of facsimiles start: get a model, ask it for something."""

from pathlib import Path
from typing import Any

import httpx

from engines.catalog import Entry, files
from tests.facsimiles.asking import check_result
from tests.facsimiles.facts import facts
from tests.facsimiles.test_facts import ENTRIES
from tests.support.live import finished, submit

TOKEN = "hf_facsimile_token"
FETCHED = {e.id: e for e in ENTRIES if any(map(files.is_repository, e.parts.values()))}
PAINTS = [id for id, entry in FETCHED.items() if entry.part_memory and not entry.smaller_of]
SIDE = 512
"""Of the pictures that models change, in px: smaller ones are enlarged to a megapixel first."""


def get(owner: httpx.Client, id: str) -> dict[str, Any]:
    """Press *Get* on the Models page, and wait."""
    answer = owner.post(f"/api/models/{id}/get")
    assert answer.status_code == 201, answer.text
    return finished(owner, answer.json()["id"])


def have(owner: httpx.Client, id: str) -> Entry:
    """A model that is here, or is got now; also one whose terms must be accepted."""
    owner.put("/api/hub-token", json={"token": TOKEN})
    job = get(owner, id)
    assert job["state"] == "done", job["error"]
    return FETCHED[id]


def made(owner: httpx.Client, asked: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Do a job; the asset that came of it, its file checked."""
    job = finished(owner, submit(owner, asked), 240)
    assert job["state"] == "done", f"{asked['task']} of {asked['model']}: {job['error']}"
    asset: dict[str, Any] = owner.get(f"/api/assets/{job['assets'][0]}").json()
    path = folder / f"result.{'png' if asset['kind'] == 'image' else 'mp4'}"
    path.write_bytes(owner.get(f"/api/assets/{asset['id']}/file").content)
    check_result(path)
    return asset


def check_model(record: dict[str, Any], entry: Entry) -> None:
    """What a record says of a model is what was fetched."""
    assert record["id"] == entry.id
    for name, part in entry.parts.items():
        written = record["parts"][name]
        assert written["repo"] == part.repo
        assert written["revision"] in (part.revision, facts()[part.repo].commit)
