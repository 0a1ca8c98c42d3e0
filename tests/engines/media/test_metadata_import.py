"""Settings of pictures made elsewhere are imported; invalid metadata does no harm."""

import json
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from engines.media.metadata_import.fields import ImportedFields
from engines.media.metadata_import.importer import ImportedMetadata, import_metadata

A1111 = """a red fox, <lora:film_grain:0.7> in the snow
at dusk
Negative prompt: blurry, bad hands
Steps: 25, Sampler: DPM++ 2M, Schedule type: Karras, CFG scale: 6.5, Seed: 1234567890, Size: 512x768, \
Model hash: 6ce0161689, Model: dreamshaper_8, Denoising strength: 0.4, Lora hashes: "a: 12ab, x: 1", Version: v1.9.4"""


def comfy(**changes: Any) -> dict[str, Any]:
    """Return a graph with two samplers, a LoRA, and texts that pass through custom nodes."""
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


def png(path: Path, **texts: str) -> ImportedMetadata | None:
    tags = PngInfo()
    for name, text in texts.items():
        tags.add_itxt(name, text)
    Image.new("RGB", (8, 8)).save(path, pnginfo=tags)
    return import_metadata(path)


def test_a1111(tmp_path: Path) -> None:
    making = png(tmp_path / "a.png", parameters=A1111)
    assert making is not None
    told = making.fields
    assert making.program == "a1111"
    assert told.prompt == "a red fox, in the snow\nat dusk"
    assert told.negative_prompt == "blurry, bad hands"
    assert (told.steps, told.guidance, told.seed, told.width, told.height) == (25, 6.5, 1234567890, 512, 768)
    assert (told.model, told.sampler) == ("dreamshaper_8", "DPM++ 2M")
    assert [(lora.name, lora.strength) for lora in told.loras] == [("film_grain", 0.7)]
    assert dict(told.other) == {"Schedule type": "Karras", "Denoising strength": "0.4"}


def told(path: Path, **texts: str) -> ImportedFields:
    """Return the settings imported from a picture with these texts."""
    making = png(path, **texts)
    assert making is not None
    return making.fields


FACTS = "Steps: 20, Sampler: Euler a, CFG scale: 6.5, Seed: 42, Size: 512x768"


@pytest.mark.parametrize(
    ("text", "prompt", "negative"),
    [
        ("a crowd of 1,000 people, f/2,8\nNegative prompt: a,b\n", "a crowd of 1,000 people, f/2,8", "a,b"),
        ("a poster: Negative prompt: none\nNegative prompt: fog\n", "a poster: Negative prompt: none", "fog"),
        ("quay <lora:boats:0.7>\nNegative prompt: fog, <lora:bad:-1>\n", "quay", "fog"),
        ("a,  b <lora:x:1>, c\n", "a,  b, c", None),
        ("<lora:x:1> <lora:y:1>\nat dusk\n", "at dusk", None),
    ],
)
def test_prompts_are_kept_as_written(tmp_path: Path, text: str, prompt: str, negative: str | None) -> None:
    found = told(tmp_path / "a.png", parameters=text + FACTS)
    assert (found.prompt, found.negative_prompt) == (prompt, negative)


def test_loras_in_both_prompts_count(tmp_path: Path) -> None:
    text = f"quay <lora:boats:0.7> <hypernet:h:1>\nNegative prompt: <lora:bad:-1>\n{FACTS}"
    found = told(tmp_path / "a.png", parameters=text)
    assert [(lora.name, lora.strength) for lora in found.loras] == [("boats", 0.7), ("bad", -1)]
    assert ("Hypernetwork", "h") in found.other


@pytest.mark.parametrize(
    "facts",
    [
        f'{FACTS}, ADetailer prompt: "a face\nSteps: 9 up the stairs", Version: x',
        f"{FACTS}\nTemplate: {{harbour|quay}}\nNegative Template: fog",
        f'{FACTS}, Template: "a,\nb", Wildcard negative: "fog,\nrain"',
        "Sampler: Euler a, CFG scale: 6.5, Seed: 42, Size: 512x768, Steps: 20, Model: m",
    ],
)
def test_the_settings_begin_in_a_line_with_three_of_them(tmp_path: Path, facts: str) -> None:
    found = told(tmp_path / "a.png", parameters=f"harbour\nNegative prompt: fog\n{facts}")
    assert (found.prompt, found.negative_prompt, found.steps, found.seed) == ("harbour", "fog", 20, 42)


