"""A model's context length and token counter, known before the model is loaded."""

import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from engines.catalog import Catalog, Entry
from engines.language import ollama_server
from engines.language.token_count import Count, counter, estimate
from engines.memory import host_memory
from engines.weights import gguf_header
from engines.weights.sizes import corrupt
from errors import StudioError

_OFTEN = 4096
"""Context length in tokens of a model whose files do not state it."""
_SERVED_WINDOW = 8192
"""Smallest window in tokens. A server reloads a model for each larger window, and people wait for that."""
_PART = 0.5
"""Fraction of the free memory that a conversation on the CPU may fill (the same as the swapper's)."""


@dataclass(frozen=True)
class ContextLength:
    """What a model can take. ``limit`` is the most tokens that model and memory allow; ``exact`` is false if ``count``
    estimates.

    ``kv_bytes`` is the memory that one token of the conversation takes, 0 if a server holds it. ``window`` is the
    smallest number of tokens that the model is loaded for.
    """

    limit: int
    count: Count
    exact: bool = True
    vision: bool = False
    thinking: bool = False
    kv_bytes: int = 0
    window: int = 2048


def context_length(entry: Entry, catalog: Catalog) -> ContextLength:
    """Return an installed model's context length. Raises StudioError if its files or its server are missing;
    corrupt_model.
    """
    if entry.runtime == "ollama":
        about = ollama_server.about(catalog.ollama, ollama_server.name_of(entry.id))
        can = {"vision": about.vision, "thinking": about.thinking}
        return ContextLength(about.context, estimate, exact=False, window=_SERVED_WINDOW, **can)
    if "model" not in entry.parts:
        raise StudioError(
            "incomplete_entry",
            f"The catalog entry of {entry.name} names no weights.",
            next="Add a “model” part to the entry.",
            status=422,
        )
    path = catalog.path(entry, "model")
    result = _of_files(path)
    limit = min(result.limit, entry.options.get("context", result.limit))
    if entry.runtime == "llama" and result.kv_bytes:
        room = int(host_memory.available() * _PART) - path.stat().st_size
        limit = max(512, min(limit, room // result.kv_bytes))
    return ContextLength(limit, result.count, result.exact, result.vision, result.thinking, result.kv_bytes)


def _of_files(path: Path) -> ContextLength:
    """Read a file or a folder, which may hold anything because other programs write it. Raises StudioError."""
    try:
        if not path.is_file():
            return _of_folder(path)
        stat = path.stat()
        return _of_gguf(path, stat.st_mtime_ns, stat.st_size)
    except (OSError, ValueError, LookupError, TypeError, AttributeError, ArithmeticError, RecursionError) as error:
        raise corrupt(path, str(error)) from error


@lru_cache(maxsize=16)
def _of_gguf(path: Path, mtime_ns: int, size: int) -> ContextLength:
    """Read a file once per version: its vocabulary takes a moment, and every answer needs it."""
    known = gguf_header.header(path)
    kind = known.get("general.architecture", "")

    def number(name: str, default: int) -> int:
        value = known.get(f"{kind}.{name}", default)
        return int(max(value) if isinstance(value, tuple) else value)

    heads = number("attention.head_count", 1)
    width = number("embedding_length", 0)
    head_size = number("attention.key_length", width // max(1, heads))
    kv_bytes = 2 * 2 * number("block_count", 1) * number("attention.head_count_kv", heads) * head_size
    count = counter(path)
    thinking = "<think>" in str(known.get("tokenizer.chat_template", ""))
    return ContextLength(
        number("context_length", _OFTEN), count, count is not estimate, thinking=thinking, kv_bytes=kv_bytes
    )


def _of_folder(folder: Path) -> ContextLength:
    config = json.loads((folder / "config.json").read_text())
    text = config.get("text_config") or config

    def number(name: str, default: int) -> int:
        return int(text.get(name) or default)  # null in a config means the default

    heads = number("num_attention_heads", 1)
    size = number("head_dim", number("hidden_size", 0) // max(1, heads))
    kv_bytes = 2 * 2 * number("num_hidden_layers", 1) * number("num_key_value_heads", heads) * size
    count = counter(folder)
    template = folder / "chat_template.jinja"
    written = template if template.is_file() else folder / "tokenizer_config.json"
    thinking = written.is_file() and "<think>" in written.read_text()
    return ContextLength(
        number("max_position_embeddings", _OFTEN),
        count,
        count is not estimate,
        vision="vision_config" in config,
        thinking=thinking,
        kv_bytes=kv_bytes,
    )
