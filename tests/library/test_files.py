"""Files are moved into place, also between disks."""

import errno
import shutil
from pathlib import Path

import pytest

from library.files import rename
from tests.support.disks import apart


@pytest.fixture
def disks(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> tuple[Path, Path]:
    """Two folders on different disks."""
    apart(monkeypatch)
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
    return tmp_path / "one", tmp_path / "two"


def test_a_file_is_moved_to_another_disk(disks: tuple[Path, Path]) -> None:
    one, two = disks
    (one / "a.png").write_bytes(b"new")
    (two / "b.png").write_bytes(b"old")
    rename(one / "a.png", two / "b.png")
    assert (list(one.iterdir()), [path.name for path in two.iterdir()]) == ([], ["b.png"])
    assert (two / "b.png").read_bytes() == b"new"


def test_a_full_disk_leaves_both_files_unchanged(disks: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    one, two = disks
    (one / "a.png").write_bytes(b"new")
    (two / "b.png").write_bytes(b"old")

    def full(_: Path, target: Path) -> None:
        target.write_bytes(b"ne")
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(shutil, "copy2", full)
    with pytest.raises(OSError, match="No space"):
        rename(one / "a.png", two / "b.png")
    assert (one / "a.png").read_bytes() == b"new"
    assert [(path.name, path.read_bytes()) for path in two.iterdir()] == [("b.png", b"old")]
