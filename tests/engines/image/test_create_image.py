"""Pictures from words, with the twin of Stable Diffusion 1.5 in this process."""

import io
import json
import shutil
import threading
from pathlib import Path

import pytest
import yaml
from PIL import Image

from engines import twins, wire
from engines.catalog import Catalog
from engines.config import EngineConfig
from engines.swapper import Cpu, Swapper
from engines.worker import Worker
from tests.engines.core.engines_under_test import envelope

pytestmark = pytest.mark.slow

ENTRY = "stable-diffusion-1.5"


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the twin and an entry for it."""
    folder = tmp_path_factory.mktemp("twins")
    twins.install(ENTRY, folder, folder / "own")
    return folder


class Studio:
    """A worker over the twin."""

    def __init__(self, own: Path, folder: Path, memory_bytes: int | None = None) -> None:
        self.folder = folder
        self.events: list[wire.Event] = []
        config = EngineConfig(starter=folder / "starter", catalog=own, memory_bytes=memory_bytes)
        self.swapper = Swapper(Cpu(), config.memory_bytes)
        catalog = Catalog(config.starter, config.catalog)
        self.worker = Worker("device", config, self.hear, self.swapper, catalog)

    def hear(self, event: wire.Event) -> None:
        self.events.append(event)

    def make(self, **request: object) -> wire.Event:
        """Make a small picture; how it ended."""
        self.events.clear()
        asked = {"model": f"{ENTRY}.twin", "prompt": "a fox in snow", "width": 64, "height": 64, "steps": 4, **request}
        self.worker.run(envelope(self.folder, **asked))
        ends = [e for e in self.events if isinstance(e, wire.Result | wire.Failed | wire.Cancelled)]
        assert len(ends) == 1
        return ends[0]

    def hash(self, **request: object) -> str:
        made = self.make(**request)
        assert isinstance(made, wire.Result), made
        return made.files[0].content_sha256


@pytest.fixture
def studio(built: Path, tmp_path: Path) -> Studio:
    return Studio(built / "own", tmp_path)


def test_a_picture_is_made_tagged_and_of_the_asked_size(studio: Studio) -> None:
    made = studio.make(width=96, height=64, seed=7)
    assert isinstance(made, wire.Result)
    (file,) = made.files
    with Image.open(studio.folder / "out" / file.file) as image:
        assert image.size == (96, 64)
        record = json.loads(image.info["c41"])
        assert "Seed: 7" in image.info["parameters"]
    assert record["request"]["prompt"] == "a fox in snow"
    assert record["model"]["id"] == f"{ENTRY}.twin"
    assert record["words_left_out"] == ""
    assert (studio.folder / "out" / str(file.thumb)).is_file()


def test_the_same_seed_makes_the_same_picture(studio: Studio) -> None:
    first = studio.hash(seed=5)
    assert studio.hash(seed=6) != first
    studio.swapper.free()
    assert studio.hash(seed=5) == first


def test_every_word_counts(studio: Studio) -> None:
    first = studio.hash()
    assert studio.hash(prompt="a fox in rain") != first
    assert studio.hash(negative_prompt="grass") != first
    assert studio.hash(guidance=3) != first


def test_steps_are_told_and_a_preview_is_shown(studio: Studio) -> None:
    studio.make(width=512, height=256, steps=6)
    steps = [event for event in studio.events if isinstance(event, wire.Progress)]
    assert [event.step for event in steps] == list(range(1, steps[0].total + 1))
    previews = [event.jpeg for event in studio.events if isinstance(event, wire.Preview)]
    assert previews
    for jpeg in previews:
        assert len(jpeg) <= wire.PREVIEW_BYTES
        with Image.open(io.BytesIO(jpeg)) as image:
            assert image.width == 2 * image.height


def test_a_cancel_in_the_middle_stops_at_the_next_step(studio: Studio) -> None:
    seen = threading.Event()

    def hear(event: wire.Event) -> None:
        studio.events.append(event)
        if isinstance(event, wire.Progress) and event.step == 3:
            studio.worker.cancel("job")
            seen.set()

    studio.hear = hear  # type: ignore[method-assign]
    studio.worker._send = hear
    assert isinstance(studio.make(steps=50), wire.Cancelled)
    assert seen.is_set()
    assert max(event.step for event in studio.events if isinstance(event, wire.Progress)) == 3
    assert not any(component.leased for component in studio.swapper.state("device").components)


def test_a_long_prompt_says_what_was_not_read(studio: Studio) -> None:
    made = studio.make(prompt="word " * 100 + "unread")
    assert isinstance(made, wire.Result)
    assert made.files[0].provenance["words_left_out"].endswith("unread")


def test_one_step_no_guidance_and_odd_letters_work(studio: Studio) -> None:
    studio.hash(steps=1, guidance=0, prompt="日本 🦊 \x00 ‮")


def test_models_are_shared_between_jobs_and_nothing_stays_leased(studio: Studio) -> None:
    studio.hash()
    studio.hash()
    assert not any(isinstance(event, wire.Loading) for event in studio.events)
    components = studio.swapper.state("device").components
    assert {Path(component.key.split("#")[0]).name for component in components} == {"text_encoder", "unet", "vae"}


def test_a_picture_too_large_for_the_memory_is_refused_with_numbers(built: Path, tmp_path: Path) -> None:
    failed = Studio(built / "own", tmp_path, memory_bytes=100_000_000).make(width=512, height=512)
    assert isinstance(failed, wire.Failed)
    assert failed.problem.code == "too_big"
    assert "100 MB" in failed.problem.what


# -- damaged models


@pytest.fixture
def copy(built: Path, tmp_path: Path) -> Path:
    """A copy of the twin that may be harmed."""
    shutil.copytree(built / ENTRY, tmp_path / "model")
    (tmp_path / "own").mkdir()
    data = yaml.safe_load((built / "own" / f"{ENTRY}.twin.yaml").read_text())
    for part in data["parts"].values():
        part["repo"] = str(tmp_path / "model")
    (tmp_path / "own" / "twin.yaml").write_text(yaml.safe_dump(data))
    return tmp_path / "model"


def weights(model: Path, part: str) -> Path:
    return next((model / part).glob("*.safetensors"))


def failure(copy: Path) -> wire.Failed:
    failed = Studio(copy.parent / "own", copy.parent).make()
    assert isinstance(failed, wire.Failed)
    assert failed.problem.code != "engine_error", failed.detail
    return failed


def test_a_truncated_file_is_named_in_one_sentence(copy: Path) -> None:
    path = weights(copy, "unet")
    path.write_bytes(path.read_bytes()[:-100])
    failed = failure(copy)
    assert failed.problem.code == "corrupt_model"
    assert path.name in failed.problem.what


def test_a_file_without_sense_is_named_in_one_sentence(copy: Path) -> None:
    weights(copy, "vae").write_bytes(b"garbage " * 100)
    assert failure(copy).problem.code == "corrupt_model"


@pytest.mark.parametrize("text", ["{", "{}", "[]", '{"_class_name": "os"}', '{"architectures": ["AutoModel"]}'])
def test_a_config_that_names_no_model_is_refused(copy: Path, text: str) -> None:
    (copy / "unet" / "config.json").write_text(text)
    assert failure(copy).problem.code in ("corrupt_model", "unsupported_model")


@pytest.mark.parametrize(
    "name", ["tokenizer/tokenizer.json", "tokenizer/tokenizer_config.json", "scheduler/scheduler_config.json"]
)
@pytest.mark.parametrize("text", ["{", "[]", ""])
def test_a_damaged_small_file_is_refused(copy: Path, name: str, text: str) -> None:
    (copy / name).write_text(text)
    assert failure(copy).problem.code == "corrupt_model"


def test_a_missing_part_is_named(copy: Path) -> None:
    shutil.rmtree(copy / "tokenizer")
    problem = failure(copy).problem
    assert problem.code == "missing_model"
    assert "tokenizer" in problem.why


def test_weights_that_are_not_numbers_say_so_instead_of_a_black_picture(copy: Path) -> None:
    from safetensors.torch import load_file, save_file

    path = weights(copy, "vae")
    state = load_file(path)
    save_file({name: value * float("nan") for name, value in state.items()}, path, metadata={"format": "pt"})
    assert failure(copy).problem.code == "not_finite"
