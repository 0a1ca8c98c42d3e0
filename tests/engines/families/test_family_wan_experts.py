"""Wan 2.2 14B: two experts in turn, each with its own guidance, from a prompt or from a first and a last frame."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from engines import protocol
from engines.media.clip import ClipReader
from engines.requests import parse
from engines.twins import build
from errors import StudioError
from tests.engines.families.clip_files import content_sha256
from tests.engines.image.image_worker import Desk, noise

pytestmark = pytest.mark.slow

STEPS = 4


@pytest.fixture
def desk(twin_folder: Path, tmp_path: Path) -> Desk:
    return Desk(twin_folder, tmp_path)


def bare(twin: str, twin_folder: Path, settings: dict[str, Any], **call: Any) -> np.ndarray:
    """Return the frames of the plain pipeline, with the seed 1."""
    import torch
    from diffusers import DiffusionPipeline

    pipeline = DiffusionPipeline.from_pretrained(build(twin, twin_folder), dtype=torch.float32)
    pipeline.scheduler = type(pipeline.scheduler).from_config(pipeline.scheduler.config, **settings)
    pipeline.set_progress_bar_config(disable=True)
    generator = torch.Generator().manual_seed(1)
    frames: np.ndarray = pipeline(
        prompt="a fox runs", height=64, width=64, num_inference_steps=STEPS, generator=generator, **call
    ).frames[0]
    return frames


def test_from_a_prompt_each_expert_has_its_makers_guidance(desk: Desk, twin_folder: Path, tmp_path: Path) -> None:
    model = desk.twin("wan-2.2-t2v-a14b")
    (made,) = desk.files(task="create_clip", model=model, prompt="a fox runs", steps=STEPS, width=64, height=64)
    entry = desk.catalog.get(model)
    frames = bare(
        "wan-2.2-t2v",
        twin_folder,
        {"flow_shift": 12.0},
        num_frames=made.frames,
        negative_prompt=entry.defaults["negative_prompt"],
        guidance_scale=4.0,
        guidance_scale_2=3.0,
    )
    assert content_sha256(frames, 16, tmp_path / "bare") == made.content_sha256


def animated(desk: Desk, model: str, **given: Any) -> protocol.ResultFile:
    (made,) = desk.files(task="animate_image", model=model, prompt="a fox runs", steps=STEPS, guidance=1.0, **given)
    return made


def test_a_clip_moves_from_the_first_to_the_last_picture(desk: Desk, twin_folder: Path, tmp_path: Path) -> None:
    model, first, last = desk.twin("wan-2.2-i2v-a14b"), noise(64, 64), noise(64, 64, 7)
    open_ended = animated(desk, model, image=desk.put(first))
    both = animated(desk, model, image=desk.put(first), last_image=desk.put(last))
    assert open_ended.content_sha256 != both.content_sha256
    for made, given in ((open_ended, {"image": first}), (both, {"image": first, "last_image": last})):
        frames = bare(
            "wan-2.2-i2v", twin_folder, {"flow_shift": 5.0}, num_frames=made.frames, guidance_scale=1.0, **given
        )
        assert content_sha256(frames, 16, tmp_path / made.file) == made.content_sha256


def test_a_last_picture_of_another_shape_fills_the_frame(desk: Desk) -> None:
    model, first = desk.twin("wan-2.2-i2v-a14b"), desk.put(noise(64, 64))
    made = animated(desk, model, image=first, last_image=desk.put(noise(200, 50)))
    with ClipReader(desk.folder / "out" / made.file) as reader:
        assert {frame.pixels.shape for frame in reader.read()} == {(64, 64, 3)}
    assert len(made.provenance["parents"]) == 2


def test_a_model_without_a_last_frame_refuses_one(desk: Desk) -> None:
    model, picture = desk.twin("wan-2.2-ti2v-5b"), desk.put(Image.new("RGB", (64, 64)))
    request = {"task": "animate_image", "model": model, "prompt": "x", "image": picture, "last_image": picture}
    with pytest.raises(StudioError, match="cannot end a clip on a given picture"):
        desk.catalog.prepare(parse(request), {picture: desk.inputs[picture].facts})
