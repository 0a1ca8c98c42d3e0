"""What tests of the queue may ask for."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from auth.principal import Principal
from tests.jobs.scene import Scene


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
