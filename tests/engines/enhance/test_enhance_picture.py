"""Pictures upscaled, cut out and restyled by the real starter models."""

import errno
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engines import protocol
from engines.enhance.tiles import count, tiles
from engines.host.worker import Worker
from engines.media import intake
from engines.media.picture import open_picture
from engines.requests import CutOut, StylizeImage, UpscaleImage
from tests.engines.enhance.enhance_worker import Desk, asset_id
from tests.support.samples import MEDIA

ONE = asset_id(0)
TWO = asset_id(1)


def pixels(image: Image.Image | Path) -> np.ndarray:
    return np.asarray(open_picture(image) if isinstance(image, Path) else image, np.float32)


def psnr(a: np.ndarray, b: np.ndarray) -> float:
    return float(10 * np.log10(255**2 / np.square(a - b).mean()))


def edges(a: np.ndarray) -> float:
    """Return how much neighboring pixels differ."""
    return float(np.abs(np.diff(a, axis=0)).mean() + np.abs(np.diff(a, axis=1)).mean())


@pytest.fixture(scope="module")
def tower() -> Image.Image:
    """A photo full of fine lines."""
    return Image.open(MEDIA / "images" / "tower.jpg").convert("RGB").crop((60, 100, 316, 356))


@pytest.mark.slow
@pytest.mark.parametrize(("model", "scale"), [("realesrgan-x4plus", 4), ("realesrgan-fast", 2), ("realesrgan-fast", 3)])
def test_upscaling_restores_more_than_resizing(
    desk: Desk, tmp_path: Path, tower: Image.Image, model: str, scale: int
) -> None:
    large = tower.crop((0, 0, 192, 192))
    small = large.resize((192 // scale, 192 // scale), Image.Resampling.BICUBIC)
    small.save(tmp_path / "small.png")
    came = desk.do(UpscaleImage(image=ONE, scale=scale, model=model), tmp_path / "small.png")
    ours, plain = pixels(came.path), pixels(small.resize(large.size, Image.Resampling.BICUBIC))
    assert ours.shape == (192, 192, 3)
    assert edges(ours) > 1.2 * edges(plain)
    assert psnr(ours, pixels(large)) > psnr(plain, pixels(large)) - 1.5  # adds detail, but stays the same picture
    assert intake.read_provenance(came.path) == came.file.provenance
    assert came.file.provenance["request"]["scale"] == scale


@pytest.mark.slow
def test_there_is_no_seam_between_tiles(desk: Desk, tmp_path: Path) -> None:
    y, x = np.mgrid[0:200, 0:1100]
    slope = np.stack((x / 5, y, (x + y) / 6), -1).clip(0, 255).astype(np.uint8)
    Image.fromarray(slope).save(tmp_path / "slope.png")
    came = desk.do(UpscaleImage(image=ONE, scale=2, model="realesrgan-fast"), tmp_path / "slope.png")
    ours = pixels(came.path)
    steps = np.abs(np.diff(ours[..., 0].mean(axis=0)))
    at = 2 * 512
    assert steps[at - 1] < steps[at - 40 : at + 40].mean() + 1
    assert psnr(ours, pixels(Image.fromarray(slope).resize((2200, 400), Image.Resampling.BICUBIC))) > 35
    assert len(came.of(protocol.Preview)) >= 1


def test_transparency_is_upscaled_too(desk: Desk, tmp_path: Path) -> None:
    logo = Image.open(MEDIA / "images" / "hf-logo_transpng.png").convert("RGBA").resize((64, 64))
    logo.save(tmp_path / "logo.png")
    came = desk.do(UpscaleImage(image=ONE, scale=4, model="realesrgan-fast"), tmp_path / "logo.png")
    alpha = pixels(came.path)[..., 3]
    assert alpha.shape == (256, 256)
    plain = pixels(logo.resize((256, 256), Image.Resampling.BICUBIC))[..., 3]
    assert np.abs(alpha - plain).mean() < 6
    assert edges(alpha) >= 0.9 * edges(plain)


@pytest.mark.parametrize("size", [(1, 1), (3, 200), (129, 5)])
def test_any_size_can_be_upscaled(desk: Desk, tmp_path: Path, size: tuple[int, int]) -> None:
    Image.new("RGB", size, (10, 200, 30)).save(tmp_path / "p.png")
    came = desk.do(UpscaleImage(image=ONE, scale=3, model="realesrgan-fast"), tmp_path / "p.png")
    assert (came.file.width, came.file.height) == (3 * size[0], 3 * size[1])
    assert np.abs(pixels(came.path).mean((0, 1)) - (10, 200, 30)).max() < 12
    assert np.ptp(pixels(came.path), axis=(0, 1)).max() < 4  # even up to the border


def test_cancelling_stops_at_the_next_tile(desk: Desk, tmp_path: Path) -> None:
    Image.effect_noise((600, 40), 50).save(tmp_path / "p.png")

    def stop(worker: object, event: protocol.Event) -> None:
        if isinstance(event, protocol.Progress) and event.step == 1:
            worker.cancel(event.job)

    came = desk.do(UpscaleImage(image=ONE, model="realesrgan-fast"), tmp_path / "p.png", on_event=stop)
    assert isinstance(came.ended, protocol.Cancelled)
    assert max(event.step for event in came.of(protocol.Progress)) == 1
    assert not list(came.folder.glob("*.*"))


@pytest.mark.slow
@pytest.mark.parametrize("step", [2, 5, 9])
def test_a_picture_that_yielded_continues_and_is_the_same(desk: Desk, tmp_path: Path, step: int) -> None:
    """Three tiles in the first pass and seven in the second: it yields within each of them, and between the two."""

    def request_yield(worker: Worker, event: protocol.Event) -> None:
        if isinstance(event, protocol.Progress) and event.step == step:
            worker.request_yield(event.job)

    Image.effect_noise((1040, 8), 50).convert("RGB").save(tmp_path / "p.png")
    request = UpscaleImage(image=ONE, long_side=6000, model="realesrgan-fast")
    whole = desk.do(request, tmp_path / "p.png")
    total = max(event.total for event in whole.of(protocol.Progress))
    first = desk.do(request, tmp_path / "p.png", on_event=request_yield, checkpoint=tmp_path / "kept")
    assert isinstance(first.ended, protocol.Yielded)
    second = desk.do(request, tmp_path / "p.png", checkpoint=tmp_path / "kept")
    assert [event.step for event in second.of(protocol.Progress)] == list(range(step, total + 1))
    assert second.file.content_sha256 == whole.file.content_sha256


def test_a_picture_whose_tiles_cannot_be_saved_does_not_yield(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("engines.enhance.tile_checkpoint.np.savez", full)
    Image.effect_noise((1040, 8), 50).convert("RGB").save(tmp_path / "p.png")
    request = UpscaleImage(image=ONE, model="realesrgan-fast")
    came = desk.do(request, tmp_path / "p.png", checkpoint=tmp_path / "kept", on_event=_request_yield)
    assert isinstance(came.ended, protocol.Result)
    assert list((tmp_path / "kept").iterdir()) == []


def _request_yield(worker: Worker, event: protocol.Event) -> None:
    if isinstance(event, protocol.Progress):
        worker.request_yield(event.job)


def test_a_damaged_checkpoint_costs_only_time(desk: Desk, tmp_path: Path, photo: Path) -> None:
    (tmp_path / "kept").mkdir()
    (tmp_path / "kept" / "tiles.npz").write_bytes(b"PK\x03\x04 half")
    came = desk.do(UpscaleImage(image=ONE, model="realesrgan-fast"), photo, checkpoint=tmp_path / "kept")
    assert isinstance(came.ended, protocol.Result)


@pytest.mark.slow
def test_same_request_same_pixels(desk: Desk, photo: Path) -> None:
    request = UpscaleImage(image=ONE, model="realesrgan-fast")
    first, second = desk.do(request, photo).file, desk.do(request, photo).file
    assert first.content_sha256 == second.content_sha256


def test_tiles_cover_a_picture_once() -> None:
    for width, height, side in ((1, 1, 8), (8, 8, 8), (17, 30, 8), (100, 7, 16)):
        seen = np.zeros((height, width), int)
        parts = list(tiles(width, height, side))
        for left, top, right, bottom in parts:
            seen[top:bottom, left:right] += 1
            assert 0 < right - left <= side
            assert 0 < bottom - top <= side
        assert (seen == 1).all()
        assert len(parts) == count(width, height, side)


@pytest.mark.slow
def test_a_cheetah_is_cut_out_of_the_savanna(desk: Desk) -> None:
    came = desk.do(CutOut(image=ONE), MEDIA / "images" / "cheetah.jpg")
    result = pixels(came.path)
    mask = result[..., 3] / 255
    assert result.shape == (343, 502, 4)
    # Where it is running, measured by eye, in px.
    box = np.zeros_like(mask)
    box[118:235, 82:378] = 1
    assert (mask * box).sum() > 0.97 * mask.sum()
    assert 0.1 < mask[118:235, 82:378].mean() < 0.7
    assert mask[135:170, 220:320].mean() > 0.9
    assert np.array_equal(result[..., :3], pixels(MEDIA / "images" / "cheetah.jpg"))


@pytest.mark.parametrize(
    ("background", "color"), [("white", (255, 255, 255)), ("black", (0, 0, 0)), ("green", (0, 177, 64))]
)
def test_backgrounds(desk: Desk, background: str, color: tuple[int, ...]) -> None:
    came = desk.do(CutOut(image=ONE, background=background), MEDIA / "images" / "cheetah.jpg")
    result = pixels(came.path)
    assert result.shape[2] == 3
    assert tuple(result[5, 5]) == color
    assert np.abs(result[170, 240] - pixels(MEDIA / "images" / "cheetah.jpg")[170, 240]).max() < 5


def test_a_wider_feather_makes_a_softer_edge(desk: Desk) -> None:
    def soft(feather: float) -> int:
        came = desk.do(CutOut(image=ONE, feather=feather), MEDIA / "images" / "lion.jpg")
        alpha = pixels(came.path)[..., 3]
        return int(((alpha > 12) & (alpha < 243)).sum())

    assert soft(0) < soft(8)


def test_transparent_parts_stay_transparent(desk: Desk, tmp_path: Path) -> None:
    lion = Image.open(MEDIA / "images" / "lion.jpg").convert("RGBA")
    lion.paste((0, 0, 0, 0), (0, 0, lion.width // 2, lion.height))
    lion.save(tmp_path / "half.png")
    alpha = pixels(desk.do(CutOut(image=ONE), tmp_path / "half.png").path)[..., 3]
    assert alpha[:, : lion.width // 2].max() == 0


def test_an_empty_picture_has_no_subject(desk: Desk, tmp_path: Path) -> None:
    Image.new("RGB", (300, 200), (128, 128, 128)).save(tmp_path / "grey.png")
    ended = desk.do(CutOut(image=ONE), tmp_path / "grey.png").ended
    assert isinstance(ended, protocol.Failed)
    assert ended.problem.code == "no_subject"


@pytest.fixture(scope="module")
def lion() -> np.ndarray:
    return pixels(MEDIA / "images" / "lion.jpg")


def test_every_look_is_named_and_different(desk: Desk, lion: np.ndarray) -> None:
    choices = desk.catalog.field_choices("stylize_image", "style")
    assert [choice.value for choice in choices] == [f"style-{number:02}" for number in range(26)]
    assert len({choice.label for choice in choices}) == 26
    results = []
    for choice in choices[::9]:
        came = desk.do(StylizeImage(image=ONE, style=str(choice.value)), MEDIA / "images" / "lion.jpg")
        results.append(pixels(came.path))
    for number, result in enumerate(results):
        assert result.shape == lion.shape
        assert psnr(result, lion) < 20
        assert all(psnr(result, other) < 22 for other in results[:number])


def test_strength_blends(desk: Desk, lion: np.ndarray) -> None:
    def apart(strength: float) -> float:
        came = desk.do(StylizeImage(image=ONE, strength=strength), MEDIA / "images" / "lion.jpg")
        return float(np.abs(pixels(came.path) - lion).mean())

    assert apart(0) == 0
    assert 0 < apart(0.5) < apart(1)


def test_the_look_of_another_picture(desk: Desk, lion: np.ndarray) -> None:
    def styled(style: str) -> np.ndarray:
        request = StylizeImage(image=ONE, style_image=TWO)
        return pixels(desk.do(request, MEDIA / "images" / "lion.jpg", MEDIA / "images" / style).path)

    tower, groot = styled("tower.jpg"), styled("groot.jpeg")
    assert tower.shape == lion.shape
    assert psnr(tower, groot) < 22
    assert psnr(tower, lion) < 22


@pytest.mark.parametrize("size", [(33, 7), (1100, 400)])
def test_size_and_transparency_survive_restyling(desk: Desk, tmp_path: Path, size: tuple[int, int]) -> None:
    picture = Image.open(MEDIA / "images" / "lion.jpg").resize(size).convert("RGBA")
    picture.putalpha(Image.linear_gradient("L").resize(size))
    picture.save(tmp_path / "p.png")
    for request, inputs in (
        (StylizeImage(image=ONE), [tmp_path / "p.png"]),
        (StylizeImage(image=ONE, style_image=TWO), [tmp_path / "p.png", MEDIA / "images" / "tower.jpg"]),
    ):
        result = pixels(desk.do(request, *inputs).path)
        assert result.shape == (size[1], size[0], 4)
        assert np.array_equal(result[..., 3], np.asarray(picture.getchannel("A")))


def test_large_pictures_keep_their_fine_detail(desk: Desk, tmp_path: Path) -> None:
    fine = Image.open(MEDIA / "images" / "groot.jpeg").convert("RGB").resize((1600, 900), Image.Resampling.LANCZOS)
    grain = np.random.default_rng(0).normal(0, 20, (900, 1600, 1))
    Image.fromarray((pixels(fine) + grain).clip(0, 255).astype(np.uint8)).save(tmp_path / "p.png")
    result = pixels(desk.do(StylizeImage(image=ONE, style="style-14"), tmp_path / "p.png").path)
    assert edges(result) > 0.5 * edges(pixels(tmp_path / "p.png"))


def test_a_result_that_would_be_too_large_is_rejected_in_advance(desk: Desk, tmp_path: Path) -> None:
    from errors import StudioError

    Image.new("1", (12_000, 4000)).save(tmp_path / "wide.png")
    with pytest.raises(StudioError, match="too large"):
        desk.do(UpscaleImage(image=ONE, scale=4), tmp_path / "wide.png")


@pytest.mark.parametrize("size", [(1, 1), (1, 40), (40, 1), (3, 2)])
def test_the_smallest_pictures_are_restyled(desk: Desk, tmp_path: Path, size: tuple[int, int]) -> None:
    Image.new("RGB", size, (90, 120, 60)).save(tmp_path / "small.png")
    came = desk.do(StylizeImage(image=asset_id(0)), tmp_path / "small.png")
    assert (came.file.width, came.file.height) == size
