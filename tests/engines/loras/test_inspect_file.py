"""Inspecting a LoRA file: family, trigger words, name and picture, whatever its header contains."""

import base64
import io
import json
import math
import struct
import time
import tracemalloc
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from engines.loras import families
from engines.loras import metadata as told
from engines.loras.inspect_file import Inspection, inspect_lora, is_pickle
from engines.media.intake import inspect, thumbnail
from engines.requests import AssetFacts, CreateImage, LoraUse
from errors import StudioError
from tests.engines.loras.plain_files import lora_bytes, safetensors_bytes


def pair(module: str, width: int, ends: tuple[str, str] = ("lora_A.weight", "lora_B.weight")) -> dict[str, np.ndarray]:
    return {f"{module}.{ends[0]}": np.ones((4, width), np.float16), f"{module}.{ends[1]}": np.ones((8, 4), np.float16)}


def seen(tmp_path: Path, tensors: Mapping[str, np.ndarray], metadata: Mapping[str, str] = {}) -> Inspection:
    path = tmp_path / "one.safetensors"
    path.write_bytes(safetensors_bytes(tensors, metadata))
    return inspect_lora(path, path.name)


KOHYA = ("lora_down.weight", "lora_up.weight")


@pytest.mark.parametrize(
    ("module", "width", "ends", "family"),
    [
        ("lora_unet_down_blocks_1_attentions_0_transformer_blocks_0_attn2_to_k", 768, KOHYA, "sd15"),
        ("lora_unet_input_blocks_4_1_transformer_blocks_0_attn2_to_k", 2048, KOHYA, "sdxl"),
        ("unet.down_blocks.1.attentions.0.transformer_blocks.0.attn2.to_k", 1024, None, "sd2"),
        ("lora_unet_double_blocks_0_img_attn_qkv", 3072, KOHYA, "flux1"),
        ("transformer.single_transformer_blocks.0.attn.to_q", 3072, None, "flux1"),
        ("diffusion_model.double_blocks.0.img_attn.qkv", 6144, None, "flux2-dev"),
        ("diffusion_model.single_blocks.0.linear2", 12288, None, "flux2"),
        ("diffusion_model.single_blocks.0.linear2", 16384, None, "flux2-klein-9b"),
        ("transformer.single_transformer_blocks.0.attn.to_qkv_mlp_proj", 3072, None, "flux2-klein-4b"),
        ("transformer.transformer_blocks.0.attn.add_q_proj", 4096, None, "flux2-klein-9b"),
        ("lora_unet_double_blocks_0_img_mlp_fc1", 3072, KOHYA, "hunyuan-video"),
        ("lora_unet_transformer_blocks_0_img_mlp_net_0_proj", 3072, KOHYA, "qwen-image"),
        ("transformer_blocks.0.attn.add_q_proj", 3072, KOHYA, "qwen-image"),
        ("transformer.transformer_blocks.0.img_mlp.gate_layer", 4096, None, "qwen-image-2.1"),
        ("diffusion_model.layers.0.attention.to_q", 3840, None, "z-image"),
        ("diffusion_model.double_stream_blocks.0.block.attn1.to_q", 2560, None, "hidream"),
        ("lora_unet_blocks_0_self_attn_q", 5120, KOHYA, "wan22"),
        ("diffusion_model.blocks.0.cross_attn.k", 3072, None, "wan22-5b"),
        ("diffusion_model.blocks.0.self_attn.q", 1536, None, "wan21-1.3b"),
        ("diffusion_model.transformer_blocks.0.attn1.to_q", 2048, None, "ltx"),
        ("diffusion_model.transformer_blocks.0.attn1.to_q", 4096, None, "ltx2"),
        ("strange.mixer", 64, None, None),
    ],
)
def test_families_are_detected_by_layers(
    tmp_path: Path, module: str, width: int, ends: tuple[str, str] | None, family: str | None
) -> None:
    tensors = pair(module, width, ends) if ends else pair(module, width)
    found = seen(tmp_path, tensors)
    assert found.family == family
    assert bool(found.facts.obstacle) == (family is None)
    assert found.facts.rank == 4


def test_the_header_decides_between_similar_families(tmp_path: Path) -> None:
    tensors = pair("lora_unet_double_blocks_0_img_attn_qkv", 3072, KOHYA)
    assert seen(tmp_path, tensors, {"ss_base_model_version": "flux2_klein_4b"}).family == "flux2-klein-4b"
    assert seen(tmp_path, tensors, {"modelspec.architecture": "flux-1-dev/lora"}).family == "flux1"
    assert seen(tmp_path, pair("odd", 3), {families.OWN: "storybook"}).family == "storybook"
    assert seen(tmp_path, pair("odd", 3), {families.OWN: "no such"}).family is None


