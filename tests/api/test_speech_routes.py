"""Voice-overs through the routes: the pronunciation list, sentences said again, words checked, shapes."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from app import build_app, build_studio
from engines.requests import speech as requests
from library import pronunciations
from settings import Settings
from tests.support.live import finished
from tests.support.people import Person, admit

TEXT = "The harbour was quiet that morning. Nguyen waited for the light. Nobody said a word."


@pytest.fixture(scope="module")
def people(tmp_path_factory: pytest.TempPathFactory, starter: Path) -> Iterator[tuple[Person, Person]]:
    """Ann and Bob in a studio with real voices and a real listener."""
    settings = Settings(data=tmp_path_factory.mktemp("voices") / "data", starter=starter, keep_free_mb=10)
    studio = build_studio(settings)
    app = build_app(studio)
    with TestClient(app):
        yield admit(studio, app, "ann"), admit(studio, app, "bob")
    studio.database.close()
    studio.data.unlock()


@pytest.fixture
def ann(people: tuple[Person, Person]) -> TestClient:
    return people[0].client


@pytest.fixture
def bob(people: tuple[Person, Person]) -> TestClient:
    return people[1].client


def done(client: TestClient, job: dict[str, Any]) -> dict[str, Any]:
    """The main asset a job made."""
    job = finished(client, job["id"])  # type: ignore[arg-type]
    assert job["state"] == "done", job
    asset: dict[str, Any] = client.get(f"/api/assets/{job['assets'][0]}").json()
    return asset


def spoken(client: TestClient, **fields: Any) -> dict[str, Any]:
    answer = client.post("/api/jobs", json={"task": "speak", "text": TEXT, "seed": 4, **fields})
    assert answer.status_code == 201, answer.text
    return done(client, answer.json())


def again(client: TestClient, asset: dict[str, Any], **asked: Any) -> dict[str, Any]:
    answer = client.post(f"/api/assets/{asset['id']}/retake", json=asked)
    assert answer.status_code == 201, answer.text
    return done(client, answer.json())


def takes(asset: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = asset["provenance"]["request"]["takes"]
    return found


@pytest.fixture(scope="module")
def voice_over(people: tuple[Person, Person]) -> dict[str, Any]:
    return spoken(people[0].client)


# -- the list


def test_a_list_of_ones_own(ann: TestClient, bob: TestClient) -> None:
    assert ann.put("/api/pronunciations", json={"word": " C41 ", "say": "see  forty-one"}).json() == {
        "word": "C41",
        "say": "see forty-one",
    }
    ann.put("/api/pronunciations", json={"word": "C41", "say": "sea forty-one"})
    assert ann.get("/api/pronunciations").json() == [{"word": "C41", "say": "sea forty-one"}]
    assert bob.get("/api/pronunciations").json() == []
    assert bob.delete("/api/pronunciations", params={"word": "C41"}).status_code == 404
    assert ann.delete("/api/pronunciations", params={"word": "C41"}).status_code == 204
    assert ann.get("/api/pronunciations").json() == []


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"word": "a"},
        {"word": "", "say": "b"},
        {"word": "…", "say": "b"},
        {"word": "a", "say": "x" * 201},
        {"word": 1},
    ],
)
def test_what_is_no_pair_is_refused_in_a_sentence(ann: TestClient, body: dict[str, Any]) -> None:
    answer = ann.put("/api/pronunciations", json=body)
    assert answer.status_code == 422
    assert answer.json()["what"]


def test_a_list_holds_as_much_as_a_request_takes() -> None:
    lists = (pronunciations.MAX_WORD, pronunciations.MAX_SAY, pronunciations.MAX_PAIRS)
    assert lists == (requests.MAX_WORD, requests.MAX_SAY, requests.MAX_PAIRS)


def test_what_is_spoken_carries_what_it_took_from_the_list(ann: TestClient, bob: TestClient) -> None:
    plain = spoken(ann)
    for word, say in (("Nguyen", "win"), ("Paris", "Paree")):
        ann.put("/api/pronunciations", json={"word": word, "say": say})
    try:
        taught, others = spoken(ann), spoken(bob)
        assert taught["provenance"]["request"]["pronunciations"] == {"Nguyen": "win"}
        assert others["provenance"]["request"]["pronunciations"] == {}
        assert others["content_sha256"] == plain["content_sha256"] != taught["content_sha256"]
        given = spoken(ann, pronunciations={})
        assert given["content_sha256"] == plain["content_sha256"]
    finally:
        for word in ("Nguyen", "Paris"):
            ann.delete("/api/pronunciations", params={"word": word})
    copy = done(ann, ann.post(f"/api/assets/{taught['id']}/reproduce").json())
    assert copy["content_sha256"] == taught["content_sha256"]  # the list is empty by now


def test_the_same_reference_is_the_same_job_whatever_the_list_says(ann: TestClient) -> None:
    body = {"request": {"task": "speak", "text": TEXT}, "client_ref": "once"}
    first = ann.post("/api/jobs", json=body).json()
    ann.put("/api/pronunciations", json={"word": "Nguyen", "say": "win"})
    try:
        assert ann.post("/api/jobs", json=body).json()["id"] == first["id"]
    finally:
        ann.delete("/api/pronunciations", params={"word": "Nguyen"})
    finished(ann, first["id"])  # type: ignore[arg-type]


# -- takes


def test_a_sentence_said_again_and_back_to_the_earlier_take(ann: TestClient, voice_over: dict[str, Any]) -> None:
    second = again(ann, voice_over, sentence=1)
    third = again(ann, second, sentence=1, speed=0.8)
    assert [(take["sentence"], take["used"]) for take in takes(third)] == [(1, False), (1, True)]
    assert len({voice_over["content_sha256"], second["content_sha256"], third["content_sha256"]}) == 3
    back = again(ann, third, sentence=1, take=1)
    assert back["content_sha256"] == second["content_sha256"]
    assert [take["used"] for take in takes(back)] == [True, False]
    first = again(ann, back, sentence=1, take=0)
    assert first["content_sha256"] == voice_over["content_sha256"]
    assert again(ann, first, sentence=1, take=1)["id"] == back["id"]  # made before: nothing is made again


def test_a_version_in_the_bin_is_made_anew(ann: TestClient, voice_over: dict[str, Any]) -> None:
    other = again(ann, voice_over, sentence=2)
    first = again(ann, other, sentence=2, take=0)
    ann.delete(f"/api/assets/{first['id']}")
    anew = again(ann, other, sentence=2, take=0)
    assert anew["id"] != first["id"]
    assert anew["content_sha256"] == first["content_sha256"]


def test_reproduced_bit_for_bit(ann: TestClient, voice_over: dict[str, Any]) -> None:
    made = again(ann, voice_over, sentence=0, voice="martin", say="The harbor, it was quiet.")
    copy = done(ann, ann.post(f"/api/assets/{made['id']}/reproduce").json())
    assert copy["content_sha256"] == made["content_sha256"]
    assert made["provenance"]["speech"]["sentences"][0]["say"] == "The harbor, it was quiet."


def test_a_word_taught_since_is_said_so_in_the_new_take_alone(ann: TestClient, voice_over: dict[str, Any]) -> None:
    ann.put("/api/pronunciations", json={"word": "Nguyen", "say": "win"})
    try:
        made = again(ann, voice_over, sentence=1)
    finally:
        ann.delete("/api/pronunciations", params={"word": "Nguyen"})
    assert takes(made)[-1]["say"] == "win waited for the light."
    assert made["provenance"]["request"]["pronunciations"] == {}


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        ({"sentence": 3}, 422),
        ({"sentence": -1}, 422),
        ({}, 422),
        ({"sentence": 0, "take": 5}, 422),
        ({"sentence": 0, "speed": 9}, 422),
        ({"sentence": 0, "louder": True}, 422),
    ],
)
def test_what_cannot_be_said_again(
    ann: TestClient, voice_over: dict[str, Any], asked: dict[str, Any], status: int
) -> None:
    answer = ann.post(f"/api/assets/{voice_over['id']}/retake", json=asked)
    assert answer.status_code == status
    assert answer.json()["what"]


def test_only_what_was_spoken_here(ann: TestClient, speech: Path) -> None:
    brought = ann.post("/api/assets", params={"name": "a.wav"}, content=speech.read_bytes()).json()
    for route, body in (("retake", {"sentence": 0}), ("check", {})):
        answer = ann.post(f"/api/assets/{brought['id']}/{route}", json=body)
        assert (answer.status_code, answer.json()["code"]) == (422, "not_spoken")


def test_nobody_elses(ann: TestClient, bob: TestClient, voice_over: dict[str, Any]) -> None:
    id = voice_over["id"]
    assert bob.post(f"/api/assets/{id}/retake", json={"sentence": 0}).status_code == 404
    assert bob.post(f"/api/assets/{id}/check", json={}).status_code == 404
    assert bob.get(f"/api/assets/{id}/check").status_code == 404
    assert bob.get(f"/api/assets/{id}/shape").status_code == 404


# -- checks and shapes


@pytest.mark.slow
def test_a_check_is_kept_with_the_sound(ann: TestClient, voice_over: dict[str, Any]) -> None:
    id = voice_over["id"]
    assert ann.get(f"/api/assets/{id}/check").json() is None
    report = done(ann, ann.post(f"/api/assets/{id}/check", json={}).json())
    assert report["kind"] == "document"
    assert report["parents"] == [id]
    found = ann.get(f"/api/assets/{id}/check").json()
    assert found["words"] == 15
    assert all(one["at"] == 1 for one in found["sentences"]), found  # the name may be misheard, the rest is plain
    done(ann, ann.post(f"/api/assets/{id}/check", json={"text": "The harbour was burning that morning."}).json())
    worse = ann.get(f"/api/assets/{id}/check").json()
    assert "burning" in {flag["text"] for flag in worse["sentences"][0]["flags"]}
    ann.delete(f"/api/assets/{worse['id']}")
    assert ann.get(f"/api/assets/{id}/check").json() == found


def test_the_shape_shows_where_it_is_quiet(ann: TestClient) -> None:
    made = spoken(ann, text="One word. [pause 3] Another word.")
    shape = ann.get(f"/api/assets/{made['id']}/shape")
    assert "immutable" in shape.headers["cache-control"]
    peaks, seconds = shape.json()["peaks"], shape.json()["seconds"]
    assert max(peaks) == 100
    first, second = made["provenance"]["speech"]["sentences"]
    column = len(peaks) / seconds
    between = peaks[round(first["end"] * column) + 2 : round(second["start"] * column) - 2]
    assert len(between) > 100
    assert max(between) <= 1
    assert max(peaks[round(first["start"] * column) : round(first["end"] * column)]) > 50


def test_a_text_has_no_shape(ann: TestClient, voice_over: dict[str, Any]) -> None:
    subtitles = ann.get("/api/assets", params={"kind": "subtitles", "job_id": voice_over["job_id"]}).json()["assets"][0]
    assert ann.get(f"/api/assets/{subtitles['id']}/shape").status_code == 404
    assert ann.post(f"/api/assets/{subtitles['id']}/retake", json={"sentence": 0}).status_code == 422
