"""Fixtures for tests of the queue."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from auth.accounts.principal import Principal
from tests.jobs.queue_fixtures import Scene


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    """A queue that is not started yet."""
    scene = Scene(tmp_path)
    yield scene
    scene.close()


@pytest.fixture
def mum(scene: Scene) -> Principal:
    return scene.person("mum", "owner")


@pytest.fixture
def dad(scene: Scene) -> Principal:
    return scene.person("dad")
