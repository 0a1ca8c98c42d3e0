"""Signing in with an identity provider: a real one on a local port, honest and forged."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from starlette.testclient import TestClient

from tests.auth import gated_app as houses
from tests.auth.gated_app import HTML, PASSWORD, House, account_actions, client, signed_in
from tests.support.oidc_provider import FAULTS, SECRET, Provider, serving

ANN = {"sub": "ann-77", "email": "Ann@Example.org", "email_verified": True, "preferred_username": "ann.lee"}


@pytest.fixture(scope="module")
def running() -> Iterator[Provider]:
    with serving() as found:
        yield found


@pytest.fixture
def provider(running: Provider) -> Provider:
    running.fault, running.down, running.person = "", False, dict(ANN)
    running.codes.clear()
    return running


def built(folder: Path, provider: Provider, **settings: Any) -> House:
    ours = {"oidc_issuer": provider.issuer, "oidc_client_secret": SECRET, "oidc_name": "Lens & Co"}
    house = houses.build(folder, **{"base_url": "http://testserver", **ours, **settings})
    houses.people(house)
    return house


@pytest.fixture
def house(data_folder: Path, provider: Provider) -> Iterator[House]:
    found = built(data_folder, provider)
    yield found
    found.database.close()


def at_provider(browser: TestClient, start: str = "/oidc/start") -> str:
    """Go to the provider. Returns the address it sends the browser back to."""
    there = browser.get(start, headers=HTML)
    assert there.status_code == 302, there.text
    return str(httpx.get(there.headers["location"]).headers["location"])


def through(browser: TestClient, start: str = "/oidc/start") -> Any:
    return browser.get(at_provider(browser, start), headers=HTML)


def who(browser: TestClient) -> str | None:
    answer = browser.get("/api/me")
    return str(answer.json()["name"]) if answer.status_code == 200 else None


def note(house: House, name: str, email: str) -> None:
    house.accounts.people_admin.set_email(house.accounts.find(name).id, email)


def test_the_button_leads_to_the_provider_and_back(house: House) -> None:
    note(house, "ann", "ann@example.org")
    browser = client(house)
    page = browser.get("/login?next=/?x=1", headers=HTML).text
    assert "Sign in with Lens &amp; Co" in page
    start = re.findall(r'href="(/oidc/start[^"]*)"', page)[0].replace("&amp;", "&")
    answer = through(browser, start)
    assert (answer.status_code, answer.headers["location"]) == (303, "/?x=1")
    assert who(browser) == "ann"
    assert browser.post("/logout").status_code == 303
    assert who(browser) is None


def test_a_matched_account_is_linked_permanently(house: House, provider: Provider) -> None:
    note(house, "ann", "ann@example.org")
    assert through(client(house)).status_code == 303
    provider.person.update(email="elsewhere@example.org", preferred_username="x")
    browser = client(house)
    through(browser)
    assert who(browser) == "ann"
    assert next(person for person in house.accounts.people() if person.name == "ann").linked


def test_people_the_owner_has_not_allowed_are_refused(house: House, provider: Provider) -> None:
    browser = client(house)
    for person in ({}, {"email_verified": False, "email": "bob@example.org"}, {"preferred_username": "bob"}):
        note(house, "bob", "bob@example.org")
        provider.person.update(person)
        answer = through(browser)
        assert answer.status_code == 403
        assert "has not allowed this sign-in" in answer.text
        assert 'name="password"' in answer.text
        assert who(browser) is None
    assert [person.name for person in house.accounts.people()] == ["ann", "bob"]


@pytest.mark.parametrize("fault", FAULTS)
def test_forged_claims_are_refused(house: House, provider: Provider, fault: str) -> None:
    note(house, "ann", "ann@example.org")
    provider.fault = fault
    browser = client(house)
    answer = through(browser)
    assert answer.status_code == 401, fault
    assert "The sign-in was refused." in answer.text
    assert who(browser) is None
    provider.fault = ""
    through(browser)
    assert who(browser) == "ann"


def test_a_response_works_once_and_in_one_browser(house: House, provider: Provider) -> None:
    note(house, "ann", "ann@example.org")
    ours, theirs = client(house), client(house)
    back = at_provider(ours)
    assert theirs.get(back, headers=HTML).status_code == 401, "another browser brings it"
    assert ours.get(back, headers=HTML).status_code == 303
    used = re.sub(r"state=[^&]+", "", back)
    ours.post("/logout")
    assert ours.get(back, headers=HTML).status_code == 401, "the state was used"
    fresh = at_provider(ours)
    stale = re.sub(r"code=[^&]+", re.findall(r"code=[^&]+", used)[0], fresh)
    assert ours.get(stale, headers=HTML).status_code == 401, "the code was used"
    assert who(ours) is None
    for made_up in ("", "?code=x&state=y", "?error=access_denied&state=x", "?error=%3Cscript%3Ealert(1)"):
        answer = ours.get(f"/oidc/callback{made_up}", headers=HTML)
        assert answer.status_code == 401, made_up
        assert "<script" not in answer.text


def test_the_password_works_while_the_provider_is_down(house: House, provider: Provider) -> None:
    provider.down = True
    browser = client(house)
    answer = browser.get("/oidc/start", headers=HTML)
    assert answer.status_code == 502
    assert "cannot reach Lens &amp; Co" in answer.text
    assert browser.post("/login", data={"username": "ann", "password": PASSWORD}).status_code == 200
    provider.down = False
    note(house, "bob", "ann@example.org")
    other = client(house)
    back = at_provider(other)
    provider.down = True
    assert other.get(back, headers=HTML).status_code in (401, 502)
    assert who(other) is None


def sent_with(browser: TestClient, **headers: str) -> str:
    """Return the redirect address given to the provider; empty if it gets no request."""
    there = browser.get("/oidc/start", headers={**HTML, **headers})
    query = parse_qs(urlsplit(there.headers.get("location", "")).query)
    return query["redirect_uri"][0] if there.status_code == 302 else ""


def test_the_redirect_address_is_the_studios_whatever_the_host_header(house: House) -> None:
    for headers in ({"Host": "evil.example"}, {"X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "https"}):
        assert sent_with(client(house), **headers) == "http://testserver/oidc/callback"


def test_without_a_configured_address_the_host_header_is_not_trusted(data_folder: Path, provider: Provider) -> None:
    house = built(data_folder, provider, base_url=None)
    browser = client(house)
    assert sent_with(browser, Host="127.0.0.1:7860") == "http://127.0.0.1:7860/oidc/callback"
    proxied = {"X-Forwarded-Host": "studio.example", "X-Forwarded-Proto": "https", "X-Forwarded-For": "203.0.113.7"}
    assert sent_with(browser, **proxied) == "https://studio.example/oidc/callback"
    stranger = TestClient(house.app, client=("203.0.113.7", 1), follow_redirects=False)
    for who, host in ((browser, {}), (stranger, proxied)):
        refused = who.get(
            "/oidc/start", headers={**HTML, "Host": "evil.example", "Referer": "http://evil.example/", **host}
        )
        assert refused.status_code == 400
        assert "C41_BASE_URL" in refused.text
        assert "evil.example" not in refused.text
        assert 'name="password"' in refused.text
    house.database.close()


def test_a_provider_with_another_issuer_is_refused(data_folder: Path, provider: Provider) -> None:
    house = built(data_folder, provider, oidc_issuer=provider.issuer.replace("127.0.0.1", "localhost"))
    answer = client(house).get("/oidc/start", headers=HTML)
    assert (answer.status_code, "not set up correctly" in answer.text) == (502, True)
    house.database.close()


def test_an_account_is_linked_and_unlinked(house: House, provider: Provider) -> None:
    bob = signed_in(house, "bob")
    assert "Link my account" in bob.get("/account", headers=HTML).text
    elsewhere = {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}
    assert bob.post("/account/oidc/link", headers=elsewhere).status_code == 403
    onward = bob.post("/account/oidc/link", headers=HTML)
    start = re.findall(r"url=([^\"]+)\"", onward.text)[0]
    answer = through(bob, start)
    assert (answer.status_code, answer.headers["location"]) == (303, "/account")
    assert "Unlink" in bob.get("/account", headers=HTML).text
    fresh = client(house)
    through(fresh)
    assert who(fresh) == "bob"
    ann = signed_in(house, "ann")
    ann.post("/account/oidc/link", headers=HTML)
    taken = through(ann)
    assert (taken.status_code, "already linked to bob" in taken.text) == (409, True)
    bob.post("/account/oidc/unlink", headers=HTML)
    assert through(client(house)).status_code == 403


def test_an_intent_to_link_does_not_pass_to_the_next_person(house: House) -> None:
    browser = signed_in(house, "bob")
    browser.post("/account/oidc/link", headers=HTML)
    browser.post("/logout")
    browser.post("/login", data={"username": "ann", "password": PASSWORD})
    assert through(browser).status_code == 403
    assert not house.accounts.identities.linked(house.accounts.find("bob").id)


def test_a_stolen_token_cannot_become_a_sign_in(house: House) -> None:
    """Neither by requesting the link itself, nor in a browser where the person started one."""
    bearer = house.token("bob")
    thief = client(house, **bearer)
    assert "/account/oidc/link" in account_actions(house)
    for path in account_actions(house):
        answer = thief.post(path.replace("{token_id}", "f" * 32), headers=HTML)
        assert answer.status_code == 403, path
    assert through(thief).status_code == 403
    browser = signed_in(house, "bob")
    browser.post("/account/oidc/link", headers=HTML)
    back = at_provider(browser)
    assert browser.get(back, headers={**HTML, **bearer}).status_code == 403
    assert not house.accounts.identities.linked(house.accounts.find("bob").id)


def test_names_match_only_if_the_owner_allows_it(data_folder: Path, provider: Provider) -> None:
    house = built(data_folder, provider, oidc_allow="named")
    provider.person.update(email="x@example.org", preferred_username="BOB")
    browser = client(house)
    through(browser)
    assert who(browser) == "bob"
    house.database.close()


def test_everyone_creates_new_members_and_never_opens_existing_accounts(data_folder: Path, provider: Provider) -> None:
    house = built(data_folder, provider, oidc_allow="everyone")
    provider.person = {"sub": "1", "preferred_username": "ann"}
    browser = client(house)
    through(browser)
    assert who(browser) == "ann 2"
    assert browser.get("/api/me").json()["role"] == "member"
    through(client(house))
    assert [person.name for person in house.accounts.people()] == ["ann", "ann 2", "bob"]
    refused = browser.post("/account/oidc/unlink", headers=HTML)
    assert refused.status_code == 409, "it would lock them out"
    house.database.close()


def test_a_disabled_person_stays_out(house: House) -> None:
    note(house, "bob", "ann@example.org")
    house.accounts.disable("bob")
    answer = through(client(house))
    assert (answer.status_code, "Sign-in is blocked" in answer.text) == (403, True)


def test_the_secret_can_be_in_a_file(data_folder: Path, provider: Provider) -> None:
    house = built(data_folder, provider, oidc_client_secret=None)
    note(house, "ann", "ann@example.org")
    assert through(client(house)).status_code == 401, "without it the provider refuses us"
    house.database.close()
    (data_folder / "secrets" / "oidc").write_text(SECRET + "\n")
    again = houses.build(data_folder, oidc_issuer=provider.issuer, base_url="http://testserver")
    browser = client(again)
    assert through(browser).status_code == 303
    assert who(browser) == "ann"
    again.database.close()


def test_without_a_provider_there_are_no_routes_for_it(data_folder: Path, provider: Provider) -> None:
    asked = len(provider.asked)
    house = houses.build(data_folder)
    houses.people(house)
    browser = client(house)
    assert "oidc" not in browser.get("/login", headers=HTML).text
    assert browser.get("/oidc/start").status_code == 404
    assert "oidc" not in signed_in(house, "ann").get("/account", headers=HTML).text
    assert len(provider.asked) == asked
    house.database.close()
