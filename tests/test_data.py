"""Secrets are complete or missing: with an empty key, anyone could sign a cookie."""

import os
import stat
from pathlib import Path
from typing import Any

import pytest

from data import DataFolder


@pytest.fixture
def data(tmp_path: Path) -> DataFolder:
    made = DataFolder(tmp_path / "data")
    made.create()
    return made


def test_a_secret_is_created_once(data: DataFolder) -> None:
    first = data.secret("session")
    assert len(first) > 40
    assert data.secret("session") == first != data.secret("other")
    mode = (data.root / "secrets" / "session").stat().st_mode
    assert stat.S_IMODE(mode) == 0o600


@pytest.mark.parametrize("step", ["fdopen", "fsync"])
def test_a_full_disk_leaves_no_empty_secret(data: DataFolder, monkeypatch: pytest.MonkeyPatch, step: str) -> None:
    def full(*args: Any) -> Any:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, step, full)
        with pytest.raises(OSError, match="No space"):
            data.secret("session")
    assert not (data.root / "secrets" / "session").exists()
    assert len(data.secret("session")) > 40


def test_an_empty_secret_is_created_again(data: DataFolder) -> None:
    (data.root / "secrets" / "session").touch()
    made = data.secret("session")
    assert len(made) > 40
    assert data.secret("session") == made
