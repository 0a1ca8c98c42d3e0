"""A single-file model is recognized, added in place, and generates the same pictures as the same model in a folder."""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engines.catalog import Catalog, locations
from engines.hub import add_model
from engines.twins.tokenizers import clip_tokenizer
from engines.weights.detect import detect
from errors import StudioError
from tests.engines.hub.single_file import in_one_file
from tests.engines.image.image_worker import Desk

pytestmark = pytest.mark.slow

SD15, SDXL = "stable-diffusion-1.5", "sdxl"
FAMILIES = pytest.mark.parametrize("family", [SD15, SDXL])
_TEXT = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 2}
_TEXT |= {"vocab_size": 514, "bos_token_id": 512, "eos_token_id": 513, "pad_token_id": 513, "projection_dim": 32}
_NARROW: dict[str, dict[str, Any]] = {
    SD15: {"block_out_channels": [32, 32, 64, 64], "cross_attention_dim": 32},
    SDXL: {
        "block_out_channels": [32, 32, 64],
        "cross_attention_dim": 64,
        "attention_head_dim": [4, 4, 8],
        "transformer_layers_per_block": [1, 1, 2],
        "addition_time_embed_dim": 8,
        "projection_class_embeddings_input_dim": 6 * 8 + 32,
    },
}


def build(family: str, folder: Path) -> tuple[Path, Path]:
    """Build a tiny model from the studio's bundled configs, as a folder and as one file."""
    from engines import torch_setup

    torch_setup.import_heavy("diffusers", "transformers")
    import torch
    from diffusers import AutoencoderKL, UNet2DConditionModel
    from safetensors.torch import save_file
    from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection

    known, model = locations.configs(family), folder / "model"
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(5)
        shape = UNet2DConditionModel.load_config(known / "unet")
        unet = UNet2DConditionModel.from_config({**shape, **_NARROW[family]})
        vae = AutoencoderKL.from_config(
            {**AutoencoderKL.load_config(known / "vae"), "block_out_channels": [32, 32, 64, 64]}
        )
        words = [CLIPTextModel(CLIPTextConfig.from_pretrained(known / "text_encoder", **_TEXT))]
        if family == SDXL:
            config = CLIPTextConfig.from_pretrained(known / "text_encoder_2", **_TEXT)
            words.append(CLIPTextModelWithProjection(config))
    unet.save_pretrained(model / "unet")
    vae.save_pretrained(model / "vae")
    for number, encoder in enumerate(words):
        behind = "_2" * number
        encoder.save_pretrained(model / f"text_encoder{behind}")
        clip_tokenizer().save_pretrained(model / f"tokenizer{behind}")
    shutil.copytree(known / "scheduler", model / "scheduler")
    name = "StableDiffusionXLPipeline" if family == SDXL else "StableDiffusionPipeline"
    (model / "model_index.json").write_text(json.dumps({"_class_name": name}))
    second = words[1].state_dict() if family == SDXL else {}
    tensors = in_one_file(unet.state_dict(), vae.state_dict(), words[0].state_dict(), second)
    save_file({name: tensor.contiguous().clone() for name, tensor in tensors.items()}, folder / "Film Look.safetensors")
    return model, folder / "Film Look.safetensors"


@FAMILIES
def test_a_file_generates_what_its_folder_generates(
    twin_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, family: str
) -> None:
    desk = Desk(twin_folder, tmp_path)
    folder, single = build(family, tmp_path)
    whole = add_model.from_path(desk.catalog, folder)
    found = add_model.from_path(desk.catalog, single)
    own = tmp_path / "own"
    plain: dict[str, Any] = {"bounds": {}, "pixels": 64 * 64}
    whole = add_model.enter(desk.catalog, whole.model_copy(update=plain), own)
    assert desk.catalog.installed(found)
    # The tiny model has a tiny vocabulary.
    vocabulary = {name: part for name, part in whole.parts.items() if name.startswith("tokenizer")}
    found = add_model.enter(
        desk.catalog, found.model_copy(update={**plain, "parts": {**found.parts, **vocabulary}}), own
    )
    monkeypatch.setattr(locations, "configs", lambda _: folder)
    asked = {"task": "create_image", "prompt": "a fox", "steps": 2, "width": 64, "height": 64}
    (expected,), (made,) = (desk.pictures(model=one.id, **asked) for one in (whole, found))
    assert made.std() > 1
    # The CPU sums in another order when weights have another address in memory, so rounding may differ.
    assert np.abs(expected.astype(int) - made).max() <= 1
    assert (expected != made).mean() < 0.01
    keys = [component.key for component in desk.swapper.state("device").components]
    out_of_it = {key.split("@")[1].split("#")[0] for key in keys if key.startswith(str(single))}
    assert out_of_it == {name for name in whole.parts if name.startswith(("unet", "vae", "text_encoder"))}


