"""Switch on what makes a stage faster or saves memory, for the duration of a block."""

import inspect
import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

from engines.memory.plan import StagePlan

if TYPE_CHECKING:
    import torch

log = logging.getLogger(__name__)

TILED_DECODING = "tiled decoding"
"""Its name in the provenance."""


@contextmanager
def accelerated(models: Mapping[str, Any], plan: StagePlan, pipeline: Any = None) -> Iterator[tuple[str, ...]]:
    """Apply the accelerations of a stage's plan to its models: attention backend, step cache, compiled blocks, tiled
    decoding. Yield the names of those that are on; what a model, its ``pipeline`` or this computer does not support is
    skipped and logged.

    The models are shared with other jobs, so they are restored at the end.
    """
    wanted: list[tuple[str, Callable[[Any], AbstractContextManager[None]]]] = []
    chosen = plan.acceleration
    if chosen.attention:
        wanted.append((f"attention {chosen.attention}", lambda model: _attention(model, chosen.attention)))
    if chosen.first_block_cache:
        name = f"first_block_cache {chosen.first_block_cache:g}"
        obstacle = _cache_obstacle(models, pipeline)
        wanted.append((name, lambda model: _first_block_cache(model, chosen.first_block_cache, obstacle)))
    if chosen.compile:
        wanted.append(("compile", _compiled))
    denoisers = [model for name, model in models.items() if name.startswith(("transformer", "unet"))]
    active = []
    with ExitStack() as stack:
        for name, switch_on in wanted:
            if denoisers and _entered(stack, name, map(switch_on, denoisers)):
                active.append(name)
        if plan.tiled and _entered(stack, TILED_DECODING, [_tiled(models["vae"])]):
            active.append(TILED_DECODING)
        yield tuple(active)


def _entered(stack: ExitStack, name: str, contexts: Iterable[AbstractContextManager[None]]) -> bool:
    """Enter all contexts, or none; return whether they were entered."""
    try:
        with ExitStack() as entered:
            for context in contexts:
                entered.enter_context(context)
            stack.enter_context(entered.pop_all())
    except Exception as error:  # whatever a library raises: the job works without it, only slower
        log.warning("%s is off: %s", name, error)
        return False
    return True


@contextmanager
def _attention(model: Any, backend: str) -> Iterator[None]:
    from diffusers.models.attention_dispatch import attention_backend

    if not any(hasattr(getattr(module, "processor", None), "_attention_backend") for module in model.modules()):
        raise ValueError(f"{type(model).__name__} has its own attention")
    if backend.endswith("_hub"):
        raise ValueError("it would download its code during the job")
    # The models' own ``set_attention_backend`` also sets a global backend, which it never resets.
    with attention_backend(backend):
        yield


def _cache_obstacle(models: Mapping[str, Any], pipeline: Any) -> str:
    """Return why a step cache would fail or change the result too much; empty if nothing is in the way."""
    if "controlnet" in models:
        return "a ControlNet would be added twice in each cached step"
    call = inspect.unwrap(type(pipeline).__call__) if pipeline is not None else None
    if call is not None and "cache_context" not in call.__code__.co_names:
        return f"{type(pipeline).__name__} does not say whether it runs the prompt or the negative prompt"
    return ""


@contextmanager
def _first_block_cache(model: Any, threshold: float, obstacle: str) -> Iterator[None]:
    from diffusers import FirstBlockCacheConfig

    if obstacle:
        raise ValueError(obstacle)
    model.enable_cache(FirstBlockCacheConfig(threshold=threshold))
    try:
        yield
    finally:
        model.disable_cache()


@contextmanager
def _compiled(model: Any) -> Iterator[None]:
    """Torch caches the compiled code beyond the block: it compiles once per shape, not once per job."""
    import torch

    torch.compile(_twice)(torch.ones(1, device=model.device))  # raises if this computer has no compiler
    before = {module: module._compiled_call_impl for module in model.modules()}
    try:
        model.compile_repeated_blocks()
        yield
    finally:
        for module, implementation in before.items():
            module._compiled_call_impl = implementation


def _twice(value: "torch.Tensor") -> "torch.Tensor":
    return value * 2


@contextmanager
def _tiled(vae: Any) -> Iterator[None]:
    vae.enable_tiling()
    try:
        yield
    finally:
        vae.disable_tiling()
