"""Models in torch: tiny Qwens of the real classes, and the starter model's GGUF file in transformers."""

from pathlib import Path

import pytest
import yaml

from engines import protocol
from engines.language.context_length import context_length
from engines.language.write_task import obstacle
from engines.twins import install
from engines.twins.tokenizers import byte_letters
from tests.engines.language.language_worker import Desk


@pytest.fixture(scope="module")
def qwens(starter: Path, twin_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """A desk with tiny Qwens, each saved and loaded again."""
    folder = tmp_path_factory.mktemp("qwens")
    for name in ("qwen3", "qwen2.5-vl", "qwen3-vl"):
        install(name, twin_folder, folder / "catalog")
    return Desk(folder, starter)


def test_a_folder_of_safetensors_writes(qwens: Desk) -> None:
    said = [qwens.answer("Hello?", model="qwen3-4b.twin", max_tokens=24, seed=seed) for seed in (3, 3, 4)]
    assert said[0] == said[1] != said[2]
    facts = qwens.facts
    assert 0 < facts["tokens"] <= 24
    assert facts["prompt_tokens"] > 20
    assert facts["finish"] in ("stop", "length")


@pytest.mark.parametrize("model", ["qwen2.5-vl-7b.twin", "qwen3-vl-8b.twin"])
def test_vision_models_take_pictures(qwens: Desk, photo: Path, model: str) -> None:
    seen = context_length(qwens.catalog.get(model), qwens.catalog)
    assert (seen.vision, seen.exact) == (True, True)
    file = qwens.attach(photo)
    qwens.answer(("user", "What is this?", [file]), model=model, max_tokens=8)
    with_picture = qwens.facts["prompt_tokens"]
    qwens.answer("What is this?", model=model, max_tokens=8)
    assert with_picture > qwens.facts["prompt_tokens"]


def test_canceling_stops_between_two_words(qwens: Desk) -> None:
    qwens.cancel_when(lambda event: isinstance(event, protocol.Text))
    ended = qwens.write("Hello?", model="qwen3-4b.twin", max_tokens=4000)
    qwens.on_event = lambda event: None
    assert isinstance(ended, protocol.Cancelled)
    assert qwens.text


def test_a_too_long_message_is_refused_in_advance(qwens: Desk) -> None:
    request = qwens.request("x" * 5000, model="qwen3-4b.twin")
    problem = obstacle(request, qwens.catalog.get("qwen3-4b.twin"), qwens.catalog, {})
    assert problem
    assert problem.what == "The message has 5,000 tokens, but Qwen3 4B Instruct (tiny twin) takes only 4,096."


def tiny_gguf(path: Path) -> Path:
    """Write a GGUF file of a one-layer llama with random weights."""
    import gguf
    import numpy as np

    width, inner, words = 32, 64, [*byte_letters(), "ab", "<s>", "</s>"]
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_context_length(256)
    writer.add_embedding_length(width)
    writer.add_block_count(1)
    writer.add_feed_forward_length(inner)
    writer.add_head_count(2)
    writer.add_head_count_kv(2)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_dimension_count(width // 2)
    writer.add_vocab_size(len(words))
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("default")
    writer.add_token_list(words)
    writer.add_token_merges(["a b"])
    writer.add_token_types([1] * 257 + [3] * 2)
    writer.add_bos_token_id(257)
    writer.add_eos_token_id(258)
    chance = np.random.default_rng(0)
    shapes = {"token_embd": (len(words), width), "output": (len(words), width), "output_norm": (width,)}
    block = {f"attn_{name}": (width, width) for name in ("q", "k", "v", "output")}
    block |= {"ffn_gate": (inner, width), "ffn_up": (inner, width), "ffn_down": (width, inner)}
    block |= {"attn_norm": (width,), "ffn_norm": (width,)}
    for name, shape in (shapes | {f"blk.0.{name}": shape for name, shape in block.items()}).items():
        writer.add_tensor(f"{name}.weight", chance.normal(0, 0.3, shape).astype(np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def test_a_gguf_file_writes_in_torch_too(starter: Path, tmp_path: Path) -> None:
    path = tiny_gguf(tmp_path / "tiny.gguf")
    entry = {
        "id": "tiny-gguf",
        "name": "Tiny",
        "use": "Writes.",
        "tasks": ["write"],
        "runtime": "torch",
        "pipeline": "transformers:AutoModelForCausalLM",
        "parts": {"model": {"repo": str(tmp_path), "file": path.name}},
        "license": {"name": "none", "commercial": True},
        "verified": "twin",
    }
    (tmp_path / "catalog").mkdir()
    (tmp_path / "catalog" / "tiny-gguf.yaml").write_text(yaml.safe_dump(entry))
    desk = Desk(tmp_path, starter)
    assert context_length(desk.catalog.get("tiny-gguf"), desk.catalog).limit == 256
    said = [desk.answer("Hello?", model="tiny-gguf", max_tokens=16, seed=seed) for seed in (3, 3, 4)]
    assert said[0] == said[1] != said[2]
    assert desk.facts["prompt_tokens"] >= len("Hello?")
