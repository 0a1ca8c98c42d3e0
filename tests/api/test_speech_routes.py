"""Voice-overs over REST: the pronunciation list, retakes, checks, waveforms."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from engines.requests import speech as requests
from library import pronunciations
from settings import Settings
from tests.support.live import finished
from tests.support.people import Person, admit
from tests.support.studios import at_work, wired

TEXT = "The harbour was quiet that morning. Nguyen waited for the light. Nobody said a word."


@pytest.fixture(scope="module")
def people(tmp_path_factory: pytest.TempPathFactory, starter: Path) -> Iterator[tuple[Person, Person]]:
    """Ann and Bob in a studio with real voices and a real speech recognizer."""
    settings = Settings(data=tmp_path_factory.mktemp("voices") / "data", starter=starter, keep_free_mb=10)
    with wired(settings) as studio, at_work(studio) as app:
        yield admit(studio, app, "ann"), admit(studio, app, "bob")


@pytest.fixture
def ann(people: tuple[Person, Person]) -> TestClient:
    return people[0].client


@pytest.fixture
def bob(people: tuple[Person, Person]) -> TestClient:
    return people[1].client


def done(client: TestClient, job: dict[str, Any]) -> dict[str, Any]:
    """Return the main asset of a job."""
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


def test_each_person_has_their_own_list(ann: TestClient, bob: TestClient) -> None:
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
def test_invalid_pairs_are_refused_in_a_sentence(ann: TestClient, body: dict[str, Any]) -> None:
    answer = ann.put("/api/pronunciations", json=body)
    assert answer.status_code == 422
    assert answer.json()["what"]


def test_the_list_is_limited_to_what_a_request_accepts() -> None:
    lists = (pronunciations.MAX_WORD, pronunciations.MAX_SAY, pronunciations.MAX_PAIRS)
    assert lists == (requests.MAX_WORD, requests.MAX_SAY, requests.MAX_PAIRS)


@pytest.mark.slow
def test_a_voice_over_records_the_pronunciations_it_used(ann: TestClient, bob: TestClient) -> None:
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
    assert copy["content_sha256"] == taught["content_sha256"]  # the list is empty now


def test_the_same_client_ref_is_the_same_job_even_if_the_list_changed(ann: TestClient) -> None:
    body = {"request": {"task": "speak", "text": TEXT}, "client_ref": "once"}
    first = ann.post("/api/jobs", json=body).json()
    ann.put("/api/pronunciations", json={"word": "Nguyen", "say": "win"})
    try:
        assert ann.post("/api/jobs", json=body).json()["id"] == first["id"]
    finally:
        ann.delete("/api/pronunciations", params={"word": "Nguyen"})
    finished(ann, first["id"])  # type: ignore[arg-type]


# -- takes


def test_a_text_is_spoken_by_voices_and_cast_members_with_a_voice(ann: TestClient, bob: TestClient) -> None:
    assert ann.post("/api/cast", json={"name": "Mara", "voice": "ruth"}).status_code == 201
    text = "MARA: Come in.\narthur: Thank you.\nBOB: Sit down."
    asset = spoken(ann, text=text)
    assert asset["provenance"]["request"]["speakers"] == {"Mara": "ruth", "Arthur": "arthur"}
    assert [(line["voice"], line["text"]) for line in asset["provenance"]["speech"]["sentences"]] == [
        ("ruth", "Come in."),
        ("arthur", "Thank you."),
        ("arthur", "BOB: Sit down."),
    ]
    assert spoken(bob, text=text)["provenance"]["request"]["speakers"] == {"Arthur": "arthur"}
    assert spoken(ann, text=text, speakers={})["provenance"]["speech"]["sentences"][0]["text"].startswith(
        "MARA: Come in."
    )
    changed = again(ann, asset, sentence=1, voice="lily")
    assert [line["voice"] for line in changed["provenance"]["speech"]["sentences"]] == ["ruth", "lily", "arthur"]


def test_a_voice_over_of_the_first_version_is_reproduced_as_it_was(ann: TestClient) -> None:
    asset = spoken(ann, text="Clara: good morning.", version=1)
    request = asset["provenance"]["request"]
    assert (request["version"], request["speakers"], asset["provenance"]["speech"]["model_rate"]) == (1, None, 24_000)
    job = finished(ann, ann.post(f"/api/assets/{asset['id']}/reproduce").json()["id"])  # type: ignore[arg-type]
    assert job["words"].endswith("identical to the original")


def test_a_sentence_gets_a_new_take_and_the_earlier_one_again(ann: TestClient, voice_over: dict[str, Any]) -> None:
    second = again(ann, voice_over, sentence=1)
    third = again(ann, second, sentence=1, speed=0.8)
    assert [(take["sentence"], take["used"]) for take in takes(third)] == [(1, False), (1, True)]
    assert len({voice_over["content_sha256"], second["content_sha256"], third["content_sha256"]}) == 3
    back = again(ann, third, sentence=1, take=1)
    assert back["content_sha256"] == second["content_sha256"]
    assert [take["used"] for take in takes(back)] == [True, False]
    first = again(ann, back, sentence=1, take=0)
    assert first["content_sha256"] == voice_over["content_sha256"]
    assert again(ann, first, sentence=1, take=1)["id"] == back["id"]  # it exists, so nothing is generated


def test_a_version_in_the_bin_is_generated_again(ann: TestClient, voice_over: dict[str, Any]) -> None:
    other = again(ann, voice_over, sentence=2)
    first = again(ann, other, sentence=2, take=0)
    ann.delete(f"/api/assets/{first['id']}")
    anew = again(ann, other, sentence=2, take=0)
    assert anew["id"] != first["id"]
    assert anew["content_sha256"] == first["content_sha256"]


def test_a_voice_over_is_reproduced_bit_for_bit(ann: TestClient, voice_over: dict[str, Any]) -> None:
    made = again(ann, voice_over, sentence=0, voice="martin", say="The harbor, it was quiet.")
    copy = done(ann, ann.post(f"/api/assets/{made['id']}/reproduce").json())
    assert copy["content_sha256"] == made["content_sha256"]
    assert made["provenance"]["speech"]["sentences"][0]["say"] == "The harbor, it was quiet."


def test_a_new_pronunciation_affects_only_the_new_take(ann: TestClient, voice_over: dict[str, Any]) -> None:
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
def test_invalid_retakes_are_refused(
    ann: TestClient, voice_over: dict[str, Any], asked: dict[str, Any], status: int
) -> None:
    answer = ann.post(f"/api/assets/{voice_over['id']}/retake", json=asked)
    assert answer.status_code == status
    assert answer.json()["what"]


def test_only_voice_overs_made_here_have_takes(ann: TestClient, speech: Path) -> None:
    brought = ann.post("/api/assets", params={"name": "a.wav"}, content=speech.read_bytes()).json()
    for route, body in (("retake", {"sentence": 0}), ("check", {})):
        answer = ann.post(f"/api/assets/{brought['id']}/{route}", json=body)
        assert (answer.status_code, answer.json()["code"]) == (422, "not_spoken")


def test_other_peoples_voice_overs_are_not_found(ann: TestClient, bob: TestClient, voice_over: dict[str, Any]) -> None:
    id = voice_over["id"]
    assert bob.post(f"/api/assets/{id}/retake", json={"sentence": 0}).status_code == 404
    assert bob.post(f"/api/assets/{id}/check", json={}).status_code == 404
    assert bob.get(f"/api/assets/{id}/check").status_code == 404
    assert bob.get(f"/api/assets/{id}/shape").status_code == 404


# -- checks and waveforms


@pytest.mark.slow
def test_a_check_is_stored_with_the_sound(ann: TestClient, voice_over: dict[str, Any]) -> None:
    id = voice_over["id"]
    assert ann.get(f"/api/assets/{id}/check").json() is None
    report = done(ann, ann.post(f"/api/assets/{id}/check", json={}).json())
    assert report["kind"] == "document"
    assert report["parents"] == [id]
    found = ann.get(f"/api/assets/{id}/check").json()
    assert found["words"] == 15
    assert all(one["at"] == 1 for one in found["sentences"]), found  # the name may be misheard, the rest is clear
    done(ann, ann.post(f"/api/assets/{id}/check", json={"text": "The harbour was burning that morning."}).json())
    worse = ann.get(f"/api/assets/{id}/check").json()
    assert "burning" in {flag["text"] for flag in worse["sentences"][0]["flags"]}
    ann.delete(f"/api/assets/{worse['id']}")
    assert ann.get(f"/api/assets/{id}/check").json() == found


def test_the_waveform_shows_silence(ann: TestClient) -> None:
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
    pause = {"start": first["end"] + 0.2, "end": second["start"] - 0.2}
    part = ann.get(f"/api/assets/{made['id']}/shape", params=pause).json()["peaks"]
    assert len(part) == len(peaks)
    assert max(part) <= 1


def test_a_text_has_no_waveform(ann: TestClient, voice_over: dict[str, Any]) -> None:
    subtitles = ann.get("/api/assets", params={"kind": "subtitles", "job_id": voice_over["job_id"]}).json()["assets"][0]
    assert ann.get(f"/api/assets/{subtitles['id']}/shape").status_code == 404
    assert ann.post(f"/api/assets/{subtitles['id']}/retake", json={"sentence": 0}).status_code == 422