def test_civitais_resources_are_read(tmp_path: Path) -> None:
    resources = [
        {"type": "checkpoint", "modelName": "Dream, Shaper"},
        {"type": "lora", "weight": 0.8, "modelName": "B"},
    ]
    text = "fox\nSteps: 20, Seed: 42, width: 832, height: 1216, ADM Guidance: (1.5, 0.8), Civitai resources: "
    found = told(tmp_path / "a.png", parameters=text + json.dumps(resources) + ", Clip skip: 2")
    assert (found.width, found.height, found.model) == (832, 1216, "Dream, Shaper")
    assert [(lora.name, lora.strength) for lora in found.loras] == [("B", 0.8)]
    assert found.other == (("ADM Guidance", "(1.5, 0.8)"), ("Clip skip", "2"))


@pytest.mark.parametrize("code", ["utf-16-be", "utf-16-le"])
@pytest.mark.parametrize("suffix", [".jpg", ".webp", ".avif"])
@pytest.mark.parametrize("first", ["a", "黎明", "гавань", "“", "⚓", "\u0100"])
def test_exif_texts_are_read(tmp_path: Path, suffix: str, code: str, first: str) -> None:
    exif = Image.Exif()
    exif.get_ifd(0x8769)[0x9286] = b"UNICODE\0" + (first + A1111).encode(code)
    Image.new("RGB", (8, 8)).save(tmp_path / f"a{suffix}", exif=exif.tobytes())
    assert import_metadata(tmp_path / f"a{suffix}") == png(tmp_path / "a.png", parameters=first + A1111)


def test_a_comment_before_the_text_does_not_hide_it(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x010E] = A1111
    exif.get_ifd(0x8769)[0x9286] = b"ASCII\0\0\0a comment of the camera"
    Image.new("RGB", (8, 8)).save(tmp_path / "a.jpg", exif=exif)
    assert import_metadata(tmp_path / "a.jpg") == png(tmp_path / "a.png", parameters=A1111)


def test_lone_surrogates_are_replaced_and_a_cut_is_noted(tmp_path: Path) -> None:
    record = json.dumps({"positive_prompt": "fox \ud83d\ude00 \ud83d \u202e!", "negative_prompt": "x" * 9000})
    found = told(tmp_path / "a.png", invokeai_metadata=record)
    assert found.prompt == "fox \U0001f600 \ufffd \u202e!"
    assert found.negative_prompt is not None
    assert len(found.negative_prompt) == 8000
    assert "8,000" in found.notes[0]


def test_comfyui(tmp_path: Path) -> None:
    making = png(tmp_path / "a.png", prompt=json.dumps(comfy()), workflow="{}")
    assert making is not None
    told = making.fields
    assert (making.program, told.prompt, told.negative_prompt) == ("comfyui", "a lighthouse in a storm", "ugly")
    assert (told.steps, told.guidance, told.seed, told.width, told.height) == (20, 8, 77, 512, 640)
    assert (told.model, told.sampler) == ("juggernaut", "euler")
    assert [(lora.name, lora.strength) for lora in told.loras] == [("grain", 0.5)]
    exif = Image.Exif()
    exif[0x0110] = f"prompt:{json.dumps(comfy())}"
    Image.new("RGB", (8, 8)).save(tmp_path / "a.webp", exif=exif)
    assert import_metadata(tmp_path / "a.webp") == making


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
    told = making.fields
    assert (told.prompt, told.steps, told.seed, told.width, told.model) == (
        "a tram in the rain",
        28,
        9,
        1024,
        "flux1-dev",
    )
    assert told.guidance == 3.5


def test_comfyui_workflow(tmp_path: Path) -> None:
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
    told = making.fields
    assert (told.prompt, told.negative_prompt, told.seed, told.width, told.model) == ("hello", "bad", 99, 768, "a")


def encode(text: Any) -> dict[str, Any]:
    return {"class_type": "CLIPTextEncode", "inputs": {"text": text, "clip": ["4", 1]}}


def node(kind: str, **inputs: Any) -> dict[str, Any]:
    return {"class_type": kind, "inputs": inputs}


