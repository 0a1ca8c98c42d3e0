"""One whole studio for all tests of a module, as attempts to get access change nothing."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.types import ASGIApp

from settings import Settings
from studio import Studio
from tests.support.clients import Client
from tests.support.people import Person, admit
from tests.support.studios import at_work, wired


@pytest.fixture(scope="module")
def studio(starter: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studio]:
    folder = tmp_path_factory.mktemp("studio") / "data 100%"
    with wired(Settings(data=folder, starter=starter, engine="inprocess", keep_free_mb=10)) as built:
        yield built


@pytest.fixture(scope="module")
def app(studio: Studio) -> Iterator[ASGIApp]:
    with at_work(studio) as built:
        yield built


@pytest.fixture(scope="module")
def client(app: ASGIApp) -> Client:
    return Client(app)


@pytest.fixture(scope="module")
def ann(studio: Studio, app: ASGIApp) -> Person:
    return admit(studio, app, "ann")


@pytest.fixture(scope="module")
def bob(ann: Person, studio: Studio, app: ASGIApp) -> Person:
    return admit(studio, app, "bob")
