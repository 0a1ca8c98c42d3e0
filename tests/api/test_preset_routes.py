"""Presets for pictures: built-in ones, one's own, and previews made with them."""

import pytest
from fastapi.testclient import TestClient

from library.presets import BUILT_IN, IDEA, built_in
from tabs.presets import job_ref
from tests.api.conftest import ended, png


def test_built_in_presets_frame_an_idea(as_ann: TestClient) -> None:
    found = as_ann.get("/api/presets").json()
    assert [preset["id"] for preset in found] == [preset.id for preset in built_in("create_image")]
    assert {"hero", "product", "square", "vertical", "moodboard"} <= {preset["id"] for preset in found}
    assert all(IDEA in preset["frame"] and preset["example"] and preset["sample"] is None for preset in found)


def test_own_presets_are_saved_replaced_and_deleted(as_ann: TestClient, as_bob: TestClient) -> None:
    fields = {
        "frame": "{idea}, in snow",
        "size": {"aspect": "16:9", "megapixels": 2.0},
        "quality": "best",
        "model": "m",
        "seconds": None,
    }
    kept = as_ann.post("/api/presets", json={"name": " Winter ", "fields": fields})
    assert kept.status_code == 201
    assert kept.json() | {"id": ""} == {
        **fields, "id": "", "name": "Winter", "use": "Saved by you.", "example": "", "sample": None, "mine": True,
    }  # fmt: skip
    again = as_ann.post("/api/presets", json={"name": "Winter", "fields": {"frame": "{idea}"}}).json()
    assert again["id"] == kept.json()["id"]
    assert again["quality"] == "good"
    assert [preset["name"] for preset in as_ann.get("/api/presets").json()][-1] == "Winter"
    assert not any(preset["mine"] for preset in as_bob.get("/api/presets").json())
    assert as_bob.delete(f"/api/presets/{again['id']}").status_code == 404
    assert as_ann.delete(f"/api/presets/{again['id']}").status_code == 204
    assert not any(preset["mine"] for preset in as_ann.get("/api/presets").json())


def test_each_task_has_its_own_presets(as_ann: TestClient) -> None:
    fields = {"frame": "{idea}, at dusk", "size": {"aspect": "9:16"}, "seconds": 6}
    kept = as_ann.post("/api/presets", json={"name": "Dusk", "task": "create_clip", "fields": fields}).json()
    clips = as_ann.get("/api/presets", params={"task": "create_clip"}).json()
    assert [preset["id"] for preset in clips] == [*(one.id for one in built_in("create_clip")), kept["id"]]
    assert clips[-1]["seconds"] == 6
    assert kept["id"] not in [preset["id"] for preset in as_ann.get("/api/presets").json()]
    assert as_ann.get("/api/presets", params={"task": "speak"}).status_code == 404
    assert as_ann.post("/api/presets", json={"name": "x", "task": "speak"}).status_code == 404


def test_invalid_presets_are_refused(as_ann: TestClient) -> None:
    for body in (
        {"name": "", "fields": {}},
        {"name": "x" * 61, "fields": {}},
        {"name": "no idea", "fields": {"frame": "a photograph"}},
        {"name": "wrong", "fields": {"quality": "superb"}},
        {"name": "wrong", "fields": {"color": "red"}},
        {"fields": {}},
    ):
        answer = as_ann.post("/api/presets", json=body)
        assert answer.status_code == 422, (body, answer.text)
        assert answer.json()["what"]


def test_presets_for_pictures_and_writing_are_separate(as_ann: TestClient) -> None:
    kept = as_ann.post("/api/presets", json={"name": "Mine", "fields": {}}).json()
    assert kept["id"] not in [preset["id"] for preset in as_ann.get("/api/writing/presets").json()]
    assert as_ann.delete(f"/api/writing/presets/{kept['id']}").status_code == 404


def test_each_built_in_preset_comes_with_a_sample() -> None:
    samples = {path.stem for path in (BUILT_IN["create_image"].parents[1] / "samples" / "presets").glob("*.webp")}
    assert samples == {preset.id for task in BUILT_IN for preset in built_in(task)}


def test_the_first_result_with_ones_own_preset_is_its_sample(as_ann: TestClient) -> None:
    kept = as_ann.post("/api/presets", json={"name": "Boats", "fields": {}}).json()["id"]
    request = {"task": "create_image", "prompt": "a boat", "count": 2}
    jobs = [
        ended(
            as_ann,
            as_ann.post("/api/jobs", json={"request": request, "client_ref": job_ref({"id": kept}, ref)}).json()["id"],
        )
        for ref in ("one", "two")
    ]
    found = {preset["id"]: preset["sample"] for preset in as_ann.get("/api/presets").json()}
    assert found[kept] in jobs[0]["assets"]
    assert job_ref({"id": "hero"}, "one") == job_ref(None, "one") == job_ref("x", "one") == "one"


def test_a_preview_is_ones_own_picture_made_with_it(as_ann: TestClient, as_bob: TestClient) -> None:
    asked = {"request": {"task": "create_image", "prompt": "a boat"}, "client_ref": "preset-sample/hero/1"}
    job = ended(as_ann, as_ann.post("/api/jobs", json=asked).json()["id"])

    def sample(client: TestClient) -> str | None:
        found = {preset["id"]: preset["sample"] for preset in client.get("/api/presets").json()}
        assert found["product"] is None
        return str(found["hero"]) if found["hero"] else None

    assert sample(as_ann) == job["assets"][0]
    assert sample(as_bob) is None
    as_ann.delete(f"/api/assets/{job['assets'][0]}")
    assert sample(as_ann) is None


def test_a_mask_is_a_step_hidden_from_lists(as_ann: TestClient) -> None:
    def put(source: str) -> str:
        answer = as_ann.post("/api/assets", params={"name": "m.png", "source": source}, content=png())
        return str(answer.json()["id"])

    mask, picture = put("mask"), put("a friend")
    assert as_ann.get(f"/api/assets/{mask}").json()["step"] is True
    assert [asset["id"] for asset in as_ann.get("/api/assets").json()["assets"]] == [picture]
    assert as_ann.get("/api/library/index").json()["ids"] == [picture]
    as_ann.delete(f"/api/assets/{mask}")
    assert mask in [asset["id"] for asset in as_ann.get("/api/assets", params={"deleted": True}).json()["assets"]]


@pytest.mark.parametrize("value", ["[" * 300 + "]" * 300, "NaN", "1e400", '"\\ud800"'])
def test_json_that_could_be_stored_but_not_returned_is_refused(as_ann: TestClient, value: str) -> None:
    talk = as_ann.post("/api/conversations", json={"title": "Ours"}).json()["id"]
    changes = f'{{"options": {{"temperature": {value}}}}}'
    answer = as_ann.patch(f"/api/conversations/{talk}", content=changes)
    assert (answer.status_code, answer.json()["code"]) == (422, "bad_json"), answer.text
    assert as_ann.get("/api/conversations").json()["conversations"][0]["id"] == talk
