"""The gate in front of a real Gradio app: every route closed, files and sessions kept apart."""

import gzip
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from auth.http.bodies import EVENT_LIMIT
from tests.auth import gated_app as houses
from tests.auth.gated_app import HTML, House, client

API = "/gradio_api"


@pytest.fixture(scope="module")
def ann(gradio_house: House) -> Iterator[TestClient]:
    with TestClient(
        gradio_house.app, headers=gradio_house.token("ann"), follow_redirects=False, client=("127.0.0.1", 1)
    ) as browser:  # the lifespan starts Gradio's queue once
        yield browser


@pytest.fixture
def bob(gradio_house: House, ann: TestClient) -> TestClient:
    return client(gradio_house, **gradio_house.token("bob"))


def upload(who: TestClient, text: str, name: str = "note.txt", **headers: str) -> str:
    answer = who.post(f"{API}/upload", files={"files": (name, text.encode())}, headers=headers)
    assert answer.status_code == 200, answer.text
    path: str = answer.json()[0]
    return path


def file(path: str, **more: Any) -> dict[str, Any]:
    return {"path": path, "meta": {"_type": "gradio.FileData"}, **more}


def call(who: TestClient, value: Any, text: str = "x") -> Any:
    return who.post(f"{API}/call/read", json={"data": [text, value]})


def result(who: TestClient, value: Any, text: str = "x") -> str:
    answer = call(who, value, text)
    assert answer.status_code == 200, answer.text
    return who.get(f"{API}/call/read/{answer.json()['event_id']}").text


# Closed


def every_route(routes: Any) -> Iterator[tuple[str, str]]:
    for route in routes:
        if hasattr(route, "original_router"):
            yield from every_route(route.original_router.routes)
        elif getattr(route, "methods", None):
            path = re.sub(r"[{}]", "", route.path)
            yield from ((method, path) for method in route.methods)
        elif hasattr(route, "app") and hasattr(route.app, "routes"):
            yield from every_route(route.app.routes)


def test_every_route_refuses_without_sign_in(gradio_house: House, ann: TestClient) -> None:
    nobody = client(gradio_house)
    routes = {(method, path) for method, path in every_route(gradio_house.inside.routes)}
    gradio = {path for _, path in routes if path.startswith(API)}
    assert len(routes) > 80, "the walk no longer finds Gradio's routes"
    assert {
        f"{API}/queue/join",
        f"{API}/file=path_or_url:path",
        f"{API}/upload",
        f"{API}/heartbeat/session_hash",
    } <= gradio
    open_ones = {"/login", "/healthz", "/metrics", "/setup/token", "/trust", "/trust/c41-studio.crt"}
    for method, path in sorted(routes):
        if path in open_ones:
            continue
        answer = nobody.request(method, path, json={} if method == "POST" else None)
        assert answer.status_code == 401, (method, path, answer.status_code)


def test_routes_the_studio_does_not_use_are_not_found(bob: TestClient) -> None:
    for path in ("/monitoring", "/monitoring/summary", f"{API}/deep_link", f"{API}/runs", f"{API}/run-history/records",
                 f"{API}/proxy=https://example.org/x", f"{API}/file=https://example.org/x", f"{API}/dev/reload",
                 f"{API}/stream/a/b/1/playlist.m3u8", f"{API}/custom_component/a/client/b/c", f"{API}/file/x",
                 f"{API}/mcp/schema", f"{API}/vibe-code", f"{API}/token", API, "/gradio_api"):  # fmt: skip
        assert bob.get(path).status_code == 404, path
    for path in (f"{API}/process_recording", f"{API}/vibe-edit", f"{API}/stream/x", f"{API}/run-history/connect",
                 f"{API}/call/v2/read", "/login/"):  # fmt: skip
        assert bob.post(path, json={}).status_code == 404, path


def test_no_other_website_can_read(bob: TestClient) -> None:
    for path in ("/", "/config", f"{API}/info"):
        answer = bob.get(path, headers={"Origin": "https://evil.example", "Host": "studio.example"})
        assert answer.status_code == 200
        assert not [name for name in answer.headers if name.startswith("access-control-")]


# Files


def test_ones_own_upload_can_be_used_and_fetched(ann: TestClient) -> None:
    path = upload(ann, "ann's note")
    assert "ann|x|ann's note" in result(ann, file(path))
    fetched = ann.get(f"{API}/file={path}")
    assert fetched.text == "ann's note"
    assert fetched.headers["content-security-policy"].startswith("sandbox")
    assert fetched.headers["x-content-type-options"] == "nosniff"
    part = ann.get(f"{API}/file={path}", headers={"Range": "bytes=0-2"})
    assert (part.status_code, part.text) == (206, "ann")


