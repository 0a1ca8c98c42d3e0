"""Text to image with the twin of Stable Diffusion 1.5 in this process."""

import io
import json
import shutil
import threading
from pathlib import Path

import pytest
import yaml
from PIL import Image

from engines import protocol, twins
from engines.catalog import Catalog
from engines.host import worker
from engines.host.config import EngineConfig
from engines.host.worker import Worker
from engines.image import generate
from engines.memory import Cpu, Swapper
from errors import Problem
from tests.engines.host.host_fixtures import envelope

pytestmark = pytest.mark.slow

ENTRY = "stable-diffusion-1.5"


@pytest.fixture(scope="module")
def own(twin_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with an entry for the twin."""
    folder = tmp_path_factory.mktemp("own")
    twins.install(ENTRY, twin_folder, folder)
    return folder


class Studio:
    """A worker over the twin."""

    def __init__(self, own: Path, folder: Path, memory_bytes: int | None = None) -> None:
        self.folder = folder
        self.events: list[protocol.Event] = []
        config = EngineConfig(starter=folder / "starter", catalog=own, memory_bytes=memory_bytes)
        self.swapper = Swapper(Cpu(), config.memory_bytes)
        catalog = Catalog(config.starter, config.catalog)
        self.worker = Worker("device", config, self.hear, self.swapper, catalog)

    def hear(self, event: protocol.Event) -> None:
        self.events.append(event)

    def make(self, **request: object) -> protocol.Event:
        """Generate a small picture and return the final event."""
        self.events.clear()
        asked = {"model": f"{ENTRY}.twin", "prompt": "a fox in snow", "width": 64, "height": 64, "steps": 4, **request}
        self.worker.run(envelope(self.folder, **asked))
        ends = [e for e in self.events if isinstance(e, protocol.Result | protocol.Failed | protocol.Cancelled)]
        assert len(ends) == 1
        return ends[0]

    def hash(self, **request: object) -> str:
        made = self.make(**request)
        assert isinstance(made, protocol.Result), made
        return made.files[0].content_sha256


@pytest.fixture
def studio(own: Path, tmp_path: Path) -> Studio:
    return Studio(own, tmp_path)


def test_a_picture_is_tagged_and_has_the_requested_size(studio: Studio) -> None:
    made = studio.make(width=96, height=64, seed=7)
    assert isinstance(made, protocol.Result)
    (file,) = made.files
    with Image.open(studio.folder / "out" / file.file) as image:
        assert image.size == (96, 64)
        record = json.loads(image.info["c41"])
        assert "Seed: 7" in image.info["parameters"]
    assert record["request"]["prompt"] == "a fox in snow"
    assert record["model"]["id"] == f"{ENTRY}.twin"
    assert record["words_left_out"] == ""
    assert (studio.folder / "out" / str(file.thumb)).is_file()


def test_the_same_seed_gives_the_same_picture(studio: Studio) -> None:
    first = studio.hash(seed=5)
    assert studio.hash(seed=6) != first
    studio.swapper.free()
    assert studio.hash(seed=5) == first


def test_every_word_counts(studio: Studio) -> None:
    first = studio.hash()
    assert studio.hash(prompt="a fox in rain") != first
    assert studio.hash(negative_prompt="grass") != first
    assert studio.hash(guidance=3) != first


def test_steps_are_reported_and_a_preview_is_shown(studio: Studio) -> None:
    studio.make(width=128, height=64, steps=6)
    steps = [event for event in studio.events if isinstance(event, protocol.Progress)]
    assert [event.step for event in steps] == list(range(1, steps[0].total + 1))
    previews = [event.jpeg for event in studio.events if isinstance(event, protocol.Preview)]
    assert previews
    for jpeg in previews:
        assert len(jpeg) <= protocol.PREVIEW_BYTES
        with Image.open(io.BytesIO(jpeg)) as image:
            assert image.width == 2 * image.height


def test_a_cancel_in_the_middle_stops_at_the_next_step(studio: Studio) -> None:
    seen = threading.Event()

    def hear(event: protocol.Event) -> None:
        studio.events.append(event)
        if isinstance(event, protocol.Progress) and event.step == 3:
            studio.worker.cancel("job")
            seen.set()

    studio.hear = hear  # type: ignore[method-assign]
    studio.worker._send = hear
    assert isinstance(studio.make(steps=50), protocol.Cancelled)
    assert seen.is_set()
    assert max(event.step for event in studio.events if isinstance(event, protocol.Progress)) == 3
    assert not any(component.leased for component in studio.swapper.state("device").components)


def test_a_long_prompt_reports_what_was_not_read(studio: Studio) -> None:
    made = studio.make(prompt="word " * 100 + "unread")
    assert isinstance(made, protocol.Result)
    assert made.files[0].provenance["words_left_out"].endswith("unread")


def test_one_step_no_guidance_and_unusual_characters_work(studio: Studio) -> None:
    studio.hash(steps=1, guidance=0, prompt="日本 🦊 \x00 ‮")


def test_models_are_shared_between_jobs_and_nothing_stays_leased(studio: Studio) -> None:
    studio.hash()
    studio.hash()
    assert not any(isinstance(event, protocol.Loading) for event in studio.events)
    components = studio.swapper.state("device").components
    assert {Path(component.key.split("#")[0]).name for component in components} == {"text_encoder", "unet", "vae"}


def test_an_error_after_decoding_releases_the_decoder_at_once(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    leased: list[bool] = []

    def fail(frame: object) -> None:
        raise ValueError("in the middle")

    def look(error: BaseException) -> Problem:
        leased.append(any(component.leased for component in studio.swapper.state("device").components))
        return Problem(code="x", what=str(error))

    monkeypatch.setattr(generate, "_picture", fail)
    monkeypatch.setattr(worker, "_problem", look)
    assert isinstance(studio.make(), protocol.Failed)
    assert leased == [False]


def test_a_picture_too_large_for_memory_is_rejected_with_numbers(own: Path, tmp_path: Path) -> None:
    failed = Studio(own, tmp_path, memory_bytes=100_000_000).make(width=512, height=512)
    assert isinstance(failed, protocol.Failed)
    assert failed.problem.code == "too_big"
    assert "100 MB" in failed.problem.what


# -- damaged models


@pytest.fixture
def copy(own: Path, twin_folder: Path, tmp_path: Path) -> Path:
    """A copy of the twin that may be damaged."""
    shutil.copytree(twin_folder / ENTRY, tmp_path / "model")
    (tmp_path / "own").mkdir()
    data = yaml.safe_load((own / f"{ENTRY}.twin.yaml").read_text())
    for part in data["parts"].values():
        part["repo"] = str(tmp_path / "model")
    (tmp_path / "own" / "twin.yaml").write_text(yaml.safe_dump(data))
    return tmp_path / "model"


def weights(model: Path, part: str) -> Path:
    return next((model / part).glob("*.safetensors"))


def failure(copy: Path) -> protocol.Failed:
    failed = Studio(copy.parent / "own", copy.parent).make()
    assert isinstance(failed, protocol.Failed)
    assert failed.problem.code != "engine_error", failed.detail
    return failed


def test_a_truncated_file_is_reported_in_one_sentence(copy: Path) -> None:
    path = weights(copy, "unet")
    path.write_bytes(path.read_bytes()[:-100])
    failed = failure(copy)
    assert failed.problem.code == "corrupt_model"
    assert path.name in failed.problem.what


def test_an_invalid_file_is_reported_in_one_sentence(copy: Path) -> None:
    weights(copy, "vae").write_bytes(b"garbage " * 100)
    assert failure(copy).problem.code == "corrupt_model"


@pytest.mark.parametrize("text", ["{", "{}", "[]", '{"_class_name": "os"}', '{"architectures": ["AutoModel"]}'])
def test_a_config_that_names_no_model_is_rejected(copy: Path, text: str) -> None:
    (copy / "unet" / "config.json").write_text(text)
    assert failure(copy).problem.code in ("corrupt_model", "unsupported_model")


@pytest.mark.parametrize(
    "name", ["tokenizer/tokenizer.json", "tokenizer/tokenizer_config.json", "scheduler/scheduler_config.json"]
)
@pytest.mark.parametrize("text", ["{", "[]", ""])
def test_a_damaged_small_file_is_rejected(copy: Path, name: str, text: str) -> None:
    (copy / name).write_text(text)
    assert failure(copy).problem.code == "corrupt_model"


def test_a_missing_part_is_reported(copy: Path) -> None:
    shutil.rmtree(copy / "tokenizer")
    problem = failure(copy).problem
    assert problem.code == "missing_model"
    assert "tokenizer" in problem.why


def test_nan_weights_are_reported_instead_of_a_black_picture(copy: Path) -> None:
    from safetensors.torch import load_file, save_file

    path = weights(copy, "vae")
    state = load_file(path)
    save_file({name: value * float("nan") for name, value in state.items()}, path, metadata={"format": "pt"})
    assert failure(copy).problem.code == "not_finite"
