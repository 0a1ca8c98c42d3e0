"""LoRAs on the twins of every image family, in common layouts: they change the picture and leave nothing behind."""

from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors import safe_open

from engines.media.intake import inspect
from tests.engines.image.image_worker import Desk
from tests.engines.loras import lora_files as files

pytestmark = pytest.mark.slow

ATTENTION = ("to_q", "to_k", "to_v")
REQUEST_FIELDS = {"task": "create_image", "prompt": "a fox", "steps": 2, "width": 64, "height": 64}


@pytest.fixture
def desk(twin_folder: Path, tmp_path: Path) -> Desk:
    return Desk(twin_folder, tmp_path)


def layers_of(desk: Desk, model: str, targets: tuple[str, ...] = ATTENTION) -> dict[str, Any]:
    """Return the pairs of a LoRA for a twin's denoiser."""
    entry = desk.catalog.get(model)
    folder = desk.catalog.path(entry, "unet" if "unet" in entry.parts else "transformer")
    chance, found = torch.Generator().manual_seed(0), {}
    for path in sorted(folder.glob("*.safetensors")):
        with safe_open(path, "pt") as file:
            for name in file.keys():  # noqa: SIM118 - a file is not a dictionary
                layer, shape = name.removesuffix(".weight"), file.get_slice(name).get_shape()
                if layer.endswith(targets) and len(shape) == 2:
                    pair = [torch.randn(size, generator=chance) * 0.3 for size in ((4, shape[1]), (shape[0], 4))]
                    found[layer] = tuple(pair)
    assert found
    return found


LIGHTNING = ("lora_down", "lora_up")
WAYS: dict[str, Any] = {
    "kohya": lambda layers: files.kohya(layers),
    "ComfyUI": lambda layers: files.dotted(layers, "diffusion_model."),
    "diffusers": lambda layers: files.dotted(layers, "transformer."),
    "diffusers unet": lambda layers: files.dotted(layers, "unet."),
    "bare": lambda layers: files.dotted(layers, ""),
    "Lightning": lambda layers: files.dotted(layers, "", LIGHTNING),
}


@pytest.mark.parametrize(
    ("id", "said", "family", "ways"),
    [
        ("sdxl", "sdxl_base_v1-0", "sdxl", ["kohya", "diffusers unet", "bare"]),
        ("flux.1-schnell", "flux1", "flux1", ["diffusers", "bare"]),
        ("flux.2-klein-4b", "flux2", "flux2", ["diffusers", "bare"]),
        ("qwen-image", "qwen_image", "qwen-image", ["kohya", "ComfyUI", "diffusers", "bare", "Lightning"]),
        ("z-image-turbo", "zimage", "z-image", ["ComfyUI", "diffusers", "bare"]),
        ("hidream-i1-fast", "hidream", "hidream", ["ComfyUI", "diffusers"]),
    ],
)
def test_a_lora_of_the_family(desk: Desk, tmp_path: Path, id: str, said: str, family: str, ways: list[str]) -> None:
    model = desk.twin(id)
    layers = layers_of(desk, model)
    base = desk.files(**REQUEST_FIELDS, model=model)[0].content_sha256
    made = {}
    for way in ways:
        state = WAYS[way](layers)
        path = files.write(tmp_path / f"{way}.safetensors", state, {"ss_base_model_version": said})
        facts = inspect(path, path.name).facts
        assert facts.family == family, way
        loras = [{"asset": desk.add(path, facts), "weight": 1}]
        made[way] = desk.files(**REQUEST_FIELDS, model=model, loras=loras)[0].content_sha256
        assert desk.files(**REQUEST_FIELDS, model=model)[0].content_sha256 == base, way
    assert base not in made.values()
    assert len(set(made.values())) == 1, made


def made_with(desk: Desk, model: str, path: Path, family: str) -> str:
    """Return the pixel hash of a picture made with a LoRA."""
    facts = inspect(path, path.name).facts
    assert facts.family == family
    loras = [{"asset": desk.add(path, facts), "weight": 1}]
    return desk.files(**REQUEST_FIELDS, model=model, loras=loras)[0].content_sha256


def test_flux_with_original_layer_names_gives_the_same(desk: Desk, tmp_path: Path) -> None:
    model = desk.twin("flux.1-schnell")
    layers = layers_of(desk, model, ("attn.to_out.0",))
    theirs = {
        name.replace("transformer_blocks.", "double_blocks.").replace("attn.to_out.0", "img_attn.proj"): pair
        for name, pair in layers.items()
    }
    said = {"ss_base_model_version": "flux1"}
    ours = files.write(tmp_path / "ours.safetensors", files.dotted(layers, "transformer."), said)
    kohya = files.write(tmp_path / "kohya.safetensors", files.kohya(theirs), said)
    halved = {name: (down, up * 2) for name, (down, up) in theirs.items()}
    scaled = files.write(tmp_path / "scaled.safetensors", files.kohya(halved, alpha=2), said)
    base = desk.files(**REQUEST_FIELDS, model=model)[0].content_sha256
    with_it = made_with(desk, model, ours, "flux1")
    assert with_it != base
    assert made_with(desk, model, kohya, "flux1") == made_with(desk, model, scaled, "flux1") == with_it
    assert desk.files(**REQUEST_FIELDS, model=model)[0].content_sha256 == base


def test_wan_in_the_layouts_of_musubi_comfyui_and_lightx2v(desk: Desk, tmp_path: Path) -> None:
    model = desk.twin("wan-2.2-refine")
    ends = ("to_q", "to_k", "to_v", "to_out.0", "ffn.net.0.proj", "ffn.net.2")
    layers = layers_of(desk, model, ends)
    names = {"attn1": "self_attn", "attn2": "cross_attn", "to_q": "q", "to_k": "k", "to_v": "v", "to_out.0": "o"}
    theirs = {}
    for name, pair in layers.items():
        for ours, other in {**names, "net.0.proj": "0", "net.2": "2"}.items():
            name = name.replace(ours, other)
        theirs[name] = pair
    said = {"ss_base_model_version": "wan2.2_t2v_14b"}
    states = {
        "diffusers": files.dotted(layers, "transformer."),
        "musubi": files.kohya(theirs),
        "ComfyUI": files.dotted(theirs, "diffusion_model."),
        "LightX2V": files.dotted(theirs, "diffusion_model.", LIGHTNING),
    }
    biased = {f"diffusion_model.{name}.diff_b": torch.full((up.shape[0],), 0.1) for name, (_, up) in theirs.items()}
    base = desk.files(**REQUEST_FIELDS, model=model)[0].content_sha256
    made = {
        way: made_with(desk, model, files.write(tmp_path / f"{way}.safetensors", state, said), "wan22")
        for way, state in states.items()
    }
    assert base not in made.values()
    assert len(set(made.values())) == 1, made
    path = files.write(tmp_path / "biased.safetensors", states["LightX2V"] | biased, said)
    assert made_with(desk, model, path, "wan22") not in (base, made["LightX2V"])
    assert desk.files(**REQUEST_FIELDS, model=model)[0].content_sha256 == base
