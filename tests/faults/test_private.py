"""Nothing leaves this computer: every kind of work runs, and no process of the studio tries to connect elsewhere."""

import re
from pathlib import Path

import pytest

from engines.requests import REQUESTS
from engines.twins import install_entry
from tests.support.live import Live, finished, submit, upload
from tests.support.people import PASSWORD

pytestmark = pytest.mark.slow

# Python runs this first in the studio and in every process it starts: it records every outgoing connection.
WATCH = """
import os, sys

def watch(event, arguments):
    if event in ("socket.connect", "socket.sendto", "socket.sendmsg"):
        address = arguments[1]
        host = address[0] if isinstance(address, tuple) else ""
    elif event in ("socket.getaddrinfo", "socket.gethostbyname"):
        host = arguments[0] or ""
    else:
        return
    host = host.decode() if isinstance(host, bytes) else str(host)
    if host in ("", "localhost", "::1", "0.0.0.0", "::") or host.startswith("127."):
        return
    with open(os.environ["WATCHED"], "a") as file:
        file.write(f"{event} {arguments[1:] if event == 'socket.connect' else arguments}\\n")
    raise OSError(101, "Network is unreachable")

sys.addaudithook(watch)
"""


@pytest.fixture
def watched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file in which every Python process started from now on records connection attempts."""
    (tmp_path / "watch").mkdir()
    (tmp_path / "watch" / "sitecustomize.py").write_text(WATCH)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "watch"))
    monkeypatch.setenv("WATCHED", str(tmp_path / "attempts"))
    return tmp_path / "attempts"


@pytest.mark.timeout(600)
@pytest.mark.parametrize("engine_kind", ["process"])
def test_no_work_connects_to_other_computers(
    watched: Path, twin: str, live: Live, photo: Path, short_clip: Path, twin_folder: Path, data_folder: Path
) -> None:
    editor, wan, vace, lucy = (
        install_entry(name, twin_folder, data_folder / "catalog")
        for name in ("flux.2-klein-4b", "wan-2.1-1.3b", "wan-2.1-vace-1.3b", "lucy-edit")
    )
    browser = live.first_account("ann")
    with live.script("ann") as ann:
        image, clip = upload(ann, photo), upload(ann, short_clip)
        work: dict[str, dict[str, object]] = {
            "create_image": {"prompt": "a house", "width": 64, "height": 64, "steps": 2, "model": twin},
            "change_image": {"prompt": "a house", "image": image, "steps": 2, "model": twin},
            "fill_image": {"prompt": "a house", "image": image, "mask": image, "steps": 2, "model": twin},
            "extend_image": {"prompt": "a house", "image": image, "left": 32, "steps": 2, "model": twin},
            "edit_image": {"prompt": "a house", "image": image, "steps": 2, "model": editor},
            "upscale_image": {"image": image},
            "cut_out": {"image": image},
            "stylize_image": {"image": image},
            "create_clip": {"prompt": "a red house by the sea, the camera zooms in", "steps": 1},
            "animate_image": {"prompt": "the camera zooms in", "image": image, "steps": 1},
            "continue_clip": {"prompt": "the camera zooms in", "clip": clip, "seconds": 2, "steps": 1},
            "restyle_clip": {"prompt": "a house", "clip": clip, "steps": 2, "model": wan},
            "edit_clip": {"prompt": "a house", "clip": clip, "steps": 2, "model": lucy},
            "fill_clip": {"prompt": "a house", "clip": clip, "mask": image, "steps": 2, "model": vace},
            "extend_clip": {"prompt": "a house", "clip": clip, "steps": 2, "model": vace},
            "upscale_clip": {"clip": clip},
            "interpolate_clip": {"clip": clip, "fps": 15},
            "cut_clip": {"clip": clip, "end": 0.3},
            "join_clips": {"clips": [clip, clip]},
            "grade_clip": {"clip": clip, "exposure": 1},
            "deliver_clip": {"clip": clip, "format": "h264"},
            "speak": {"text": "Good evening. This stays here."},
        }
        work["write"] = {"messages": [{"role": "user", "text": "Name a harbour."}], "max_tokens": 8}
        done = {}
        for task, fields in work.items():
            done[task] = finished(ann, submit(ann, {"task": task, **fields}), 300)
            assert done[task]["state"] == "done", done[task]
        voice = done["speak"]["assets"][0]
        heard = {"sound": voice, "sentences": ["Good evening.", "This stays here."]}
        for of_sound in ({"task": "check_speech", **heard}, {"task": "add_sound", "clip": clip, "sound": voice}):
            end = finished(ann, submit(ann, of_sound), 300)
            assert end["state"] == "done", end
        by_name = {"fetch_model", "fetch_lora"}  # downloads
        assert {*work, "check_speech", "add_sound", *by_name} == set(REQUESTS)
        for path in (
            "/",
            "/config",
            "/gradio_api/info",
            "/api/jobs",
            "/api/assets",
            "/healthz",
            "/metrics",
            "/account",
            "/api/models",
            "/api/language/models",
            "/api/conversations",
            "/api/library/facets",
            "/api/cast",
            "/api/recipes",
            "/api/loras",
            "/api/studio/health",
        ):
            assert browser.get(path).status_code == 200, path
    assert not watched.exists(), watched.read_text()


def test_the_audit_hook_sees_an_attempt(watched: Path) -> None:
    import subprocess
    import sys

    code = "import socket\nsocket.create_connection(('example.invalid', 80), 1)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode != 0
    assert "example.invalid" in watched.read_text()


@pytest.mark.browser
def test_the_page_requests_nothing_from_other_servers(live: Live) -> None:
    import shutil

    from playwright.sync_api import sync_playwright

    live.first_account("ann")
    asked: list[str] = []
    with sync_playwright() as playwright:
        found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
        browser = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        page = browser.new_page()
        page.on("request", lambda request: asked.append(request.url))
        page.goto(f"{live.url}/login")
        page.fill("[name=username]", "ann")
        page.fill("[name=password]", PASSWORD)
        page.press("[name=password]", "Enter")
        page.wait_for_load_state("networkidle")
        page.wait_for_selector("gradio-app, .gradio-container")
        browser.close()
    assert any(url.startswith(live.url) for url in asked)
    foreign = [url for url in asked if not re.match(rf"({re.escape(live.url)}|data:|blob:)", url)]
    assert foreign == []