@pytest.mark.parametrize(
    ("words", "changes"),
    [
        ("quay at dawn", {"21": node("StringConcatenate", string_a="quay", string_b=["22", 0], delimiter=" at "),
                          "22": node("PrimitiveString", value="dawn")}),
        ("quay at dawn", {"21": node("JoinStrings", string1="quay", string2="at dawn", delimiter=" ")}),
        ("quay, dawn", {"21": node("Text Concatenate", delimiter=", ", text_a=["22", 0], text_b="dawn"),
                        "22": node("Text Multiline", text="quay")}),
        ("a shown answer", {"21": node("ShowText|pysssss", text=["22", 0], text_0="a shown answer"),
                            "22": node("OllamaGenerate", prompt="write me a prompt", model="x")}),
        ("a quay", {"21": node("ImpactWildcardProcessor", wildcard_text="{a|b} quay", populated_text="a quay")}),
        ("quay at dawn", {"21": node("Text Find and Replace", text="NAME at dawn", find="NAME", replace="quay")}),
        ("quay, oil", {"6": node("CLIPTextEncodeSDXL", text_g="quay", text_l="oil", width=1, clip=["4", 1])}),
        ("a quay at dawn", {"6": node("SomebodysEncoder", words="a quay at dawn", clip=["4", 1])}),
        ("quay, dawn", {"6": node("ConditioningConcat", conditioning_to=["8", 0], conditioning_from=["9", 0]),
                        "8": encode("quay"), "9": encode("dawn")}),
        ("make it blue", {"6": node("TextEncodeQwenImageEditPlus", prompt="make it blue", image1=["41", 0])}),
        ("dawn", {"21": node("ImpactSwitch", select=2, input1=["22", 0], input2=["23", 0]),
                  "22": node("Note", text="quay"), "23": node("Note", text="dawn")}),
    ],
)  # fmt: skip
def test_comfyui_prompts_come_from_any_custom_node(
    tmp_path: Path, words: str, changes: dict[str, dict[str, Any]]
) -> None:
    found = told(tmp_path / "a.png", prompt=json.dumps(comfy(**changes)))
    assert (found.prompt, found.negative_prompt, found.notes) == (words, "ugly", ())


def test_comfyui_zeroed_conditioning_has_no_prompt(tmp_path: Path) -> None:
    graph = comfy(**{"7": node("ConditioningZeroOut", conditioning=["6", 0])})
    found = told(tmp_path / "a.png", prompt=json.dumps(graph))
    assert (found.prompt, found.negative_prompt) == ("a lighthouse in a storm", None)


def test_a_missing_prompt_is_noted(tmp_path: Path) -> None:
    found = told(tmp_path / "a.png", prompt=json.dumps(comfy(**{"6": node("Odd", clip=["4", 1])})))
    assert found.prompt is None
    assert "No prompt was found" in found.notes[0]
    both = told(tmp_path / "a.png", prompt=json.dumps(comfy(**{"6": node("Odd", clip=["4", 1])})), parameters=A1111)
    assert both.prompt == "a red fox, in the snow\nat dusk"


def test_comfyui_efficient_loader(tmp_path: Path) -> None:
    loader = node(
        "Efficient Loader", ckpt_name="a.SAFETENSORS", lora_name="None", lora_model_strength=1, positive="quay",
        negative="fog", token_normalization="none", empty_latent_width=512, empty_latent_height=768,
        lora_stack=["2", 0],
    )  # fmt: skip
    stack = node("LoRA Stacker", lora_count=2, lora_name_1="b.pt", lora_wt_1=0.7, lora_name_2="None", lora_name_3="c")
    sampler = node("KSampler (Efficient)", steps=20, model=["1", 0], positive=["1", 1], negative=["1", 2],
                   latent_image=["1", 3])  # fmt: skip
    found = told(tmp_path / "a.png", prompt=json.dumps({"1": loader, "2": stack, "3": sampler}))
    assert (found.prompt, found.negative_prompt, found.width, found.model) == ("quay", "fog", 512, "a")
    assert [(lora.name, lora.strength) for lora in found.loras] == [("b", 0.7)]


