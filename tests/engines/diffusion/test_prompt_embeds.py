"""Cached picture embeddings are only used for the same pictures."""

from types import SimpleNamespace
from typing import Any

import pytest
from PIL import Image

from engines.catalog import shipped
from engines.diffusion import prompt_embeds
from engines.diffusion.conditioning import Conditioning
from engines.diffusion.family import Family, GenerationInputs
from engines.host.result_cache import ResultCache


def test_pictures_of_one_color_are_distinguished_by_shape(monkeypatch: pytest.MonkeyPatch) -> None:
    class Encoder(Family):
        name = "encoder"

    def encode(runner: Any, loras: Any) -> prompt_embeds.EncodedPrompt:
        return prompt_embeds.EncodedPrompt(
            {"sizes": [picture.size for picture in runner.inputs.conditioning.references]}, ""
        )

    monkeypatch.setattr(prompt_embeds, "_encode", encode)
    context = SimpleNamespace(results=ResultCache())
    entry = shipped.entry("qwen-image-edit")

    def sizes(width: int, height: int) -> Any:
        white = Image.new("RGB", (width, height), "white")
        inputs = GenerationInputs("edit_image", entry, "a fox", "", 64, 64, 4, 1.0, Conditioning(references=(white,)))
        runner: Any = SimpleNamespace(context=context, family=Encoder(), inputs=inputs, components=lambda stage: {})
        return prompt_embeds.encode_prompt(runner).prompt_embeds["sizes"]

    assert sizes(64, 32) == [(64, 32)]
    assert sizes(32, 64) == [(32, 64)]
    assert sizes(64, 32) == [(64, 32)]
