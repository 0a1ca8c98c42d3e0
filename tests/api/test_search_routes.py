"""One search over everything finds what a person may see, and nothing else."""

from typing import Any

from fastapi.testclient import TestClient

from tests.api.conftest import House, Person
from tests.api.test_library_routes import bring
from tests.api.test_project_page_routes import new_project, talk


def found(client: TestClient, q: str, **more: Any) -> dict[str, list[str]]:
    groups = client.get("/api/search", params={"q": q, **more}).json()["groups"]
    return {group["kind"]: [one["title"] for one in group["results"]] for group in groups}


def test_everything_is_found_by_one_search(house: House, ann: Person, as_ann: TestClient, as_bob: TestClient) -> None:
    project = new_project(as_ann, "Zebra spot", shared=False)
    talk(house, ann, project, "The zebra crosses the street.", "Street scene")
    bring(as_ann, "zebra.png", project_id=project)
    bring(as_ann, "zebra notes.txt", b"stripes")
    as_ann.post("/api/cast", json={"name": "Zelda", "look": "a zebra with a hat"}).raise_for_status()
    steps = [{"name": "Draw", "request": {"task": "create_image", "prompt": "a zebra"}}]
    as_ann.post("/api/recipes", json={"name": "Zebra look", "steps": steps}).raise_for_status()
    assert found(as_ann, "zebra") == {
        "project": ["Zebra spot"],
        "conversation": ["Street scene"],
        "cast": ["@Zelda"],
        "recipe": ["Zebra look"],
        "image": ["zebra"],
        "document": ["zebra notes"],
    }
    assert found(as_bob, "zebra") == {}
    assert found(as_ann, "crosses str") == {"conversation": ["Street scene"]}
    assert found(as_ann, "  ") == {}


def test_what_was_written_is_found_until_it_is_deleted(house: House, ann: Person, as_ann: TestClient) -> None:
    conversation, _ = talk(house, ann, None, "Ein Löwe wartet am Hafen. 港口の朝", "Scene 12")
    for q in ("lowe", '"wartet am"', "口の", "scene hafen", "12"):
        assert found(as_ann, q) == {"conversation": ["Scene 12"]}, q
    [group] = as_ann.get("/api/search", params={"q": "wartet"}).json()["groups"]
    assert "wartet am Hafen" in group["results"][0]["note"]
    as_ann.delete(f"/api/conversations/{conversation}").raise_for_status()
    assert found(as_ann, "wartet") == {}


def test_a_group_says_that_there_is_more(as_ann: TestClient) -> None:
    for number in range(3):
        bring(as_ann, f"lion {number}.png")
    [group] = as_ann.get("/api/search", params={"q": "lion", "limit": 2}).json()["groups"]
    assert (len(group["results"]), group["more"]) == (2, True)


def test_odd_searches_are_only_text(as_ann: TestClient) -> None:
    for q in ('"', "*", "a OR b", "%", "x" * 200, "' --", "NEAR(", "\u0000"):
        assert as_ann.get("/api/search", params={"q": q}).status_code == 200, q


def test_what_is_in_a_shared_project_is_found_by_both(
    house: House, ann: Person, as_ann: TestClient, as_bob: TestClient
) -> None:
    talk(house, ann, new_project(as_ann, "Harbor", shared=True), "The ferry leaves.", "Ferry scene")
    assert found(as_bob, "ferry") == found(as_ann, "ferry") == {"conversation": ["Ferry scene"]}
