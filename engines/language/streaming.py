"""What ``generate`` calls with each token: passes words on, and leaves the loop when the job is cancelled."""

from typing import Any

from engines.context import Context
from engines.language.thoughts import Thoughts
from engines.language.told import Telling


def streamer(tokenizer: Any, telling: Telling, context: Context, *, thinking: bool) -> Any:
    """A transformers streamer; ``thinking`` says that the prompt itself begins the model's thoughts."""
    from transformers import TextStreamer

    class Streamer(TextStreamer):  # type: ignore[misc]
        """Shows whole words; ``put`` raises JobCancelled."""

        def __init__(self) -> None:
            super().__init__(tokenizer, skip_prompt=True, skip_special_tokens=True)
            self._tokens = 0
            self._thoughts = Thoughts(self._said, self._thought, thinking=thinking)

        def put(self, value: Any) -> None:
            context.check()
            self._tokens += not self.next_tokens_are_prompt
            super().put(value)

        def on_finalized_text(self, text: str, stream_end: bool = False) -> None:
            self._thoughts.take(text)
            if stream_end:
                self._thoughts.end()

        def _said(self, text: str) -> None:
            telling.said(text, self._counted())

        def _thought(self, text: str) -> None:
            telling.thought(text, self._counted())

        def _counted(self) -> int:
            tokens, self._tokens = self._tokens, 0
            return tokens

    return Streamer()
