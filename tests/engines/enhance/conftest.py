"""A worker with the starter models, shared by the tests of a module."""

from pathlib import Path

import pytest

from tests.engines.enhance.enhance_worker import Desk


@pytest.fixture(scope="module")
def desk(starter: Path, tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """A worker with the starter models."""
    return Desk(starter, tmp_path_factory.mktemp("desk"))
