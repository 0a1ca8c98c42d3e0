"""The plan: what fits on which device, in which precision, with which offload."""

from pathlib import Path

import pytest

from engines.catalog import Catalog, Entry
from engines.catalog.entry import License, Part
from engines.diffusion.planning import choose_plan, stage_needs, usual_workload, workload
from engines.memory.plan import MemoryBudget, Plan, Precisions, StageNeeds, plan
from engines.protocol import DeviceState, Pinned
from engines.requests import AssetFacts, PromptRequest, parse
from engines.weights.part_weights import PartWeights

GB = 10**9


def entry(**more: object) -> Entry:
    plain = {
        "id": "big",
        "name": "Big",
        "use": "Large pictures.",
        "tasks": ("create_image",),
        "runtime": "torch",
        "pipeline": "diffusers:FluxPipeline",
        "parts": {},
        "license": License(name="x", commercial=True),
        "verified": "import",
        "memory": {"bfloat16": 34 * GB},
    }
    return Entry(**{**plain, **more})


def weights(gigabytes: float, dtype: str = "bfloat16") -> PartWeights:
    size = 4 if dtype == "float32" else 2
    numbers = int(gigabytes * GB) // size
    return PartWeights(numbers=numbers, layer=numbers // 100, dtype=dtype)


HALF = Precisions(half="bfloat16", vae="")


def needs(encoders: dict[str, PartWeights], denoisers: dict[str, PartWeights], working: int) -> list[StageNeeds]:
    return [StageNeeds("text_encode", encoders, 0), StageNeeds("denoise", denoisers, working)]


def planned(device: float, host: float, denoiser: float = 24, encoder: float = 10) -> Plan:
    stages = needs({"text_encoder": weights(encoder)}, {"transformer": weights(denoiser), "vae": weights(0.2)}, 3 * GB)
    return plan(stages, HALF, MemoryBudget(device=int(device * GB), host=int(host * GB), total=int(device * GB)))


def working(request: PromptRequest | None, entry: Entry, catalog: Catalog) -> dict[str, int]:
    """Return the bytes needed in addition to the weights, by stage."""
    taken = workload(request, entry, catalog, {}, ()) if request else usual_workload(entry)
    return {one.name: one.working_bytes for one in stage_needs(taken, catalog)}


def drawing(**asked: object) -> PromptRequest:
    request = parse({"task": "create_image", "prompt": "a fox", **asked})
    assert isinstance(request, PromptRequest)
    return request


def ways(plan: Plan) -> tuple[str, str, str, str]:
    encode, denoise = plan.stages["text_encode"], plan.denoise
    return encode.precision, encode.offload, denoise.precision, denoise.offload


def test_a_model_that_fits_is_placed_whole() -> None:
    found = planned(40, 100)
    assert ways(found) == ("bfloat16", "none", "bfloat16", "none")
    assert found.words == "Fits."


def test_encoding_and_denoising_need_the_larger_of_both_not_the_sum() -> None:
    found = planned(28, 100)
    assert found.fits
    assert found.device_bytes == pytest.approx(27.2 * GB, rel=0.01)


def test_eight_bits_come_before_streaming_which_takes_twice_as_long() -> None:
    assert ways(planned(20, 100)) == ("bfloat16", "none", "int8", "none")
    assert planned(20, 100).words == "Fits in int8, about 1.1× slower."
    parts = {"unet": weights(24), "vae": weights(0.2)}
    budget = MemoryBudget(device=20 * GB, host=100 * GB, total=20 * GB)
    found = ways(plan(needs({}, parts, 3 * GB), HALF, budget))
    assert found[2:] == ("fp8", "none"), "int8 reaches no convolutions"


def test_streamed_weights_keep_their_precision() -> None:
    found = planned(14, 100)
    assert ways(found) == ("bfloat16", "none", "bfloat16", "streamed")
    assert found.host_bytes == pytest.approx(24 * GB, rel=0.01)
    assert found.device_bytes < 10.1 * GB
    assert found.words == "Fits with streaming, about 2× slower."


def test_with_little_memory_it_is_in_eight_bits_and_streamed() -> None:
    found = planned(8, 14)
    assert ways(found) == ("bfloat16", "streamed", "int8", "streamed")
    assert found.words == "Fits in int8 with streaming, about 1.6× slower."


def test_a_plan_that_does_not_fit_says_the_least_it_needs() -> None:
    found = planned(3, 14)
    assert not found.fits
    assert 3 * GB < found.device_bytes < 5 * GB


def test_the_decoder_is_neither_cast_nor_streamed() -> None:
    vae = planned(8, 14).denoise.parts["vae"]
    assert vae.mark == ""


def test_sound_is_decoded_whole_in_the_required_precision() -> None:
    decoder, vocoder = weights(0.1), weights(0.2)
    stages = [
        *needs({}, {"transformer": weights(24), "audio_vae": decoder}, 3 * GB),
        StageNeeds("vocode", {"audio_vae": decoder, "vocoder": vocoder}, 0),
    ]
    found = plan(
        stages, Precisions("bfloat16", "", vocoder="float32"), MemoryBudget(device=16 * GB, host=60 * GB, total=16 * GB)
    )
    assert found.denoise.precision == "int8"
    sound = found.stages["vocode"].parts
    assert sound["audio_vae"] == found.denoise.parts["audio_vae"], "it is loaded once"
    assert (sound["audio_vae"].mark, sound["audio_vae"].dtype, sound["vocoder"].dtype) == ("", "bfloat16", "float32")


def test_a_cpu_streams_nothing_and_runs_small_models_in_float32() -> None:
    small = needs({"text_encoder": weights(0.2, "float16")}, {"unet": weights(2, "float16")}, GB)
    budget = MemoryBudget(device=20 * GB, host=0, total=24 * GB)
    assert ways(plan(small, HALF, budget)) == ("float32", "none", "float32", "none")
    large = needs({"text_encoder": weights(9)}, {"transformer": weights(24)}, GB)
    assert ways(plan(large, HALF, budget)) == ("bfloat16", "none", "int8", "none")


def test_float32_files_run_in_the_entrys_half_precision() -> None:
    stages = needs({}, {"transformer": weights(56, "float32")}, 0)
    found = plan(stages, HALF, MemoryBudget(device=30 * GB, host=60 * GB, total=32 * GB))
    assert ways(found)[2:] == ("bfloat16", "none")
    assert found.device_bytes == pytest.approx(28 * GB, rel=0.01)


def test_some_gpu_and_main_memory_stays_free() -> None:
    card = MemoryBudget.of(
        DeviceState(lane="device", name="card", total_bytes=24 * GB, used_bytes=0, host_bytes=64 * GB)
    )
    assert (card.total, card.device, card.host) == (24 * GB, int(22.8 * GB), int(46.08 * GB))
    processor = MemoryBudget.of(DeviceState(lane="device", name="processor", total_bytes=24 * GB, used_bytes=0))
    assert processor.host == 0


@pytest.mark.parametrize("model", ["flux.2-klein-9b", "qwen-image-edit-2511", "qwen-image-2.1"])
def test_reference_pictures_need_memory_too(model: str) -> None:
    catalog = Catalog(Path("none"), Path("none"))
    entry = catalog.get(model)
    alone = working(drawing(prompt="a fox"), entry, catalog)
    with_three = working(drawing(prompt="a fox", references=["a" * 32, "b" * 32, "c" * 32]), entry, catalog)
    assert with_three["denoise"] - alone["denoise"] == 3 * entry.pixels * 1000


def test_with_three_reference_pictures_the_largest_klein_is_quantized_to_fit_24_gb() -> None:
    catalog = Catalog(Path("none"), Path("none"))
    klein = catalog.get("flux.2-klein-9b")
    card = MemoryBudget.of(
        DeviceState(lane="device", name="c", total_bytes=24 * 2**30, used_bytes=0, host_bytes=64 * GB)
    )
    made = {}
    for count in (0, 3):
        request = drawing(width=1024, height=1024, references=[f"{number:032d}" for number in range(count)])
        found = choose_plan(workload(request, klein, catalog, {}, ()), catalog, card)
        made[count] = found.denoise.precision
    assert made == {0: "bfloat16", 3: "int8"}


def test_qwen_image_streamed_on_24_gb_fits_into_main_memory() -> None:
    catalog = Catalog(Path("none"), Path("none"))
    qwen = catalog.get("qwen-image")
    state = DeviceState(lane="device", name="c", total_bytes=24 * 2**30, used_bytes=0, host_bytes=64 * GB)
    found = choose_plan(usual_workload(qwen), catalog, MemoryBudget.of(state))
    assert found.denoise.offload == "streamed"
    assert found.host_bytes < 0.72 * 64 * GB


@pytest.mark.parametrize("model", ["flux.2-dev", "qwen-image-edit", "wan-2.2-ti2v-5b", "sdxl"])
def test_encoding_the_prompt_needs_memory_in_addition_to_its_weights(model: str) -> None:
    catalog = Catalog(Path("none"), Path("none"))
    entry = catalog.get(model)
    encode = next(one for one in stage_needs(usual_workload(entry), catalog) if one.name == "text_encode")
    weights = sum(one.bytes for one in encode.parts.values())
    assert 0.01 * weights < encode.working_bytes < 0.2 * weights
    just = weights + encode.working_bytes
    kept = [
        choose_plan(usual_workload(entry), catalog, MemoryBudget(device=device, host=100 * GB, total=100 * GB))
        for device in (just + GB // 10, just - GB // 10)
    ]
    assert [one.stages["text_encode"].offload for one in kept] == ["none", "streamed"]


@pytest.mark.parametrize(
    ("config", "decoding"),
    [(None, 3000), ('{"force_upcast": false}', 3000), ('{"force_upcast": true}', 6000), ("{}", 6000), ("no", 6000)],
)
def test_sdxl_needs_twice_the_memory_if_its_decoder_runs_in_full_precision(
    tmp_path: Path, config: str | None, decoding: int
) -> None:
    catalog = Catalog(Path("none"), Path("none"))
    entry = catalog.get("sdxl")
    if config is not None:
        (tmp_path / "config.json").write_text(config)
        entry = entry.model_copy(update={"parts": {**entry.parts, "vae": Part(repo=str(tmp_path))}})
    assert working(None, entry, catalog)["decode"] == decoding * entry.pixels


def test_a_picture_encoded_with_the_prompt_needs_memory_too() -> None:
    catalog = Catalog(Path("none"), Path("none"))
    entry = catalog.get("qwen-image-edit")
    request = parse({"task": "edit_image", "image": "a" * 32, "prompt": "no rain", "model": entry.id})
    assert isinstance(request, PromptRequest)
    assert working(request, entry, catalog)["text_encode"] > working(None, entry, catalog)["text_encode"] + 500_000_000


def test_a_reproduction_uses_the_original_precision_if_it_fits() -> None:
    stages = needs({"text_encoder": weights(10)}, {"transformer": weights(24), "vae": weights(0.2)}, 3 * GB)
    roomy = MemoryBudget(device=80 * GB, host=100 * GB, total=80 * GB)
    assert plan(stages, HALF, roomy).denoise.precision == "bfloat16"
    again = plan(stages, HALF, roomy, Pinned(stages={"text_encode": "bfloat16", "denoise": "int8"}))
    assert (again.denoise.precision, again.denoise.offload) == ("int8", "none")
    tight = MemoryBudget(device=20 * GB, host=100 * GB, total=20 * GB)
    again = plan(stages, HALF, tight, Pinned(stages={"denoise": "bfloat16"}))
    assert (again.denoise.precision, again.denoise.offload) == ("bfloat16", "streamed")
    none = MemoryBudget(device=20 * GB, host=0, total=20 * GB)
    assert plan(stages, HALF, none, Pinned(stages={"denoise": "float32"})).denoise.precision == "int8"


def test_a_reproduction_is_decoded_in_tiles_like_its_original() -> None:
    parts = {"vae": weights(0.2)}
    stages = [StageNeeds("denoise", {"unet": weights(5)}, GB), StageNeeds("decode", parts, 8 * GB, tiled_bytes=GB)]
    roomy = MemoryBudget(device=20 * GB, host=60 * GB, total=24 * GB)
    assert not plan(stages, HALF, roomy, Pinned(stages={"denoise": "bfloat16"})).stages["decode"].tiled
    again = plan(stages, HALF, roomy, Pinned(stages={"denoise": "bfloat16"}, tiled=True))
    assert again.stages["decode"].tiled
    assert not again.denoise.tiled


def test_decoding_needs_no_memory_for_the_denoiser() -> None:
    catalog = Catalog(Path("none"), Path("none"))
    for model in ("flux.2-dev", "wan-2.2-ti2v-5b"):
        found = choose_plan(
            usual_workload(catalog.get(model)), catalog, MemoryBudget(device=10**12, host=0, total=10**12)
        )
        assert set(found.stages) == {"text_encode", "denoise", "decode"}
        assert set(found.stages["decode"].parts) == {"vae"}


def test_loras_and_helpers_count_before_any_file_is_opened() -> None:
    catalog = Catalog(Path("none"), Path("none"))
    entry, keeper = catalog.get("qwen-image"), catalog.get("controlnet-qwen-image")
    lora = AssetFacts(kind="lora", mime="application/x-safetensors", bytes=GB)
    request = drawing(loras=[{"asset": "a" * 32, "weight": 1.0}])
    plain = stage_needs(workload(request, entry, catalog, {}, ()), catalog)[1]
    added = stage_needs(workload(request, entry, catalog, {"a" * 32: lora}, (keeper,)), catalog)[1]
    assert added.working_bytes - plain.working_bytes == GB
    assert added.whole_bytes == keeper.memory["bfloat16"]
