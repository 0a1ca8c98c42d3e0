"""The sign-in pages, as seen by a browser and by a script."""

import re
import time

import pytest
from httpx import Response
from sqlalchemy import update
from starlette.testclient import TestClient

from auth.accounts.tables import LoginSession
from tests.auth.gated_app import HTML, PASSWORD, House, account_actions, client, signed_in

GOOD = {"username": "ann", "password": PASSWORD}
SENTENCE = re.compile(r'role="alert".*?<strong>[A-Z][^<]+\.</strong>', re.S)


def lands(browser: TestClient, signed_in: Response) -> str:
    """Return where a browser ends up after signing in, following the redirect through the sign-in page."""
    assert (signed_in.status_code, signed_in.headers["location"].partition("?")[0]) == (303, "/login")
    onward = browser.get(signed_in.headers["location"])
    assert onward.status_code == 303, onward.text
    return onward.headers["location"]


def test_a_browser_signs_in_and_reaches_the_requested_page(house: House) -> None:
    browser = client(house, **HTML)
    asked = browser.get("/api/me?x=1&y=2")
    assert asked.status_code == 303
    form = browser.get(asked.headers["location"])
    assert form.status_code == 200
    assert 'name="next" value="/api/me?x=1&amp;y=2"' in form.text
    done = browser.post("/login", data={**GOOD, "next": "/api/me?x=1&y=2"})
    assert lands(browser, done) == "/api/me?x=1&y=2"
    cookie = done.headers["set-cookie"]
    assert "httponly" in cookie.lower()
    assert "samesite=lax" in cookie.lower()
    assert "secure" not in cookie.lower()
    assert browser.get("/api/me").json()["name"] == "ann"
    assert browser.get("/login").headers["location"] == "/"


@pytest.mark.parametrize(
    "elsewhere",
    ["//evil.example", "https://evil.example", "/\\evil.example", "\\\\evil.example", "/\t/evil.example",
     "javascript:x", "evil.example", "/login", "/logout", "", "http:evil.example", "/\nSet-Cookie: a=b", "//[evil"],
)  # fmt: skip
def test_next_never_leads_to_another_site(house: House, elsewhere: str) -> None:
    browser = client(house, **HTML)
    assert lands(browser, browser.post("/login", data={**GOOD, "next": elsewhere})) == "/"
    marked = browser.get("/login", params={"next": elsewhere, "signed_in": "x"})
    assert (marked.status_code, marked.headers["location"]) == (303, "/")


def test_a_wrong_password_is_explained_and_the_name_stays(house: House) -> None:
    answer = client(house, **HTML).post("/login", data={"username": 'b"<ob', "password": "wrong", "next": "/x"})
    assert answer.status_code == 401
    assert SENTENCE.search(answer.text)
    assert 'value="b&#34;&lt;ob"' in answer.text
    assert 'name="next" value="/x"' in answer.text
    assert "set-cookie" not in answer.headers


def test_a_script_gets_json(house: House) -> None:
    script = client(house)
    refused = script.post("/login", data={**GOOD, "password": "wrong"})
    assert refused.status_code == 401
    assert set(refused.json()) == {"code", "field", "what", "why", "next"}
    assert script.post("/login", data=GOOD).json() == {"success": True}
    assert script.get("/api/me").json()["via"] == "session"


@pytest.mark.parametrize("body", [b"", b"username=%ff%fe&password=%00%ff", b"\xff\xfe", b"username=ann&username=bob"])
def test_a_broken_form_is_refused(house: House, body: bytes) -> None:
    answer = client(house).post("/login", content=body, headers={"Content-Type": "application/x-www-form-urlencoded"})
    assert answer.status_code == 401


def test_a_huge_form_is_refused(house: House) -> None:
    assert client(house).post("/login", data={"username": "a" * 100_000, "password": "b"}).status_code == 413


def test_eleven_tries_a_minute_are_too_many_for_an_account(house: House) -> None:
    for number in range(10):
        browser = client(house, **{"X-Forwarded-For": f"10.0.0.{number}"})
        assert browser.post("/login", data={**GOOD, "password": "wrong"}).status_code == 401
    refused = client(house, **{"X-Forwarded-For": "10.0.1.1"}).post("/login", data={**GOOD, "username": "ANN"})
    assert refused.status_code == 429
    assert 0 < int(refused.headers["retry-after"]) <= 60
    assert refused.json()["what"].endswith(".")
    assert "Wait" in refused.json()["next"]
    other = client(house, **{"X-Forwarded-For": "10.0.1.1"}).post("/login", data={**GOOD, "username": "bob"})
    assert other.status_code == 200


