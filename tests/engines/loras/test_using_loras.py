"""Pictures made with LoRAs on the twin of Stable Diffusion 1.5; the LoRAs leave nothing behind."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch

from engines import protocol, torch_setup
from engines.media.intake import inspect
from errors import StudioError
from tests.engines.image.image_worker import Desk
from tests.engines.loras import lora_files as files

pytestmark = pytest.mark.slow

REQUEST_FIELDS = {"task": "create_image", "prompt": "a fox", "steps": 2, "width": 64, "height": 64}
ATTENTION = ("to_q", "to_k", "to_v", "to_out.0")
ENCODER = ("q_proj", "k_proj", "v_proj", "out_proj")


@pytest.fixture
def desk(twin_folder: Path, tmp_path: Path) -> Desk:
    return Desk(twin_folder, tmp_path)


@pytest.fixture
def model(desk: Desk) -> str:
    return desk.twin("stable-diffusion-1.5")


@pytest.fixture(scope="module")
def parts(twin_folder: Path) -> dict[str, Any]:
    """The twin's UNet and text encoder."""
    from engines import twins

    root = twins.build("stable-diffusion-1.5", twin_folder)
    torch_setup.import_heavy("diffusers", "transformers")
    from diffusers import UNet2DConditionModel
    from transformers import CLIPTextModel

    return {
        "unet": UNet2DConditionModel.from_pretrained(root / "unet", variant="fp16"),
        "text_encoder": CLIPTextModel.from_pretrained(root / "text_encoder", variant="fp16"),
    }


def bring(desk: Desk, path: Path) -> str:
    """Add a LoRA as the library does."""
    facts = inspect(path, path.name).facts
    assert facts.family == "sd15"
    return desk.add(path, facts)


def digest(desk: Desk, **asked: Any) -> str:
    (file,) = desk.files(**REQUEST_FIELDS, **asked)
    return file.content_sha256


def test_every_layout_gives_the_same_picture_and_leaves_nothing(
    desk: Desk, model: str, parts: dict[str, Any], tmp_path: Path
) -> None:
    layers = files.changes(parts["unet"], ATTENTION)
    states = {
        "kohya": files.kohya(layers),
        "diffusers": files.dotted(layers, "unet."),
        "peft": files.dotted(layers, "base_model.model."),
        "older": files.dotted(layers, "unet.", ("lora.down", "lora.up")),
    }
    base = digest(desk, model=model)
    made = {}
    for layout, state in states.items():
        lora = bring(desk, files.write(tmp_path / f"{layout}.safetensors", state))
        made[layout] = digest(desk, model=model, loras=[{"asset": lora, "weight": 1}])
        assert digest(desk, model=model) == base, layout
    assert base not in made.values()
    assert len(set(made.values())) == 1, made


def test_every_way_to_store_the_scale_is_applied(desk: Desk, model: str, parts: dict[str, Any], tmp_path: Path) -> None:
    layers = files.changes(parts["unet"], ATTENTION)
    settings = {**files.SD15, "lora_adapter_metadata": json.dumps({"unet.r": 4, "unet.lora_alpha": 2})}
    beside = files.write(tmp_path / "beside.safetensors", files.kohya(layers, alpha=2))
    header = files.write(tmp_path / "header.safetensors", files.dotted(layers, "unet."), settings)
    plain = files.write(tmp_path / "plain.safetensors", files.dotted(layers, "unet."))
    made = [digest(desk, model=model, loras=[{"asset": bring(desk, one)}]) for one in (beside, header, plain)]
    halved = digest(desk, model=model, loras=[{"asset": bring(desk, plain), "weight": 0.5}])
    assert made[0] == made[1] == halved != made[2]


def test_missing_layers_are_noted_with_the_picture(
    desk: Desk, model: str, parts: dict[str, Any], tmp_path: Path
) -> None:
    layers = files.changes(parts["unet"], ATTENTION)
    foreign = {name.replace("attentions.0", "attentions.7"): layers[name] for name in list(layers)[:2]}
    other = {name: tensor.clone() for name, tensor in files.kohya(foreign).items()}
    lora = bring(desk, files.write(tmp_path / "mixed.safetensors", files.kohya(layers) | other))
    (made,) = desk.files(**REQUEST_FIELDS, model=model, loras=[{"asset": lora, "weight": 1}])
    (note,) = made.notes
    assert note.startswith("2 layers are left out of “")
    assert desk.files(**REQUEST_FIELDS, model=model)[0].notes == ()


