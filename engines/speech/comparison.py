"""Compare a transcript with the text that should have been said: find wrong, missing and extra words.

Words are compared by sound: “41” and “forty-one”, “color” and “color”, “C41” and “see 41” are the same.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from engines.speech.pronunciation import respellings
from engines.speech.shorthand import SIGNS

Sounds = Callable[[str], str]
"""A function that returns the phonemes of words."""

ALIKE = 0.84
"""Similarity from 0 to 1 above which two words count as the same."""
_JOINED = 0.75
"""The same if the number of words differs: word boundaries are easily misheard."""
_PAIRED = 0.4
"""Below this similarity, one word is missing and another is extra, instead of a word being misheard."""
_LARGEST = 300
"""Longest differing stretch that is compared word by word; a longer one is wrong as a whole."""

_TABLE, _RUN = 4_000_000, 6
"""The largest alignment table in cells, and how many equal words in a row align two longer lists."""

_ORNAMENT = re.compile(r"[^\w]|[ˈˌːʰ_\d]")
_SAME = str.maketrans({"T": "t", "ɾ": "t", "ᵊ": "ə", "ᵻ": "ɪ", "ɐ": "ə", "ʔ": "t", "ɜ": "ə"})


class Unit(NamedTuple):
    """A word of a sentence, or several words that a pronunciation joins, and how it should be said."""

    sentence: int
    start: int
    end: int
    text: str
    say: str


class Flag(NamedTuple):
    """An error at the words ``start`` to ``end`` of a sentence; an extra word is before ``start``."""

    sentence: int
    start: int
    end: int
    state: str
    text: str
    heard: str

    @property
    def words(self) -> int:
        """Number of wrong words."""
        return self.end - self.start or len(self.heard.split())

    @property
    def record(self) -> dict[str, Any]:
        """All fields except the sentence."""
        return {name: value for name, value in self._asdict().items() if name != "sentence"}


class Findings(NamedTuple):
    """The number of words, and the errors."""

    words: int
    flags: tuple[Flag, ...]

    def record(self, sentences: Sequence[str]) -> dict[str, Any]:
        """Return the findings for the provenance, with only the sentences that have errors. ``wrong`` counts words."""
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


def compare(sentences: Sequence[str], transcript: Sequence[str], pairs: Mapping[str, str], sounds: Sounds) -> Findings:
    """Compare the words that were heard with the sentences. ``pairs`` are the pronunciations that were used."""
    likeness = _Likeness(sounds)
    units = [unit for unit in _units(sentences, pairs) if likeness.key(unit.say)]
    words_heard = [word for word in transcript if likeness.key(word)]
    flags: list[Flag] = []
    for block in _differing([likeness.key(unit.say) for unit in units], [likeness.key(word) for word in words_heard]):
        flags += _flags(units, words_heard, block, likeness)
    return Findings(len(units), tuple(flags))


class _Block(NamedTuple):
    """A differing stretch: units ``a`` to ``b`` of the text, words ``c`` to ``d`` of the transcript."""

    a: int
    b: int
    c: int
    d: int


class _Likeness:
    """Compares words by sound; caches their phonemes."""

    def __init__(self, sounds: Sounds) -> None:
        self._sounds = sounds
        self._keys: dict[str, str] = {}

    def key(self, words: str) -> str:
        """Return the phonemes of words, without stress and pauses."""
        if words not in self._keys:
            phonemes = self._sounds(words) if any(letter.isalnum() or letter in SIGNS for letter in words) else ""
            self._keys[words] = _ORNAMENT.sub("", phonemes).translate(_SAME)
        return self._keys[words]

    def alike(self, first: str, second: str) -> float:
        """Return the similarity, from 0 to 1."""
        return 1 - self.apart(first, second) / max(1, len(self.key(first)), len(self.key(second)))

    def apart(self, first: str, second: str) -> int:
        """Return how many phonemes differ."""
        if _letters(first) == _letters(second):  # “10:30” and “10.30”
            return 0
        return int(_steps(_codes(self.key(first)), _codes(self.key(second)))[-1, -1])


def _units(sentences: Sequence[str], pairs: Mapping[str, str]) -> Iterator[Unit]:
    for number, sentence in enumerate(sentences):
        words = [match.span() for match in re.finditer(r"\S+", sentence)]
        changes = respellings(sentence, pairs)
        at = 0
        while at < len(words):
            end = at + 1
            # Words that a pronunciation joins stay together.
            while end < len(words) and any(c.start < words[end - 1][1] and c.end > words[end][0] for c in changes):
                end += 1
            start, stop = words[at][0], words[end - 1][1]
            yield Unit(number, at, end, sentence[start:stop], _spoken_words(sentence, start, stop, changes))
            at = end


def _spoken_words(sentence: str, start: int, stop: int, changes: Sequence[Any]) -> str:
    parts, at = [], start
    for change in changes:
        if start <= change.start and change.end <= stop:
            parts += [sentence[at : change.start], change.say]
            at = change.end
    return "".join([*parts, sentence[at:stop]])


def _differing(wanted: Sequence[str], transcript: Sequence[str]) -> list[_Block]:
    """Return the stretches in which two lists of words differ."""
    head = next(
        (n for n, (a, b) in enumerate(zip(wanted, transcript, strict=False)) if a != b),
        min(len(wanted), len(transcript)),
    )
    wanted, transcript = wanted[head:], transcript[head:]
    pairs = _matches(wanted, transcript)
    blocks: list[_Block] = []
    a = c = 0
    for i, j in [*pairs, (len(wanted), len(transcript))]:
        if i > a or j > c:
            block = _Block(a + head, i + head, c + head, j + head)
            if blocks and block.a - blocks[-1].b <= 1 >= block.c - blocks[-1].d:  # one equal word between two is chance
                block = _Block(blocks[-1].a, block.b, blocks[-1].c, block.d)
                blocks.pop()
            blocks.append(block)
        a, c = i + 1, j + 1
    return blocks


def _matches(wanted: Sequence[str], transcript: Sequence[str]) -> list[tuple[int, int]]:
    """Return the matching positions of the cheapest alignment. Long lists are split and aligned in parts."""
    if len(wanted) * len(transcript) > _TABLE:
        i, j = _anchor(wanted, transcript)
        return _matches(wanted[:i], transcript[:j]) + [(i + a, j + b) for a, b in _matches(wanted[i:], transcript[j:])]
    numbers = {word: n for n, word in enumerate(dict.fromkeys([*wanted, *transcript]))}
    first = np.array([numbers[word] for word in wanted], np.int32)
    second = np.array([numbers[word] for word in transcript], np.int32)
    costs = _steps(first, second)
    pairs, i, j = [], len(first), len(second)
    while i and j:
        if first[i - 1] == second[j - 1]:  # a match never costs more
            i, j = i - 1, j - 1
            pairs.append((i, j))
        elif costs[i, j] == costs[i - 1, j - 1] + 1:
            i, j = i - 1, j - 1
        elif costs[i, j] == costs[i - 1, j] + 1:
            i -= 1
        else:
            j -= 1
    return pairs[::-1]


def _anchor(wanted: Sequence[str], transcript: Sequence[str]) -> tuple[int, int]:
    """Return where to split both lists: before a run of words near the middle that was heard exactly once."""
    places: dict[tuple[str, ...], int | None] = {}
    for j in range(len(transcript) - _RUN + 1):
        run = tuple(transcript[j : j + _RUN])
        places[run] = None if run in places else j
    middle = len(wanted) // 2
    for i in sorted(range(middle // 2, middle + middle // 2), key=lambda i: abs(i - middle)):
        if place := places.get(tuple(wanted[i : i + _RUN])):
            return i, place
    return middle, len(transcript) // 2


def _steps(first: npt.NDArray[np.int32], second: npt.NDArray[np.int32]) -> npt.NDArray[np.int16]:
    """Return the Levenshtein table: the fewest changes that turn each prefix of one into each prefix of the other."""
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


def _flags(units: Sequence[Unit], transcript: Sequence[str], block: _Block, likeness: _Likeness) -> Iterator[Flag]:
    """Yield the errors of a stretch; none if only the spelling differs."""
    if max(block.b - block.a, block.d - block.c) > _LARGEST:
        for unit in units[block.a : block.b]:
            yield Flag(unit.sentence, unit.start, unit.end, "missing", unit.text, "")
        return
    if _differs_only_in_spelling(units, transcript, block, likeness):
        return
    wrong: list[tuple[int | None, int | None]] = []
    at = block.a
    for i, j in _paired(units, transcript, block, likeness):
        right = i is not None and j is not None and likeness.alike(units[i].say, transcript[j]) >= ALIKE
        known = [n for n, _ in wrong if n is not None]
        if wrong and (right or (i is not None and known and units[i].sentence != units[known[0]].sentence)):
            yield _flag(units, transcript, at, wrong)
            wrong = []
        if not right:
            wrong.append((i, j))
        at = at if i is None else i + 1
    if wrong:
        yield _flag(units, transcript, at, wrong)


def _flag(
    units: Sequence[Unit], transcript: Sequence[str], at: int, pairs: Sequence[tuple[int | None, int | None]]
) -> Flag:
    """Return one flag for consecutive errors; extra words are before the unit ``at``."""
    wanted = [units[i] for i, _ in pairs if i is not None]
    words_heard = [transcript[j] for _, j in pairs if j is not None]
    if not wanted:
        return _extra(units, at, words_heard)
    text, heard_text = " ".join(unit.text for unit in wanted), " ".join(words_heard)
    return Flag(
        wanted[0].sentence, wanted[0].start, wanted[-1].end, "wrong" if words_heard else "missing", text, heard_text
    )


def _differs_only_in_spelling(
    units: Sequence[Unit], transcript: Sequence[str], block: _Block, likeness: _Likeness
) -> bool:
    """Whether a stretch sounds the same as a whole. Numbers are also compared together with the words around them."""
    allowed = 0.0
    for more in (0, 1, 2):
        wanted = [unit.say for unit in units[max(0, block.a - more) : block.b + more]]
        words_heard = transcript[max(0, block.c - more) : block.d + more]
        if more == 0:
            longest = max(len(likeness.key(" ".join(words))) for words in (wanted, words_heard))
            allowed = longest * (1 - (_JOINED if len(wanted) != len(words_heard) else ALIKE))
        elif not any(letter.isdigit() for word in (*wanted, *words_heard) for letter in word):
            continue
        if likeness.apart(" ".join(wanted), " ".join(words_heard)) <= allowed:
            return True
    return False


def _extra(units: Sequence[Unit], at: int, words_heard: Sequence[str]) -> Flag:
    words = " ".join(words_heard)
    if at < len(units):
        unit = units[at]
        return Flag(unit.sentence, unit.start, unit.start, "extra", "", words)
    last = units[-1] if units else Unit(0, 0, 0, "", "")
    return Flag(last.sentence, last.end, last.end, "extra", "", words)


def _paired(
    units: Sequence[Unit], transcript: Sequence[str], block: _Block, likeness: _Likeness
) -> list[tuple[int | None, int | None]]:
    """Pair each unit with the word it was heard as, by sound; None stands for a missing counterpart."""
    n, m = block.b - block.a, block.d - block.c
    alike = [[likeness.alike(units[block.a + i].say, transcript[block.c + j]) for j in range(m)] for i in range(n)]
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
