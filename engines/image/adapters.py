"""LoRAs, added to a pipeline for the length of one step: afterwards what they changed is as it was.

A job reads first and paints then, with different parts in memory; of each LoRA, the half about the parts at hand is
added. The models are shared with other jobs, so LoRAs are laid beside their weights and never worked into them.
"""

import hashlib
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engines.context import Context
from engines.loras import layouts, obstacles, weights
from engines.loras.header import read_header
from engines.loras.naming import Layers
from engines.requests import LoraUse
from engines.swapper.device import out_of_memory
from errors import StudioError

if TYPE_CHECKING:
    import torch

Loras = Mapping[str, float]
"""How much of each LoRA, by the id of its asset."""

_READERS = ("text_encoder", "text_encoder_2", "text_encoder_3")
_UP = ".lora_B.weight"
_OTHER_SIZE = "Its layers have another shape than the model's: it is made for another size of it."
_OTHER_NAMES = "Its layers have other names than the model's, or parts that cannot be added to it."


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

    def load(state: "dict[str, torch.Tensor]", name: str) -> int:
        state, missing = _addressed(pipeline, state)
        for call in calls:
            pipeline.load_lora_weights(state, adapter_name=name, **call)
        return missing

    with _added(pipeline, context, loras, load, encoders=False):
        yield


@contextmanager
def added_to_readers(pipeline: Any, context: Context, loras: Loras) -> Iterator[None]:
    """While it lasts, the pipeline reads with LoRAs. Raises StudioError as ``added``."""

    def load(state: "dict[str, torch.Tensor]", name: str) -> int:
        for component in _READERS:
            encoder = getattr(pipeline, component, None)
            own = {key: one for key, one in state.items() if (part := layouts.part(key)) and part.encoder == component}
            if own and encoder is not None and component in pipeline._lora_loadable_modules:
                _load_into_reader(pipeline, component, own, name)
        return 0

    with _added(pipeline, context, loras, load, encoders=True):
        yield


def _load_into_reader(pipeline: Any, component: str, state: "dict[str, torch.Tensor]", name: str) -> None:
    """Add a LoRA to a text encoder, each layer with its own rank: diffusers looks at those of some layers only."""
    encoder = getattr(pipeline, component)
    addressed = Layers(encoder).address(state)
    if addressed is None:
        raise KeyError(component)
    ranks = {key.removesuffix(_UP): one.shape[1] for key, one in addressed.state.items() if key.endswith(_UP)}
    rank = next(iter(ranks.values()))
    settings = {
        "r": rank,
        "lora_alpha": rank,
        "rank_pattern": {f"^{layer}": own for layer, own in ranks.items()},
        "alpha_pattern": {f"^{layer}": own for layer, own in ranks.items()},
        "target_modules": list(ranks),
        "use_dora": any(key.endswith("magnitude_vector") for key in addressed.state),
    }
    older = {"lora_A.weight": "lora_linear_layer.down.weight", "lora_B.weight": "lora_linear_layer.up.weight"}
    named = {}
    for key, tensor in addressed.state.items():
        layer, half = key.rsplit(".lora_", 1)
        named[f"{component}.{layer}.{older.get(f'lora_{half}', f'lora_{half}')}"] = tensor
    metadata = {f"{component}.{key}": value for key, value in settings.items()}
    pipeline.load_lora_into_text_encoder(
        named, None, encoder, prefix=component, adapter_name=name, _pipeline=pipeline, metadata=metadata
    )


@contextmanager
def _added(
    pipeline: Any,
    context: Context,
    loras: Loras,
    load: "Callable[[dict[str, torch.Tensor], str], int]",
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
            _check(context, asset)
            state = weights.read(context.input(asset), _precision(pipeline), encoders=encoders)
            if state:
                _load(load, state, name := f"lora{number}", pipeline, context, asset)
                active[name] = weight
        if active:
            pipeline.set_adapters(list(active), list(active.values()))
        yield
    finally:
        pipeline.unload_lora_weights()


def _check(context: Context, asset: str) -> None:
    """Judge a LoRA as it was judged when it came in: older ones may have been judged by less.

    Raises StudioError unusable_lora.
    """
    path = context.input(asset)
    if why := obstacles.judge(path, read_header(path), context.facts(asset).family).obstacle:
        raise StudioError(
            "unusable_lora", f"“{_title(context, asset)}” cannot be used.", why, "Leave it out.", status=422
        )


def _load(
    load: "Callable[[dict[str, torch.Tensor], str], int]",
    state: "dict[str, torch.Tensor]",
    name: str,
    pipeline: Any,
    context: Context,
    asset: str,
) -> None:
    try:
        with warnings.catch_warnings():
            # peft goes on without what it says this of, and the picture is another than the LoRA's
            warnings.filterwarnings("error", ".*did not match any targeted module", RuntimeWarning)
            missing = load(state, name)
    except (RuntimeError, ValueError, KeyError, IndexError, AttributeError, TypeError, RuntimeWarning) as error:
        if out_of_memory(error):
            raise
        size = "size mismatch" in str(error)
        raise _misfit(context, asset, _OTHER_SIZE if size else _OTHER_NAMES) from error
    if not any(name in names for names in pipeline.get_list_adapters().values()):
        raise _misfit(context, asset, "Not one of its layers is a layer of the model.")
    if any(scale != 1 for scale in _scales(pipeline, name)):
        raise _misfit(context, asset, "Its layers would be added by another measure than its trainer's.")
    if missing:
        left_out = "One layer is" if missing == 1 else f"{missing} layers are"
        context.note(f"{left_out} left out of “{_title(context, asset)}”: {context.entry.name} has none of that name.")


def _scales(pipeline: Any, name: str) -> Iterator[float]:
    """By how much each layer of a LoRA is scaled once it is loaded: as its measure is worked into it, by 1."""
    for part in pipeline._lora_loadable_modules:
        model = getattr(pipeline, part, None)
        for module in model.modules() if model is not None else ():
            if name in (scaling := getattr(module, "scaling", None) or {}):
                yield scaling[name]


def _misfit(context: Context, asset: str, why: str) -> StudioError:
    return StudioError(
        "bad_lora",
        f"“{_title(context, asset)}” cannot be added to {context.entry.name}.",
        why,
        "Leave it out, or take the model that it was made with.",
        status=422,
    )


def _addressed(pipeline: Any, state: "dict[str, torch.Tensor]") -> "tuple[dict[str, torch.Tensor], int]":
    """Names as diffusers writes them itself, where a LoRA calls its layers so that they are found in the model; and of
    how many of its layers the model has none.

    Raises KeyError for a DoRA whose layers are not: diffusers would leave out what makes it one.
    """
    for part in pipeline._lora_loadable_modules:
        model = getattr(pipeline, part, None)
        if model is None or part in _READERS:
            continue
        if addressed := Layers(model).address(state):
            return {f"{part}.{key}": tensor for key, tensor in addressed.state.items()}, len(addressed.missing)
    if any((known := layouts.part(key)) and known.ending in layouts.MAGNITUDES for key in state):
        raise KeyError("lora_magnitude_vector")
    return state, 0


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