@pytest.mark.parametrize("coding", ["br", "gzip", "br, gzip, deflate", "identity"])
def test_uploads_are_recorded_whatever_the_client_can_unpack(ann: TestClient, coding: str) -> None:
    many = [("files", (f"a-rather-long-name-to-compress-{n}.txt", b"x%d" % n)) for n in range(30)]
    answer = ann.post(f"{API}/upload", files=many, headers={"Accept-Encoding": coding})
    assert len(answer.json()) == 30
    assert all(ann.get(f"{API}/file={path}").status_code == 200 for path in answer.json()[::10])


@pytest.mark.parametrize("name", ["ünï code 文.txt", "a'b;c&d.txt", "page.html", "dots..txt", ".hidden"])
def test_files_with_odd_names_work(ann: TestClient, bob: TestClient, name: str) -> None:
    from urllib.parse import quote

    path = upload(ann, f"content of {name}", name)
    assert ann.get(f"{API}/file={quote(path)}").text == f"content of {name}"
    assert bob.get(f"{API}/file={quote(path)}").status_code == 404


def test_another_persons_upload_is_neither_fetched_nor_used(ann: TestClient, bob: TestClient) -> None:
    path = upload(ann, "private to ann")
    assert bob.get(f"{API}/file={path}").status_code == 404
    assert bob.head(f"{API}/file={path}").status_code == 404
    refused = call(bob, file(path))
    assert refused.status_code == 403
    assert refused.json()["code"] == "not_your_file"
    assert refused.json()["detail"]
    for route in ("queue/join", "run/read", "api/read", "component_server", "queue/join/"):
        body = {"data": ["x", file(path)], "session_hash": f"b{route}", "fn_index": 0, "file": file(path)}
        assert bob.post(f"{API}/{route}", json=body).status_code == 403, route


def test_two_people_may_upload_the_same_file(ann: TestClient, bob: TestClient) -> None:
    mine, theirs = upload(ann, "the same"), upload(bob, "the same")
    assert mine == theirs
    assert "bob|x|the same" in result(bob, file(theirs))
    assert ann.get(f"{API}/file={mine}").status_code == 200


@pytest.mark.parametrize(
    "disguise",
    [
        lambda path: f"{Path(path).parent}/../{Path(path).parent.name}/{Path(path).name}",
        lambda path: path.replace("/note", "/%2e/note"),
        lambda path: path.replace("/note", "/%2e%2e/" + Path(path).parent.name + "/note"),
        lambda path: path.replace("/note", "//note"),
        lambda path: "/" + path,
        lambda path: path + "/",
        lambda path: path + "%00",
        lambda path: "file://" + path,
    ],
)
def test_disguised_paths_of_others_are_refused(ann: TestClient, bob: TestClient, disguise: Any) -> None:
    path = disguise(upload(ann, "private to ann"))
    assert bob.get(f"{API}/file={path}").status_code == 404
    assert call(bob, file(path)).status_code == 403


@pytest.mark.parametrize("path", ["/etc/passwd", "etc/passwd", "../../etc/passwd", "/proc/self/environ", "", ".", "\0"])
def test_files_of_the_computer_are_refused(gradio_house: House, ann: TestClient, path: str) -> None:
    assert call(ann, file(path)).status_code == 403
    assert call(ann, {"path": path}).status_code == 403
    assert call(ann, {"deep": [[{"er": file(path, url=None)}]]}).status_code == 403


def test_files_of_the_studio_are_not_served(gradio_house: House, ann: TestClient) -> None:
    data = gradio_house.data
    (data.users / "x.txt").write_text("somebody's work")
    planted = data.uploads / "planted.txt"
    planted.write_text("in the cache, but nobody's")
    link = data.uploads / "link.txt"
    link.symlink_to(data.database)
    gradio_house.accounts.record_upload(gradio_house.accounts.find("ann").id, str(link))
    for path in (data.database, data.users / "x.txt", data.root / "secrets" / "session", planted, link):
        assert ann.get(f"{API}/file={path}").status_code == 404, path
        assert call(ann, file(str(path))).status_code == 403, path


@pytest.mark.parametrize(
    "value",
    [
        {"url": "http://169.254.169.254/latest/meta-data"},
        {"url": "https://example.org/x.png", "orig_name": "x.png"},
        {"path": None, "url": "http://127.0.0.1:11434/"},
        {"path": "http://127.0.0.1:11434/", "meta": {"_type": "gradio.FileData"}},
        {"path": "https://example.org/x.png", "url": "https://example.org/x.png"},
        {"path": 3, "url": "//example.org"},
        {"url": "file:///etc/passwd"},
    ],
)
def test_the_server_fetches_nothing_for_a_client(ann: TestClient, value: dict[str, Any]) -> None:
    assert call(ann, value).status_code == 403


