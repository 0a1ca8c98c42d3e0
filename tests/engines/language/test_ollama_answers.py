"""Answers of models on an Ollama server, one message of the protocol at a time."""

import base64
import io
from pathlib import Path

import pytest
from PIL import Image

from engines import protocol
from engines.language import ollama_server
from engines.language.models import LanguageService
from tests.engines.language.language_worker import Desk
from tests.support.ollama_server import OllamaServer
from tests.support.waiting import until

SMOL = "ollama:smollm2:135m"


def recite(
    desk: Desk, ollama: OllamaServer, *script: dict[str, object] | str | None, **fields: object
) -> protocol.Event:
    """Write with these replies; return the last event."""
    ollama.state.scripts["smollm2:135m"] = list(script)
    return desk.write("A title.", **{"model": SMOL, **fields})


def content(*pieces: str) -> list[dict[str, object] | str | None]:
    return [{"content": piece} for piece in pieces]


@pytest.mark.parametrize("opening", [("<th", "ink>"), ()])
def test_thoughts_are_separated_from_the_answer(far: Desk, ollama: OllamaServer, opening: tuple[str, ...]) -> None:
    pieces = content(*opening, "\nThe user wants", " a title.\n", "</thi", "nk>", "\n\nThe Last ", "Ferry")
    assert isinstance(recite(far, ollama, *pieces, "stop"), protocol.Result)
    assert far.text == "The Last Ferry"
    assert far.thinking.strip() == "The user wants a title."


def test_split_surrogates_are_joined_and_lone_ones_replaced(far: Desk, ollama: OllamaServer) -> None:
    assert isinstance(recite(far, ollama, *content("F", "ä", "\ud83d", "\ude00 🚢", "\ud83d"), "stop"), protocol.Result)
    assert far.text == "Fä😀 🚢\ufffd"


@pytest.mark.parametrize(
    ("script", "why"),
    [
        (["stop"], "without any text"),
        ([{"content": " \n"}, "stop"], "without any text"),
        ([{"thinking": "hmm "}, {"thinking": "hmm "}, "length"], "still thinking when it reached the length limit"),
        ([{"tool_calls": [{"function": {"name": "search", "arguments": {}}}]}, "stop"], "tool"),
    ],
)
def test_an_empty_answer_says_why(
    far: Desk, ollama: OllamaServer, script: list[dict[str, object] | str | None], why: str
) -> None:
    ended = recite(far, ollama, *script)
    assert isinstance(ended, protocol.Failed)
    assert ended.problem.code == "empty_answer"
    assert why in ended.problem.why
    assert "tokens_per_second" not in far.facts


def test_a_stalled_server_is_reported_and_given_up(
    ollama: OllamaServer, starter: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engines.language.ollama._SILENT_SECONDS", 0.2)
    desk = Desk(tmp_path, starter, ollama.url, ollama_stall_seconds=1.5)
    ended = recite(desk, ollama, {"content": "The "}, None)
    assert isinstance(ended, protocol.Failed)
    assert (ended.problem.code, desk.text) == ("model_stopped", "The ")
    assert "1.5 seconds" in ended.problem.why
    assert desk.facts["silent_seconds"] >= 0
    until(ollama.state.left.is_set, 20, "the server to notice")


@pytest.mark.parametrize(("setting", "sent"), [("-1", -1), ("0", 0), ("5m", "5m"), ("1h30m", "1h30m")])
def test_keep_alive_is_sent_in_ollamas_format(
    ollama: OllamaServer, starter: Path, tmp_path: Path, setting: str, sent: object
) -> None:
    desk = Desk(tmp_path, starter, ollama.url, ollama_keep_alive=setting)
    assert isinstance(recite(desk, ollama, *content("Ferry"), "stop"), protocol.Result)
    assert ollama.state.asked[-1]["keep_alive"] == sent


def test_a_model_that_fails_to_load_hides_no_other(far: Desk, ollama: OllamaServer) -> None:
    ollama.state.faults.broken_show = "seer:1b"
    ollama.state.models |= {"two words": ["completion"], "x" * 200: ["completion"], "half\ud83d": ["completion"]}
    shelf = LanguageService(far.catalog).shelf()
    ids = [model.id for model in shelf.models]
    assert {SMOL, "ollama:thinker:1b"} <= set(ids)
    assert "ollama:seer:1b" not in ids
    assert shelf.problem is None
    assert len(shelf.left_out) == 4
    assert "no such file" in next(line for line in shelf.left_out if line.startswith("seer:1b"))
    assert shelf.model_dump_json()


WRITER = {"details": {"family": "llama"}, "model_info": {}, "capabilities": ["completion"]}


@pytest.mark.parametrize("said", [None, [8192], "many", 0, -5, float("inf"), True, {}])
def test_an_invalid_context_length_counts_as_unknown(far: Desk, ollama: OllamaServer, said: object) -> None:
    ollama.state.faults.shown["smollm2:135m"] = {**WRITER, "model_info": {"llama.context_length": said}}, 200
    models = {model.id: model for model in LanguageService(far.catalog).shelf().models}
    assert (models[SMOL].context, models["ollama:seer:1b"].context) == (4096, 8192)


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        ([], 200),
        (5, 200),
        ({**WRITER, "capabilities": 5}, 200),
        ({**WRITER, "details": []}, 200),
        ({**WRITER, "license": ["a"]}, 200),
        ({"error": "cannot read the manifest"}, 404),
    ],
)
def test_an_invalid_answer_about_one_model_hides_no_other(
    far: Desk, ollama: OllamaServer, answer: object, status: int
) -> None:
    ollama.state.faults.shown["smollm2:135m"] = answer, status
    shelf = LanguageService(far.catalog).shelf()
    assert {"ollama:seer:1b", "ollama:thinker:1b"} <= {model.id for model in shelf.models}
    assert shelf.problem is None
    assert [line.startswith("smollm2:135m: ") for line in shelf.left_out] == [True]


