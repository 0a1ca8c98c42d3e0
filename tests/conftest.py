"""What every test may ask for: a data folder, the services, the app with two people signed in, the real server."""

import os
import shutil
from pathlib import Path

import pytest

from tests.support import samples

# The machine's own settings and model cache have no say in tests, and spinning OpenMP threads no place.
for _name in [name for name in os.environ if name.startswith("C41_")]:
    del os.environ[_name]
os.environ.update(OMP_WAIT_POLICY="PASSIVE", HF_HUB_OFFLINE="1", HF_HUB_DISABLE_TELEMETRY="1")


@pytest.fixture(scope="session", autouse=True)
def model_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty Hugging Face cache, so that what is installed is the same everywhere."""
    folder = tmp_path_factory.mktemp("hf")
    os.environ["HF_HOME"] = str(folder)
    return folder


@pytest.fixture
def data_folder(tmp_path: Path) -> Path:
    """Where a studio under test keeps everything; its name has a space and a percent sign, as people's have."""
    return tmp_path / "data 100%"


@pytest.fixture(scope="session")
def starter() -> Path:
    """The folder of the starter models, fetched once a machine."""
    from tests.starter_pack import ensure

    return ensure()


@pytest.fixture(scope="session")
def photo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A photograph, 160 px wide."""
    return samples.photo(tmp_path_factory.mktemp("photo") / "lion.jpg")


@pytest.fixture(scope="session")
def short_clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A second of a real clip with sound, 160 px wide."""
    return samples.clip(tmp_path_factory.mktemp("clip") / "world.mp4")


@pytest.fixture(scope="session")
def speech(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A real voice, some seconds."""
    return Path(shutil.copy(samples.MEDIA / "audio" / "recording1.wav", tmp_path_factory.mktemp("speech")))