def test_eleven_tries_a_minute_are_too_many_for_an_address(house: House) -> None:
    browser = client(house, **HTML)
    for number in range(10):
        assert browser.post("/login", data={"username": f"n{number}", "password": "wrong"}).status_code == 401
    refused = browser.post("/login", data=GOOD)
    assert refused.status_code == 429
    assert SENTENCE.search(refused.text)
    assert client(house, **{"X-Forwarded-For": "10.0.0.9"}).post("/login", data=GOOD).status_code == 200


def test_successful_sign_ins_are_not_limited(house: House) -> None:
    for _ in range(12):
        assert client(house).post("/login", data=GOOD).status_code == 200


def test_guessing_links_is_limited_too(empty_house: House) -> None:
    link = empty_house.accounts.first_run_link()
    assert link
    browser = client(empty_house)
    for number in range(10):
        assert browser.get(f"/setup/guess{number}").status_code == 410
    assert browser.get(link).status_code == 429
    assert browser.post(link, data={"name": "ann", "password": PASSWORD}).status_code == 429


def test_the_first_account(empty_house: House) -> None:
    link = empty_house.accounts.first_run_link()
    assert link
    browser = client(empty_house, **HTML)
    assert "Create the first account" in browser.get(link).text
    for wrong in ({"password": "short", "again": "short"}, {"password": PASSWORD, "again": "something else"}):
        answer = browser.post(link, data={"name": "ann", **wrong})
        assert answer.status_code == 422
        assert SENTENCE.search(answer.text)
        assert 'value="ann"' in answer.text
    done = browser.post(link, data={"name": "ann", "password": PASSWORD, "again": PASSWORD})
    assert lands(browser, done) == "/"
    assert browser.get("/api/me").json() == {"name": "ann", "role": "owner", "via": "session", "client": "127.0.0.1"}
    for used in (browser.get(link), browser.post(link, data={"name": "eve", "password": PASSWORD})):
        assert used.status_code == 410
        assert "no longer works" in used.text


def test_an_invited_person_chooses_a_password(house: House) -> None:
    link = house.accounts.add("Zoë")
    browser = client(house, **HTML)
    assert "Welcome, Zoë" in browser.get(link).text
    assert browser.post(link, data={"password": PASSWORD, "again": PASSWORD}).status_code == 303
    assert browser.get("/api/me").json()["name"] == "Zoë"


def test_signing_in_again_replaces_the_session(house: House) -> None:
    browser = signed_in(house, "ann")
    old = dict(browser.cookies)
    browser.post("/login", data={"username": "bob", "password": PASSWORD})
    assert browser.get("/api/me").json()["name"] == "bob"
    stale = client(house)
    stale.cookies.update(old)
    assert stale.get("/api/me").status_code == 401


def test_signing_out_ends_the_session_itself(house: House) -> None:
    browser = signed_in(house, "ann")
    kept = dict(browser.cookies)
    assert browser.get("/logout").headers["location"] == "/account"
    assert browser.get("/api/me").status_code == 200
    assert browser.post("/logout").headers["location"] == "/login"
    thief = client(house)
    thief.cookies.update(kept)
    assert thief.get("/api/me").status_code == 401


def test_an_expired_session_asks_to_sign_in(house: House) -> None:
    browser = signed_in(house, "ann")
    assert browser.get("/api/me").status_code == 200
    with house.database.session() as session:
        session.execute(update(LoginSession).values(expires_at=time.time() - 1))
    house.accounts.sign_out("somebody else")
    assert browser.get("/api/me").status_code == 401


def test_a_forged_cookie_is_refused(house: House) -> None:
    for cookie in ("x", "e30=.x.y", "null", "a" * 4000):
        browser = client(house)
        browser.cookies.set("c41", cookie)
        assert browser.get("/api/me").status_code == 401


