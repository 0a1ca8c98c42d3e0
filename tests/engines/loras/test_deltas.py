"""A LoRA adds up @ down * alpha / rank to each layer, whichever program wrote it and however its ranks differ."""

from collections.abc import Callable, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from engines import torch_setup, twins
from engines.diffusion import lora
from engines.media.intake import inspect
from errors import StudioError
from tests.engines.loras import lora_files as files

pytestmark = pytest.mark.slow

State = dict[str, torch.Tensor]
Changes = Mapping[str, tuple[torch.Tensor, torch.Tensor, float]]
"""By layer: down, up, alpha."""

ATTENTION = ("to_q", "to_k", "to_v", "to_out.0", "proj_in", "ff.net.2")
CONVOLUTIONS = ("conv1", "conv2", "conv_shortcut", "downsamplers.0.conv", "upsamplers.0.conv")
READING = ("q_proj", "k_proj", "v_proj", "out_proj", "fc1", "fc2")
RANKS = (4, 8, 2, 4, 5)
ALPHAS = (4.0, 1.0, 16.0)


@pytest.fixture(scope="module")
def pipelines(twin_folder: Path) -> Mapping[str, Any]:
    """The twins' pipelines."""
    torch_setup.import_heavy("diffusers", "transformers")
    from diffusers import StableDiffusionPipeline, StableDiffusionXLPipeline

    made = {}
    for name, kind in (("stable-diffusion-1.5", StableDiffusionPipeline), ("sdxl", StableDiffusionXLPipeline)):
        root = twins.build(name, twin_folder)
        made[name] = kind.from_pretrained(root, variant="fp16", dtype=torch.float32, local_files_only=True)
    return made


def changes(model: torch.nn.Module, targets: tuple[str, ...]) -> Changes:
    """Return a change with its own rank and alpha for each layer whose name has one of the endings."""
    chance = torch.Generator().manual_seed(1)
    found: dict[str, tuple[torch.Tensor, torch.Tensor, float]] = {}
    for name, module in model.named_modules():
        weight = getattr(module, "weight", None)
        if name.endswith(targets) and weight is not None:
            rank, alpha = RANKS[len(found) % len(RANKS)], ALPHAS[len(found) % len(ALPHAS)]
            sides = weight.shape[2:]
            down = torch.randn(rank, weight.shape[1], *sides, generator=chance)
            found[name] = (down, torch.randn(weight.shape[0], rank, *(1 for _ in sides), generator=chance), alpha)
    assert len(found) > len(RANKS)
    return found


def flat(prefix: str, rename: Callable[[str], str] = lambda name: name, *, scaled: bool = True) -> Any:
    """Name tensors like kohya; without ``scaled`` there are no alphas."""

    def write(layers: Changes) -> State:
        state: State = {}
        for name, (down, up, alpha) in layers.items():
            stem = prefix + rename(name).replace(".", "_")
            state |= {f"{stem}.lora_down.weight": down, f"{stem}.lora_up.weight": up}
            if scaled:
                state[f"{stem}.alpha"] = torch.tensor(alpha)
        return state

    return write


def dotted(prefix: str, down: str = "lora_A.weight", up: str = "lora_B.weight", *, scaled: bool = False) -> Any:
    """Name tensors with dots."""

    def write(layers: Changes) -> State:
        state: State = {}
        for name, (first, second, alpha) in layers.items():
            state |= {f"{prefix}{name}.{down}": first, f"{prefix}{name}.{up}": second}
            if scaled:
                state[f"{prefix}{name}.alpha"] = torch.tensor(alpha)
        return state

    return write


def processors(layers: Changes) -> State:
    """Name tensors like diffusers before peft: only attention."""
    state: State = {}
    for name, (down, up, _) in layers.items():
        attention, _, layer = name.rpartition(".to_")
        stem = f"unet.{attention}.processor.to_{layer.removesuffix('.0')}_lora"
        state |= {f"{stem}.down.weight": down, f"{stem}.up.weight": up}
    return state


def first_makers(name: str) -> str:
    """Return the original name of a layer of SDXL's twin, whose blocks have one resnet each."""
    block, rest = name.split(".", 1)
    if block == "mid_block":
        kind, number, layer = rest.split(".", 2)
        return f"middle_block.{1 if kind == 'attentions' else 2 * int(number)}.{of_resnet(layer)}"
    number, kind, within, layer = rest.split(".", 3)
    place = 1 + 2 * int(number) + int(within) if block == "down_blocks" else 2 * int(number) + int(within)
    if kind == "downsamplers":
        return f"input_blocks.{2 * int(number) + 2}.0.op"
    side = "input" if block == "down_blocks" else "output"
    if kind == "upsamplers":
        return f"output_blocks.{2 * int(number) + 1}.2.conv"
    return f"{side}_blocks.{place}.{int(kind == 'attentions')}.{of_resnet(layer)}"


