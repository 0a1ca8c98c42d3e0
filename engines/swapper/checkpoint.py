"""Parts of a model that other programs keep in a single file, used where it lies, with configs that come with us."""

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from engines import runtime
from engines.catalog import files
from engines.swapper import sizes
from engines.swapper.component import Place, reading
from engines.swapper.device import Device
from engines.swapper.keeping import Keeping, dissolve, held, settle
from errors import StudioError

_PREFIXES: Mapping[str, str] = {
    "unet": "model.diffusion_model.",
    "vae": "first_stage_model.",
    "text_encoder": "cond_stage_model.transformer.",
}
"""What the names of each part's tensors begin with in such a file."""
_CLASSES: Mapping[str, str] = {"unet": "UNet2DConditionModel", "vae": "AutoencoderKL"}


def part_bytes(path: Path, name: str, element_bytes: int | None = None) -> int:
    """Bytes of one part of a single file, as stored or with ``element_bytes`` a number; 0 where it is no such file."""
    if not path.is_file() or name not in _PREFIXES:
        return 0
    found = [info for key, info in sizes.header(path).items() if key.startswith(_PREFIXES[name])]
    if element_bytes is None:
        return sum(info["data_offsets"][1] - info["data_offsets"][0] for info in found)
    return sum(math.prod(info["shape"]) * element_bytes for info in found)


class Checkpoint:
    """A torch module out of a single file.

    Raises StudioError where the file is damaged or of a family that is not known here.
    """

    place: Place = "device"

    def __init__(self, path: Path, name: str, keeping: Keeping, note: str) -> None:
        self.note = note
        self._path = path
        self._name = name
        self._keeping = keeping
        self._dtype = keeping.dtype or sizes.stored(path)
        self.key = f"{path}@{name}#{self._dtype}{keeping.mark}"
        self.bytes, self.beside_bytes = held(
            part_bytes(path, name, 1), sizes.largest_layer(path), sizes.element_bytes(self._dtype), keeping
        )

    def load(self, device: Device) -> Any:
        runtime.heavy("diffusers", "transformers")
        import torch

        configs, dtype = _configs(self._path), getattr(torch, self._dtype)
        with reading(self._path):
            model = (
                _words(self._path, configs, dtype) if self._name == "text_encoder" else self._picture(configs, dtype)
            )
        return settle(model.to(dtype=dtype), self._keeping, device)

    def drop(self, model: Any) -> None:
        dissolve(model)

    def _picture(self, configs: Path, dtype: Any) -> Any:
        import diffusers

        return getattr(diffusers, _CLASSES[self._name]).from_single_file(
            str(self._path), config=str(configs), subfolder=self._name, torch_dtype=dtype, local_files_only=True
        )


def _words(path: Path, configs: Path, dtype: Any) -> Any:
    """The text encoder, whose tensors are called in the file as in its library once their prefix is off."""
    from safetensors import safe_open
    from transformers import CLIPTextConfig, CLIPTextModel

    prefix = _PREFIXES["text_encoder"]
    with safe_open(path, "pt") as file:
        names = [name for name in file.keys() if name.startswith(prefix) and not name.endswith("position_ids")]  # noqa: SIM118
        state = {name.removeprefix(prefix): file.get_tensor(name) for name in names}
    config = CLIPTextConfig.from_pretrained(configs / "text_encoder", local_files_only=True)
    return CLIPTextModel.from_pretrained(None, config=config, state_dict=state, dtype=dtype)


def _configs(path: Path) -> Path:
    """The bundled configs for a file's family."""
    from engines.hub.recognise import recognise

    found = recognise(path)
    if not found.configs:
        raise StudioError(
            "unsupported_model",
            f"{path.name} is of a kind that cannot be used here: {found.words}.",
            found.why,
            "Take another model.",
            status=422,
        )
    return files.configs(found.configs)
