"""A download continues where it stopped after the studio is killed, more than once."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.support.hub import LocalHub, local_hub
from tests.support.live import Live, finished, job
from tests.support.waiting import until

pytestmark = pytest.mark.slow

WEIGHTS = b"0123456789abcdef" * 60_000


@pytest.fixture
def hub() -> Iterator[LocalHub]:
    with local_hub() as served:
        yield served


@pytest.fixture
def studio(hub: LocalHub, data_folder: Path, starter: Path, tmp_path: Path) -> Iterator[Live]:
    environment = {"HF_ENDPOINT": hub.url, "HF_HOME": str(tmp_path / "hf")}
    studio = Live(data_folder, starter, environment=environment)
    yield studio.start()
    studio.kill()


def parts(tmp_path: Path) -> list[Path]:
    return list((tmp_path / "hf").rglob("*.incomplete"))


def arrived(tmp_path: Path) -> int:
    return sum(path.stat().st_size for path in parts(tmp_path))


def test_a_download_survives_two_power_failures(hub: LocalHub, studio: Live, tmp_path: Path) -> None:
    ann = studio.first_account("ann")
    hub.add("lab/writer", {"config.json": '{"architectures": ["Qwen3ForCausalLM"]}', "model.safetensors": WEIGHTS})
    hub.fault("model.safetensors", bytes_per_second=200_000)
    model = ann.post("/api/models/add", json={"repo": "lab/writer"}).json()["id"]
    id = ann.post(f"/api/models/{model}/get").json()["id"]
    before = 0
    for _ in range(2):
        until(lambda least=before: arrived(tmp_path) > least + 65_536, 60, "more of the file")
        studio.kill()
        before = arrived(tmp_path)
        assert before > 0
        studio.start()
        until(lambda: job(ann, id)["state"] in ("loading", "running", "done"), 60, "the job's second life")
    hub.faults.clear()
    done = finished(ann, id)
    assert done["state"] == "done", done
    ranges = [one.range for one in hub.heard("store") if one.range]
    assert ranges, "it went on from a byte in the middle"
    assert hub.sent < len(WEIGHTS) + 3_000_000
    assert ann.get(f"/api/models/{model}").json()["installed"]
    [content] = (tmp_path / "hf").rglob("snapshots/*/model.safetensors")
    assert content.read_bytes() == WEIGHTS
    assert not parts(tmp_path)


def test_a_paused_download_is_paused_after_a_restart(hub: LocalHub, studio: Live, tmp_path: Path) -> None:
    ann: httpx.Client = studio.first_account("ann")
    hub.add("lab/writer", {"config.json": '{"architectures": ["Qwen3ForCausalLM"]}', "model.safetensors": WEIGHTS})
    hub.fault("model.safetensors", bytes_per_second=200_000)
    model = ann.post("/api/models/add", json={"repo": "lab/writer"}).json()["id"]
    id = ann.post(f"/api/models/{model}/get").json()["id"]
    until(lambda: arrived(tmp_path) > 65_536, 60, "the first of the file")
    ann.post(f"/api/jobs/{id}/pause").raise_for_status()
    until(lambda: job(ann, id)["state"] == "paused", 60, "the pause")
    studio.restart()
    assert job(ann, id)["state"] == "paused"
    assert arrived(tmp_path) > 0
    hub.faults.clear()
    ann.post(f"/api/jobs/{id}/resume").raise_for_status()
    assert finished(ann, id)["state"] == "done"
