"""What every test may ask for: a data folder, the services, the app with two people signed in, the real server."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient
from starlette.types import ASGIApp

from engines import runtime  # noqa: F401  before torch, as in the studio
from settings import Settings
from studio import Studio
from tests.support import samples
from tests.support.live import Live
from tests.support.people import Person, admit


@pytest.fixture
def data_folder(tmp_path: Path) -> Path:
    """Where a studio under test keeps everything; its name has a space and a percent sign, as people's have."""
    return tmp_path / "data 100%"


@pytest.fixture(scope="session")
def starter() -> Path:
    """The folder of the starter models, fetched once a machine."""
    from tests.starter_pack import ensure

    return ensure()


@pytest.fixture(scope="session")
def photo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A photograph, 160 px wide."""
    return samples.photo(tmp_path_factory.mktemp("photo") / "lion.jpg")


@pytest.fixture(scope="session")
def short_clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A second of a real clip with sound, 160 px wide."""
    return samples.clip(tmp_path_factory.mktemp("clip") / "world.mp4")


@pytest.fixture(scope="session")
def speech(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A real voice, some seconds."""
    return Path(shutil.copy(samples.MEDIA / "audio" / "recording1.wav", tmp_path_factory.mktemp("speech")))


# -- a studio in this process


@pytest.fixture
def engine_kind() -> str:
    """Where engines run. Override it: ``@pytest.mark.parametrize("engine_kind", ["inprocess", "process"])``."""
    return "inprocess"


@pytest.fixture(scope="session")
def twin_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where twins are built, once a run."""
    return tmp_path_factory.mktemp("twins")


@pytest.fixture
def twin(data_folder: Path, twin_folder: Path) -> str:
    """The id of the Stable Diffusion 1.5 twin, entered in the catalog of the studio that the test asks for."""
    from engines.twins import install

    return install("stable-diffusion-1.5", twin_folder, data_folder / "catalog")


@pytest.fixture
def settings(request: pytest.FixtureRequest, data_folder: Path, starter: Path, engine_kind: str) -> Settings:
    """Settings of the studio under test."""
    if "twin" in request.fixturenames:
        request.getfixturevalue("twin")  # the catalog is read once, at start
    return Settings(data=data_folder, starter=starter, engine=engine_kind, keep_free_mb=10)  # type: ignore[arg-type]


@pytest.fixture
def studio(settings: Settings) -> Iterator[Studio]:
    """The services on a data folder of their own, wired as always; queue and engines rest until ``app`` runs."""
    from app import build_studio

    built = build_studio(settings)
    yield built
    built.database.close()
    built.data.unlock()


@pytest.fixture
def app(studio: Studio) -> Iterator[ASGIApp]:
    """The whole web app, queue and engines running."""
    from app import build_app

    built = build_app(studio)
    with TestClient(built):
        yield built


@pytest.fixture
def client(app: ASGIApp) -> TestClient:
    """A client that is nobody."""
    return TestClient(app)


@pytest.fixture
def ann(studio: Studio, app: ASGIApp) -> Person:
    """The owner of the studio."""
    return admit(studio, app, "ann")


@pytest.fixture
def bob(ann: Person, studio: Studio, app: ASGIApp) -> Person:
    """A member of the studio."""
    return admit(studio, app, "bob")


# -- a studio in a process of its own


@pytest.fixture
def live(request: pytest.FixtureRequest, data_folder: Path, starter: Path, engine_kind: str) -> Iterator[Live]:
    """``python app.py`` on a free port and a data folder of its own, serving; ``engine_kind`` says which host."""
    if "twin" in request.fixturenames:
        request.getfixturevalue("twin")
    studio = Live(data_folder, starter, engine_kind)
    yield studio.start()
    studio.kill()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """``make test`` lets tests that watch other processes (a browser, a killed studio) try again: told as a rerun."""
    tries = int(os.environ.get("TEST_RETRIES", "0"))
    for item in items if tries else ():
        if item.get_closest_marker("browser") or item.get_closest_marker("slow"):
            item.add_marker(pytest.mark.flaky(reruns=tries))
