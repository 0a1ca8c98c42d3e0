"""The studio and an Ollama server share the memory of one GPU and make room for each other."""

import threading
import time
from pathlib import Path
from typing import Any

import pytest

from engines.host.config import EngineConfig
from engines.host.context import JobCancelled
from engines.host.hosts import NoModels
from engines.language import ollama_server
from engines.memory import Cpu, Swapper
from engines.memory.device import Simulated
from engines.ollama_address import read_address
from tests.support.ollama_server import OllamaServer


class Toy:
    """A component of a simulated GPU."""

    place = "device"
    note = "toy"

    def __init__(self, key: str, bytes: int) -> None:
        self.key, self.bytes = key, bytes

    def load(self, device: Any) -> Any:
        device.take(self.bytes)
        return device

    def drop(self, model: Any) -> None:
        model.release(self.bytes)


def test_models_are_unloaded_until_there_is_enough_memory(ollama: OllamaServer) -> None:
    address = read_address(ollama.url)
    ollama.state.loaded = {"smollm2:135m": 60, "seer:1b": 40}

    def available() -> int:
        return 100 - sum(ollama.state.loaded.values())

    assert ollama_server.make_room(address, 30, available)
    assert len(ollama.state.loaded) == 1
    assert ollama_server.make_room(address, 100, available)
    assert not ollama.state.loaded
    assert not ollama_server.make_room(address, 100, available)
    assert not ollama_server.make_room(read_address("http://127.0.0.1:9"), 1, available)


def test_a_model_in_the_middle_of_an_answer_stays(ollama: OllamaServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engines.language.ollama_server._UNLOAD_SECONDS", 0.3)
    ollama.state.loaded, ollama.state.faults.busy = {"smollm2:135m": 60}, True
    assert not ollama_server.make_room(read_address(ollama.url), 30, lambda: 40)


def test_a_model_that_cannot_be_unloaded_keeps_no_other(ollama: OllamaServer) -> None:
    ollama.state.loaded, ollama.state.faults.stuck = {"seer:1b": 5, "smollm2:135m": 60}, "seer:1b"
    assert ollama_server.make_room(read_address(ollama.url), 30, lambda: 0)
    assert list(ollama.state.loaded) == ["seer:1b"]


def test_a_canceled_job_does_not_wait(ollama: OllamaServer) -> None:
    ollama.state.loaded, ollama.state.faults.busy = {"smollm2:135m": 60}, True

    def cancelled() -> None:
        raise JobCancelled

    with pytest.raises(JobCancelled):
        ollama_server.make_room(read_address(ollama.url), 30, lambda: 40, cancelled)


def test_the_swapper_continues_while_another_program_is_asked() -> None:
    card = Simulated(100)
    card.take(60)
    asked, answered = threading.Event(), threading.Event()

    def relieve(missing: int, check: Any) -> bool:
        asked.set()
        assert answered.wait(10)
        card.release(60)
        return missing == 20

    swapper = Swapper(card, relieve=relieve)

    def lease() -> None:
        with swapper.lease([Toy("large", 60)]):
            pass

    leasing = threading.Thread(target=lease)
    leasing.start()
    assert asked.wait(10)
    began = time.monotonic()
    assert swapper.state("device").used_bytes == 60
    with swapper.lease([Toy("small", 10)]):
        assert time.monotonic() - began < 5
    answered.set()
    leasing.join(10)
    assert {one.key for one in swapper.state("device").components} == {"small", "large"}


def test_idle_models_are_unloaded_when_a_language_model_needs_memory(ollama: OllamaServer, starter: Path) -> None:
    card = Simulated(100)
    swapper = Swapper(card)
    with swapper.lease([Toy("idle", 30)]):
        pass

    class Host:
        def free(self) -> None:
            threading.Thread(target=swapper.free).start()

    with swapper.lease([Toy("leased", 20)]):
        NoModels(card, [Host()]).spare(40, lambda: None)  # type: ignore[list-item]
        assert [one.key for one in swapper.state("device").components] == ["idle", "leased"]
        NoModels(card, [Host()]).spare(70, lambda: None)  # type: ignore[list-item]
        assert [one.key for one in swapper.state("device").components] == ["leased"]


@pytest.mark.parametrize(
    ("url", "setting", "shares"),
    [
        ("http://127.0.0.1:11434", None, True),
        ("http://localhost:11434/v1", None, True),
        ("http://192.168.1.20:11434", None, False),
        ("http://ollama:11434", True, True),
        ("http://127.0.0.1:11434", False, False),
    ],
)
def test_whether_the_gpu_is_shared(tmp_path: Path, url: str, setting: bool | None, shares: bool) -> None:
    config = EngineConfig(starter=tmp_path, catalog=tmp_path, ollama_url=url, ollama_shares_card=setting)
    assert config.ollama_shares_memory is shares


def test_a_child_process_gets_the_key_hidden_from_process_lists(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = EngineConfig(starter=tmp_path, catalog=tmp_path, ollama_url="http://a:b@c", ollama_key="s3cret")
    line = config.model_dump_json()
    assert "s3cret" not in line + repr(config)
    assert "a:b" not in line + repr(config)
    for name, value in config.environment().items():
        monkeypatch.setenv(name, value)
    assert EngineConfig.of_child(line) == config


def test_an_unknown_model_size_unloads_no_models(ollama: OllamaServer) -> None:
    assert ollama_server.bytes_to_load(read_address(ollama.url), "smollm2:135m") > 98_000_000
    assert ollama_server.bytes_to_load(read_address(ollama.url), "nobody:1b") == 0
    Swapper(Cpu()).spare(0, lambda: None)
