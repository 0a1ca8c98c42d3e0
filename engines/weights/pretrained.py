"""Components saved by diffusers or transformers: folders whose config names the class."""

import json
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

from engines import torch_setup
from engines.catalog.quantizations import DENOISER
from engines.memory.component import Place, load_errors
from engines.memory.device import Device
from engines.memory.placement import Placement, bytes_needed, place_model, release_model
from engines.weights import single_file, sizes
from engines.weights.float8 import Float8Component, is_float8
from engines.weights.gguf_model import SUFFIX, GgufComponent
from engines.weights.single_file import SingleFileComponent
from errors import StudioError

_PROCESSOR_CONFIGS = ("processor_config.json", "preprocessor_config.json")
_BESIDE_PIPELINES = dict.fromkeys(("LTX2TextConnectors", "LTX2Vocoder", "LTX2VocoderWithBWE"), "ltx2")
"""The model classes that diffusers only has beside the pipelines that use them: the package of these pipelines."""


def pretrained(
    folders: Mapping[str, Path], device: Device, note: str, placements: Mapping[str, Placement] | None = None
) -> dict[str, "Pretrained | SingleFileComponent | GgufComponent | Float8Component"]:
    """Return the torch parts of one model as components, with the given ``placements``.

    A part is a folder, or the single file with the whole model. Without ``placements``, they are placed whole and share
    a precision, since they pass tensors to each other.
    """
    if placements is None:
        stored = sum(single_file.part_bytes(path, name) or sizes.weight_bytes(path) for name, path in folders.items())
        placements = dict.fromkeys(folders, Placement(dtype=device.dtype(stored)))
    return {
        name: _part(name, path, placements[name], f"{note}, {name.replace('_', ' ')}") for name, path in folders.items()
    }


def _part(
    name: str, path: Path, placement: Placement, note: str
) -> "Pretrained | SingleFileComponent | GgufComponent | Float8Component":
    if path.suffix == SUFFIX:
        return GgufComponent(path, name, placement, note)
    if path.is_file() and name == DENOISER and is_float8(path):
        return Float8Component(path, name, placement, note)
    if path.is_file():
        return SingleFileComponent(path, name, placement, note)
    return Pretrained(path, placement, note)


class Pretrained:
    """A torch module loaded from a folder with ``from_pretrained``, safetensors only.

    In the precision of its file, its weights stay in the page cache until they are used.
    Raises StudioError if the files are damaged.
    """

    place: Place = "device"

    def __init__(self, folder: Path, placement: Placement, note: str) -> None:
        self.note = note
        self._folder = folder
        self._placement = placement
        self._dtype = placement.dtype or sizes.stored_dtype(folder)
        self.key = f"{folder}#{self._dtype}{placement.mark}"
        self.bytes, self.host_bytes = bytes_needed(
            sizes.weight_bytes(folder, 1), sizes.largest_layer(folder), sizes.element_bytes(self._dtype), placement
        )

    def load(self, device: Device) -> Any:
        torch_setup.import_heavy("diffusers", "transformers")
        import torch

        variant = sizes.variant(file.name for file in sizes.weight_files(self._folder))
        with load_errors(self._folder):
            model = _model_class(self._folder).from_pretrained(
                self._folder,
                dtype=getattr(torch, self._dtype),
                variant=variant or None,
                use_safetensors=True,
                local_files_only=True,
            )
        return place_model(model, self._placement, device)

    def drop(self, model: Any) -> None:
        release_model(model)


class Tokenizer:
    """A model's tokenizer, or its processor that also handles pictures, loaded from its folder."""

    place: Place = "host"

    def __init__(self, folder: Path, note: str) -> None:
        self.key = str(folder)
        self.note = f"{note}, tokenizer"
        # If a language model shares the folder with its tokenizer, its weights do not count.
        self.bytes = sum(sizes.file_bytes(file) for file in folder.iterdir() if file.suffix != ".safetensors")
        self._folder = folder

    def load(self, device: Device) -> Any:
        torch_setup.import_heavy("transformers")
        from transformers import AutoProcessor, AutoTokenizer

        sees = any((self._folder / name).exists() for name in _PROCESSOR_CONFIGS)
        with load_errors(self._folder):
            return (AutoProcessor if sees else AutoTokenizer).from_pretrained(self._folder, local_files_only=True)

    def drop(self, model: Any) -> None:
        pass  # freed with its last reference


def scheduler(folder: Path) -> Any:
    """Return a new scheduler: schedulers hold the state of a job and are never shared."""
    import diffusers

    with load_errors(folder):
        name = json.loads((folder / "scheduler_config.json").read_text())["_class_name"]
        return getattr(diffusers, name).from_pretrained(folder, local_files_only=True)


def _model_class(folder: Path) -> Any:
    """Return the class named in a folder's config, which must be one of the libraries' own models."""
    import diffusers
    import transformers

    config = json.loads((folder / "config.json").read_text())
    if "_class_name" in config:
        name = config["_class_name"]
        package = _BESIDE_PIPELINES.get(name)
        module = import_module(f"diffusers.pipelines.{package}") if package else diffusers
        model_class, base = getattr(module, name, None), diffusers.ModelMixin
    else:
        model_class, base = getattr(transformers, config["architectures"][0], None), transformers.PreTrainedModel
    if not (isinstance(model_class, type) and issubclass(model_class, base)):
        raise StudioError(
            "unsupported_model",
            f"The model in {folder.name} is not supported.",
            f"Its config names the class {str(config.get('_class_name') or config['architectures'])[:100]}.",
            "Choose another model.",
            status=422,
        )
    return model_class
