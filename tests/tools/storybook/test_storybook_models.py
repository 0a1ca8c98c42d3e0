"""Storybook in the studio: the prompt is simplified and the picture enlarged; here with untrained weights."""

import json
from pathlib import Path

import numpy as np
import pytest
import yaml
from PIL import Image

from engines import protocol, torch_setup
from engines.catalog import Catalog, shipped
from engines.families.storybook.prompts import simplify_prompt
from engines.host.config import EngineConfig
from engines.host.worker import Worker
from engines.memory import Cpu, Swapper
from engines.requests import CreateImage
from errors import StudioError
from tests.engines.host.host_fixtures import envelope
from tools.storybook import dataset
from tools.storybook.drawing import SIDE

ENTRY = shipped.entry("storybook-image")


def test_a_prompt_is_reduced_to_known_words_and_the_models_size() -> None:
    asked = CreateImage(prompt="a crimson villa in the harbour", negative_prompt="cars, zebras", width=512, height=384)
    request, unknown = simplify_prompt(asked, ENTRY)
    assert (request.prompt, request.negative_prompt, unknown) == ("a red house", "car", "harbour")
    assert (request.width, request.height) == (128, 96)


def test_a_prompt_with_only_unknown_words_is_refused_with_examples() -> None:
    with pytest.raises(StudioError) as refused:
        simplify_prompt(CreateImage(prompt="ein Hafen"), ENTRY)
    assert refused.value.problem.code == "unknown_words"
    assert "lighthouse" in refused.value.problem.why


def test_other_models_get_the_unchanged_request() -> None:
    asked = CreateImage(prompt="ein Hafen", width=640)
    assert simplify_prompt(asked, shipped.entry("stable-diffusion-1.5")) == (asked, "")


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A catalog with Storybook's entry and untrained weights."""
    torch_setup.import_heavy("diffusers", "transformers")
    import torch

    from tools.storybook import models, pipeline, tokens

    folder = tmp_path_factory.mktemp("storybook")
    torch.manual_seed(1)
    tokenizer = tokens.learn(["a red house by the sea at sunset", "a cat"] * 8)
    whole = pipeline.put_together(
        models.autoencoder(8),
        models.text_encoder(tokenizer.get_vocab()),
        tokenizer,
        models.unet(SIDE // models.PIXELS, (16, 32, 32)),
    )
    whole.to(torch.float16).save_pretrained(folder / "model", safe_serialization=True, variant="fp16")
    data = shipped.entry("storybook-image").model_dump(mode="json")
    data["id"] = "storybook-untrained"
    for part in data["parts"].values():
        part["repo"] = str(folder / "model")
    (folder / "own").mkdir()
    (folder / "own" / "storybook-untrained.yaml").write_text(yaml.safe_dump(data))
    return folder / "own"


@pytest.mark.slow
def test_a_picture_is_enlarged_records_its_prompt_and_is_reproducible(own: Path, tmp_path: Path) -> None:
    first, again, other = (_made(own, tmp_path / str(number), seed) for number, seed in enumerate((5, 5, 6)))
    assert first.content_sha256 == again.content_sha256 != other.content_sha256
    with Image.open(tmp_path / "0" / "out" / first.file) as image:
        assert image.size == (512, 384)
        record = json.loads(image.info["c41"])
    assert record["words_left_out"] == "harbour"
    assert record["request"]["prompt"] == "a red house by the sea, harbour"


def _made(own: Path, folder: Path, seed: int) -> protocol.ResultFile:
    folder.mkdir()
    events: list[protocol.Event] = []
    config = EngineConfig(starter=folder / "starter", catalog=own)
    worker = Worker("device", config, events.append, Swapper(Cpu()), Catalog(config.starter, config.catalog))
    asked = {"prompt": "a red house by the sea, harbour", "model": "storybook-untrained", "seed": seed}
    worker.run(envelope(folder, **asked, width=512, height=384, steps=3))
    ended = (
        events[-1]
        if isinstance(events[-1], protocol.Result)
        else next(e for e in events if isinstance(e, protocol.Result))
    )
    return ended.files[0]


@pytest.mark.slow
def test_inpainting_only_changes_pixels_inside_its_mask(own: Path) -> None:
    from tools.storybook import editing, shipping

    loaded = shipping.shipped(own.parent / "model")
    picture = Image.fromarray(dataset.picture(3))
    inside = np.zeros((SIDE, SIDE), np.uint8)
    inside[20:70, 15:75] = 255
    made = np.asarray(editing.filled(loaded, picture, Image.fromarray(inside), "a cat", seed=1))
    before = np.asarray(picture)
    assert np.array_equal(made[inside == 0], before[inside == 0])
    assert not np.array_equal(made[40:55, 40:55], before[40:55, 40:55])


@pytest.mark.slow
def test_image_to_image_depends_on_strength_and_seed(own: Path) -> None:
    from tools.storybook import editing, shipping

    loaded = shipping.shipped(own.parent / "model")
    picture = Image.fromarray(dataset.picture(3))
    one, again, more = (
        np.asarray(editing.changed(loaded, picture, "a cat", strength, seed=1)) for strength in (0.1, 0.1, 0.3)
    )
    assert one.shape == (SIDE, SIDE, 3)
    assert np.array_equal(one, again)
    assert not np.array_equal(one, more)
