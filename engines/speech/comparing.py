"""What was heard beside what should have been said: which words are wrong, missing or too many.

Words are compared by how they sound: “41” and “forty-one”, “colour” and “color”, “C41” and “see 41” are the same.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from engines.speech.pronouncing import respellings
from engines.speech.reading import SIGNS

Sounds = Callable[[str], str]
"""The phonemes of words."""

ALIKE = 0.84
"""How alike two words must sound to pass for the same."""
_JOINED = 0.75
"""The same for words that were heard as fewer or more: where they part is easily misheard."""
_PAIRED = 0.4
"""Below this likeness a word was not misheard: one is missing and another was said."""
_LARGEST = 300
"""Words of a stretch that are told apart one by one; a longer one is wrong as a whole."""

_TABLE, _RUN = 4_000_000, 6
"""The most places compared at once, and the words in a row that show where two long lists belong together."""

_ORNAMENT = re.compile(r"[^\w]|[ˈˌːʰ_\d]")
_SAME = str.maketrans({"T": "t", "ɾ": "t", "ᵊ": "ə", "ᵻ": "ɪ", "ɐ": "ə", "ʔ": "t", "ɜ": "ə"})


class Unit(NamedTuple):
    """A word as it stands in a sentence (with several where a pronunciation joins them), and how it is to be said."""

    sentence: int
    start: int
    end: int
    text: str
    say: str


class Flag(NamedTuple):
    """What is wrong at the words ``start`` to ``end`` of a sentence; an extra word stands before ``start``."""

    sentence: int
    start: int
    end: int
    state: str
    text: str
    heard: str

    @property
    def words(self) -> int:
        """How many words it is about."""
        return self.end - self.start or len(self.heard.split())

    @property
    def record(self) -> dict[str, Any]:
        """Without its sentence."""
        return {name: value for name, value in self._asdict().items() if name != "sentence"}


class Findings(NamedTuple):
    """How many words there are, and what is wrong."""

    words: int
    flags: tuple[Flag, ...]

    def record(self, sentences: Sequence[str]) -> dict[str, Any]:
        """As it is kept: only the sentences in which something is wrong. ``wrong`` counts words."""
        by_sentence: dict[int, list[dict[str, Any]]] = {}
        for flag in self.flags:
            by_sentence.setdefault(flag.sentence, []).append(flag.record)
        return {
            "words": self.words,
            "wrong": sum(flag.words for flag in self.flags),
            "sentences": [
                {"at": at, "text": sentences[at], "flags": flags} for at, flags in sorted(by_sentence.items())
            ],
        }


def compare(sentences: Sequence[str], heard: Sequence[str], pairs: Mapping[str, str], sounds: Sounds) -> Findings:
    """Lay what was heard beside what should be. ``pairs`` are the pronunciations that were used."""
    likeness = _Likeness(sounds)
    units = [unit for unit in _units(sentences, pairs) if likeness.key(unit.say)]
    said = [word for word in heard if likeness.key(word)]
    flags: list[Flag] = []
    for block in _differing([likeness.key(unit.say) for unit in units], [likeness.key(word) for word in said]):
        flags += _flags(units, said, block, likeness)
    return Findings(len(units), tuple(flags))


class _Block(NamedTuple):
    """Units ``a`` to ``b`` were to be heard where words ``c`` to ``d`` were."""

    a: int
    b: int
    c: int
    d: int


class _Likeness:
    """How alike words sound, each looked up once."""

    def __init__(self, sounds: Sounds) -> None:
        self._sounds = sounds
        self._keys: dict[str, str] = {}

    def key(self, words: str) -> str:
        """The sound of words, without stress and pauses."""
        if words not in self._keys:
            spoken = self._sounds(words) if any(letter.isalnum() or letter in SIGNS for letter in words) else ""
            self._keys[words] = _ORNAMENT.sub("", spoken).translate(_SAME)
        return self._keys[words]

    def alike(self, one: str, other: str) -> float:
        """From 0 to 1."""
        return 1 - self.apart(one, other) / max(1, len(self.key(one)), len(self.key(other)))

    def apart(self, one: str, other: str) -> int:
        """How many sounds would have to change to make one the other."""
        if _letters(one) == _letters(other):  # “10:30” and “10.30”
            return 0
        return int(_steps(_codes(self.key(one)), _codes(self.key(other)))[-1, -1])


def _units(sentences: Sequence[str], pairs: Mapping[str, str]) -> Iterator[Unit]:
    for number, sentence in enumerate(sentences):
        words = [found.span() for found in re.finditer(r"\S+", sentence)]
        changes = respellings(sentence, pairs)
        at = 0
        while at < len(words):
            end = at + 1
            # What a pronunciation joins stays together.
            while end < len(words) and any(c.start < words[end - 1][1] and c.end > words[end][0] for c in changes):
                end += 1
            start, stop = words[at][0], words[end - 1][1]
            yield Unit(number, at, end, sentence[start:stop], _said(sentence, start, stop, changes))
            at = end


def _said(sentence: str, start: int, stop: int, changes: Sequence[Any]) -> str:
    parts, at = [], start
    for change in changes:
        if start <= change.start and change.end <= stop:
            parts += [sentence[at : change.start], change.say]
            at = change.end
    return "".join([*parts, sentence[at:stop]])


def _differing(wanted: Sequence[str], heard: Sequence[str]) -> list[_Block]:
    """The stretches in which two lists of words differ."""
    head = next(
        (n for n, (a, b) in enumerate(zip(wanted, heard, strict=False)) if a != b), min(len(wanted), len(heard))
    )
    wanted, heard = wanted[head:], heard[head:]
    pairs = _matches(wanted, heard)
    blocks: list[_Block] = []
    a = c = 0
    for i, j in [*pairs, (len(wanted), len(heard))]:
        if i > a or j > c:
            block = _Block(a + head, i + head, c + head, j + head)
            if blocks and block.a - blocks[-1].b <= 1 >= block.c - blocks[-1].d:  # a word between two is chance
                block = _Block(blocks[-1].a, block.b, blocks[-1].c, block.d)
                blocks.pop()
            blocks.append(block)
        a, c = i + 1, j + 1
    return blocks


def _matches(wanted: Sequence[str], heard: Sequence[str]) -> list[tuple[int, int]]:
    """The places that fit together in the cheapest alignment; of long lists, in that of their parts."""
    if len(wanted) * len(heard) > _TABLE:
        i, j = _anchor(wanted, heard)
        return _matches(wanted[:i], heard[:j]) + [(i + a, j + b) for a, b in _matches(wanted[i:], heard[j:])]
    numbers = {word: n for n, word in enumerate(dict.fromkeys([*wanted, *heard]))}
    first = np.array([numbers[word] for word in wanted], np.int32)
    second = np.array([numbers[word] for word in heard], np.int32)
    costs = _steps(first, second)
    found, i, j = [], len(first), len(second)
    while i and j:
        if first[i - 1] == second[j - 1]:  # taking a match is never dearer
            i, j = i - 1, j - 1
            found.append((i, j))
        elif costs[i, j] == costs[i - 1, j - 1] + 1:
            i, j = i - 1, j - 1
        elif costs[i, j] == costs[i - 1, j] + 1:
            i -= 1
        else:
            j -= 1
    return found[::-1]


def _anchor(wanted: Sequence[str], heard: Sequence[str]) -> tuple[int, int]:
    """Where both lists may be cut: before words near the middle that follow each other once in what was heard."""
    places: dict[tuple[str, ...], int | None] = {}
    for j in range(len(heard) - _RUN + 1):
        run = tuple(heard[j : j + _RUN])
        places[run] = None if run in places else j
    middle = len(wanted) // 2
    for i in sorted(range(middle // 2, middle + middle // 2), key=lambda i: abs(i - middle)):
        if place := places.get(tuple(wanted[i : i + _RUN])):
            return i, place
    return middle, len(heard) // 2


def _steps(first: npt.NDArray[np.int32], second: npt.NDArray[np.int32]) -> npt.NDArray[np.int16]:
    """Levenshtein's table: the fewest changes that make the beginning of one the beginning of the other."""
    costs = np.empty((len(first) + 1, len(second) + 1), np.int16)
    places = np.arange(len(second) + 1, dtype=np.int32)
    row = costs[0] = places
    for i, one in enumerate(first):
        best = np.concatenate([[i + 1], np.minimum(row[:-1] + (second != one), row[1:] + 1)])
        row = np.minimum.accumulate(best - places) + places
        costs[i + 1] = row
    return costs


