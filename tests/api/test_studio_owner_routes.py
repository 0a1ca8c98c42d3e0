"""The routes of the Studio page: what the owner can do and others cannot."""

import json
import sqlite3
import time
from base64 import b64encode
from pathlib import Path
from typing import Any

import pytest
from fastapi.routing import APIRoute
from fastapi.testclient import TestClient
from itsdangerous import TimestampSigner
from sqlalchemy import update

from api.operations import rest
from auth.accounts.tables import User
from data import DataFolder
from jobs.queue.tables import Job
from tests.api.conftest import House, Person, build

SECRETS = ("moonlit", "harbour")


def browser(house: House, person: Person, address: str = "http://studio.example:7860") -> TestClient:
    """Return a browser someone is signed in with, on a page at this address."""
    secret = house.studio.accounts.sign_in(person.who.user_id, "Firefox on Linux", "192.168.1.7")
    signer = TimestampSigner(house.studio.data.secret("session"))
    cookie = signer.sign(b64encode(json.dumps({"secret": secret}).encode())).decode()
    page = {"Referer": f"{address}/"}
    return TestClient(house.app, cookies={"c41": cookie}, base_url=address, headers=page)


@pytest.fixture
def owner(house: House, ann: Person) -> TestClient:
    return browser(house, ann)


def people(owner: TestClient) -> dict[str, dict[str, Any]]:
    return {person["name"]: person for person in owner.get("/api/studio/people").json()}


def routes(house: House) -> list[tuple[str, str]]:
    found = [route for route in rest.router(house.studio).routes if isinstance(route, APIRoute)]
    ours = [route for route in found if route.path.startswith("/api/studio/")]
    return [(method, route.path) for route in ours for method in sorted(route.methods)]


def test_only_the_owner_has_access(house: House, ann: Person, bob: Person) -> None:
    carol = house.person("Carol")
    with house.studio.database.session() as session:
        session.execute(update(User).where(User.id == carol.who.user_id).values(role="guest"))
    assert len(routes(house)) > 12
    strangers = (
        (house.client(), 401),
        (house.client(bob), 403),
        (browser(house, bob), 403),
        (house.client(carol), 403),
        (browser(house, carol), 403),
    )
    for method, path in routes(house):
        for client, status in strangers:
            answer = client.request(method, path.replace("{id}", ann.who.user_id), content=b"{}")
            assert answer.status_code == status, (method, path)
            assert method == "HEAD" or answer.json()["code"] in ("not_signed_in", "owners_only")
    assert people(browser(house, ann))["Ann"]["role"] == "owner"


def test_another_website_cannot_act_with_the_owners_sign_in(house: House, owner: TestClient, bob: Person) -> None:
    evil = {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}
    for method, path in routes(house):
        if method in ("POST", "DELETE"):
            answer = owner.request(method, path.replace("{id}", bob.who.user_id), content=b"{}", headers=evil)
            assert (answer.status_code, answer.json()["code"]) == (403, "cross_site"), path
    assert not people(owner)["Bob"]["disabled"]


FOR_SCRIPTS = {("POST", "/api/studio/backup"), ("POST", "/api/studio/unclaimed")}
"""What the owner's token may do besides reading: both only add, and neither affects access."""


def test_a_token_can_neither_add_nor_block_people(house: House, ann: Person, bob: Person, owner: TestClient) -> None:
    assert house.client(ann).get("/api/studio/people").status_code == 200
    [device] = [one for one in owner.get("/api/studio/devices").json() if one["here"]]
    [token] = [one for one in owner.get("/api/studio/tokens").json() if one["owner"] == "Bob"]
    changing = [route for route in routes(house) if route[0] in ("POST", "PUT", "PATCH", "DELETE")]
    assert len(changing) > len(FOR_SCRIPTS)
    for method, path in changing:
        for one in (ann.who.user_id, bob.who.user_id, device["id"], token["id"]):
            if (method, path) in FOR_SCRIPTS:
                continue
            answer = house.client(ann).request(method, path.replace("{id}", one), content=b"{}")
            assert (answer.status_code, answer.json()["code"]) == (403, "sign_in_needed"), (method, path)
    assert owner.get("/api/me").status_code == 200
    assert house.client(bob).get("/api/me").status_code == 200


