"""Twins: the real classes of a pipeline, tiny and with random weights, saved and loaded like the large models.

A twin tests code, memory, progress, cancellation and reproducibility without the real weights; its results are noise.
"""

import os
import shutil
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from types import MappingProxyType
from typing import Any

import yaml

from engines import torch_setup
from engines.catalog import Entry, shipped
from engines.catalog.entry import Part
from engines.catalog.family_folders import PACKAGE, family_folders
from engines.twins.precisions import Precisions, store
from engines.twins.twin import Twin

_SHARED_TWINS = ("engines.twins.qwen", "engines.twins.structure", "engines.twins.upscalers")


def build(name: str, folder: Path, precisions: Precisions = MappingProxyType({})) -> Path:
    """Return the folder of a twin, built on first use: ``folder/<name>``, laid out like the real model on the hub.

    ``precisions`` overrides the stored precision of parts; such a twin has its own folder.
    """
    marks = [f"{part.replace('/', '.')}={dtype}" for part, dtype in sorted(precisions.items())]
    target = folder / "+".join([name, *marks])
    if target.is_dir():
        return target
    torch_setup.import_heavy("diffusers", "transformers")
    part = folder / f"{target.name}.{os.getpid()}.part"
    _find(name).save(part)
    store(part, precisions)
    try:
        part.rename(target)
    except OSError:  # another process was faster
        shutil.rmtree(part)
    return target


def _find(name: str) -> Twin:
    """Return the twin with a name, from a family's ``twin.py`` or a module here. Raises KeyError."""
    of_families = (f"{PACKAGE}.{folder.name}.twin" for folder in family_folders() if (folder / "twin.py").is_file())
    for module in (*of_families, *_SHARED_TWINS):
        twins: Mapping[str, Twin] = import_module(module).TWINS
        if name in twins:
            return twins[name]
    raise KeyError(name)


def install(name: str, folder: Path, own: Path) -> str:
    """Make a twin usable: build it below ``folder`` and add an entry, modeled on the first catalog entry with this
    twin. Return its id."""
    return _install(next(entry for entry in shipped.entries() if entry.twin == name), folder, own, {})


def install_entry(id: str, folder: Path, own: Path, precisions: Precisions = MappingProxyType({})) -> str:
    """Make the twin of a catalog entry usable, like ``install``; ``precisions`` as for ``build``."""
    return _install(shipped.entry(id), folder, own, precisions)


def _install(entry: Entry, folder: Path, own: Path, precisions: Precisions) -> str:
    assert entry.twin, f"{entry.id} has no twin"
    root = build(entry.twin, folder, precisions)
    changes = _find(entry.twin).changes
    tiny = entry.model_copy(
        update={
            "id": f"{entry.id}.twin",
            "name": f"{entry.name} (tiny twin)",
            "parts": {name: _part(root, name, part) for name, part in entry.parts.items()},
            "quantizations": {},
            "load_seconds": 1.0,
            "seconds_per_unit": 0.1,
            **{name: _changed(getattr(entry, name), value) for name, value in changes.items()},
        }
    )
    own.mkdir(parents=True, exist_ok=True)
    (own / f"{tiny.id}.yaml").write_text(yaml.safe_dump(tiny.model_dump(mode="json"), allow_unicode=True))
    return tiny.id


def _part(root: Path, name: str, part: Part) -> Part:
    """Return a part of a twin. A part at the top of its own repository has a separate folder in the twin."""
    own = root / name
    apart = not part.subfolder and own.is_dir()
    return part.model_copy(update={"repo": str(own), "allow": ()} if apart else {"repo": str(root)})


def _changed(current: Any, value: Any) -> Any:
    """Return the twin's value of an entry's field; mappings are merged."""
    return {**current, **value} if isinstance(value, Mapping) else value
