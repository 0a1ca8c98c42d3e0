"""A desk with the starter model, and an Ollama server that answers with the same model."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from engines.language import ollama_server
from engines.ollama_address import read_address
from tests.engines.language.language_worker import GGUF, Desk
from tests.support.ollama_server import Faults, OllamaServer, State


@pytest.fixture(scope="module")
def room(starter: Path, tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """A shared desk without an Ollama server."""
    return Desk(tmp_path_factory.mktemp("desk"), starter)


@pytest.fixture
def desk(room: Desk) -> Desk:
    """The shared desk, without event listeners."""
    room.on_event = lambda event: None
    return room


@pytest.fixture(scope="module")
def running(starter: Path) -> Iterator[OllamaServer]:
    with OllamaServer(starter / GGUF) as running:
        yield running


@pytest.fixture
def ollama(running: OllamaServer) -> Iterator[OllamaServer]:
    """The Ollama server in its initial state, without faults."""
    running.state = State()
    ollama_server.forget(read_address(running.url))
    yield running
    running.state.faults = Faults()


@pytest.fixture
def far(ollama: OllamaServer, starter: Path, tmp_path: Path) -> Desk:
    """A desk connected to that Ollama server."""
    return Desk(tmp_path / "desk", starter, ollama.url)
