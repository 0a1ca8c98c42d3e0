"""Which files of a repository a part needs: weights in a safe format once, and the small files beside them."""

import re
from collections.abc import Iterable
from fnmatch import fnmatch

from engines.catalog.entry import Part
from engines.hub.client import HubFile, Repo
from engines.swapper import sizes
from errors import StudioError

_SMALL = (".json", ".txt", ".model", ".jinja", ".tiktoken", ".yaml", ".yml")
_WEIGHTS = (".safetensors", ".gguf", ".onnx", ".onnx_data", ".param")
_PICKLED = (".bin", ".pt", ".pth", ".ckpt")
_SAFE = (*_SMALL, *_WEIGHTS)
_SHARD = re.compile(r"^(?P<stem>.+?)-\d{5}-of-\d{5}(?P<variant>\.\w+)?\.(safetensors|bin)$")
_KNOWN_PICKLES = re.compile(r"^(diffusion_)?pytorch_model(-\d{5}-of-\d{5})?\.bin$")


def files_of(part: Part, repo: Repo) -> list[HubFile]:
    """The files of a part, in the order of the repository.

    A folder is taken without what lies below it: half precision where there is a choice, shards where there is an
    index, pickles only where there is nothing else. Raises StudioError where there is nothing to take.
    """
    prefix = f"{part.subfolder.strip('/')}/" if part.subfolder else ""
    if part.file:
        found = [file for file in repo.files if file.path == f"{prefix}{part.file}" and _safe(file)]
    else:
        here = [file for file in repo.files if file.path.startswith(prefix) and "/" not in file.path[len(prefix) :]]
        small = [file for file in here if file.path.endswith(_SMALL)]
        weights = _weights(here)
        found = [file for file in here if file in weights or (file in small and _index_of(file, weights))]
    if part.allow:
        found = [file for file in found if any(fnmatch(name(file), pattern) for pattern in part.allow)]
    if not found:
        where = part.file or part.subfolder or "the repository"
        raise StudioError(
            "nothing_to_fetch",
            f"{repo.name} has no model files the studio may use.",
            f"In {where} there is none in a safe format (safetensors, GGUF, ONNX).",
            "Take another upload of this model.",
            status=422,
        )
    return found


def name(file: HubFile) -> str:
    """A file's name without its folder."""
    return file.path.rpartition("/")[2]


def pickled(file: HubFile) -> bool:
    """Whether a file could run code when it is opened carelessly."""
    return file.path.endswith(_PICKLED)


def _safe(file: HubFile) -> bool:
    return file.path.endswith(_SAFE)


def _weights(here: Iterable[HubFile]) -> list[HubFile]:
    here = list(here)
    safe = [file for file in here if file.path.endswith(_WEIGHTS)]
    if not any(file.path.endswith(".safetensors") for file in safe):
        return safe or [file for file in here if _KNOWN_PICKLES.match(name(file))]
    tensors = [file for file in safe if file.path.endswith(".safetensors") and ".non_ema." not in name(file)]
    variant = sizes.variant(name(file) for file in tensors)
    tensors = [file for file in tensors if sizes.variant_of(name(file)) == variant]
    shards = [file for file in tensors if _SHARD.match(name(file))]
    return shards or tensors


def _index_of(file: HubFile, weights: list[HubFile]) -> bool:
    """True for every small file but an index of weights that are left out."""
    if ".index." not in name(file):
        return True
    stem = re.match(r"^(.+?)\.(?:safetensors|bin)\.index(\.\w+)?\.json$", name(file))
    if not stem:
        return False
    return any((shard := _SHARD.match(name(one))) and shard["stem"] == stem[1] for one in weights)
