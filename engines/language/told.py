"""What is told while a model writes: its words as they come, and how fast they come."""

import time
from typing import Literal

from engines.context import Context

_TELL_SECONDS = 0.25


class Telling:
    """Passes words on and counts them. Every call raises JobCancelled once the job is cancelled."""

    def __init__(self, context: Context, window: int) -> None:
        self._context = context
        self._window = window
        self._began = time.monotonic()
        self._first: float | None = None
        self._thought: float | None = None
        self._last = 0.0
        self._tokens = 0

    def began(self) -> None:
        """The model is in memory: seconds to the first word count from here."""
        self._began = time.monotonic()

    def said(self, delta: str, tokens: int = 1) -> None:
        """Some words of the answer."""
        if self._thought is not None and delta:
            self._context.tell(thinking_seconds=round(time.monotonic() - self._thought, 2))
            self._thought = None
        self._heard(delta, tokens, thinking=False)

    def thought(self, delta: str, tokens: int = 1) -> None:
        """Some words of what the model thinks before it answers."""
        if self._thought is None:
            self._thought = time.monotonic()
        self._heard(delta, tokens, thinking=True)

    def done(self, finish: Literal["stop", "length"], tokens: int | None = None, prompt: int | None = None) -> None:
        """The model has ended; ``tokens`` and ``prompt`` where it counted better than this did."""
        self._tokens = tokens or self._tokens
        if self._thought is not None:
            self._context.tell(thinking_seconds=round(time.monotonic() - self._thought, 2))
        self._tell(finish=finish, **({"prompt_tokens": prompt} if prompt else {}))

    def _heard(self, delta: str, tokens: int, thinking: bool) -> None:
        now = time.monotonic()
        self._tokens += tokens
        if delta:
            self._context.text(delta, thinking=thinking)
            if self._first is None:
                self._first = now
        if self._first is not None and now - self._last > _TELL_SECONDS:
            self._last = now
            self._tell()

    def _tell(self, **more: object) -> None:
        first = self._first or time.monotonic()
        seconds = time.monotonic() - first
        speed = {"tokens_per_second": round((self._tokens - 1) / seconds, 2)} if seconds and self._tokens > 1 else {}
        self._context.tell(
            tokens=self._tokens,
            first_token_seconds=round(first - self._began, 3),
            context=self._window,
            **speed,
            **more,
        )
