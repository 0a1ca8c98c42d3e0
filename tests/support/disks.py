"""Folders that behave as if each were on its own disk."""

import errno
from pathlib import Path

import pytest


def apart(monkeypatch: pytest.MonkeyPatch) -> None:
    """Prevent files from being renamed across folders."""
    replace = Path.replace

    def across(path: Path, target: Path) -> Path:
        if path.parent != target.parent:
            raise OSError(errno.EXDEV, "Invalid cross-device link")
        return replace(path, target)

    monkeypatch.setattr(Path, "replace", across)
    monkeypatch.setattr(Path, "rename", across)
