"""The graphs that ComfyUI puts into its pictures: walked backwards from the sampler, through nodes of any maker."""

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from engines.media.foreign_words import Told, number

Graph = Mapping[str, Mapping[str, Any]]
"""Nodes by their id: ``class_type`` and ``inputs``, an input being a value or the link ``[node, output]``."""

_MOST_NODES = 5000
_TEXTS = ("text", "text_g", "t5xxl", "clip_l", "text_l", "prompt", "string", "value", "wildcard_text")
_MODELS = ("ckpt_name", "unet_name", "model_name", "gguf_name", "checkpoint")
_CONDITIONING = ("conditioning", "conditioning_1", "conditioning_2", "conditioning_to", "conditioning_from")
_WIDGETS: dict[str, tuple[str, ...]] = {
    "KSampler": ("seed", "", "steps", "cfg", "sampler_name", "scheduler", "denoise"),
    "KSamplerAdvanced": ("add_noise", "noise_seed", "", "steps", "cfg", "sampler_name", "scheduler"),
    "CLIPTextEncode": ("text",),
    "CLIPTextEncodeFlux": ("clip_l", "t5xxl", "guidance"),
    "FluxGuidance": ("guidance",),
    "EmptyLatentImage": ("width", "height", "batch_size"),
    "EmptySD3LatentImage": ("width", "height", "batch_size"),
    "CheckpointLoaderSimple": ("ckpt_name",),
    "UNETLoader": ("unet_name", "weight_dtype"),
    "LoraLoader": ("lora_name", "strength_model", "strength_clip"),
    "LoraLoaderModelOnly": ("lora_name", "strength_model"),
    "RandomNoise": ("noise_seed", ""),
    "BasicScheduler": ("scheduler", "steps", "denoise"),
    "KSamplerSelect": ("sampler_name",),
    "PrimitiveString": ("value",),
    "PrimitiveStringMultiline": ("value",),
}


def asked(prompt: Mapping[str, Any]) -> Graph | None:
    """The graph as it was run, from the text ``prompt``."""
    nodes = {id: node for id, node in prompt.items() if isinstance(node, dict) and isinstance(node.get("inputs"), dict)}
    return nodes if 0 < len(nodes) <= _MOST_NODES else None


def drawn(workflow: Mapping[str, Any]) -> Graph | None:
    """The graph as it stood on the screen, from the text ``workflow``: values only of the nodes that are known."""
    nodes, links = workflow.get("nodes"), workflow.get("links")
    if not isinstance(nodes, list) or not isinstance(links, list) or len(nodes) > _MOST_NODES:
        return None
    sources = {
        link[0]: [str(link[1]), link[2]]
        for link in links
        if isinstance(link, list) and len(link) > 3 and isinstance(link[0], int)
    }
    graph: dict[str, dict[str, Any]] = {}
    for node in nodes:
        if isinstance(node, dict) and node.get("mode") not in (2, 4):  # muted and bypassed ones made nothing
            graph[str(node.get("id"))] = {"class_type": str(node.get("type")), "inputs": _inputs(node, sources)}
    return graph or None


def _inputs(node: Mapping[str, Any], sources: Mapping[int, list[Any]]) -> dict[str, Any]:
    values = node.get("widgets_values")
    names = _WIDGETS.get(str(node.get("type")), ())
    inputs = dict(zip(names, values, strict=False)) if isinstance(values, list) else {}
    for slot in node.get("inputs") or ():
        if isinstance(slot, dict) and isinstance(slot.get("link"), int) and slot["link"] in sources:
            inputs[str(slot.get("name"))] = sources[slot["link"]]
    return inputs


def read(graph: Graph) -> Told | None:
    """What the graph says; None where it samples nothing."""
    sampler = _sampler(graph)
    if sampler is None:
        return None
    walk = _Walk(graph)
    loras, model = walk.model(sampler)
    conditioned = "positive" if "positive" in graph[sampler]["inputs"] else "guider"
    return Told.of(
        prompt=walk.words(sampler, "positive"),
        negative_prompt=walk.words(sampler, "negative"),
        steps=walk.number(sampler, ("steps",)),
        guidance=walk.number(sampler, ("guidance",), conditioned) or walk.number(sampler, ("cfg",)),
        seed=walk.number(sampler, ("seed", "noise_seed")),
        width=walk.number(sampler, ("width",), "latent_image"),
        height=walk.number(sampler, ("height",), "latent_image"),
        model=model,
        sampler=walk.text(sampler, ("sampler_name",)),
        loras=loras,
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

    def words(self, id: str, side: str) -> str:
        """The texts that the picture was to be like (``positive``) or unlike (``negative``)."""
        inputs = self._graph[id]["inputs"]
        if "guider" in inputs and side not in inputs:
            guider = next(iter(self._links({"": inputs["guider"]})), id)
            return "" if "guider" in self._of(guider) else self.words(guider, side)
        start = inputs.get(side, inputs.get("conditioning") if side == "positive" else None)
        found, seen, waiting = list[str](), set[str](), deque(self._links({"": start}))
        while waiting:
            node = waiting.popleft()
            if node in seen:
                continue
            seen.add(node)
            text = next((t for name in _TEXTS if isinstance(t := self._value(node, name), str) and t.strip()), None)
            if text is not None:
                found.append(text.strip())
                continue
            ways = self._of(node)
            further = (
                {side: ways[side]} if side in ways else {name: ways[name] for name in _CONDITIONING if name in ways}
            )
            waiting.extend(self._links(further or ways))
        return ", ".join(dict.fromkeys(found))

    def model(self, id: str) -> tuple[list[tuple[str, Any]], str | None]:
        """The LoRAs on the way to the model, and the model."""
        loras: list[tuple[str, Any]] = []
        start = "model" if "model" in self._of(id) else "guider" if "guider" in self._of(id) else None
        for node in self.above(id, start):
            inputs = self._of(node)
            if isinstance(name := inputs.get("lora_name"), str):
                loras.append((name, inputs.get("strength_model", 1)))
            several = [held for held in inputs.values() if isinstance(held, dict) and isinstance(held.get("lora"), str)]
            loras += [(held["lora"], held.get("strength", 1)) for held in several if held.get("on", True)]
            for name in _MODELS:
                if isinstance(found := inputs.get(name), str):
                    return loras, found
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
            value = next((inputs[key] for key in (name, *_TEXTS, "seed", "int", "float") if key in inputs), None)
        return None if isinstance(value, list | dict) else value
