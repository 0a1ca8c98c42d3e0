"""Report a model's text as it is written, and its speed."""

import time
from typing import Literal

from engines.host.context import Context
from engines.language.repetition import RepetitionDetector
from engines.language.thinking import ThinkingSplitter
from errors import StudioError
from utf8 import TextStream

Finish = Literal["stop", "length", "repetition"]
"""Why an answer ended: the model was done, its length was used up, or it repeated itself and was stopped."""

_TELL_SECONDS = 0.25
_MEASURABLE_SECONDS = 0.1
"""Shortest duration that gives a meaningful speed: an answer may arrive all at once."""


class StreamReporter:
    """Passes text on and counts its tokens, in the same way for every runtime. Separates thoughts from the answer and
    joins split characters. Every call raises JobCancelled once the job is canceled.

    Once ``looping`` is true, the runtime ends the answer with ``done("repetition")``.
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
        self._parts = ThinkingSplitter(self._say, self._think, self._reconsider)
        self._repetition = {False: RepetitionDetector(), True: RepetitionDetector()}

    @property
    def looping(self) -> bool:
        """Whether the answer or the thoughts have begun to repeat themselves."""
        return any(detector.looping for detector in self._repetition.values())

    def started(self, window: int | None = None) -> None:
        """Note that the model is loaded with a window of ``window`` tokens. The time to the first token starts here."""
        self._began = time.monotonic()
        self._window = window or self._window

    def thinks_first(self) -> None:
        """Note that the prompt ended with the tag that begins thoughts."""
        self._parts.begin()

    def answer_delta(self, delta: str, tokens: int = 1) -> None:
        """Take a piece of the answer, which may contain tagged thoughts."""
        self._tokens += tokens
        self._parts.take(self._texts[False].take(delta))
        self._text_arrived()

    def thinking_delta(self, delta: str, tokens: int = 1) -> None:
        """Take a piece of the model's thoughts, if they come separately."""
        self._tokens += tokens
        self._parts.think(self._texts[True].take(delta))
        self._text_arrived()

    def silent(self, seconds: int) -> None:
        """Report that nothing has arrived for ``seconds``."""
        self._silent = True
        self._context.report_facts(silent_seconds=seconds)

    def done(
        self,
        finish: Finish,
        tokens: int | None = None,
        prompt: int | None = None,
        *,
        tool: bool = False,
    ) -> None:
        """Report the end of the answer, with the model's own counts of ``tokens`` and ``prompt`` tokens if known.

        ``tool`` is true if the model asked for a tool. Raises StudioError ``empty_answer`` if there is no answer.
        """
        self._parts.think(self._texts[True].end())
        self._parts.take(self._texts[False].end())
        self._parts.end()
        self._tokens = tokens or self._tokens
        self._thinking_ends()
        self._report_facts(finish=finish, **({"prompt_tokens": prompt} if prompt else {}))
        if not self._has_said:
            raise self._empty(finish, tool)

    # -- answer and thoughts

    def _say(self, text: str) -> None:
        self._has_said = True
        self._thinking_ends()
        self._repetition[False].take(text)
        self._context.text(text)

    def _think(self, text: str) -> None:
        if not text:
            return
        self._has_thought = True
        if self._thinking_since is None:
            self._thinking_since = time.monotonic()
        self._repetition[True].take(text)
        self._context.text(text, thinking=True)

    def _reconsider(self) -> None:
        if self._has_said:
            self._has_said, self._has_thought = False, True
            self._thinking_since = self._first
            self._context.reconsider()

    def _thinking_ends(self) -> None:
        if self._thinking_since is not None:
            self._context.report_facts(thinking_seconds=round(time.monotonic() - self._thinking_since, 2))
            self._thinking_since = None

    # -- numbers

    def _text_arrived(self) -> None:
        now = time.monotonic()
        if self._silent:
            self._silent = False
            self._context.report_facts(silent_seconds=0)
        if self._first is None and (self._has_said or self._has_thought):
            self._first = now
        if self._first is not None and now - self._last > _TELL_SECONDS:
            self._last = now
            self._report_facts()

    def _report_facts(self, **more: object) -> None:
        now = time.monotonic()
        first = self._first or now
        measurable = now - first >= _MEASURABLE_SECONDS and self._tokens > 1
        speed = {"tokens_per_second": round((self._tokens - 1) / (now - first), 2)} if measurable else {}
        self._context.report_facts(
            tokens=self._tokens,
            first_token_seconds=round(first - self._began, 3),
            context=self._window,
            **speed,
            **more,
        )

    def _empty(self, finish: str, tool: bool) -> StudioError:
        name = self._context.entry.name
        if tool:
            why, next = "It tried to use a tool, but the studio offers none.", "Ask again, or choose another model."
        elif finish == "length":
            did = "It was still thinking" if self._has_thought else "It wrote no text"
            why = f"{did} when it reached the length limit of {self._tokens} tokens."
            next = "Raise the limit under Advanced, or choose another model."
        elif finish == "repetition":
            why, next = "Its thoughts began to repeat themselves.", "Rephrase your message, or choose another model."
        else:
            why, next = "It ended without any text.", "Rephrase your message, or choose another model."
        return StudioError("empty_answer", f"{name} wrote no answer.", why, next, status=502)
