"""Edge cases of recipe runs: finished during a step, odd text, very long histories."""

import time
from typing import Any

import pytest
from fastapi.testclient import TestClient

from db import new_id
from library.tables import Asset
from tests.api.conftest import House, Person, ended, png

CHANGE = {"task": "change_image", "image": "step:1", "prompt": "darker"}
CREATE = {"task": "create_image", "prompt": "a fox"}


def begun(client: TestClient, steps: list[dict[str, Any]]) -> dict[str, Any]:
    """A run with its first result, whose second step is running."""
    picture = client.post("/api/assets", params={"name": "a.png"}, content=png()).json()["id"]
    answer = client.post(
        "/api/recipe-runs", json={"steps": [{"request": one} for one in steps], "results": {"1": picture}}
    )
    assert answer.status_code == 201, answer.text
    run: dict[str, Any] = answer.json()
    return run


@pytest.mark.parametrize("late", [False, True])
def test_a_run_finished_during_a_step_stays_finished(
    house: House, as_ann: TestClient, monkeypatch: pytest.MonkeyPatch, late: bool
) -> None:
    house.painter.go_on.clear()
    if late:  # the picture is done before the host gets the cancellation
        monkeypatch.setattr(house.painter, "cancel", lambda job: house.painter.go_on.set())
    run = begun(as_ann, [CREATE, CHANGE])
    job = run["steps"][1]["job_id"]
    as_ann.post(f"/api/recipe-runs/{run['id']}/finish")
    assert ended(as_ann, job)["state"] == ("done" if late else "cancelled")
    seen = as_ann.get(f"/api/recipe-runs/{run['id']}").json()
    assert (seen["state"], seen["result"]) == ("done", run["steps"][0]["asset_id"])


def test_text_that_looks_like_a_step_stays_text(house: House, as_ann: TestClient) -> None:
    run = begun(as_ann, [CREATE, CHANGE, {**CREATE, "prompt": "step:²"}])
    ended(as_ann, run["steps"][1]["job_id"])
    answer = as_ann.post(f"/api/recipe-runs/{run['id']}/steps/1/again", json={})
    assert answer.status_code == 200, answer.text


def test_a_history_of_hundreds_of_changes_is_refused_as_too_long(house: House, ann: Person, as_ann: TestClient) -> None:
    ids = [new_id() for _ in range(700)]
    facts = {"owner_id": ann.who.user_id, "kind": "image", "mime": "image/png", "bytes": 1, "content_sha256": ""}
    with house.studio.database.session() as session:
        for n, id in enumerate(ids):
            made = {"request": {**CHANGE, "image": ids[n - 1]}} if n else None
            row = {"id": id, "title": "a", "file": "a.png", "created_at": time.time() + n, "provenance": made}
            session.add(Asset(**row, **facts, origin="made"))
            session.flush()
    answer = as_ann.post("/api/recipes", json={"name": "Long", "asset_id": ids[-1]})
    assert (answer.status_code, answer.json()["code"]) == (422, "too_long"), answer.text
