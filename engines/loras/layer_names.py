"""Map a LoRA's layers to the model's own layer names, whichever program wrote the file.

Programs write layer names with dots or underscores, and some use the names of the model's original code. Both are
looked up among the model's layers. Fused layers (FLUX.1's ``qkv``) are split by diffusers.
"""

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

from engines.loras import layouts

if TYPE_CHECKING:
    import torch

_RENAMED = tuple(
    (re.compile(pattern), name)
    for pattern, name in (
        # Wan's original code
        (r"^(blocks_\d+)_self_attn_([qkv])$", r"\1_attn1_to_\2"),
        (r"^(blocks_\d+)_cross_attn_([qkv])$", r"\1_attn2_to_\2"),
        (r"^(blocks_\d+)_cross_attn_([kv])_img$", r"\1_attn2_add_\2_proj"),
        (r"^(blocks_\d+)_self_attn_o$", r"\1_attn1_to_out_0"),
        (r"^(blocks_\d+)_cross_attn_o$", r"\1_attn2_to_out_0"),
        (r"^(blocks_\d+)_ffn_0$", r"\1_ffn_net_0_proj"),
        (r"^(blocks_\d+)_ffn_2$", r"\1_ffn_net_2"),
        (r"^(text|time)_embedding_0$", r"condition_embedder_\1_embedder_linear_1"),
        (r"^(text|time)_embedding_2$", r"condition_embedder_\1_embedder_linear_2"),
        (r"^time_projection_1$", "condition_embedder_time_proj"),
        (r"^head_head$", "proj_out"),
        (r"^img_emb_proj_1$", "condition_embedder_image_embedder_ff_net_0_proj"),
        (r"^img_emb_proj_3$", "condition_embedder_image_embedder_ff_net_2"),
        # LTX-Video's and LTX-2's original code
        (r"^(audio_)?patchify_proj$", r"\1proj_in"),
        (r"^(audio_)?adaln_single_", r"\1time_embed_"),
        (r"^(audio_)?prompt_adaln_single_", r"\1prompt_adaln_"),
        (r"^av_ca_(video|audio)_scale_shift_adaln_single_", r"av_cross_attn_\1_scale_shift_"),
        (r"^av_ca_a2v_gate_adaln_single_", "av_cross_attn_video_a2v_gate_"),
        (r"^av_ca_v2a_gate_adaln_single_", "av_cross_attn_audio_v2a_gate_"),
        # Stable Diffusion's original code
        (r"^input_blocks_0_0$", "conv_in"),
        (r"^out_2$", "conv_out"),
        (r"^time_embed_0$", "time_embedding_linear_1"),
        (r"^time_embed_2$", "time_embedding_linear_2"),
        (r"^label_emb_0_0$", "add_embedding_linear_1"),
        (r"^label_emb_0_2$", "add_embedding_linear_2"),
        (r"^middle_block_0_", "mid_block_resnets_0_"),
        (r"^middle_block_1_", "mid_block_attentions_0_"),
        (r"^middle_block_2_", "mid_block_resnets_1_"),
    )
)
_BLOCK = re.compile(r"^(input|output)_blocks_(\d{1,3})_(\d)_(.+)$")
_RESNET = {
    "in_layers_2": "conv1",
    "emb_layers_1": "time_emb_proj",
    "out_layers_3": "conv2",
    "skip_connection": "conv_shortcut",
}


class AddressedLayer(NamedTuple):
    """A LoRA's tensors under peft's names for the model's layers (``layer.lora_A.weight``), and its layers that the
    model does not have.
    """

    state: "dict[str, torch.Tensor]"
    missing: tuple[str, ...]


