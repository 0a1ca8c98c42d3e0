"""An owner's path with default settings: start the studio, download each model from the hub, run each of its tasks.

The hub is on this computer and has facsimiles; the studio's process only gets PATH, HOME, its data folder and port, and
the hub's address.
"""

from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from tests.facsimiles.conftest import hub_with, normal_machine
from tests.facsimiles.facts import facts
from tests.facsimiles.owner_steps import FETCHED, PAINTS, SIDE, SMALL, TOKEN, check_model, get, have, made
from tests.facsimiles.task_requests import FILMS, Put, requests
from tests.facsimiles.test_facts import ENTRIES
from tests.support.hub import LocalHub

FULL_SIZE = {"fill_image", "extend_image", "animate_image"}
"""These always run at full size, which is slow: here only the first model of each class does it; in test_cards
every model does it with small pictures."""
CHANGES = FILMS - {"create_clip", "animate_image"}
"""These run at full size, too: here only for models that do nothing else."""
FIRST = {FETCHED[id].pipeline: id for id in reversed(PAINTS)}.values()
"""The first model of each class."""
SMALL_ONLY = {
    "framepack", "helios-base", "hunyuan-video-1.5-i2v", "hunyuan-video-i2v", "skyreels-v2-df-1.3b", "svd-xt",
}  # fmt: skip
"""Their clips take minutes at full size on a CPU: they animate in test_cards only."""
ELSEWHERE = {
    "ffmpeg", "ffmpeg-rife", "finishing", "opencolorio",
    "hibari", "hub", "qwen2.5-coder-1.5b", "realesrgan-anime", "realesrgan-fast", "realesrgan-x4plus", "rife",
    "smollm2", "storybook-image", "storybook-motion", "style-transfer", "u2netp", "whisper-tiny-en",
}  # fmt: skip
"""Models that come with the studio, its starter pack or packages, with real weights: tested with their tasks."""


def test_every_model_is_tested_here_or_elsewhere() -> None:
    assert {entry.id for entry in ENTRIES} - FETCHED.keys() == ELSEWHERE


def test_a_new_owner_downloads_a_model_and_makes_a_picture(
    facsimile: Callable[[str], dict[str, bytes]], tmp_path: Path
) -> None:
    """The path for one model, with the quick tests."""
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
def test_a_download_has_the_whole_model_and_nothing_else(hub: LocalHub, owner: httpx.Client, id: str) -> None:
    have(owner, id)
    assert owner.get(f"/api/models/{id}").json()["installed"]
    for name, known in facts().items():
        assert not [one.path for one in hub.heard("hub", f"/{name}/resolve/") if one.path.endswith(tuple(known.extra))]


@pytest.mark.slow
@pytest.mark.parametrize("id", [id for id in PAINTS if id not in SMALL_ONLY or "create_clip" in FETCHED[id].tasks])
def test_a_model_does_each_of_its_tasks(owner: httpx.Client, put: Put, id: str, tmp_path: Path) -> None:
    entry = have(owner, id)
    changed = requests(entry, put, SIDE if entry.pixels > SIDE * SIDE else SIDE // 2)
    created = {task: one for task, one in requests(entry, put, SMALL).items() if task.startswith("create")}
    asked = created | {task: one for task, one in changed.items() if task not in created}
    if created:
        asked = {task: one for task, one in asked.items() if task not in CHANGES}
    encodes_clips = "fill_clip" in entry.tasks  # a minute at full size
    if created and (id not in FIRST or id in SMALL_ONLY or encodes_clips):
        asked = {task: one for task, one in asked.items() if task not in FULL_SIZE}
    for number, request in enumerate(asked.values()):
        asset = made(owner, request, tmp_path)
        record = asset["provenance"]
        check_model(record["model"], entry)
        assert record["seed"] == request["seed"]
        assert record["plan"]["denoise"]["precision"]
        if not number and request["task"] not in FILMS - {"create_clip"} and (created or id in FIRST):
            assert made(owner, request, tmp_path)["content_sha256"] == asset["content_sha256"]
