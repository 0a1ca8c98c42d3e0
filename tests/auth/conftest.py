"""Houses to knock at: one without Gradio (quick), one with."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.auth import house as houses
from tests.auth.house import House


@pytest.fixture
def empty_house(data_folder: Path) -> Iterator[House]:
    """Nobody in it yet."""
    built = houses.build(data_folder)
    yield built
    built.database.close()


@pytest.fixture
def house(empty_house: House) -> House:
    """ann owns it, bob is a member."""
    houses.people(empty_house)
    return empty_house


@pytest.fixture(scope="module")
def gradio_house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """The same with a real Gradio app; one for all tests of a module."""
    folder = tmp_path_factory.mktemp("gradio") / "data"
    with pytest.MonkeyPatch.context() as patch:  # of this process: whoever comes next must find it as it was
        patch.setenv("GRADIO_TEMP_DIR", str(folder / "uploads"))
        patch.setenv("GRADIO_ANALYTICS_ENABLED", "False")
        built = houses.build(folder, gradio=True)
        houses.people(built)
        yield built
        built.database.close()
