"""Encode prompts, and cache the results."""

from dataclasses import replace
from types import MappingProxyType
from typing import Any, NamedTuple

from engines.diffusion import lora
from engines.diffusion.family import Family, GenerationInputs, PromptEmbeds
from engines.diffusion.lora import Loras
from engines.diffusion.pipeline import build_pipeline
from engines.diffusion.runner import StageRunner
from engines.diffusion.stages import TEXT_ENCODE
from engines.media.picture import pixels_sha256


class EncodedPrompt(NamedTuple):
    """The prompt embeds, and the end of the prompt that exceeds the model's limit."""

    prompt_embeds: PromptEmbeds
    truncated: str


def encode_prompt(runner: StageRunner, loras: Loras = MappingProxyType({})) -> EncodedPrompt:
    """Encode the prompt of a request; the encoders are only loaded if the result is not cached.

    ``loras`` are those that change the text encoders.
    """
    components = runner.components(TEXT_ENCODE)
    key = _key(runner.family, runner.inputs, [component.key for component in components.values()], loras)
    encoded: EncodedPrompt = runner.context.results.get(key, lambda: _encode(runner, loras))
    return encoded


def truncation_note(truncated: str) -> str:
    """Return the note about words that exceed the model's limit or that it does not know."""
    return f"The model did not read “{truncated[:300]}”."


def _encode(runner: StageRunner, loras: Loras) -> EncodedPrompt:
    import torch

    family, inputs, context = runner.family, runner.inputs, runner.context
    with runner.lease(TEXT_ENCODE) as models, torch.no_grad():
        # Prompt embeds do not depend on control maps, and some ControlNet pipelines need a ControlNet to be built.
        plain = family.pipeline(replace(inputs, conditioning=replace(inputs.conditioning, controls=())))
        pipeline = build_pipeline(plain, context, models, family.options(inputs))
        with lora.apply_to_text_encoders(pipeline, context, loras):
            embeds = {name: _to_main_memory(value) for name, value in family.encode_prompt(pipeline, inputs).items()}
        return EncodedPrompt(embeds, family.truncated_prompt(pipeline, inputs))


def _key(family: Family, inputs: GenerationInputs, components: list[str], loras: Loras) -> str:
    """Return the cache key: everything that the embeds depend on. Pictures only count if the encoders read them."""
    picture_hashes = [pixels_sha256(image) for image in inputs.conditioning.images] if family.encodes_images else []
    prompts = (
        family.name,
        inputs.task if family.encodes_images else "",
        inputs.prompt,
        inputs.negative_prompt,
        inputs.guidance > 1,
        inputs.guidance > 0,
        picture_hashes,
        components,
        sorted(loras.items()),
        sorted(inputs.entry.options.items(), key=str),
    )
    return repr(prompts)


def _to_main_memory(value: Any) -> Any:
    """Move a tensor, or a list of tensors, to main memory."""
    if isinstance(value, list | tuple):
        return type(value)(_to_main_memory(one) for one in value)
    return value.detach().cpu() if hasattr(value, "detach") else value
