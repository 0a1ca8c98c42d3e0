"""Select the files of a repository that a part needs: one set of weights in a safe format, and its small files."""

import re
from collections.abc import Iterable
from fnmatch import fnmatch

from engines.catalog.entry import Part
from engines.hub.client import HubFile, Repo
from engines.weights import sizes
from errors import StudioError

_SMALL = (".json", ".txt", ".model", ".jinja", ".tiktoken", ".yaml", ".yml")
_WEIGHTS = (".safetensors", ".gguf", ".onnx", ".onnx_data", ".param")
_PICKLED = (".bin", ".pt", ".pth", ".ckpt")
_SAFE = (*_SMALL, *_WEIGHTS)
_SHARD = re.compile(r"-\d{5}-of-\d{5}(\.\w+)?\.(safetensors|bin)$")
_KNOWN_PICKLES = re.compile(r"^(diffusion_)?pytorch_model(-\d{5}-of-\d{5})?\.bin$")


def files_of(part: Part, repo: Repo) -> list[HubFile]:
    """Return the files of a part, in the repository's order.

    A folder is taken without its subfolders. Half precision is preferred, shards are taken if there are any, and
    pickles only if there is nothing else. Raises StudioError nothing_to_fetch if no file qualifies.
    """
    prefix = f"{part.subfolder.strip('/')}/" if part.subfolder else ""
    if part.file:
        files = [file for file in repo.files if file.path == f"{prefix}{part.file}" and _safe(file)]
    else:
        here = [file for file in repo.files if file.path.startswith(prefix) and "/" not in file.path[len(prefix) :]]
        small = [file for file in here if file.path.endswith(_SMALL)]
        weights = _weights(here)
        files = [file for file in here if file in weights or (file in small and _index_of(file, weights))]
    if part.allow:
        files = [file for file in files if any(fnmatch(name(file), pattern) for pattern in part.allow)]
    if not files:
        where = part.file or part.subfolder or "the repository"
        raise StudioError(
            "nothing_to_fetch",
            f"{repo.name} has no model files that the studio can use.",
            f"Nothing in {where} is in a safe format (safetensors, GGUF, ONNX).",
            "Choose another upload of this model.",
            status=422,
        )
    return files


def name(file: HubFile) -> str:
    """Return a file's name without its folder."""
    return file.path.rpartition("/")[2]


def is_pickled(file: HubFile) -> bool:
    """Whether a file is a pickle, which can run code when it is opened."""
    return file.path.endswith(_PICKLED)


def _safe(file: HubFile) -> bool:
    return file.path.endswith(_SAFE)


def _weights(files: Iterable[HubFile]) -> list[HubFile]:
    files = list(files)
    safe = [file for file in files if file.path.endswith(_WEIGHTS)]
    if not any(file.path.endswith(".safetensors") for file in safe):
        return safe or [file for file in files if _KNOWN_PICKLES.match(name(file))]
    tensors = [file for file in safe if file.path.endswith(".safetensors") and ".non_ema." not in name(file)]
    variant = sizes.variant(name(file) for file in tensors)
    tensors = [file for file in tensors if sizes.variant_of(name(file)) == variant]
    shards = [file for file in tensors if _SHARD.search(name(file))]
    return shards or tensors


def _index_of(file: HubFile, weights: list[HubFile]) -> bool:
    """Whether to take a small file: always, except for the index of weights that are not taken."""
    if ".index." not in name(file):
        return True
    index = re.match(r"^(.+?)\.(?:safetensors|bin)\.index(\.\w+)?\.json$", name(file))
    if not index:
        return False
    shards = [name(one) for one in weights if _SHARD.search(name(one))]
    same = [shard for shard in shards if sizes.variant_of(shard) == sizes.variant_of(name(file))]
    return any(shard.startswith((f"{index[1]}-", f"{index[1]}.")) for shard in same)
