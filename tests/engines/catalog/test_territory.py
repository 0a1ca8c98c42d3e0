"""Licenses that exclude regions: such a model is refused there, and never chosen automatically unless it is allowed."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from engines.catalog import Catalog, shipped
from engines.catalog.territory import is_licensed, region_names
from engines.requests import CreateImage, FetchModel
from errors import StudioError

TENCENT = ("EU", "GB", "KR")


@pytest.mark.parametrize(
    ("country", "valid"),
    [("DE", False), ("EU", False), ("GB", False), ("KR", False), ("US", True), ("CH", True), ("", None)],
)
def test_a_license_is_valid_where_it_does_not_exclude_the_country(country: str, valid: bool | None) -> None:
    assert is_licensed(TENCENT, country) is valid
    assert is_licensed((), country) is True


def test_regions_are_named() -> None:
    assert region_names(TENCENT) == "the EU, the UK and South Korea"
    assert (region_names(("US",)), region_names(())) == ("the US", "")


def catalog(folder: Path, monkeypatch: pytest.MonkeyPatch, country: str, *more: str) -> Catalog:
    """A catalog with a model whose license excludes regions, the best of all, and others without that."""
    monkeypatch.setattr(shipped, "entries", tuple)
    folder.mkdir(exist_ok=True)
    for name in ("bounded", *more):
        excluded = TENCENT if name == "bounded" else ()
        (folder / f"{name}.yaml").write_text(yaml.safe_dump(entry(name, excluded)))
    return Catalog(folder / "starter", folder, country=country)


def entry(name: str, excluded: tuple[str, ...]) -> dict[str, Any]:
    return {
        "id": name,
        "name": name.title(),
        "use": "Tests.",
        "tasks": ["create_image"],
        "best_for": ["create_image"] if excluded else [],
        "runtime": "onnx",
        "pipeline": "none",
        "parts": {},
        "license": {"name": "Tencent", "commercial": True, "territory": list(excluded)},
        "verified": "starter",
    }


def test_it_is_chosen_where_its_license_is_valid(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = catalog(tmp_path, monkeypatch, "US", "plain")
    assert found.prepare(CreateImage(prompt="x"), {}).model == "bounded"


@pytest.mark.parametrize("country", ["DE", ""])
def test_it_is_never_chosen_where_it_may_not_be_valid(
    country: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = catalog(tmp_path, monkeypatch, country, "plain")
    assert found.prepare(CreateImage(prompt="x"), {}).model == "plain"


def test_alone_it_is_refused_with_the_reason(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    known = catalog(tmp_path, monkeypatch, "DE")
    with pytest.raises(StudioError, match="Bounded may not be used where your studio is \\(DE\\)") as refused:
        known.prepare(CreateImage(prompt="x"), {})
    assert refused.value.problem.why == "Its license (Tencent) is not valid in the EU, the UK and South Korea."
    unknown = catalog(tmp_path, monkeypatch, "")
    with pytest.raises(StudioError, match="until the studio knows its country") as refused:
        unknown.prepare(CreateImage(prompt="x"), {})
    assert "C41_COUNTRY" in refused.value.problem.next


def test_named_it_is_refused_where_it_is_not_valid(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for request in (CreateImage(prompt="x", model="bounded"), FetchModel(entry="bounded")):
        with pytest.raises(StudioError, match="may not be used where your studio is") as refused:
            catalog(tmp_path, monkeypatch, "FR", "plain").prepare(request, {})
        assert refused.value.problem.code == "not_licensed_here"
    named = CreateImage(prompt="x", model="bounded")
    assert catalog(tmp_path, monkeypatch, "", "plain").prepare(named, {}).model == "bounded"


def test_the_models_of_tencent_exclude_its_regions() -> None:
    excluded = {one.id for one in shipped.entries() if one.license.territory}
    tencent = {one.id for one in shipped.entries() if "Tencent" in one.license.name}
    assert excluded == tencent == {one.id for one in shipped.entries() if "HunyuanVideo" in one.pipeline}
