"""Parts of a model that other programs keep in a single file, used where it lies, with configs that come with us."""

import json
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

_PREFIXES: Mapping[str, tuple[str, ...]] = {
    "unet": ("model.diffusion_model.",),
    "vae": ("first_stage_model.",),
    "text_encoder": ("cond_stage_model.transformer.", "conditioner.embedders.0.transformer."),
    "text_encoder_2": ("conditioner.embedders.1.model.",),
}
"""What the names of each part's tensors begin with in a file that holds several, by its family."""


def part_bytes(path: Path, name: str, element_bytes: int | None = None) -> int:
    """Bytes of one part of a single file, as stored or with ``element_bytes`` a number; 0 where it is no such file."""
    if not path.is_file() or name not in _PREFIXES:
        return 0
    found = [info for key, info in sizes.header(path).items() if key.startswith(_PREFIXES[name])]
    if element_bytes is None:
        return sum(info["data_offsets"][1] - info["data_offsets"][0] for info in found)
    return sum(math.prod(info["shape"]) * element_bytes for info in found)


class Checkpoint:
    """A torch module out of a single file, which may hold other parts too.

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
        numbers = part_bytes(path, name, 1) or sizes.weight_bytes(path, 1)
        self.bytes, self.beside_bytes = held(
            numbers, sizes.largest_layer(path), sizes.element_bytes(self._dtype), keeping
        )

    def load(self, device: Device) -> Any:
        runtime.heavy("diffusers", "transformers")
        import torch

        config, dtype = config_of(self._path, self._name), getattr(torch, self._dtype)
        with reading(self._path):
            build = _words if self._name.startswith("text_encoder") else _network
            model = build(self._path, self._name, config, dtype)
        return settle(model.to(dtype=dtype), self._keeping, device)

    def drop(self, model: Any) -> None:
        dissolve(model)


def _network(path: Path, name: str, config: Path, dtype: Any) -> Any:
    """What paints or decodes, of the class that its config names."""
    import diffusers

    kind = json.loads(config.read_text())["_class_name"]
    return getattr(diffusers, kind).from_single_file(
        str(path), config=str(config.parent), torch_dtype=dtype, local_files_only=True
    )


def _words(path: Path, name: str, config: Path, dtype: Any) -> Any:
    """A text encoder. The tensors of the first are called in the file as in its library once their prefix is off."""
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
    model, told = kind.from_pretrained(
        None, config=shape, state_dict=state, dtype=dtype, output_loading_info=True, local_files_only=True
    )
    if told["missing_keys"]:  # the library would make them up
        raise sizes.corrupt(path, f"{len(told['missing_keys'])} tensors of its {name} are missing")
    return model


def config_of(path: Path, name: str) -> Path:
    """The config of a part of a file: the one that comes with the studio for its family, or, of a part that has a file
    to itself, the one beside it."""
    beside = path.with_name("config.json")
    if name not in _PREFIXES and beside.is_file():
        return beside
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
    return files.configs(found.configs) / name / "config.json"
