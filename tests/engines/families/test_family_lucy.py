"""Lucy Edit: a clip edited by prompt is that of the plain pipeline."""

from fractions import Fraction
from pathlib import Path

import pytest

from engines.diffusion.clip_frames import Canvas, read_frames
from engines.twins import build
from tests.engines.families import family_checks as proofs
from tests.engines.families.clip_files import content_sha256
from tests.engines.image.image_worker import Desk
from tests.engines.media.clip_files import make_clip

pytestmark = pytest.mark.slow

WORDS = {"task": "edit_clip", "prompt": "make it snow", "steps": 2}


@pytest.fixture
def desk(twin_folder: Path, tmp_path: Path) -> Desk:
    return Desk(twin_folder, tmp_path)


def source(folder: Path, frames: int = 13, fps: int = 24, size: tuple[int, int] = (64, 64)) -> Path:
    return make_clip(folder / "source.mp4", [Fraction(n, fps) for n in range(frames)], size=size)


def test_an_edited_clip_is_that_of_the_plain_pipeline(desk: Desk, twin_folder: Path, tmp_path: Path) -> None:
    import torch
    from diffusers import LucyEditPipeline

    model, path = desk.twin("lucy-edit"), source(tmp_path)
    (made,) = desk.files(**WORDS, model=model, clip=desk.put(path))
    pipe = LucyEditPipeline.from_pretrained(build("lucy-edit", twin_folder), dtype=torch.float32)
    pipe.set_progress_bar_config(disable=True)
    frames = pipe(
        video=read_frames(path, Fraction(24), 13, Canvas(64, 64, (0, 0, 1, 1))),
        prompt=WORDS["prompt"],
        width=64,
        height=64,
        num_frames=13,
        num_inference_steps=2,
        guidance_scale=5.0,
        generator=torch.Generator().manual_seed(1),
    ).frames[0]
    assert (made.frames, made.notes) == (13, ())
    assert content_sha256(frames, 24, tmp_path) == made.content_sha256
    (other,) = desk.files(**{**WORDS, "prompt": "make it rain"}, model=model, clip=desk.put(path))
    assert other.content_sha256 != made.content_sha256


def test_a_large_clip_is_encoded_in_tiles(desk: Desk, tmp_path: Path) -> None:
    model = desk.twin("lucy-edit")
    entry = desk.catalog.get(model)
    grown = entry.model_copy(update={"pixels": 576 * 64, "bounds": {"seconds": (0.5, 5, 0.5)}})
    desk.catalog.entries[model] = grown
    path = source(tmp_path, frames=5, size=(576, 64))
    (made,) = desk.files(**{**WORDS, "steps": 1}, model=model, clip=desk.put(path))
    assert (made.width, made.height, made.frames) == (576, 64, 5)


def test_a_cancel_stops_at_the_next_step(desk: Desk, tmp_path: Path) -> None:
    clip = desk.put(source(tmp_path))
    proofs.stops_when_cancelled(desk, desk.twin("lucy-edit"), task="edit_clip", clip=clip)
