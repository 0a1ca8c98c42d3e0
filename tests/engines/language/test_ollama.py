"""Writing with Ollama: a small server that speaks its protocol and answers with the starter model."""

import threading
import time
from pathlib import Path

import pytest

from engines import protocol
from engines.language import ollama_server
from engines.language.models import LanguageService
from engines.language.ollama import pull
from engines.language.write_task import obstacle
from engines.ollama_address import read_address
from engines.requests.hub import FetchModel
from errors import StudioError
from tests.engines.language.language_worker import Desk
from tests.support.ollama_server import OllamaServer
from tests.support.waiting import until

SMOL = "ollama:smollm2:135m"


def failed(desk: Desk, *messages: str, **fields: object) -> str:
    ended = desk.write(*messages, **{"model": SMOL, **fields})
    assert isinstance(ended, protocol.Failed), ended
    assert ended.problem.what.endswith(".")
    return ended.problem.code


def test_it_answers_with_the_requested_options(far: Desk, ollama: OllamaServer) -> None:
    answer = far.answer(
        ("system", "Answer in one short sentence."),
        "What is the capital of France?",
        model=SMOL,
        temperature=0,
        top_p=0.5,
        seed=9,
        max_tokens=40,
    )
    assert "Paris" in answer
    asked = next(one for one in ollama.state.asked if one["path"] == "/api/chat")
    assert [message["role"] for message in asked["messages"]] == ["system", "user"]
    assert asked["keep_alive"] == "3m"
    assert "think" not in asked
    options = asked["options"]
    assert (options["temperature"], options["top_p"], options["seed"], options["num_predict"]) == (0, 0.5, 9, 40)
    assert options["num_ctx"] == far.facts["context"] == 8192
    assert far.facts["finish"] == "stop"
    assert far.facts["tokens"] > 3
    assert far.facts["prompt_tokens"] > 20


def test_thinking_is_only_requested_from_models_that_can(far: Desk, ollama: OllamaServer) -> None:
    far.answer("Why is the sea blue?", model="ollama:thinker:1b", thinking=True, max_tokens=20)
    assert far.thinking
    assert far.facts["thinking_seconds"] >= 0
    far.answer("Why is the sea blue?", model="ollama:thinker:1b", max_tokens=20)
    assert not far.thinking
    far.answer("Why is the sea blue?", model=SMOL, thinking=True, max_tokens=5)  # it cannot think


def test_pictures_are_sent_to_vision_models(far: Desk, ollama: OllamaServer, photo: Path) -> None:
    file = far.attach(photo)
    far.answer(("user", "How large is it?", [file]), model="ollama:seer:1b", max_tokens=10)
    asked = next(one for one in ollama.state.asked if one["path"] == "/api/chat")
    assert len(asked["messages"][0]["images"]) == 1
    request = far.request(("user", "How large is it?", [file]), model=SMOL)
    problem = obstacle(request, far.catalog.get(SMOL), far.catalog, far.inputs)
    assert problem
    assert problem.code == "blind_model"


def test_a_too_long_message_is_refused_before_it_is_sent(far: Desk, ollama: OllamaServer) -> None:
    request = far.request("word " * 20_000, model=SMOL)
    problem = obstacle(request, far.catalog.get(SMOL), far.catalog, far.inputs)
    assert problem
    assert problem.what.startswith("The message has about 2")
    assert "takes only 8,192" in problem.what
    assert not [one for one in ollama.state.asked if one["path"] == "/api/chat"]


def test_canceling_stops_the_server_too(far: Desk, ollama: OllamaServer) -> None:
    moments = far.cancel_when(lambda event: isinstance(event, protocol.Text))
    ended = far.write("Write a very long story of a lighthouse.", model=SMOL, max_tokens=6000)
    assert isinstance(ended, protocol.Cancelled)
    assert time.monotonic() - moments[0] < 5
    assert far.text
    assert ollama.state.left.wait(20)


@pytest.mark.slow
def test_canceling_stops_a_silent_server(far: Desk, ollama: OllamaServer) -> None:
    ollama_server.about(read_address(ollama.url), "smollm2:135m")
    ollama.state.faults.silent = threading.Event()
    far.cancel_when(lambda event: isinstance(event, protocol.Facts))
    ended = far.write("Hello?", model=SMOL)
    ollama.state.faults.silent.set()
    assert isinstance(ended, protocol.Cancelled)


def test_a_partial_answer_is_kept_when_the_connection_breaks(far: Desk, ollama: OllamaServer) -> None:
    ollama.state.faults.die_after = 4
    assert failed(far, "Tell a story.") == "model_stopped"
    assert far.text


def test_a_partial_answer_is_kept_when_memory_runs_out(far: Desk, ollama: OllamaServer) -> None:
    ollama.state.faults.error_after = 4
    assert failed(far, "Tell a story.") == "out_of_memory"
    assert far.text


