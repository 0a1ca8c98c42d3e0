"""The estimate says that a request does not fit, or that its model is not installed, and offers alternatives."""

import json
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from auth.accounts.principal import Principal
from engines import protocol
from engines.requests import CreateImage, FetchLora, FetchModel, parse
from errors import StudioError
from jobs.service import Jobs
from jobs.views import Estimate
from tests.jobs.queue_fixtures import FakeHost, Scene, until

GB = 10**9


def sparse(folder: Path, gigabytes: float) -> None:
    """Write a model's folder with sparse weights: they have a size, but only the header is on the disk."""
    folder.mkdir(parents=True)
    numbers = int(gigabytes * GB) // 2 // 100
    layers = {
        f"blocks.{n}.weight": {
            "dtype": "BF16",
            "shape": [numbers],
            "data_offsets": [2 * numbers * n, 2 * numbers * (n + 1)],
        }
        for n in range(100)
    }
    header = json.dumps(layers).encode()
    with (folder / "model.safetensors").open("wb") as file:
        file.write(struct.pack("<Q", len(header)) + header)
        file.truncate(8 + len(header) + 200 * numbers)


def enter(scene: Scene, id: str, painter: float, here: bool = True, **more: Any) -> None:
    """Add a FLUX-like model with a text encoder of 10 GB and a denoiser of ``painter`` GB."""
    folder = scene.root / "models" / id
    if here:
        sparse(folder / "text_encoder", 10)
        sparse(folder / "transformer", painter)
    repo = str(folder) if here else "lab/model"
    entry = {
        "id": id,
        "name": id.title(),
        "use": "Pictures.",
        "tasks": ["create_image"],
        "runtime": "torch",
        "pipeline": "diffusers:FluxPipeline",
        "parts": {name: {"repo": repo, "subfolder": name} for name in ("text_encoder", "transformer")},
        "license": {"name": "x", "commercial": True},
        "verified": "import",
        "download_bytes": int((10 + painter) * GB),
        "memory": {"bfloat16": int((10 + painter) * GB)},
        "part_memory": {"text_encoder": 10 * GB, "transformer": int(painter * GB)},
        "pixels": 1024 * 1024,
        "defaults": {"width": 1024, "height": 1024, "steps": 20},
        "load_seconds": 0,
        "seconds_per_unit": 1,
        **more,
    }
    (scene.data.catalog / f"{id}.yaml").write_text(yaml.safe_dump(entry))
    scene.catalog.reload()


@pytest.fixture
def mum(scene: Scene) -> Principal:
    scene.jobs.start()
    return scene.person("mum")


def estimate(scene: Scene, who: Principal, device: float, beside: float, **asked: Any) -> Estimate:
    """The estimate for a picture by “big” on a GPU with ``device`` GB and ``beside`` GB of main memory."""
    scene.device.say(
        protocol.DeviceState(
            lane="device",
            name="card",
            total_bytes=int(device * GB),
            used_bytes=0,
            host_bytes=int(beside * GB),
        )
    )
    until(lambda: scene.jobs.device().total_bytes == int(device * GB))
    return scene.jobs.estimate(who, CreateImage(**{"prompt": "a house", "model": "big", **asked}))


def test_a_request_that_fits_has_no_offers(scene: Scene, mum: Principal) -> None:
    enter(scene, "big", 24)
    said = estimate(scene, mum, 48, 64)
    assert (said.fits, said.fit, said.offers, said.problem) == (True, "Fits.", (), None)
    assert said.bytes == pytest.approx(27.1 * GB, rel=0.01)


def test_offload_names_its_cost_and_offers_faster_options(scene: Scene, mum: Principal) -> None:
    enter(scene, "big", 24, lora_family="flux")
    enter(scene, "small", 8, lora_family="flux", defaults={"steps": 4})
    plain = estimate(scene, mum, 48, 64)
    said = estimate(scene, mum, 14, 64)
    assert (said.fits, said.fit) == (True, "Fits with streaming, about 2× slower.")
    assert said.seconds == pytest.approx(2 * plain.seconds)
    streamed, smaller, picture = said.offers
    assert (streamed.label, streamed.changes, streamed.get) == ("with streaming", {}, None)
    assert streamed.seconds == pytest.approx(said.seconds)
    assert smaller.label == "smaller version: Small"
    assert smaller.changes == {"model": "small", "steps": 4}
    assert smaller.seconds < plain.seconds
    assert picture.label == "smaller picture"


def test_a_request_that_is_too_big_names_both_sizes_and_the_options(scene: Scene, mum: Principal) -> None:
    enter(scene, "big", 24)
    said = estimate(scene, mum, 4, 64, width=2048, height=2048)
    assert not said.fits
    assert said.problem
    assert said.problem.what == "Big needs 13 GB; you have 4.0 GB."
    assert said.problem.next == "Options: smaller picture."
    (offer,) = said.offers
    assert offer.label == "smaller picture"
    changed = scene.jobs.estimate(mum, CreateImage(prompt="a house", model="big", **offer.changes))
    assert changed.fits
    assert changed.seconds == pytest.approx(offer.seconds)


def test_a_text_encoder_that_is_too_big_for_a_cpu_is_a_problem(scene: Scene, mum: Principal) -> None:
    enter(scene, "big", 2)
    said = estimate(scene, mum, 8, 0)
    assert not said.fits
    assert said.problem
    assert said.problem.what == "Big needs 10 GB; you have 8.0 GB."