def test_a_lora_changes_the_text_encoder(desk: Desk, model: str, parts: dict[str, Any], tmp_path: Path) -> None:
    words = files.changes(parts["text_encoder"], ENCODER)
    painting = files.changes(parts["unet"], ATTENTION)
    nothing = {name: (down, up * 0) for name, (down, up) in painting.items()}
    spoken = {
        f"text_model.{name}" if not name.startswith("text_model.") else name: pair for name, pair in words.items()
    }
    state = files.kohya(nothing) | files.kohya(spoken, "lora_te")
    lora = bring(desk, files.write(tmp_path / "te.safetensors", state))
    assert desk.inputs[lora].facts.lora.encoders  # type: ignore[union-attr]
    base = digest(desk, model=model)
    full = digest(desk, model=model, loras=[{"asset": lora, "weight": 1}])
    half = digest(desk, model=model, loras=[{"asset": lora, "weight": 0.5}])
    assert len({base, full, half}) == 3
    assert digest(desk, model=model, loras=[{"asset": lora, "weight": 1}]) == full
    assert digest(desk, model=model) == base
    assert digest(desk, model=model, loras=[{"asset": lora, "weight": 0}]) == base


def test_several_loras_at_once_and_one_twice(desk: Desk, model: str, parts: dict[str, Any], tmp_path: Path) -> None:
    ids = []
    for number in range(8):
        state = files.kohya(files.changes(parts["unet"], ATTENTION, rank=number + 1, seed=number))
        ids.append(bring(desk, files.write(tmp_path / f"{number}.safetensors", state)))
    base = digest(desk, model=model)
    (made,) = desk.files(**REQUEST_FIELDS, model=model, loras=[{"asset": one, "weight": 0.2} for one in ids])
    assert made.content_sha256 != base
    told = made.provenance["loras"]
    assert [(one["asset"], one["weight"]) for one in told] == [(one, 0.2) for one in ids]
    assert all(len(one["sha256"]) == 64 and one["name"] for one in told)
    twice = digest(desk, model=model, loras=[{"asset": ids[0], "weight": 0.5}, {"asset": ids[0], "weight": 0.5}])
    assert twice == digest(desk, model=model, loras=[{"asset": ids[0], "weight": 1}])
    against = digest(desk, model=model, loras=[{"asset": ids[0], "weight": -2}])
    assert against not in (base, twice)
    out = [{"asset": ids[0], "weight": 1}, {"asset": ids[0], "weight": -1}]
    assert digest(desk, model=model, loras=out) == base


def test_nothing_is_left_after_a_failure_or_a_cancellation(
    desk: Desk, model: str, parts: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    layers = files.changes(parts["unet"], ATTENTION)
    good = bring(desk, files.write(tmp_path / "good.safetensors", files.kohya(layers)))
    wide = {name: (torch.randn(4, down.shape[1] + 8), up) for name, (down, up) in layers.items()}
    bad = bring(desk, files.write(tmp_path / "bad.safetensors", files.kohya(wide)))
    base = digest(desk, model=model)

    failed = desk.ask(**REQUEST_FIELDS, model=model, loras=[{"asset": good}, {"asset": bad}])
    assert isinstance(failed, protocol.Failed)
    assert failed.problem.code == "bad_lora"
    assert digest(desk, model=model) == base

    seen = desk.events.append

    def stop(event: protocol.Event) -> None:
        seen(event)
        if isinstance(event, protocol.Progress):
            desk.worker.cancel(event.job)

    monkeypatch.setattr(desk.worker, "_send", stop)
    assert isinstance(desk.ask(**REQUEST_FIELDS, model=model, loras=[{"asset": good}]), protocol.Cancelled)
    monkeypatch.undo()
    assert digest(desk, model=model) == base


def test_a_lora_of_another_family_is_refused_before_anything_runs(desk: Desk, model: str, tmp_path: Path) -> None:
    layer = {"down_blocks.1.attentions.0.transformer_blocks.0.attn2.to_k": (torch.ones(4, 2048), torch.ones(640, 4))}
    path = files.write(tmp_path / "Mara.safetensors", files.kohya(layer))
    lora = desk.add(path, inspect(path, path.name).facts)
    with pytest.raises(StudioError) as error:
        desk.ask(**REQUEST_FIELDS, model=model, loras=[{"asset": lora}])
    assert error.value.problem.code == "wrong_family"
    name = desk.catalog.get(model).name
    assert error.value.problem.what == (f"“Mara” is a LoRA for SDXL, but {name} uses LoRAs for Stable Diffusion 1.5.")