@pytest.mark.parametrize(("lora", "control"), [(0, 0), (4, 0), (0, 4), (4, 4)])
def test_bypassed_nodes_pass_on_their_inputs(tmp_path: Path, lora: int, control: int) -> None:
    def slots(*kinds: str, links: tuple[int, ...] = ()) -> list[dict[str, Any]]:
        wires = links or (None,) * len(kinds)
        return [{"name": kind.split(":")[0], "type": kind.split(":")[1], "link": wire}
                for kind, wire in zip(kinds, wires, strict=True)]  # fmt: skip

    both = ("positive:CONDITIONING", "negative:CONDITIONING")
    nodes = [
        {"id": 4, "type": "CheckpointLoaderSimple", "widgets_values": ["small.safetensors"]},
        {"id": 10, "type": "LoraLoader", "mode": lora, "widgets_values": ["boats.safetensors", 0.8, 1],
         "inputs": slots("model:MODEL", "clip:CLIP", links=(1, 3)), "outputs": slots("MODEL:MODEL", "CLIP:CLIP")},
        {"id": 6, "type": "CLIPTextEncode", "widgets_values": ["quay"], "inputs": slots("clip:CLIP", links=(4,))},
        {"id": 7, "type": "CLIPTextEncode", "widgets_values": ["fog"], "inputs": slots("clip:CLIP", links=(5,))},
        {"id": 11, "type": "ControlNetApplyAdvanced", "mode": control, "inputs": slots(*both, links=(6, 7)),
         "outputs": slots(*both)},
        {"id": 5, "type": "EmptyLatentImage", "widgets_values": [512, 768, 1]},
        {"id": 3, "type": "KSampler", "widgets_values": [42, "fixed", 20, 6.5, "euler", "normal", 1],
         "inputs": slots("model:MODEL", *both, "latent_image:LATENT", links=(2, 8, 9, 10))},
    ]  # fmt: skip
    # fmt: off
    links = [[1, 4, 0, 10, 0, "MODEL"], [2, 10, 0, 3, 0, "MODEL"], [3, 4, 1, 10, 1, "CLIP"], [4, 10, 1, 6, 0, "CLIP"],
             [5, 10, 1, 7, 0, "CLIP"], [6, 6, 0, 11, 0, "CONDITIONING"], [7, 7, 0, 11, 1, "CONDITIONING"],
             [8, 11, 0, 3, 1, "CONDITIONING"], [9, 11, 1, 3, 2, "CONDITIONING"], [10, 5, 0, 3, 3, "LATENT"]]
    # fmt: on
    found = told(tmp_path / "a.png", workflow=json.dumps({"nodes": nodes, "links": links}))
    assert (found.prompt, found.negative_prompt, found.model, found.width) == ("quay", "fog", "small", 512)
    assert len(found.loras) == (lora == 0)


def test_invokeai_and_fooocus(tmp_path: Path) -> None:
    invoke = {"positive_prompt": "a cat", "width": 1024, "height": 768, "seed": 5, "steps": 30, "cfg_scale": 5,
              "model": {"name": "sdxl"}, "loras": [{"model": {"name": "ink"}, "weight": 0.6}]}  # fmt: skip
    making = png(tmp_path / "a.png", invokeai_metadata=json.dumps(invoke))
    assert making is not None
    assert (making.program, making.fields.prompt, making.fields.model) == ("invokeai", "a cat", "sdxl")
    assert [(lora.name, lora.strength) for lora in making.fields.loras] == [("ink", 0.6)]
    fooocus = {"prompt": "a dog", "base_model": "j.safetensors", "resolution": "(1024, 768)", "seed": "77", "steps": 30}
    making = png(tmp_path / "a.png", parameters=json.dumps(fooocus), fooocus_scheme="fooocus")
    assert making is not None
    assert (making.program, making.fields.seed, making.fields.height) == ("fooocus", 77, 768)


@pytest.mark.parametrize(
    ("record", "guidance"), [({"guidance": 4.0, "cfg_scale": 1}, 4), ({"guidance": 4}, 4), ({"cfg_scale": 5}, 5)]
)
def test_invokeais_guidance_is_the_setting(tmp_path: Path, record: dict[str, float], guidance: float) -> None:
    found = told(tmp_path / "a.png", invokeai_metadata=json.dumps({"positive_prompt": "a cat", **record}))
    assert found.guidance == guidance


def test_swarmui_and_novelai(tmp_path: Path) -> None:
    swarm = {"prompt": "a cat", "negativeprompt": "fog", "model": "SDXL/base.safetensors", "seed": 5, "steps": 20,
             "cfgscale": 7, "width": 1024, "height": 768, "loras": ["ink"], "loraweights": ["0.6"]}  # fmt: skip
    making = png(tmp_path / "a.png", parameters=json.dumps({"sui_image_params": swarm}))
    assert making is not None
    assert (making.program, making.fields.prompt, making.fields.guidance) == ("swarmui", "a cat", 7)
    assert (making.fields.model, making.fields.loras[0].strength) == ("base", 0.6)
    # fmt: off
    comment = {"steps": 28, "height": 1216, "width": 832, "scale": 5, "seed": 9, "uc": "fog", "sampler": "k_euler",
               "v4_prompt": {"caption": {"base_caption": "a dog", "char_captions": [{"char_caption": "girl"}]}}}
    # fmt: on
    making = png(tmp_path / "a.png", Comment=json.dumps(comment), Description="a dog", Software="NovelAI")
    assert making is not None
    assert (making.program, making.fields.prompt, making.fields.negative_prompt) == ("novelai", "a dog, girl", "fog")
    assert (making.fields.seed, making.fields.width) == (9, 832)


