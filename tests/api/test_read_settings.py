"""A picture's settings become fields of a request; its model is found by names used elsewhere."""

from pathlib import Path

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from api.read_settings import read_settings
from engines.catalog import Catalog
from errors import StudioError


def picture(path: Path, **texts: str) -> Path:
    tags = PngInfo()
    for name, text in texts.items():
        tags.add_itxt(name, text)
    Image.new("RGB", (8, 8)).save(path, pnginfo=tags)
    return path


@pytest.fixture(scope="module")
def catalog(tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    return Catalog(tmp_path_factory.mktemp("starter"), tmp_path_factory.mktemp("own"))


@pytest.mark.parametrize(
    ("facts", "id"),
    [
        ("Model: sd_xl_base_1.0", "sdxl"),
        ("Model: sd_xl_base_1.0_fp16", "sdxl"),
        ("Model: my merge, Model hash: 31e35c80fc", "sdxl"),
        ("Model hash: 6ce0161689", "stable-diffusion-1.5"),
        ("Model: v1-5-pruned-emaonly", "stable-diffusion-1.5"),
        ("Model: z_image_turbo_bf16", "z-image-turbo"),
        ("Model: flux1-dev-Q8_0", "flux.1-dev"),
        ("Model: flux1-schnell-fp8", "flux.1-schnell"),
        ("Model: FLUX1/flux1-dev.safetensors", "flux.1-dev"),
        ("Model: qwen_image_fp8_e4m3fn_scaled", "qwen-image"),
        ("Model: dreamshaper_8", None),
        ("Model hash: 0000000000", None),
    ],
)
def test_a_model_is_found_by_names_used_elsewhere(catalog: Catalog, tmp_path: Path, facts: str, id: str | None) -> None:
    found = read_settings(picture(tmp_path / "a.png", parameters=f"a fox\nSteps: 20, Seed: 5, {facts}"), catalog)
    assert found.request.get("model") == id
    assert any("catalog" in one or "hash" in one for one in found.unknown) is (id is None)


def test_unreadable_values_are_listed(catalog: Catalog, tmp_path: Path) -> None:
    long = read_settings(
        picture(tmp_path / "a.png", parameters=f"{'x' * 9000}\nSteps: 20, Seed: 5, Size: 64x64"), catalog
    )
    assert any("8,000 characters" in one for one in long.unknown)
    with pytest.raises(StudioError) as refused:
        read_settings(picture(tmp_path / "b.png", use_stable_diffusion_model="x"), catalog)
    assert refused.value.problem.code == "not_read_here"
    assert "Easy Diffusion" in refused.value.problem.what
