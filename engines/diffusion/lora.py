"""Add LoRAs to a pipeline for the duration of one stage, then remove them.

A job first encodes its prompt and then denoises, with different parts in memory; each stage adds the layers of a LoRA
that belong to its parts. The models are shared with other jobs, so LoRAs are never fused into their weights.
"""

import hashlib
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engines.host.context import Context
from engines.loras import compatibility, layouts, weights
from engines.loras.layer_names import Layers
from engines.memory.device import out_of_memory
from engines.requests import LoraUse
from engines.weights.safetensors_header import read_header
from errors import StudioError

if TYPE_CHECKING:
    import torch

Loras = Mapping[str, float]
"""The strength of each LoRA, by asset id."""

_TEXT_ENCODERS = ("text_encoder", "text_encoder_2", "text_encoder_3")
_UP = ".lora_B.weight"
_OTHER_SIZE = "Its layers and the model's have different shapes: it was made for another size of the model."
_OTHER_NAMES = "Its layer names do not match the model's, or it has parts that cannot be added."


def merge_weights(uses: Sequence[LoraUse]) -> dict[str, float]:
    """Return the strength of each LoRA: repeated LoRAs are added up, and those with a sum of 0 are dropped."""
    total: dict[str, float] = {}
    for use in uses:
        total[use.asset] = total.get(use.asset, 0.0) + use.weight
    return {asset: weight for asset, weight in total.items() if weight}


def text_encoder_loras(context: Context, loras: Loras) -> dict[str, float]:
    """Return the LoRAs that also change a text encoder."""
    facts = {asset: context.facts(asset).lora for asset in loras}
    return {asset: weight for asset, weight in loras.items() if (known := facts[asset]) and known.encoders}


def record(context: Context, loras: Loras) -> list[dict[str, Any]]:
    """Return the provenance of the LoRAs used for a file."""
    return [
        {"name": _title(context, asset), "asset": asset, "sha256": _sha256(context.input(asset)), "weight": weight}
        for asset, weight in loras.items()
    ]


@contextmanager
def apply_loras(
    pipeline: Any, context: Context, loras: Loras, calls: Sequence[Mapping[str, Any]] = ({},)
) -> Iterator[None]:
    """Apply LoRAs to the pipeline's denoisers for the duration of the block.

    ``load_lora_weights`` is called once for each item of ``calls``, with these as further arguments: once for each
    denoiser. Raises StudioError bad_lora (422) for a LoRA that does not fit the model.
    """

    def load(state: "dict[str, torch.Tensor]", name: str) -> int:
        state, missing = _addressed(pipeline, state)
        for call in calls:
            pipeline.load_lora_weights(state, adapter_name=name, **call)
        return missing

    with _loaded_adapters(pipeline, context, loras, load, encoders=False):
        yield


@contextmanager
def apply_to_text_encoders(pipeline: Any, context: Context, loras: Loras) -> Iterator[None]:
    """Apply LoRAs to the pipeline's text encoders for the duration of the block. Raises StudioError like
    ``apply_loras``."""

    def load(state: "dict[str, torch.Tensor]", name: str) -> int:
        for component in _TEXT_ENCODERS:
            encoder = getattr(pipeline, component, None)
            own = {key: one for key, one in state.items() if (part := layouts.part(key)) and part.encoder == component}
            if own and encoder is not None and component in pipeline._lora_loadable_modules:
                _load_into_text_encoder(pipeline, component, own, name)
        return 0

    with _loaded_adapters(pipeline, context, loras, load, encoders=True):
        yield


def _load_into_text_encoder(pipeline: Any, component: str, state: "dict[str, torch.Tensor]", name: str) -> None:
    """Add a LoRA to a text encoder, each layer with its own rank; diffusers only reads the ranks of some layers."""
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
def _loaded_adapters(
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
    """Check a LoRA as at its upload: the checks for older ones may have been weaker.

    Raises StudioError unusable_lora.
    """
    path = context.input(asset)
    if why := compatibility.judge(path, read_header(path), context.facts(asset).family).obstacle:
        raise StudioError("unusable_lora", f"“{_title(context, asset)}” cannot be used.", why, "Remove it.", status=422)


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
            # peft only warns about layers that it skips, but without them the picture would be wrong
            warnings.filterwarnings("error", ".*did not match any targeted module", RuntimeWarning)
            missing = load(state, name)
    except (RuntimeError, ValueError, KeyError, IndexError, AttributeError, TypeError, RuntimeWarning) as error:
        if out_of_memory(error):
            raise
        size = "size mismatch" in str(error)
        raise _misfit(context, asset, _OTHER_SIZE if size else _OTHER_NAMES) from error
    if not any(name in names for names in pipeline.get_list_adapters().values()):
        raise _misfit(context, asset, "None of its layers matches a layer of the model.")
    if any(scale != 1 for scale in _scales(pipeline, name)):
        raise _misfit(context, asset, "Its layers would be scaled differently than in training.")
    if missing:
        left_out = "One layer is" if missing == 1 else f"{missing} layers are"
        context.note(f"{left_out} left out of “{_title(context, asset)}”: {context.entry.name} has no matching layer.")


def _scales(pipeline: Any, name: str) -> Iterator[float]:
    """Yield the scale of each loaded layer of a LoRA: 1, because its alpha is already multiplied into its weights."""
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
        "Remove it, or choose the model that it was made for.",
        status=422,
    )


def _addressed(pipeline: Any, state: "dict[str, torch.Tensor]") -> "tuple[dict[str, torch.Tensor], int]":
    """Return the tensors under diffusers' names if the LoRA's layers are found in the model, and the number of its
    layers that the model does not have.

    Raises KeyError for a DoRA whose layers are not found: diffusers would skip its magnitude vectors.
    """
    for part in pipeline._lora_loadable_modules:
        model = getattr(pipeline, part, None)
        if model is None or part in _TEXT_ENCODERS:
            continue
        if addressed := Layers(model).address(state):
            return {f"{part}.{key}": tensor for key, tensor in addressed.state.items()}, len(addressed.missing)
    if any((known := layouts.part(key)) and known.ending in layouts.MAGNITUDES for key in state):
        raise KeyError("lora_magnitude_vector")
    return state, 0


def _precision(pipeline: Any) -> "torch.dtype":
    """Return the dtype of the loaded models; bfloat16 if they are stored in 8 bits, as they compute in that."""
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