class Layers:
    """A model's layers, found by the name that any program uses."""

    def __init__(self, model: "torch.nn.Module") -> None:
        self._sides = {name: getattr(module, "weight", None) for name, module in model.named_modules()}
        self._own: dict[str, str] = {name.replace(".", "_"): name for name in self._sides}
        self._resnets = int(getattr(getattr(model, "config", None), "layers_per_block", None) or 2)

    def find(self, module: str) -> str | None:
        """Return the layer with any program's name; None if the model does not have it."""
        for name in (module, self._renamed(module), module.removeprefix("text_model_"), f"text_model_{module}"):
            if name in self._own:
                return self._own[name]
        return None

    def address(self, state: "Mapping[str, torch.Tensor]") -> AddressedLayer | None:
        """Map a LoRA's tensors to layers; return None if at most half of its layers are found, or two are the same."""
        tensors: dict[str, torch.Tensor] = {}
        matched, missing = set[str](), set[str]()
        for name, tensor in state.items():
            part = layouts.part(name)
            layer = self.find(part.module) if part and part.half else None
            if part is None or layer is None:
                missing.add(part.module if part else name)
                continue
            key = f"{layer}.{part.half}"
            if key in tensors:
                return None
            matched.add(part.module)
            tensors[key] = self._shaped(layer, part, tensor)
        if len(matched) <= len(missing):
            return None
        return AddressedLayer(_with_biases(tensors), tuple(sorted(missing - matched)))

    def _shaped(self, layer: str, part: layouts.LayerName, tensor: "torch.Tensor") -> "torch.Tensor":
        """Reshape a tensor for its layer: some programs write matrices as 1 × 1 convolutions, or the reverse."""
        weight = self._sides[layer]
        if part.ending in layouts.MAGNITUDES:
            return tensor.reshape(-1) if weight is None or weight.ndim == 2 else tensor.reshape(1, -1, 1, 1)
        if weight is not None and weight.ndim == 2 and tensor.ndim == 4 and tensor.shape[2:] == (1, 1):
            return tensor[:, :, 0, 0]
        if weight is not None and weight.ndim == 4 and tensor.ndim == 2:
            return tensor[:, :, None, None]
        return tensor

    def _renamed(self, module: str) -> str:
        """Return diffusers' name for a layer, given the name in the model's original code."""
        if block := _BLOCK.match(module):
            module = self._in_block(block[1], int(block[2]), int(block[3]), block[4]) or module
        for pattern, name in _RENAMED:
            module = pattern.sub(name, module)
        start, resnet, rest = module.partition("_resnets_")
        number, _, layer = rest.partition("_")
        return f"{start}{resnet}{number}_{_RESNET.get(layer, layer)}" if resnet else module

    def _in_block(self, side: str, number: int, place: int, rest: str) -> str:
        """Convert Stable Diffusion's consecutive block numbers to diffusers' numbers per block."""
        if side == "input" and number:
            block, within = divmod(number - 1, self._resnets + 1)
            if rest == "op":
                return f"down_blocks_{block}_downsamplers_0_conv"
            return f"down_blocks_{block}_{('resnets', 'attentions')[place > 0]}_{within}_{rest}"
        if side == "output":
            block, within = divmod(number, self._resnets + 1)
            if rest == "conv":
                return f"up_blocks_{block}_upsamplers_0_conv"
            return f"up_blocks_{block}_{('resnets', 'attentions')[place > 0]}_{within}_{rest}"
        return ""


def _with_biases(state: "dict[str, torch.Tensor]") -> "dict[str, torch.Tensor]":
    """Give every layer a bias if any has one, as peft requires; missing ones are zeros. Drop biases without a pair."""
    ups = {name.removesuffix("weight"): tensor for name, tensor in state.items() if name.endswith(".lora_B.weight")}
    biases = {name.removesuffix("bias") for name in state if name.endswith(".lora_B.bias")}
    for name in biases - ups.keys():
        del state[f"{name}bias"]
    if biases & ups.keys():
        for name in ups.keys() - biases:
            state[f"{name}bias"] = ups[name].new_zeros(ups[name].shape[0])
    return state