def test_a_body_is_not_parsed_in_two_ways(ann: TestClient, bob: TestClient) -> None:
    """If a key occurs twice, Gradio gets the value that was checked."""
    theirs, own = upload(ann, "private to ann"), upload(bob, "bob's own")
    meta = '"meta": {"_type": "gradio.FileData"}'
    for first, second, status in ((theirs, own, 200), (own, theirs, 403)):
        body = f'{{"data": ["x", {{"path": {json.dumps(first)}, "path": {json.dumps(second)}, {meta}}}]}}'
        answer = bob.post(f"{API}/call/read", content=body, headers={"Content-Type": "application/json"})
        assert answer.status_code == status
        if status == 200:
            got = bob.get(f"{API}/call/read/{answer.json()['event_id']}").text
            assert "bob's own" in got
            assert "private" not in got


def test_uploads_are_known_after_a_restart(gradio_house: House, ann: TestClient) -> None:
    path = upload(ann, "for later")
    again = houses.build(gradio_house.data.root)
    ann_id, bob_id = again.accounts.find("ann").id, again.accounts.find("bob").id
    assert again.accounts.owns_upload(ann_id, path)
    assert not again.accounts.owns_upload(bob_id, path)
    again.database.close()


# Bodies


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b"[" * 100_000, b"nul", gzip.compress(b"{}", mtime=0)])
def test_a_broken_body_is_a_bad_request(ann: TestClient, body: bytes) -> None:
    answer = ann.post(f"{API}/queue/join", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 400
    assert answer.json()["code"] == "bad_json"


def test_a_huge_event_is_refused(ann: TestClient) -> None:
    answer = ann.post(f"{API}/call/read", json={"data": ["x" * EVENT_LIMIT, None]})
    assert (answer.status_code, answer.json()["code"]) == (413, "body_too_large")
    assert call(ann, None, "x" * (EVENT_LIMIT - 1000)).status_code == 200


def test_a_form_is_not_an_event(ann: TestClient) -> None:
    answer = ann.post(f"{API}/component_server", files={"file": ("x", b"x")}, data={"session_hash": "s"})
    assert answer.status_code == 400


# Sessions


def test_a_session_hash_belongs_to_its_first_user(ann: TestClient, bob: TestClient) -> None:
    body = {"data": ["x", None], "fn_index": 0, "session_hash": "s-ann"}
    joined = ann.post(f"{API}/queue/join", json=body)
    assert joined.status_code == 200
    event = joined.json()["event_id"]
    assert bob.get(f"{API}/queue/data?session_hash=s-ann").status_code == 404
    assert bob.get(f"{API}/queue/data?session_hash=other&session_hash=s-ann").status_code == 404
    assert bob.get(f"{API}/queue/data?session_hash=%73-ann").status_code == 404
    assert bob.get(f"{API}/heartbeat/s-ann").status_code == 404
    assert bob.post(f"{API}/queue/join", json=body).status_code == 404
    assert (
        bob.post(f"{API}/cancel", json={"session_hash": "s-ann", "fn_index": 0, "event_id": event}).status_code == 404
    )
    assert bob.post(f"{API}/cancel", json={"session_hash": "mine", "fn_index": 0, "event_id": event}).status_code == 404
    assert bob.post(f"{API}/reset", json={"event_id": event}).status_code == 404
    assert bob.get(f"{API}/queue/data?session_hash={event}").status_code == 404
    assert "process_completed" in ann.get(f"{API}/queue/data?session_hash=s-ann").text


def test_an_event_is_followed_only_by_the_person_who_started_it(ann: TestClient, bob: TestClient) -> None:
    event = call(ann, None, "ann's words").json()["event_id"]
    assert bob.get(f"{API}/call/read/{event}").status_code == 404
    assert bob.get(f"{API}/call/v2/read/{event}").status_code == 404
    assert bob.get(f"{API}/queue/data?session_hash={event}").status_code == 404
    assert "ann's words" in ann.get(f"{API}/call/read/{event}").text


@pytest.mark.parametrize("hash", ["", 3, ["s"], {"a": 1}, "x" * 300])
def test_an_odd_session_hash_is_a_bad_request(ann: TestClient, hash: Any) -> None:
    answer = ann.post(f"{API}/queue/join", json={"data": ["x", None], "fn_index": 0, "session_hash": hash})
    assert answer.status_code == 400


# The page


def test_the_page_is_compressed_and_its_files_are_cached(ann: TestClient) -> None:
    page = ann.get("/", headers={**HTML, "Accept-Encoding": "gzip"})
    assert page.status_code == 200
    assert page.headers["content-encoding"] == "gzip"
    assert page.headers["cache-control"] == "private, no-cache"
    assert ann.get("/config", headers={"Accept-Encoding": "gzip"}).headers["content-encoding"] == "gzip"
    script = re.search(r'src="\.?(/assets/[^"]+\.js)"', page.text)
    assert script
    kept = ann.get(script[1])
    assert kept.status_code == 200
    assert "immutable" in kept.headers["cache-control"]


def test_urls_are_right_behind_a_proxy(ann: TestClient) -> None:
    said = {"X-Forwarded-Host": "c41.example", "X-Forwarded-Proto": "https", "X-Forwarded-For": "203.0.113.7"}
    assert ann.get("/config", headers=said).json()["root"].rstrip("/") == "https://c41.example"