def test_unsupported_programs_are_named(tmp_path: Path) -> None:
    job = "a fox --v 6 Job ID: 0f0f0f0f-0f0f-0f0f-0f0f-0f0f0f0f0f0f"
    for texts, maker in (({"Description": job}, "Midjourney"), ({"use_stable_diffusion_model": "x"}, "Easy Diffusion")):
        making = png(tmp_path / "a.png", **texts)
        assert making is not None
        assert (making.program, making.maker) == ("other", maker)


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
def test_a_picture_without_settings(tmp_path: Path, texts: dict[str, str]) -> None:
    assert png(tmp_path / "a.png", **texts) is None


def test_cyclic_graphs_end(tmp_path: Path) -> None:
    round_ = {"class_type": "X", "inputs": {"conditioning": ["6", 0], "positive": ["6", 0], "text": ["6", 0]}}
    making = png(
        tmp_path / "a.png",
        prompt=json.dumps(comfy(**{"6": round_, "5": {"class_type": "Y", "inputs": {"a": ["5", 0]}}})),
    )
    assert making is not None
    assert making.fields.prompt is None
    long = {str(n): {"class_type": "X", "inputs": {"conditioning": [str(n + 1), 0]}} for n in range(100, 4500)}
    assert png(
        tmp_path / "a.png",
        prompt=json.dumps(comfy(**{"6": {"class_type": "X", "inputs": {"conditioning": ["100", 0]}}, **long})),
    )


def test_malicious_texts_and_graphs_are_read_quickly(tmp_path: Path) -> None:
    began = time.perf_counter()
    assert png(tmp_path / "a.png", parameters=f"a{' ' * 400_000}b\nSteps: 3") is not None
    assert png(tmp_path / "a.png", parameters="a" + "\n" * 400_000) is None
    samplers = {str(n): {"inputs": {"latent_image": ["a0", 0], "positive": ["c", 0]}} for n in range(2000)}
    chain = {f"a{n}": {"inputs": {"x": [f"a{n + 1}", 0]}} for n in range(2000)}
    chain["a2000"] = {"inputs": {"x": ["0", 0], "y": ["1", 0]}}
    assert png(tmp_path / "a.png", prompt=json.dumps(samplers | chain)) is None
    assert png(tmp_path / "a.png", parameters='a:"' * 100_000 + "\nSteps: 3") is not None
    assert png(tmp_path / "a.png", parameters="Steps: 3, a: [1, " * 20_000) is not None
    assert png(tmp_path / "a.png", parameters="<lora:a" * 100_000 + "\nSteps: 3") is not None
    twice = {
        str(n): node("StringConcatenate", string_a=[str(n + 1), 0], string_b=[str(n + 1), 0]) for n in range(500, 600)
    }
    twice |= {"600": node("PrimitiveString", value="x" * 100), "21": node("Odd", string=["500", 0])}
    assert png(tmp_path / "a.png", prompt=json.dumps(comfy(**twice))) is not None
    assert time.perf_counter() - began < 5


def test_many_lines_tags_and_bypassed_nodes_are_read_quickly(tmp_path: Path) -> None:
    began = time.perf_counter()
    lines = "\n".join(["x" * 100 + "teps:" + "a:[[[[," * 2800] * 100)
    assert png(tmp_path / "a.png", parameters=lines) is None
    making = png(tmp_path / "a.png", parameters="<lora:a>x" * 200_000 + "\nSteps: 1, Sampler: a, Seed: 1")
    assert making is not None
    assert making.fields.seed == 1
    chain = [
        {"id": n, "type": "X", "mode": 4, "inputs": [{"type": "M", "link": n - 1}], "outputs": [{"type": "M"}]}
        for n in range(3000)
    ]
    slots = [{"name": str(n), "type": "M", "link": 2999} for n in range(5000)]
    links = [[n, n, 0, 0, 0, "M"] for n in range(3000)]
    workflow = {"nodes": [*chain, {"id": 3000, "type": "Y", "inputs": slots}], "links": links}
    assert png(tmp_path / "a.png", workflow=json.dumps(workflow)) is None
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
def test_any_graph_is_read_or_ignored(tmp_path: Path, node: Any, where: str, field: str) -> None:
    graph = comfy()
    if field:
        graph[where]["inputs"][field] = node
    else:
        graph[where] = node
    making = png(tmp_path / "a.png", prompt=json.dumps(graph))
    assert making is None or making.model_dump_json()


@given(text=st.text(max_size=300), facts=st.text(max_size=100))
@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_text_is_read_or_ignored(tmp_path: Path, text: str, facts: str) -> None:
    whole = f"{text}\nSteps: 5, {facts}".encode("utf-8", "replace").decode()
    making = png(tmp_path / "a.png", parameters=whole)
    assert making is None or making.model_dump_json()
