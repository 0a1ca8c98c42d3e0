"""Nobody gets in without signing in: every route of the whole app, with every method and spelling."""

import pytest
from starlette.testclient import TestClient
from starlette.types import ASGIApp

from tests.security.entry_points import METHODS, filled, reading, routes
from tests.support.people import Person

OPEN = {"/login", "/setup/{token}", "/login/static/", "/healthz", "/trust", "/trust/c41-studio.crt"}


def refused(client: TestClient, path: str) -> None:
    for method in METHODS:
        answer = client.request(method, path, content=b"{}" if method in ("POST", "PUT", "PATCH") else None)
        assert answer.status_code == 401, (method, path, answer.status_code)
        assert method == "HEAD" or answer.json()["code"] in ("not_signed_in", "metrics_closed"), (method, path)


@pytest.mark.slow
def test_every_route_refuses_strangers(app: ASGIApp, client: TestClient) -> None:
    found = routes(app)
    assert len(found) > 80
    assert found >= OPEN | {"/api/assets/{id}/file", "/gradio_api/queue/join", "/metrics", "/account", "/c41/", "/"}
    for path in sorted(found - OPEN):
        refused(client, filled(path, "f" * 32))


SPELLINGS = (
    "/c41/js/studio.js",
    "/c41/%2e%2e/app.py",
    "/login/",
    "/login/static",
    "/login;/api/me",
    "/LOGIN",
    "//login",
    "/healthz/",
    "/metrics/",
    "/setup",
    "/API/me",
    "//api/me",
    "/api//me",
    "/api/me/",
    "/%61pi/me",
    "/gradio%5fapi/config",
    "/gradio_api/file=/etc/passwd",
    "/nothing/at/all",
)


def test_no_spelling_of_a_path_gets_in(client: TestClient) -> None:
    for path in SPELLINGS:
        refused(client, path)


def test_open_paths_show_only_what_signing_in_needs(client: TestClient) -> None:
    assert client.get("/login/static/login.css").status_code == 200
    for way in ("", "..%2f..%2fapp.py", "%2e%2e/%2e%2e/app.py", "%2e%2e/js/studio.js", "/etc/passwd", "%00", "x"):
        assert client.get(f"/login/static/{way}").status_code == 404, way
    assert client.get("/setup/x").status_code == 410
    for path in (
        "/setup/",
        "/setup/x/y",
        "/setup/%2e%2e/api/me",
        "/setup/x%2f..%2f..%2fapi%2fme",
        "/oidc/%2e%2e/api/me",
    ):
        assert client.get(path).status_code == 404, path


def test_a_body_cannot_fill_the_memory(app: ASGIApp, ann: Person) -> None:
    found = reading(app)
    assert found > {("POST", "/api/assets/many"), ("POST", "/account/tokens")}
    for method, path in sorted(found):
        kind = "application/json" if path.startswith("/api/") else "application/x-www-form-urlencoded"
        body, headers = b" " * (2 << 20), {"Content-Type": kind}
        answer = ann.client.request(method, filled(path, "f" * 32), content=body, headers=headers)
        assert answer.status_code == 413, (method, path, answer.status_code)
