"""Float8 files for tests: the weights of a twin, quantized like the published files."""

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file

State = dict[str, torch.Tensor]

_MOST = 448.0
"""The largest number in float8."""


def shrink(
    part: Path,
    target: Path,
    *,
    scale: str = "",
    mark: str = "",
    named: Callable[[State], State] = dict,
    prefix: str = "",
) -> Path:
    """Write the weights in a part's folder in float8, with the config next to the file.

    ``named`` gives the weights other names, and ``prefix`` begins all of them.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(part / "config.json", target.parent)
    weights = named({name: tensor for file in part.glob("*.safetensors") for name, tensor in load_file(file).items()})
    save_file({f"{prefix}{name}": tensor for name, tensor in shrunk(weights, scale, mark).items()}, target)
    return target


def shrunk(weights: State, scale: str, mark: str) -> State:
    """Weights with their matrices in float8.

    ``scale`` is what the scale of each is called, nothing where they have none; ``mark`` a tensor that says which model
    it is.
    """
    small: State = {mark: torch.tensor([])} if mark else {}
    for name, tensor in weights.items():
        if tensor.ndim != 2:
            small[name] = tensor.bfloat16().contiguous()
            continue
        by = tensor.abs().max().float().clamp(min=1e-9) / _MOST if scale else torch.tensor(1.0)
        small[name] = (tensor.float() / by).to(torch.float8_e4m3fn).contiguous()
        if scale:
            layer = name.removesuffix(".weight")
            kind = json.dumps({"format": "float8_e4m3fn"}).encode()
            small |= {f"{layer}.{scale}": by, f"{layer}.comfy_quant": torch.tensor(list(kind), dtype=torch.uint8)}
    return small


_FLUX2 = {
    "x_embedder": "img_in",
    "context_embedder": "txt_in",
    "time_guidance_embed.timestep_embedder.linear_1": "time_in.in_layer",
    "time_guidance_embed.timestep_embedder.linear_2": "time_in.out_layer",
    "time_guidance_embed.guidance_embedder.linear_1": "guidance_in.in_layer",
    "time_guidance_embed.guidance_embedder.linear_2": "guidance_in.out_layer",
    "stream_modulation_img.linear": "stream_modulation_img.lin",
    "stream_modulation_txt.linear": "stream_modulation_txt.lin",
    "single_stream_modulation.linear": "single_stream_modulation.lin",
    "proj_out": "final_layer.linear",
    "norm_out.linear": "final_layer.adaLN_modulation.1",
    "single_transformer_blocks": "single_blocks",
    "transformer_blocks": "double_blocks",
    "attn.to_qkv_mlp_proj": "linear1",
    "attn.to_out.0": "img_attn.proj",
    "attn.to_out": "linear2",
    "attn.to_add_out": "txt_attn.proj",
    "attn.norm_added_q.weight": "txt_attn.norm.query_norm.scale",
    "attn.norm_added_k.weight": "txt_attn.norm.key_norm.scale",
    "ff_context.linear_in": "txt_mlp.0",
    "ff_context.linear_out": "txt_mlp.2",
    "ff.linear_in": "img_mlp.0",
    "ff.linear_out": "img_mlp.2",
}
_FUSED = {
    "attn.to_q": ("img_attn.qkv", ("attn.to_q", "attn.to_k", "attn.to_v")),
    "attn.add_q_proj": ("txt_attn.qkv", ("attn.add_q_proj", "attn.add_k_proj", "attn.add_v_proj")),
}


def as_makers_name_flux2(weights: State) -> State:
    """FLUX.2's weights, named and joined as by its makers."""
    named: State = {}
    for name, tensor in weights.items():
        if re.search(r"attn\.(to_[kv]|add_[kv]_proj)\.", name):
            continue
        first = next((one for one in _FUSED if f"{one}." in name), None)
        if first:
            joined, parts = _FUSED[first]
            name, tensor = name.replace(first, joined), torch.cat([weights[name.replace(first, one)] for one in parts])
        elif name.startswith("single_transformer_blocks") and ".attn.norm_" in name:
            name = name.replace("attn.norm_q.weight", "norm.query_norm.scale")
            name = name.replace("attn.norm_k.weight", "norm.key_norm.scale")
        elif ".attn.norm_" in name and "added" not in name:
            name = name.replace("attn.norm_q.weight", "img_attn.norm.query_norm.scale")
            name = name.replace("attn.norm_k.weight", "img_attn.norm.key_norm.scale")
        elif name.startswith("norm_out"):
            scale, shift = tensor.chunk(2)
            tensor = torch.cat([shift, scale])
        for ours, theirs in _FLUX2.items():
            name = name.replace(ours, theirs)
        named[name] = tensor
    return named
