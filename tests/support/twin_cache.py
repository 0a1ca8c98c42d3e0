"""The cache of built twins: one folder per state of the code and the libraries that build them."""

import hashlib
import shutil
import time
from importlib.metadata import version
from pathlib import Path

import engines

ROOT = Path("~/.cache/c41-studio/test-twins").expanduser()
_LIBRARIES = ("torch", "diffusers", "transformers", "tokenizers", "safetensors")
_SECONDS_KEPT = 7 * 24 * 60 * 60


def twin_cache() -> Path:
    """The folder for the current twins. Folders not used for a week are removed."""
    folder = ROOT / _state()
    folder.mkdir(parents=True, exist_ok=True)
    folder.touch()
    for other in ROOT.iterdir():
        if other.stat().st_mtime < time.time() - _SECONDS_KEPT:
            shutil.rmtree(other, ignore_errors=True)
    return folder


def _state() -> str:
    home = Path(engines.__file__).parent
    known = hashlib.sha256(" ".join(map(version, _LIBRARIES)).encode())
    for path in sorted([*(home / "twins").glob("*.py"), *(home / "families").rglob("twin.py")]):
        known.update(path.read_bytes())
    return known.hexdigest()[:16]
