"""Downloads in a bare environment, and on a computer that is set to stay offline."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.hub import LocalHub, local_hub
from tests.support.live import Live, finished

ROOT = Path(__file__).parents[3]
FILES = {"config.json": '{"architectures": ["Qwen3ForCausalLM"]}', "model.safetensors": b"0123456789abcdef" * 1000}


@pytest.fixture
def hub() -> Iterator[LocalHub]:
    with local_hub() as served:
        served.add("lab/writer", FILES)
        yield served


@pytest.mark.slow
@pytest.mark.parametrize("engine_kind", ["inprocess", "process"])
def test_a_bare_environment_is_enough_to_download(
    hub: LocalHub, data_folder: Path, starter: Path, tmp_path: Path, engine_kind: str
) -> None:
    environment = {"HF_ENDPOINT": hub.url, "HF_HOME": str(tmp_path / "hf")}
    studio = Live(data_folder, starter, engine_kind, environment=environment, bare=True)
    try:
        ann = studio.start().first_account("ann")
        model = ann.post("/api/models/add", json={"repo": "lab/writer"}).json()["id"]
        done = finished(ann, ann.post(f"/api/models/{model}/get").json()["id"])
        assert done["state"] == "done", done
        assert ann.get(f"/api/models/{model}").json()["installed"]
    finally:
        studio.kill()


def test_the_offline_setting_prevents_requests(hub: LocalHub) -> None:
    code = """
from engines import torch_setup
from engines.hub.client import Hub
from errors import StudioError
try:
    Hub()
except StudioError as error:
    print(error.problem.code, error.problem.what)
"""
    environment = {"HF_ENDPOINT": hub.url, "HF_HUB_OFFLINE": "1"}
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True)
    assert done.stdout.strip() == "offline Models cannot be downloaded: this computer is set to stay offline.", (
        done.stderr
    )
    assert not hub.asked
