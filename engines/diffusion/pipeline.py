"""Build a pipeline from the parts of a model that a stage needs."""

from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Any

from engines.diffusion.family import PromptEmbeds
from engines.host.context import Context
from engines.weights.pretrained import scheduler


def build_pipeline(name: str, context: Context, models: Mapping[str, Any], options: Mapping[str, Any]) -> Any:
    """Build a pipeline for this job: ``name`` is a class of diffusers, or ``module:Name`` of a class of this project.

    Its models are shared with other jobs; parts that are not given are None.
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
    """Return the model's scheduler. Its entry can set another class (``scheduler``), or override settings of its
    repository (``scheduler_settings``)."""
    import diffusers

    own = scheduler(context.catalog.path(context.entry, "scheduler"))
    options = context.entry.options
    kind = getattr(diffusers, options["scheduler"]) if "scheduler" in options else type(own)
    return kind.from_config(own.config, **options.get("scheduler_settings", {}))


def to_denoiser(prompt_embeds: PromptEmbeds, models: Sequence[Any]) -> PromptEmbeds:
    """Move prompt embeds to the denoiser's device and dtype."""
    painter = next(model for model in models if hasattr(model, "dtype"))
    return {name: _move(value, painter.device, painter.dtype) for name, value in prompt_embeds.items()}


def _move(value: Any, device: Any, dtype: Any) -> Any:
    if isinstance(value, list | tuple):
        return type(value)(_move(one, device, dtype) for one in value)
    if not hasattr(value, "is_floating_point"):
        return value
    return value.to(device=device, dtype=dtype) if value.is_floating_point() else value.to(device)
