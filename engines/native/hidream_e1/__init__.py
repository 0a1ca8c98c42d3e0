"""HiDream-E1.1: edit a picture by prompt, with the parts of HiDream-I1 in diffusers.

Based on the description of the method and the authors' pipeline (https://github.com/HiDream-ai/HiDream-E1, MIT,
Copyright 2025 HiDream.ai; "HiDream-I1: A High-Efficient Image Generative Foundation Model with Sparse Diffusion
Transformer", arXiv:2505.22705), without their second stage, in which HiDream-I1 refines the result.
"""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from diffusers import HiDreamImagePipeline, UniPCMultistepScheduler
from diffusers.pipelines.hidream_image.pipeline_hidream_image import HiDreamImagePipelineOutput, calculate_shift
from PIL import Image

_TEXT_AXIS = {"prompt_embeds_llama3": 1}
"""Batch axis of the embeddings; 0 for those not listed."""


class HiDreamImageEditingPipeline(HiDreamImagePipeline):  # type: ignore[misc]
    """Puts the source picture's latents to the right of the new ones; the prediction for them is discarded."""

    @torch.no_grad()
    def __call__(
        self,
        image: Image.Image,
        guidance_scale: float = 3.0,
        image_guidance_scale: float = 1.5,
        num_inference_steps: int = 28,
        num_images_per_prompt: int = 1,
        **kwargs: Any,
    ) -> HiDreamImagePipelineOutput:
        """Edit ``image`` (any size) by prompt; the result has about one megapixel and the same aspect ratio.

        ``kwargs`` holds the prompt embeddings (``prompt_embeds_t5``, ``prompt_embeds_llama3``,
        ``pooled_prompt_embeds``, and the same with ``negative_`` if ``guidance_scale`` is above 1), ``generator``,
        ``output_type`` and ``callback_on_step_end``.
        """
        self._guidance_scale, self._attention_kwargs, self._interrupt = guidance_scale, None, False
        device, dtype = self._execution_device, self.transformer.dtype
        old = self._latents_of(image).to(device, dtype)
        old = old.repeat(num_images_per_prompt, 1, 1, 1)
        words = self._three_ways(num_images_per_prompt, kwargs)
        size = (old.shape[-2] * self.vae_scale_factor, old.shape[-1] * self.vae_scale_factor)
        channels = self.transformer.config.in_channels
        latents = self.prepare_latents(len(old), channels, *size, dtype, device, kwargs.get("generator"))
        image_latents = torch.cat([torch.zeros_like(old), old, old]) if self.do_classifier_free_guidance else old
        with _twice_as_wide(self.transformer):
            self._set_timesteps(num_inference_steps, device)
            for step, timestep in enumerate(self.scheduler.timesteps):
                predicted = self._predicted(latents, image_latents, timestep, words)
                if self.do_classifier_free_guidance:
                    predicted = _guided(predicted, guidance_scale, image_guidance_scale)
                latents = self.scheduler.step(predicted, timestep, latents, return_dict=False)[0]
                if "callback_on_step_end" in kwargs:
                    kwargs["callback_on_step_end"](self, step, timestep, {"latents": latents})
        latents = latents.to(self.vae.dtype) / self.vae.config.scaling_factor + self.vae.config.shift_factor
        made = self.vae.decode(latents, return_dict=False)[0]
        return HiDreamImagePipelineOutput(self.image_processor.postprocess(made, kwargs.get("output_type", "pil")))

    def _latents_of(self, image: Image.Image) -> torch.Tensor:
        """Return a picture's latents, at the largest size of its aspect ratio within the model's area."""
        step = self.vae_scale_factor * 2
        scale = self.default_sample_size * self.vae_scale_factor / math.sqrt(image.width * image.height)
        width, height = (max(step, int(side * scale) // step * step) for side in image.size)
        pixels = self.image_processor.preprocess(image.resize((width, height), Image.Resampling.BICUBIC))
        latents = self.vae.encode(pixels.to(self.vae.device, self.vae.dtype)).latent_dist.mode()
        return (latents - self.vae.config.shift_factor) * self.vae.config.scaling_factor  # type: ignore[no-any-return]

    def _three_ways(self, count: int, kwargs: dict[str, Any]) -> dict[str, torch.Tensor]:
        """Return the embeddings of the guidance passes: prompt without picture, negative prompt, prompt."""
        words = {}
        for name in ("prompt_embeds_t5", "prompt_embeds_llama3", "pooled_prompt_embeds"):
            axis = _TEXT_AXIS.get(name, 0)
            repeated = kwargs[name].repeat_interleave(count, axis)
            if self.do_classifier_free_guidance:
                repeated = torch.cat(
                    [repeated, kwargs[f"negative_{name}"].repeat_interleave(count, axis), repeated], axis
                )
            words[name] = repeated
        return words

    def _set_timesteps(self, steps: int, device: torch.device) -> None:
        unipc = isinstance(self.scheduler, UniPCMultistepScheduler)
        shift = {} if unipc else {"mu": calculate_shift(self.transformer.max_seq)}
        self.scheduler.set_timesteps(steps, device=device, **shift)
        self._num_timesteps = len(self.scheduler.timesteps)

    def _predicted(
        self, latents: torch.Tensor, seen: torch.Tensor, timestep: torch.Tensor, words: dict[str, torch.Tensor]
    ) -> torch.Tensor:
        """Return the prediction for the new picture, for each guidance pass."""
        latents = latents.repeat(len(seen) // len(latents), 1, 1, 1)
        predicted = self.transformer(
            hidden_states=torch.cat([latents, seen], dim=-1),
            timesteps=timestep.expand(len(seen)),
            encoder_hidden_states_t5=words["prompt_embeds_t5"],
            encoder_hidden_states_llama3=words["prompt_embeds_llama3"],
            pooled_embeds=words["pooled_prompt_embeds"],
            return_dict=False,
        )[0]
        return -predicted[..., : latents.shape[-1]]  # type: ignore[no-any-return]


@contextmanager
def _twice_as_wide(transformer: Any) -> Iterator[None]:
    """Let a transformer take the tokens of two pictures during the block; it is shared with other jobs."""
    usual = transformer.max_seq
    transformer.max_seq = 2 * usual
    try:
        yield
    finally:
        transformer.max_seq = usual


def _guided(predicted: torch.Tensor, words: float, picture: float) -> torch.Tensor:
    """Combine three predictions: first prompt guidance, limited to the norm of the prompt's prediction, then picture
    guidance."""
    without, unwanted, wanted = predicted.chunk(3)
    towards = unwanted + words * (wanted - unwanted)
    strength: torch.Tensor = torch.norm(wanted, dim=1, keepdim=True) / (torch.norm(towards, dim=1, keepdim=True) + 1e-8)
    return without + picture * (towards * strength.clamp(0, 1) - without)
