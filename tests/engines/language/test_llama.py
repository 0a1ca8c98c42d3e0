"""The starter model writes."""

import time
from pathlib import Path

import pytest

from engines import wire
from engines.language.llama import Llama
from engines.swapper import Cpu
from errors import StudioError
from tests.engines.language.desk import GGUF, Desk

PARIS = "What is the capital of France? Answer in one short sentence."


def test_an_answer_comes_word_by_word_with_its_facts(desk: Desk) -> None:
    answer = desk.answer(PARIS, temperature=0)
    assert "Paris" in answer
    assert len([e for e in desk.events if isinstance(e, wire.Text)]) > 3
    facts = desk.facts
    assert facts["finish"] == "stop"
    assert 3 < facts["tokens"] < 60
    assert 30 < facts["prompt_tokens"] < 60
    assert facts["tokens_per_second"] > 0
    assert facts["first_token_seconds"] > 0
    assert 512 <= facts["context"] <= 8192


def test_a_seed_says_the_same_again_and_another_something_else(desk: Desk) -> None:
    said = [desk.answer("Name a film.", seed=seed, temperature=1.2, max_tokens=24) for seed in (5, 5, 6)]
    assert said[0] == said[1] != said[2]


def test_it_ends_where_it_must(desk: Desk) -> None:
    desk.answer("Tell a long story of a lighthouse.", max_tokens=12)
    assert (desk.facts["finish"], desk.facts["tokens"]) == ("length", 12)


def test_what_was_said_before_counts(desk: Desk) -> None:
    alone = desk.answer("Say it again.", temperature=0, max_tokens=20)
    tokens = desk.facts["prompt_tokens"]
    after = desk.answer("Say blue.", ("assistant", "Blue."), "Say it again.", temperature=0, max_tokens=20)
    assert after != alone
    assert desk.facts["prompt_tokens"] > tokens + 10


def test_stopped_in_the_middle_it_stops_at_once_and_keeps_what_it_said(desk: Desk) -> None:
    moments = desk.cancel_when(lambda event: isinstance(event, wire.Text))
    ended = desk.write("Write a very long story of a lighthouse.", max_tokens=4000)
    assert isinstance(ended, wire.Cancelled)
    assert desk.text
    assert time.monotonic() - moments[0] < 5


def test_stopped_while_it_reads(desk: Desk) -> None:
    long = "The harbour was quiet that morning. " * 800
    moments = desk.cancel_when(lambda event: isinstance(event, wire.Told))
    ended = desk.write(long)
    assert isinstance(ended, wire.Cancelled)
    assert desk.text == ""
    assert time.monotonic() - moments[0] < 15  # reading all of it takes a minute


@pytest.mark.parametrize("keep", [3_000_000, 50_000_000])
def test_a_damaged_file_is_one_sentence(starter: Path, tmp_path: Path, keep: int) -> None:
    path = tmp_path / "half.gguf"
    with (starter / GGUF).open("rb") as whole:
        path.write_bytes(whole.read(keep))
    with pytest.raises(StudioError) as refused:
        Llama(path, 512, 1000, "Half").load(Cpu())
    assert refused.value.problem.code == "corrupt_model"
