"""Making pictures."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from engines.context import Context
from engines.requests import CreateImage, Request
from engines.sketching import enlarged, simplified
from engines.swapper.pretrained import Tokenizer, pretrained, scheduler
from errors import StudioError

if TYPE_CHECKING:
    from PIL.Image import Image

_WORKING_BYTES_A_PIXEL = 3000
"""What decoding takes, the largest step, in float32."""

_PREVIEW_SIDE = 256
"""Four times what the latents of a small picture hold: the page smooths the rest for nothing."""


def create_image(request: Request, context: Context) -> None:
    """Make a picture from words with a Stable Diffusion 1.5 model."""
    assert isinstance(request, CreateImage)
    request, unknown = simplified(request, context.entry)
    context.heavy("diffusers.pipelines.stable_diffusion.pipeline_stable_diffusion")
    folders = {name: context.catalog.path(context.entry, name) for name in context.entry.parts}
    parts = pretrained(
        {name: folders[name] for name in ("text_encoder", "unet", "vae")}, context.device, context.entry.name
    )
    tokens = Tokenizer(folders["tokenizer"], context.entry.name)
    working_bytes = request.width * request.height * _WORKING_BYTES_A_PIXEL
    with context.lease(tokens, *parts.values(), working_bytes=working_bytes) as (tokenizer, *models):
        pipeline = _assemble(folders["scheduler"], tokenizer, dict(zip(parts, models, strict=True)))
        image = _draw(request, context, pipeline)
        left_out = unknown or _words_left_out(tokenizer, request.prompt)
    image = enlarged(image, context)
    path, record = context.new_file(".png"), context.provenance(words_left_out=left_out)
    from engines.media.picture import save_picture

    context.later(lambda: save_picture(image, path, record))


def _assemble(scheduler_folder: Path, tokenizer: Any, models: dict[str, Any]) -> Any:
    """The pipeline of this job alone; its models are shared."""
    from diffusers import StableDiffusionPipeline

    pipeline = StableDiffusionPipeline(
        **models,
        tokenizer=tokenizer,
        scheduler=scheduler(scheduler_folder),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )
    pipeline.set_progress_bar_config(disable=True)
    return pipeline


def _draw(request: CreateImage, context: Context, pipeline: Any) -> "Image":
    import numpy as np
    import torch

    def after_step(pipeline: Any, step: int, timestep: Any, values: dict[str, Any]) -> dict[str, Any]:
        context.progress(step + 1, pipeline.num_timesteps)
        if step + 1 < pipeline.num_timesteps:  # after the last step comes the picture itself
            context.preview(lambda: _sketch(values["latents"], context.entry.options["latent_rgb"]))
        return values

    pictures = pipeline(
        prompt=request.prompt,
        negative_prompt=request.negative_prompt or None,
        width=request.width,
        height=request.height,
        num_inference_steps=request.steps,
        guidance_scale=request.guidance,
        # On the processor, so that a seed makes the same noise on every machine.
        generator=torch.Generator("cpu").manual_seed(request.seed or 0),
        callback_on_step_end=after_step,
        output_type="np",
    ).images
    if not np.isfinite(pictures).all():
        raise StudioError(
            "not_finite",
            "The picture was lost on the way.",
            "The model's numbers grew beyond all bounds.",
            "Lower the guidance or take another seed, then try again.",
            status=422,
        )
    image: Image = pipeline.numpy_to_pil(pictures)[0]
    return image


def _sketch(latents: Any, factors: list[list[float]]) -> "Image":
    """How the picture looks so far, without decoding: each latent channel adds some red, green and blue."""
    import numpy as np
    from PIL import Image

    channels = latents[0].detach().float().cpu().numpy()
    colours = np.einsum("chw,cr->hwr", np.nan_to_num(channels), np.asarray(factors, np.float32))
    small = Image.fromarray(((colours + 1) * 127.5).clip(0, 255).astype(np.uint8))
    scale = _PREVIEW_SIDE / max(small.size)
    return small.resize((round(small.width * scale), round(small.height * scale)), Image.Resampling.BICUBIC)


def _words_left_out(tokenizer: Any, prompt: str) -> str:
    """The end of a prompt that is too long for the model to read."""
    tokens = tokenizer(prompt, truncation=False).input_ids
    room = tokenizer.model_max_length - 1
    return str(tokenizer.decode(tokens[room:], skip_special_tokens=True)) if len(tokens) > room + 1 else ""
