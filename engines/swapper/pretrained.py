"""Components saved by diffusers or transformers: a folder with a config that names its class."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from engines import runtime
from engines.catalog.smaller import PAINTS
from engines.swapper import checkpoint, sizes
from engines.swapper.checkpoint import Checkpoint
from engines.swapper.component import Place, reading
from engines.swapper.device import Device
from engines.swapper.float8 import Float8, is_float8
from engines.swapper.keeping import Keeping, dissolve, held, settle
from engines.swapper.packed import SUFFIX, Packed
from errors import StudioError

_PROCESSOR_CONFIGS = ("processor_config.json", "preprocessor_config.json")


def pretrained(
    folders: Mapping[str, Path], device: Device, note: str, keep: Mapping[str, Keeping] | None = None
) -> dict[str, "Pretrained | Checkpoint | Packed | Float8"]:
    """The torch parts of one model as components, each kept as ``keep`` says.

    A part is a folder, or the single file that holds the whole model. Without ``keep`` they are kept whole and share a
    precision: they work on each other's numbers.
    """
    if keep is None:
        stored = sum(checkpoint.part_bytes(path, name) or sizes.weight_bytes(path) for name, path in folders.items())
        keep = dict.fromkeys(folders, Keeping(dtype=device.dtype(stored)))
    return {name: _part(name, path, keep[name], f"{note}, {name.replace('_', ' ')}") for name, path in folders.items()}


def _part(name: str, path: Path, keeping: Keeping, note: str) -> "Pretrained | Checkpoint | Packed | Float8":
    if path.suffix == SUFFIX:
        return Packed(path, name, keeping, note)
    if path.is_file() and name == PAINTS and is_float8(path):
        return Float8(path, name, keeping, note)
    if path.is_file():
        return Checkpoint(path, name, keeping, note)
    return Pretrained(path, keeping, note)


class Pretrained:
    """A torch module read from a folder with ``from_pretrained``, safetensors only.

    Kept in its file's own precision, its weights are the page cache's until they are used.
    Raises StudioError where the files are damaged.
    """

    place: Place = "device"

    def __init__(self, folder: Path, keeping: Keeping, note: str) -> None:
        self.note = note
        self._folder = folder
        self._keeping = keeping
        self._dtype = keeping.dtype or sizes.stored(folder)
        self.key = f"{folder}#{self._dtype}{keeping.mark}"
        self.bytes, self.beside_bytes = held(
            sizes.weight_bytes(folder, 1), sizes.largest_layer(folder), sizes.element_bytes(self._dtype), keeping
        )

    def load(self, device: Device) -> Any:
        runtime.heavy("diffusers", "transformers")
        import torch

        variant = sizes.variant(file.name for file in sizes.weight_files(self._folder))
        with reading(self._folder):
            model = _model_class(self._folder).from_pretrained(
                self._folder,
                dtype=getattr(torch, self._dtype),
                variant=variant or None,
                use_safetensors=True,
                local_files_only=True,
            )
        return settle(model, self._keeping, device)

    def drop(self, model: Any) -> None:
        dissolve(model)


class Tokenizer:
    """What reads words for a model, read from its folder: a tokenizer, or a processor that also reads pictures."""

    place: Place = "host"

    def __init__(self, folder: Path, note: str) -> None:
        self.key = str(folder)
        self.note = f"{note}, tokenizer"
        # Where a language model lies in one folder with its tokenizer, its weights do not count.
        self.bytes = sum(sizes.file_bytes(file) for file in folder.iterdir() if file.suffix != ".safetensors")
        self._folder = folder

    def load(self, device: Device) -> Any:
        runtime.heavy("transformers")
        from transformers import AutoProcessor, AutoTokenizer

        sees = any((self._folder / name).exists() for name in _PROCESSOR_CONFIGS)
        with reading(self._folder):
            return (AutoProcessor if sees else AutoTokenizer).from_pretrained(self._folder, local_files_only=True)

    def drop(self, model: Any) -> None:
        pass  # it goes with its last reference


def scheduler(folder: Path) -> Any:
    """A fresh scheduler: it keeps a job's state, so that it is never shared."""
    import diffusers

    with reading(folder):
        name = json.loads((folder / "scheduler_config.json").read_text())["_class_name"]
        return getattr(diffusers, name).from_pretrained(folder, local_files_only=True)


def _model_class(folder: Path) -> Any:
    """The class that a folder's config names, which must be one of the libraries' own models."""
    import diffusers
    import transformers

    config = json.loads((folder / "config.json").read_text())
    if "_class_name" in config:
        found, base = getattr(diffusers, config["_class_name"], None), diffusers.ModelMixin
    else:
        found, base = getattr(transformers, config["architectures"][0], None), transformers.PreTrainedModel
    if not (isinstance(found, type) and issubclass(found, base)):
        raise StudioError(
            "unsupported_model",
            f"The model in {folder.name} is of a kind that is not known here.",
            f"Its config says: {str(config.get('_class_name') or config['architectures'])[:100]}.",
            "Take another model.",
            status=422,
        )
    return found
