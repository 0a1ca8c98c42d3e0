"""One memory, two programs: the studio and an Ollama make room for each other."""

import threading
import time
from pathlib import Path
from typing import Any

import pytest

from engines.config import EngineConfig
from engines.context import JobCancelled
from engines.host import NoModels
from engines.language import server
from engines.ollama_address import read_address
from engines.swapper import Cpu, Swapper
from engines.swapper.device import Simulated
from tests.support.ollama_server import OllamaServer


class Toy:
    """A component of a simulated card."""

    place = "device"
    note = "toy"

    def __init__(self, key: str, bytes: int) -> None:
        self.key, self.bytes = key, bytes

    def load(self, device: Any) -> Any:
        device.take(self.bytes)
        return device

    def drop(self, model: Any) -> None:
        model.release(self.bytes)


def test_models_are_let_go_until_there_is_enough(ollama: OllamaServer) -> None:
    address = read_address(ollama.url)
    ollama.state.loaded = {"smollm2:135m": 60, "seer:1b": 40}

    def available() -> int:
        return 100 - sum(ollama.state.loaded.values())

    assert server.make_room(address, 30, available)
    assert len(ollama.state.loaded) == 1
    assert server.make_room(address, 100, available)
    assert not ollama.state.loaded
    assert not server.make_room(address, 100, available)
    assert not server.make_room(read_address("http://127.0.0.1:9"), 1, available)


def test_a_model_in_the_middle_of_an_answer_stays(ollama: OllamaServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engines.language.server._UNLOAD_SECONDS", 0.3)
    ollama.state.loaded, ollama.state.faults.busy = {"smollm2:135m": 60}, True
    assert not server.make_room(read_address(ollama.url), 30, lambda: 40)


def test_a_model_that_cannot_be_let_go_keeps_no_other(ollama: OllamaServer) -> None:
    ollama.state.loaded, ollama.state.faults.stuck = {"seer:1b": 5, "smollm2:135m": 60}, "seer:1b"
    assert server.make_room(read_address(ollama.url), 30, lambda: 0)
    assert list(ollama.state.loaded) == ["seer:1b"]


def test_a_cancelled_job_waits_for_nobody(ollama: OllamaServer) -> None:
    ollama.state.loaded, ollama.state.faults.busy = {"smollm2:135m": 60}, True

    def cancelled() -> None:
        raise JobCancelled

    with pytest.raises(JobCancelled):
        server.make_room(read_address(ollama.url), 30, lambda: 40, cancelled)


def test_while_another_program_is_asked_the_swapper_goes_on() -> None:
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


def test_idle_models_go_when_a_language_model_needs_their_room(ollama: OllamaServer, starter: Path) -> None:
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
def test_who_shares_the_card(tmp_path: Path, url: str, setting: bool | None, shares: bool) -> None:
    config = EngineConfig(starter=tmp_path, catalog=tmp_path, ollama_url=url, ollama_shares_card=setting)
    assert config.ollama_shares_memory is shares


def test_a_child_is_told_the_key_where_no_list_of_processes_shows_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = EngineConfig(starter=tmp_path, catalog=tmp_path, ollama_url="http://a:b@c", ollama_key="s3cret")
    line = config.model_dump_json()
    assert "s3cret" not in line + repr(config)
    assert "a:b" not in line + repr(config)
    for name, value in config.environment().items():
        monkeypatch.setenv(name, value)
    assert EngineConfig.of_child(line) == config


def test_a_server_that_says_nothing_of_a_models_size_costs_no_models(ollama: OllamaServer) -> None:
    assert server.bytes_to_load(read_address(ollama.url), "smollm2:135m") > 98_000_000
    assert server.bytes_to_load(read_address(ollama.url), "nobody:1b") == 0
    Swapper(Cpu()).spare(0, lambda: None)
