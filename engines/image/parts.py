"""The parts of a model as components, and a pipeline put together from those that a step needs."""

from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Any

from engines.context import Context
from engines.swapper import Component
from engines.swapper.pretrained import Tokenizer, pretrained, scheduler

_LIGHT = ("tokenizer", "processor", "feature_extractor", "image_processor")
"""What the names of parts begin with that hold no weights."""


def components(context: Context, names: Sequence[str]) -> dict[str, Component]:
    """The named parts of the job's model, as far as it has them."""
    entry, catalog = context.entry, context.catalog
    folders = {name: catalog.path(entry, name) for name in names if name in entry.parts}
    light = {name: folder for name, folder in folders.items() if name.startswith(_LIGHT)}
    heavy = {name: folder for name, folder in folders.items() if name not in light}
    found: dict[str, Component] = {name: Tokenizer(folder, entry.name) for name, folder in light.items()}
    return found | pretrained(heavy, context.device, entry.name) if heavy else found


def assembled(name: str, context: Context, models: Mapping[str, Any], options: Mapping[str, Any]) -> Any:
    """The pipeline of this job alone: a class of diffusers, or ``module:Name`` of our own.

    Its models are shared, what is not given is None.
    """
    module, _, class_name = name.rpartition(":")
    kind = getattr(import_module(module or "diffusers"), class_name)
    every, _ = kind._get_signature_keys(kind)
    parts = dict.fromkeys(every) | dict(models)
    if "scheduler" in parts and "scheduler" in context.entry.parts:
        parts["scheduler"] = scheduler(context.catalog.path(context.entry, "scheduler"))
    pipeline = kind(**{part: model for part, model in parts.items() if part in every}, **options)
    pipeline.set_progress_bar_config(disable=True)
    return pipeline
