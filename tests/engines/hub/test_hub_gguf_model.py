"""GGUF files of denoisers are recognized by header and name, and replace a model's own denoiser."""

from pathlib import Path

import numpy as np
import pytest

from engines.catalog import Catalog
from engines.hub.add_model import enter, from_path
from engines.weights.detect import detect
from engines.weights.part_weights import half_precision
from errors import StudioError
from tests.engines.weights.gguf_files import write

DRAWS, GUIDED = {"double_blocks.0.img_attn.qkv.weight": (96, 32)}, {"guidance_in.in_layer.weight": (32, 32)}


@pytest.mark.parametrize(
    ("name", "architecture", "shapes", "like", "configs"),
    [
        ("some-Q4_0", "flux", DRAWS | GUIDED | {"img_in.weight": (32, 64)}, "flux.1-dev", "flux.1-dev"),
        ("some-Q4_0", "flux", DRAWS | {"img_in.weight": (32, 64)}, "flux.1-schnell", "flux.1-schnell"),
        ("some-Kontext", "flux", DRAWS | GUIDED | {"img_in.weight": (32, 64)}, "flux.1-kontext-dev", "flux.1-dev"),
        ("some", "flux", DRAWS | GUIDED | {"img_in.weight": (32, 384)}, "flux.1-fill-dev", "flux.1-fill-dev"),
        ("some", "qwen_image", {"transformer_blocks.59.img_mlp.net.2.weight": (32, 32)}, "qwen-image", "qwen-image"),
        (
            "Wan2.2-T2V-A14B-LowNoise-Q8_0",
            "wan",
            {"blocks.39.ffn.0.weight": (32, 32), "patch_embedding.weight": (32, 16, 1, 2, 2)},
            "wan-2.2-refine",
            "wan-2.2",
        ),
    ],
)
def test_a_denoiser_is_recognized_by_its_tensors_and_name(
    tmp_path: Path, name: str, architecture: str, shapes: dict[str, tuple[int, ...]], like: str, configs: str
) -> None:
    tensors = {tensor: np.zeros(shape, np.float32) for tensor, shape in shapes.items()}
    found = detect(write(tmp_path / f"{name}.gguf", architecture, tensors))
    assert (found.usable, found.like, found.configs) == (True, like, configs)


def test_its_entry_takes_the_other_parts_from_the_known_model(tmp_path: Path) -> None:
    tensors = {name: np.zeros(shape, np.float32) for name, shape in (DRAWS | {"img_in.weight": (32, 64)}).items()}
    file = write(tmp_path / "Mine Q8_0.gguf", "flux", tensors)
    own = tmp_path / "own"
    own.mkdir()
    catalog = Catalog(tmp_path / "starter", own)
    entry = enter(catalog, from_path(catalog, file), own)
    known = catalog.get("flux.1-schnell")
    assert catalog.path(entry, "transformer") == file
    assert {name: part for name, part in entry.parts.items() if name != "transformer"} == {
        name: part for name, part in known.parts.items() if name != "transformer"
    }
    assert not catalog.installed(entry)
    assert catalog.fetchable(entry), "its text encoders and decoder can be downloaded"
    assert entry.part_memory["transformer"] == file.stat().st_size
    assert half_precision(entry) == "bfloat16", "it computes in the precision of the known model"
    assert set(entry.memory.values()) == {sum(entry.part_memory.values())}
    older = entry.model_copy(update={"memory": {"gguf": 10**9}})
    assert half_precision(older) == "bfloat16", "also if an earlier version of the studio wrote its entry"
    assert catalog.quantizations(entry) == []


@pytest.mark.parametrize("architecture", ["flux2", "sdxl", "nobody-knows"])
def test_an_unsupported_gguf_architecture_is_refused_with_a_reason(tmp_path: Path, architecture: str) -> None:
    file = write(tmp_path / "some.gguf", architecture, {"x.weight": np.zeros((32, 32), np.float32)})
    with pytest.raises(StudioError) as info:
        from_path(Catalog(tmp_path, tmp_path), file)
    assert info.value.problem.code == "not_recognised"
    assert info.value.problem.why
