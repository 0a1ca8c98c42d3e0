"""Where a part's files lie: the starter pack, the studio's own assets, a local folder, or the Hugging Face cache people
already have."""

import json
import re
from pathlib import Path

from engines.catalog.entry import Part

STARTER = "starter:"
_OWN = "assets:"
_ASSETS = Path(__file__).resolve().parents[2] / "assets" / "starter"
_REPOSITORY = re.compile(r"^[\w.-]+/[\w.-]+$")
_COMMIT = re.compile(r"[0-9a-f]{40,64}")


def place(part: Part, starter: Path) -> Path:
    """Where a part is, or would be.

    Of a repository that has moved on since a part was fetched, the snapshot that has the part counts: what its revision
    means now may have been fetched for other parts alone, by another program too. A commit means itself alone.
    """
    where = _root(part, starter) / part.subfolder / part.file
    if is_repository(part) and not _COMMIT.fullmatch(part.revision) and not _whole(where, part):
        return next((path for path in _elsewhere(part) if _whole(path, part)), where)
    return where


def is_starter(part: Part) -> bool:
    """Whether the part comes with the starter pack."""
    return part.repo.startswith(STARTER)


def is_repository(part: Part) -> bool:
    """Whether the part comes from the Hugging Face hub."""
    return bool(_REPOSITORY.match(part.repo)) and not is_starter(part)


def here(part: Part, starter: Path) -> bool:
    """Whether a part is all there: of a folder that is narrowed, something for each of its patterns."""
    return _whole(place(part, starter), part)


def _whole(path: Path, part: Part) -> bool:
    return complete(path) and all(any(path.glob(pattern)) for pattern in part.allow)


def configs(name: str) -> Path:
    """The folder of the configs that come with the studio, for single files of a family."""
    return _ASSETS / "configs" / name


def complete(path: Path) -> bool:
    """Whether a model's file, or folder of files, is all there."""
    if path.is_file():
        return True
    if not path.is_dir():
        return False
    names = {file.name for file in path.iterdir() if file.exists()}  # a link into the cache may point nowhere
    for index in (name for name in names if name.endswith(".safetensors.index.json")):
        try:
            shards = set(json.loads((path / index).read_text())["weight_map"].values())
        except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
            return False
        if not shards <= names:
            return False
    needs_weights = "config.json" in names
    return bool(names) and (not needs_weights or any(name.endswith(".safetensors") for name in names))


def _root(part: Part, starter: Path) -> Path:
    if is_starter(part):
        return starter / part.repo.removeprefix(STARTER)
    if part.repo.startswith(_OWN):
        return _ASSETS / part.repo.removeprefix(_OWN)
    if is_repository(part):
        return _snapshot(part.repo, part.revision)
    return Path(part.repo).expanduser()


def commit(repo: str, revision: str) -> str:
    """The commit that a revision of a repository means in the hub's cache; nothing where it says none."""
    return _meaning(_repository(repo) / "refs" / revision)


def _meaning(reference: Path) -> str:
    """The commit that a ref names; "" where it is missing, or is another program's file."""
    try:
        with reference.open("rb") as file:
            text = file.read(100).decode("ascii").strip()
    except (OSError, ValueError):
        return ""
    return text if _COMMIT.fullmatch(text) else ""


def _snapshot(repo: str, revision: str) -> Path:
    """The folder of a repository at a revision in the hub's cache, whether it is there or not."""
    return _repository(repo) / "snapshots" / (commit(repo, revision) or revision)


def _elsewhere(part: Part) -> list[Path]:
    """Where a part may lie in the snapshots that a ref names: in others a download may be under way. Newest first."""
    folder = _repository(part.repo)
    commits = {_meaning(path) for path in (folder / "refs").rglob("*")} - {""}
    found = [path for path in (folder / "snapshots" / commit for commit in commits) if path.is_dir()]
    newest_first = sorted(found, key=lambda path: path.stat().st_mtime, reverse=True)
    return [path / part.subfolder / part.file for path in newest_first]


def _repository(repo: str) -> Path:
    from huggingface_hub import constants

    return Path(constants.HF_HUB_CACHE) / f"models--{repo.replace('/', '--')}"
