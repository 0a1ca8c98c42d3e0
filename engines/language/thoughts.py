"""Parts what a model thinks aloud from what it answers, where it marks its thoughts in the text itself."""

from collections.abc import Callable

_OPEN, _CLOSE = "<think>", "</think>"


class Thoughts:
    """Takes a growing text; ``said`` and ``thought`` get its parts without the marks."""

    def __init__(self, said: Callable[[str], None], thought: Callable[[str], None], *, thinking: bool = False) -> None:
        self._tell = {False: said, True: thought}
        self._thinking = thinking
        self._waiting = ""

    def take(self, text: str) -> None:
        """More of the text. What may be the beginning of a mark waits for the rest of it."""
        self._waiting += text
        while True:
            mark = _CLOSE if self._thinking else _OPEN
            before, found, after = self._waiting.partition(mark)
            if not found:
                break
            self._pass_on(before.rstrip() if self._thinking else before)
            self._thinking = not self._thinking
            self._waiting = after.lstrip()
        held = next((n for n in range(len(mark) - 1, 0, -1) if self._waiting.endswith(mark[:n])), 0)
        cut = len(self._waiting) - held
        self._pass_on(self._waiting[:cut])
        self._waiting = self._waiting[cut:]

    def end(self) -> None:
        """The text has ended."""
        self._pass_on(self._waiting)
        self._waiting = ""

    def _pass_on(self, text: str) -> None:
        if text:
            self._tell[self._thinking](text)