@pytest.mark.slow
def test_a_slow_answer_only_hides_one_model_and_listing_ends_in_time(
    far: Desk, ollama: OllamaServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    ollama.state.faults.slow_show["smollm2:135m"] = ollama_server.LOOK_SECONDS + 0.5
    language = LanguageService(far.catalog)
    shelf = language.shelf()
    assert shelf.problem is None
    assert {"ollama:seer:1b", "ollama:thinker:1b"} <= {model.id for model in shelf.models}
    assert shelf.left_out == ("smollm2:135m: It does not answer.",)
    monkeypatch.setattr("engines.language.models._LOOK_SECONDS", -1.0)
    ollama.state.models["new:1b"] = ["completion"]
    shelf = language.shelf(anew=True)
    assert {"ollama:seer:1b", "ollama:thinker:1b"} <= {model.id for model in shelf.models}
    assert sorted(shelf.left_out) == ["new:1b: Ollama is slow to answer.", "smollm2:135m: Ollama is slow to answer."]


def test_a_name_without_a_tag_means_latest_in_memory_too(far: Desk, ollama: OllamaServer) -> None:
    ollama.state.models["poet:latest"] = ollama.state.models["poet"] = ["completion"]
    ollama.state.context = 131_072
    ollama.state.scripts["poet"] = [*content("Ferry"), "stop"]
    ollama.state.loaded, ollama.state.windows = {"poet:latest": 60}, {"poet:latest": 32_768}
    far.answer("A title.", model="ollama:poet")
    assert far.facts["context"] == 32_768


def test_a_server_behind_a_key(ollama: OllamaServer, starter: Path, tmp_path: Path) -> None:
    ollama.state.faults.key = "Bearer s3cret"
    without = Desk(tmp_path / "a", starter, ollama.url)
    problem = LanguageService(without.catalog).shelf().problem
    assert problem
    assert (problem.code, "C41_OLLAMA_KEY" in problem.next) == ("ollama_key", True)
    keyed = Desk(tmp_path / "b", starter, f"{ollama.url}/v1", ollama_key="s3cret")
    assert LanguageService(keyed.catalog).shelf().problem is None
    assert isinstance(recite(keyed, ollama, *content("Ferry"), "stop"), protocol.Result)
    ollama.state.faults.key = "Basic bWF4OnNlY3JldA=="
    address = ollama.url.replace("//", "//max:secret@")
    shelf = LanguageService(Desk(tmp_path / "c", starter, address).catalog).shelf()
    assert (shelf.problem, shelf.ollama_url) == (None, ollama.url)


def test_a_wrong_path_is_reported_as_a_wrong_address(ollama: OllamaServer, starter: Path, tmp_path: Path) -> None:
    problem = LanguageService(Desk(tmp_path, starter, f"{ollama.url}/elsewhere").catalog).shelf().problem
    assert problem
    assert problem.code == "no_ollama"
    assert "404" in problem.why


def test_a_model_keeps_the_window_it_is_loaded_with(far: Desk, ollama: OllamaServer) -> None:
    ollama.state.context = 131_072
    recite(far, ollama, *content("Ferry"), "stop")
    assert ollama.state.windows["smollm2:135m"] == 8192
    ollama.state.windows["smollm2:135m"] = 32_768
    recite(far, ollama, *content("Ferry"), "stop")
    assert far.facts["context"] == ollama.state.windows["smollm2:135m"] == 32_768
    recite(far, ollama, *content("Ferry"), "stop", context=4096)
    assert ollama.state.windows["smollm2:135m"] == 4096


def test_gpt_oss_gets_a_level_of_thinking(far: Desk, ollama: OllamaServer) -> None:
    ollama.state.models["gpt-oss:20b"] = ["completion", "thinking"]
    ollama.state.scripts["gpt-oss:20b"] = [*content("Ferry"), "stop"]
    for wanted, level in ((True, "high"), (False, "low")):
        far.answer("A title.", model="ollama:gpt-oss:20b", thinking=wanted)
        assert ollama.state.asked[-1]["think"] == level


def test_pictures_arrive_upright_small_and_as_jpeg(far: Desk, ollama: OllamaServer, tmp_path: Path) -> None:
    ollama.state.scripts["seer:1b"] = [*content("A ferry"), "stop"]
    lying = Image.new("RGB", (3000, 1000), "white")
    lying.getexif()[274] = 6  # turn it to the right to see it
    sources = {"lying.tif": lying, "film.avif": Image.new("RGB", (64, 48)), "ink.png": Image.new("RGBA", (40, 30))}
    files = []
    for name, picture in sources.items():
        picture.save(tmp_path / name, exif=lying.getexif() if name == "lying.tif" else b"")
        files.append(far.attach(tmp_path / name))
    far.answer(("user", "What is it?", files), model="ollama:seer:1b")
    sent = [Image.open(io.BytesIO(base64.b64decode(one))) for one in ollama.state.asked[-1]["messages"][0]["images"]]
    assert [picture.format for picture in sent] == ["JPEG"] * 3
    assert sent[0].height == pytest.approx(3 * sent[0].width, rel=0.01)
    assert sent[0].width * sent[0].height <= 800_000
    assert [picture.size for picture in sent[1:]] == [(64, 48), (40, 30)]
    assert sent[2].getpixel((5, 5)) == (255, 255, 255)
