"""Wan VACE: each of its tasks gives the plain pipeline's clip, from known frames in which gray is generated."""

from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from engines import protocol
from engines.diffusion.clip_frames import Canvas, read_frames
from engines.diffusion.crop import crop_around
from engines.media.intake import inspect
from engines.requests import parse
from engines.twins import build
from engines.video.clip_region import Region, put_back
from errors import StudioError
from tests.engines.families import family_checks as proofs
from tests.engines.families.clip_files import content_sha256
from tests.engines.image.image_worker import Desk, box_mask, noise
from tests.engines.loras import lora_files
from tests.engines.media.clip_files import make_clip

pytestmark = pytest.mark.slow

GRAY = Image.new("RGB", (64, 64), (128, 128, 128))
SHOWN, HIDDEN = Image.new("L", (64, 64), 0), Image.new("L", (64, 64), 255)
BOX = (16, 16, 48, 40)
FULL, RATE = Canvas(64, 64, (0, 0, 1, 1)), Fraction(16)


@pytest.fixture
def desk(twin_folder: Path, tmp_path: Path) -> Desk:
    return Desk(twin_folder, tmp_path)


def made(desk: Desk, **request: Any) -> protocol.ResultFile:
    (file,) = desk.files(model=desk.twin("wan-2.1-vace-1.3b"), prompt="a fox runs", steps=2, seconds=0.5, **request)
    return file


def bare(desk: Desk, twin_folder: Path, size: tuple[int, int] = (64, 64), **call: Any) -> np.ndarray:
    """Return the frames that the plain pipeline makes, with the seed 1."""
    import torch
    from diffusers import UniPCMultistepScheduler, WanVACEPipeline

    pipe = WanVACEPipeline.from_pretrained(build("wan-2.1-vace", twin_folder), dtype=torch.float32)
    pipe.scheduler = UniPCMultistepScheduler.from_config(pipe.scheduler.config, flow_shift=16.0)
    pipe.set_progress_bar_config(disable=True)
    entry = desk.catalog.get("wan-2.1-vace-1.3b")
    frames: np.ndarray = pipe(
        prompt="a fox runs",
        negative_prompt=entry.defaults["negative_prompt"],
        width=size[0],
        height=size[1],
        num_frames=9,
        num_inference_steps=2,
        guidance_scale=5.0,
        generator=torch.Generator().manual_seed(1),
        **call,
    ).frames[0]
    return frames


def clip(folder: Path, size: tuple[int, int] = (64, 64)) -> Path:
    return make_clip(folder / "source.mp4", [Fraction(n, 16) for n in range(9)], size=size)


def test_a_new_clip_from_references(desk: Desk, twin_folder: Path, tmp_path: Path) -> None:
    pictures = [noise(64, 64), noise(32, 64, 3)]
    from_words = made(desk, task="create_clip")
    file = made(desk, task="create_clip", references=[desk.put(picture) for picture in pictures])
    assert (file.frames, from_words.frames) == (9, 9)
    assert from_words.content_sha256 == content_sha256(bare(desk, twin_folder), 16, tmp_path / "words")
    frames = bare(desk, twin_folder, reference_images=pictures)
    assert file.content_sha256 == content_sha256(frames, 16, tmp_path / "references")
    assert len(file.provenance["parents"]) == 2


def test_a_clip_between_two_frames(desk: Desk, twin_folder: Path, tmp_path: Path) -> None:
    first, last = noise(64, 64), noise(64, 64, 7)
    file = made(desk, task="animate_image", image=desk.put(first), last_image=desk.put(last))
    frames = bare(desk, twin_folder, video=[first, *[GRAY] * 7, last], mask=[SHOWN, *[HIDDEN] * 7, SHOWN])
    assert file.content_sha256 == content_sha256(frames, 16, tmp_path / "both")
    alone = made(desk, task="animate_image", image=desk.put(first))
    frames = bare(desk, twin_folder, video=[first, *[GRAY] * 8], mask=[SHOWN, *[HIDDEN] * 8])
    assert alone.content_sha256 == content_sha256(frames, 16, tmp_path / "first")


def test_a_painted_area_is_replaced_in_every_frame(desk: Desk, twin_folder: Path, tmp_path: Path) -> None:
    path, mask, reference = clip(tmp_path, (192, 128)), box_mask(192, 128, BOX), noise(64, 64, 3)
    given = {"clip": desk.put(path), "mask": desk.put(mask), "references": [desk.put(reference)]}
    file = made(desk, task="fill_clip", **given)
    assert (file.width, file.height, file.frames, file.notes) == (192, 128, 9, ())
    place = crop_around(mask, 64 * 64, 16)
    assert place is not None
    canvas, size = Canvas.of(place, (192, 128)), (place.width, place.height)
    small = binary(mask.resize(size, box=place.box))
    frames = [Image.composite(GRAY.resize(size), one, small) for one in read_frames(path, RATE, 9, canvas)]
    plain = bare(desk, twin_folder, size, video=frames, mask=[small] * 9, reference_images=[reference])
    filled = list(put_back(iter(plain), path, Region(canvas, (192, 128), small, mask), RATE))
    assert file.content_sha256 == content_sha256(np.stack(filled), 16, tmp_path / "bare")
    original = [np.asarray(one) / 255 for one in read_frames(path, RATE, 9, Canvas(192, 128, (0, 0, 1, 1)))]
    changed = np.abs(np.stack(filled) - original).max((0, 3)) > 0.01
    assert changed[20:36, 20:44].mean() > 0.9
    assert not changed[:, 60:].any()
    assert not changed[50:].any()


