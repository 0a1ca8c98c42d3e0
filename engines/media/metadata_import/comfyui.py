"""Read a picture's settings from a ComfyUI graph by walking back from the sampler, through any custom nodes."""

import re
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from engines.media.metadata_import.comfyui_graph import Graph
from engines.media.metadata_import.comfyui_prompts import PromptWalk
from engines.media.metadata_import.fields import ImportedFields, number

_HOLDERS = ("value", "seed", "int", "float", "text", "string", "number")
"""Input names of nodes that only hold a value."""
_MODELS = ("ckpt_name", "unet_name", "model_name", "gguf_name", "checkpoint")
_STRENGTHS = ("strength_model", "lora_model_strength", "model_strength", "strength", "lora_strength")
_STACKED = re.compile(r"lora_name_(\d{1,2})$|lora_(\d{1,2})$")
_STACKED_STRENGTHS = ("lora_wt_{}", "model_str_{}", "model_weight_{}", "strength_model_{}", "strength_{}")
_NO_WORDS = "No prompt was found in the ComfyUI graph. It may come from an unknown node."


def read(graph: Graph) -> ImportedFields | None:
    """Read a graph; return None if it has no sampler."""
    sampler = _sampler(graph)
    if sampler is None:
        return None
    walk = _Walk(graph)
    loras, model = walk.model(sampler)
    words = PromptWalk(graph)
    prompt, negative = words.of(sampler, "positive"), words.of(sampler, "negative")
    conditioned = "positive" if "positive" in graph[sampler]["inputs"] else "guider"
    return ImportedFields.of(
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
    """Return the node that first made the picture: one whose latent does not come from another sampler."""
    samplers = [id for id, node in graph.items() if _samples(node)]
    walk = _Walk(graph)
    after = {*samplers, *walk.below(samplers)}
    return next((id for id in samplers if after.isdisjoint(walk.sources(id, "latent_image"))), None)


def _samples(node: Mapping[str, Any]) -> bool:
    inputs = node["inputs"]
    return "latent_image" in inputs and ("positive" in inputs or "guider" in inputs or "conditioning" in inputs)


class _Walk:
    """Walks backward through a graph and visits each node once."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph

    def above(self, id: str, first: str | None = None) -> Iterator[str]:
        """Yield the nodes that a node depends on, nearest first; ``first`` limits the start to one of its inputs."""
        visited = {id}
        inputs = self._graph[id]["inputs"]
        waiting = deque(self._links({first: inputs.get(first)} if first else inputs))
        while waiting:
            node_id = waiting.popleft()
            if node_id not in visited:
                visited.add(node_id)
                yield node_id
                waiting.extend(self._links(self._graph[node_id]["inputs"]))

    def below(self, ids: Iterable[str]) -> set[str]:
        """Return the nodes that depend on any of these."""
        users: dict[str, list[str]] = {}
        for id, node in self._graph.items():
            for source in self._links(node["inputs"]):
                users.setdefault(source, []).append(id)
        visited, waiting = set[str](), deque(ids)
        while waiting:
            for user in users.pop(waiting.popleft(), ()):
                visited.add(user)
                waiting.append(user)
        return visited

    def sources(self, id: str, name: str) -> list[str]:
        """Return the nodes that an input comes from."""
        return self._links({name: self._of(id).get(name)})

    def number(self, id: str, names: tuple[str, ...], first: str | None = None) -> float | None:
        """Return the nearest number with one of these names: the node's own, else that of a node it depends on."""
        own = () if first else (id,)
        for near in (*own, *self.above(id, first)):
            for name in names:
                value = self._value(near, name)
                if (parsed := number(value)) is not None and not isinstance(value, str):
                    return parsed
        return None

    def text(self, id: str, names: tuple[str, ...]) -> str | None:
        """Return the nearest text with one of these names."""
        for near in (id, *self.above(id)):
            for name in names:
                if isinstance(value := self._value(near, name), str) and value:
                    return value
        return None

    def model(self, id: str) -> tuple[list[tuple[str, Any]], str | None]:
        """Return the LoRAs on the way to the model, and the model."""
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
        """Return an input's value, following nodes that only hold a value."""
        value = self._of(id).get(name)
        for _ in range(8):
            links = self._links({"": value})
            if not links:
                break
            inputs = self._of(links[0])
            value = next((inputs[key] for key in (name, *_HOLDERS) if key in inputs), None)
        return None if isinstance(value, list | dict) else value


def _loras(inputs: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield the LoRAs that a node adds with their strengths: a single one, a list, or numbered ones."""
    if isinstance(name := inputs.get("lora_name"), str):
        yield name, next((inputs[one] for one in _STRENGTHS if one in inputs), 1)
    for key, value in inputs.items():
        if isinstance(value, dict) and isinstance(value.get("lora"), str):
            if value.get("on", True):
                yield value["lora"], value.get("strength", 1)
        elif isinstance(value, str) and (match := _STACKED.match(key)):
            place = match[1] or match[2]
            count = inputs.get("lora_count")
            off = inputs.get(f"switch_{place}") == "Off" or (isinstance(count, int) and int(place) > count)
            strength = next((inputs[k] for one in _STACKED_STRENGTHS if (k := one.format(place)) in inputs), 1)
            if not off:
                yield value, strength
