"""Model parts from a single file as used by other programs: loaded in place, with configs that ship with the studio."""

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from engines import torch_setup
from engines.catalog import locations
from engines.memory.component import Place, load_errors
from engines.memory.device import Device
from engines.memory.placement import Placement, bytes_needed, place_model, release_model
from engines.weights import sizes
from errors import StudioError

_PREFIXES: Mapping[str, tuple[str, ...]] = {
    "unet": ("model.diffusion_model.",),
    "vae": ("first_stage_model.",),
    "text_encoder": ("cond_stage_model.transformer.", "conditioner.embedders.0.transformer."),
    "text_encoder_2": ("conditioner.embedders.1.model.",),
}
"""Prefixes of each part's tensor names in a file with several parts, by family."""


def part_bytes(path: Path, name: str, element_bytes: int | None = None) -> int:
    """Return the bytes of one part of a single file, as stored or with ``element_bytes`` per parameter; 0 if the file
    has no such parts."""
    if not path.is_file() or name not in _PREFIXES:
        return 0
    tensors = [info for key, info in sizes.header(path).items() if key.startswith(_PREFIXES[name])]
    if element_bytes is None:
        return sum(info["data_offsets"][1] - info["data_offsets"][0] for info in tensors)
    return sum(math.prod(info["shape"]) * element_bytes for info in tensors)


class SingleFileComponent:
    """A torch module from a single file, which may contain other parts too.

    Raises StudioError if the file is damaged or its family is unknown.
    """

    place: Place = "device"

    def __init__(self, path: Path, name: str, placement: Placement, note: str) -> None:
        self.note = note
        self._path = path
        self._name = name
        self._placement = placement
        self._dtype = placement.dtype or sizes.stored_dtype(path)
        self.key = f"{path}@{name}#{self._dtype}{placement.mark}"
        numbers = part_bytes(path, name, 1) or sizes.weight_bytes(path, 1)
        self.bytes, self.host_bytes = bytes_needed(
            numbers, sizes.largest_layer(path), sizes.element_bytes(self._dtype), placement
        )

    def load(self, device: Device) -> Any:
        torch_setup.import_heavy("diffusers", "transformers")
        import torch

        config, dtype = config_of(self._path, self._name), getattr(torch, self._dtype)
        with load_errors(self._path):
            build = _words if self._name.startswith("text_encoder") else _network
            model = build(self._path, self._name, config, dtype)
        return place_model(model.to(dtype=dtype), self._placement, device)

    def drop(self, model: Any) -> None:
        release_model(model)


def _network(path: Path, name: str, config: Path, dtype: Any) -> Any:
    """Load a denoiser or decoder of the class that its config names."""
    import diffusers

    kind = json.loads(config.read_text())["_class_name"]
    return getattr(diffusers, kind).from_single_file(
        str(path), config=str(config.parent), torch_dtype=dtype, local_files_only=True
    )


def _words(path: Path, name: str, config: Path, dtype: Any) -> Any:
    """Load a text encoder. Without their prefix, the tensors of the first encoder have the library's names."""
    import transformers
    from diffusers.loaders.single_file_utils import convert_open_clip_checkpoint
    from safetensors import safe_open

    with safe_open(path, "pt") as file:
        inside = [key for key in file.keys() if key.startswith(_PREFIXES[name])]  # noqa: SIM118
        prefix = next(one for one in _PREFIXES[name] if inside and inside[0].startswith(one))
        own = [key for key in inside if not key.endswith("position_ids")]
        state = {key.removeprefix(prefix): file.get_tensor(key) for key in own}
    shape = transformers.CLIPTextConfig.from_pretrained(config.parent, local_files_only=True)
    kind = getattr(transformers, shape.architectures[0])
    if name == "text_encoder_2":
        state = convert_open_clip_checkpoint(None, state, prefix="")
    model, loading_info = kind.from_pretrained(
        None, config=shape, state_dict=state, dtype=dtype, output_loading_info=True, local_files_only=True
    )
    if loading_info["missing_keys"]:  # the library would initialize them randomly
        raise sizes.corrupt(path, f"{len(loading_info['missing_keys'])} tensors of its {name} are missing")
    return model


def config_of(path: Path, name: str) -> Path:
    """Return the config of a part: the bundled one of its family, or, if the part has its own file, the one next to
    it."""
    own_config = path.with_name("config.json")
    if name not in _PREFIXES and own_config.is_file():
        return own_config
    from engines.weights.detect import detect

    detected = detect(path)
    if not detected.configs:
        raise StudioError(
            "unsupported_model",
            f"{path.name} cannot be used here: {detected.words}.",
            detected.why,
            "Choose another model.",
            status=422,
        )
    return locations.configs(detected.configs) / name / "config.json"
