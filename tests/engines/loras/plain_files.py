"""Write LoRA files byte by byte, without torch."""

import json
import struct
from collections.abc import Mapping

import numpy as np

_TO_K = "down_blocks.1.attentions.0.transformer_blocks.0.attn2.to_k"


def safetensors_bytes(tensors: Mapping[str, np.ndarray], metadata: Mapping[str, str] = {}) -> bytes:
    """Write a safetensors file."""
    header: dict[str, object] = {"__metadata__": dict(metadata)} if metadata else {}
    place, content = 0, b""
    for name, values in tensors.items():
        kind = {2: "F16", 4: "F32", 8: "F64"}[values.dtype.itemsize]
        header[name] = {"dtype": kind, "shape": list(values.shape), "data_offsets": [place, place + values.nbytes]}
        place += values.nbytes
        content += values.tobytes()
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + content


def lora_bytes(
    width: int,
    metadata: Mapping[str, str] = {},
    *,
    fill: float = 0.1,
    rank: int = 4,
    module: str = _TO_K,
    end: str = "",
) -> bytes:
    """Write a LoRA for one layer with ``width`` inputs; with ``end``, a plain weight in its place."""
    down, up = np.full((rank, width), 0.1, np.float16), np.full((64, rank), 0.1, np.float16)
    up[-1, -1] = fill
    if end:
        return safetensors_bytes({f"model.{module}.{end}": down}, metadata)
    names = [f"unet.{module}.lora_{half}.weight" for half in "AB"]
    return safetensors_bytes(dict(zip(names, (down, up), strict=True)), metadata)
