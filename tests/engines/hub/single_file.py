"""A single-file model: every part's tensors in one file, under the names of the original release."""

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
    "add_embedding.linear_1": "label_emb.0.0",
    "add_embedding.linear_2": "label_emb.0.2",
    "conv_in": "input_blocks.0.0",
    "conv_norm_out": "out.0",
    "conv_out": "out.2",
}
_OPEN_CLIP = {
    "text_model.embeddings.token_embedding": "token_embedding",
    "text_model.embeddings.position_embedding.weight": "positional_embedding",
    "text_model.encoder.layers": "transformer.resblocks",
    "text_model.final_layer_norm": "ln_final",
    "layer_norm": "ln_",
    "mlp.fc1": "mlp.c_fc",
    "mlp.fc2": "mlp.c_proj",
    "self_attn.out_proj": "attn.out_proj",
}
_READS = ("q", "k", "v")


def in_one_file(
    unet: Mapping[str, Any], vae: Mapping[str, Any], words: Mapping[str, Any], more_words: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the tensors of Stable Diffusion 1.5 under their single-file names; with a second text encoder, SDXL's."""
    first = "conditioner.embedders.0.transformer." if more_words else "cond_stage_model.transformer."
    return {
        **{f"model.diffusion_model.{_unet(name, unet)}": tensor for name, tensor in unet.items()},
        **{f"first_stage_model.{name}": tensor for name, tensor in _vae(vae)},
        **{f"{first}text_model.{name}": tensor for name, tensor in words.items()},
        **{f"conditioner.embedders.1.model.{name}": tensor for name, tensor in _open_clip(more_words)},
    }


def _unet(name: str, every: Mapping[str, Any]) -> str:
    for ours, theirs in _UNET.items():
        if name.startswith(f"{ours}."):
            return name.replace(ours, theirs, 1)

    def above(block: int) -> int:
        """Return the index of an up block's upsampler, which follows the attention if there is any."""
        return 2 if any(one.startswith(f"up_blocks.{block}.attentions.") for one in every) else 1

    for pattern, place in (
        (r"down_blocks\.(\d)\.resnets\.(\d)\.", lambda i, j: f"input_blocks.{3 * i + j + 1}.0."),
        (r"down_blocks\.(\d)\.attentions\.(\d)\.", lambda i, j: f"input_blocks.{3 * i + j + 1}.1."),
        (r"up_blocks\.(\d)\.resnets\.(\d)\.", lambda i, j: f"output_blocks.{3 * i + j}.0."),
        (r"up_blocks\.(\d)\.attentions\.(\d)\.", lambda i, j: f"output_blocks.{3 * i + j}.1."),
        (r"down_blocks\.(\d)\.downsamplers\.(\d)\.conv\.", lambda i, _: f"input_blocks.{3 * i + 3}.0.op."),
        (r"up_blocks\.(\d)\.upsamplers\.(\d)\.", lambda i, _: f"output_blocks.{3 * i + 2}.{above(i)}."),
    ):
        if found := re.match(pattern, name):
            rest = name[found.end() :]
            return place(int(found[1]), int(found[2])) + (_resnet(rest) if ".resnets." in name else rest)
    if found := re.match(r"mid_block\.resnets\.(\d)\.", name):
        return f"middle_block.{2 * int(found[1])}.{_resnet(name[found.end() :])}"
    return name.replace("mid_block.attentions.0.", "middle_block.1.")


def _open_clip(words: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield the second text encoder's tensors: q, k and v are joined, and the text projection is transposed."""
    import torch

    for name, tensor in words.items():
        if found := re.match(r"(.*self_attn)\.q_proj\.(weight|bias)$", name):
            three = [words[f"{found[1]}.{one}_proj.{found[2]}"] for one in _READS]
            layer = found[1].replace("text_model.encoder.layers", "transformer.resblocks").replace("self_attn", "attn")
            yield f"{layer}.in_proj_{found[2]}", torch.cat(three)
        elif name == "text_projection.weight":
            yield "text_projection", tensor.T
        elif not re.search(r"self_attn\.[kv]_proj", name):
            for ours, theirs in _OPEN_CLIP.items():
                name = name.replace(ours, theirs)
            yield name, tensor


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
