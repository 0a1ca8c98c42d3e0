"""Encode prompts for pipelines whose denoiser also takes the attention mask of the prompt."""

from typing import Any

from engines.diffusion.family import GenerationInputs, PromptEmbeds


def encode_masked_prompt(pipeline: Any, inputs: GenerationInputs, tokens: int) -> PromptEmbeds:
    """Encode the prompt, and the negative prompt if there is guidance; ``tokens`` is the maximum length."""
    guided = inputs.guidance > 1
    embeds, mask, negative_embeds, negative_mask = pipeline.encode_prompt(
        inputs.prompt,
        inputs.negative_prompt,
        do_classifier_free_guidance=guided,
        max_sequence_length=tokens,
    )
    negative = {"negative_prompt_embeds": negative_embeds, "negative_prompt_attention_mask": negative_mask}
    return {"prompt_embeds": embeds, "prompt_attention_mask": mask} | (negative if guided else {})