def test_a_lora_for_another_size_is_refused_before_anything_runs() -> None:
    from engines.catalog import shipped
    from engines.catalog.validation import resolve_request

    asked = CreateImage(prompt="a fox", width=512, height=512, loras=(LoraUse(asset="a" * 32),))
    small = shipped.entry("flux.2-klein-4b")

    def add(family: str) -> None:
        resolve_request(
            asked, small, {"a" * 32: AssetFacts(kind="lora", title="Mara", mime="x", bytes=1, family=family)}
        )

    with pytest.raises(StudioError) as refused:
        add("flux2-klein-9b")
    assert refused.value.problem.what == (
        "“Mara” is a LoRA for FLUX.2 klein 9B, but FLUX.2 klein 4B uses LoRAs for FLUX.2 klein 4B."
    )
    add("flux2-klein-4b")
    add("flux2")  # its size is unknown


def test_every_lora_family_of_the_catalog_has_a_name() -> None:
    from engines.catalog import shipped

    named = {entry.lora_family for entry in shipped.entries()} - {None}
    assert named <= families.table().names.keys()
    assert {rule.family for rule in families.table().rules} <= families.table().names.keys()


@pytest.mark.parametrize(
    ("metadata", "words"),
    [
        ({"modelspec.trigger_phrase": "mara woman, red coat"}, ("mara woman", "red coat")),
        ({"ss_tag_frequency": '{"10_x": {"mara": 20, "1girl": 20, "smile": 4}}'}, ("mara",)),
        (
            {
                "ss_tag_frequency": '{"10_x": {"mara": 9, "smile": 8}}',
                "ss_dataset_dirs": '{"10_x": {"n_repeats": 10, "img_count": 20}}',
            },
            ("x",),
        ),
        ({"training_info": '{"trigger_word": "p3rs0n"}'}, ("p3rs0n",)),
        ({"ss_tag_frequency": '{"5_img": {"1girl": 3}}'}, ()),
        ({"ss_tag_frequency": "[1]"}, ()),
        ({"ss_tag_frequency": '{"a": 3, "b": {"c": "d", "e": -1}}', "ss_dataset_dirs": "7"}, ()),
        ({"ss_tag_frequency": "[" * 50_000}, ()),
        ({"modelspec.trigger_phrase": "\x00" + "x" * 500}, ()),
        ({}, ()),
    ],
)
def test_trigger_words(metadata: dict[str, str], words: tuple[str, ...]) -> None:
    assert told.triggers(metadata) == words


def test_a_generic_file_name_is_replaced_by_the_headers_title(tmp_path: Path) -> None:
    said = {"ss_output_name": "Mara of the harbour"}
    own = said["ss_output_name"]
    for name, title in (("pytorch_lora_weights", own), ("Mara v2", "Mara v2"), ("last-3", own)):
        path = tmp_path / f"{name}.safetensors"
        path.write_bytes(lora_bytes(768, said))
        assert inspect(path, path.name).facts.title == title


def test_the_sample_in_a_header_becomes_the_thumbnail(tmp_path: Path) -> None:
    content = io.BytesIO()
    Image.new("RGB", (64, 40), "teal").save(content, "JPEG")
    picture = f"data:image/jpeg;base64,{base64.b64encode(content.getvalue()).decode()}"
    for said, there in ((picture, True), ("data:image/jpeg;base64,AAAA", False), ("nonsense", False)):
        path = tmp_path / "one.safetensors"
        path.write_bytes(lora_bytes(768, {"modelspec.thumbnail": said}))
        out = tmp_path / f"{there}.webp"
        assert thumbnail(path, inspect(path, path.name).facts, out) is there


def test_loras_that_cannot_be_removed_are_refused(tmp_path: Path) -> None:
    lokr = {"lora_unet_double_blocks_0_img_attn_qkv.lokr_w1": np.ones((4, 4)), "x.lokr_w2": np.ones((4, 4))}
    assert "LyCORIS" in seen(tmp_path, lokr).facts.obstacle
    control = pair("transformer.x_embedder", 128) | pair("transformer.single_transformer_blocks.0.attn.to_q", 3072)
    assert "control" in seen(tmp_path, control).facts.obstacle


def test_a_header_with_wrong_shapes_is_refused(tmp_path: Path) -> None:
    good = lora_bytes(768)
    length = int.from_bytes(good[:8], "little")
    header = json.loads(good[8 : 8 + length])
    changes: list[dict[str, Any]] = [{"shape": [4, 9999]}, {"shape": "x"}]
    changes += [{"data_offsets": place} for place in ([0, 2**60], [8, 0], 3)]
    changes += [{"shape": [int("9" * 4000)] * 400}, {"shape": [1] * 1000}]  # multiplying these would take minutes
    for change in changes:
        name = next(iter(header))
        text = json.dumps({**header, name: {**header[name], **change}}).encode()
        path = tmp_path / "lie.safetensors"
        path.write_bytes(len(text).to_bytes(8, "little") + text + good[8 + length :])
        with pytest.raises(StudioError) as error:
            inspect(path, path.name)
        assert error.value.problem.code == "damaged_weights", change


