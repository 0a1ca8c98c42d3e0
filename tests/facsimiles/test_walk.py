"""What an owner does on a normal machine: start the studio, get each model from the hub, let it do each of its tasks.

The hub is on this machine and holds facsimiles; the studio's process knows PATH, HOME, its data folder and port, and
where the hub is. Nothing else is set, as on any machine.
"""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from PIL import Image

from engines.catalog import Entry, files
from tests.facsimiles.asking import check_result, requests
from tests.facsimiles.facts import facts
from tests.facsimiles.test_facts import ENTRIES, WITHOUT
from tests.support.hub import LocalHub, local_hub
from tests.support.live import Live, finished, submit, upload

TOKEN = "hf_facsimile_token"
FETCHED = {e.id: e for e in ENTRIES if e.id not in WITHOUT and any(map(files.is_repository, e.parts.values()))}
PAINTS = [id for id, entry in FETCHED.items() if entry.part_memory]
FILLS = {FETCHED[id].pipeline: id for id in PAINTS}.values()
"""What is painted into is always worked at in full size, which takes long: one model of each class does it."""
SIDE = 512
"""Of the pictures that models change, in px: smaller ones are enlarged to a megapixel first."""
ELSEWHERE = {
    "hibari", "hub", "realesrgan-anime", "realesrgan-fast", "realesrgan-x4plus", "rife", "smollm2",
    "storybook-image", "storybook-motion", "style-transfer", "u2netp", "whisper-tiny-en",
}  # fmt: skip
"""What comes with the studio or its starter pack, with its real weights: tested where its tasks are."""


@pytest.fixture(scope="module")
def hub(facsimile: Callable[[str], dict[str, bytes]]) -> Iterator[LocalHub]:
    """A hub with every repository; gated ones are for those who have accepted their terms."""
    with local_hub() as served:
        for name, known in facts().items():
            token = TOKEN if known.gated else ""
            served.add(name, facsimile(name), gated=known.gated, token=token, pinned=known.commit)
        yield served


@pytest.fixture(scope="module")
def studio(hub: LocalHub, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """``python app.py`` with nothing set but what every machine has."""
    folder = tmp_path_factory.mktemp("owner")
    environment = {"PATH": os.defpath, "HOME": str(folder / "home"), "HF_ENDPOINT": hub.url}
    (folder / "home").mkdir()
    live = Live(folder / "data", folder / "none", environment=environment, bare=True)
    yield live.start()
    live.kill()


@pytest.fixture(scope="module")
def owner(studio: Live) -> httpx.Client:
    """The owner, signed in."""
    return studio.first_account("ann")


@pytest.fixture
def put(owner: httpx.Client, tmp_path: Path) -> Callable[[Image.Image], str]:
    """Bring a picture in; the asset's id."""

    def run(picture: Image.Image) -> str:
        path = tmp_path / f"{len(list(tmp_path.iterdir()))}.png"
        picture.save(path)
        return upload(owner, path)

    return run


def get(owner: httpx.Client, id: str) -> dict[str, Any]:
    """Press *Get* on the Models page, and wait."""
    answer = owner.post(f"/api/models/{id}/get")
    assert answer.status_code == 201, answer.text
    return finished(owner, answer.json()["id"])


def made(owner: httpx.Client, asked: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Do a job; the asset that came of it, its file checked."""
    job = finished(owner, submit(owner, asked), 240)
    assert job["state"] == "done", f"{asked['task']} of {asked['model']}: {job['problem']}"
    asset: dict[str, Any] = owner.get(f"/api/assets/{job['assets'][0]}").json()
    path = folder / f"result.{'png' if asset['kind'] == 'image' else 'mp4'}"
    path.write_bytes(owner.get(f"/api/assets/{asset['id']}/file").content)
    check_result(path)
    return asset


def check_record(record: dict[str, Any], entry: Entry, asked: dict[str, Any], hub: LocalHub) -> None:
    """What a file says of its making is what made it."""
    assert record["model"]["id"] == entry.id
    assert record["seed"] == asked["seed"]
    assert record["plan"]["painting"]["precision"]
    for name, part in entry.parts.items():
        written = record["model"]["parts"][name]
        assert written["repo"] == part.repo
        assert written["revision"] in (part.revision, hub.repositories[part.repo].commit)


def test_every_model_is_walked_or_tested_elsewhere() -> None:
    assert {entry.id for entry in ENTRIES} - FETCHED.keys() - WITHOUT.keys() == ELSEWHERE


@pytest.mark.slow
def test_a_gated_model_is_refused_until_a_token_is_saved(owner: httpx.Client) -> None:
    refused = get(owner, "flux.2-dev")
    assert refused["state"] == "failed"
    assert refused["error"]["code"] == "gated"
    assert owner.put("/api/hub-token", json={"token": TOKEN}).status_code == 204


@pytest.mark.slow
@pytest.mark.parametrize("id", FETCHED)
def test_a_model_is_fetched_whole_and_nothing_beside_it(hub: LocalHub, owner: httpx.Client, id: str) -> None:
    owner.put("/api/hub-token", json={"token": TOKEN})
    job = get(owner, id)
    assert job["state"] == "done", job["error"]
    assert owner.get(f"/api/models/{id}").json()["installed"]
    for name, known in facts().items():
        assert not [one.path for one in hub.heard("hub", f"/{name}/resolve/") if one.path.endswith(tuple(known.extra))]


@pytest.mark.slow
@pytest.mark.parametrize("id", PAINTS)
def test_a_model_does_each_of_its_tasks(
    hub: LocalHub, owner: httpx.Client, put: Callable[[Image.Image], str], id: str, tmp_path: Path
) -> None:
    owner.put("/api/hub-token", json={"token": TOKEN})
    assert get(owner, id)["state"] == "done"
    entry = FETCHED[id]
    asked = requests(entry, put, SIDE if entry.pixels > SIDE * SIDE else SIDE // 2)
    if len(asked) > 1 and id not in FILLS:
        asked.pop("fill_image", None)
    for number, request in enumerate(asked.values()):
        asset = made(owner, request, tmp_path)
        check_record(asset["provenance"], entry, request, hub)
        if not number:
            assert made(owner, request, tmp_path)["content_sha256"] == asset["content_sha256"]
