"""What ComfyUI's graphs say of a picture: walked backwards from the sampler, through nodes of any maker."""

import re
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from engines.media.foreign_comfy_graph import Graph
from engines.media.foreign_comfy_words import Words
from engines.media.foreign_words import Told, number

_HOLDERS = ("value", "seed", "int", "float", "text", "string", "number")
"""What nodes that only hold a value call it."""
_MODELS = ("ckpt_name", "unet_name", "model_name", "gguf_name", "checkpoint")
_STRENGTHS = ("strength_model", "lora_model_strength", "model_strength", "strength", "lora_strength")
_STACKED = re.compile(r"lora_name_(\d{1,2})$|lora_(\d{1,2})$")
_STACKED_STRENGTHS = ("lora_wt_{}", "model_str_{}", "model_weight_{}", "strength_model_{}", "strength_{}")
_NO_WORDS = "No prompt was found in its graph: it may come from a node that is not known here."


def read(graph: Graph) -> Told | None:
    """What the graph says; None where it samples nothing."""
    sampler = _sampler(graph)
    if sampler is None:
        return None
    walk = _Walk(graph)
    loras, model = walk.model(sampler)
    words = Words(graph)
    prompt, negative = words.of(sampler, "positive"), words.of(sampler, "negative")
    conditioned = "positive" if "positive" in graph[sampler]["inputs"] else "guider"
    return Told.of(
        prompt=prompt,
        negative_prompt=negative,
        steps=walk.number(sampler, ("steps",)),
        guidance=walk.number(sampler, ("guidance",), conditioned) or walk.number(sampler, ("cfg",)),
        seed=walk.number(sampler, ("seed", "noise_seed")),
        width=walk.number(sampler, ("width", "empty_latent_width"), "latent_image"),
        height=walk.number(sampler, ("height", "empty_latent_height"), "latent_image"),
        model=model,
        sampler=walk.text(sampler, ("sampler_name",)),
        loras=loras,
        notes=() if prompt else (_NO_WORDS,),
    )


def _sampler(graph: Graph) -> str | None:
    """The node that made the picture first: one whose latent comes from no sampler."""
    found = [id for id, node in graph.items() if _samples(node)]
    walk = _Walk(graph)
    after = {*found, *walk.below(found)}
    return next((id for id in found if after.isdisjoint(walk.sources(id, "latent_image"))), None)


def _samples(node: Mapping[str, Any]) -> bool:
    inputs = node["inputs"]
    return "latent_image" in inputs and ("positive" in inputs or "guider" in inputs or "conditioning" in inputs)


class _Walk:
    """Ways through a graph against its direction, each node seen once."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph

    def above(self, id: str, first: str | None = None) -> Iterator[str]:
        """The nodes that a node depends on, the nearest first; ``first`` begins with one of its inputs only."""
        seen = {id}
        inputs = self._graph[id]["inputs"]
        waiting = deque(self._links({first: inputs.get(first)} if first else inputs))
        while waiting:
            found = waiting.popleft()
            if found not in seen:
                seen.add(found)
                yield found
                waiting.extend(self._links(self._graph[found]["inputs"]))

    def below(self, ids: Iterable[str]) -> set[str]:
        """The nodes that depend on any of these."""
        users: dict[str, list[str]] = {}
        for id, node in self._graph.items():
            for source in self._links(node["inputs"]):
                users.setdefault(source, []).append(id)
        seen, waiting = set[str](), deque(ids)
        while waiting:
            for user in users.pop(waiting.popleft(), ()):
                seen.add(user)
                waiting.append(user)
        return seen

    def sources(self, id: str, name: str) -> list[str]:
        """The nodes that an input of a node comes from."""
        return self._links({name: self._of(id).get(name)})

    def number(self, id: str, names: tuple[str, ...], first: str | None = None) -> float | None:
        """The nearest number of one of these names: the node's own, else of what it depends on."""
        own = () if first else (id,)
        for near in (*own, *self.above(id, first)):
            for name in names:
                value = self._value(near, name)
                if (found := number(value)) is not None and not isinstance(value, str):
                    return found
        return None

    def text(self, id: str, names: tuple[str, ...]) -> str | None:
        """The nearest text of one of these names."""
        for near in (id, *self.above(id)):
            for name in names:
                if isinstance(value := self._value(near, name), str) and value:
                    return value
        return None

    def model(self, id: str) -> tuple[list[tuple[str, Any]], str | None]:
        """The LoRAs on the way to the model, and the model."""
        loras: list[tuple[str, Any]] = []
        start = "model" if "model" in self._of(id) else "guider" if "guider" in self._of(id) else None
        for node in self.above(id, start):
            inputs = self._of(node)
            loras += _loras(inputs)
            if model := next((inputs[name] for name in _MODELS if isinstance(inputs.get(name), str)), None):
                stacked = self.above(node, "lora_stack") if "lora_stack" in inputs else ()
                return loras + [lora for one in stacked for lora in _loras(self._of(one))], model
        return loras, None

    def _of(self, id: str) -> Mapping[str, Any]:
        inputs: Mapping[str, Any] = self._graph[id]["inputs"]
        return inputs

    def _links(self, inputs: Mapping[Any, Any]) -> list[str]:
        return [
            str(value[0])
            for value in inputs.values()
            if isinstance(value, list) and len(value) == 2 and str(value[0]) in self._graph
        ]

    def _value(self, id: str, name: str) -> Any:
        """An input's value, through the nodes that only hold a value."""
        value = self._of(id).get(name)
        for _ in range(8):
            links = self._links({"": value})
            if not links:
                break
            inputs = self._of(links[0])
            value = next((inputs[key] for key in (name, *_HOLDERS) if key in inputs), None)
        return None if isinstance(value, list | dict) else value


def _loras(inputs: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """The LoRAs that a node adds, each with its strength: one, several in a list, or several by number."""
    if isinstance(name := inputs.get("lora_name"), str):
        yield name, next((inputs[one] for one in _STRENGTHS if one in inputs), 1)
    for key, value in inputs.items():
        if isinstance(value, dict) and isinstance(value.get("lora"), str):
            if value.get("on", True):
                yield value["lora"], value.get("strength", 1)
        elif isinstance(value, str) and (found := _STACKED.match(key)):
            place = found[1] or found[2]
            count = inputs.get("lora_count")
            off = inputs.get(f"switch_{place}") == "Off" or (isinstance(count, int) and int(place) > count)
            strength = next((inputs[k] for one in _STACKED_STRENGTHS if (k := one.format(place)) in inputs), 1)
            if not off:
                yield value, strength
