"""A browser without cookies gets an explanation after signing in; others do not."""

from auth.http.cookie_check import SECONDS, CookieChecks
from tests.auth.gated_app import HTML, PASSWORD, House, client, signed_in

GOOD = {"username": "ann", "password": PASSWORD, "next": "/api/me?x=1&y=2"}
SENTENCE = "but you are not signed in"


def sessions(house: House) -> list[str]:
    return [device.id for device in house.accounts.people_admin.devices(None) if device.owner == "ann"]


def test_a_browser_without_cookies_gets_an_explanation(house: House) -> None:
    browser = client(house, **HTML)
    onward = browser.post("/login", data=GOOD).headers["location"]
    browser.cookies.clear()
    told = browser.get(onward)
    assert told.status_code == 401
    for part in (SENTENCE, "your browser blocked it", "Allow cookies", 'name="next" value="/api/me?x=1&amp;y=2"'):
        assert part in told.text
    again = browser.get(onward)
    assert (again.status_code, SENTENCE in again.text) == (200, False), "loaded again, perhaps with cookies allowed"
    assert 'name="next" value="/api/me?x=1&amp;y=2"' in again.text
    done = browser.post("/login", data=GOOD)
    assert browser.get(done.headers["location"]).headers["location"] == GOOD["next"]
    assert browser.get(onward).headers["location"] == GOOD["next"], "Back leads to the studio"


def test_a_session_without_a_cookie_ends(house: House) -> None:
    ann = signed_in(house, "ann")
    browser = client(house, **HTML)
    onward = browser.post("/login", data=GOOD).headers["location"]
    before = len(sessions(house))
    browser.cookies.clear()
    browser.get(onward)
    assert len(sessions(house)) == before - 1
    assert ann.get("/api/me").status_code == 200


def test_a_one_time_link_explains_it_too(house: House) -> None:
    link = house.accounts.add("Zoë")
    browser = client(house, **HTML)
    onward = browser.post(link, data={"password": PASSWORD, "again": PASSWORD}).headers["location"]
    browser.cookies.clear()
    assert SENTENCE in browser.get(onward).text


def test_nobody_sees_the_error_wrongly(house: House) -> None:
    stranger, browser = client(house, **HTML), client(house, **HTML)
    for mark in ("", "1", "x" * 5000, "é"):
        made_up = stranger.get("/login", params={"signed_in": mark})
        assert (made_up.status_code, SENTENCE in made_up.text) == (200, False)
    onward = browser.post("/login", data=GOOD).headers["location"]
    assert browser.get(onward).headers["location"] == GOOD["next"]
    shared = stranger.get(onward)
    assert (shared.status_code, SENTENCE in shared.text) == (200, False), "a mark counts once"
    onward = browser.post("/login", data=GOOD).headers["location"]
    house.accounts.sign_out_everywhere(house.accounts.find("ann").id)
    ended = browser.get(onward)
    assert (ended.status_code, SENTENCE in ended.text) == (200, False), (
        "it sent its cookie; the session ended elsewhere"
    )


def test_a_mark_is_valid_once_for_a_minute() -> None:
    now = [1000.0]
    checks = CookieChecks(clock=lambda: now[0])
    first, second = checks.begin("a"), checks.begin("b")
    assert checks.finish(first) == "a"
    assert checks.finish(first) is None
    now[0] += SECONDS
    assert checks.finish(second) is None
    checks.begin("c")
    assert checks.finish("unknown") is None
    assert len(checks._waiting) == 1, "old marks are dropped"


def test_scripts_are_not_affected(house: House) -> None:
    assert client(house).post("/login", data=GOOD).json() == {"success": True}