@pytest.mark.parametrize("name", ["_oft" * 250_000 + "-", "unet." * 200_000 + "to_q.lora_A.weight"])
def test_an_endless_name_is_refused_at_once(tmp_path: Path, name: str) -> None:
    began = time.perf_counter()
    with pytest.raises(StudioError, match="damaged"):
        seen(tmp_path, {name: np.ones((4, 8), np.float16)})
    assert time.perf_counter() - began < 2


@pytest.mark.parametrize(
    ("header", "why"),
    [
        ({f"a{i}": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]} for i in range(25_000)}, "tensors"),
        ({f"lora_unet_x_{i}": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]} for i in range(150_000)}, "parts"),
        ({"__metadata__": {f"{i:x}": "" for i in range(500_000)}}, "parts"),
        ({"__metadata__": {"a": [[]] * 500_000}}, "parts"),
        ({"__metadata__": {"a": [0] * 1_000_000}}, "parts"),
        ({"__metadata__": {"ss_tag_frequency": "[[]," * 500_000}}, "parts"),
        ({"__metadata__": {"a": "x" * 17_000_000}}, "far too long"),
    ],
)
def test_an_oversized_header_is_refused_quickly(
    tmp_path: Path, header: Mapping[str, Any], why: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = json.dumps(header).encode()
    path = tmp_path / "one.safetensors"
    path.write_bytes(len(text).to_bytes(8, "little") + text + bytes(4))
    if why != "tensors":  # the header is rejected before it is parsed
        monkeypatch.setattr("json.loads", lambda _: pytest.fail("the header was read"))
    with pytest.raises(StudioError) as error:
        inspect_lora(path, path.name)
    assert error.value.problem.code == "damaged_weights"
    assert why in error.value.problem.why


@pytest.mark.slow
def test_the_header_of_a_large_lora_with_all_its_tags_is_read(tmp_path: Path) -> None:
    tags = json.dumps({"10_x": {f"tag number {i}": i for i in range(40_000)}})
    large = {name: one for i in range(3000) for name, one in pair(f"transformer.blocks.{i}.attn.to_q", 8).items()}
    path = tmp_path / "one.safetensors"
    path.write_bytes(safetensors_bytes(large, {"ss_tag_frequency": tags, "modelspec.thumbnail": "a" * 4_000_000}))
    assert inspect_lora(path, path.name).facts.rank == 4


def test_lone_surrogates_in_a_header_are_replaced(tmp_path: Path) -> None:
    names = {"modelspec.title": "a\ud800b", "ss_sd_model_name": "c\ud800"}
    path = tmp_path / "lora.safetensors"
    path.write_bytes(lora_bytes(768, names))
    facts = inspect(path, path.name).facts
    assert facts.lora is not None
    assert (facts.title, facts.lora.base_model) == ("a?b", "c?")


@pytest.mark.slow
def test_a_pickle_in_a_zip_is_recognized_by_its_beginning(tmp_path: Path) -> None:
    import torch

    torch.save({"a": torch.ones(2)}, tmp_path / "a.pt")
    assert is_pickle(tmp_path / "a.pt")
    with zipfile.ZipFile(tmp_path / "many.zip", "w") as archive:
        for n in range(20_000):
            archive.writestr(str(n), b"")
    tracemalloc.start()
    try:
        assert not is_pickle(tmp_path / "many.zip")
        assert tracemalloc.get_traced_memory()[1] < 2**18
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    ("down", "up", "dtype", "obstacle"),
    [
        ((4, 768), (640, 8), "F16", "do not match"),
        ((0, 768), (640, 0), "F16", "do not match"),
        ((4, 768), (640,), "F16", "do not match"),
        ((4, 768), (640, 4), "I16", "stored as I16"),
        ((4, 768), (640, 4), "U8", "stored as U8"),
        ((4, 768), (640, 4), "BF16", ""),
        ((4, 768), (640, 4), "F8_E4M3", ""),
        ((4, 768, 3, 3), (640, 4, 1, 1), "F16", ""),
    ],
)
def test_mismatched_pairs_are_an_obstacle(
    tmp_path: Path, down: tuple[int, ...], up: tuple[int, ...], dtype: str, obstacle: str
) -> None:
    stem = "lora_unet_down_blocks_1_attentions_0_transformer_blocks_0_attn2_to_k"
    header: dict[str, Any] = {}
    place, a_number = 0, {"U8": 1, "F8_E4M3": 1}.get(dtype, 2)
    for name, shape in ((f"{stem}.lora_down.weight", down), (f"{stem}.lora_up.weight", up)):
        end = place + math.prod(shape) * a_number
        header[name] = {"dtype": dtype, "shape": shape, "data_offsets": [place, end]}
        place = end
    text = json.dumps(header).encode()
    path = tmp_path / "a.safetensors"
    path.write_bytes(struct.pack("<Q", len(text)) + text + bytes(place))
    found = inspect_lora(path, "a").facts.obstacle
    assert obstacle in found if obstacle else not found
