"""Facsimiles built once per run, their installation, and a studio with default settings whose hub has them."""

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import httpx
import pytest
from huggingface_hub import constants
from PIL import Image

from engines.catalog import Entry, locations
from engines.hub.file_selection import files_of
from tests.facsimiles.build import build_repository
from tests.facsimiles.facts import facts
from tests.facsimiles.owner_steps import TOKEN
from tests.facsimiles.task_requests import Put
from tests.support.hub import LocalHub, local_hub
from tests.support.live import Live, upload

_COMMIT = "c" * 40


@pytest.fixture(scope="session")
def facsimile(twin_folder: Path) -> Callable[[str], dict[str, bytes]]:
    """Returns the files of a repository by name."""
    return cache(lambda name: build_repository(facts()[name], twin_folder))


@pytest.fixture
def install(
    facsimile: Callable[[str], dict[str, bytes]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[[Entry], None]:
    """Put an entry's files into the hub cache, as a download would; each test has its own cache."""
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))

    def run(entry: Entry) -> None:
        for part in filter(locations.is_repository, entry.parts.values()):
            folder = Path(constants.HF_HUB_CACHE) / f"models--{part.repo.replace('/', '--')}"
            for file in files_of(part, facts()[part.repo].as_repo()):
                path = folder / "snapshots" / _COMMIT / file.path
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(facsimile(part.repo)[file.path])
            (folder / "refs").mkdir(exist_ok=True)
            (folder / "refs" / part.revision).write_text(_COMMIT)

    return run


@contextmanager
def hub_with(names: Iterable[str], facsimile: Callable[[str], dict[str, bytes]]) -> Iterator[LocalHub]:
    """A hub with repositories; gated ones need a token. Repositories with a pinned commit also have a newer commit that
    no model needs."""
    with local_hub() as served:
        for name in names:
            known = facts()[name]
            token = TOKEN if known.gated else ""
            served.add(name, facsimile(name), gated=known.gated, token=token, pinned=known.commit)
            if known.commit:
                served.move(name, {"README.md": "A newer one is elsewhere."})
        yield served


@contextmanager
def normal_machine(hub: LocalHub, folder: Path) -> Iterator[Live]:
    """``python app.py`` with no settings except the standard environment and the hub's address."""
    environment = {"PATH": os.defpath, "HOME": str(folder / "home"), "HF_ENDPOINT": hub.url}
    (folder / "home").mkdir()
    live = Live(folder / "data", folder / "none", environment=environment, bare=True)
    try:
        yield live.start()
    finally:
        live.kill()


@pytest.fixture(scope="package")
def hub(facsimile: Callable[[str], dict[str, bytes]]) -> Iterator[LocalHub]:
    """A hub with every repository."""
    with hub_with(facts(), facsimile) as served:
        yield served


@pytest.fixture(scope="package")
def studio(hub: LocalHub, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """A studio with default settings."""
    with normal_machine(hub, tmp_path_factory.mktemp("owner")) as live:
        yield live


@pytest.fixture(scope="package")
def owner(studio: Live) -> httpx.Client:
    """The owner, signed in."""
    return studio.first_account("ann")


@pytest.fixture
def put(owner: httpx.Client, tmp_path: Path) -> Put:
    """Uploads a picture, or the file of a clip, and returns its asset id."""

    def run(picture: Image.Image | Path) -> str:
        if isinstance(picture, Path):
            return upload(owner, picture)
        path = tmp_path / f"{len(list(tmp_path.iterdir()))}.png"
        picture.save(path)
        return upload(owner, path)

    return run
