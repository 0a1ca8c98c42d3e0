"""The gate in front of our own pages: closed by default, refuses other websites, distrusts unknown proxies."""

from pathlib import Path
from typing import Any

import anyio
import pytest
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from auth.http.connection_limits import ConnectionLimits
from tests.auth import gated_app as houses
from tests.auth.gated_app import HTML, PASSWORD, House, client, signed_in

FORM = {"username": "ann", "password": PASSWORD}


def test_only_the_sign_in_pages_are_open(house: House) -> None:
    nobody = client(house)
    assert nobody.get("/healthz").text == "ok"
    assert nobody.get("/login").status_code == 200
    for path in ("/", "/api/me", "/account", "/nothing", "/login/", "/login/other", "/logout", "/assets/x", "/setup",
                 "/Login", "//login", "/login/../api/me", "/healthz/", "/oidc"):  # fmt: skip
        answer = nobody.get(path)
        assert answer.status_code == 401, path
        assert answer.json()["code"] == "not_signed_in"
        assert set(answer.json()) == {"code", "field", "what", "why", "next"}
    for method in ("POST", "PUT", "PATCH", "DELETE", "OPTIONS", "HEAD"):
        assert nobody.request(method, "/api/act").status_code == 401
    assert nobody.post("/api/act", headers=HTML).status_code == 401


def test_a_browser_is_redirected_to_sign_in(house: House) -> None:
    answer = client(house, **HTML).get("/api/me?a=b c&next=//x")
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/login?next=/api/me%3F")


def test_an_invalid_token_is_refused_even_with_a_valid_cookie(house: House) -> None:
    browser = signed_in(house, "ann")
    for value in ("Bearer c41_wrong", "Bearer ", "bearer \xff", "Bearer"):
        assert browser.get("/api/me", headers={"Authorization": value.encode("latin-1")}).status_code == 401


def test_a_token_acts_for_its_person(house: House) -> None:
    answer = client(house, **house.token("bob")).get("/api/me")
    assert answer.json() == {"name": "bob", "role": "member", "via": "token", "client": "127.0.0.1"}


def test_websockets_are_closed(house: House) -> None:
    with pytest.raises(WebSocketDisconnect), signed_in(house, "ann").websocket_connect("/queue/join"):
        pass


# Other websites


@pytest.mark.parametrize(
    "said",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://testserver.evil.example"},
        {"Origin": "http://[evil"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "cross-site", "Origin": "http://testserver"},
        {"Origin": "https://testserver"},
        {"Origin": "evil://testserver"},
        {"Origin": "evil://testserver", "Sec-Fetch-Site": "same-origin"},
    ],
)
def test_another_website_cannot_act(house: House, said: dict[str, str]) -> None:
    browser = signed_in(house, "ann")
    assert browser.post("/api/act", headers=said).status_code == 403
    assert browser.post("/logout", headers=said).status_code == 403
    assert client(house).post("/login", data=FORM, headers=said).status_code == 403
    link = house.accounts.add("eve")
    assert client(house).post(link, data={"password": PASSWORD}, headers=said).status_code == 403
    assert house.accounts.invitation(link.rpartition("/")[2])


def test_our_own_pages_can(house: House) -> None:
    browser = signed_in(house, "ann")
    for said in (
        {},
        {"Origin": "http://testserver"},
        {"Sec-Fetch-Site": "same-origin", "Origin": "http://testserver"},
        {"Sec-Fetch-Site": "same-origin", "Origin": "https://testserver"},  # a proxy that does not send the scheme
    ):
        assert browser.post("/api/act", headers=said).status_code == 200


def test_a_token_is_not_a_cookie(house: House) -> None:
    script = client(house, **house.token("ann"))
    assert script.post("/api/act", headers={"Origin": "https://evil.example"}).status_code == 200


# Proxies


@pytest.mark.slow
def test_a_trusted_proxys_headers_are_used(house: House) -> None:
    behind = signed_in(house, "ann")
    said = {"X-Forwarded-For": "6.6.6.6, 203.0.113.7", "X-Forwarded-Proto": "https", "X-Forwarded-Host": "c41.example"}
    assert behind.get("/api/me", headers=said).json()["client"] == "203.0.113.7"
    assert behind.post("/api/act", headers=said).json()["url"] == "https://c41.example/api/act"
    assert behind.post("/api/act", headers={**said, "Origin": "https://c41.example"}).status_code == 200
    assert behind.post("/api/act", headers={**said, "Origin": "https://testserver"}).status_code == 403
    assert "max-age" in behind.get("/api/me", headers=said).headers["strict-transport-security"]
    cookie = client(house).post("/login", data=FORM, headers=said).headers["set-cookie"]
    assert "; secure" in cookie.lower()


@pytest.mark.parametrize(
    ("proxies", "peer", "believed"),
    [
        ("172.16.0.0/12", "172.18.0.3", True),
        ("172.16.0.0/12", "::ffff:172.18.0.3", True),
        ("172.16.0.0/12", "172.32.0.1", False),
        ("172.18.0.3/12", "172.16.0.1", True),
        ("0:0:0:0:0:0:0:1", "::1", True),
        ("::ffff:10.0.0.1", "10.0.0.1", True),
        ("2001:db8::/32, 10.0.0.1", "2001:db8::7", True),
        ("fe80::/10", "fe80::1%eth0", True),
        ("10.0.0.1", "10.0.0.2", False),
        ("", "127.0.0.1", False),
        ("0.0.0.0/0", "testclient", False),
    ],
)
def test_proxies_are_known_by_address_or_network(data_folder: Path, proxies: str, peer: str, believed: bool) -> None:
    house = houses.build(data_folder, trusted_proxies=proxies)
    houses.people(house)
    script = TestClient(house.app, client=(peer, 1), headers=house.token("ann"))
    said = {"X-Forwarded-For": f"203.0.113.7, {peer}", "X-Forwarded-Proto": "https", "X-Forwarded-Host": "c41.example"}
    assert script.get("/api/me", headers=said).json()["client"] == ("203.0.113.7" if believed else peer)
    assert script.post("/api/act", headers=said).json()["url"].startswith("https://c41" if believed else "http://test")
    shared = ConnectionLimits(10_000, house.settings.proxies)._is_shared(peer)
    assert shared == (believed or peer == "127.0.0.1")
    house.database.close()


