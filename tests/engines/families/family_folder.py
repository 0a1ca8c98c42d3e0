"""A family in a folder of its own, found as the shipped ones are."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml

from engines import families
from engines.catalog import shipped


@contextmanager
def family_folder(name: str, root: Path, like: str, family: str, twin: str, **changes: Any) -> Iterator[None]:
    """Add a family ``name`` with one model of this id for the duration of the block: the entry ``like`` with
    ``changes``, and the sources of ``family.py`` and ``twin.py``. Its class is named like it, in capitals."""
    title = name.capitalize()
    folder = root / "families" / name
    (folder / "entries").mkdir(parents=True)
    entry = shipped.entry(like).model_dump(mode="json", exclude_defaults=True)
    entry |= {"id": name, "name": title, "pipeline": f"diffusers:{title}Pipeline", "twin": name, "aliases": []}
    (folder / "entries" / f"{name}.yaml").write_text(yaml.safe_dump(entry | changes))
    (folder / "family.py").write_text(family)
    (folder / "twin.py").write_text(twin)
    rule = {"family": title, "family_class": title, "like": name}
    (folder / "detect.yaml").write_text(yaml.safe_dump({"pipelines": {f"{title}Pipeline": rule}}))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(families, "__path__", [*families.__path__, str(folder.parent)])
        yield
    for module in [module for module in sys.modules if module.startswith(f"{families.__name__}.{name}")]:
        del sys.modules[module]
