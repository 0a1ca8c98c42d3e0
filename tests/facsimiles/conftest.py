"""Facsimiles built once a run, and where they are installed."""

from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest
from huggingface_hub import constants

from engines.catalog import Entry, files
from engines.hub.choose import files_of
from tests.facsimiles.build import build_repository
from tests.facsimiles.facts import facts

_COMMIT = "c" * 40


@pytest.fixture(scope="session")
def facsimile(twin_folder: Path) -> Callable[[str], dict[str, bytes]]:
    """The files of a repository by its name."""
    return cache(lambda name: build_repository(facts()[name], twin_folder))


@pytest.fixture
def install(
    facsimile: Callable[[str], dict[str, bytes]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[[Entry], None]:
    """Put what an entry fetches into the hub's cache, as its download leaves it; the cache is this test's own."""
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))

    def run(entry: Entry) -> None:
        for part in filter(files.is_repository, entry.parts.values()):
            folder = Path(constants.HF_HUB_CACHE) / f"models--{part.repo.replace('/', '--')}"
            for file in files_of(part, facts()[part.repo].as_repo()):
                path = folder / "snapshots" / _COMMIT / file.path
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(facsimile(part.repo)[file.path])
            (folder / "refs").mkdir(exist_ok=True)
            (folder / "refs" / part.revision).write_text(_COMMIT)

    return run
