"""Failures when the studio starts: each gives one sentence and an exit status, and damages nothing."""

import json
import os
import shutil
import socket
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from db import open_database
from tests.support.live import REPOSITORY, Live, finished, job, submit, upload
from tests.support.waiting import until

PICTURE = {"task": "create_image", "prompt": "a house", "width": 64, "height": 64, "steps": 2}


def refused(live: Live) -> str:
    """The message of a studio that does not start."""
    process = live.spawn()
    assert process.wait(30) == 1
    said = live.log.strip()
    assert "Traceback" not in said
    return said


@pytest.fixture
def resting(data_folder: Path, tmp_path: Path) -> Live:
    """A studio that is not started, and has no starter models."""
    return Live(data_folder, tmp_path / "no starter")


def test_port_in_use(resting: Live) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", resting.port))
        taken.listen()
        said = refused(resting)
    assert str(resting.port) in said
    assert f"C41_PORT={resting.port + 1}" in said


def test_data_folder_in_use_by_another_studio(resting: Live, tmp_path: Path) -> None:
    from data import DataFolder

    holder = DataFolder(resting.data)
    holder.create()
    holder.lock()
    try:
        assert f"process {os.getpid()}" in refused(resting)
    finally:
        holder.unlock()


def test_data_of_a_newer_version(resting: Live) -> None:
    resting.data.mkdir()
    path = resting.data / "studio.db"
    open_database(path).close()
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    before = dumped(path)
    assert "newer version" in refused(resting)
    assert dumped(path) == before


def test_damaged_database(resting: Live) -> None:
    resting.data.mkdir()
    path = resting.data / "studio.db"
    path.write_bytes(b"not a database at all, only a long text " * 500)
    assert "is damaged" in refused(resting)
    assert path.read_bytes().startswith(b"not a database")


def test_data_folder_that_cannot_be_created(resting: Live) -> None:
    resting.data.write_text("a file where the folder should be")
    assert "data folder" in refused(resting)


def test_wrong_setting_is_named(resting: Live) -> None:
    resting.environment["C41_PORT"] = "many"
    process = resting.spawn()
    assert process.wait(30) != 0
    assert "port" in resting.log.lower()


def test_help_shows_every_setting() -> None:
    from settings import Settings

    done = subprocess.run(
        [sys.executable, str(REPOSITORY / "app.py"), "--help"], capture_output=True, text=True, check=True
    )
    for name in Settings.model_fields:
        assert f"--{name.replace('_', '-')}" in done.stdout


@pytest.mark.slow
def test_without_starter_models_everything_else_works(twin: str, resting: Live, photo: Path) -> None:
    resting.start()
    try:
        resting.first_account("ann")
        with resting.script("ann") as ann:
            answer = ann.post("/api/jobs", json={"task": "cut_out", "image": upload(ann, photo)})
            assert answer.status_code == 422
            assert answer.json()["what"]
            assert resting.browser().get("/login").status_code == 200
            assert finished(ann, submit(ann, PICTURE | {"model": twin}))["state"] == "done"
    finally:
        resting.kill()


@pytest.mark.slow
@pytest.mark.parametrize("bad", [b"", b"\x00" * 5000], ids=["empty", "zeros"])
def test_a_damaged_starter_model_fails_its_job_with_an_error(
    starter: Path, data_folder: Path, tmp_path: Path, photo: Path, bad: bytes
) -> None:
    damaged = tmp_path / "starter"
    shutil.copytree(starter, damaged)
    for path in damaged.rglob("u2netp.onnx"):
        path.write_bytes(bad)
    live = Live(data_folder, damaged).start()
    try:
        live.first_account("ann")
        with live.script("ann") as ann:
            image = upload(ann, photo)
            answer = ann.post("/api/jobs", json={"task": "cut_out", "image": image})
            problem = answer.json()
            if answer.status_code == 201:
                end = finished(ann, problem["id"])
                assert end["state"] == "failed"
                problem = end["error"]
            assert problem["code"] not in ("internal", "engine_died", "")
            assert problem["what"]
            assert finished(ann, submit(ann, {"task": "upscale_image", "image": image}))["state"] == "done"
    finally:
        live.kill()


@pytest.mark.slow
@pytest.mark.parametrize("engine_kind", ["inprocess", "process"])
def test_ctrl_c_ends_it_within_three_seconds_and_the_job_continues_after_a_restart(twin: str, live: Live) -> None:
    live.first_account("ann")
    with live.script("ann") as ann:
        long = PICTURE | {"width": 256, "height": 256, "steps": 20, "model": twin}
        under_way = submit(ann, long | {"seed": 1})
        waiting = submit(ann, long | {"seed": 2, "steps": 2})
        until(lambda: job(ann, under_way)["state"] == "running", 90, "the job")
        children = live.children()
        assert live.interrupt() <= 3.0
        assert live.process.returncode == 0, live.log[-2000:]
        assert "Traceback" not in live.log
        assert not any(Path(f"/proc/{pid}").exists() for pid in children)
        with sqlite3.connect(live.data / "studio.db") as database:
            states = dict(database.execute("SELECT id, state FROM jobs"))
        assert states == {under_way: "queued", waiting: "queued"}
        live.start()
        assert finished(ann, under_way)["state"] == "done"
        assert finished(ann, waiting)["state"] == "done"


@pytest.mark.slow
def test_a_read_only_source_tree_in_a_folder_with_a_space(
    twin: str, data_folder: Path, starter: Path, tmp_path: Path
) -> None:
    source = tmp_path / "the program 100%"
    ignored = shutil.ignore_patterns(".*", "__pycache__", "tests")
    shutil.copytree(REPOSITORY, source, ignore=ignored)
    for path in sorted(source.rglob("*"), reverse=True):
        path.chmod(0o555 if path.is_dir() else 0o444)
    source.chmod(0o555)
    before = listing(source)
    live = Live(data_folder, starter, "process", source)
    live.environment["PYTHONDONTWRITEBYTECODE"] = "1"  # for root, file modes alone do not prevent writing
    try:
        live.start()
        live.first_account("ann")
        with live.script("ann") as ann:
            picture = {
                "task": "create_image",
                "prompt": "a house",
                "width": 64,
                "height": 64,
                "steps": 2,
                "model": twin,
            }
            assert finished(ann, submit(ann, picture))["state"] == "done"
        assert listing(source) == before
    finally:
        live.kill()
        for path in (source, *source.rglob("*")):
            path.chmod(0o755)


def listing(folder: Path) -> str:
    return json.dumps(sorted((str(path), path.stat().st_mtime_ns) for path in folder.rglob("*")))


def dumped(path: Path) -> list[str]:
    with sqlite3.connect(path) as connection:
        return list(connection.iterdump())