def test_a_person_is_added(house: House, owner: TestClient) -> None:
    link = owner.post("/api/studio/people", json={"name": " Dora  B ", "email": "Dora@Example.org"})
    assert link.status_code == 201
    made = link.json()
    assert made["name"] == "Dora B"
    assert made["url"].startswith("http://studio.example:7860/setup/")
    assert made["qr"].startswith("<svg")
    assert made["note"] == ""
    assert "24 h" in made["words"]
    assert abs(made["expires_at"] - time.time() - 86_400) < 600
    dora = people(owner)["Dora B"]
    assert (dora["invited"], dora["role"], dora["email"]) == (True, "member", "dora@example.org")
    assert made["url"] not in owner.get("/api/studio/people").text, "it is shown once"
    house.studio.accounts.use_link(made["url"].rpartition("/")[2], None, "correct horse battery")
    assert not people(owner)["Dora B"]["invited"]


def test_a_link_that_only_opens_on_this_computer_says_so(house: House, ann: Person) -> None:
    here = browser(house, ann, "http://127.0.0.1:7860")
    made = here.post("/api/studio/people", json={"name": "Dora"}).json()
    assert "make run HOST=lan" in made["note"]
    assert here.get("/api/studio/phone").json()["url"] == ""


def test_links_are_never_built_from_the_host_header_alone(house: House, owner: TestClient) -> None:
    lie = {"Host": "evil.example"}
    for page in ({"Referer": ""}, {"Referer": "http://studio.example:7860/"}, {"Origin": "http://studio.example:7860"}):
        made = owner.post("/api/studio/people", json={"name": f"Dora {len(people(owner))}"}, headers={**lie, **page})
        assert "evil" not in made.text, page
        assert made.status_code == 403 or "C41_BASE_URL" in made.json()["note"]
        told = owner.get("/api/studio/phone", headers={**lie, **page}).json()
        assert (told["url"], "C41_BASE_URL" in told["words"]) == ("", True)


def test_links_use_the_configured_address(tmp_path: Path) -> None:
    house = build(tmp_path / "named", gradio=False, base_url="https://studio.example.org")
    owner = browser(house, house.person("Ann"), "http://127.0.0.1:7860")
    made = owner.post("/api/studio/people", json={"name": "Dora"}).json()
    assert made["url"].startswith("https://studio.example.org/setup/")
    assert made["note"] == ""
    assert (
        owner.get("/api/studio/phone", headers={"Host": "evil.example"}).json()["url"] == "https://studio.example.org"
    )
    house.studio.database.close()


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({}, 422, "bad_value"),
        ({"name": ""}, 422, "bad_name"),
        ({"name": "x" * 41}, 422, "bad_name"),
        ({"name": "<b>"}, 422, "bad_name"),
        ({"name": 4}, 422, "bad_value"),
        ({"name": "BOB"}, 409, "name_taken"),
        ({"name": "Eve", "role": "guest"}, 422, "bad_value"),
        ({"name": "Eve", "role": "king"}, 422, "bad_value"),
        ({"name": "Eve", "password": "x"}, 422, "bad_value"),
        ({"name": "Eve", "email": "nothing"}, 422, "bad_email"),
    ],
)
@pytest.mark.usefixtures("bob")
def test_invalid_people_are_refused(owner: TestClient, body: Any, status: int, code: str) -> None:
    answer = owner.post("/api/studio/people", json=body)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert set(people(owner)) == {"Ann", "Bob"}


