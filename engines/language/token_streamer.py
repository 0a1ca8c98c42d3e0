"""Streamer for ``generate``: passes text on with each token, and leaves the loop when the job is canceled."""

from typing import Any

from engines.host.context import Context
from engines.language.stream_reporter import StreamReporter


def streamer(tokenizer: Any, reporter: StreamReporter, context: Context) -> Any:
    """Return a transformers streamer."""
    from transformers import TextStreamer

    class Streamer(TextStreamer):  # type: ignore[misc]
        """Passes on whole words; ``put`` raises JobCancelled."""

        def __init__(self) -> None:
            super().__init__(tokenizer, skip_prompt=True, skip_special_tokens=True)
            self._tokens = 0

        def put(self, value: Any) -> None:
            context.check()
            self._tokens += not self.next_tokens_are_prompt
            super().put(value)

        def on_finalized_text(self, text: str, stream_end: bool = False) -> None:
            reporter.answer_delta(text, self._tokens)
            self._tokens = 0

    return Streamer()
