"""Notice that a model has begun to repeat itself, while it writes."""

import re
from collections import Counter

_TIMES = 4
"""A sentence or line that comes this many times, with nothing new in between, is a loop."""
_IN_CODE = 3
"""Code repeats lines on purpose: inside a code block a loop needs this many times as much."""
_LONGEST_BLOCK = 80
"""Characters of the longest block that is recognized without the end of a sentence or line."""
_BLOCKS, _TAIL = 6, 240
"""The text ends in a loop if its last blocks, this many and together this many characters, are the same."""
_TAIL_OF_SIGNS = 1600
"""The same for blocks without a letter, such as rules, dotted lines and zeros."""
_WORDS, _LETTERS = 3, 12
"""A sentence counts from this many words or letters: cues such as “MARA” or “Yes.” come often."""

_SENTENCE = re.compile(r"[^\n]*?(?:\n|[.!?…][\"”’)*_]*\s|[。！？])")
_LIST_MARK = re.compile(r"^(?:[\s>*•#+-]|\d+[.)](?=\s)|[a-z][.)](?=\s))+", re.IGNORECASE)


class RepetitionDetector:
    """Reads a growing text. ``looping`` becomes true once it repeats itself: it ends in the same short block again and
    again, or a sentence came four times and everything since its first repetition had been said before.

    Choruses, tables, lists and code pass, because something new comes in between.
    """

    def __init__(self) -> None:
        self.looping = False
        self._unread = self._end = ""
        self._known: set[str] = set()
        self._repeated: Counter[str] = Counter()
        self._code = False

    def take(self, text: str) -> None:
        """Read more of the text."""
        self._end = (self._end + text)[-_TAIL_OF_SIGNS:]
        self._unread += text
        while not self.looping and (sentence := _SENTENCE.match(self._unread)):
            self._unread = self._unread[sentence.end() :]
            self._sentence(sentence.group())
        self.looping = self.looping or self._ends_in_a_loop()

    @property
    def _times(self) -> int:
        return _TIMES * (_IN_CODE if self._code else 1)

    def _sentence(self, sentence: str) -> None:
        if sentence.lstrip().startswith(("```", "~~~")):
            self._code = not self._code
        plain = _plain(sentence)
        letters = sum(map(str.isalpha, plain))
        if not letters or (len(plain.split()) < _WORDS and letters < _LETTERS):  # such as the empty row of a table
            return
        if plain not in self._known:
            self._known.add(plain)
            self._repeated.clear()
            return
        self._repeated[plain] += 1
        self.looping = self._repeated[plain] >= self._times - 1

    def _ends_in_a_loop(self) -> bool:
        return any(self._ends_in(size) for size in range(1, _LONGEST_BLOCK + 1))

    def _ends_in(self, size: int) -> bool:
        """Whether the text ends in the same block of ``size`` characters many times."""
        block = self._end[-size:]
        least = max(_TAIL * (_IN_CODE if self._code else 1), _BLOCKS * size)
        if not any(map(str.isalpha, block)):
            least = _TAIL_OF_SIGNS
        tail = self._end[-least:]
        return len(tail) == least and tail[size:] == tail[:-size]


def _plain(sentence: str) -> str:
    """Return a sentence without its list mark, its case and its spaces. A row of a table stays whole."""
    text = " ".join(sentence.casefold().split())
    return text if text.startswith("|") else _LIST_MARK.sub("", text)