def test_a_server_out_of_memory_is_an_error(far: Desk, ollama: OllamaServer) -> None:
    ollama.state.faults.no_memory = True
    assert failed(far, "Hello?") == "out_of_memory"


def test_a_deleted_model_is_an_error(far: Desk, ollama: OllamaServer) -> None:
    far.answer("Hello?", model=SMOL, max_tokens=3)
    del ollama.state.models["smollm2:135m"]
    assert failed(far, "Hello?") == "missing_model"


def test_a_server_that_is_not_ollama_is_an_error(far: Desk, ollama: OllamaServer) -> None:
    ollama.state.faults.garbage = True
    assert failed(far, "Hello?") == "no_ollama"


def test_a_missing_server_is_an_error(desk: Desk) -> None:
    assert failed(desk, "Hello?") == "no_ollama"
    shelf = LanguageService(desk.catalog).shelf()
    assert shelf.problem
    assert shelf.problem.code == "no_ollama"
    assert "smollm2" in [model.id for model in shelf.models]


def test_an_invalid_address_is_an_error(tmp_path: Path, starter: Path) -> None:
    assert failed(Desk(tmp_path, starter, "ftp://nobody"), "Hello?") == "no_ollama"


def test_all_models_are_listed(far: Desk, ollama: OllamaServer) -> None:
    language = LanguageService(far.catalog)
    assert far.catalog.for_task("write")[0].id == "smollm2"
    shelf = language.shelf()
    assert shelf.problem is None
    models = {model.id: model for model in shelf.models}
    assert "ollama:embedder:33m" not in models
    assert models["ollama:seer:1b"].vision
    assert models["ollama:thinker:1b"].thinking
    assert models[SMOL].tools
    assert (models[SMOL].context, models[SMOL].loaded_bytes) == (8192, 0)
    assert models[SMOL].license.commercial
    assert models["smollm2"].context == 8192
    known = [entry.id for entry in far.catalog.for_task("write")]
    assert known[0].startswith("ollama:")
    assert {SMOL, "ollama:seer:1b", "ollama:thinker:1b"} <= set(known)


def test_loaded_unloaded_deleted(far: Desk, ollama: OllamaServer) -> None:
    language = LanguageService(far.catalog)
    far.answer("Hello?", model=SMOL, max_tokens=3)
    assert next(model for model in language.shelf().models if model.id == SMOL).loaded_bytes
    language.unload(SMOL)
    assert not next(model for model in language.shelf().models if model.id == SMOL).loaded_bytes
    language.delete(SMOL)
    assert SMOL not in [model.id for model in language.shelf().models]
    with pytest.raises(StudioError, match="no model"):
        language.delete(SMOL)
    with pytest.raises(StudioError) as refused:
        language.delete("smollm2")
    assert refused.value.problem.code == "not_served"


class Pulling:
    """The parts of a job's context that a download uses."""

    def __init__(self, far: Desk) -> None:
        self.catalog = far.catalog
        self.steps: list[tuple[int, int, str]] = []
        self.facts: dict[str, object] = {}
        self.should_yield = False

    def progress(self, done: int, total: int, noun: str) -> None:
        self.steps.append((done, total, noun))

    def report_facts(self, **facts: object) -> None:
        self.facts |= facts

    def check(self) -> None:
        """Never cancel."""


def test_a_model_is_pulled_with_its_progress(far: Desk, ollama: OllamaServer) -> None:
    ollama.state.pull_seconds = 1.5
    context = Pulling(far)
    pull("new:1b", context)  # type: ignore[arg-type]
    assert "new:1b" in ollama.state.models
    assert context.steps
    assert all(0 < done <= total and noun == "byte" for done, total, noun in context.steps)
    assert context.facts["bytes_total"]
    assert "ollama:new:1b" in [model.id for model in LanguageService(far.catalog).shelf().models]


def test_an_installed_model_can_be_pulled_again(far: Desk, ollama: OllamaServer) -> None:
    ollama.state.faults.broken_show = "new:1b"
    pull("new:1b", Pulling(far))  # type: ignore[arg-type]
    assert "new:1b" in ollama.state.models


def test_pulling_an_unknown_model_is_an_error(far: Desk, ollama: OllamaServer) -> None:
    with pytest.raises(StudioError) as refused:
        pull("no-such:1b", Pulling(far))  # type: ignore[arg-type]
    assert "no-such:1b" in refused.value.problem.sentence


def test_pulling_can_be_canceled(far: Desk, ollama: OllamaServer) -> None:
    ollama.state.pull_seconds = 9
    far.cancel_when(lambda event: isinstance(event, protocol.Progress))
    ended = far.do(far.catalog.prepare(FetchModel(entry="ollama:slow:1b"), {}))
    assert isinstance(ended, protocol.Cancelled)
    until(ollama.state.left.is_set, 20, "the server to notice")
    assert "slow:1b" not in ollama.state.models