def test_a_forgotten_password_is_reset(house: House, owner: TestClient, bob: Person) -> None:
    theirs, script = browser(house, bob), house.client(bob)
    assert people(owner)["Bob"]["tokens"] == 1
    made = owner.post(f"/api/studio/people/{bob.who.user_id}/link", json={})
    assert made.status_code == 200
    assert theirs.get("/api/me").status_code == 401
    assert script.get("/api/me").status_code == 200, "a script goes on unless its token is ended too"
    again = owner.post(f"/api/studio/people/{bob.who.user_id}/link", json={"tokens": True}).json()
    assert script.get("/api/me").status_code == 401
    accounts = house.studio.accounts
    with pytest.raises(Exception, match="no longer works"):
        accounts.invitation(made.json()["url"].rpartition("/")[2])
    assert accounts.invitation(again["url"].rpartition("/")[2]).name == "Bob"


def test_a_person_is_signed_out_everywhere(house: House, owner: TestClient, bob: Person) -> None:
    first, second, script = browser(house, bob), browser(house, bob), house.client(bob)
    assert owner.post(f"/api/studio/people/{bob.who.user_id}/sign-out", json={"tokens": False}).status_code == 204
    assert [one.get("/api/me").status_code for one in (first, second, script)] == [401, 401, 200]
    assert owner.post(f"/api/studio/people/{bob.who.user_id}/sign-out", json={"tokens": True}).status_code == 204
    assert script.get("/api/me").status_code == 401
    bad = owner.post(f"/api/studio/people/{bob.who.user_id}/sign-out", json={"tokens": "yes"})
    assert bad.status_code == 422


def test_a_person_is_disabled_and_enabled(house: House, owner: TestClient, bob: Person) -> None:
    theirs, script = browser(house, bob), house.client(bob)
    way = f"/api/studio/people/{bob.who.user_id}"
    assert owner.post(way, json={"disabled": True}).json()["disabled"]
    assert [one.get("/api/me").status_code for one in (theirs, script)] == [401, 401]
    refused = owner.post(f"{way}/link", json={})
    assert (refused.status_code, refused.json()["code"]) == (409, "disabled")
    owner.post(way, json={"disabled": False})
    assert script.get("/api/me").status_code == 200
    assert theirs.get("/api/me").status_code == 401, "a browser has to sign in again"


def test_jobs_of_a_disabled_person_end_at_once(house: House, owner: TestClient, bob: Person) -> None:
    house.painter.go_on.clear()
    script = house.client(bob)
    running, waiting = (
        script.post("/api/jobs", json={"task": "create_image", "prompt": f"{n}"}).json()["id"] for n in range(2)
    )
    deadline = time.monotonic() + 20
    while script.get(f"/api/jobs/{running}").json()["state"] != "running":
        assert time.monotonic() < deadline
        time.sleep(0.02)
    owner.post(f"/api/studio/people/{bob.who.user_id}", json={"disabled": True})
    states: dict[str, str] = {}
    while set(states.values()) != {"cancelled"}:
        assert time.monotonic() < deadline, states
        with house.studio.database.session() as session:
            states = {id: session.get_one(Job, id).state for id in (running, waiting)}
        time.sleep(0.02)
    house.painter.go_on.set()


def test_there_is_always_an_owner(house: House, owner: TestClient, ann: Person, bob: Person) -> None:
    way = f"/api/studio/people/{ann.who.user_id}"
    for body in ({"role": "member"}, {"disabled": True}):
        answer = owner.post(way, json=body)
        assert (answer.status_code, answer.json()["code"]) == (409, "last_owner")
    assert owner.post(f"/api/studio/people/{bob.who.user_id}", json={"role": "owner"}).json()["role"] == "owner"
    assert owner.post(way, json={"role": "member"}).json()["role"] == "member"
    assert owner.get("/api/studio/people").status_code == 403, "no longer theirs to see"
    answer = browser(house, bob).post(f"/api/studio/people/{bob.who.user_id}", json={"disabled": True})
    assert answer.status_code == 409


