"""Language models on the CPU: GGUF files in llama.cpp, from the package xllamacpp."""

import secrets
from pathlib import Path
from typing import Any, Literal

from engines import torch_setup
from engines.host.context import Context
from engines.language.context_length import ContextLength
from engines.language.context_window import FittedConversation
from engines.language.stream_reporter import Finish, StreamReporter
from engines.memory import Device
from engines.memory.component import load_errors
from engines.requests.writing import Write
from errors import StudioError

_BATCH = 128
"""Prompt tokens per step; the job can be canceled between two steps."""
_OVERHEAD_BYTES = 64_000_000
"""Working memory in bytes, in addition to weights and conversation."""


class Llama:
    """A model with room for ``window`` tokens, as a component. ``load`` returns an ``xllamacpp.Server``."""

    place: Literal["device", "host"] = "host"

    def __init__(self, path: Path, window: int, kv_bytes: int, note: str) -> None:
        self.key = f"{path}#{window}"
        self.note = note
        self.bytes = (path.stat().st_size if path.is_file() else 0) + window * kv_bytes + _OVERHEAD_BYTES
        self._path = path
        self._window = window

    def load(self, device: Device) -> Any:
        with load_errors(self._path):
            import xllamacpp

            wanted = xllamacpp.CommonParams()
            wanted.model.path = str(self._path)
            wanted.n_ctx = self._window
            wanted.cpuparams.n_threads = wanted.cpuparams_batch.n_threads = torch_setup.threads()
            wanted.n_gpu_layers = 0
            wanted.n_batch = wanted.n_ubatch = _BATCH
            wanted.n_parallel = 1
            wanted.warmup = False
            wanted.cache_ram_mib = 0
            wanted.verbosity = -1
            # The server also listens on a local port; a random key keeps others out.
            wanted.api_keys = [secrets.token_hex(16)]
            wanted.endpoint_slots = wanted.endpoint_props = wanted.ui = False
            return xllamacpp.Server(wanted)

    def drop(self, model: Any) -> None:
        pass  # freed with its last reference


def write(
    request: Write, conversation: FittedConversation, limits: ContextLength, context: Context, reporter: StreamReporter
) -> None:
    """Write an answer with the GGUF file's own chat template."""
    path = context.catalog.path(context.entry, "model")
    model = Llama(path, conversation.window, limits.kv_bytes, context.entry.name)
    with context.lease(model) as (server,):
        reporter.started()
        parser = _AnswerParser(context, reporter)
        parameters = {
            "messages": [{"role": turn.role, "content": turn.text} for turn in conversation.turns],
            "max_tokens": conversation.answer,
            "temperature": request.temperature,
            "top_p": request.top_p,
            "seed": (request.seed or 0) & 0x7FFFFFFF,
            "stream": True,
            "stream_options": {"include_usage": True},
            "return_progress": True,
            "chat_template_kwargs": {"enable_thinking": request.thinking},
            **context.entry.options.get("sampling", {}),
        }
        server.handle_chat_completions(parameters, parser)
    parser.end()


class _AnswerParser:
    """Receives llama.cpp's answer piece by piece. Holds back an error until llama.cpp has ended."""

    def __init__(self, context: Context, reporter: StreamReporter) -> None:
        self._context = context
        self._reporter = reporter
        self._error: BaseException | None = None
        self._finish: Finish | None = None
        self._usage: dict[str, int] = {}

    def __call__(self, chunk: dict[str, Any]) -> bool:
        """Handle a piece; return whether llama.cpp should stop."""
        try:
            self._take(chunk)
        except BaseException as error:  # it must not pass through the library
            self._error = error
        return self._error is not None or self._finish == "repetition"

    def end(self) -> None:
        """Report the end of the answer. Raises the error that was held back."""
        self._context.check()
        if self._error:
            raise self._error
        if self._finish is None:
            raise StudioError(
                "model_stopped",
                f"{self._context.entry.name} stopped in the middle of its answer.",
                next="The text so far is kept. Ask it to continue, or try again.",
                status=500,
            )
        self._reporter.done(self._finish, self._usage.get("completion_tokens"), self._usage.get("prompt_tokens"))

    def _take(self, chunk: dict[str, Any]) -> None:
        self._context.check()
        if "error" in chunk:
            raise _refused(self._context.entry.name, chunk["error"])
        self._usage = chunk.get("usage") or self._usage
        for choice in chunk.get("choices", ()):
            delta = choice.get("delta", {})
            if delta.get("reasoning_content"):
                self._reporter.thinking_delta(delta["reasoning_content"])
            if delta.get("content"):
                self._reporter.answer_delta(delta["content"])
            if choice.get("finish_reason"):
                self._finish = "length" if choice["finish_reason"] == "length" else "stop"
        if self._reporter.looping:
            self._finish = "repetition"


def _refused(name: str, error: dict[str, Any]) -> StudioError:
    if error.get("type") == "exceed_context_size_error":
        return StudioError(
            "too_long",
            f"The conversation has {error['n_prompt_tokens']:,} tokens, but {name} takes only {error['n_ctx']:,} here.",
            next="Shorten it, or choose a model with a longer context.",
            status=422,
        )
    return StudioError(
        "model_refused",
        f"{name} cannot answer this.",
        f"llama.cpp reports: {str(error.get('message'))[:200]}.",
        "Change the message, or choose another model.",
        status=422,
    )
