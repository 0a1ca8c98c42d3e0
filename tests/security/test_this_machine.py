"""Other accounts of the computer, and malicious bodies."""

import json
import os
import stat
from pathlib import Path
from typing import Any

import pytest

from auth.http.gradio_uploads import Uploads
from data import DataFolder
from db import open_database
from tests.support.people import Person

GRADIO = "/gradio_api"


@pytest.fixture
def open_umask() -> Any:
    before = os.umask(0)
    yield
    os.umask(before)


@pytest.mark.usefixtures("open_umask")
def test_other_accounts_of_the_computer_cannot_read_anything(data_folder: Path) -> None:
    data_folder.mkdir()  # created by hand, open to everyone
    data = DataFolder(data_folder)
    data.create()
    data.secret("session")
    database = open_database(data.database)
    with database.session():
        closed = [path for path in data_folder.iterdir() if stat.S_IMODE(path.stat().st_mode) & 0o077]
    database.close()
    assert closed == []


def test_a_folder_created_by_the_studio_is_private(data_folder: Path) -> None:
    DataFolder(data_folder).create()
    assert stat.S_IMODE(data_folder.stat().st_mode) == 0o700


@pytest.mark.parametrize("event", ["run/ask_speak", "run/ask_stylize_image", "call/job_status", "queue/join"])
def test_text_with_lone_surrogates_is_a_bad_request(ann: Person, event: str) -> None:
    body = json.dumps({"data": ["\ud800"] * 5, "session_hash": "mine"})
    answer = ann.client.post(f"{GRADIO}/{event}", content=body)
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_json")


@pytest.mark.parametrize("depth", [900, 1_000, 100_000])
def test_deep_nesting_is_harmless(ann: Person, depth: int) -> None:
    body = '{"data": [' + "[" * depth + "]" * depth + "]}"
    for path in (f"{GRADIO}/run/ask_speak", "/api/jobs", "/api/estimate"):
        assert 400 <= ann.client.post(path, content=body).status_code <= 500, path
    assert ann.client.get("/healthz").text == "ok"


def test_a_file_named_many_times_is_checked_once(ann: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    owns = Uploads.owns

    def counted(uploads: Uploads, user_id: str, path: str) -> bool:
        asked.append(path)
        return owns(uploads, user_id, path)

    monkeypatch.setattr(Uploads, "owns", counted)
    path = ann.client.post(f"{GRADIO}/upload", files={"files": ("a.txt", b"a")}).json()[0]
    ann.client.post(f"{GRADIO}/run/ask_speak", json={"data": [[{"path": path}] * 1_000]})
    assert asked == [path]


def test_an_unexpected_error_shows_no_internals(ann: Person) -> None:
    answer = ann.client.post(f"{GRADIO}/run/fill_speak", json={"data": [], "event_data": "text"})
    assert "attribute" not in answer.text
