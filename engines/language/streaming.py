"""What ``generate`` calls with each token: passes words on, and leaves the loop when the job is cancelled."""

from typing import Any

from engines.context import Context
from engines.language.told import Telling


def streamer(tokenizer: Any, telling: Telling, context: Context) -> Any:
    """A transformers streamer."""
    from transformers import TextStreamer

    class Streamer(TextStreamer):  # type: ignore[misc]
        """Shows whole words; ``put`` raises JobCancelled."""

        def __init__(self) -> None:
            super().__init__(tokenizer, skip_prompt=True, skip_special_tokens=True)
            self._tokens = 0

        def put(self, value: Any) -> None:
            context.check()
            self._tokens += not self.next_tokens_are_prompt
            super().put(value)

        def on_finalized_text(self, text: str, stream_end: bool = False) -> None:
            telling.said(text, self._tokens)
            self._tokens = 0

    return Streamer()
