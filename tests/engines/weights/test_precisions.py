"""Every family generates a picture, whatever precisions its repository stores its parts in, on a simulated GPU."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engines import twins
from engines.media.intake import inspect
from engines.memory import Simulated
from engines.weights import sizes
from tests.engines.image.image_worker import Desk, box_mask, noise
from tests.engines.loras import lora_files

pytestmark = pytest.mark.slow

FLUX_1 = ("create_image", "change_image", "fill_image")
TASKS: dict[str, tuple[str, ...]] = {
    "flux.1-dev": FLUX_1,
    "flux.1-kontext-dev": ("edit_image",),
    "flux.1-fill-dev": ("fill_image",),
    "flux.2-dev": ("create_image", "edit_image"),
    "flux.2-klein-4b": ("create_image", "edit_image", "fill_image"),
    "z-image-turbo": FLUX_1,
    "qwen-image": FLUX_1,
    "qwen-image-edit": ("edit_image",),
    "qwen-image-edit-2511": ("edit_image",),
    "qwen-image-2.1": ("create_image", "edit_image"),
    "hidream-i1-full": ("create_image",),
    "hidream-e1.1": ("edit_image",),
    "wan-2.2-refine": ("create_image", "change_image"),
    "stable-diffusion-1.5": FLUX_1,
    "sdxl": FLUX_1,
}
CHECKPOINT = {"unet": "float32", "vae": "float32", "text_encoder": "float32"}
REQUEST_FIELDS: dict[str, Any] = {"prompt": "a red house", "steps": 2}


@pytest.fixture
def card(twin_folder: Path, tmp_path: Path) -> "Callable[[str], Desk]":
    """Desks, each with its own simulated GPU."""
    return lambda name: Desk(twin_folder, tmp_path / name, device=Simulated(10**11))


def made(desk: Desk, model: str, task: str, **more: Any) -> np.ndarray:
    asked = dict(more)
    if task != "create_image":
        asked["image"] = desk.put(noise(128, 128))
    if task == "fill_image":
        asked["mask"] = desk.put(box_mask(128, 128, (32, 32, 96, 96)))
    (picture,) = desk.pictures(task=task, model=model, **REQUEST_FIELDS, **asked)
    return picture


@pytest.mark.parametrize("entry", list(TASKS))
def test_a_float32_decoder_decodes_half_precision_latents(card: "Callable[[str], Desk]", entry: str) -> None:
    desk = card("desk")
    model = desk.twin(entry, vae="float32")
    for task in TASKS[entry]:
        assert made(desk, model, task).any()


@pytest.mark.parametrize("entry", ["stable-diffusion-1.5", "sdxl"])
def test_a_model_stored_in_float32_gives_the_same_picture_as_in_half_precision(
    card: "Callable[[str], Desk]", entry: str
) -> None:
    whole, half = card("whole"), card("half")
    models = whole.twin(entry, **CHECKPOINT), half.twin(entry)
    for task in TASKS[entry]:
        assert np.array_equal(made(whole, models[0], task), made(half, models[1], task))


@pytest.mark.parametrize("entry", ["flux.1-dev", "z-image-turbo", "sdxl"])
def test_a_denoiser_stored_in_another_half_precision_than_its_decoder_works(
    card: "Callable[[str], Desk]", entry: str
) -> None:
    desk = card("desk")
    part = "unet" if entry == "sdxl" else "transformer"
    other = "bfloat16" if entry == "sdxl" else "float16"
    model = desk.twin(entry, **{part: other})
    for task in TASKS[entry]:
        assert made(desk, model, task).any()


@pytest.mark.parametrize(
    ("entry", "helper"),
    [
        ("stable-diffusion-1.5", "controlnet-edges-sd15"),
        ("sdxl", "controlnet-edges-sdxl"),
        ("flux.1-dev", "controlnet-flux1"),
        ("qwen-image", "controlnet-qwen-image"),
        ("z-image-turbo", "controlnet-z-image"),
    ],
)
def test_a_helper_in_float32_helps_a_model_whose_decoder_is_in_float32_too(
    card: "Callable[[str], Desk]", entry: str, helper: str
) -> None:
    desk = card("desk")
    model = desk.twin(entry, vae="float32")
    desk.twin(helper, **{".": "float32"})
    assert made(desk, model, "create_image", control="edges", control_image=desk.put(noise(64, 64))).any()


@pytest.mark.parametrize(
    ("entry", "helper"), [("stable-diffusion-1.5", "ip-adapter-sd15"), ("sdxl", "ip-adapter-sdxl")]
)
def test_references_work_in_every_precision_of_encoder_and_adapter(
    card: "Callable[[str], Desk]", entry: str, helper: str
) -> None:
    desk = card("desk")
    model = desk.twin(entry, **CHECKPOINT)
    folder = "models" if entry == "stable-diffusion-1.5" else "sdxl_models"
    desk.twin(helper, **{"models/image_encoder": "float16", folder: "float32"})
    assert made(desk, model, "create_image", references=[desk.put(noise(64, 64))]).any()


def test_a_float32_lora_applies_to_a_model_stored_in_float32(
    card: "Callable[[str], Desk]", twin_folder: Path, tmp_path: Path
) -> None:
    desk = card("desk")
    model = desk.twin("stable-diffusion-1.5", **CHECKPOINT)
    from diffusers import UNet2DConditionModel

    unet = UNet2DConditionModel.from_pretrained(desk.catalog.path(desk.catalog.get(model), "unet"))
    changes = lora_files.kohya(lora_files.changes(unet, ("to_q", "to_k", "to_v", "to_out.0")))
    lora = lora_files.write(tmp_path / "lora.safetensors", changes)
    asset = desk.add(lora, inspect(lora, lora.name).facts)
    plain = made(desk, model, "create_image")
    assert not np.array_equal(plain, made(desk, model, "create_image", loras=[{"asset": asset, "weight": 1}]))


def test_a_twin_is_stored_in_the_requested_precisions(twin_folder: Path) -> None:
    plain = twins.build("sdxl", twin_folder)
    other = twins.build("sdxl", twin_folder, {"vae": "float32", "text_encoder_2": "bfloat16"})
    parts = ("unet", "vae", "text_encoder", "text_encoder_2")
    assert [sizes.stored_dtype(plain / part) for part in parts] == ["float16"] * 4
    assert [sizes.stored_dtype(other / part) for part in parts] == ["float16", "float32", "float16", "bfloat16"]
    assert not list((other / "vae").glob("*.fp16.*"))
