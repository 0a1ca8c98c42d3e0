"""Pictures made elsewhere: what they say is understood, and what they say wrongly harms nothing."""

import json
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from engines.media.foreign import Making, read_making

A1111 = """a red fox, <lora:film_grain:0.7> in the snow
at dusk
Negative prompt: blurry, bad hands
Steps: 25, Sampler: DPM++ 2M, Schedule type: Karras, CFG scale: 6.5, Seed: 1234567890, Size: 512x768, \
Model hash: 6ce0161689, Model: dreamshaper_8, Denoising strength: 0.4, Lora hashes: "a: 12ab, x: 1", Version: v1.9.4"""


def comfy(**changes: Any) -> dict[str, Any]:
    """A graph with two samplers, a LoRA, and texts that come through other people's nodes."""
    graph: dict[str, Any] = {
        "30": {"class_type": "KSampler", "inputs": {"seed": 6, "steps": 9, "cfg": 3, "positive": ["40", 0],
               "negative": ["7", 0], "latent_image": ["31", 0], "model": ["4", 0]}},
        "31": {"class_type": "LatentUpscaleBy", "inputs": {"samples": ["3", 0], "scale_by": 1.5}},
        "3": {"class_type": "KSampler", "inputs": {"seed": ["50", 0], "steps": 20, "cfg": 8.0, "sampler_name": "euler",
              "scheduler": "normal", "denoise": 1, "model": ["10", 0], "positive": ["40", 0], "negative": ["40", 1],
              "latent_image": ["5", 0]}},
        "40": {"class_type": "ControlNetApplyAdvanced", "inputs": {"positive": ["6", 0], "negative": ["7", 0],
               "strength": 1, "image": ["41", 0]}},
        "41": {"class_type": "LoadImage", "inputs": {"image": "text.png"}},
        "50": {"class_type": "Seed Everywhere", "inputs": {"seed": 77}},
        "4": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": "sdxl\\\\juggernaut.safetensors"}},
        "10": {"class_type": "Power Lora Loader", "inputs": {"lora_1": {"on": True, "lora": "a/grain.safetensors",
               "strength": 0.5}, "lora_2": {"on": False, "lora": "off", "strength": 1}, "model": ["4", 0]}},
        "5": {"class_type": "EmptyLatentImage", "inputs": {"width": 512, "height": ["20", 0], "batch_size": 1}},
        "20": {"class_type": "PrimitiveInt", "inputs": {"value": 640}},
        "6": {"class_type": "CLIPTextEncode", "inputs": {"text": ["21", 0], "clip": ["4", 1]}},
        "21": {"class_type": "Somebody's Text", "inputs": {"string": "a lighthouse in a storm"}},
        "7": {"class_type": "CLIPTextEncode", "inputs": {"text": "ugly", "clip": ["4", 1]}},
    }  # fmt: skip
    return {**graph, **changes}


def png(path: Path, **texts: str) -> Making | None:
    tags = PngInfo()
    for name, text in texts.items():
        tags.add_itxt(name, text)
    Image.new("RGB", (8, 8)).save(path, pnginfo=tags)
    return read_making(path)


def test_a1111(tmp_path: Path) -> None:
    making = png(tmp_path / "a.png", parameters=A1111)
    assert making is not None
    told = making.told
    assert making.program == "a1111"
    assert told.prompt == "a red fox, in the snow\nat dusk"
    assert told.negative_prompt == "blurry, bad hands"
    assert (told.steps, told.guidance, told.seed, told.width, told.height) == (25, 6.5, 1234567890, 512, 768)
    assert (told.model, told.sampler) == ("dreamshaper_8", "DPM++ 2M")
    assert [(lora.name, lora.strength) for lora in told.loras] == [("film_grain", 0.7)]
    assert dict(told.other) == {"Schedule type": "Karras", "Denoising strength": "0.4"}


@pytest.mark.parametrize("code", ["utf-16-be", "utf-16-le"])
@pytest.mark.parametrize("suffix", [".jpg", ".webp"])
def test_exif_holds_the_same(tmp_path: Path, suffix: str, code: str) -> None:
    exif = Image.Exif()
    exif.get_ifd(0x8769)[0x9286] = b"UNICODE\0" + A1111.encode(code)
    Image.new("RGB", (8, 8)).save(tmp_path / f"a{suffix}", exif=exif)
    assert read_making(tmp_path / f"a{suffix}") == png(tmp_path / "a.png", parameters=A1111)