def of_resnet(layer: str) -> str:
    return {"conv1": "in_layers.2", "conv2": "out_layers.3", "conv_shortcut": "skip_connection"}.get(layer, layer)


def deltas(pipeline: Any, model: torch.nn.Module, path: Path, *, reading: bool = False) -> dict[str, torch.Tensor]:
    """Return what a LoRA adds to each layer of a pipeline's model."""
    facts = inspect(path, path.name).facts
    context = SimpleNamespace(
        check=lambda: None,
        input=lambda _: path,
        facts=lambda _: facts,
        inputs={"a": SimpleNamespace(title=path.stem, facts=facts)},
        entry=SimpleNamespace(name="the twin"),
    )
    add = lora.apply_to_text_encoders if reading else lora.apply_loras
    with add(pipeline, context, {"a": 1.0}):  # type: ignore[arg-type]
        return {
            name: module.get_delta_weight("lora0").float().clone()
            for name, module in model.named_modules()
            if "lora0" in getattr(module, "scaling", {})
        }


def same(found: Mapping[str, torch.Tensor], layers: Changes, *, scaled: bool) -> None:
    assert found.keys() == layers.keys()
    for name, (down, up, alpha) in layers.items():
        expected = (up.flatten(1) @ down.flatten(1)).reshape(found[name].shape)
        scale = alpha / down.shape[0] if scaled else 1.0
        assert torch.allclose(found[name], expected * scale, rtol=1e-4, atol=1e-4), name


UNET: dict[str, tuple[str, tuple[str, ...], Any, bool]] = {
    "kohya": ("stable-diffusion-1.5", ATTENTION, flat("lora_unet_"), True),
    "kohya without alpha": ("stable-diffusion-1.5", ATTENTION, flat("lora_unet_", scaled=False), False),
    "kohya's LoCon": ("stable-diffusion-1.5", ATTENTION + CONVOLUTIONS, flat("lora_unet_"), True),
    "kohya, SDXL": ("sdxl", ATTENTION + CONVOLUTIONS, flat("lora_unet_"), True),
    "kohya, SDXL in its makers' names": ("sdxl", ATTENTION + CONVOLUTIONS, flat("lora_unet_", first_makers), True),
    "LyCORIS": ("stable-diffusion-1.5", ATTENTION, flat("lycoris_"), True),
    "OneTrainer": ("sdxl", ATTENTION, dotted("lora_unet.", "lora_down.weight", "lora_up.weight", scaled=True), True),
    "diffusers": ("sdxl", ATTENTION, dotted("unet."), False),
    "diffusers, halves": ("sdxl", ATTENTION, dotted("unet.", "lora.down.weight", "lora.up.weight"), False),
    "diffusers, processors": ("sdxl", ATTENTION[:4], processors, False),
    "diffusers, processors of 1.5": ("stable-diffusion-1.5", ATTENTION[:4], processors, False),
    "peft": ("sdxl", ATTENTION, dotted("base_model.model."), False),
    "peft, named": ("sdxl", ATTENTION, dotted("base_model.model.unet.", "lora_A.x.weight", "lora_B.x.weight"), False),
    "ComfyUI": ("stable-diffusion-1.5", ATTENTION + CONVOLUTIONS, dotted("diffusion_model.", scaled=True), True),
    "bare": ("sdxl", ATTENTION, dotted(""), False),
}


@pytest.mark.parametrize("way", UNET)
def test_each_layer_of_a_unet_has_its_own_scale(pipelines: Mapping[str, Any], tmp_path: Path, way: str) -> None:
    twin, targets, write, scaled = UNET[way]
    pipeline = pipelines[twin]
    layers = changes(pipeline.unet, targets)
    family = "sdxl" if twin == "sdxl" else "sd15"
    path = files.write(tmp_path / "one.safetensors", write(layers), {"c41_family": family})
    same(deltas(pipeline, pipeline.unet, path), layers, scaled=scaled)
    assert not [name for name, _ in pipeline.unet.named_parameters() if "lora" in name]


ENCODERS: dict[str, tuple[str, Any, bool]] = {
    "kohya": ("lora_te1_", flat("lora_te1_"), True),
    "kohya's second": ("lora_te2_", flat("lora_te2_"), True),
    "diffusers": ("", dotted("text_encoder."), False),
    "diffusers's second": ("", dotted("text_encoder_2."), False),
    "diffusers, older": (
        "", dotted("text_encoder.", "lora_linear_layer.down.weight", "lora_linear_layer.up.weight"), False
    ),
    "ComfyUI": ("", dotted("text_encoders.clip_g.transformer.", scaled=True), True),
}  # fmt: skip