def test_main_memory_that_is_too_small_for_offload_is_named(scene: Scene, mum: Principal) -> None:
    enter(scene, "big", 60)
    said = estimate(scene, mum, 8, 16)
    assert said.problem
    assert said.problem.what == "Big needs 31 GB of main memory; you have 16 GB."


def smaller(gigabytes: float, folder: Path | None = None) -> dict[str, Any]:
    """Smaller versions of a model, installed if a folder is given: a sparse file with only a size."""
    file: dict[str, Any] = {"repo": "lab/packed", "file": "big.gguf", "bytes": int(gigabytes * GB)}
    if folder:
        from tests.engines.weights.gguf_files import write

        folder.mkdir(parents=True)
        write(folder / "big.gguf", "flux", {"img_in.weight": np.zeros((32, 32), np.float32)})
        with (folder / "big.gguf").open("ab") as packed:
            packed.truncate(file["bytes"])
    return {"quantizations": {"Q4_0": file | ({"repo": str(folder)} if folder else {})}}


def test_a_smaller_version_is_offered_for_download_instead_of_offload(scene: Scene, mum: Principal) -> None:
    enter(scene, "big", 24, **smaller(7))
    said = estimate(scene, mum, 14, 64)
    streamed, version, _ = said.offers
    assert version.label == "smaller version: Big Q4_0, download first (7.0 GB)"
    assert (version.get, version.changes) == ("big-q4_0", {"model": "big-q4_0"})
    assert version.seconds < streamed.seconds
    hosts: list[Any] = [scene.device, FakeHost("fetch")]
    jobs = Jobs(scene.database, scene.data, scene.library, scene.catalog, hosts, keep_free_bytes=0)
    getting = jobs.submit(mum, FetchModel(entry="big-q4_0"))
    asked = CreateImage(prompt="a house", **version.changes)
    assert jobs.submit(mum, asked, after=(getting.id,)).state == "queued"


def test_an_installed_smaller_version_is_used_if_the_full_model_does_not_fit(scene: Scene, mum: Principal) -> None:
    enter(scene, "big", 60, **smaller(7, scene.root / "packed"))
    said = estimate(scene, mum, 14, 16)
    assert (said.fits, said.fit) == (True, "Fits in gguf, about 1.6× slower.")
    assert said.offers == ()


def test_a_model_that_is_not_installed_is_offered_for_download(scene: Scene, mum: Principal) -> None:
    enter(scene, "big", 8, here=False)
    said = estimate(scene, mum, 24, 64)
    assert said.problem
    assert (said.fits, said.problem.code) == (False, "missing_model")
    (offer,) = said.offers
    assert (offer.label, offer.get, offer.changes) == ("Download (18 GB), then make", "big", {})


def test_a_picture_can_wait_for_its_own_model_only(scene: Scene) -> None:
    enter(scene, "big", 8, here=False)
    enter(scene, "other", 8, here=False)
    hosts: list[Any] = [scene.device, FakeHost("fetch")]
    jobs = Jobs(scene.database, scene.data, scene.library, scene.catalog, hosts, keep_free_bytes=0)
    who, asked = scene.person("mum"), CreateImage(prompt="a house", model="big")
    with pytest.raises(StudioError, match="missing files"):
        jobs.submit(who, asked)
    other = jobs.submit(who, FetchModel(entry="other"))
    with pytest.raises(StudioError, match="missing files"):
        jobs.submit(who, asked, after=(other.id,))
    getting = jobs.submit(who, FetchModel(entry="big"))
    assert jobs.submit(who, asked, after=(getting.id,)).state == "queued"


def test_current_downloads_are_known_until_they_end(scene: Scene, mum: Principal) -> None:
    enter(scene, "big", 8, here=False)
    hosts: list[Any] = [scene.device, FakeHost("fetch")]
    jobs = Jobs(scene.database, scene.data, scene.library, scene.catalog, hosts, keep_free_bytes=0)
    getting = [jobs.submit(mum, FetchModel(entry="big")), jobs.submit(mum, FetchLora(repo="some/look"))]
    assert jobs.downloading() == {"big", "some/look"}
    for job in getting:
        jobs.cancel(mum, job.id)
    assert jobs.downloading() == set()


def test_a_model_that_is_too_big_is_not_offered_for_download(scene: Scene, mum: Principal) -> None:
    enter(scene, "big", 60, here=False)
    said = estimate(scene, mum, 12, 16)
    assert said.problem
    assert said.problem.code == "does_not_fit"
    assert all(offer.get is None for offer in said.offers)


def test_a_cpu_model_on_a_gpu_computer_offers_the_gpu_model(scene: Scene, mum: Principal) -> None:
    asked = parse({"task": "upscale_image", "image": scene.picture(mum).id})
    assert not scene.jobs.estimate(mum, asked).offers
    scene.device.say(
        protocol.DeviceState(lane="device", name="card", total_bytes=24 * GB, used_bytes=0, host_bytes=64 * GB)
    )
    until(lambda: scene.catalog.on_card)
    said = scene.jobs.estimate(mum, asked)
    assert said.fits
    (offer,) = said.offers
    assert (offer.label, offer.get) == ("on the GPU, download first (67 MB)", "realesrgan-torch")
    assert offer.changes == {"model": "realesrgan-torch"}