def test_comfyui(tmp_path: Path) -> None:
    making = png(tmp_path / "a.png", prompt=json.dumps(comfy()), workflow="{}")
    assert making is not None
    told = making.told
    assert (making.program, told.prompt, told.negative_prompt) == ("comfyui", "a lighthouse in a storm", "ugly")
    assert (told.steps, told.guidance, told.seed, told.width, told.height) == (20, 8, 77, 512, 640)
    assert (told.model, told.sampler) == ("juggernaut", "euler")
    assert [(lora.name, lora.strength) for lora in told.loras] == [("grain", 0.5)]
    exif = Image.Exif()
    exif[0x0110] = f"prompt:{json.dumps(comfy())}"
    Image.new("RGB", (8, 8)).save(tmp_path / "a.webp", exif=exif)
    assert read_making(tmp_path / "a.webp") == making


def test_comfyui_with_a_guider(tmp_path: Path) -> None:
    graph = {
        "1": {"class_type": "SamplerCustomAdvanced", "inputs": {"noise": ["2", 0], "guider": ["3", 0],
              "sampler": ["4", 0], "sigmas": ["5", 0], "latent_image": ["6", 0]}},
        "2": {"class_type": "RandomNoise", "inputs": {"noise_seed": 9}},
        "3": {"class_type": "BasicGuider", "inputs": {"model": ["7", 0], "conditioning": ["8", 0]}},
        "4": {"class_type": "KSamplerSelect", "inputs": {"sampler_name": "euler"}},
        "5": {"class_type": "BasicScheduler", "inputs": {"steps": 28, "scheduler": "simple", "model": ["7", 0]}},
        "6": {"class_type": "EmptySD3LatentImage", "inputs": {"width": 1024, "height": 768, "batch_size": 1}},
        "7": {"class_type": "UNETLoader", "inputs": {"unet_name": "flux1-dev.safetensors"}},
        "8": {"class_type": "FluxGuidance", "inputs": {"guidance": 3.5, "conditioning": ["9", 0]}},
        "9": {"class_type": "CLIPTextEncode", "inputs": {"text": "a tram in the rain", "clip": ["10", 0]}},
        "10": {"class_type": "DualCLIPLoader", "inputs": {"clip_name1": "a"}},
    }  # fmt: skip
    making = png(tmp_path / "a.png", prompt=json.dumps(graph))
    assert making is not None
    told = making.told
    assert (told.prompt, told.steps, told.seed, told.width, told.model) == (
        "a tram in the rain",
        28,
        9,
        1024,
        "flux1-dev",
    )
    assert told.guidance == 3.5


def test_comfyui_as_it_was_drawn(tmp_path: Path) -> None:
    slots = ("model", "positive", "negative", "latent_image")
    workflow = {
        "nodes": [
            {"id": 3, "type": "KSampler", "mode": 0, "widgets_values": [99, "randomize", 22, 7, "euler", "normal", 1],
             "inputs": [{"name": name, "link": n} for n, name in enumerate(slots, 1)]},
            {"id": 4, "type": "CheckpointLoaderSimple", "mode": 0, "widgets_values": ["a.ckpt"]},
            {"id": 6, "type": "CLIPTextEncode", "mode": 0, "widgets_values": ["hello"]},
            {"id": 7, "type": "CLIPTextEncode", "mode": 0, "widgets_values": ["bad"]},
            {"id": 5, "type": "EmptyLatentImage", "mode": 0, "widgets_values": [768, 512, 1]},
        ],
        "links": [[1, 4, 0, 3, 0, "M"], [2, 6, 0, 3, 1, "C"], [3, 7, 0, 3, 2, "C"], [4, 5, 0, 3, 3, "L"]],
    }  # fmt: skip
    making = png(tmp_path / "a.png", workflow=json.dumps(workflow))
    assert making is not None
    told = making.told
    assert (told.prompt, told.negative_prompt, told.seed, told.width, told.model) == ("hello", "bad", 99, 768, "a")


def test_invokeai_and_fooocus(tmp_path: Path) -> None:
    invoke = {"positive_prompt": "a cat", "width": 1024, "height": 768, "seed": 5, "steps": 30, "cfg_scale": 5,
              "model": {"name": "sdxl"}, "loras": [{"model": {"name": "ink"}, "weight": 0.6}]}  # fmt: skip
    making = png(tmp_path / "a.png", invokeai_metadata=json.dumps(invoke))
    assert making is not None
    assert (making.program, making.told.prompt, making.told.model) == ("invokeai", "a cat", "sdxl")
    assert [(lora.name, lora.strength) for lora in making.told.loras] == [("ink", 0.6)]
    fooocus = {"prompt": "a dog", "base_model": "j.safetensors", "resolution": "(1024, 768)", "seed": "77", "steps": 30}
    making = png(tmp_path / "a.png", parameters=json.dumps(fooocus), fooocus_scheme="fooocus")
    assert making is not None
    assert (making.program, making.told.seed, making.told.height) == ("fooocus", 77, 768)


