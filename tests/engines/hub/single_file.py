"""A model as other programs keep it: every part's tensors in one file, under the names of the first release."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

_RESNET = {
    "norm1": "in_layers.0",
    "conv1": "in_layers.2",
    "norm2": "out_layers.0",
    "conv2": "out_layers.3",
    "time_emb_proj": "emb_layers.1",
    "conv_shortcut": "skip_connection",
}
_UNET = {
    "time_embedding.linear_1": "time_embed.0",
    "time_embedding.linear_2": "time_embed.2",
    "conv_in": "input_blocks.0.0",
    "conv_norm_out": "out.0",
    "conv_out": "out.2",
}


def in_one_file(unet: Mapping[str, Any], vae: Mapping[str, Any], words: Mapping[str, Any]) -> dict[str, Any]:
    """The tensors of three parts under their names in a single file."""
    return {
        **{f"model.diffusion_model.{_unet(name)}": tensor for name, tensor in unet.items()},
        **{f"first_stage_model.{name}": tensor for name, tensor in _vae(vae)},
        **{f"cond_stage_model.transformer.{name}": tensor for name, tensor in words.items()},
    }


def _unet(name: str) -> str:
    for ours, theirs in _UNET.items():
        if name.startswith(f"{ours}."):
            return name.replace(ours, theirs, 1)
    for pattern, place in (
        (r"down_blocks\.(\d)\.resnets\.(\d)\.", lambda i, j: f"input_blocks.{3 * i + j + 1}.0."),
        (r"down_blocks\.(\d)\.attentions\.(\d)\.", lambda i, j: f"input_blocks.{3 * i + j + 1}.1."),
        (r"up_blocks\.(\d)\.resnets\.(\d)\.", lambda i, j: f"output_blocks.{3 * i + j}.0."),
        (r"up_blocks\.(\d)\.attentions\.(\d)\.", lambda i, j: f"output_blocks.{3 * i + j}.1."),
        (r"down_blocks\.(\d)\.downsamplers\.(\d)\.conv\.", lambda i, _: f"input_blocks.{3 * i + 3}.0.op."),
        (r"up_blocks\.(\d)\.upsamplers\.(\d)\.", lambda i, _: f"output_blocks.{3 * i + 2}.{1 if i == 0 else 2}."),
    ):
        if found := re.match(pattern, name):
            rest = name[found.end() :]
            return place(int(found[1]), int(found[2])) + (_resnet(rest) if ".resnets." in name else rest)
    if found := re.match(r"mid_block\.resnets\.(\d)\.", name):
        return f"middle_block.{2 * int(found[1])}.{_resnet(name[found.end() :])}"
    return name.replace("mid_block.attentions.0.", "middle_block.1.")


def _resnet(rest: str) -> str:
    part, _, what = rest.rpartition(".")
    return f"{_RESNET[part]}.{what}"


def _vae(vae: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, tensor in vae.items():
        for ours, theirs in (
            (r"encoder\.down_blocks\.(\d)\.resnets", lambda m: f"encoder.down.{m[1]}.block"),
            (r"encoder\.down_blocks\.(\d)\.downsamplers\.0", lambda m: f"encoder.down.{m[1]}.downsample"),
            (r"decoder\.up_blocks\.(\d)\.resnets", lambda m: f"decoder.up.{3 - int(m[1])}.block"),
            (r"decoder\.up_blocks\.(\d)\.upsamplers\.0", lambda m: f"decoder.up.{3 - int(m[1])}.upsample"),
            (r"mid_block\.resnets\.(\d)", lambda m: f"mid.block_{int(m[1]) + 1}"),
            (r"mid_block\.attentions\.0", lambda _: "mid.attn_1"),
            (r"conv_shortcut", lambda _: "nin_shortcut"),
            (r"conv_norm_out", lambda _: "norm_out"),
        ):
            name = re.sub(ours, theirs, name)
        if "attn_1" in name:
            for ours, theirs in {
                "group_norm": "norm",
                "to_q": "q",
                "to_k": "k",
                "to_v": "v",
                "to_out.0": "proj_out",
            }.items():
                name = name.replace(f"attn_1.{ours}.", f"attn_1.{theirs}.")
            if tensor.ndim == 2:
                tensor = tensor[:, :, None, None]
        yield name, tensor
