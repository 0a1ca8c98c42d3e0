"""Find the prompts in a ComfyUI graph, from the sampler's conditioning back to the texts, through any custom nodes."""

import re
from collections.abc import Mapping
from typing import Any

from engines.media.metadata_import.comfyui_graph import Graph
from engines.media.metadata_import.fields import PROMPT_LENGTH

_DEEPEST = 120
"""Most nodes in a row to follow; a malicious graph may be endless."""
_FILLED = ("populated_text", "text_0")
"""Inputs that hold the text a node made: resolved wildcards, or another model's answer."""
_TEXTS = ("text", "text_g", "t5xxl", "clip_l", "text_l", "prompt", "string", "value", "wildcard_text")
_ANY_TEXT = re.compile(r"text|prompt|string|caption|wildcard|instruction|^clip_[lg]$|^t5xxl$|^llama$", re.IGNORECASE)
_NO_TEXT = re.compile(
    r"_name$|^(delimiter|separator|find|replace|sampler|scheduler|mode|method|format|style|clip|model|vae|image|"
    r"images|latent|latent_image|samples|control_net|mask|type|device|preset|find_text|replace_text|.*pattern)$",
    re.IGNORECASE,
)
_CONDITIONING = re.compile(r"^(conditioning|cond)([_ ]?\w{1,8})?$", re.IGNORECASE)
_JOINED = re.compile(r"^(string|text|prompt|str|input|any)[_ ]?[a-z\d]{0,3}$", re.IGNORECASE)
_JOINS = re.compile(r"concat|join|combine|merge|append", re.IGNORECASE)
_EMPTIES = re.compile(r"zero_?out|empty_?cond", re.IGNORECASE)


class PromptWalk:
    """Reads the prompts of a graph; visits each node once for each side."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._read: dict[tuple[str, str], tuple[str, ...]] = {}

    def of(self, sampler: str, side: str) -> str:
        """Return the prompt (``positive``) or the negative prompt (``negative``)."""
        inputs = self._graph[sampler]["inputs"]
        if side in inputs:
            texts = self._value(inputs[side], side, 0)
        elif "guider" in inputs:
            texts = self._guided(inputs["guider"], side)
        elif side == "positive":
            texts = self._value(inputs.get("conditioning"), side, 0)
        else:
            texts = self._value(inputs.get("neg_conditioning"), side, 0)
        return ", ".join(dict.fromkeys(texts))

    def _guided(self, guider: Any, side: str) -> tuple[str, ...]:
        node = self._linked(guider)
        inputs = self._graph[node]["inputs"] if node else {}
        if side in inputs:
            return self._value(inputs[side], side, 0)
        return self._value(inputs.get("conditioning"), side, 0) if side == "positive" else ()

    def _value(self, value: Any, side: str, depth: int) -> tuple[str, ...]:
        """Return the texts of an input: itself, or those of the node it comes from."""
        if isinstance(value, str):
            text = value[:PROMPT_LENGTH].strip()
            return (text,) if text and text.lower() != "none" else ()
        node = self._linked(value)
        if node is None or depth > _DEEPEST:
            return ()
        if (node, side) not in self._read:
            self._read[node, side] = ()  # stops at a cycle
            self._read[node, side] = self._texts(node, side, depth + 1)
        return self._read[node, side]

    def _texts(self, id: str, side: str, depth: int) -> tuple[str, ...]:
        node = self._graph[id]
        kind, inputs = str(node.get("class_type")), node["inputs"]
        if _EMPTIES.search(kind):
            return ()
        for name in _FILLED:
            if isinstance(inputs.get(name), str) and inputs[name].strip():
                return self._value(inputs[name], side, depth)
        if side in inputs:  # a loader or a ControlNet with both sides
            return self._value(inputs[side], side, depth)
        joined = [name for name in inputs if _JOINED.match(name)]
        if _JOINS.search(kind) and len(joined) > 1:
            return self._joined(inputs, joined, side, depth)
        if "replace" in kind.lower():
            return self._replaced(inputs, side, depth)
        conditioning = [value for name, value in inputs.items() if _CONDITIONING.match(name)]
        texts = [name for name in _TEXTS if name in inputs]
        texts += [name for name in inputs if _ANY_TEXT.search(name) and name not in texts and not _NO_TEXT.search(name)]
        for ways in ([inputs[name] for name in texts], self._chosen(inputs), conditioning):
            if found := self._all(ways, side, depth):
                return found
        further = [value for name, value in inputs.items() if not _NO_TEXT.search(name) and self._linked(value)]
        sentences = [value for name, value in inputs.items() if not _NO_TEXT.search(name) and _sentence(value)]
        return self._all(further or sentences, side, depth)

    def _all(self, ways: list[Any], side: str, depth: int) -> tuple[str, ...]:
        return tuple(dict.fromkeys(text for value in ways for text in self._value(value, side, depth)))

    def _chosen(self, inputs: Mapping[str, Any]) -> list[Any]:
        """Return the input that a switch selects by number."""
        number = next((inputs[name] for name in ("select", "index", "Input", "input") if name in inputs), None)
        if isinstance(number, bool) or not isinstance(number, int):
            return []
        return [value for name, value in inputs.items() if re.search(rf"\D0*{number}$", name)] if number < 1000 else []

    def _joined(self, inputs: Mapping[str, Any], names: list[str], side: str, depth: int) -> tuple[str, ...]:
        """Return the text of a node that joins several, with its delimiter."""
        between = next((inputs[name] for name in ("delimiter", "separator") if name in inputs), "")
        between = between.replace("\\n", "\n")[:20] if isinstance(between, str) else ""
        pieces = [", ".join(self._value(inputs[name], side, depth)) for name in names]
        text = between.join(piece for piece in pieces if piece)[:PROMPT_LENGTH]
        return (text,) if text else ()

    def _replaced(self, inputs: Mapping[str, Any], side: str, depth: int) -> tuple[str, ...]:
        """Return a text after a search-and-replace node. Regular expressions are not run; the text then stays."""
        text = ", ".join(self._all([inputs[name] for name in _TEXTS if name in inputs], side, depth))
        wanted: Any = next((inputs[name] for name in ("find", "find_text", "old") if name in inputs), None)
        other: Any = next((inputs[name] for name in ("replace", "replace_text", "new") if name in inputs), None)
        plain = isinstance(wanted, str) and isinstance(other, str)
        if plain and wanted and text.count(wanted) * len(other) <= PROMPT_LENGTH:
            text = text.replace(wanted, other)
        return (text,) if text else ()

    def _linked(self, value: Any) -> str | None:
        """Return the node that an input comes from."""
        if isinstance(value, list) and len(value) == 2 and str(value[0]) in self._graph:
            return str(value[0])
        return None


def _sentence(value: Any) -> bool:
    """Whether a value may be a written prompt; custom nodes may give it any name."""
    return isinstance(value, str) and " " in value.strip() and not value.strip().startswith(("/", "{", "["))