@pytest.mark.parametrize("targets", [READING, READING[:1], READING[4:]], ids=["all", "queries", "mlp"])
@pytest.mark.parametrize("way", ENCODERS)
def test_each_layer_of_a_text_encoder_has_its_own_scale(
    pipelines: Mapping[str, Any], tmp_path: Path, way: str, targets: tuple[str, ...]
) -> None:
    _, write, scaled = ENCODERS[way]
    pipeline = pipelines["sdxl"]
    encoder = pipeline.text_encoder_2 if "second" in way or way == "ComfyUI" else pipeline.text_encoder
    layers = files_for(encoder, targets)
    path = files.write(tmp_path / "one.safetensors", write(as_written(layers)), {"c41_family": "sdxl"})
    same(deltas(pipeline, encoder, path, reading=True), layers, scaled=scaled)


def files_for(encoder: torch.nn.Module, targets: tuple[str, ...]) -> Changes:
    chance = torch.Generator().manual_seed(2)
    found: dict[str, tuple[torch.Tensor, torch.Tensor, float]] = {}
    for name, module in encoder.named_modules():
        if isinstance(module, torch.nn.Linear) and name.endswith(targets):
            rank, alpha = RANKS[len(found) % len(RANKS)], ALPHAS[len(found) % len(ALPHAS)]
            down = torch.randn(rank, module.in_features, generator=chance)
            found[name] = (down, torch.randn(module.out_features, rank, generator=chance), alpha)
    return found


def as_written(layers: Changes) -> Changes:
    """All programs write the prefix ``text_model.``, which some versions of transformers omit."""
    return {f"text_model.{name.removeprefix('text_model.')}": change for name, change in layers.items()}


def test_a_tucker_decomposition_becomes_a_pair(pipelines: Mapping[str, Any], tmp_path: Path) -> None:
    pipeline = pipelines["stable-diffusion-1.5"]
    layers = {name: one for name, one in changes(pipeline.unet, CONVOLUTIONS).items() if one[0].shape[-1] == 3}
    state: State = {}
    expected: dict[str, tuple[torch.Tensor, torch.Tensor, float]] = {}
    for name, (down, up, alpha) in layers.items():
        stem = f"lora_unet_{name.replace('.', '_')}"
        rank = down.shape[0]
        middle = torch.randn(rank, rank, 3, 3, generator=torch.Generator().manual_seed(rank))
        first = down[:, :, :1, :1].contiguous()
        state |= {f"{stem}.lora_down.weight": first, f"{stem}.lora_mid.weight": middle}
        state |= {f"{stem}.lora_up.weight": up, f"{stem}.alpha": torch.tensor(alpha)}
        expected[name] = (torch.einsum("rskl,si->rikl", middle, first[:, :, 0, 0]), up, alpha)
    state |= {"lora_unet_mid_block_attentions_0_norm.diff": torch.zeros(16)}
    path = files.write(tmp_path / "one.safetensors", state, {"c41_family": "sd15"})
    same(deltas(pipeline, pipeline.unet, path), expected, scaled=True)


@pytest.mark.parametrize("way", ["kohya", "peft"])
def test_a_dora_normalizes_each_layer(pipelines: Mapping[str, Any], tmp_path: Path, way: str) -> None:
    pipeline = pipelines["stable-diffusion-1.5"]
    layers = changes(pipeline.unet, ATTENTION[:4])
    lengths = {name: torch.rand(up.shape[0]) + 0.5 for name, (_, up, _) in layers.items()}
    if way == "kohya":
        state = flat("lora_unet_")(layers)
        state |= {f"lora_unet_{name.replace('.', '_')}.dora_scale": one[:, None] for name, one in lengths.items()}
    else:
        state = dotted("unet.")(layers)
        state |= {f"unet.{name}.lora_magnitude_vector": one for name, one in lengths.items()}
    path = files.write(tmp_path / "one.safetensors", state, {"c41_family": "sd15"})
    found = magnitudes(pipeline, path)
    assert found.keys() == lengths.keys()
    assert all(torch.allclose(found[name], lengths[name]) for name in lengths)


def magnitudes(pipeline: Any, path: Path) -> dict[str, torch.Tensor]:
    facts = inspect(path, path.name).facts
    context = SimpleNamespace(check=lambda: None, input=lambda _: path, facts=lambda _: facts, inputs={}, entry=None)
    with lora.apply_loras(pipeline, context, {"a": 1.0}):  # type: ignore[arg-type]
        return {
            name: module.lora_magnitude_vector["lora0"].weight.detach().clone()
            for name, module in pipeline.unet.named_modules()
            if "lora0" in getattr(module, "lora_magnitude_vector", {})
        }


def test_layers_of_another_shape_are_reported(pipelines: Mapping[str, Any], tmp_path: Path) -> None:
    pipeline = pipelines["stable-diffusion-1.5"]
    wide = {
        name: (torch.randn(len(down), 99), up, 1.0) for name, (down, up, _) in changes(pipeline.unet, ("to_q",)).items()
    }
    path = files.write(tmp_path / "one.safetensors", dotted("unet.")(wide), {"c41_family": "sd15"})
    with pytest.raises(StudioError, match="different shapes"):
        deltas(pipeline, pipeline.unet, path)
