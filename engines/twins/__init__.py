"""Twins: the real classes of a pipeline, tiny and with random weights, saved and read back like the large ones.

A twin proves code, memory, progress, cancel and reproduction without the weights; what it makes looks like noise.
"""

import os
import shutil
from collections.abc import Iterator, Mapping
from importlib import import_module
from pathlib import Path
from types import MappingProxyType
from typing import Any

import yaml

from engines import runtime
from engines.catalog import SHIPPED, Entry, read
from engines.catalog.entry import Part
from engines.twins.precisions import Precisions, store

BUILDERS = {
    "qwen3": "engines.twins.qwen:save_text",
    "qwen2.5-vl": "engines.twins.qwen:save_vl25",
    "qwen3-vl": "engines.twins.qwen:save_vl3",
    "stable-diffusion-1.5": "engines.twins.stable_diffusion_15:save",
    "sdxl": "engines.twins.sdxl:save",
    "sdxl-lcm": "engines.twins.sdxl:save_distilled",
    "controlnet-sd15": "engines.twins.helpers:save_controlnet_15",
    "controlnet-sdxl": "engines.twins.helpers:save_controlnet_xl",
    "controlnet-flux1": "engines.twins.unions:save_flux",
    "controlnet-qwen-image": "engines.twins.unions:save_qwen_image",
    "controlnet-z-image": "engines.twins.unions:save_z_image",
    "ip-adapter-sd15": "engines.twins.helpers:save_ip_adapter_15",
    "ip-adapter-sdxl": "engines.twins.helpers:save_ip_adapter_xl",
    "depth-anything": "engines.twins.structure:save_depth",
    "vitpose": "engines.twins.structure:save_pose",
    "flux.1-schnell": "engines.twins.flux:save_schnell",
    "flux.1-dev": "engines.twins.flux:save_dev",
    "flux.1-fill": "engines.twins.flux:save_fill",
    "flux.2-dev": "engines.twins.flux:save_flux2_dev",
    "flux.2-klein": "engines.twins.flux:save_klein",
    "z-image": "engines.twins.z_image:save",
    "qwen-image": "engines.twins.qwen_image:save",
    "qwen-image-edit": "engines.twins.qwen_image:save_edit",
    "qwen-image-2.1": "engines.twins.qwen_image:save_21",
    "hidream": "engines.twins.hidream:save",
    "hidream-full": "engines.twins.hidream:save_full",
    "hidream-dev": "engines.twins.hidream:save_dev",
    "wan-2.2": "engines.twins.wan:save",
    "wan-2.1": "engines.twins.wan:save_21",
    "wan-2.2-5b": "engines.twins.wan:save_5b",
    "storybook-motion": "engines.twins.wan:save_storybook",
    "swin2sr": "engines.twins.upscalers:save_swin2sr",
    "esrgan": "engines.twins.upscalers:save_esrgan",
}
_SMALL: Mapping[str, Any] = {
    "pixels": 128 * 128,
    "defaults": {"width": 128, "height": 128},
    "bounds": {"width": (64, 1024, 16), "height": (64, 1024, 16)},
}
"""A large model's twin draws small, so that it is quick."""
_SMALLEST: Mapping[str, Any] = {
    "pixels": 64 * 64,
    "defaults": {"width": 64, "height": 64},
    "task_defaults": {"create_image": {"width": 64, "height": 64}},
    "bounds": {"width": (64, 1024, 32), "height": (64, 1024, 32)},
}
"""Of models that look at more than they draw."""
_SHORT: Mapping[str, Any] = {
    "pixels": 64 * 64,
    "defaults": {"width": 64, "height": 64, "seconds": 0.5, "steps": 3},
    "bounds": {"width": (64, 256, 32), "height": (64, 256, 32)},
}
"""Of models that make clips."""
_HIDREAM: Mapping[str, Any] = {**_SMALLEST, "pixels": 128 * 128, "options": {"sample_size": 16}}
_TINY: Mapping[str, Mapping[str, Any]] = {
    "stable-diffusion-1.5": {"pixels": 128 * 128},
    "sdxl": _SMALL,
    "sdxl-lcm": _SMALL,
    "flux.1-schnell": _SMALL,
    "flux.1-dev": _SMALL,
    "flux.1-fill": _SMALL,
    "flux.2-dev": _SMALL,
    "flux.2-klein": _SMALL,
    "z-image": _SMALL,
    "qwen-image": _SMALLEST,
    "qwen-image-edit": _SMALLEST,
    "qwen-image-2.1": _SMALLEST,
    "hidream": _HIDREAM,
    "hidream-full": _HIDREAM,
    "hidream-dev": _HIDREAM,
    "wan-2.2": _SMALLEST,
    "wan-2.1": _SHORT,
    "wan-2.2-5b": _SHORT,
}
"""Where an entry says something that holds for the large model only, what holds for the twin."""


