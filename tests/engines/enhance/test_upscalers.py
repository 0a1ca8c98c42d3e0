"""Pictures upscaled to a long side in tiles, and by other upscalers than the starter's."""

from pathlib import Path
from unittest.mock import patch

import numpy as np
import pytest
from PIL import Image

from engines import protocol, twins
from engines.catalog import Catalog
from engines.enhance import upscaler
from engines.enhance.tiles import megapixels_seen, stages
from engines.hub import add_model
from engines.media.picture import open_picture
from engines.requests import UpscaleImage
from errors import StudioError
from tests.engines.enhance.enhance_worker import Desk, asset_id

ONE = asset_id(0)


def picture(path: Path, width: int, height: int) -> Path:
    """A picture of soft colors."""
    small = np.random.default_rng(3).integers(0, 256, (max(2, height // 40), max(2, width // 40), 3), np.uint8)
    Image.fromarray(small).resize((width, height), Image.Resampling.BICUBIC).save(path)
    return path


@pytest.mark.slow
@pytest.mark.parametrize(
    ("size", "long_side", "wanted"),
    [
        ((560, 101), 2240, (2240, 404)),
        ((90, 161), 1000, (559, 1000)),
        ((70, 300), 333, (78, 333)),
        ((64, 64), 65, (65, 65)),
    ],
)
def test_a_long_side_is_reached_exactly(
    desk: Desk, tmp_path: Path, size: tuple[int, int], long_side: int, wanted: tuple[int, int]
) -> None:
    source = picture(tmp_path / "small.png", *size)
    came = desk.do(UpscaleImage(image=ONE, long_side=long_side, model="realesrgan-fast"), source)
    large = open_picture(came.path)
    assert large.size == wanted == (came.file.width, came.file.height)
    plain = open_picture(source).resize(wanted, Image.Resampling.BICUBIC)
    apart = np.abs(np.asarray(large, np.float32) - np.asarray(plain, np.float32))
    assert apart.mean() < 8  # the same picture: no tile is misplaced


@pytest.mark.slow
def test_a_larger_picture_is_resized_and_never_processed_whole(desk: Desk, tmp_path: Path) -> None:
    source = picture(tmp_path / "long.png", 20_000, 200)
    came = desk.do(UpscaleImage(image=ONE, long_side=4000, model="realesrgan-fast"), source)
    assert open_picture(came.path).size == (4000, 40)


@pytest.mark.slow
def test_the_network_sees_tiles_of_any_large_picture(desk: Desk, tmp_path: Path) -> None:
    seen: list[tuple[int, ...]] = []
    through = upscaler.Ncnn.through

    def watched(self: upscaler.Ncnn, model: object, rgb: np.ndarray) -> np.ndarray:
        seen.append(rgb.shape)
        return through(self, model, rgb)

    source = picture(tmp_path / "strip.png", 4000, 20)
    with patch.object(upscaler.Ncnn, "through", watched):
        came = desk.do(UpscaleImage(image=ONE, scale=2, model="realesrgan-fast"), source)
    assert (came.file.width, came.file.height) == (8000, 40)
    assert max(max(shape) for shape in seen) <= 512 + 2 * 16


def test_every_pass_counts_as_work() -> None:
    assert stages((100, 50), (400, 200), 4) == [(400, 200)]
    assert stages((100, 50), (3840, 1920), 4) == [(400, 200), (1600, 800), (3840, 1920)]
    assert stages((5000, 50), (3840, 38), 4) == []
    assert megapixels_seen((1000, 1000), (4000, 4000)) == 1
    assert megapixels_seen((1000, 1000), (8000, 8000)) == 17


def test_a_long_side_above_the_limit_is_rejected() -> None:
    for side in (63, 8193):
        with pytest.raises(ValueError, match="long_side"):
            UpscaleImage(image=ONE, long_side=side)


# -- other networks


@pytest.mark.slow
@pytest.mark.parametrize("entry", ["swin2sr", "realesrgan-torch"])
@pytest.mark.parametrize("size", [(70, 45), (261, 19)])
def test_torch_upscalers_work_by_tiles(
    desk: Desk, twin_folder: Path, tmp_path: Path, entry: str, size: tuple[int, int]
) -> None:
    model = twins.install_entry(entry, twin_folder, desk.folder / "own")
    source = picture(tmp_path / "small.png", *size)
    came = desk.do(UpscaleImage(image=ONE, scale=2, model=model), source)
    assert open_picture(came.path).size == (2 * size[0], 2 * size[1])
    came = desk.do(UpscaleImage(image=ONE, long_side=5 * size[0], model=model), source)
    assert (came.file.width, came.file.height) == (5 * size[0], 5 * size[1])


@pytest.mark.slow
def test_an_upscaler_is_added_from_its_file(desk: Desk, tmp_path: Path) -> None:
    built = twins.build("esrgan", tmp_path / "mine")
    file = (built / "RealESRGAN_x4plus.safetensors").rename(tmp_path / "4x-OurFilms.safetensors")
    entry = add_model.enter(desk.catalog, add_model.from_path(desk.catalog, file), desk.folder / "own")
    assert (entry.id, entry.name, entry.license.commercial) == ("4x-ourfilms", "4x-OurFilms", False)
    came = desk.do(UpscaleImage(image=ONE, scale=4, model=entry.id), picture(tmp_path / "p.png", 33, 20))
    assert (came.file.width, came.file.height) == (132, 80)


@pytest.mark.slow
def test_a_file_that_is_not_an_upscaler_is_rejected(desk: Desk, tmp_path: Path, twin_folder: Path) -> None:
    known = add_model.from_path(desk.catalog, _esrgan_without_its_end(tmp_path / "half.safetensors"))
    entry = add_model.enter(desk.catalog, known, desk.folder / "own")
    came = desk.do(UpscaleImage(image=ONE, model=entry.id), picture(tmp_path / "p.png", 20, 20))
    assert isinstance(came.ended, protocol.Failed)
    assert came.ended.problem.code in ("no_upscaler", "corrupt_model")


def _esrgan_without_its_end(path: Path) -> Path:
    import torch
    from safetensors.torch import save_file

    save_file({"conv_first.weight": torch.zeros(8, 3, 3, 3), "something.else": torch.zeros(2)}, path)
    return path


def test_a_pickle_is_not_an_upscaler(tmp_path: Path, desk: Desk) -> None:
    (tmp_path / "4x.pth").write_bytes(b"\x80\x04.")
    with pytest.raises(StudioError) as refused:
        add_model.from_path(Catalog(tmp_path, tmp_path), tmp_path / "4x.pth")
    assert "safetensors" in refused.value.problem.why
