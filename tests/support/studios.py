"""A complete studio in this process."""

from collections.abc import Iterator
from contextlib import contextmanager

from starlette.testclient import TestClient
from starlette.types import ASGIApp

from data import DataFolder
from settings import Settings
from studio import Studio
from tests.support.databases import lay_database


@contextmanager
def wired(settings: Settings) -> Iterator[Studio]:
    """The services on a data folder, with queue and engines stopped."""
    from app import build_studio

    lay_database(DataFolder(settings.data))
    built = build_studio(settings)
    try:
        yield built
    finally:
        built.database.close()
        built.data.unlock()


@contextmanager
def at_work(studio: Studio) -> Iterator[ASGIApp]:
    """The complete web app, with queue and engines running."""
    from app import build_app

    built = build_app(studio)
    with TestClient(built):
        yield built
