"""Language models on the processor: GGUF files in llama.cpp, as the package xllamacpp brings it."""

import secrets
from pathlib import Path
from typing import Any, Literal

from engines import runtime
from engines.context import Context
from engines.language.budget import Talk
from engines.language.sight import Sight
from engines.language.told import Telling
from engines.requests.writing import Write
from engines.swapper import Device
from engines.swapper.component import reading
from errors import StudioError

_BATCH = 128
"""Tokens of a prompt that are read at a time: between two such steps it can be stopped."""
_BESIDE = 64_000_000
"""Bytes it works with beside weights and conversation."""


class Llama:
    """The component: a model with room for ``window`` tokens. ``load`` gives an ``xllamacpp.Server``."""

    place: Literal["device", "host"] = "host"

    def __init__(self, path: Path, window: int, kv_bytes: int, note: str) -> None:
        self.key = f"{path}#{window}"
        self.note = note
        self.bytes = (path.stat().st_size if path.is_file() else 0) + window * kv_bytes + _BESIDE
        self._path = path
        self._window = window

    def load(self, device: Device) -> Any:
        with reading(self._path):
            import xllamacpp

            wanted = xllamacpp.CommonParams()
            wanted.model.path = str(self._path)
            wanted.n_ctx = self._window
            wanted.cpuparams.n_threads = wanted.cpuparams_batch.n_threads = runtime.threads()
            wanted.n_gpu_layers = 0
            wanted.n_batch = wanted.n_ubatch = _BATCH
            wanted.n_parallel = 1
            wanted.warmup = False
            wanted.cache_ram_mib = 0
            wanted.verbosity = -1
            # It also listens on a port of this machine, which is nobody's business.
            wanted.api_keys = [secrets.token_hex(16)]
            wanted.endpoint_slots = wanted.endpoint_props = wanted.ui = False
            return xllamacpp.Server(wanted)

    def drop(self, model: Any) -> None:
        pass  # it goes with its last reference


def write(request: Write, talk: Talk, sight: Sight, context: Context, telling: Telling) -> None:
    """Write with a GGUF file's own chat template."""
    path = context.catalog.path(context.entry, "model")
    model = Llama(path, talk.window, sight.kv_bytes, context.entry.name)
    with context.lease(model) as (server,):
        telling.began()
        heard = _Heard(context, telling)
        asked = {
            "messages": [{"role": turn.role, "content": turn.text} for turn in talk.turns],
            "max_tokens": talk.answer,
            "temperature": request.temperature,
            "top_p": request.top_p,
            "seed": (request.seed or 0) & 0x7FFFFFFF,
            "stream": True,
            "stream_options": {"include_usage": True},
            "return_progress": True,
            "chat_template_kwargs": {"enable_thinking": request.thinking},
        }
        server.handle_chat_completions(asked, heard)
    heard.end()


class _Heard:
    """Takes what llama.cpp says, piece by piece. An error on the way is kept until it has ended."""

    def __init__(self, context: Context, telling: Telling) -> None:
        self._context = context
        self._telling = telling
        self._error: BaseException | None = None
        self._finish: Literal["stop", "length"] | None = None
        self._usage: dict[str, int] = {}

    def __call__(self, said: dict[str, Any]) -> bool:
        """Whether it shall stop."""
        try:
            self._take(said)
        except BaseException as error:  # it cannot travel through the library
            self._error = error
        return self._error is not None

    def end(self) -> None:
        """Say how it ended. Raises what went wrong on the way."""
        self._context.check()
        if self._error:
            raise self._error
        if self._finish is None:
            raise StudioError(
                "model_stopped",
                f"{self._context.entry.name} stopped in the middle of its answer.",
                next="What it wrote is kept. Ask it to go on, or try again.",
                status=500,
            )
        self._telling.done(self._finish, self._usage.get("completion_tokens"), self._usage.get("prompt_tokens"))

    def _take(self, said: dict[str, Any]) -> None:
        self._context.check()
        if "error" in said:
            raise _refused(self._context.entry.name, said["error"])
        self._usage = said.get("usage") or self._usage
        for choice in said.get("choices", ()):
            delta = choice.get("delta", {})
            if delta.get("reasoning_content"):
                self._telling.thought(delta["reasoning_content"])
            if delta.get("content"):
                self._telling.said(delta["content"])
            if choice.get("finish_reason"):
                self._finish = "length" if choice["finish_reason"] == "length" else "stop"


def _refused(name: str, error: dict[str, Any]) -> StudioError:
    if error.get("type") == "exceed_context_size_error":
        return StudioError(
            "too_long",
            f"The conversation is {error['n_prompt_tokens']:,} tokens; {name} has room for {error['n_ctx']:,} here.",
            next="Shorten it, or take a model that sees more.",
            status=422,
        )
    return StudioError(
        "model_refused", f"{name} cannot answer this.", f"It says: {str(error.get('message'))[:200]}.", status=422
    )
