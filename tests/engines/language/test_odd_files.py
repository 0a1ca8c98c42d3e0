"""Models with unusual or invalid files do not affect other models."""

import json
import struct
from pathlib import Path
from typing import Any

import gguf
import pytest

from engines.hub import add_model
from engines.language.models import LanguageModels, LanguageService
from tests.engines.language.language_worker import Desk
from tests.engines.weights import gguf_files

LLAMA = {"architectures": ["LlamaForCausalLM"], "num_attention_heads": 8, "hidden_size": 64, "num_hidden_layers": 2}


@pytest.fixture
def own(starter: Path, tmp_path: Path) -> Desk:
    desk = Desk(tmp_path / "desk", starter)
    (tmp_path / "desk" / "catalog").mkdir(exist_ok=True)
    return desk


def folder(path: Path, config: dict[str, Any]) -> Path:
    """Make the folder of a language model with one weight."""
    path.mkdir()
    header = json.dumps({"w": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}}).encode()
    (path / "model.safetensors").write_bytes(struct.pack("<Q", len(header)) + header + bytes(4))
    (path / "config.json").write_text(json.dumps(config))
    return path


def add(desk: Desk, path: Path) -> str:
    return add_model.enter(desk.catalog, add_model.from_path(desk.catalog, path), desk.folder / "catalog").id


def shelf(desk: Desk) -> LanguageModels:
    found = LanguageService(desk.catalog).shelf()
    assert next(model for model in found.models if model.id == "smollm2").context == 8192
    return found


@pytest.mark.parametrize("odd", ["num_key_value_heads", "max_position_embeddings", "text_config", "head_dim"])
def test_null_in_a_config_means_the_default(own: Desk, tmp_path: Path, odd: str) -> None:
    id = add(own, folder(tmp_path / "odd", {**LLAMA, odd: None}))
    found = shelf(own)
    assert next(model for model in found.models if model.id == id).context == 4096
    assert not found.left_out


@pytest.mark.parametrize(
    "config",
    [
        '{"architectures": ["Lla',
        "[]",
        '{"text_config": 5}',
        '{"hidden_size": [1]}',
        '{"max_position_embeddings": 1e999}',
    ],
)
def test_a_damaged_config_is_reported_with_the_other_models(own: Desk, tmp_path: Path, config: str) -> None:
    path = folder(tmp_path / "odd", LLAMA)
    id = add(own, path)
    (path / "config.json").write_text(config)
    found = shelf(own)
    assert id in [model.id for model in found.models]
    assert [line.partition(":")[0] for line in found.left_out] == ["odd"]


def test_tokens_are_estimated_without_a_readable_vocabulary(own: Desk, tmp_path: Path) -> None:
    path = folder(tmp_path / "odd", LLAMA)
    (path / "tokenizer.json").write_text("{}")
    add(own, path)
    assert not shelf(own).left_out


def test_a_gguf_file_with_text_for_a_number_is_reported(own: Desk, tmp_path: Path) -> None:
    def describe(writer: gguf.GGUFWriter) -> None:
        writer.add_string("llama.context_length", "x")
        writer.add_tokenizer_model("gpt2")

    add(own, gguf_files.write(tmp_path / "odd.gguf", "llama", {}, describe=describe))
    assert "odd" in shelf(own).left_out[0]
