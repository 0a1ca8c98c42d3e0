"""What an owner does on a normal machine: start the studio, get each model from the hub, let it do each of its tasks.

The hub is on this machine and holds facsimiles; the studio's process knows PATH, HOME, its data folder and port, and
where the hub is. Nothing else is set, as on any machine.
"""

from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from PIL import Image

from tests.facsimiles.asking import requests
from tests.facsimiles.conftest import hub_with, normal_machine
from tests.facsimiles.facts import facts
from tests.facsimiles.test_facts import ENTRIES
from tests.facsimiles.walking import FETCHED, PAINTS, SIDE, TOKEN, check_model, get, have, made
from tests.support.hub import LocalHub

FILLS = {FETCHED[id].pipeline: id for id in reversed(PAINTS) if "fill_image" in FETCHED[id].tasks}.values()
"""What is painted into is always worked at in full size, which takes long: the first model of each class does it."""
ELSEWHERE = {
    "hibari", "hub", "realesrgan-anime", "realesrgan-fast", "realesrgan-x4plus", "rife", "smollm2",
    "storybook-image", "storybook-motion", "style-transfer", "u2netp", "whisper-tiny-en",
}  # fmt: skip
"""What comes with the studio or its starter pack, with its real weights: tested where its tasks are."""


def test_every_model_is_walked_or_tested_elsewhere() -> None:
    assert {entry.id for entry in ENTRIES} - FETCHED.keys() == ELSEWHERE


def test_a_new_owner_gets_a_model_and_makes_a_picture(
    facsimile: Callable[[str], dict[str, bytes]], tmp_path: Path
) -> None:
    """The walk of one model, with the quick tests."""
    entry = FETCHED["stable-diffusion-1.5"]
    with (
        hub_with({part.repo for part in entry.parts.values()}, facsimile) as hub,
        normal_machine(hub, tmp_path) as live,
    ):
        owner = live.first_account("ann")
        have(owner, entry.id)
        request = requests(entry, lambda _: "", 64)["create_image"]
        asset = made(owner, request, tmp_path)
        check_model(asset["provenance"]["model"], entry)
        assert made(owner, request, tmp_path)["content_sha256"] == asset["content_sha256"]


@pytest.mark.slow
def test_a_gated_model_is_refused_until_a_token_is_saved(owner: httpx.Client) -> None:
    owner.put("/api/hub-token", json={"token": ""})
    refused = get(owner, "flux.2-dev")
    assert refused["state"] == "failed"
    assert refused["error"]["code"] == "gated"
    assert owner.put("/api/hub-token", json={"token": TOKEN}).status_code == 204


@pytest.mark.slow
@pytest.mark.parametrize("id", FETCHED)
def test_a_model_is_fetched_whole_and_nothing_beside_it(hub: LocalHub, owner: httpx.Client, id: str) -> None:
    have(owner, id)
    assert owner.get(f"/api/models/{id}").json()["installed"]
    for name, known in facts().items():
        assert not [one.path for one in hub.heard("hub", f"/{name}/resolve/") if one.path.endswith(tuple(known.extra))]


@pytest.mark.slow
@pytest.mark.parametrize("id", PAINTS)
def test_a_model_does_each_of_its_tasks(
    owner: httpx.Client, put: Callable[[Image.Image], str], id: str, tmp_path: Path
) -> None:
    entry = have(owner, id)
    asked = requests(entry, put, SIDE if entry.pixels > SIDE * SIDE else SIDE // 2)
    if len(asked) > 1 and id not in FILLS:
        asked.pop("fill_image", None)
    for number, request in enumerate(asked.values()):
        asset = made(owner, request, tmp_path)
        record = asset["provenance"]
        check_model(record["model"], entry)
        assert record["seed"] == request["seed"]
        assert record["plan"]["painting"]["precision"]
        if not number:
            assert made(owner, request, tmp_path)["content_sha256"] == asset["content_sha256"]
