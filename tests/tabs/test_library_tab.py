"""Data for the library page: labels, and the index of a list."""

from pathlib import Path
from typing import Any

from engines.requests import REQUESTS, asset_fields
from studio import Studio
from tabs import library, writing
from tests.support.people import Person


def test_every_task_has_labels_and_forms_list_their_inputs(studio: Studio) -> None:
    words: Any = library._words(studio)
    assert set(words["tasks"]) == set(REQUESTS)
    for task, said in words["tasks"].items():
        assert said["name"]
        assert not said["name"].endswith(".")
        taken = writing.READS if task == "write" else asset_fields(REQUESTS[task]).values()
        assert set(said["takes"]) <= set(taken)
        assert bool(said["takes"]) <= bool(said["button"]), "a form that takes something has a name to offer it by"
    assert words["tasks"]["cut_out"]["button"] == "Cut out"
    assert words["tasks"]["cut_out"]["takes"] == ["image"]
    assert words["tasks"]["create_image"]["button"] == "Create"
    assert words["tasks"]["edit_image"]["button"] is None, "no model here edits by words"
    assert set(words["models"]) == set(studio.catalog.entries)


def test_the_index_matches_the_list_and_each_moment_pages_on(ann: Person, bob: Person, photo: Path) -> None:
    for n in range(5):
        answer = ann.client.post("/api/assets", params={"name": f"lion {n}.jpg"}, content=photo.read_bytes())
        assert answer.status_code == 201
    listed = [asset["id"] for asset in ann.client.get("/api/assets").json()["assets"]]
    index = ann.client.get("/api/library/index").json()
    assert index["ids"] == listed
    assert index["moments"] == sorted(index["moments"], reverse=True)
    behind = ann.client.get("/api/assets", params={"after": index["moments"][1]}).json()["assets"]
    assert [asset["id"] for asset in behind] == listed[2:]
    one = ann.client.get("/api/library/index", params={"q": "lion 3"}).json()
    assert one["ids"] == [listed[1]]
    assert bob.client.get("/api/library/index").json() == {"ids": [], "moments": []}
    assert ann.client.get("/api/library/index", params={"color": "red"}).status_code == 422
