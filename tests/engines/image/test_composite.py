"""A model's small result is put back into the large picture: upscaled, and only where something changed."""

import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

from engines import protocol
from engines.catalog import Catalog
from engines.diffusion import crop
from engines.host.config import EngineConfig
from engines.host.context import Context
from engines.image import composite
from engines.image.inputs import resize_like
from engines.memory import Cpu, Swapper
from engines.requests import EditImage
from tests.engines.image.image_worker import noise

MEGAPIXEL = 1024 * 1024


@pytest.fixture(params=["starter", "nothing installed"])
def context(request: pytest.FixtureRequest, starter: Path, tmp_path: Path) -> Context:
    """A job with the starter's upscaler, or with none."""
    folder = starter if request.param == "starter" else tmp_path / "empty"
    asked = EditImage(prompt="x", image="0" * 32, model="stable-diffusion-1.5")
    envelope = protocol.Envelope(
        job="job", attempt=1, request=asked.model_dump(), out_dir=str(tmp_path), checkpoint_dir=str(tmp_path)
    )
    config = EngineConfig(starter=folder, catalog=tmp_path)
    return Context(envelope, asked, lambda event: None, Swapper(Cpu()), Catalog(folder, tmp_path), config)


def edited(
    picture: Image.Image, context: Context, change: Callable[[Image.Image], None], coding: float = 3
) -> np.ndarray:
    """A picture after a model changed it at one megapixel; ``coding`` is how much its VAE changes everywhere."""
    place = crop.whole_image(picture, MEGAPIXEL // 4, 16)
    seen = crop.crop_image(picture, place)
    altered = np.asarray(seen, np.float32) + np.random.default_rng(1).normal(0, coding, (*seen.size[::-1], 3))
    made = Image.fromarray(altered.clip(0, 255).astype(np.uint8))
    change(made)
    return np.asarray(resize_like(made, picture, context, seen))


def a_red_ball(made: Image.Image) -> None:
    """A region in the middle, a fifth of the picture wide."""
    x, y, r = made.width / 2, made.height / 2, min(made.size) / 5
    ImageDraw.Draw(made).ellipse((x - r, y - r, x + r, y + r), fill=(230, 20, 20))


@pytest.mark.parametrize("size", [(1501, 999), (640, 1233), (3000, 150)])
def test_only_changed_parts_are_new(context: Context, size: tuple[int, int]) -> None:
    picture = noise(*size)
    before, after = np.asarray(picture), edited(picture, context, a_red_ball)
    assert after.shape == before.shape
    middle = after[size[1] // 2, size[0] // 2].astype(int)
    assert np.abs(middle - (230, 20, 20)).max() < 12
    corner = (slice(0, size[1] // 5), slice(0, size[0] // 5))
    assert np.array_equal(after[corner], before[corner])
    reach = 0.6 if size[0] > 5 * size[1] else 0.35  # a ball and its edge take a larger part of a strip's height
    assert (after != before).any(axis=2).mean() < reach


def test_without_changes_the_picture_is_unchanged(context: Context) -> None:
    picture = noise(1500, 1000)
    assert np.array_equal(edited(picture, context, lambda made: None), np.asarray(picture))


@pytest.mark.slow
def test_a_fully_changed_picture_is_all_new(context: Context) -> None:
    picture = noise(900, 700)

    def night(made: Image.Image) -> None:
        made.paste(made.point(lambda value: value // 3))

    before, after = np.asarray(picture), edited(picture, context, night)
    assert (after != before).any(axis=2).mean() > 0.95
    assert after.mean() < 0.5 * before.mean()


@pytest.mark.slow
def test_a_picture_of_6000_px_takes_a_bounded_time(context: Context) -> None:
    picture = noise(6000, 4000)
    began = time.monotonic()
    after = edited(picture, context, a_red_ball)
    assert after.shape == (4000, 6000, 3)
    assert np.array_equal(after[:500], np.asarray(picture)[:500])
    assert time.monotonic() - began < 60


def test_a_picture_larger_than_the_networks_output_is_resized_smoothly(context: Context) -> None:
    made = noise(64, 40)
    assert composite.upscale_to(made, (1000, 625), context).size == (1000, 625)
    assert composite.upscale_to(made, (50, 31), context).size == (50, 31)
