"""Invalid text from other programs."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from utf8 import TextStream, valid, valid_json


@pytest.mark.parametrize(
    ("given_text", "expected"),
    [
        ("Fähre 🚢", "Fähre 🚢"),
        ("fer\ud83dry", "fer\ufffdry"),
        ("a\ud83d\ude00b", "a😀b"),
        ("\udcff.txt", "\ufffd.txt"),
        ("\ude00\ud83d", "\ufffd\ufffd"),
    ],
)
def test_surrogates_are_joined_or_replaced(given_text: str, expected: str) -> None:
    assert valid(given_text) == expected


@given(st.text(st.characters(codec=None), max_size=40), st.integers(1, 5))
def test_a_text_in_pieces_equals_the_whole(text: str, length: int) -> None:
    halves = "".join(chr(int.from_bytes(pair, "little")) for pair in _pairs(text))
    stream = TextStream()
    pieces = [stream.take(halves[at : at + length]) for at in range(0, len(halves), length)]
    whole = "".join(pieces) + stream.end()
    assert whole == valid(halves)
    whole.encode()  # impossible with lone surrogates


def test_json_is_made_valid_at_every_level() -> None:
    assert valid_json({"\ud83d": [1, None, {"x": "\udc00"}]}) == {"\ufffd": [1, None, {"x": "\ufffd"}]}


def _pairs(text: str) -> list[bytes]:
    """Decode UTF-16 two bytes at a time: characters beyond U+FFFF become two surrogates."""
    data = text.encode("utf-16-le", "surrogatepass")
    return [data[at : at + 2] for at in range(0, len(data), 2)]
