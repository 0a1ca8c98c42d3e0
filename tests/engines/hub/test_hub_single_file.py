"""A single-file checkpoint is recognised, entered in place, and gives the very networks that its folder gives."""

from pathlib import Path
from typing import Any

import pytest

from engines.catalog import SHIPPED, Catalog, files, read
from engines.hub import adding, recognise
from engines.hub.recognise import Found
from engines.swapper import Cpu
from engines.swapper.pretrained import pretrained
from tests.engines.hub.single_file import in_one_file

pytestmark = pytest.mark.slow

PARTS = ("unet", "vae", "text_encoder")


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A tiny model of the same build, as a folder and as one file."""
    from engines import runtime

    runtime.heavy("diffusers", "transformers")
    import torch
    from diffusers import AutoencoderKL, UNet2DConditionModel
    from safetensors.torch import save_file
    from transformers import CLIPTextConfig, CLIPTextModel

    torch.manual_seed(0)
    folder = tmp_path_factory.mktemp("single")
    known = files.configs("stable-diffusion-1.5")
    narrow: dict[str, Any] = {"block_out_channels": [32, 32, 64, 64]}
    unet = UNet2DConditionModel.from_config(
        {
            **UNet2DConditionModel.load_config(known / "unet"),
            **narrow,
            "cross_attention_dim": 32,
            "attention_head_dim": 8,
        }
    )
    vae = AutoencoderKL.from_config({**AutoencoderKL.load_config(known / "vae"), **narrow})
    shape = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 2}
    words = CLIPTextModel(CLIPTextConfig.from_pretrained(known / "text_encoder", **shape, vocab_size=200))
    for name, part in zip(PARTS, (unet, vae, words), strict=True):
        part.save_pretrained(folder / "model" / name)
    tensors = in_one_file(unet.state_dict(), vae.state_dict(), words.state_dict())
    save_file({name: tensor.contiguous().clone() for name, tensor in tensors.items()}, folder / "film-look.safetensors")
    return folder / "model", folder / "film-look.safetensors"


def test_one_file_gives_the_networks_that_the_folder_gives(
    model: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    import torch

    folder, single = model
    monkeypatch.setattr(files, "configs", lambda _: folder)
    monkeypatch.setattr(recognise, "recognise", lambda _: Found(kind="checkpoint", configs="tiny"))
    device = Cpu()
    whole = pretrained({name: folder / name for name in PARTS}, device, "Folder")
    parts = pretrained(dict.fromkeys(PARTS, single), device, "File")
    assert len({part.key for part in parts.values()}) == 3
    for name in PARTS:
        assert parts[name].bytes == pytest.approx(whole[name].bytes, rel=0.01)
        expected, found = whole[name].load(device).state_dict(), parts[name].load(device).state_dict()
        assert expected.keys() == found.keys()
        assert all(torch.equal(tensor, found[key]) for key, tensor in expected.items())


def test_it_is_entered_in_place(tmp_path: Path) -> None:
    import torch
    from safetensors.torch import save_file

    single = tmp_path / "checkpoints" / "Film Look v2.safetensors"
    single.parent.mkdir()
    names = ["first_stage_model.decoder.conv_in.weight", "cond_stage_model.transformer.text_model.embeddings.weight"]
    save_file(
        {
            "model.diffusion_model.input_blocks.0.0.weight": torch.zeros(320, 4, 3, 3),
            **{name: torch.zeros(1) for name in names},
        },
        single,
    )
    own = tmp_path / "own"
    own.mkdir()
    catalog = Catalog(tmp_path, own)
    entry = adding.enter(catalog, adding.from_path(catalog, single), own)
    like = read(SHIPPED / "stable-diffusion-1.5.yaml")
    assert (entry.id, entry.name, entry.tasks) == ("film-look-v2", "Film Look v2", like.tasks)
    assert catalog.path(entry, "unet") == single
    assert catalog.path(entry, "scheduler").name == "scheduler"
    assert entry.bounds["width"] == (64, 1024, 8)
    assert not catalog.installed(entry)  # its vocabulary is still to be fetched
    assert entry.parts["tokenizer"].repo == "stable-diffusion-v1-5/stable-diffusion-v1-5"
