"""A full disk is reported in one sentence and damages nothing."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.support.live import Live, finished, job, submit
from tests.support.people import Person
from tests.support.waiting import until

PICTURE = {"task": "create_image", "prompt": "a red house", "width": 256, "height": 256, "steps": 2, "seed": 1}


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 24 MB."""
    folder = tmp_path / "small disk"
    folder.mkdir()
    if os.geteuid() != 0 or subprocess.run(["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", folder]).returncode:
        pytest.skip("only root may mount a small disk")
    yield folder
    subprocess.run(["umount", "--lazy", folder], check=True)


def test_no_job_is_accepted_below_the_free_space_limit(twin: str, studio, ann: Person, monkeypatch) -> None:
    monkeypatch.setattr(type(studio.data), "free_bytes", lambda self: 9 * 2**20)  # 10 MB should stay free
    answer = ann.client.post("/api/jobs", json=PICTURE | {"model": twin})
    assert answer.status_code == 507
    assert "disk" in answer.json()["what"].lower()
    monkeypatch.undo()
    assert ann.client.post("/api/jobs", json=PICTURE | {"model": twin}).status_code == 201


@pytest.mark.slow
def test_a_disk_that_fills_up_during_work(twin_folder: Path, small_disk: Path, starter: Path, tmp_path: Path) -> None:
    from engines.twins import install

    twin = install("stable-diffusion-1.5", twin_folder, small_disk / "data" / "catalog")
    live = Live(
        small_disk / "data", starter, environment={"C41_KEEP_FREE_MB": "0"}, log_file=tmp_path / "studio.log"
    ).start()
    try:
        live.first_account("ann")
        with live.script("ann") as ann:
            request = PICTURE | {"model": twin}
            kept = finished(ann, submit(ann, request))
            assert kept["state"] == "done"
            picture = ann.get(f"/api/assets/{kept['assets'][0]}/file").content
            slow = submit(ann, request | {"width": 256, "height": 256, "steps": 40, "seed": 2})
            until(lambda: job(ann, slow)["state"] == "running", 60, "the job")
            filler = small_disk / "filler"
            fill(filler)
            until(lambda: (job(ann, slow)["state"] == "failed") or "database" in live.log, 90, "the disk to matter")
            assert ann.get("/api/me").status_code == 200
            assert ann.post("/api/jobs", json=request | {"seed": 3}).status_code == 507
            assert ann.get(f"/api/assets/{kept['assets'][0]}/file").content == picture
            filler.unlink()
            end = finished(ann, slow)
            assert end["state"] == "failed"
            assert end["error"]["code"] == "disk_full", end["error"]
            retried = finished(ann, ann.post(f"/api/jobs/{slow}/retry").json()["id"])
            assert retried["state"] == "done"
    finally:
        live.kill()


def fill(path: Path) -> None:
    """Fill the disk completely."""
    with suppress(OSError), path.open("wb", buffering=0) as file:
        while True:
            file.write(bytes(4096))
