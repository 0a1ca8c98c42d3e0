"""The parts of a model as components, and a pipeline put together from those that a step needs."""

from collections.abc import Collection, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from engines import planning
from engines.catalog import Entry
from engines.context import Context
from engines.image.family import Words
from engines.swapper import Component, sizes
from engines.swapper.keeping import Keeping
from engines.swapper.pretrained import Tokenizer, pretrained, scheduler


def components(
    context: Context, names: Sequence[str], working: planning.Working, helpers: Sequence[Entry] = ()
) -> dict[str, Component]:
    """The named parts of the job's model and of what helps it, as far as they have them, kept as fits with what the
    work takes beside them."""
    plan = _planned(context, names, working, helpers)
    entry = context.catalog.get(plan.version) if plan.version else context.entry
    folders = {name: context.catalog.path(one, name) for one, name in _owned((*helpers, entry), names)}
    light = {name: folder for name, folder in folders.items() if not planning.heavy(name)}
    heavy = {name: folder for name, folder in folders.items() if name not in light}
    found: dict[str, Component] = {name: Tokenizer(folder, entry.name) for name, folder in light.items()}
    return found | pretrained(heavy, context.device, entry.name, _kept(plan, heavy)) if heavy else found


def _owned(owners: Sequence[Entry], names: Sequence[str]) -> list[tuple[Entry, str]]:
    return [(one, name) for one in owners for name in names if name in one.parts]


def _planned(
    context: Context, names: Sequence[str], working: planning.Working, helpers: Sequence[Entry]
) -> planning.Plan:
    """How the job's model is kept with what is free now, beside the helpers that it takes."""
    helping = [context.catalog.path(one, name) for one, name in _owned(helpers, names) if planning.heavy(name)]
    working = working.beside(sum(map(sizes.weight_bytes, helping)))
    plan, room = _plan_now(context, working)
    if room.beside and not plan.plain:
        alone = planning.settled(
            context.entry, context.catalog, working, room.alone(context.config.memory_bytes), context.pinned
        )
        is_better = (alone.fits, -alone.slowdown) > (plan.fits, -plan.slowdown)
        if is_better and context.ask_others(alone.device_bytes - room.device):
            plan, _ = _plan_now(context, working)
    context.planned = plan.record
    return plan


def _plan_now(context: Context, working: planning.Working) -> tuple[planning.Plan, planning.Room]:
    """The plan with what memory there is now."""
    device, beside = context.most
    room = planning.Room(device=device, beside=beside, total=context.device.total())
    return planning.settled(context.entry, context.catalog, working, room, context.pinned), room


def _kept(plan: planning.Plan, heavy: Mapping[str, Path]) -> dict[str, Keeping]:
    """How each part is kept: of the model's own as planned, of its helpers' whole and in the same precision."""
    stage = plan.reading if set(plan.reading.parts) & set(heavy) else plan.painting
    shared = next((way.dtype for way in stage.parts.values()), None)
    return {name: stage.parts.get(name, Keeping(dtype=shared)) for name in heavy}


def files(context: Context, helpers: Sequence[Entry], besides: Collection[str]) -> dict[str, Path]:
    """The parts of helpers that are single files and no models of their own, to be added to what is loaded.

    ``besides`` are those that are loaded themselves.
    """
    added = [(one, name) for one in helpers for name, part in one.parts.items() if part.file and name not in besides]
    return {name: context.catalog.path(one, name) for one, name in added}


def assembled(name: str, context: Context, models: Mapping[str, Any], options: Mapping[str, Any]) -> Any:
    """The pipeline of this job alone: a class of diffusers, or ``module:Name`` of our own.

    Its models are shared, what is not given is None.
    """
    module, _, class_name = name.rpartition(":")
    kind = getattr(import_module(module or "diffusers"), class_name)
    every, _ = kind._get_signature_keys(kind)
    parts = dict.fromkeys(every) | dict(models)
    if "scheduler" in parts and "scheduler" in context.entry.parts:
        parts["scheduler"] = _scheduler(context)
    pipeline = kind(**{part: model for part, model in parts.items() if part in every}, **options)
    pipeline.set_progress_bar_config(disable=True)
    return pipeline


def _scheduler(context: Context) -> Any:
    """The model's scheduler; where its entry says so, of another class (``scheduler``), or with other settings than its
    repository's (``scheduler_settings``)."""
    import diffusers

    own = scheduler(context.catalog.path(context.entry, "scheduler"))
    options = context.entry.options
    kind = getattr(diffusers, options["scheduler"]) if "scheduler" in options else type(own)
    return kind.from_config(own.config, **options.get("scheduler_settings", {}))


def placed(words: Words, models: Sequence[Any]) -> Words:
    """What was read, where the painter is and in its precision."""
    painter = next(model for model in models if hasattr(model, "dtype"))
    return {name: _moved(value, painter.device, painter.dtype) for name, value in words.items()}


def _moved(value: Any, device: Any, dtype: Any) -> Any:
    if isinstance(value, list | tuple):
        return type(value)(_moved(one, device, dtype) for one in value)
    if not hasattr(value, "is_floating_point"):
        return value
    return value.to(device=device, dtype=dtype) if value.is_floating_point() else value.to(device)
