"""The address people open the studio at: what is valid and what uses it. A Host header alone is not trusted."""

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
import uvicorn
from pydantic import ValidationError
from starlette.requests import Request

import app
from auth import __main__ as command
from auth.http.base_url import base_url, page_url
from auth.lan import addresses
from auth.lan.lan_server import invitation
from settings import Settings
from tests.auth import gated_app as houses
from tests.auth.gated_app import HTML, PASSWORD, House, client, signed_in

BASE = "https://studio.example.org"


@pytest.fixture
def named(data_folder: Path) -> Iterator[House]:
    """A house with a configured address."""
    built = houses.build(data_folder, base_url=BASE)
    houses.people(built)
    yield built
    built.database.close()


def asked(host: str, trusted_proxy: bool = False, **headers: str) -> Request:
    """Return a request as passed on by TrustedProxies."""
    sent = {"host": host, **headers}
    scope = {
        "type": "http",
        "scheme": "http",
        "path": "/oidc/start",
        "query_string": b"",
        "server": ("testserver", 80),
        "headers": [(name.encode(), value.encode("latin-1")) for name, value in sent.items()],
        "state": {"trusted_proxy": trusted_proxy},
    }
    return Request(scope)


@pytest.mark.parametrize(
    ("written", "address"),
    [
        ("https://studio.example.org", BASE),
        ("HTTPS://Studio.Example.org:443/", BASE),
        ("http://192.168.1.7:7860", "http://192.168.1.7:7860"),
        ("http://[::1]:7860/", "http://[::1]:7860"),
        ("https://stüdio.example", "https://xn--stdio-lva.example"),
        ("", None),
    ],
)
def test_an_address_is_normalized_like_in_browsers(written: str, address: str | None) -> None:
    assert Settings(base_url=written).base_url == address


@pytest.mark.parametrize(
    ("written", "sentence"),
    [
        ("studio.example.org", "not a web address"),
        ("ftp://studio.example.org", "not a web address"),
        ("https://", "not a web address"),
        ("https://h:99999", "not a web address"),
        ("https://h/studio", "leave out the path"),
        ("https://h\\studio", "leave out the path"),
        ("https://ann:x@h", "may only have http or https, a host and a port"),
        ("https://h?a=1", "may only have http or https, a host and a port"),
        ("https://h#a", "may only have http or https, a host and a port"),
    ],
)
def test_invalid_addresses_are_refused(written: str, sentence: str) -> None:
    with pytest.raises(ValidationError, match=sentence):
        Settings(base_url=written)


@pytest.mark.parametrize(
    "said",
    [
        {"Origin": "http://testserver"},
        {"Origin": "http://studio.example.org"},
        {"Origin": "https://studio.example.org:8443"},
        {"Origin": "https://studio.example.org.evil.example"},
        {"Origin": "https://evil.example", "Host": "evil.example"},
        {"Origin": "http://studio.example.org", "Host": "studio.example.org", "Sec-Fetch-Site": "same-origin"},
        {"Origin": BASE, "Sec-Fetch-Site": "cross-site"},
        {"Origin": "null"},
    ],
)
def test_only_pages_at_the_configured_address_may_act(named: House, said: dict[str, str]) -> None:
    refused = signed_in(named, "ann").post("/api/act", headers=said)
    assert (refused.status_code, refused.json()["code"]) == (403, "cross_site")
    assert BASE in refused.json()["why"]
    assert "C41_BASE_URL" in refused.json()["next"]


def test_pages_there_and_scripts_anywhere_may_act(named: House) -> None:
    browser = signed_in(named, "ann")  # a script on this computer signs in without an Origin
    for said in ({}, {"Origin": BASE}, {"Origin": BASE, "Sec-Fetch-Site": "same-origin", "Host": "127.0.0.1:7860"}):
        assert browser.post("/api/act", headers=said).status_code == 200
    form = {"username": "ann", "password": PASSWORD}
    assert client(named).post("/login", data=form, headers={**HTML, "Origin": BASE}).status_code == 303


@pytest.mark.parametrize(
    "host", ["127.0.0.1:7860", "localhost:9000", "[::1]:7860", *(f"{name}:1" for name in addresses.names())]
)
def test_names_of_this_computer_are_accepted(host: str) -> None:
    assert base_url(asked(host), Settings()) == f"http://{host}"
    assert base_url(asked(host), Settings(base_url=BASE)) == BASE


def test_addresses_of_this_computer_are_accepted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(addresses, "addresses", lambda: ["192.168.1.7", "fd00::7"])
    assert base_url(asked("192.168.1.7:7860"), Settings()) == "http://192.168.1.7:7860"
    assert base_url(asked("[fd00::7]"), Settings()) == "http://[fd00::7]"
    assert base_url(asked("192.168.1.8:7860"), Settings()) is None


@pytest.mark.parametrize(
    "host",
    ["evil.example", "evil.example\\@127.0.0.1", "127.0.0.1@evil.example", "127.0.0.1.evil.example",
     "evil.example/127.0.0.1", "127.0.0.1#.evil.example", "localhost evil.example", "[evil", "", "127.0.0.1:99999999"],
)  # fmt: skip
def test_other_hosts_are_not_trusted(host: str) -> None:
    assert base_url(asked(host), Settings()) is None
    assert base_url(asked(host), Settings(base_url=BASE)) == BASE
    for page in ("", "null", "https://other.example", "ftp://evil.example", "http://[evil", "about:blank"):
        assert page_url(asked(host, origin=page)) is None


def test_a_trusted_proxy_and_the_requesting_page_are_trusted() -> None:
    assert base_url(asked("studio.example", trusted_proxy=True), Settings()) == "http://studio.example"
    assert page_url(asked("studio.example:1", origin="https://studio.example:1")) == "https://studio.example:1"
    assert page_url(asked("studio.example", referer="http://studio.example/?a=1")) == "http://studio.example"
    assert page_url(asked("studio.example", origin="http://evil.example", referer="http://studio.example/")) is None


def test_the_terminal_prints_links_with_the_address(
    named: House, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("C41_DATA", str(named.data.root))
    monkeypatch.setenv("C41_BASE_URL", BASE)
    assert command.main(["add", "Zoë"]) == 0
    printed = capsys.readouterr().out
    assert f"  {BASE}/setup/" in printed
    assert "replace the first part" not in printed
    told = invitation(7860, BASE)
    assert f"On your phone, open {BASE}\n" in told


@pytest.mark.parametrize("base", [None, BASE])
def test_the_first_link_uses_the_address(
    data_folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], base: str | None
) -> None:
    house = houses.build(data_folder, base_url=base)
    monkeypatch.setattr(app, "build_app", lambda studio: house.app)
    monkeypatch.setattr(app, "forget_garbage", lambda: None)
    monkeypatch.setattr(uvicorn.Server, "run", lambda self, sockets: None)
    [socket] = addresses.listen("127.0.0.1", 0)
    studio: Any = SimpleNamespace(settings=house.settings, accounts=house.accounts, data=house.data)
    with socket:
        app.serve(cast("app.Studio", studio), [socket])
        here = f"http://127.0.0.1:{socket.getsockname()[1]}"
    house.database.close()
    printed = capsys.readouterr().out
    assert f"C41 Studio is running at {base or here}\n" in printed
    assert f"Create the first account: {base or here}/setup/" in printed
