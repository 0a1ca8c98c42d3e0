"""LoRAs, added to a pipeline for the length of one step: afterwards what they changed is as it was.

A job reads first and paints then, with different parts in memory; of each LoRA, the half about the parts at hand is
added. The models are shared with other jobs, so LoRAs are laid beside their weights and never worked into them.
"""

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engines.context import Context
from engines.loras import layouts, weights
from engines.requests import LoraUse
from engines.swapper.device import out_of_memory
from errors import StudioError

if TYPE_CHECKING:
    import torch

Loras = Mapping[str, float]
"""How much of each LoRA, by the id of its asset."""

_READERS = ("text_encoder", "text_encoder_2", "text_encoder_3")


def settled(uses: Sequence[LoraUse]) -> dict[str, float]:
    """How much of each LoRA: one that is named twice counts twice, one of which nothing is left is none."""
    total: dict[str, float] = {}
    for use in uses:
        total[use.asset] = total.get(use.asset, 0.0) + use.weight
    return {asset: weight for asset, weight in total.items() if weight}


def of_readers(context: Context, loras: Loras) -> dict[str, float]:
    """Those of the LoRAs that also change how words are read."""
    facts = {asset: context.facts(asset).lora for asset in loras}
    return {asset: weight for asset, weight in loras.items() if (known := facts[asset]) and known.encoders}


def record(context: Context, loras: Loras) -> list[dict[str, Any]]:
    """What a file says of the LoRAs that went into it."""
    return [
        {"name": _title(context, asset), "asset": asset, "sha256": _sha256(context.input(asset)), "weight": weight}
        for asset, weight in loras.items()
    ]


@contextmanager
def added(pipeline: Any, context: Context, loras: Loras, calls: Sequence[Mapping[str, Any]] = ({},)) -> Iterator[None]:
    """While it lasts, the pipeline paints with LoRAs.

    ``calls`` are further arguments of ``load_lora_weights``, for each time that it is to be called: once for each
    denoiser. Raises StudioError bad_lora (422) for a LoRA that does not fit the model after all.
    """

    def load(state: "dict[str, torch.Tensor]", name: str) -> None:
        state = _addressed(pipeline, state)
        for call in calls:
            pipeline.load_lora_weights(state, adapter_name=name, **call)

    with _added(pipeline, context, loras, load, encoders=False):
        yield


@contextmanager
def added_to_readers(pipeline: Any, context: Context, loras: Loras) -> Iterator[None]:
    """While it lasts, the pipeline reads with LoRAs. Raises StudioError as ``added``."""

    def load(state: "dict[str, torch.Tensor]", name: str) -> None:
        state, alphas, *_ = pipeline.lora_state_dict(state, **_alphas(pipeline))
        for part in _READERS:
            encoder = getattr(pipeline, part, None)
            if encoder is not None and any(key.startswith(f"{part}.") for key in state):
                pipeline.load_lora_into_text_encoder(
                    state, alphas, encoder, prefix=part, adapter_name=name, _pipeline=pipeline
                )

    with _added(pipeline, context, loras, load, encoders=True):
        yield


@contextmanager
def _added(
    pipeline: Any,
    context: Context,
    loras: Loras,
    load: "Callable[[dict[str, torch.Tensor], str], None]",
    *,
    encoders: bool,
) -> Iterator[None]:
    if not loras:
        yield
        return
    try:
        active: dict[str, float] = {}
        for number, (asset, weight) in enumerate(loras.items()):
            context.check()
            state = weights.read(context.input(asset), _precision(pipeline), encoders=encoders)
            if state:
                _load(load, state, name := f"lora{number}", pipeline, context, asset)
                active[name] = weight
        if active:
            pipeline.set_adapters(list(active), list(active.values()))
        yield
    finally:
        pipeline.unload_lora_weights()


def _load(
    load: "Callable[[dict[str, torch.Tensor], str], None]",
    state: "dict[str, torch.Tensor]",
    name: str,
    pipeline: Any,
    context: Context,
    asset: str,
) -> None:
    try:
        load(state, name)
    except (RuntimeError, ValueError, KeyError, IndexError, AttributeError, TypeError) as error:
        if out_of_memory(error):
            raise
        raise _misfit(context, asset, "Its layers have other names or another shape than the model's.") from error
    if not any(name in names for names in pipeline.get_list_adapters().values()):
        raise _misfit(context, asset, "Not one of its layers is a layer of the model.")


def _misfit(context: Context, asset: str, why: str) -> StudioError:
    return StudioError(
        "bad_lora",
        f"“{_title(context, asset)}” cannot be added to {context.entry.name}.",
        f"{why} It may be made for another size of it.",
        "Leave it out, or take the model that it was made with.",
        status=422,
    )


def _addressed(pipeline: Any, state: "dict[str, torch.Tensor]") -> "dict[str, torch.Tensor]":
    """Names as diffusers writes them itself, where a LoRA calls all its layers as the model does."""
    named = {key: layouts.named(key) for key in state}
    for part in pipeline._lora_loadable_modules:
        model = getattr(pipeline, part, None)
        layers = {name for name, _ in model.named_modules()} if model is not None else set()
        if all(name is not None and name.layer in layers for name in named.values()):
            renamed = {key: f"{part}.{name.layer}.{name.half}" for key, name in named.items() if name and name.half}
            return {new: state[key] for key, new in renamed.items()}
    return state


def _alphas(pipeline: Any) -> dict[str, bool]:
    """FLUX.1 gives what its LoRAs are scaled by only where it is asked to."""
    return {"return_alphas": True} if hasattr(pipeline, "_control_lora_supported_norm_keys") else {}


def _precision(pipeline: Any) -> "torch.dtype":
    """That of the models at hand; where they are stored smaller than they compute, the one they compute in."""
    import torch

    parts = (getattr(pipeline, name, None) for name in pipeline._lora_loadable_modules)
    dtype = next((part.dtype for part in parts if part is not None), torch.float32)
    return dtype if dtype.itemsize > 1 else torch.bfloat16


def _title(context: Context, asset: str) -> str:
    one = context.inputs[asset]
    return one.title or one.facts.title or "The LoRA"


def _sha256(path: Path) -> str:
    return _file_sha256(path, path.stat().st_mtime_ns)


@lru_cache(64)
def _file_sha256(path: Path, _: int) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
