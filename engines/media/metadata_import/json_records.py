"""Read the JSON records that InvokeAI, Fooocus, SwarmUI and NovelAI put into pictures."""

import json
import re
from collections.abc import Mapping
from typing import Any

from engines.media.metadata_import.fields import ImportedFields, number

_MAKERS = (
    ("Draw Things", re.compile(r"Draw Things")),
    ("Easy Diffusion", re.compile(r"use_stable_diffusion_model")),
    ("InvokeAI 2", re.compile(r"\bsd-metadata\b|\bDream\b: ?\"")),
    ("Midjourney", re.compile(r"Job ID: [0-9a-f-]{36}")),
    ("Adobe Firefly", re.compile(r"Adobe Firefly")),
    ("Mochi Diffusion", re.compile(r"Mochi Diffusion")),
    ("RuinedFooocus", re.compile(r"RuinedFooocus")),
    ("NovelAI", re.compile(r"NovelAI")),
)
_MOST_SEARCHED = 200_000


def parse(text: str | None) -> dict[str, Any]:
    """Parse a JSON object; return an empty dictionary for any other text."""
    try:
        value = json.loads(text) if text and text.lstrip()[:1] == "{" else None
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def maker(texts: Mapping[str, str]) -> str:
    """Return the program of unsupported format that made a picture, recognized by its texts; else empty."""
    whole = "\n".join(f"{name}: {text[:_MOST_SEARCHED]}" for name, text in texts.items())
    return next((name for name, mark in _MAKERS if mark.search(whole)), "")


def invoke(record: Mapping[str, Any]) -> ImportedFields | None:
    """Read InvokeAI's record. For FLUX, ``guidance`` holds the setting, and ``cfg_scale`` is always 1."""
    if not isinstance(record.get("positive_prompt"), str):
        return None
    set_guidance = number(record.get("guidance"))
    style = record.get("positive_style_prompt")
    return ImportedFields.of(
        prompt=record["positive_prompt"],
        negative_prompt=record.get("negative_prompt"),
        **_numbers(record, steps="steps", seed="seed", width="width", height="height"),
        guidance=number(record.get("cfg_scale")) if set_guidance is None else set_guidance,
        model=_named(record.get("model")),
        sampler=record.get("scheduler"),
        loras=[(_named(lora.get("model") or lora.get("lora")), lora.get("weight")) for lora in _list(record, "loras")],
        other=[("Style prompt", style)] if isinstance(style, str) and style else (),
    )


def fooocus(record: Mapping[str, Any]) -> ImportedFields | None:
    """Read Fooocus's own format; its other format is A1111's."""
    if not isinstance(record.get("prompt"), str) or "base_model" not in record:
        return None
    size = [int(part) for part in str(record.get("resolution")).strip("()[] ").split(",") if part.strip().isdecimal()]
    return ImportedFields.of(
        prompt=record["prompt"],
        negative_prompt=record.get("negative_prompt"),
        **_numbers(record, steps="steps", guidance="guidance_scale", seed="seed"),
        width=size[0] if len(size) == 2 else None,
        height=size[1] if len(size) == 2 else None,
        model=_named(record["base_model"]),
        sampler=record.get("sampler"),
        loras=[(lora[0], lora[1]) for lora in record.get("loras") or () if isinstance(lora, list) and len(lora) > 1],
    )


def swarm(record: Mapping[str, Any]) -> ImportedFields | None:
    """Read SwarmUI's record ``sui_image_params``, which has LoRA names and weights in two lists."""
    parameters = record.get("sui_image_params")
    if not isinstance(parameters, dict) or not isinstance(parameters.get("prompt"), str):
        return None
    names, weights = (
        value if isinstance(value := parameters.get(key), list) else [] for key in ("loras", "loraweights")
    )
    guidance = number(parameters.get("fluxguidancescale"))
    return ImportedFields.of(
        prompt=parameters["prompt"],
        negative_prompt=parameters.get("negativeprompt"),
        **_numbers(parameters, steps="steps", seed="seed", width="width", height="height"),
        guidance=number(parameters.get("cfgscale")) if guidance is None else guidance,
        model=parameters.get("model"),
        sampler=parameters.get("sampler"),
        loras=[(name, weights[at] if at < len(weights) else 1) for at, name in enumerate(names)],
    )


def novelai(record: Mapping[str, Any], texts: Mapping[str, str]) -> ImportedFields | None:
    """Read NovelAI's record: the prompt from ``Description``, the rest from ``Comment``, then the character prompts."""
    if "uc" not in record and "v4_prompt" not in record:
        return None
    prompt, negative = record.get("prompt") or texts.get("Description"), record.get("uc")
    return ImportedFields.of(
        prompt=_captions(prompt, record.get("v4_prompt")),
        negative_prompt=_captions(negative, record.get("v4_negative_prompt")),
        **_numbers(record, steps="steps", guidance="scale", seed="seed", width="width", height="height"),
        model=texts.get("Source"),
        sampler=record.get("sampler"),
    )


def _captions(prompt: Any, version4: Any) -> str:
    caption = version4.get("caption") if isinstance(version4, dict) else None
    base = caption.get("base_caption") if isinstance(caption, dict) else None
    people = [one.get("char_caption") for one in _list(caption, "char_captions")] if isinstance(caption, dict) else []
    words = [prompt if isinstance(prompt, str) and prompt else base, *people]
    return ", ".join(word for word in words if isinstance(word, str) and word.strip())


def _numbers(record: Mapping[str, Any], **names: str) -> dict[str, float | None]:
    return {ours: number(record.get(theirs)) for ours, theirs in names.items()}


def _named(model: Any) -> str | None:
    name = (model.get("name") or model.get("model_name")) if isinstance(model, dict) else model
    return name if isinstance(name, str) else None


def _list(record: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    items = record.get(name)
    return [part for part in items if isinstance(part, dict)] if isinstance(items, list) else []
