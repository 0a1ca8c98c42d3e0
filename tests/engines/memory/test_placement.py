"""The engine follows the plan: streamed and cast modules of twins on a simulated GPU."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engines import protocol, torch_setup, twins
from engines.diffusion.planning import choose_plan, workload
from engines.media.intake import inspect
from engines.memory import Simulated, Swapper
from engines.memory.placement import Placement, pinned_bytes
from engines.memory.plan import MemoryBudget
from engines.requests import CreateImage
from engines.weights.pretrained import pretrained
from tests.engines.image.image_worker import Desk
from tests.engines.loras import lora_files

pytestmark = pytest.mark.slow

PLENTY = 10**10
REQUEST_FIELDS = {"prompt": "a red house", "width": 64, "height": 64, "steps": 3}


@pytest.fixture(scope="module")
def sd15(twin_folder: Path) -> Path:
    return twins.build("stable-diffusion-1.5", twin_folder)


def component(folder: Path, keeping: Placement) -> Any:
    return pretrained({folder.name: folder}, Simulated(PLENTY), "Twin", {folder.name: keeping})[folder.name]


def seen(model: Any) -> Any:
    """Return a denoiser's output for the same noise."""
    import torch

    made = torch.Generator().manual_seed(1)
    latents, words = torch.randn(1, 4, 8, 8, generator=made), torch.randn(1, 6, 32, generator=made)
    with torch.no_grad():
        return model(latents, 5, words).sample


def hooks(model: Any) -> list[str]:
    registries = (getattr(module, "_diffusers_hook", None) for module in model.modules())
    return [name for registry in registries if registry is not None for name in registry.hooks]


def test_a_streamed_module_computes_the_same_with_two_layers_on_the_device(sd15: Path) -> None:
    import torch

    whole = component(sd15 / "unet", Placement(dtype="float32"))
    streamed = component(sd15 / "unet", Placement(dtype="float32", streamed=True))
    assert streamed.key != whole.key
    swapper = Swapper(Simulated(PLENTY))
    with swapper.lease([whole, streamed]) as (one, other):
        assert torch.equal(seen(one), seen(other))
        assert set(hooks(other)) == {"group_offloading"}
    held = {loaded.key: loaded.bytes for loaded in swapper.state("device").components}
    assert held[streamed.key] == streamed.bytes < whole.bytes / 2
    assert streamed.host_bytes == whole.bytes == held[whole.key]


def test_unloading_a_module_removes_all_streaming_hooks(sd15: Path) -> None:
    swapper = Swapper(Simulated(PLENTY))
    with swapper.lease([component(sd15 / "unet", Placement(dtype="float32", streamed=True))]) as (model,):
        seen(model)
    swapper.free()
    assert hooks(model) == []
    assert all(tensor.is_meta for tensor in (*model.parameters(), *model.buffers()))


def test_text_encoders_are_streamed_too(sd15: Path) -> None:
    import torch

    ways = [Placement(dtype="float32"), Placement(dtype="float32", streamed=True)]
    with Swapper(Simulated(PLENTY)).lease([component(sd15 / "text_encoder", way) for way in ways]) as models:
        words = torch.tensor([[512, 97, 98, 513]])
        one, other = (model(words).last_hidden_state for model in models)
        assert torch.equal(one, other)


@pytest.mark.parametrize("streamed", [False, True])
def test_a_cast_module_takes_a_byte_per_parameter_and_computes_nearly_the_same(sd15: Path, streamed: bool) -> None:
    import torch

    whole = component(sd15 / "unet", Placement(dtype="float32"))
    cast = component(sd15 / "unet", Placement(dtype="float32", fp8=True, streamed=streamed))
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
def test_a_module_in_int8_takes_a_byte_per_parameter_and_is_closer_than_a_cast_one(
    twin_folder: Path, streamed: bool
) -> None:
    import torch

    folder = twins.build("flux.1-dev", twin_folder) / "transformer"
    ways = [Placement(dtype="float32", streamed=streamed, **more) for more in ({}, {"int8": True}, {"fp8": True})]
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


def test_pinned_bytes_are_rounded_like_torch_rounds_them() -> None:
    import torch

    module = torch.nn.ModuleList([torch.nn.Linear(3, 5), torch.nn.Linear(4, 4, bias=False)])  # 60, 20 and 64 bytes
    assert pinned_bytes(module) == 64 + 32 + 64


