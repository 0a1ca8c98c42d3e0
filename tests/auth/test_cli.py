"""`python -m auth`: managing people from the command line while the studio runs."""

import os
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

from auth.__main__ import main
from auth.accounts.principal_cache import SECONDS
from tests.auth.gated_app import PASSWORD, House, client, signed_in

REPOSITORY = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def _on_this_folder(monkeypatch: pytest.MonkeyPatch, data_folder: Path) -> None:
    monkeypatch.setenv("C41_DATA", str(data_folder))


def said(capsys: pytest.CaptureFixture[str], *args: str) -> str:
    assert main(list(args)) == 0
    return capsys.readouterr().out.strip()


def link(text: str) -> str:
    found = re.search(r"http://127\.0\.0\.1:7860(/setup/\S+)", text)
    assert found
    return found[1]


def until(condition: object, seconds: float = SECONDS + 1) -> None:
    deadline = time.monotonic() + seconds
    while not condition():  # type: ignore[operator]
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.mark.slow
def test_it_runs_as_a_program_and_creates_the_database(data_folder: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "auth", "add", "Zoë", "--role", "owner"],
        cwd=REPOSITORY,
        env={**os.environ, "C41_DATA": str(data_folder)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    assert "/setup/" in done.stdout
    assert (data_folder / "studio.db").exists()


def test_a_person_from_invitation_to_sign_in(house: House, capsys: pytest.CaptureFixture[str]) -> None:
    house.data.lock()  # a running studio
    path = link(said(capsys, "add", "dad"))
    assert "dad\tmember  link not opened yet" in said(capsys, "list")
    assert client(house).post(path, data={"password": PASSWORD}).status_code == 200
    assert signed_in(house, "dad").get("/api/me").json()["role"] == "member"
    house.data.unlock()


@pytest.mark.slow
def test_changes_reach_a_running_studio_within_two_seconds(house: House, capsys: pytest.CaptureFixture[str]) -> None:
    browser = signed_in(house, "bob")
    script = client(house, Authorization=f"Bearer {said(capsys, 'token', 'bob', 'renders')}")
    assert (browser.get("/api/me").status_code, script.get("/api/me").status_code) == (200, 200)
    said(capsys, "disable", "BOB")
    until(lambda: (browser.get("/api/me").status_code, script.get("/api/me").status_code) == (401, 401))
    assert "bob\tmember  sign-in blocked" in said(capsys, "list")
    said(capsys, "enable", "bob")
    assert script.get("/api/me").status_code == 200


@pytest.mark.slow
def test_a_reset_mentions_tokens_and_revokes_them_on_request(house: House, capsys: pytest.CaptureFixture[str]) -> None:
    script = client(house, **house.token("bob"))
    assert "bob still has 1 access token" in said(capsys, "reset", "bob")
    assert script.get("/api/me").status_code == 200
    assert "still has" not in said(capsys, "reset", "bob", "--tokens")
    until(lambda: script.get("/api/me").status_code == 401)


def test_a_reset_signs_out_and_prints_a_link(house: House, capsys: pytest.CaptureFixture[str]) -> None:
    browser = signed_in(house, "bob")
    path = link(said(capsys, "reset", "bob"))
    until(lambda: browser.get("/api/me").status_code == 401)
    refused = browser.post("/login", data={"username": "bob", "password": PASSWORD})
    assert refused.status_code == 401
    assert client(house).post(path, data={"password": "another long one"}).status_code == 200


@pytest.mark.slow
def test_tokens_are_listed_and_revoked(house: House, capsys: pytest.CaptureFixture[str]) -> None:
    secret = said(capsys, "token", "ann", "nightly renders")
    listed = said(capsys, "tokens", "ann")
    assert "nightly renders  (used: never)" in listed
    assert secret not in listed
    script = client(house, Authorization=f"Bearer {secret}")
    assert script.get("/api/me").status_code == 200
    assert said(capsys, "revoke", listed.split()[0]) == "The token is revoked."
    until(lambda: script.get("/api/me").status_code == 401)


@pytest.mark.parametrize(
    ("args", "sentence"),
    [
        (["add", "ann"], "name ann is already taken"),
        (["add", "a/b"], "not allowed"),
        (["reset", "nobody"], "There is no account named nobody."),
        (["revoke", "0" * 32], "There is no such token."),
        (["disable", "ann"], "only owner"),
        (["token", "ann", ""], "token name must have"),
    ],
)
def test_mistakes_are_reported_in_a_sentence(
    house: House, capsys: pytest.CaptureFixture[str], args: list[str], sentence: str
) -> None:
    assert main(args) == 1
    told = capsys.readouterr()
    assert sentence in told.err
    assert not told.out


def test_an_unusable_folder_is_reported(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("C41_DATA", str(tmp_path / "file" / "data"))
    assert main(["list"]) == 1
    assert "Cannot use the data folder" in capsys.readouterr().err