@pytest.mark.parametrize(
    "texts",
    [
        {},
        {"parameters": "just a sentence"},
        {"prompt": "[" * 100_000},
        {"prompt": '{"a":' * 50_000},
        {"prompt": "{}"},
        {"prompt": '{"1": {"class_type": "KSampler", "inputs": 5}}'},
        {"workflow": '{"nodes": [{}], "links": [[[]]]}'},
        {"workflow": '{"nodes": {"a": 1}, "links": 3}'},
        {"invokeai_metadata": '{"positive_prompt": 3}'},
        {"prompt": "x" * (5 << 20)},
        {"c41": "[" * 100_000},
        {"parameters": '{"prompt": "a", "base_model": "b", "loras": 5}'},
        {"parameters": '{"prompt": "a", "base_model": "b", "resolution": "(%s, 3)"}' % ("9" * 5000)},
        {"workflow": '{"nodes": [{"id": 1, "type": "KSampler", "inputs": 5}], "links": []}'},
    ],
)
def test_what_says_nothing(tmp_path: Path, texts: dict[str, str]) -> None:
    assert png(tmp_path / "a.png", **texts) is None


def test_graphs_that_go_round_end(tmp_path: Path) -> None:
    round_ = {"class_type": "X", "inputs": {"conditioning": ["6", 0], "positive": ["6", 0], "text": ["6", 0]}}
    making = png(
        tmp_path / "a.png",
        prompt=json.dumps(comfy(**{"6": round_, "5": {"class_type": "Y", "inputs": {"a": ["5", 0]}}})),
    )
    assert making is not None
    assert making.told.prompt is None
    long = {str(n): {"class_type": "X", "inputs": {"conditioning": [str(n + 1), 0]}} for n in range(100, 4500)}
    assert png(
        tmp_path / "a.png",
        prompt=json.dumps(comfy(**{"6": {"class_type": "X", "inputs": {"conditioning": ["100", 0]}}, **long})),
    )


def test_texts_and_graphs_made_to_take_for_ever_are_read_at_once(tmp_path: Path) -> None:
    began = time.perf_counter()
    assert png(tmp_path / "a.png", parameters=f"a{' ' * 400_000}b\nSteps: 3") is not None
    assert png(tmp_path / "a.png", parameters="a" + "\n" * 400_000) is None
    samplers = {str(n): {"inputs": {"latent_image": ["a0", 0], "positive": ["c", 0]}} for n in range(2000)}
    chain = {f"a{n}": {"inputs": {"x": [f"a{n + 1}", 0]}} for n in range(2000)}
    chain["a2000"] = {"inputs": {"x": ["0", 0], "y": ["1", 0]}}
    assert png(tmp_path / "a.png", prompt=json.dumps(samplers | chain)) is None
    assert time.perf_counter() - began < 5


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=20)
    | st.just(["3", 0])
    | st.just(["6", 0]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "inputs",
                    "text",
                    "positive",
                    "latent_image",
                    "model",
                    "seed",
                    "class_type",
                    "lora",
                    "nodes",
                    "links",
                    "id",
                ]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(
    node=JSON,
    where=st.sampled_from(["3", "4", "5", "6", "10", "21", "40"]),
    field=st.sampled_from(["", "text", "model", "seed", "width"]),
)
@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_graph_is_read_or_not(tmp_path: Path, node: Any, where: str, field: str) -> None:
    graph = comfy()
    if field:
        graph[where]["inputs"][field] = node
    else:
        graph[where] = node
    making = png(tmp_path / "a.png", prompt=json.dumps(graph))
    assert making is None or making.model_dump_json()


@given(text=st.text(max_size=300), facts=st.text(max_size=100))
@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_text_is_read_or_not(tmp_path: Path, text: str, facts: str) -> None:
    whole = f"{text}\nSteps: 5, {facts}".encode("utf-8", "replace").decode()
    making = png(tmp_path / "a.png", parameters=whole)
    assert making is None or making.model_dump_json()
