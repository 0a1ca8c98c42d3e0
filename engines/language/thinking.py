"""Separate a model's thoughts from its answer if it tags them in the text."""

from collections.abc import Callable

_OPEN, _CLOSE = "<think>", "</think>"


class ThinkingSplitter:
    """Takes a growing text; ``said`` and ``thought`` receive its parts without the tags.

    Thoughts come before the answer. If the text closes thoughts that it never opened (because the chat template opened
    them), ``reconsider`` is called: everything so far was a thought. Tags within an answer or in backticks are ordinary
    text.
    """

    def __init__(
        self, on_answer: Callable[[str], None], on_thinking: Callable[[str], None], reconsider: Callable[[], None]
    ) -> None:
        self._said = on_answer
        self._thought = on_thinking
        self._reconsider = reconsider
        self._thinking = self._has_thought = self._has_said = False
        self._waiting = self._last = ""

    def begin(self) -> None:
        """Start in thoughts, because the prompt ended with their tag."""
        self._thinking = True

    def think(self, text: str) -> None:
        """Take thoughts that arrive separately from the text."""
        self._has_thought = True
        self._thought(text)

    def take(self, text: str) -> None:
        """Take more of the text. A possible beginning of a tag waits for the rest."""
        self._waiting += text
        while mark_found := self._first_mark():
            at, mark = mark_found
            before, self._waiting = self._waiting[:at], self._waiting[at + len(mark) :]
            self._at_mark(before, mark)
        held = max((_overlap(self._waiting, mark) for mark in self._marks()), default=0)
        cut = len(self._waiting) - held
        self._pass_on(self._waiting[:cut])
        self._waiting = self._waiting[cut:]

    def end(self) -> None:
        """Pass on the rest at the end of the text."""
        self._pass_on(self._waiting)
        self._waiting = ""

    def _marks(self) -> tuple[str, ...]:
        """Return the tags that may come next."""
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
    """Return how many characters at the end of a text may begin a tag."""
    return next((n for n in range(len(mark) - 1, 0, -1) if text.endswith(mark[:n])), 0)
