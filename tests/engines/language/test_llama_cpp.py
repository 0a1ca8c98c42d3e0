"""The starter model writes."""

import time
from pathlib import Path

import pytest

from engines import protocol
from engines.language.llama_cpp import Llama
from engines.memory import Cpu
from errors import StudioError
from tests.engines.language.language_worker import GGUF, Desk

PARIS = "What is the capital of France? Answer in one short sentence."


def test_an_answer_is_streamed_with_its_facts(desk: Desk) -> None:
    answer = desk.answer(PARIS, temperature=0)
    assert "Paris" in answer
    assert len([e for e in desk.events if isinstance(e, protocol.Text)]) > 3
    facts = desk.facts
    assert facts["finish"] == "stop"
    assert 3 < facts["tokens"] < 60
    assert 30 < facts["prompt_tokens"] < 60
    assert facts["first_token_seconds"] > 0
    assert 512 <= facts["context"] <= 8192


@pytest.mark.slow
def test_the_speed_of_an_answer_that_takes_a_while_is_reported(desk: Desk) -> None:
    """A short answer may be written too fast to be measured."""
    desk.answer("Tell a long story of a lighthouse.", max_tokens=100)
    assert 5 < desk.facts["tokens_per_second"] < 5000


def test_a_seed_repeats_an_answer_and_another_seed_changes_it(desk: Desk) -> None:
    said = [desk.answer("Name a film.", seed=seed, temperature=1.2, max_tokens=24) for seed in (5, 5, 6)]
    assert said[0] == said[1] != said[2]


def test_it_stops_at_the_length_limit(desk: Desk) -> None:
    desk.answer("Tell a long story of a lighthouse.", max_tokens=12)
    assert (desk.facts["finish"], desk.facts["tokens"]) == ("length", 12)


def test_earlier_messages_matter(desk: Desk) -> None:
    alone = desk.answer("Say it again.", temperature=0, max_tokens=20)
    tokens = desk.facts["prompt_tokens"]
    after = desk.answer("Say blue.", ("assistant", "Blue."), "Say it again.", temperature=0, max_tokens=20)
    assert after != alone
    assert desk.facts["prompt_tokens"] > tokens + 10


def test_canceling_stops_at_once_and_keeps_the_text(desk: Desk) -> None:
    moments = desk.cancel_when(lambda event: isinstance(event, protocol.Text))
    ended = desk.write("Write a very long story of a lighthouse.", max_tokens=4000)
    assert isinstance(ended, protocol.Cancelled)
    assert desk.text
    assert time.monotonic() - moments[0] < 5


def test_canceling_stops_while_it_reads_the_prompt(desk: Desk) -> None:
    long = "The harbour was quiet that morning. " * 800
    moments = desk.cancel_when(lambda event: isinstance(event, protocol.Facts))
    ended = desk.write(long)
    assert isinstance(ended, protocol.Cancelled)
    assert desk.text == ""
    assert time.monotonic() - moments[0] < 15  # reading all of it takes a minute


@pytest.mark.parametrize("keep", [3_000_000, 50_000_000])
def test_a_damaged_file_is_an_error(starter: Path, tmp_path: Path, keep: int) -> None:
    path = tmp_path / "half.gguf"
    with (starter / GGUF).open("rb") as whole:
        path.write_bytes(whole.read(keep))
    with pytest.raises(StudioError) as refused:
        Llama(path, 512, 1000, "Half").load(Cpu())
    assert refused.value.problem.code == "corrupt_model"
