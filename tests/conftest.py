"""Fixtures for all tests: a data folder, the services, the app with two people signed in, the real server."""

import gc
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.types import ASGIApp

from engines import torch_setup  # before torch, as in the studio
from settings import Settings
from studio import Studio
from tests.support import samples
from tests.support.clients import Client
from tests.support.live import Live
from tests.support.people import Person, admit
from tests.support.studios import at_work, wired
from tests.support.twin_cache import twin_cache

MEMORY = Path("/dev/shm")
"""A disk in memory, if there is one: a database spends most of its time waiting for a real disk."""
ROOM = 4 * 2**30
"""The space that must be free there, in bytes."""


def pytest_configure(config: pytest.Config) -> None:
    """Share the computer with other test workers. These settings also apply to the processes that tests start."""
    # With one thread per core, workers would compete for the cores.
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    # Let Python write bytecode, so that studios started by tests are up sooner.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    if MEMORY.is_dir() and os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > ROOM:
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(MEMORY))


def pytest_collection_finish() -> None:
    """Freeze all imported objects for the garbage collector, as the studio does: unloading a model runs a collection,
    which took longer than the tests themselves."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session", autouse=True)
def event_loop_of_clients() -> Iterator[None]:
    """The event loop shared by the clients of an app in this process."""
    with Client.sharing():
        yield


@pytest.fixture
def data_folder(tmp_path: Path) -> Path:
    """The data folder of a studio under test; its name has a space and a percent sign, like some people's folders."""
    return tmp_path / "data 100%"


@pytest.fixture(scope="session")
def starter() -> Path:
    """The folder of the starter models, downloaded once per computer."""
    from tests.starter_pack import ensure

    return ensure()


@pytest.fixture(scope="session")
def photo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A photograph, 160 px wide."""
    return samples.photo(tmp_path_factory.mktemp("photo") / "lion.jpg")


@pytest.fixture(scope="session")
def short_clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One second of a real clip with sound, 160 px wide."""
    return samples.clip(tmp_path_factory.mktemp("clip") / "world.mp4")


@pytest.fixture(scope="session")
def speech(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A few seconds of a real voice."""
    return Path(shutil.copy(samples.MEDIA / "audio" / "recording1.wav", tmp_path_factory.mktemp("speech")))


# -- a studio in this process


@pytest.fixture
def engine_kind() -> str:
    """Where engines run. Override with ``@pytest.mark.parametrize("engine_kind", ["inprocess", "process"])``."""
    return "inprocess"


@pytest.fixture(scope="session")
def twin_folder() -> Path:
    """The folder of twins, built once per computer. The libraries that read them are always imported."""
    torch_setup.import_heavy("diffusers", "transformers")
    return twin_cache()


@pytest.fixture
def twin(data_folder: Path, twin_folder: Path) -> str:
    """The id of the Stable Diffusion 1.5 twin, added to the catalog of the test's studio."""
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
    """The services on their own data folder; queue and engines are stopped until ``app`` runs."""
    with wired(settings) as built:
        yield built


@pytest.fixture
def app(studio: Studio) -> Iterator[ASGIApp]:
    """The complete web app, with queue and engines running."""
    with at_work(studio) as built:
        yield built


@pytest.fixture
def client(app: ASGIApp) -> Client:
    """A client that is not signed in."""
    return Client(app)


@pytest.fixture
def ann(studio: Studio, app: ASGIApp) -> Person:
    """The owner of the studio."""
    return admit(studio, app, "ann")


@pytest.fixture
def bob(ann: Person, studio: Studio, app: ASGIApp) -> Person:
    """A member of the studio."""
    return admit(studio, app, "bob")


# -- a studio in its own process


@pytest.fixture
def live(request: pytest.FixtureRequest, data_folder: Path, starter: Path, engine_kind: str) -> Iterator[Live]:
    """``python app.py``, serving on a free port with its own data folder; ``engine_kind`` selects the host."""
    if "twin" in request.fixturenames:
        request.getfixturevalue("twin")
    studio = Live(data_folder, starter, engine_kind)
    yield studio.start()
    studio.kill()
