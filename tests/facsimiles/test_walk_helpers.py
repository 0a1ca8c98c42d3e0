"""An owner's path for models that are not picture models: language models answer, upscalers enlarge, and helpers
(controls, reference adapters, smaller versions of denoisers) affect the pictures of other models."""

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import httpx
import pytest
from PIL import Image

from engines.catalog import Entry
from engines.media.clip import ClipReader
from tests.engines.image.image_worker import noise
from tests.engines.media.clip_files import make_clip
from tests.facsimiles.owner_steps import FETCHED, PAINTS, check_model, have, lay_config, made
from tests.facsimiles.task_requests import Put, requests
from tests.support.live import Live, upload
from tests.support.waiting import until

SIDE = 128
WRITERS = [id for id, entry in FETCHED.items() if "write" in entry.tasks]
UPSCALERS = [id for id, entry in FETCHED.items() if "upscale_image" in entry.tasks]
ADAPTERS = [id for id, entry in FETCHED.items() if entry.role == "ip_adapter"]
STRUCTURES = [(id, role.split(".")[1]) for id, entry in FETCHED.items() for role in entry.roles if "control." in role]
FINDERS = {role: id for id, entry in FETCHED.items() for role in entry.roles if role.startswith("structure.")}
VERSIONS = {entry.parts["transformer"].repo: id for id, entry in FETCHED.items() if entry.quantization_of}.values()
"""One per repository: their files are built the same way."""


@pytest.fixture(scope="module")
def plain(owner: httpx.Client, tmp_path_factory: pytest.TempPathFactory) -> Callable[[Entry], str]:
    """The checksum of a model's picture without a helper, made once."""
    known: dict[str, str] = {}

    def run(base: Entry) -> str:
        if base.id not in known:
            asset = made(owner, asked(base), tmp_path_factory.mktemp("plain"))
            known[base.id] = asset["content_sha256"]
        return known[base.id]

    return run


def asked(base: Entry) -> dict[str, Any]:
    """A request for a small picture."""
    return requests(base, lambda picture: "", SIDE)["create_image"]


def base_of(helper: Entry) -> Entry:
    """The first model for pictures that a helper works with."""
    kinds = {role.split(".")[1] for role in helper.roles if role.startswith("control.")}
    drawing = [entry for id in PAINTS if "create_image" in (entry := FETCHED[id]).tasks]
    return next(entry for entry in drawing if entry.lora_family == helper.helps and kinds <= set(entry.controls))


def conversation(owner: httpx.Client, model: str, **more: Any) -> dict[str, Any]:
    """Ask a question like the Writing tab. Returns the finished answer."""
    options = {"model": model, "max_tokens": 12, "seed": 1}
    begun = owner.post("/api/conversations", json={"text": "Say hello.", "options": options, **more})
    assert begun.status_code == 201, begun.text
    id = begun.json()["conversation"]["id"]

    def look() -> dict[str, Any] | None:
        talk = owner.get(f"/api/conversations/{id}").json()
        return None if talk["answering"] else talk

    answer: dict[str, Any] = until(look, 120, f"the answer of {model}")["messages"][-1]
    assert answer["state"] == "done", answer["error"]
    return answer


def test_every_other_model_is_tested() -> None:
    walked = {*WRITERS, *UPSCALERS, *ADAPTERS, *FINDERS.values(), *(id for id, _ in STRUCTURES)}
    assert {id for id, entry in FETCHED.items() if not entry.quantization_of} - set(PAINTS) == walked


@pytest.mark.slow
@pytest.mark.parametrize("id", WRITERS)
def test_a_writer_answers(owner: httpx.Client, put: Put, id: str) -> None:
    entry = have(owner, id)
    answer, again = conversation(owner, id), conversation(owner, id)
    assert (answer["model"], answer["text"]) == (id, again["text"])
    assert answer["text"]
    assert 0 < answer["facts"]["tokens"] <= 12
    if entry.options.get("vision"):
        seen = conversation(owner, id, attachments=[put(noise(SIDE, SIDE))])
        assert seen["facts"]["prompt_tokens"] > answer["facts"]["prompt_tokens"]


