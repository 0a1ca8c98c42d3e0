"""Small studios behind the gate: one without Gradio (fast), one with."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.auth import gated_app as houses
from tests.auth.gated_app import House


@pytest.fixture
def empty_house(data_folder: Path) -> Iterator[House]:
    """A house without people."""
    built = houses.build(data_folder)
    yield built
    built.database.close()


@pytest.fixture
def house(empty_house: House) -> House:
    """A house with ann, the owner, and bob, a member."""
    houses.people(empty_house)
    return empty_house


@pytest.fixture(scope="module")
def gradio_house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """The same with a real Gradio app, shared by the tests of a module."""
    folder = tmp_path_factory.mktemp("gradio") / "data"
    with pytest.MonkeyPatch.context() as patch:  # global to this process, so restore it
        patch.setenv("GRADIO_TEMP_DIR", str(folder / "uploads"))
        patch.setenv("GRADIO_ANALYTICS_ENABLED", "False")
        built = houses.build(folder, gradio=True)
        houses.people(built)
        yield built
        built.database.close()
