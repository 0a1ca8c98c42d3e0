"""The stored precisions of a twin's parts: real repositories often store one part differently from the others."""

import json
from collections.abc import Mapping
from pathlib import Path

Precisions = Mapping[str, str]
"""A precision (torch's name) for each part that is stored in another one; a part is a subfolder of the twin, or ``.``
for the twin's own folder."""

_VARIANT = ".fp16"
_CONFIG_KEYS = ("dtype", "torch_dtype")


def store(folder: Path, precisions: Precisions) -> None:
    """Rewrite the safetensors files of a twin's parts. Raises FileNotFoundError for a part without any."""
    for part, dtype in precisions.items():
        files = sorted((folder / part).glob("*.safetensors"))
        if not files:
            raise FileNotFoundError(f"{part} of {folder.name} has no weights")
        for file in files:
            _rewrite(file, dtype)
        _say(folder / part / "config.json", dtype)


def _rewrite(file: Path, dtype: str) -> None:
    """Convert a file. Only half precision is stored as a variant; the libraries look for that name."""
    import torch
    from safetensors.torch import load_file, save_file

    weights = {
        name: tensor.to(getattr(torch, dtype)) if tensor.is_floating_point() else tensor
        for name, tensor in load_file(file).items()
    }
    file.unlink()
    target = file if dtype == "float16" else file.with_name(file.name.replace(_VARIANT, ""))
    save_file(weights, target, metadata={"format": "pt"})


def _say(config: Path, dtype: str) -> None:
    """Update the precision in a transformers config."""
    if not config.is_file():
        return
    settings = json.loads(config.read_text())
    named = {key: dtype for key in _CONFIG_KEYS if key in settings}
    config.write_text(json.dumps(settings | named, indent=2))