@FAMILIES
def test_a_file_gives_the_same_networks_as_its_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, family: str
) -> None:
    import torch

    from engines.memory import Cpu
    from engines.weights.pretrained import pretrained

    folder, single = build(family, tmp_path)
    monkeypatch.setattr(locations, "configs", lambda _: folder)
    names = [path.parent.name for path in folder.glob("*/config.json") if not path.parent.name.startswith("tokenizer")]
    whole = pretrained({name: folder / name for name in names}, Cpu(), "Folder")
    parts = pretrained(dict.fromkeys(names, single), Cpu(), "File")
    assert len({part.key for part in parts.values()}) == len(names) == (4 if family == SDXL else 3)
    for name in names:
        assert parts[name].bytes == pytest.approx(whole[name].bytes, rel=0.01)
        expected, found = whole[name].load(Cpu()).state_dict(), parts[name].load(Cpu()).state_dict()
        assert expected.keys() == found.keys()
        assert all(torch.equal(tensor, found[key]) for key, tensor in expected.items())


@FAMILIES
def test_it_is_added_in_place(tmp_path: Path, family: str) -> None:
    own = tmp_path / "own"
    own.mkdir()
    catalog = Catalog(tmp_path, own)
    _, single = build(family, tmp_path)
    entry = add_model.enter(catalog, add_model.from_path(catalog, single), own)
    like = catalog.get(family)
    assert (entry.id, entry.name, entry.tasks) == ("film-look", "Film Look", like.tasks)
    assert (entry.bounds, entry.lora_family, entry.controls) == (like.bounds, like.lora_family, like.controls)
    assert {catalog.path(entry, name) for name in ("unet", "vae", "text_encoder")} == {single}
    assert catalog.path(entry, "scheduler") == locations.configs(family) / "scheduler"


def test_the_tokenizer_gives_the_token_ids_of_clip(tmp_path: Path) -> None:
    from engines.memory import Cpu
    from engines.weights.pretrained import Tokenizer

    _, single = build(SDXL, tmp_path)
    catalog = Catalog(tmp_path, tmp_path / "none")
    entry = add_model.from_path(catalog, single)
    first, second = (Tokenizer(catalog.path(entry, name), "SDXL").load(Cpu()) for name in ("tokenizer", "tokenizer_2"))
    numbers = [49406, 320, 1125, 539, 320, 2368, 49407]  # from CLIP's documentation
    for tokenizer, filling in ((first, 49407), (second, 0)):
        told = tokenizer("A photo of a CAT", padding="max_length", max_length=77).input_ids
        assert told == numbers + [filling] * (77 - len(numbers))


@FAMILIES
def test_a_model_of_similar_architecture_is_refused_with_a_reason(tmp_path: Path, family: str) -> None:
    import torch
    from safetensors.torch import load_file, save_file

    _, single = build(family, tmp_path)
    tensors = load_file(single)
    first = "model.diffusion_model.input_blocks.0.0.weight"
    kept = {name: tensor for name, tensor in tensors.items() if not name.startswith("first_stage_model.")}
    reworded = {name: tensor for name, tensor in tensors.items() if "cond" not in name}
    second = {**reworded, "cond_stage_model.model.a": torch.zeros(1)}
    refiner = {**reworded, "conditioner.embedders.0.model.a": torch.zeros(1)}
    masks = {**tensors, first: torch.zeros(32, 9, 3, 3)}
    for changed, word in ((kept, "VAE"), (second, "Stable Diffusion 2"), (refiner, "refiner"), (masks, "inpaint")):
        other = tmp_path / "other.safetensors"
        save_file(changed, other)
        found = detect(other)
        assert word in f"{found.words} {found.why}"
        with pytest.raises(StudioError) as refused:
            add_model.from_path(Catalog(tmp_path, tmp_path / "none"), other)
        assert refused.value.problem.code == "not_recognised"
    if family == SDXL:
        save_file({**tensors, "v_pred": torch.zeros(1)}, tmp_path / "other.safetensors")
        assert "v-prediction" in detect(tmp_path / "other.safetensors").why


def test_missing_tensors_are_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from safetensors.torch import load_file, save_file

    from engines.memory import Cpu
    from engines.weights.pretrained import pretrained

    folder, single = build(SDXL, tmp_path)
    monkeypatch.setattr(locations, "configs", lambda _: folder)
    tensors = load_file(single)
    lost = {"text_encoder": "conditioner.embedders.0.transformer.text_model.final_layer_norm.weight"}
    lost |= {"text_encoder_2": "conditioner.embedders.1.model.transformer.resblocks.1.ln_1.bias"}
    lost |= {"unet": "model.diffusion_model.middle_block.0.in_layers.2.weight"}
    lost |= {"vae": "first_stage_model.decoder.mid.block_1.conv1.weight"}
    save_file({name: tensor for name, tensor in tensors.items() if name not in lost.values()}, single)
    for part, component in pretrained(dict.fromkeys(lost, single), Cpu(), "File").items():
        with pytest.raises(StudioError) as damaged:
            component.load(Cpu())
        assert damaged.value.problem.code in ("corrupt_model", "unsupported_model"), part
