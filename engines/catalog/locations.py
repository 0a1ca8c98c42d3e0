"""Where a part's files are stored: the starter pack, the studio's own assets, a local folder, or the Hugging Face cache
that people already have."""

import json
import os
import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from pathlib import Path

from engines.catalog.entry import Part
from engines.starter.sharded import ShardedModel, sharded_models

STARTER = "starter:"
_OWN = "assets:"
_ASSETS = Path(__file__).resolve().parents[2] / "assets" / "starter"
_REPOSITORY = re.compile(r"^[\w.-]+/[\w.-]+$")
_COMMIT = re.compile(r"[0-9a-f]{40,64}")
_MOST_LINKS = 40
"""The number of links in a row that Linux follows."""


Note = Callable[[str | Path], None]
"""Called with each file and folder that an answer depends on, before it is examined."""


def _no_note(path: str | Path) -> None:
    pass


def find(part: Part, starter: Path, note: Note = _no_note) -> tuple[Path, bool]:
    """Return where a part is or would be stored, and whether it is complete. With ``allow``, a folder is complete if a
    file matches each pattern.

    If the repository's revision has moved since the part was downloaded, the snapshot that contains the part counts:
    the current snapshot may have been downloaded only for other parts, or by another program. A commit always means
    itself.
    """
    where = _root(part, starter, note) / part.subfolder / part.file
    if is_repository(part) and not _repository(part.repo).exists():
        note(_repository(part.repo))
        return where, False
    if _is_complete(where, part, note):
        return where, True
    if is_repository(part) and not _COMMIT.fullmatch(part.revision):
        other = next((path for path in _elsewhere(part, note) if _is_complete(path, part, note)), None)
        return other or where, other is not None
    return where, False


def place(part: Part, starter: Path) -> Path:
    """Return where a part is or would be stored."""
    return find(part, starter)[0]


def is_starter(part: Part) -> bool:
    """Whether the part comes with the starter pack."""
    return part.repo.startswith(STARTER)


def is_repository(part: Part) -> bool:
    """Whether the part comes from the Hugging Face hub."""
    return bool(_REPOSITORY.match(part.repo)) and not is_starter(part)


def sharded(part: Part) -> ShardedModel | None:
    """The model in packages of the Python package index that the part comes from, if it does."""
    return sharded_models().get(part.repo.removeprefix(STARTER)) if is_starter(part) else None


def is_downloadable(part: Part) -> bool:
    """Whether the studio can download the part when someone asks; the starter pack comes by itself."""
    return is_repository(part) or sharded(part) is not None


def is_present(part: Part, starter: Path) -> bool:
    """Whether a part is complete."""
    return find(part, starter)[1]


def _is_complete(path: Path, part: Part, note: Note) -> bool:
    if not complete(path, note):
        return False
    if any("/" in pattern or "**" in pattern for pattern in part.allow):
        for folder in path.glob("**/"):
            note(folder)
    return all(any(path.glob(pattern)) for pattern in part.allow)


def configs(name: str) -> Path:
    """Return the folder of the bundled configs for single files of a family."""
    return _ASSETS / "configs" / name


def complete(path: Path, note: Note = _no_note) -> bool:
    """Whether a model's file or folder is complete."""
    note(path)
    if path.is_file():
        return True
    if not path.is_dir():
        return False
    names = set(_names(path, note))
    for index in (name for name in names if name.endswith(".safetensors.index.json")):
        note(path / index)
        try:
            status = (path / index).stat()
            shards = _shards(path / index, status.st_ctime_ns, status.st_size)
        except OSError:  # being removed, or not readable
            return False
        if shards is None or not shards <= names:
            return False
    needs_weights = "config.json" in names
    return bool(names) and (not needs_weights or any(name.endswith(".safetensors") for name in names))


def _names(folder: Path, note: Note) -> Iterator[str]:
    """Yield the names of a folder's entries, without broken links into the cache."""
    for file in os.scandir(folder):
        if file.is_symlink():
            for target in _targets(file.path):
                note(os.path.dirname(target))  # noqa: PTH120
            if not os.path.exists(file.path):  # noqa: PTH110
                continue
        yield file.name


def _targets(link: str) -> Iterator[str]:
    """Yield the target of a link, and the target of that if it is a link too."""
    for _ in range(_MOST_LINKS):
        try:
            link = os.path.join(os.path.dirname(link), os.readlink(link))  # noqa: PTH115, PTH118, PTH120
        except OSError:
            return
        yield link


@lru_cache(maxsize=1024)
def _shards(index: Path, changed: int, size: int) -> frozenset[str] | None:
    """Return the files that an index lists, as of its last change; None if it is invalid. Raises OSError."""
    try:
        return frozenset(json.loads(index.read_text())["weight_map"].values())
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None


def _root(part: Part, starter: Path, note: Note) -> Path:
    if is_starter(part):
        return starter / part.repo.removeprefix(STARTER)
    if part.repo.startswith(_OWN):
        return _ASSETS / part.repo.removeprefix(_OWN)
    if is_repository(part):
        return _snapshot(part.repo, part.revision, note)
    return Path(part.repo).expanduser()


def commit(repo: str, revision: str, note: Note = _no_note) -> str:
    """Return the commit that a repository's revision refers to in the hub cache; empty if unknown."""
    return _meaning(_repository(repo) / "refs" / revision, note)


def _meaning(reference: Path, note: Note) -> str:
    """Return the commit in a ref file; "" if it is missing or is not a ref."""
    note(reference)
    try:
        with reference.open("rb") as file:
            text = file.read(100).decode("ascii").strip()
    except (OSError, ValueError):
        return ""
    return text if _COMMIT.fullmatch(text) else ""


def _snapshot(repo: str, revision: str, note: Note) -> Path:
    """Return the folder of a repository at a revision in the hub cache, whether it exists or not."""
    return _repository(repo) / "snapshots" / (commit(repo, revision, note) or revision)


def _elsewhere(part: Part, note: Note) -> list[Path]:
    """Return where a part may be in the snapshots that refs name, newest first; others may be incomplete downloads."""
    folder = _repository(part.repo)
    note(folder / "refs")
    commits = {_meaning(path, note) for path in (folder / "refs").rglob("*")} - {""}
    snapshots = [folder / "snapshots" / commit for commit in commits]
    for path in snapshots:
        note(path)
    folders = [path for path in snapshots if path.is_dir()]
    newest_first = sorted(folders, key=lambda path: path.stat().st_mtime, reverse=True)
    return [path / part.subfolder / part.file for path in newest_first]


def _repository(repo: str) -> Path:
    from huggingface_hub import constants

    return Path(constants.HF_HUB_CACHE) / f"models--{repo.replace('/', '--')}"
