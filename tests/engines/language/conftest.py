"""A desk on the starter model, and an Ollama that answers with the same model."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from engines.language import server
from engines.ollama_address import read_address
from tests.engines.language.desk import GGUF, Desk
from tests.support.ollama_server import Faults, OllamaServer, State


@pytest.fixture(scope="module")
def room(starter: Path, tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """A desk without a language server, for everybody."""
    return Desk(tmp_path_factory.mktemp("desk"), starter)


@pytest.fixture
def desk(room: Desk) -> Desk:
    """The desk as one finds it: nobody listens."""
    room.on_event = lambda event: None
    return room


@pytest.fixture(scope="module")
def running(starter: Path) -> Iterator[OllamaServer]:
    with OllamaServer(starter / GGUF) as running:
        yield running


@pytest.fixture
def ollama(running: OllamaServer) -> Iterator[OllamaServer]:
    """An Ollama as it is at first; nothing goes wrong in it yet."""
    running.state = State()
    server.forget(read_address(running.url))
    yield running
    running.state.faults = Faults()


@pytest.fixture
def far(ollama: OllamaServer, starter: Path, tmp_path: Path) -> Desk:
    """A desk beside that Ollama."""
    return Desk(tmp_path / "desk", starter, ollama.url)
