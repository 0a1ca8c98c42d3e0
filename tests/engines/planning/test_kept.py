"""The engine does what the plan says: streamed and cast modules on twins, on a card that is only simulated."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engines import runtime, twins, wire
from engines.media.intake import inspect
from engines.planning import Room, plan, stages, working
from engines.requests import CreateImage
from engines.swapper import Simulated, Swapper
from engines.swapper.keeping import Keeping, pinned_bytes
from engines.swapper.pretrained import pretrained
from tests.engines.image.drawing_desk import Desk
from tests.engines.loras import lora_files

pytestmark = pytest.mark.slow

PLENTY = 10**10
ASKED = {"prompt": "a red house", "width": 64, "height": 64, "steps": 3}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("twins")


@pytest.fixture(scope="module")
def sd15(built: Path) -> Path:
    return twins.build("stable-diffusion-1.5", built)


def component(folder: Path, keeping: Keeping) -> Any:
    return pretrained({folder.name: folder}, Simulated(PLENTY), "Twin", {folder.name: keeping})[folder.name]


def seen(model: Any) -> Any:
    """What a denoiser makes of the same noise."""
    import torch

    made = torch.Generator().manual_seed(1)
    latents, words = torch.randn(1, 4, 8, 8, generator=made), torch.randn(1, 6, 32, generator=made)
    with torch.no_grad():
        return model(latents, 5, words).sample


def hooks(model: Any) -> list[str]:
    registries = (getattr(module, "_diffusers_hook", None) for module in model.modules())
    return [name for registry in registries if registry is not None for name in registry.hooks]


def test_a_streamed_module_computes_the_same_and_takes_two_layers_of_the_device(sd15: Path) -> None:
    import torch

    whole = component(sd15 / "unet", Keeping(dtype="float32"))
    streamed = component(sd15 / "unet", Keeping(dtype="float32", streamed=True))
    assert streamed.key != whole.key
    swapper = Swapper(Simulated(PLENTY))
    with swapper.lease([whole, streamed]) as (one, other):
        assert torch.equal(seen(one), seen(other))
        assert set(hooks(other)) == {"group_offloading"}
    held = {loaded.key: loaded.bytes for loaded in swapper.state("device").components}
    assert held[streamed.key] == streamed.bytes < whole.bytes / 2
    assert streamed.beside_bytes == whole.bytes == held[whole.key]


def test_nothing_of_streaming_stays_when_a_module_is_dropped(sd15: Path) -> None:
    swapper = Swapper(Simulated(PLENTY))
    with swapper.lease([component(sd15 / "unet", Keeping(dtype="float32", streamed=True))]) as (model,):
        seen(model)
    swapper.free()
    assert hooks(model) == []
    assert all(tensor.is_meta for tensor in (*model.parameters(), *model.buffers()))


def test_text_encoders_are_streamed_too(sd15: Path) -> None:
    import torch

    ways = [Keeping(dtype="float32"), Keeping(dtype="float32", streamed=True)]
    with Swapper(Simulated(PLENTY)).lease([component(sd15 / "text_encoder", way) for way in ways]) as models:
        words = torch.tensor([[512, 97, 98, 513]])
        one, other = (model(words).last_hidden_state for model in models)
        assert torch.equal(one, other)


@pytest.mark.parametrize("streamed", [False, True])
def test_a_cast_module_takes_a_byte_a_number_and_computes_nearly_the_same(sd15: Path, streamed: bool) -> None:
    import torch

    whole = component(sd15 / "unet", Keeping(dtype="float32"))
    cast = component(sd15 / "unet", Keeping(dtype="float32", fp8=True, streamed=streamed))
    swapper = Swapper(Simulated(PLENTY))
    with swapper.lease([whole, cast]) as (one, other):
        assert {parameter.dtype for parameter in other.parameters()} == {torch.float8_e4m3fn, torch.float32}
        assert other.dtype == torch.float32
        right, near = seen(one), seen(other)
    assert near.isfinite().all()
    assert 0 < (near - right).norm() / right.norm() < 0.2
    if not streamed:
        assert swapper.state("device").components[1].bytes < whole.bytes * 0.35


@pytest.mark.parametrize("streamed", [False, True])
def test_a_module_in_int8_takes_a_byte_a_number_and_is_nearer_than_a_cast_one(built: Path, streamed: bool) -> None:
    import torch

    folder = twins.build("flux.1-dev", built) / "transformer"
    ways = [Keeping(dtype="float32", streamed=streamed, **more) for more in ({}, {"int8": True}, {"fp8": True})]
    components = [component(folder, way) for way in ways]
    swapper = Swapper(Simulated(PLENTY))
    with swapper.lease(components) as models, torch.no_grad():
        right, near, cast = (model(**flux_noise(), return_dict=False)[0] for model in models)
    assert 0 < (near - right).norm() < (cast - right).norm() / 2
    if not streamed:
        whole, small, _ = (loaded.bytes for loaded in swapper.state("device").components)
        assert small < whole * 0.35
    swapper.free()
    assert all(tensor.is_meta for tensor in (*models[1].parameters(), *models[1].buffers()))


def test_what_is_pinned_is_counted_as_torch_rounds_it() -> None:
    import torch

    module = torch.nn.ModuleList([torch.nn.Linear(3, 5), torch.nn.Linear(4, 4, bias=False)])  # 60, 20 and 64 bytes
    assert pinned_bytes(module) == 64 + 32 + 64


def flux_noise() -> dict[str, Any]:
    """What the twin of FLUX.1 looks at."""
    import torch

    made = torch.Generator().manual_seed(1)
    return {
        "hidden_states": torch.randn(1, 16, 64, generator=made),
        "encoder_hidden_states": torch.randn(1, 8, 32, generator=made),
        "pooled_projections": torch.randn(1, 32, generator=made),
        "timestep": torch.tensor([0.5]),
        "guidance": torch.tensor([3.5]),
        "img_ids": torch.zeros(16, 3),
        "txt_ids": torch.zeros(8, 3),
    }


def need(desk: Desk, model: str) -> tuple[int, int]:
    """Bytes of the device that a request needs with everything on it, and what it needs streamed."""
    entry = desk.catalog.get(model)
    taken = working(CreateImage(**ASKED), entry, desk.catalog)
    rooms = [Room(device=PLENTY, beside=PLENTY, total=PLENTY), Room(device=0, beside=PLENTY, total=PLENTY)]
    plain, least = (plan(entry, stages(entry, desk.catalog), taken, room) for room in rooms)
    return plain.device_bytes, least.device_bytes


def test_a_job_that_must_be_streamed_makes_the_same_picture_and_says_how_it_was_made(
    built: Path, tmp_path: Path
) -> None:
    roomy = Desk(built, tmp_path / "roomy", device=Simulated(PLENTY))
    model = roomy.twin("stable-diffusion-1.5")
    plain, least = need(roomy, model)
    tight = Desk(built, tmp_path / "tight", least, Simulated(PLENTY))
    tight.twin("stable-diffusion-1.5")
    assert least < plain
    one, other = (desk.pictures(task="create_image", model=model, **ASKED)[0] for desk in (roomy, tight))
    assert np.array_equal(one, other)
    assert record(roomy)["painting"]["offload"] == "none"
    assert record(tight)["painting"]["offload"] == "streamed"


def test_another_program_is_asked_for_its_memory_where_the_job_would_be_better_off(
    built: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    card = Simulated(PLENTY)
    desk = Desk(built, tmp_path, device=card)
    model = desk.twin("stable-diffusion-1.5")
    plain, least = need(desk, model)
    others = PLENTY - least
    card.take(others)
    asked: list[int] = []

    def relieve(missing: int, check: Any) -> bool:
        asked.append(missing)
        card.release(others)
        return True

    monkeypatch.setattr(desk.swapper, "_relieve", relieve)
    desk.files(task="create_image", model=model, **ASKED)
    assert record(desk)["painting"]["offload"] == "none"
    assert asked[0] == plain - least


def test_loras_go_onto_streamed_and_cast_parts_and_leave_them_as_they_were(built: Path, tmp_path: Path) -> None:
    roomy = Desk(built, tmp_path / "roomy", device=Simulated(PLENTY))
    model = roomy.twin("stable-diffusion-1.5")
    plain, least = need(roomy, model)
    runtime.heavy("diffusers")
    from diffusers import UNet2DConditionModel

    unet = UNet2DConditionModel.from_pretrained(built / "stable-diffusion-1.5" / "unet", variant="fp16")
    changes = lora_files.kohya(lora_files.changes(unet, ("to_q", "to_k", "to_v", "to_out.0")))
    lora = lora_files.write(tmp_path / "lora.safetensors", changes)
    least, plain = (count + lora.stat().st_size for count in (least, plain))
    desks = {
        "none": roomy,
        "streamed": Desk(built, tmp_path / "tight", least, Simulated(PLENTY)),
        "cast": Desk(built, tmp_path / "processor", plain - 1),  # which streams nothing
    }
    made = {name: with_a_lora_between(desk, model, lora) for name, desk in desks.items()}
    assert record(desks["cast"])["painting"]["precision"] == "fp8"
    for first, between, last in made.values():
        assert first == last != between
    assert made["streamed"] == made["none"]


def with_a_lora_between(desk: Desk, model: str, lora: Path) -> list[str]:
    """What is made without a LoRA, with one, and without again."""
    desk.twin("stable-diffusion-1.5")
    asset = desk.add(lora, inspect(lora, lora.name).facts)
    return [
        desk.files(task="create_image", model=model, loras=loras, **ASKED)[0].content_sha256
        for loras in ([], [{"asset": asset, "weight": 1}], [])
    ]


def record(desk: Desk) -> dict[str, Any]:
    made = next(event for event in desk.events if isinstance(event, wire.Result))
    plan: dict[str, Any] = made.files[0].provenance["plan"]
    return plan


def test_a_job_that_fits_no_way_is_refused(built: Path, tmp_path: Path) -> None:
    desk = Desk(built, tmp_path, 1000, Simulated(PLENTY))
    ended = desk.ask(task="create_image", model=desk.twin("stable-diffusion-1.5"), **ASKED)
    assert isinstance(ended, wire.Failed)
    assert ended.problem.code == "too_big"


def test_what_was_made_in_eight_bits_is_made_again_in_them(built: Path, tmp_path: Path) -> None:
    desk = Desk(built, tmp_path, device=Simulated(PLENTY))
    model = desk.twin("flux.1-dev")
    whole = desk.files(task="create_image", model=model, **ASKED)[0]
    assert whole.provenance["plan"]["painting"]["precision"] != "int8"
    desk.pinned = wire.Pinned(painting="int8")
    small = desk.files(task="create_image", model=model, **ASKED)[0]
    assert small.provenance["plan"]["painting"]["precision"] == "int8"
    assert small.content_sha256 != whole.content_sha256
