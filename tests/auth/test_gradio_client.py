"""Scripts with gradio_client, against the house on a real port."""

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest
from gradio_client import Client, handle_file

from tests.auth.gated_app import PASSWORD, House, served


@pytest.fixture(scope="module")
def url(gradio_house: House) -> Iterator[str]:
    with served(gradio_house) as address:
        yield address


@pytest.fixture
def note(tmp_path: Path) -> str:
    path = tmp_path / "note.txt"
    path.write_text("a note")
    return str(path)


def test_a_script_signs_in_with_name_and_password(url: str, note: str) -> None:
    script = Client(url, auth=("ann", PASSWORD), verbose=False, analytics_enabled=False)
    assert script.predict("hello", handle_file(note), api_name="/read") == "ann|hello|a note"


def test_a_script_sends_a_token(gradio_house: House, url: str, note: str) -> None:
    script = Client(url, headers=gradio_house.token("bob"), verbose=False, analytics_enabled=False)
    assert script.predict("hello", handle_file(note), api_name="/read") == "bob|hello|a note"
    job = script.submit("again", None, api_name="/read")
    assert job.result(timeout=20) == "bob|again|"


def test_a_script_without_either_is_refused(url: str) -> None:
    with pytest.raises(Exception, match=r"Could not|[Aa]uth|401|sign"):
        Client(url, verbose=False, analytics_enabled=False)
    with pytest.raises(Exception, match=r"[Aa]uth|[Ll]ogin|401|name and password"):
        Client(url, auth=("ann", "wrong"), verbose=False, analytics_enabled=False)


def test_a_script_cannot_use_a_url_or_other_peoples_files(gradio_house: House, url: str) -> None:
    script = Client(url, headers=gradio_house.token("bob"), verbose=False, analytics_enabled=False)
    for path in ("http://127.0.0.1:1/x.txt", "/etc/passwd"):
        value = {"path": path, "orig_name": "x.txt", "meta": {"_type": "gradio.FileData"}}
        answer = httpx.post(
            f"{url}/gradio_api/call/read", headers=gradio_house.token("bob"), json={"data": ["x", value]}
        )
        assert answer.status_code == 403
    assert script.predict("still fine", None, api_name="/read") == "bob|still fine|"


def test_percent_signs_in_paths_are_literal(gradio_house: House, url: str) -> None:
    ann, bob = gradio_house.token("ann"), gradio_house.token("bob")
    sent = {"files": ("100%41.txt", b"percent")}
    path: str = httpx.post(f"{url}/gradio_api/upload", headers=ann, files=sent).json()[0]
    file = f"{url}/gradio_api/file="
    assert httpx.get(file + quote(path), headers=ann).text == "percent"
    folder, _, name = path.rpartition("/")
    for disguise in (
        quote(path),
        f"{folder}/%2e/{quote(name)}",
        f"{folder}/x/%2e%2e/{quote(name)}",
        f"{folder}%2F{name}",
    ):
        assert httpx.get(file + disguise, headers=bob).status_code == 404
