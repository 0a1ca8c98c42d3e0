"""What is told while a model writes: its words as they come, and how fast they come."""

import time
from typing import Literal

from engines.context import Context
from engines.language.thoughts import Thoughts
from errors import StudioError
from utf8 import TextStream

_TELL_SECONDS = 0.25
_MEASURABLE_SECONDS = 0.1
"""An answer that came within this time, all at once, says nothing about its model's speed."""


class Telling:
    """Passes words on and counts them, the same for every runtime: thoughts are parted from the answer, and halves of
    letters made whole. Every call raises JobCancelled once the job is cancelled.
    """

    def __init__(self, context: Context, window: int) -> None:
        self._context = context
        self._window = window
        self._began = time.monotonic()
        self._first: float | None = None
        self._thinking_since: float | None = None
        self._last = 0.0
        self._tokens = 0
        self._has_said = self._has_thought = False
        self._silent = False
        self._texts = {False: TextStream(), True: TextStream()}
        self._parts = Thoughts(self._say, self._think, self._reconsider)

    def began(self, window: int | None = None) -> None:
        """The model is in memory, and sees ``window`` tokens: seconds to the first word count from here."""
        self._began = time.monotonic()
        self._window = window or self._window

    def thinks_first(self) -> None:
        """The prompt ended with the mark that begins thoughts."""
        self._parts.begin()

    def said(self, delta: str, tokens: int = 1) -> None:
        """Some words of the answer; thoughts may be marked in them."""
        self._tokens += tokens
        self._parts.take(self._texts[False].take(delta))
        self._heard()

    def thought(self, delta: str, tokens: int = 1) -> None:
        """Some words of what the model thinks before it answers, where they come apart."""
        self._tokens += tokens
        self._parts.think(self._texts[True].take(delta))
        self._heard()

    def silent(self, seconds: int) -> None:
        """Nothing has come for so long."""
        self._silent = True
        self._context.tell(silent_seconds=seconds)

    def done(
        self,
        finish: Literal["stop", "length"],
        tokens: int | None = None,
        prompt: int | None = None,
        *,
        tool: bool = False,
    ) -> None:
        """The model has ended; ``tokens`` and ``prompt`` where it counted better than this did.

        ``tool`` says that it asked for one. Raises StudioError ``empty_answer`` where it answered nothing.
        """
        self._parts.think(self._texts[True].end())
        self._parts.take(self._texts[False].end())
        self._parts.end()
        self._tokens = tokens or self._tokens
        self._thinking_ends()
        self._tell(finish=finish, **({"prompt_tokens": prompt} if prompt else {}))
        if not self._has_said:
            raise self._empty(finish, tool)

    # -- the two parts

    def _say(self, text: str) -> None:
        self._has_said = True
        self._thinking_ends()
        self._context.text(text)

    def _think(self, text: str) -> None:
        if not text:
            return
        self._has_thought = True
        if self._thinking_since is None:
            self._thinking_since = time.monotonic()
        self._context.text(text, thinking=True)

    def _reconsider(self) -> None:
        if self._has_said:
            self._has_said, self._has_thought = False, True
            self._thinking_since = self._first
            self._context.reconsider()

    def _thinking_ends(self) -> None:
        if self._thinking_since is not None:
            self._context.tell(thinking_seconds=round(time.monotonic() - self._thinking_since, 2))
            self._thinking_since = None

    # -- figures

    def _heard(self) -> None:
        now = time.monotonic()
        if self._silent:
            self._silent = False
            self._context.tell(silent_seconds=0)
        if self._first is None and (self._has_said or self._has_thought):
            self._first = now
        if self._first is not None and now - self._last > _TELL_SECONDS:
            self._last = now
            self._tell()

    def _tell(self, **more: object) -> None:
        now = time.monotonic()
        first = self._first or now
        measurable = now - first >= _MEASURABLE_SECONDS and self._tokens > 1
        speed = {"tokens_per_second": round((self._tokens - 1) / (now - first), 2)} if measurable else {}
        self._context.tell(
            tokens=self._tokens,
            first_token_seconds=round(first - self._began, 3),
            context=self._window,
            **speed,
            **more,
        )

    def _empty(self, finish: str, tool: bool) -> StudioError:
        name = self._context.entry.name
        if tool:
            why, next = "It asked for a tool, and the studio gives it none.", "Ask again, or choose another model."
        elif finish == "length":
            did = "thought" if self._has_thought else "went on"
            why = f"It {did} until it reached the longest answer, {self._tokens} tokens."
            next = "Allow a longer answer under Advanced, or choose another model."
        else:
            why, next = "It ended without a word.", "Ask again in other words, or choose another model."
        return StudioError("empty_answer", f"{name} wrote no answer.", why, next, status=502)
