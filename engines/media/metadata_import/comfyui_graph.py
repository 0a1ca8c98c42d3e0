"""Parse the graphs that ComfyUI puts into pictures: as executed (``prompt``), or as shown (``workflow``)."""

from collections.abc import Iterator, Mapping
from typing import Any

Graph = Mapping[str, Mapping[str, Any]]
"""Nodes by id, with ``class_type`` and ``inputs``; an input is a value or a link ``[node, output]``."""

_MOST_NODES, _MOST_LINKS, _MOST_SLOTS = 5000, 20_000, 200
"""Limits for a graph's nodes and links, and for the inputs and outputs of a node."""
_MUTED, _BYPASSED = 2, 4
_AFTER_SEED = ("fixed", "randomize", "increment", "decrement", "increment-wrap")
"""Values of the control after a seed, which is not an input."""
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
    "StringConcatenate": ("string_a", "string_b", "delimiter"),
}


def prompt_graph(prompt: Mapping[str, Any]) -> Graph | None:
    """Return the executed graph, from the text ``prompt``."""
    nodes = {id: node for id, node in prompt.items() if isinstance(node, dict) and isinstance(node.get("inputs"), dict)}
    return nodes if 0 < len(nodes) <= _MOST_NODES else None


def workflow_graph(workflow: Mapping[str, Any]) -> Graph | None:
    """Return the displayed graph, from the text ``workflow``, with the values of nodes that are known or name them."""
    nodes, links = workflow.get("nodes"), workflow.get("links")
    if not isinstance(nodes, list) or not isinstance(links, list):
        return None
    if len(nodes) > _MOST_NODES or len(links) > _MOST_LINKS:
        return None
    named = {str(node.get("id")): node for node in nodes if isinstance(node, dict)}
    wires = {link[0]: link for link in links if isinstance(link, list) and len(link) > 3 and isinstance(link[0], int)}
    sources: dict[int, list[Any] | None] = {}
    graph = {
        id: {"class_type": str(node.get("type")), "inputs": _inputs(node, named, wires, sources)}
        for id, node in named.items()
        if node.get("mode") not in (_MUTED, _BYPASSED)
    }
    return graph or None


def _inputs(
    node: Mapping[str, Any],
    nodes: Mapping[str, Mapping[str, Any]],
    wires: Mapping[int, list[Any]],
    sources: dict[int, list[Any] | None],
) -> dict[str, Any]:
    values = node.get("widgets_values")
    if isinstance(values, dict):
        inputs = {str(name): value for name, value in values.items()}
    else:
        inputs = dict(_values(node, values if isinstance(values, list) else []))
    for slot in _slots(node, "inputs"):
        if source := _source(slot.get("link"), nodes, wires, sources):
            inputs[str(slot.get("name"))] = source
    return inputs


def _values(node: Mapping[str, Any], values: list[Any]) -> Iterator[tuple[str, Any]]:
    """Yield the values of a node by name; newer versions store the names too."""
    known = _WIDGETS.get(str(node.get("type")))
    if known:
        yield from zip(known, values, strict=False)
        return
    names = [str(slot["widget"].get("name")) for slot in _slots(node, "inputs") if isinstance(slot.get("widget"), dict)]
    shown = [value for value in values if value not in _AFTER_SEED] if len(values) > len(names) else values
    yield from zip(names, shown, strict=False)


def _source(
    wire: Any,
    nodes: Mapping[str, Mapping[str, Any]],
    wires: Mapping[int, list[Any]],
    known: dict[int, list[Any] | None],
) -> list[Any] | None:
    """Return the source of an input, following bypassed nodes, which pass on their input of the same type.

    ``known`` caches the sources of wires that were already followed.
    """
    passed: list[int] = []
    source = None
    while isinstance(wire, int) and wire in wires:
        if wire in known:
            source = known[wire]
            break
        known[wire] = None  # stops at a cycle
        passed.append(wire)
        id, output = str(wires[wire][1]), wires[wire][2]
        node = nodes.get(id, {})
        if node.get("mode") != _BYPASSED:
            source = [id, output]
            break
        wire = _upstream_output(node, output, wires[wire])
    known.update(dict.fromkeys(passed, source))
    return source


def _upstream_output(node: Mapping[str, Any], output: Any, wire: list[Any]) -> Any:
    """Return the wire a bypassed node passes to an output: the input at its position, or the first of its type."""
    slots, outputs = _slots(node, "inputs"), _slots(node, "outputs")
    place = output if isinstance(output, int) and output >= 0 else len(slots)
    kind = outputs[place].get("type") if place < len(outputs) else (wire[5] if len(wire) > 5 else None)
    same = [slot for slot in (*slots[place : place + 1], *slots) if slot.get("type") == kind]
    return next((slot.get("link") for slot in same if isinstance(slot.get("link"), int)), None)


def _slots(node: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    slots = node.get(name)
    return [slot for slot in slots[:_MOST_SLOTS] if isinstance(slot, dict)] if isinstance(slots, list) else []