def test_an_email_belongs_to_one_person(owner: TestClient, ann: Person, bob: Person) -> None:
    way = "/api/studio/people/"
    assert owner.post(way + ann.who.user_id, json={"email": "A@x.org"}).json()["email"] == "a@x.org"
    taken = owner.post(way + bob.who.user_id, json={"email": "a@X.org"})
    assert (taken.status_code, taken.json()["code"]) == (409, "email_taken")
    assert owner.post(way + ann.who.user_id, json={"email": ""}).json()["email"] is None


def test_unknown_people_are_not_found(owner: TestClient) -> None:
    nobody = "f" * 32
    for way in (f"people/{nobody}", f"people/{nobody}/link", f"people/{nobody}/sign-out"):
        assert owner.post(f"/api/studio/{way}", json={}).status_code == 404, way
    for way in (f"devices/{nobody}", f"tokens/{nobody}"):
        assert owner.delete(f"/api/studio/{way}").status_code == 404, way


def test_devices_and_tokens_of_everyone_are_listed(house: House, owner: TestClient, bob: Person) -> None:
    theirs, script = browser(house, bob), house.client(bob)
    script.get("/api/me")
    devices = owner.get("/api/studio/devices").json()
    assert [(one["owner"], one["here"]) for one in devices if one["here"]] == [("Ann", True)]
    [device] = [one for one in devices if one["owner"] == "Bob" and one["address"] == "192.168.1.7"]
    assert device["device"] == "Firefox on Linux"
    assert owner.delete(f"/api/studio/devices/{device['id']}").status_code == 204
    assert theirs.get("/api/me").status_code == 401
    [token] = [one for one in owner.get("/api/studio/tokens").json() if one["owner"] == "Bob"]
    assert token["used_at"]
    assert bob.token not in owner.get("/api/studio/tokens").text
    assert owner.delete(f"/api/studio/tokens/{token['id']}").status_code == 204
    assert script.get("/api/me").status_code == 401


def test_failures_by_cause_contain_no_prompts(house: House, owner: TestClient, bob: Person) -> None:
    def failed(code: str, ago: float, **more: Any) -> Job:
        error = {"code": code, "what": "The moonlit harbour cannot be drawn.", "why": "", "next": ""}
        return Job(
            **{"user_id": bob.who.user_id, "task": "create_image", "title": "moonlit harbour", "model": "plain"}
            | {"lane": "cpu", "priority": "batch", "state": "failed", "request": {"prompt": "moonlit harbour"}}
            | {"error": error, "created_at": time.time() - ago, "finished_at": time.time() - ago}
            | more
        )

    with house.studio.database.session() as session:
        session.add_all([failed("out_of_memory", 50), failed("out_of_memory", 9), failed("odd_thing", 99)])
        session.add_all([failed("disk_full", 40 * 86_400), failed("disk_full", 5, state="done")])
    answer = owner.get("/api/studio/failures")
    memory, odd = answer.json()
    assert (memory["code"], memory["count"], memory["people"]) == ("out_of_memory", 2, {"Bob": 2})
    assert memory["last_at"] > time.time() - 60
    assert memory["next"]
    assert odd["cause"] == "Odd thing"
    assert not [secret for secret in SECRETS if secret in answer.text]