def _letters(text: str) -> str:
    return "".join(letter for letter in text.lower() if letter.isalnum())


def _codes(text: str) -> npt.NDArray[np.int32]:
    return np.array([ord(letter) for letter in text], np.int32)


def _flags(units: Sequence[Unit], heard: Sequence[str], block: _Block, likeness: _Likeness) -> Iterator[Flag]:
    """What is wrong in a stretch; nothing where it only was written otherwise."""
    if max(block.b - block.a, block.d - block.c) > _LARGEST:
        for unit in units[block.a : block.b]:
            yield Flag(unit.sentence, unit.start, unit.end, "missing", unit.text, "")
        return
    if _only_written_otherwise(units, heard, block, likeness):
        return
    wrong: list[tuple[int | None, int | None]] = []
    at = block.a
    for i, j in _paired(units, heard, block, likeness):
        right = i is not None and j is not None and likeness.alike(units[i].say, heard[j]) >= ALIKE
        known = [n for n, _ in wrong if n is not None]
        if wrong and (right or (i is not None and known and units[i].sentence != units[known[0]].sentence)):
            yield _flag(units, heard, at, wrong)
            wrong = []
        if not right:
            wrong.append((i, j))
        at = at if i is None else i + 1
    if wrong:
        yield _flag(units, heard, at, wrong)


