"""The repository of every picture and video model is recognized when someone adds it by name."""

from pathlib import Path
from typing import Any, cast

import pytest

from engines.catalog import Catalog, Entry, locations
from engines.diffusion import registry
from engines.hub import add_model
from engines.hub.client import Hub, Repo
from tests.facsimiles.facts import facts
from tests.facsimiles.test_facts import ENTRIES

_INDEX: dict[str, dict[str, Any]] = {
    "Wan-AI/Wan2.2-TI2V-5B-Diffusers": {"expand_timesteps": True, "boundary_ratio": None},
    "Wan-AI/Wan2.2-T2V-A14B-Diffusers": {"expand_timesteps": False, "boundary_ratio": 0.875},
    "Wan-AI/Wan2.2-I2V-A14B-Diffusers": {"expand_timesteps": False, "boundary_ratio": 0.9},
}
"""Values in the ``model_index.json`` of a repository other than its class."""


def denoiser(entry: Entry) -> str:
    """The repository of an entry's denoiser."""
    own = entry.parts.get("transformer") or entry.parts.get("motion_adapter") or entry.parts.get("unet")
    return own.repo if own and locations.is_repository(own) else ""


DRAWING = [
    entry
    for entry in ENTRIES
    if entry.tasks and not entry.quantization_of and denoiser(entry) and entry.id != "wan-2.2-refine"
]
"""All but the one that uses an expert of another's repository."""
INDEXED = sorted({denoiser(entry) for entry in DRAWING if facts()[denoiser(entry)].pipeline})


class KnownHub:
    """A hub with the repositories in the facts, and copies of them under other owners."""

    def repo(self, name: str, revision: str) -> Repo:
        return self._facts(name).as_repo().model_copy(update={"name": name})

    def json(self, repo: Repo, path: str) -> dict[str, Any]:
        known = self._facts(repo.name)
        return {"_class_name": known.pipeline, **_INDEX.get(known.repository, {})}

    def _facts(self, name: str) -> Any:
        title = name.partition("/")[2]
        return next(known for repo, known in facts().items() if repo.endswith(f"/{title}"))


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    return Catalog(tmp_path / "starter", tmp_path / "own")


def added(catalog: Catalog, name: str) -> Entry:
    return add_model.from_repository(catalog, cast(Hub, KnownHub()), name)


@pytest.mark.parametrize("entry", DRAWING, ids=lambda entry: entry.id)
def test_the_repository_of_a_shipped_model_is_that_model(entry: Entry, catalog: Catalog) -> None:
    assert added(catalog, denoiser(entry)) == entry


@pytest.mark.parametrize("repo", INDEXED)
def test_a_copy_under_another_owner_uses_the_same_family(repo: str, catalog: Catalog) -> None:
    (original, *_) = (entry for entry in DRAWING if denoiser(entry) == repo)
    copy = added(catalog, f"somebody/{repo.partition('/')[2]}")
    own = copy.parts.get("transformer") or copy.parts["unet"]
    assert own.repo.startswith("somebody/")
    assert (copy.pipeline, type(registry.of(copy))) == (original.pipeline, type(registry.of(original)))
    assert copy.options.get("pipeline") == original.options.get("pipeline")
