"""Thoughts that a model marks in its text, in whatever pieces it comes."""

import pytest

from engines.language.thoughts import Thoughts


class Reader:
    """What came of a text."""

    def __init__(self, *pieces: str, begun: bool = False) -> None:
        self.said = self.thought = ""
        parts = Thoughts(self._say, self._think, self._reconsider)
        if begun:
            parts.begin()
        for piece in pieces:
            parts.take(piece)
        parts.end()

    def _say(self, text: str) -> None:
        self.said += text

    def _think(self, text: str) -> None:
        self.thought += text

    def _reconsider(self) -> None:
        self.said, self.thought = "", self.thought + self.said


def pieces(text: str, size: int) -> list[str]:
    return [text[at : at + size] for at in range(0, len(text), size)]


SIZES = pytest.mark.parametrize("size", [1, 3, 100])


@SIZES
@pytest.mark.parametrize("opening", ["<think>", "\n<think>", ""])
def test_thoughts_are_parted_from_the_answer(size: int, opening: str) -> None:
    read = Reader(*pieces(f"{opening}\nIs 3 < 4? Yes.\n</think>\n\nSo a < b, and <b>so</b> on.", size))
    assert read.said == "So a < b, and <b>so</b> on."
    assert read.thought.strip() == "Is 3 < 4? Yes."


@SIZES
def test_a_prompt_may_begin_the_thoughts(size: int) -> None:
    read = Reader(*pieces("Hm.</think>Blue.", size), begun=True)
    assert (read.said, read.thought) == ("Blue.", "Hm.")


@SIZES
@pytest.mark.parametrize(
    "text",
    [
        "Write `</think>` where the thoughts end.",
        "Models begin with <think> and a line.",
        "It wrote `<think>` and then `</think>`, in this order.",
        "1 < 2, <thin",
    ],
)
def test_an_answer_about_marks_stays_whole(size: int, text: str) -> None:
    read = Reader(*pieces(text, size))
    assert (read.said, read.thought) == (text, "")


@SIZES
def test_after_the_thoughts_marks_are_text(size: int) -> None:
    read = Reader(*pieces("<think>Hm.</think>The mark is </think> and <think>.", size))
    assert (read.said, read.thought) == ("The mark is </think> and <think>.", "Hm.")


@SIZES
def test_thoughts_without_an_end_are_no_answer(size: int) -> None:
    read = Reader(*pieces("<think>I wonder", size))
    assert (read.said, read.thought) == ("", "I wonder")