def test_a_mask_clip_moves(desk: Desk, twin_folder: Path, tmp_path: Path) -> None:
    path = clip(tmp_path)
    boxes = [box_mask(64, 64, (4 * n, 16, 4 * n + 24, 40)) for n in range(9)]
    pixels = [np.asarray(box.convert("RGB")) for box in boxes]
    masks = make_clip(tmp_path / "mask.mp4", [Fraction(n, 16) for n in range(9)], size=(64, 64), frames=pixels)
    file = made(desk, task="fill_clip", clip=desk.put(path), mask_clip=desk.put(masks))
    exact = [binary(frame.convert("L")) for frame in read_frames(masks, RATE, 9, FULL)]
    frames = read_frames(path, RATE, 9, FULL)
    video = [Image.composite(GRAY, frame, mask) for frame, mask in zip(frames, exact, strict=True)]
    plain = bare(desk, twin_folder, video=video, mask=exact)
    filled = list(put_back(iter(plain), path, Region(FULL, (64, 64), masks), RATE))
    assert file.content_sha256 == content_sha256(np.stack(filled), 16, tmp_path / "bare")
    assert len(file.provenance["parents"]) == 2


def binary(mask: Image.Image) -> Image.Image:
    return mask.point(lambda value: 255 if value > 127 else 0)


def test_a_clip_is_extended_to_another_shape(desk: Desk, tmp_path: Path) -> None:
    path = clip(tmp_path, (128, 64))
    file = made(desk, task="extend_clip", clip=desk.put(path), aspect="1:1")
    assert (file.width, file.height, file.frames) == (64, 64, 9)
    with pytest.raises(StudioError, match="already has the shape 1:1"):
        refused(desk, task="extend_clip", clip=desk.put(clip(tmp_path)), aspect="1:1")


def test_a_request_without_a_usable_mask_is_refused(desk: Desk, tmp_path: Path) -> None:
    path = desk.put(clip(tmp_path))
    with pytest.raises(StudioError, match="Paint over what should change") as info:
        refused(desk, task="fill_clip", clip=path)
    assert info.value.problem.field == "mask"
    wide = make_clip(tmp_path / "wide.mp4", [Fraction(0)], size=(128, 64))
    with pytest.raises(StudioError, match="different shapes"):
        refused(desk, task="fill_clip", clip=path, mask_clip=desk.put(wide))
    black = desk.put(box_mask(64, 64, (0, 0, 0, 0)))
    ended = desk.ask(task="fill_clip", model=desk.twin("wan-2.1-vace-1.3b"), prompt="x", clip=path, mask=black)
    assert isinstance(ended, protocol.Failed)
    assert ended.problem.code == "empty_mask"


def test_a_clip_is_never_changed_in_parts(desk: Desk, tmp_path: Path) -> None:
    given = {"task": "extend_clip", "clip": desk.put(clip(tmp_path)), "aspect": "9:16"}
    with pytest.raises(StudioError, match="“Duration” cannot be 10"):
        refused(desk, **given, seconds=10)
    with pytest.raises(StudioError, match="cannot change its prompt within this clip"):
        refused(desk, **{**given, "prompt": "0 s: a fox\n2 s: an owl"}, seconds=5)


def test_more_references_than_the_model_takes_are_refused(desk: Desk) -> None:
    with pytest.raises(StudioError, match="It takes text only"):
        refused(desk, "ltx-video", task="create_clip", references=[desk.put(noise(64, 64))])


def test_a_cancel_stops_at_the_next_step(desk: Desk, tmp_path: Path) -> None:
    clip_id, mask = desk.put(clip(tmp_path)), desk.put(box_mask(64, 64, BOX))
    model = desk.twin("wan-2.1-vace-1.3b")
    proofs.stops_when_cancelled(desk, model, task="fill_clip", clip=clip_id, mask=mask)


def refused(desk: Desk, entry: str = "wan-2.1-vace-1.3b", **request: Any) -> None:
    facts = {id: one.facts for id, one in desk.inputs.items()}
    desk.catalog.prepare(parse({"model": desk.twin(entry), "prompt": "x", "seconds": 0.5, **request}), facts)


def test_a_lora_of_wan_acts_and_leaves_no_trace(desk: Desk, twin_folder: Path, tmp_path: Path) -> None:
    from diffusers import WanVACEPipeline

    transformer = WanVACEPipeline.from_pretrained(build("wan-2.1-vace", twin_folder)).transformer
    layers = lora_files.changes(transformer, ("attn1.to_q", "attn1.to_v"))
    said = {"ss_base_model_version": "wan2.1_1.3b"}
    path = lora_files.write(tmp_path / "lora.safetensors", lora_files.dotted(layers, "transformer."), said)
    facts = inspect(path, path.name).facts
    assert facts.family == "wan21-1.3b"
    before = made(desk, task="create_clip")
    changed = made(desk, task="create_clip", loras=[{"asset": desk.add(path, facts), "weight": 1.5}])
    after = made(desk, task="create_clip")
    assert changed.content_sha256 != before.content_sha256 == after.content_sha256
