"""Conversations are fitted into a model's context; what does not fit is named before anything is sent."""

from pathlib import Path

import pytest

from engines.language.context_length import ContextLength
from engines.language.context_window import fit_conversation
from engines.language.token_count import counter, estimate
from engines.language.write_task import obstacle
from engines.requests.writing import Write
from engines.tasks import obstacle as obstacle_of_task
from engines.weights.gguf_header import header
from errors import StudioError
from tests.engines.language.language_worker import GGUF, Desk


def words(count: int) -> str:
    return " ".join(["word"] * count)


def asked(*texts: str, **fields: object) -> Write:
    roles = ("user", "assistant")
    turns = [{"role": roles[n % 2], "text": text} for n, text in enumerate(texts)]
    return Write.model_validate({"messages": turns, **fields})


def one_a_word(text: str) -> int:
    return len(text.split())


SMALL = ContextLength(limit=1000, count=one_a_word)


def test_a_short_talk_gets_a_small_window() -> None:
    wide = ContextLength(limit=100_000, count=one_a_word)
    assert fit_conversation(asked("Hi"), "M", wide, {}).window == 4096  # with room for the answer asked for
    assert fit_conversation(asked("Hi", max_tokens=100), "M", wide, {}).window == 2048
    assert fit_conversation(asked(words(30_000)), "M", wide, {}).window == 32_768
    assert fit_conversation(asked("Hi", context=8000), "M", wide, {}).window == 8000


def test_the_oldest_messages_are_left_out_and_counted() -> None:
    texts = [words(200)] * 6 + [words(100)]
    fitted = fit_conversation(asked(*texts), "M", SMALL, {})
    assert fitted.left_out == 4
    assert [turn.tokens for turn in fitted.turns] == [208, 208, 108]
    assert fitted.tokens + fitted.answer <= fitted.window <= 1000


def test_instructions_are_never_left_out() -> None:
    turns = [{"role": "system", "text": words(300)}]
    turns += [{"role": ("user", "assistant")[n % 2], "text": words(150)} for n in range(7)]
    fitted = fit_conversation(Write.model_validate({"messages": turns}), "M", SMALL, {})
    assert fitted.turns[0].role == "system"
    assert fitted.left_out > 0


def test_a_too_long_newest_message_is_named() -> None:
    with pytest.raises(StudioError) as refused:
        fit_conversation(asked(words(2000)), "M", SMALL, {})
    assert refused.value.problem.what == "The message has 2,000 tokens, but M takes only 1,000."
    guess = ContextLength(limit=1000, count=one_a_word, exact=False)
    with pytest.raises(StudioError, match="about 2,000 tokens"):
        fit_conversation(asked(words(2000)), "M", guess, {})


def test_an_attachment_that_is_too_long_is_named(desk: Desk, tmp_path: Path) -> None:
    (tmp_path / "treatment.txt").write_text("The harbour was quiet that morning. " * 2500)
    file = desk.attach(tmp_path / "treatment.txt")
    request = desk.request(("user", "What happens?", [file]))
    entry = desk.catalog.get("smollm2")
    problem = obstacle_of_task(request, entry, desk.catalog, desk.inputs)
    assert problem
    assert problem.code == "too_long"
    assert "“treatment.txt” has 17,5" in problem.what
    assert "8,192" in problem.what


def test_pictures_need_a_vision_model(desk: Desk, photo: Path) -> None:
    request = desk.request(("user", "What is this?", [desk.attach(photo)]))
    problem = obstacle(request, desk.catalog.get("smollm2"), desk.catalog, desk.inputs)
    assert problem
    assert problem.code == "blind_model"


def test_sounds_are_not_read(desk: Desk, speech: Path) -> None:
    request = desk.request(("user", "What is said?", [desk.attach(speech)]))
    problem = obstacle(request, desk.catalog.get("smollm2"), desk.catalog, desk.inputs)
    assert problem
    assert problem.code == "wrong_kind"


def test_an_attached_text_is_read_and_answered(desk: Desk, tmp_path: Path) -> None:
    (tmp_path / "cast.txt").write_text("The captain of the ship is called Marlowe. He is sixty years old.")
    file = desk.attach(tmp_path / "cast.txt")
    assert "Marlowe" in desk.answer(("user", "What is the captain called?", [file]), temperature=0)


def test_tokens_are_counted_with_the_models_own_vocabulary(starter: Path, desk: Desk) -> None:
    count = counter(starter / GGUF)
    text = "Twelve boats sailed at 9:30, «before» the storm.\n\n\tdef f(x): return x + 1  # naïve"
    around = []  # tokens of its template and its system prompt
    for said in (text, "Hi"):
        desk.answer(said, max_tokens=1)
        around.append(desk.facts["prompt_tokens"] - count(said))
    assert around[0] == pytest.approx(around[1], abs=1)
    assert estimate(text) >= count(text) * 0.7


def test_a_gguf_header_is_parsed(starter: Path) -> None:
    known = header(starter / GGUF)
    assert known["general.architecture"] == "llama"
    assert known["parameters"] == pytest.approx(134.5e6, rel=0.01)


@pytest.mark.parametrize(
    "content", [b"", b"GGUF", b"GGUF" + b"\xff" * 99, b"PK\x03\x04 and more", b"GGUF" + b"\1" * 50]
)
def test_an_invalid_gguf_file_is_an_error(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "m.gguf").write_bytes(content)
    with pytest.raises(StudioError) as refused:
        header(tmp_path / "m.gguf")
    assert refused.value.problem.code == "corrupt_model"