def flux_noise() -> dict[str, Any]:
    """Inputs for the twin of FLUX.1."""
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
    """Return the device bytes that a request needs with everything on the device, and streamed."""
    taken = workload(CreateImage(**REQUEST_FIELDS), desk.catalog.get(model), desk.catalog, {}, ())
    budgets = [
        MemoryBudget(device=PLENTY, host=PLENTY, total=PLENTY),
        MemoryBudget(device=0, host=PLENTY, total=PLENTY),
    ]
    plain, least = (choose_plan(taken, desk.catalog, budget) for budget in budgets)
    return plain.device_bytes, least.device_bytes


def test_a_streamed_job_generates_the_same_picture_and_records_its_plan(twin_folder: Path, tmp_path: Path) -> None:
    roomy = Desk(twin_folder, tmp_path / "roomy", device=Simulated(PLENTY))
    model = roomy.twin("stable-diffusion-1.5")
    plain, least = need(roomy, model)
    tight = Desk(twin_folder, tmp_path / "tight", least, Simulated(PLENTY))
    tight.twin("stable-diffusion-1.5")
    assert least < plain
    one, other = (desk.pictures(task="create_image", model=model, **REQUEST_FIELDS)[0] for desk in (roomy, tight))
    assert np.array_equal(one, other)
    assert record(roomy)["denoise"]["offload"] == "none"
    assert record(tight)["denoise"]["offload"] == "streamed"


def test_another_program_is_asked_for_memory_if_that_helps_the_job(
    twin_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    card = Simulated(PLENTY)
    desk = Desk(twin_folder, tmp_path, device=card)
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
    desk.files(task="create_image", model=model, **REQUEST_FIELDS)
    assert record(desk)["denoise"]["offload"] == "none"
    assert asked[0] == plain - least


def test_loras_apply_to_streamed_and_cast_parts_and_leave_no_trace(twin_folder: Path, tmp_path: Path) -> None:
    roomy = Desk(twin_folder, tmp_path / "roomy", device=Simulated(PLENTY))
    model = roomy.twin("stable-diffusion-1.5")
    plain, least = need(roomy, model)
    torch_setup.import_heavy("diffusers")
    from diffusers import UNet2DConditionModel

    unet = UNet2DConditionModel.from_pretrained(twin_folder / "stable-diffusion-1.5" / "unet", variant="fp16")
    changes = lora_files.kohya(lora_files.changes(unet, ("to_q", "to_k", "to_v", "to_out.0")))
    lora = lora_files.write(tmp_path / "lora.safetensors", changes)
    least, plain = (count + lora.stat().st_size for count in (least, plain))
    desks = {
        "none": roomy,
        "streamed": Desk(twin_folder, tmp_path / "tight", least, Simulated(PLENTY)),
        "cast": Desk(twin_folder, tmp_path / "processor", plain - 1),  # streams nothing
    }
    made = {name: with_a_lora_between(desk, model, lora) for name, desk in desks.items()}
    assert record(desks["cast"])["denoise"]["precision"] == "fp8"
    for first, between, last in made.values():
        assert first == last != between
    assert made["streamed"] == made["none"]


def with_a_lora_between(desk: Desk, model: str, lora: Path) -> list[str]:
    """Return the pictures without a LoRA, with one, and without again."""
    desk.twin("stable-diffusion-1.5")
    asset = desk.add(lora, inspect(lora, lora.name).facts)
    return [
        desk.files(task="create_image", model=model, loras=loras, **REQUEST_FIELDS)[0].content_sha256
        for loras in ([], [{"asset": asset, "weight": 1}], [])
    ]


def record(desk: Desk) -> dict[str, Any]:
    made = next(event for event in desk.events if isinstance(event, protocol.Result))
    plan: dict[str, Any] = made.files[0].provenance["plan"]
    return plan


def test_a_job_that_cannot_fit_is_rejected(twin_folder: Path, tmp_path: Path) -> None:
    desk = Desk(twin_folder, tmp_path, 1000, Simulated(PLENTY))
    ended = desk.ask(task="create_image", model=desk.twin("stable-diffusion-1.5"), **REQUEST_FIELDS)
    assert isinstance(ended, protocol.Failed)
    assert ended.problem.code == "too_big"


def test_an_eight_bit_result_is_reproduced_in_eight_bits(twin_folder: Path, tmp_path: Path) -> None:
    desk = Desk(twin_folder, tmp_path, device=Simulated(PLENTY))
    model = desk.twin("flux.1-dev")
    whole = desk.files(task="create_image", model=model, **REQUEST_FIELDS)[0]
    assert whole.provenance["plan"]["denoise"]["precision"] != "int8"
    desk.pinned = protocol.Pinned(stages={"denoise": "int8"})
    small = desk.files(task="create_image", model=model, **REQUEST_FIELDS)[0]
    assert small.provenance["plan"]["denoise"]["precision"] == "int8"
    assert small.content_sha256 != whole.content_sha256
