"""What families of flow-matching transformers have in common: their pipelines take the same arguments."""

from typing import TYPE_CHECKING, Any

from engines.diffusion.family import Family, GenerationInputs

if TYPE_CHECKING:
    import torch

_CHANGED = ("change_image", "fill_image", "extend_image")
"""The tasks that start from a noisy version of the picture; a higher strength adds more noise."""


class FlowMatchingFamily(Family):
    """A family whose pipelines take size, guidance, strength and pictures under the same names, and whose encoders only
    read text."""

    denoisers = ("transformer", "controlnet", "vae")
    encodes_images = False

    def call_kwargs(self, inputs: GenerationInputs) -> dict[str, Any]:
        size = {"width": inputs.width, "height": inputs.height}
        kwargs: dict[str, Any] = {**size, "guidance_scale": inputs.guidance, **control_kwargs(inputs)}
        return kwargs | ({"strength": inputs.strength} if inputs.task in _CHANGED else {})


def control_kwargs(inputs: GenerationInputs) -> dict[str, Any]:
    """Return the ControlNet arguments; none if there is no control map.

    The helper's option ``until`` maps each kind of control to the share of steps after which it ends.
    """
    control = inputs.conditioning.control
    if control is None:
        return {}
    helper = next(one for one in inputs.auxiliary_models if f"control.{control.kind}" in one.roles)
    until = helper.options.get("until", {}).get(control.kind)
    kwargs: dict[str, Any] = {"control_image": control.map, "controlnet_conditioning_scale": control.strength}
    return kwargs | ({"control_guidance_end": until} if until else {})


def unpack_latents(tokens: "torch.Tensor", inputs: GenerationInputs) -> "torch.Tensor":
    """Unpack latents from tokens of 2 × 2 latents (tokens, 4 × channels) to (channels, height, width)."""
    rows, columns = inputs.height // 16, inputs.width // 16
    blocks = tokens.reshape(rows, columns, -1, 2, 2).permute(2, 0, 3, 1, 4)
    return blocks.reshape(blocks.shape[0], 2 * rows, 2 * columns)


def truncated_text(tokenizer: Any, text: str, room: int) -> str:
    """Return what exceeds the first ``room`` tokens of a text."""
    tokens = tokenizer(text, add_special_tokens=False, truncation=False).input_ids
    return str(tokenizer.decode(tokens[room:], skip_special_tokens=True)).strip() if len(tokens) > room else ""
