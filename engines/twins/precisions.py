"""The precisions in which a twin's parts are stored: real repositories often store one part otherwise than the rest."""

import json
from collections.abc import Mapping
from pathlib import Path

Precisions = Mapping[str, str]
"""A precision (torch's name) for each part that is stored in another one; a part is a folder below the twin's, ``.``
the twin's own."""

_VARIANT = ".fp16"
_CONFIG_KEYS = ("dtype", "torch_dtype")


def store(folder: Path, precisions: Precisions) -> None:
    """Rewrite the safetensors files of parts of a twin. Raises FileNotFoundError for a part without any."""
    for part, dtype in precisions.items():
        files = sorted((folder / part).glob("*.safetensors"))
        if not files:
            raise FileNotFoundError(f"{part} of {folder.name} has no weights")
        for file in files:
            _rewrite(file, dtype)
        _say(folder / part / "config.json", dtype)


def _rewrite(file: Path, dtype: str) -> None:
    """Only half precision is stored as a variant; its name is what the libraries look for."""
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
    """The configs of transformers name the precision."""
    if not config.is_file():
        return
    said = json.loads(config.read_text())
    named = {key: dtype for key in _CONFIG_KEYS if key in said}
    config.write_text(json.dumps(said | named, indent=2))