def test_other_senders_headers_are_ignored(house: House) -> None:
    stranger = TestClient(house.app, client=("198.51.100.4", 1), follow_redirects=False, headers=house.token("ann"))
    said = {
        "X-Forwarded-For": "203.0.113.7",
        "X-Forwarded-Proto": "https",
        "X-Forwarded-Host": "evil.example",
        "X-Gradio-Server": "https://evil.example",
    }
    assert stranger.get("/api/me", headers=said).json()["client"] == "198.51.100.4"
    assert stranger.post("/api/act", headers=said).json()["url"] == "http://testserver/api/act"
    cookie = stranger.post("/login", data=FORM, headers=said).headers["set-cookie"]
    assert "secure" not in cookie.lower()


def test_forged_headers_behind_the_proxy_do_not_escape_the_limit(house: House) -> None:
    def attempt(number: int) -> int:
        said = {"X-Forwarded-For": f"10.0.0.{number}, 203.0.113.7"}
        return client(house).post("/login", data={"username": f"n{number}", "password": "x"}, headers=said).status_code

    assert [attempt(number) for number in range(11)] == [401] * 10 + [429]


@pytest.mark.parametrize("value", ["", ",", "not an address", "::ffff:10.0.0.1", "2001:db8::1", "[::1", "a" * 5000])
def test_odd_forwarded_addresses_are_harmless(house: House, value: str) -> None:
    assert client(house).post("/login", data=FORM, headers={"X-Forwarded-For": value}).status_code == 200


# Metrics


@pytest.mark.parametrize(
    ("peer", "said", "status"),
    [
        ("127.0.0.1", {"Host": "localhost:7860"}, 200),
        ("::1", {"Host": "[::1]:7860"}, 200),
        ("127.0.0.1", {"Host": "127.0.0.1:7860", "X-Forwarded-For": "203.0.113.7"}, 401),
        ("127.0.0.1", {"Host": "127.0.0.1:7860", "X-Forwarded-For": "127.0.0.1"}, 401),
        ("127.0.0.1", {"Host": "127.0.0.1:7860", "Via": "1.1 proxy"}, 401),
        ("127.0.0.1", {"Host": "rebound.example:7860"}, 401),
        ("192.168.1.7", {"Host": "localhost:7860"}, 401),
        ("192.168.1.7", {"Authorization": "Bearer "}, 401),
    ],
)
def test_metrics_are_for_this_computer(house: House, peer: str, said: dict[str, str], status: int) -> None:
    asked = TestClient(house.app, client=(peer, 1), headers=said).get("/metrics")
    assert asked.status_code == status


def test_metrics_from_other_computers_need_a_token(data_folder: Any) -> None:
    house = houses.build(data_folder, metrics_token="figures")
    asked = TestClient(house.app, client=("192.168.1.7", 1))
    assert asked.get("/metrics").status_code == 401
    assert asked.get("/metrics", headers={"Authorization": "Bearer wrong"}).status_code == 401
    assert asked.get("/metrics", headers={"Authorization": "Bearer figures"}).status_code == 200
    house.database.close()


# Headers and streams


def test_every_response_has_the_headers(house: House) -> None:
    browser = signed_in(house, "ann")
    for answer in (
        browser.get("/api/me"),
        browser.get("/login"),
        client(house).get("/nothing"),
        browser.get("/healthz"),
    ):
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["x-frame-options"] == "DENY"
        assert answer.headers["referrer-policy"] == "same-origin"
        assert answer.headers["cross-origin-opener-policy"] == "same-origin"
        assert "geolocation=()" in answer.headers["permissions-policy"]
        assert "strict-transport-security" not in answer.headers
        assert "cache-control" in answer.headers
    assert "sandbox" in browser.get("/api/me").headers["content-security-policy"]


def test_a_stream_passes_chunk_by_chunk(house: House) -> None:
    """Chunks are sent before the app has finished."""
    sent: list[Any] = []
    seen_while_streaming: list[int] = []

    @house.inside.get("/api/stream")
    async def stream() -> Any:
        from fastapi.responses import StreamingResponse

        async def pieces() -> Any:
            for number in range(3):
                yield f"data: {number}\n\n"
                await anyio.sleep(0)
                seen_while_streaming.append(len(sent))

        return StreamingResponse(pieces(), media_type="text/event-stream")

    async def go() -> None:
        headers = [(b"host", b"x"), (b"authorization", house.token("ann")["Authorization"].encode())]
        scope = {
            "type": "http", "method": "GET", "path": "/api/stream", "query_string": b"", "headers": headers,
            "client": ("127.0.0.1", 1), "scheme": "http", "server": ("x", 80), "http_version": "1.1", "root_path": "",
        }  # fmt: skip

        async def receive() -> Any:
            await anyio.sleep_forever()

        async def send(message: Any) -> None:
            sent.append(message)

        await house.app(scope, receive, send)

    anyio.run(go)
    assert seen_while_streaming == [2, 3, 4]
