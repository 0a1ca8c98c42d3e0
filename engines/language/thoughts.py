"""Parts what a model thinks aloud from what it answers, where it marks its thoughts in the text itself."""

from collections.abc import Callable

_OPEN, _CLOSE = "<think>", "</think>"


class Thoughts:
    """Takes a growing text; ``said`` and ``thought`` get its parts without the marks.

    Thoughts come before the answer. Where the text ends thoughts that it never began (the model's template began them,
    and nobody knew), ``reconsider`` is called: all that was said until then were thoughts. Marks in the midst of an
    answer, or in backticks, are text like any other.
    """

    def __init__(
        self, said: Callable[[str], None], thought: Callable[[str], None], reconsider: Callable[[], None]
    ) -> None:
        self._said = said
        self._thought = thought
        self._reconsider = reconsider
        self._thinking = self._has_thought = self._has_said = False
        self._waiting = self._last = ""

    def begin(self) -> None:
        """The text begins with thoughts: the prompt ended with their mark."""
        self._thinking = True

    def think(self, text: str) -> None:
        """Thoughts that come apart from the text."""
        self._has_thought = True
        self._thought(text)

    def take(self, text: str) -> None:
        """More of the text. What may be the beginning of a mark waits for the rest of it."""
        self._waiting += text
        while found := self._first_mark():
            at, mark = found
            before, self._waiting = self._waiting[:at], self._waiting[at + len(mark) :]
            self._at_mark(before, mark)
        held = max((_overlap(self._waiting, mark) for mark in self._marks()), default=0)
        cut = len(self._waiting) - held
        self._pass_on(self._waiting[:cut])
        self._waiting = self._waiting[cut:]

    def end(self) -> None:
        """The text has ended."""
        self._pass_on(self._waiting)
        self._waiting = ""

    def _marks(self) -> tuple[str, ...]:
        """What may come next that is no text."""
        if self._thinking:
            return (_CLOSE,)
        if not self._has_said:
            return _OPEN, _CLOSE
        return () if self._has_thought else (_CLOSE,)

    def _first_mark(self) -> tuple[int, str] | None:
        return min(((at, mark) for mark in self._marks() if (at := self._waiting.find(mark)) >= 0), default=None)

    def _at_mark(self, before: str, mark: str) -> None:
        if self._thinking:
            self._pass_on(before.rstrip())
            self._thinking = False
            return
        self._pass_on(before)
        if mark == _OPEN and not self._has_said:
            self._thinking = True
        elif mark == _CLOSE and not self._has_thought and self._last != "`":
            self._reconsider()
            self._has_thought, self._has_said = True, False
        else:
            self._pass_on(mark)

    def _pass_on(self, text: str) -> None:
        if self._thinking:
            if text:
                self.think(text)
            return
        if not self._has_said:
            text = text.lstrip()
        if text:
            self._has_said, self._last = True, text[-1]
            self._said(text)


def _overlap(text: str, mark: str) -> int:
    """How many letters at the end of a text may be the beginning of a mark."""
    return next((n for n in range(len(mark) - 1, 0, -1) if text.endswith(mark[:n])), 0)
