"""Accelerations and tiled decoding: switched on for a stage, switched off afterwards, and recorded."""

from contextlib import AbstractContextManager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml

from engines import protocol
from engines.catalog.acceleration import Acceleration
from engines.diffusion import family
from engines.diffusion.accelerate import accelerated
from engines.diffusion.planning import stage_needs
from engines.diffusion.stages import Workload
from engines.image import generate
from engines.memory.placement import Placement
from engines.memory.plan import MemoryBudget, Precisions, StageNeeds, StagePlan, plan
from engines.twins import build
from engines.weights.part_weights import PartWeights
from tests.engines.image.image_worker import Desk, noise

GB = 10**9
CARD, PROCESSOR = MemoryBudget(device=20 * GB, host=60 * GB, total=24 * GB), MemoryBudget(device=GB, host=0, total=GB)
HALF = Precisions(half="bfloat16", vae="")
ALL = Acceleration(attention="flash", first_block_cache=0.1, compile=True)


def weights(gigabytes: float) -> PartWeights:
    numbers = int(gigabytes * GB) // 2
    return PartWeights(numbers=numbers, layer=numbers // 100, dtype="bfloat16")


def stage(**more: Any) -> StagePlan:
    parts = {"transformer": Placement(dtype="float32")}
    return StagePlan(parts=parts, device_bytes=0, host_bytes=0, slowdown=1, fits=True, **more)


def denoise(gigabytes: float, budget: MemoryBudget) -> StagePlan:
    needs = [StageNeeds("denoise", {"transformer": weights(gigabytes)}, 0)]
    return plan(needs, HALF, budget, acceleration=ALL).denoise


def test_a_plan_only_has_accelerations_that_the_device_and_placement_allow() -> None:
    assert denoise(10, CARD).acceleration == ALL
    streamed = denoise(45, CARD)
    assert streamed.offload == "streamed"
    assert streamed.acceleration == ALL.model_copy(update={"compile": False}), "streamed layers are not compiled"
    assert denoise(0.1, PROCESSOR).acceleration == Acceleration(first_block_cache=0.1)


def test_decoding_that_does_not_fit_is_tiled() -> None:
    def decode(bytes: int, tiled_bytes: int) -> StagePlan:
        needs = StageNeeds("decode", {"vae": weights(0.2)}, bytes, tiled_bytes=tiled_bytes)
        return plan([needs], HALF, CARD).stages["decode"]

    assert not decode(10 * GB, 3 * GB).tiled
    large = decode(50 * GB, 3 * GB)
    assert (large.tiled, large.fits) == (True, True)
    assert large.device_bytes == pytest.approx(3.2 * GB)
    assert not decode(50 * GB, 0).fits


def on(transformer: Any, acceleration: Acceleration) -> AbstractContextManager[tuple[str, ...]]:
    return accelerated({"transformer": transformer}, stage(acceleration=acceleration))


@pytest.fixture
def transformer(twin_folder: Path) -> Any:
    from diffusers import WanTransformer3DModel

    return WanTransformer3DModel.from_pretrained(build("wan-2.1", twin_folder) / "transformer").float().eval()


def moved(model: Any, steps: int = 3) -> Any:
    """Return latents after a few similar steps of a denoiser."""
    import torch

    seed = torch.Generator().manual_seed(1)
    latents = torch.randn(1, 16, 3, 8, 8, generator=seed)
    text = torch.randn(1, 6, 32, generator=seed)
    with torch.no_grad(), model.cache_context("cond"):
        for step in range(steps):
            latents = latents - 0.01 * model(latents, torch.tensor([900 - step]), text).sample
    return latents


@pytest.mark.slow
def test_the_step_cache_changes_the_result_and_is_removed_afterwards(transformer: Any) -> None:
    import torch

    before = moved(transformer)
    with on(transformer, Acceleration(first_block_cache=0.9)) as active:
        assert active == ("first_block_cache 0.9",)
        cached = moved(transformer)
    assert not torch.equal(cached, before)
    assert torch.equal(moved(transformer), before)


@pytest.mark.slow
def test_the_default_attention_backend_is_restored_afterwards(transformer: Any) -> None:
    import torch
    from diffusers.models.attention_dispatch import _AttentionBackendRegistry

    own, before = _AttentionBackendRegistry.get_active_backend(), moved(transformer)
    with on(transformer, Acceleration(attention="_native_math")) as active:
        assert active == ("attention _native_math",)
        assert _AttentionBackendRegistry.get_active_backend() != own
        assert torch.allclose(moved(transformer), before, atol=1e-4)
    assert _AttentionBackendRegistry.get_active_backend() == own


@pytest.mark.slow
def test_compiled_blocks_give_the_same_result_and_are_restored_afterwards(transformer: Any) -> None:
    import torch

    before = moved(transformer, 1)
    with on(transformer, Acceleration(compile=True)) as active:
        assert active == ("compile",)
        assert any(module._compiled_call_impl for module in transformer.modules())
        assert torch.allclose(moved(transformer, 1), before, atol=1e-4)
    assert not any(module._compiled_call_impl for module in transformer.modules())


@pytest.mark.slow
@pytest.mark.parametrize("backend", ["flash", "unknown"])
def test_an_unsupported_attention_backend_is_skipped(transformer: Any, backend: str) -> None:
    with on(transformer, Acceleration(attention=backend)) as active:
        assert active == ()
        moved(transformer, 1)


def test_a_stage_without_denoisers_has_none_of_their_accelerations() -> None:
    with accelerated({"vae": object()}, stage(acceleration=ALL)) as active:
        assert active == ()


@pytest.mark.slow
def test_an_acceleration_that_one_of_two_denoisers_lacks_is_off_for_both(transformer: Any) -> None:
    models = {"transformer": transformer, "transformer_2": object()}
    with accelerated(models, stage(acceleration=Acceleration(first_block_cache=0.5))) as active:
        assert active == ()
        assert not transformer.is_cache_enabled


@pytest.mark.slow
def test_the_step_cache_is_off_with_a_controlnet(transformer: Any) -> None:
    models = {"transformer": transformer, "controlnet": object()}
    with accelerated(models, stage(acceleration=Acceleration(first_block_cache=0.5))) as active:
        assert active == ()
        assert not transformer.is_cache_enabled


@pytest.mark.slow
def test_without_a_compiler_the_blocks_are_not_compiled(transformer: Any) -> None:
    import torch
    from torch._inductor import config

    torch._dynamo.reset()
    no_compiler = config.patch({"cpp.cxx": ("no-such-compiler",), "force_disable_caches": True})
    with no_compiler, on(transformer, Acceleration(compile=True)) as active:
        assert active == ()
        moved(transformer, 1)
    torch._dynamo.reset()


@pytest.mark.slow
def test_a_model_with_its_own_attention_does_not_use_a_backend(twin_folder: Path) -> None:
    from diffusers import UNet2DConditionModel

    unet = UNet2DConditionModel.from_pretrained(build("sdxl", twin_folder) / "unet", variant="fp16")
    with accelerated({"unet": unet}, stage(acceleration=Acceleration(attention="_native_math"))) as active:
        assert active == ()


@pytest.mark.slow
def test_an_attention_backend_that_downloads_code_is_skipped(transformer: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from diffusers.models import attention_dispatch

    downloads: list[str] = []
    monkeypatch.setattr(attention_dispatch, "_check_attention_backend_requirements", lambda backend: None)
    monkeypatch.setattr(attention_dispatch, "_maybe_download_kernel_for_backend", downloads.append)
    with on(transformer, Acceleration(attention="sage_hub")) as active:
        assert active == ()
    assert downloads == []


def test_with_a_step_cache_each_picture_is_denoised_alone() -> None:
    device = SimpleNamespace(torch="cuda:0", available=lambda: 10 * GB)
    pipeline = SimpleNamespace(unet=None)

    def size(**acceleration: float) -> int:
        plan = SimpleNamespace(denoise=stage(acceleration=Acceleration(**acceleration)))
        context, working = SimpleNamespace(device=device), lambda name: GB
        runner: Any = SimpleNamespace(context=context, plan=plan, inputs=None, working_bytes=working)
        return generate._batch_size(runner, pipeline)

    assert size() == 8
    assert size(first_block_cache=0.1) == 1


@pytest.mark.slow
def test_an_error_switches_everything_off(transformer: Any) -> None:
    with (
        pytest.raises(RuntimeError, match="in the middle"),
        on(transformer, Acceleration(first_block_cache=0.5, compile=True)),
    ):
        raise RuntimeError("in the middle")
    assert not transformer.is_cache_enabled
    assert not any(module._compiled_call_impl for module in transformer.modules())


@pytest.mark.slow
def test_tiled_decoding_has_the_same_size_and_is_switched_off_afterwards(twin_folder: Path) -> None:
    import torch
    from diffusers import AutoencoderKL

    vae = AutoencoderKL.from_pretrained(build("z-image", twin_folder) / "vae").float()
    side = 3 * vae.tile_latent_min_size
    latents = torch.randn(1, vae.config.latent_channels, side, side, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        whole = vae.decode(latents).sample
        with accelerated({"vae": vae}, stage(tiled=True)) as active:
            assert active == ("tiled decoding",)
            tiled = vae.decode(latents).sample
        assert torch.equal(vae.decode(latents).sample, whole)
    assert tiled.shape == whole.shape
    assert not torch.equal(tiled, whole)


@pytest.mark.slow
def test_a_picture_that_is_decoded_in_tiles_needs_only_their_memory(
    twin_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(family.Family, "tile_pixels", 64 * 64)
    roomy = Desk(twin_folder, tmp_path / "roomy")
    asked: dict[str, Any] = {"task": "create_image", "model": roomy.twin("sdxl"), "prompt": "a fox", "steps": 2}
    asked |= {"width": 256, "height": 256}
    (whole,) = roomy.files(**asked)
    assert "accelerated" not in whole.provenance["plan"]["decode"]
    load = Workload(entry=roomy.catalog.get(asked["model"]), width=256, height=256)
    needs = {one.name: one for one in stage_needs(load, roomy.catalog)}
    weights = 4 * sum(part.numbers for part in needs["denoise"].parts.values())
    enough = needs["denoise"].working_bytes + weights + 2_000_000
    assert needs["decode"].working_bytes > enough
    tight = Desk(twin_folder, tmp_path / "tight", memory_bytes=enough)
    tight.twin("sdxl")
    (tiled,) = tight.files(**asked)
    assert tiled.provenance["plan"]["decode"]["accelerated"] == ["tiled decoding"]
    roomy.pinned = protocol.Pinned(tiled=True)
    assert roomy.files(**asked)[0].content_sha256 == tiled.content_sha256


@pytest.mark.slow
def test_a_pipeline_that_the_step_cache_cannot_follow_runs_without_it(twin_folder: Path, tmp_path: Path) -> None:
    desk = Desk(twin_folder, tmp_path)
    model = desk.twin("flux.1-schnell")
    picture = desk.put(noise(64, 64))
    asked: dict[str, Any] = {"task": "change_image", "model": model, "prompt": "a fox", "image": picture, "steps": 4}
    (plain,) = desk.files(**asked)
    path = tmp_path / "own" / f"{model}.yaml"
    path.write_text(yaml.safe_dump(yaml.safe_load(path.read_text()) | {"acceleration": {"first_block_cache": 1.0}}))
    desk.catalog.reload()
    (same,) = desk.files(**asked)
    assert "accelerated" not in same.provenance["plan"]["denoise"]
    assert same.content_sha256 == plain.content_sha256


@pytest.mark.slow
def test_the_provenance_names_the_accelerations_that_were_on(twin_folder: Path, tmp_path: Path) -> None:
    desk = Desk(twin_folder, tmp_path)
    model = desk.twin("flux.1-schnell")
    asked: dict[str, Any] = {"task": "create_image", "model": model, "prompt": "a fox", "width": 64, "height": 64}
    (plain,) = desk.files(**asked, steps=4)
    path = tmp_path / "own" / f"{model}.yaml"
    entry = yaml.safe_load(path.read_text()) | {"acceleration": {"first_block_cache": 1.0, "compile": True}}
    path.write_text(yaml.safe_dump(entry))
    desk.catalog.reload()
    (cached,) = desk.files(**asked, steps=4)
    assert plain.provenance["plan"]["denoise"].get("accelerated") is None
    assert cached.provenance["plan"]["denoise"]["accelerated"] == ["first_block_cache 1"]
    assert cached.content_sha256 != plain.content_sha256
