"""Thoughts that a model tags in its text, however the text is split."""

import pytest

from engines.language.thinking import ThinkingSplitter


class Reader:
    """The answer and the thoughts of a text."""

    def __init__(self, *pieces: str, begun: bool = False) -> None:
        self.said = self.thought = ""
        parts = ThinkingSplitter(self._say, self._think, self._reconsider)
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
def test_thoughts_are_separated_from_the_answer(size: int, opening: str) -> None:
    read = Reader(*pieces(f"{opening}\nIs 3 < 4? Yes.\n</think>\n\nSo a < b, and <b>so</b> on.", size))
    assert read.said == "So a < b, and <b>so</b> on."
    assert read.thought.strip() == "Is 3 < 4? Yes."


@SIZES
def test_the_prompt_may_open_the_thoughts(size: int) -> None:
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
def test_an_answer_about_tags_stays_whole(size: int, text: str) -> None:
    read = Reader(*pieces(text, size))
    assert (read.said, read.thought) == (text, "")


@SIZES
def test_tags_after_the_thoughts_are_text(size: int) -> None:
    read = Reader(*pieces("<think>Hm.</think>The mark is </think> and <think>.", size))
    assert (read.said, read.thought) == ("The mark is </think> and <think>.", "Hm.")


@SIZES
def test_unclosed_thoughts_are_no_answer(size: int) -> None:
    read = Reader(*pieces("<think>I wonder", size))
    assert (read.said, read.thought) == ("", "I wonder")