def _flag(units: Sequence[Unit], heard: Sequence[str], at: int, pairs: Sequence[tuple[int | None, int | None]]) -> Flag:
    """One for what is wrong in a row; words too many stand before the unit ``at``."""
    wanted = [units[i] for i, _ in pairs if i is not None]
    found = [heard[j] for _, j in pairs if j is not None]
    if not wanted:
        return _extra(units, at, found)
    text, said = " ".join(unit.text for unit in wanted), " ".join(found)
    return Flag(wanted[0].sentence, wanted[0].start, wanted[-1].end, "wrong" if found else "missing", text, said)


def _only_written_otherwise(units: Sequence[Unit], heard: Sequence[str], block: _Block, likeness: _Likeness) -> bool:
    """Whether a stretch sounds the same as a whole; about numbers, together with the words beside them."""
    allowed = 0.0
    for more in (0, 1, 2):
        wanted = [unit.say for unit in units[max(0, block.a - more) : block.b + more]]
        found = heard[max(0, block.c - more) : block.d + more]
        if more == 0:
            longest = max(len(likeness.key(" ".join(words))) for words in (wanted, found))
            allowed = longest * (1 - (_JOINED if len(wanted) != len(found) else ALIKE))
        elif not any(letter.isdigit() for word in (*wanted, *found) for letter in word):
            continue
        if likeness.apart(" ".join(wanted), " ".join(found)) <= allowed:
            return True
    return False


def _extra(units: Sequence[Unit], at: int, found: Sequence[str]) -> Flag:
    words = " ".join(found)
    if at < len(units):
        unit = units[at]
        return Flag(unit.sentence, unit.start, unit.start, "extra", "", words)
    last = units[-1] if units else Unit(0, 0, 0, "", "")
    return Flag(last.sentence, last.end, last.end, "extra", "", words)


def _paired(
    units: Sequence[Unit], heard: Sequence[str], block: _Block, likeness: _Likeness
) -> list[tuple[int | None, int | None]]:
    """Which unit was heard as which word, by their sounds; None where one has no counterpart."""
    n, m = block.b - block.a, block.d - block.c
    alike = [[likeness.alike(units[block.a + i].say, heard[block.c + j]) for j in range(m)] for i in range(n)]
    costs = np.zeros((n + 1, m + 1))
    costs[:, 0], costs[0] = np.arange(n + 1), np.arange(m + 1)
    for i in range(n):
        for j in range(m):
            change = 2.0 if alike[i][j] < _PAIRED and n != m else 1 - alike[i][j]
            costs[i + 1, j + 1] = min(costs[i, j] + change, costs[i, j + 1] + 1, costs[i + 1, j] + 1)
    pairs: list[tuple[int | None, int | None]] = []
    i, j = n, m
    while i or j:
        if i and j and costs[i, j] < min(costs[i - 1, j], costs[i, j - 1]) + 1:
            i, j = i - 1, j - 1
            pairs.append((block.a + i, block.c + j))
        elif i and costs[i, j] == costs[i - 1, j] + 1:
            i -= 1
            pairs.append((block.a + i, None))
        else:
            j -= 1
            pairs.append((None, block.c + j))
    return pairs[::-1]
