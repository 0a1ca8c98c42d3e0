"""A worker without models: finishing needs none."""

import pytest

from tests.engines.enhance.enhance_worker import Desk


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    folder = tmp_path_factory.mktemp("desk")
    return Desk(folder / "starter", folder)
