"""What a model can see at once, and how long a text is to it: known before it is loaded."""

import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from engines.catalog import Catalog, Entry
from engines.language import gguf, server
from engines.language.counting import Count, counter, estimate
from engines.swapper import memory
from engines.swapper.sizes import corrupt
from errors import StudioError

_OFTEN = 4096
"""Tokens that a model sees whose files do not say it."""
_SERVED_WINDOW = 8192
"""A server loads a model anew for each larger window, which makes people wait."""
_PART = 0.5
"""How much of the free memory a conversation on the processor may fill (the swapper's own share)."""


@dataclass(frozen=True)
class Sight:
    """``limit`` tokens at once are the most that model and memory allow; ``exact`` says that ``count`` is no estimate.

    ``kv_bytes`` is what one token of the conversation takes in memory, 0 where that is somebody else's; ``window`` the
    smallest number of tokens that the model is loaded for.
    """

    limit: int
    count: Count
    exact: bool = True
    vision: bool = False
    thinking: bool = False
    kv_bytes: int = 0
    window: int = 2048


def sight(entry: Entry, catalog: Catalog) -> Sight:
    """What an installed model sees. Raises StudioError where its files, or its server, are not there; corrupt_model."""
    if entry.runtime == "ollama":
        about = server.about(catalog.ollama, server.name_of(entry.id))
        can = {"vision": about.vision, "thinking": about.thinking}
        return Sight(about.context, estimate, exact=False, window=_SERVED_WINDOW, **can)
    if "model" not in entry.parts:
        raise StudioError("incomplete_entry", f"{entry.name} names no weights.", next="Correct its entry.", status=422)
    path = catalog.path(entry, "model")
    found = _of_files(path)
    limit = min(found.limit, entry.options.get("context", found.limit))
    if entry.runtime == "llama" and found.kv_bytes:
        room = int(memory.available() * _PART) - path.stat().st_size
        limit = max(512, min(limit, room // found.kv_bytes))
    return Sight(limit, found.count, found.exact, found.vision, found.thinking, found.kv_bytes)


def _of_files(path: Path) -> Sight:
    """What a file or a folder says of itself: other programs write them, and may write anything. Raises StudioError."""
    try:
        if not path.is_file():
            return _of_folder(path)
        stat = path.stat()
        return _of_gguf(path, stat.st_mtime_ns, stat.st_size)
    except (OSError, ValueError, LookupError, TypeError, AttributeError, ArithmeticError, RecursionError) as error:
        raise corrupt(path, str(error)) from error


@lru_cache(maxsize=16)
def _of_gguf(path: Path, mtime_ns: int, size: int) -> Sight:
    """One read of a file as it is now: its vocabulary takes a moment, and every answer asks."""
    known = gguf.header(path)
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
    return Sight(number("context_length", _OFTEN), count, count is not estimate, thinking=thinking, kv_bytes=kv_bytes)


def _of_folder(folder: Path) -> Sight:
    config = json.loads((folder / "config.json").read_text())
    text = config.get("text_config") or config

    def number(name: str, default: int) -> int:
        return int(text.get(name) or default)  # null is how a config says that the default counts

    heads = number("num_attention_heads", 1)
    size = number("head_dim", number("hidden_size", 0) // max(1, heads))
    kv_bytes = 2 * 2 * number("num_hidden_layers", 1) * number("num_key_value_heads", heads) * size
    count = counter(folder)
    template = folder / "chat_template.jinja"
    written = template if template.is_file() else folder / "tokenizer_config.json"
    thinking = written.is_file() and "<think>" in written.read_text()
    return Sight(
        number("max_position_embeddings", _OFTEN),
        count,
        count is not estimate,
        vision="vision_config" in config,
        thinking=thinking,
        kv_bytes=kv_bytes,
    )
