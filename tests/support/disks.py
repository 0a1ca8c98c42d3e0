"""Folders as if each lay on a disk of its own."""

import errno
from pathlib import Path

import pytest


def apart(monkeypatch: pytest.MonkeyPatch) -> None:
    """No file can be renamed from one folder into another."""
    replace = Path.replace

    def across(path: Path, target: Path) -> Path:
        if path.parent != target.parent:
            raise OSError(errno.EXDEV, "Invalid cross-device link")
        return replace(path, target)

    monkeypatch.setattr(Path, "replace", across)
    monkeypatch.setattr(Path, "rename", across)
