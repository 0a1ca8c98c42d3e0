"""The plan: what fits which machine, in which precision, with which offload."""

from pathlib import Path

import pytest

from engines.catalog import Catalog, Entry
from engines.catalog.entry import Licence, Part
from engines.planning import Plan, Room, Weights, Working, plan, stages, working
from engines.requests import Drawing, parse
from engines.wire import DeviceState, Pinned

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
        "licence": Licence(name="x", commercial=True),
        "verified": "import",
        "memory": {"bfloat16": 34 * GB},
    }
    return Entry(**{**plain, **more})


def weights(gigabytes: float, dtype: str = "bfloat16") -> Weights:
    size = 4 if dtype == "float32" else 2
    numbers = int(gigabytes * GB) // size
    return Weights(numbers=numbers, layer=numbers // 100, dtype=dtype)


def planned(device: float, beside: float, painter: float = 24, reader: float = 10) -> Plan:
    stages = {"text_encoder": weights(reader)}, {"transformer": weights(painter), "vae": weights(0.2)}
    room = Room(device=int(device * GB), beside=int(beside * GB), total=int(device * GB))
    return plan(entry(), stages, Working(0, 3 * GB), room)


def drawing(**asked: object) -> Drawing:
    request = parse({"task": "create_image", "prompt": "a fox", **asked})
    assert isinstance(request, Drawing)
    return request


def ways(plan: Plan) -> tuple[str, str, str, str]:
    return plan.reading.precision, plan.reading.offload, plan.painting.precision, plan.painting.offload


def test_what_fits_is_kept_as_it_is() -> None:
    found = planned(40, 100)
    assert ways(found) == ("bfloat16", "none", "bfloat16", "none")
    assert found.words == "Fits."


def test_reading_and_painting_need_the_larger_of_both_not_the_sum() -> None:
    found = planned(28, 100)
    assert found.fits
    assert found.device_bytes == pytest.approx(27.2 * GB, rel=0.01)


def test_eight_bits_come_before_streaming_which_takes_twice_as_long() -> None:
    assert ways(planned(20, 100)) == ("bfloat16", "none", "int8", "none")
    assert planned(20, 100).words == "Fits in int8, about 1.1x slower."
    parts = {"unet": weights(24), "vae": weights(0.2)}
    room = Room(device=20 * GB, beside=100 * GB, total=20 * GB)
    assert ways(plan(entry(), ({}, parts), Working(0, 3 * GB), room))[2:] == ("fp8", "none"), (
        "int8 reaches no convolutions"
    )


def test_what_must_be_streamed_keeps_its_precision() -> None:
    found = planned(14, 100)
    assert ways(found) == ("bfloat16", "none", "bfloat16", "streamed")
    assert found.beside_bytes == pytest.approx(24 * GB, rel=0.01)
    assert found.device_bytes < 10.1 * GB
    assert found.words == "Fits with offload, about 2x slower."


def test_where_both_are_small_it_is_in_eight_bits_and_streamed() -> None:
    found = planned(8, 14)
    assert ways(found) == ("bfloat16", "streamed", "int8", "streamed")
    assert found.words == "Fits in int8 with offload, about 1.6x slower."


def test_what_fits_no_way_says_what_it_needs_least() -> None:
    found = planned(3, 14)
    assert not found.fits
    assert 3 * GB < found.device_bytes < 5 * GB


def test_the_decoder_is_neither_cast_nor_streamed() -> None:
    vae = planned(8, 14).painting.parts["vae"]
    assert vae.mark == ""


def test_a_processor_streams_nothing_and_runs_small_models_in_float32() -> None:
    small = {"text_encoder": weights(0.2, "float16")}, {"unet": weights(2, "float16")}
    room = Room(device=20 * GB, beside=0, total=24 * GB)
    assert ways(plan(entry(), small, Working(0, GB), room)) == ("float32", "none", "float32", "none")
    large = {"text_encoder": weights(9)}, {"transformer": weights(24)}
    assert ways(plan(entry(), large, Working(0, GB), room)) == ("bfloat16", "none", "int8", "none")


def test_files_in_float32_run_in_the_half_precision_that_the_entry_names() -> None:
    stages: tuple[dict[str, Weights], dict[str, Weights]] = {}, {"transformer": weights(56, "float32")}
    found = plan(entry(), stages, Working(0, 0), Room(device=30 * GB, beside=60 * GB, total=32 * GB))
    assert ways(found)[2:] == ("bfloat16", "none")
    assert found.device_bytes == pytest.approx(28 * GB, rel=0.01)


def test_a_card_keeps_some_free_and_main_memory_too() -> None:
    card = Room.of(DeviceState(lane="device", name="card", total_bytes=24 * GB, used_bytes=0, beside_bytes=64 * GB))
    assert (card.total, card.device, card.beside) == (24 * GB, int(22.8 * GB), int(46.08 * GB))
    processor = Room.of(DeviceState(lane="device", name="processor", total_bytes=24 * GB, used_bytes=0))
    assert processor.beside == 0


@pytest.mark.parametrize("model", ["flux.2-klein-9b", "qwen-image-edit-2511", "qwen-image-2.1"])
def test_pictures_to_go_by_need_room_too(model: str) -> None:
    catalog = Catalog(Path("none"), Path("none"))
    entry = catalog.get(model)
    alone = working(drawing(prompt="a fox"), entry, catalog)
    with_three = working(drawing(prompt="a fox", references=["a" * 32, "b" * 32, "c" * 32]), entry, catalog)
    assert with_three.painting - alone.painting == 3 * entry.pixels * 1000


def test_with_three_pictures_to_go_by_the_largest_klein_is_made_smaller_to_fit_a_card_of_24_gb() -> None:
    catalog = Catalog(Path("none"), Path("none"))
    klein = catalog.get("flux.2-klein-9b")
    card = Room.of(DeviceState(lane="device", name="c", total_bytes=24 * 2**30, used_bytes=0, beside_bytes=64 * GB))
    made = {}
    for count in (0, 3):
        request = drawing(width=1024, height=1024, references=[f"{number:032d}" for number in range(count)])
        found = plan(klein, stages(klein, catalog), working(request, klein, catalog), card)
        made[count] = found.painting.precision
    assert made == {0: "bfloat16", 3: "int8"}


def test_qwen_image_streamed_on_24_gb_never_takes_more_main_memory_than_there_is() -> None:
    catalog = Catalog(Path("none"), Path("none"))
    qwen = catalog.get("qwen-image")
    state = DeviceState(lane="device", name="c", total_bytes=24 * 2**30, used_bytes=0, beside_bytes=64 * GB)
    found = plan(qwen, stages(qwen, catalog), working(None, qwen, catalog), Room.of(state))
    assert found.painting.offload == "streamed"
    assert found.beside_bytes < 0.72 * 64 * GB


@pytest.mark.parametrize("model", ["flux.2-dev", "qwen-image-edit", "wan-2.2-ti2v-5b", "sdxl"])
def test_reading_the_words_needs_room_beside_its_weights(model: str) -> None:
    catalog = Catalog(Path("none"), Path("none"))
    entry = catalog.get(model)
    weights = sum(one.bytes for one in stages(entry, catalog)[0].values())
    taken = working(None, entry, catalog)
    assert 0.01 * weights < taken.reading < 0.2 * weights
    just = weights + taken.reading
    kept = [
        plan(entry, stages(entry, catalog), taken, Room(device=device, beside=100 * GB, total=100 * GB)).reading.offload
        for device in (just + GB // 10, just - GB // 10)
    ]
    assert kept == ["none", "streamed"]


@pytest.mark.parametrize(
    ("config", "painting"),
    [(None, 3000), ('{"force_upcast": false}', 3000), ('{"force_upcast": true}', 6000), ("{}", 6000), ("no", 6000)],
)
def test_sdxl_needs_twice_the_room_where_its_decoder_works_in_full_precision(
    tmp_path: Path, config: str | None, painting: int
) -> None:
    catalog = Catalog(Path("none"), Path("none"))
    entry = catalog.get("sdxl")
    if config is not None:
        (tmp_path / "config.json").write_text(config)
        entry = entry.model_copy(update={"parts": {**entry.parts, "vae": Part(repo=str(tmp_path))}})
    assert working(None, entry, catalog).painting == painting * entry.pixels


def test_a_picture_that_is_read_with_the_words_needs_room_too() -> None:
    catalog = Catalog(Path("none"), Path("none"))
    entry = catalog.get("qwen-image-edit")
    request = parse({"task": "edit_image", "image": "a" * 32, "prompt": "no rain", "model": entry.id})
    assert isinstance(request, Drawing)
    assert working(request, entry, catalog).reading > working(None, entry, catalog).reading + 500_000_000


def test_what_is_made_again_is_kept_in_the_precision_that_it_was_made_in_where_that_fits() -> None:
    stages = {"text_encoder": weights(10)}, {"transformer": weights(24), "vae": weights(0.2)}
    roomy = Room(device=80 * GB, beside=100 * GB, total=80 * GB)
    taken = Working(0, 3 * GB)
    assert plan(entry(), stages, taken, roomy).painting.precision == "bfloat16"
    again = plan(entry(), stages, taken, roomy, Pinned(reading="bfloat16", painting="int8"))
    assert (again.painting.precision, again.painting.offload) == ("int8", "none")
    tight = Room(device=20 * GB, beside=100 * GB, total=20 * GB)
    again = plan(entry(), stages, taken, tight, Pinned(painting="bfloat16"))
    assert (again.painting.precision, again.painting.offload) == ("bfloat16", "streamed")
    none = Room(device=20 * GB, beside=0, total=20 * GB)
    assert plan(entry(), stages, taken, none, Pinned(painting="float32")).painting.precision == "int8"