def build(name: str, folder: Path, precisions: Precisions = MappingProxyType({})) -> Path:
    """The folder of a twin, made the first time: ``folder/<name>``, laid out as the hub lays out the real one.

    ``precisions`` are those in which parts are stored otherwise than the twin's builder stores them; such a twin has a
    folder of its own.
    """
    marks = [f"{part.replace('/', '.')}={dtype}" for part, dtype in sorted(precisions.items())]
    target = folder / "+".join([name, *marks])
    if target.is_dir():
        return target
    runtime.heavy("diffusers", "transformers")
    module, function = BUILDERS[name].split(":")
    part = folder / f"{target.name}.{os.getpid()}.part"
    getattr(import_module(module), function)(part)
    store(part, precisions)
    try:
        part.rename(target)
    except OSError:  # another process was faster
        shutil.rmtree(part)
    return target


def install(name: str, folder: Path, own: Path) -> str:
    """Make a twin usable: build it below ``folder``, and enter the first catalog entry that it stands for. Its id."""
    return _install(next(entry for entry in _entries() if entry.twin == name), folder, own, {})


def install_entry(id: str, folder: Path, own: Path, precisions: Precisions = MappingProxyType({})) -> str:
    """Make the twin of a catalog entry usable: as ``install``, for an entry by its id; ``precisions`` as ``build``."""
    return _install(next(entry for entry in _entries() if entry.id == id), folder, own, precisions)


def _entries() -> Iterator[Entry]:
    return map(read, sorted(SHIPPED.glob("*.yaml")))


def _install(entry: Entry, folder: Path, own: Path, precisions: Precisions) -> str:
    assert entry.twin, f"{entry.id} has no twin"
    root = build(entry.twin, folder, precisions)
    twin = entry.model_copy(
        update={
            "id": f"{entry.id}.twin",
            "name": f"{entry.name} (tiny twin)",
            "parts": {name: _part(root, name, part) for name, part in entry.parts.items()},
            "smaller": {},
            "load_seconds": 1.0,
            "rate": 0.1,
            **{name: _changed(getattr(entry, name), value) for name, value in _TINY.get(entry.twin, {}).items()},
        }
    )
    own.mkdir(parents=True, exist_ok=True)
    (own / f"{twin.id}.yaml").write_text(yaml.safe_dump(twin.model_dump(mode="json"), allow_unicode=True))
    return twin.id


def _part(root: Path, name: str, part: Part) -> Part:
    """A part of a twin: of a repository of its own, what lies at its top has a folder to itself, nothing beside it."""
    own = root / name
    apart = not part.subfolder and own.is_dir()
    return part.model_copy(update={"repo": str(own), "allow": ()} if apart else {"repo": str(root)})


def _changed(said: Any, value: Any) -> Any:
    """What an entry says, with a value in its place; where both name things, with those named anew."""
    return {**said, **value} if isinstance(value, Mapping) else value
