"""The small network on torch: the same as on ncnn, and used by the jobs of torch models."""

import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from engines.catalog import Catalog
from engines.enhance.upscaler import Ncnn, Srvgg, network
from engines.memory import Cpu
from errors import StudioError

SCALES = (2, 3, 4)


@pytest.fixture
def catalog(starter: Path, tmp_path: Path) -> Catalog:
    return Catalog(starter, tmp_path)


@pytest.mark.parametrize("scale", SCALES)
def test_it_upscales_like_ncnn(catalog: Catalog, scale: int) -> None:
    rgb = np.random.default_rng(scale).integers(0, 256, (20, 28, 3), np.uint8)
    entry = catalog.get("realesrgan-fast")
    made = []
    for net in (Ncnn(catalog, entry, scale), Srvgg(catalog, entry, scale)):
        model = net.component.load(Cpu())
        assert net.native(model) == scale
        made.append(net.through(model, rgb).astype(int))
        net.component.drop(model)
    assert made[0].shape == (20 * scale, 28 * scale, 3)
    assert np.abs(made[0] - made[1]).max() <= 1


@pytest.mark.parametrize(("model", "kind"), [("storybook-image", Srvgg), ("realesrgan-fast", Ncnn)])
def test_no_job_of_a_torch_model_runs_ncnn(catalog: Catalog, model: str, kind: type) -> None:
    context: Any = SimpleNamespace(entry=catalog.get(model), catalog=catalog)
    assert all(type(network(context, catalog.get("realesrgan-fast"), scale)) is kind for scale in SCALES)


@pytest.mark.parametrize("damage", ["cut off", "too long", "another network", "no description"])
def test_damaged_files_are_rejected_with_a_sentence(starter: Path, tmp_path: Path, damage: str) -> None:
    folder = tmp_path / "upscale-realesrgan"
    shutil.copytree(starter / "upscale-realesrgan", folder)
    param, bin = (folder / f"realesr-animevideov3-x2.{end}" for end in ("param", "bin"))
    whole = bin.read_bytes()
    match damage:
        case "cut off":
            bin.write_bytes(whole[:-100])
        case "too long":
            bin.write_bytes(whole + bytes(4))
        case "another network":
            shutil.copy(folder / "realesrgan-x4plus-anime.param", param)
        case _:
            param.write_text("1\n1 1\nConvolution\n")
    catalog = Catalog(tmp_path, tmp_path)
    with pytest.raises(StudioError) as refused:
        Srvgg(catalog, catalog.get("realesrgan-fast"), 2).component.load(Cpu())
    assert refused.value.problem.code == "corrupt_model"
