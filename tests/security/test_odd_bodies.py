"""Requests on which Gradio fails get the same errors as everything else, without internals."""

import pytest

from tests.support.people import Person

GRADIO = "/gradio_api"
EVENTS = ("queue/join", "call/list_assets", "run/ask_speak", "api/ask_speak")


@pytest.mark.parametrize(
    "number", ["NaN", "Infinity", "-Infinity", "1e999", "-1e999", "9" * 400, "9" * 5000, str(2**63)]
)
def test_invalid_numbers_are_refused_everywhere(ann: Person, number: str) -> None:
    for path in (*(f"{GRADIO}/{event}" for event in EVENTS), "/api/jobs", "/api/estimate", "/api/conversations"):
        body = f'{{"data": [{number}], "fn_index": 0, "session_hash": "abc"}}'
        answer = ann.client.post(path, content=body, headers={"Content-Type": "application/json"})
        assert (answer.status_code, answer.json()["code"]) in {(422, "bad_number"), (422, "bad_json")}, (path, number)


def test_unknown_functions_are_not_found(ann: Person) -> None:
    body = {"data": [], "fn_index": 99_999, "session_hash": "abc"}
    for path in ("queue/join", "call/nothing", "run/nothing", "call/v2/list_assets", "call/v2/nothing"):
        answer = ann.client.post(f"{GRADIO}/{path}", json=body)
        assert answer.status_code in (404, 422), (path, answer.text)
        assert answer.json(), path
    for path in ("/assets/", "/static/", "/svelte/", "/c41/", "/"):
        assert ann.client.get(path + "a" * 5000).status_code == 404, path


@pytest.mark.parametrize("upload_id", ["", "?upload_id=abc"])
@pytest.mark.parametrize(
    ("boundary", "body"),
    [
        ("a" * 5000, b"--aa\r\n"),
        ("", b"x"),
        ("b", b"rubbish"),
        ("b", b"--b\r\nContent-Disposition: form-data"),
        ("b", b""),
    ],
)
def test_broken_forms_are_bad_requests(ann: Person, upload_id: str, boundary: str, body: bytes) -> None:
    headers = {"Content-Type": f"multipart/form-data; boundary={boundary}"}
    answer = ann.client.post(f"{GRADIO}/upload{upload_id}", content=body, headers=headers)
    assert answer.status_code < 500, answer.text