@pytest.mark.slow
@pytest.mark.parametrize("id", UPSCALERS)
def test_an_upscaler_enlarges(owner: httpx.Client, put: Put, id: str, tmp_path: Path) -> None:
    entry = have(owner, id)
    picture = {"task": "upscale_image", "model": id, "image": put(noise(48, 32)), "scale": 2}
    asset = made(owner, picture, tmp_path)
    check_model(asset["provenance"]["model"], entry)
    assert Image.open(tmp_path / "result.png").size == (96, 64)
    assert made(owner, picture, tmp_path)["content_sha256"] == asset["content_sha256"]

    clip = upload(owner, make_clip(tmp_path / "clip.mp4", [Fraction(n, 25) for n in range(3)], size=(48, 32)))
    asset = made(owner, {"task": "upscale_clip", "model": id, "clip": clip, "scale": 2}, tmp_path)
    check_model(asset["provenance"]["model"], entry)
    with ClipReader(tmp_path / "result.mp4") as reader:
        assert [frame.pixels.shape for frame in reader.read()] == [(64, 96, 3)] * 3


@pytest.mark.slow
@pytest.mark.parametrize(("id", "kind"), STRUCTURES)
def test_a_control_is_followed(
    studio: Live,
    owner: httpx.Client,
    put: Put,
    plain: Callable[[Entry], str],
    twin_folder: Path,
    id: str,
    kind: str,
    tmp_path: Path,
) -> None:
    helper = have(owner, id)
    if helper.parts["controlnet"].file:
        lay_config(studio.data.parent, helper.parts["controlnet"], twin_folder)
    base = have(owner, base_of(helper).id)
    finder = FINDERS.get(f"structure.{kind}")
    helpers = [helper, *([have(owner, finder)] if finder else [])]
    request = asked(base) | {"control": kind, "control_image": put(noise(SIDE, SIDE))}
    asset = made(owner, request, tmp_path)
    check_model(asset["provenance"]["model"], base)
    for record, entry in zip(asset["provenance"]["helpers"], helpers, strict=True):
        check_model(record, entry)
    assert asset["content_sha256"] != plain(base)
    if kind == helper.roles[0].split(".")[1]:
        assert made(owner, request, tmp_path)["content_sha256"] == asset["content_sha256"]


@pytest.mark.slow
@pytest.mark.parametrize("id", ADAPTERS)
def test_a_reference_picture_is_used(
    owner: httpx.Client, put: Put, plain: Callable[[Entry], str], id: str, tmp_path: Path
) -> None:
    helper = have(owner, id)
    base = have(owner, base_of(helper).id)
    request = asked(base) | {"references": [put(noise(SIDE, SIDE))]}
    asset = made(owner, request, tmp_path)
    check_model(asset["provenance"]["model"], base)
    (record,) = asset["provenance"]["helpers"]
    check_model(record, helper)
    assert asset["content_sha256"] != plain(base)
    assert made(owner, request, tmp_path)["content_sha256"] == asset["content_sha256"]


@pytest.mark.slow
@pytest.mark.parametrize("id", VERSIONS)
def test_a_smaller_version_makes_a_picture(
    studio: Live,
    owner: httpx.Client,
    put: Put,
    twin_folder: Path,
    id: str,
    tmp_path: Path,
) -> None:
    version = have(owner, id)
    lay_config(studio.data.parent, version.parts["transformer"], twin_folder)
    request = next(iter(requests(version, put, SIDE).values()))
    asset = made(owner, request, tmp_path)
    check_model(asset["provenance"]["model"], version)
    packed = version.parts["transformer"].file.endswith(".gguf")
    assert (asset["provenance"]["plan"]["denoise"]["precision"] == "gguf") == packed
    assert made(owner, request, tmp_path)["content_sha256"] == asset["content_sha256"]