def test_the_account_page_changes_the_password(house: House) -> None:
    here, there = signed_in(house, "ann"), signed_in(house, "ann")
    here.headers.update(HTML)
    wrong = here.post(
        "/account/password", data={"current": "no", "new": "another long one", "again": "another long one"}
    )
    assert wrong.status_code == 401
    assert SENTENCE.search(wrong.text)
    differ = here.post("/account/password", data={"current": PASSWORD, "new": "another long one", "again": "other"})
    assert differ.status_code == 422
    done = here.post(
        "/account/password", data={"current": PASSWORD, "new": "another long one", "again": "another long one"}
    )
    assert done.headers["location"] == "/account"
    assert "Password changed" in here.get("/account").text
    assert here.get("/api/me").status_code == 200
    assert there.get("/api/me").status_code == 401


def test_the_current_password_cannot_be_guessed_either(house: House) -> None:
    browser = signed_in(house, "ann")
    tries = [
        browser.post("/account/password", data={"current": f"no{n}", "new": "another long one"}).status_code
        for n in range(11)
    ]
    assert tries == [401] * 10 + [429]


def test_the_account_page_creates_and_revokes_tokens(house: House) -> None:
    browser = signed_in(house, "ann")
    browser.headers.update(HTML)
    sent = browser.post("/account/tokens", data={"name": "<nightly>"})
    assert (sent.status_code, sent.headers["location"]) == (303, "/account")  # reloading does not create another one
    assert "c41_" not in browser.cookies["c41"]
    made = browser.get("/account")
    token = re.search(r">(c41_[^<]+)<", made.text)
    assert token
    assert made.headers["cache-control"] == "no-store"
    assert token[1] not in browser.get("/account").text
    assert "&lt;nightly&gt;" in browser.get("/account").text
    script = client(house, Authorization=f"Bearer {token[1]}")
    assert script.get("/api/me").json()["via"] == "token"
    revoke = re.search(r'action="(/account/tokens/\w+/revoke)"', made.text)
    assert revoke
    assert signed_in(house, "bob").post(revoke[1]).status_code == 404
    assert script.get("/api/me").status_code == 200
    assert browser.post(revoke[1]).headers["location"] == "/account"
    assert "Token revoked" in browser.get("/account").text
    refused = script.get("/api/me")
    assert (refused.status_code, refused.json()["code"]) == (401, "token_unknown")
    assert refused.json()["what"] == "This token is invalid or was revoked."
    event = script.post("/gradio_api/call/act", json={"data": []}).json()
    assert event["detail"].startswith("This token is invalid or was revoked.")
    page = script.get("/account", headers=HTML)
    assert (page.status_code, "invalid or was revoked" in page.text) == (401, True)  # not the sign-in form


def test_sign_out_everywhere(house: House) -> None:
    here, there, bob = signed_in(house, "ann"), signed_in(house, "ann"), signed_in(house, "bob")
    assert here.post("/account/sign-out-everywhere").headers["location"] == "/login"
    assert [browser.get("/api/me").status_code for browser in (here, there, bob)] == [401, 401, 200]


def test_pages_load_nothing_but_their_own_files(house: House) -> None:
    browser = client(house, **HTML)
    page = browser.get("/login")
    assert "<script" not in page.text
    assert "default-src 'none'" in page.headers["content-security-policy"]
    for file in re.findall(r'(?:href|src)="([^"]+)"', page.text):
        if file != "/":
            assert file.startswith("/login/static/")
            assert browser.get(file).status_code == 200
    assert browser.get("/login/static/../../auth/gate.py").status_code in (303, 404)
    assert browser.get("/login/static/%2e%2e/%2e%2e/auth/gate.py").status_code == 404


def test_signing_out_everywhere_revokes_tokens_only_on_request(house: House) -> None:
    script = client(house, **house.token("bob"))
    signed_in(house, "bob").post("/account/sign-out-everywhere")
    assert script.get("/api/me").status_code == 200
    browser = signed_in(house, "bob")
    assert "Also revoke my access token" in browser.get("/account", headers=HTML).text
    browser.post("/account/sign-out-everywhere", data={"tokens": "yes"})
    assert [one.get("/api/me").status_code for one in (browser, script)] == [401, 401]


def test_a_token_cannot_change_the_account(house: House) -> None:
    browser, script = signed_in(house, "bob"), client(house, **house.token("bob"))
    [token] = house.accounts.people_admin.tokens()
    actions = account_actions(house)
    assert len(actions) > 3
    for path in actions:
        answer = script.post(path.replace("{token_id}", token.id), data={"tokens": "yes", "name": "another"})
        assert (answer.status_code, answer.json()["code"]) == (403, "sign_in_needed"), path
    assert browser.get("/api/me").status_code == 200
    assert script.get("/api/me").status_code == 200