def test_health_lists_every_check(house: House, owner: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    told = owner.get("/api/studio/health").json()
    checks = {check["name"]: check for check in told["checks"]}
    assert checks["Database"]["state"] == "good"
    assert checks["Device"]["words"].startswith("Easel.")
    assert checks["Starter models"]["state"] == "warn", "there are none in this house"
    assert abs(told["time"] - time.time()) < 60
    assert "cpu" in [lane["name"] for lane in told["lanes"]]
    monkeypatch.setattr("api.studio_health.shutil.disk_usage", lambda _: _Full())
    told = owner.get("/api/studio/health").json()
    assert [check["state"] for check in told["checks"] if check["name"] == "Disk"] == ["warn"]


class _Full:
    free, total, used = 1000, 10**12, 10**12 - 1000


def test_a_damaged_database_is_reported(house: House, owner: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    class Broken:
        def __enter__(self) -> "Broken":
            return self

        def __exit__(self, *_: object) -> None: ...

        def execute(self, _: object) -> "Broken":
            return self

        def scalar(self) -> str:
            return "Page 7: btreeInitPage() returns error code 11"

    from api.studio_health import HealthLook

    look = HealthLook(house.studio)
    monkeypatch.setattr(type(house.studio.database), "session", lambda self: Broken())
    check = look._database()
    assert (check.state, "Damaged" in check.words, "backup" in check.next) == ("bad", True, True)


@pytest.mark.parametrize(
    ("code", "words", "next"),
    [
        (sqlite3.SQLITE_BUSY, "is busy", "Try again"),
        (sqlite3.SQLITE_FULL, "is full", "Free up space"),
        (sqlite3.SQLITE_READONLY, "cannot be written", "account"),
        (sqlite3.SQLITE_CORRUPT, "is damaged", "restore a backup"),
    ],
)
def test_other_database_errors_are_not_reported_as_damage(
    house: House, owner: TestClient, monkeypatch: pytest.MonkeyPatch, code: int, words: str, next: str
) -> None:
    error = sqlite3.OperationalError("database or disk is full" if code == sqlite3.SQLITE_FULL else "no")
    error.sqlite_errorcode = code
    from api.studio_health import HealthLook

    look = HealthLook(house.studio)
    monkeypatch.setattr(type(house.studio.database), "session", lambda self: (_ for _ in ()).throw(error))
    check = look._database()
    assert check.state == "bad"
    assert words in check.words
    assert next in check.next
    assert ("is damaged" in check.words) == (code == sqlite3.SQLITE_CORRUPT)


def test_a_backup_is_started_from_the_page(house: House, owner: TestClient) -> None:
    assert owner.get("/api/studio/backup").json()["last_at"] is None
    begun = owner.post("/api/studio/backup")
    assert begun.status_code == 202
    deadline = time.monotonic() + 20
    while (told := owner.get("/api/studio/backup").json())["running"]:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    assert (told["problem"], told["missing"]) == ("", 0)
    assert abs(told["last_at"] - time.time()) < 60
    place = Path(told["place"])
    assert place.parent == house.studio.data.root.parent
    assert list(place.rglob("*.db*"))


def test_a_failed_backup_says_why(house: House, owner: TestClient) -> None:
    place = Path(owner.get("/api/studio/backup").json()["place"])
    place.mkdir()
    (place / "holiday.jpg").touch()
    owner.post("/api/studio/backup")
    deadline = time.monotonic() + 20
    while (told := owner.get("/api/studio/backup").json())["running"]:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    assert "contains other files" in told["problem"]
    assert told["last_at"] is None


def test_current_settings_are_listed_without_secrets(data_folder: Any, owner: TestClient) -> None:
    told = owner.get("/api/studio/about").json()
    settings = {one["name"]: one for one in told["settings"]}
    assert (settings["max_upload_mb"]["value"], settings["max_upload_mb"]["changed"]) == ("2", True)
    assert settings["port"]["variable"] == "C41_PORT"
    assert told["version"] in told["news"]
    from api.studio_about import about
    from settings import Settings

    ollama = {"ollama_key": "s3cret-k", "ollama_url": "http://max:s3cret-p@ollama:11434"}
    hidden = Settings(data=data_folder, metrics_token="s3cret-m", oidc_client_secret="s3cret-o", **ollama)
    assert "s3cret-k" not in repr(hidden)
    assert "s3cret-p" not in repr(hidden)
    said = about(hidden, DataFolder(data_folder).root).model_dump_json()
    assert "s3cret" not in said
    assert "set, not shown" in said
