"""ComfyUI's extra_model_paths.yaml: its folders are searched, or listed with the reason why not."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from engines import extra_model_paths
from engines.hub.scan import scan as scan_models
from engines.loras.folder import scan as scan_loras
from tests.engines.loras.plain_files import lora_bytes

CONFIG = """
comfyui:
  base_path: $DISK/library
  is_default: true
  checkpoints: checkpoints
  loras: |
    loras/
    more loras

    ../outside
  custom_nodes: nodes
a111:
  loras: ../elsewhere/lora
  clip: ../nowhere
  upscale_models: {not: a path}
nothing:
"""


@pytest.fixture
def disks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A ComfyUI whose models are on other disks, with one LoRA each."""
    monkeypatch.setenv("DISK", str(tmp_path / "disk"))
    library = tmp_path / "disk" / "library"
    for folder, name in (
        (tmp_path / "ComfyUI" / "models" / "loras", "own"),
        (library / "loras", "first"),
        (library / "more loras", "second"),
        (library / "nodes", "node"),
        (tmp_path / "elsewhere" / "lora", "third"),
        (tmp_path / "disk" / "outside", "secret"),
    ):
        folder.mkdir(parents=True)
        (folder / f"{name}.safetensors").write_bytes(lora_bytes(768))
    (library / "checkpoints").mkdir()
    (tmp_path / "ComfyUI" / extra_model_paths.NAME).write_text(CONFIG)
    return tmp_path


def inside(disks: Path) -> Callable[[Path], bool]:
    """Whether a path may be read: everything on the disks except one folder."""
    return lambda path: path.is_relative_to(disks) and not path.is_relative_to(disks / "disk" / "outside")


def test_listed_folders_are_searched_or_skipped_with_a_reason(disks: Path) -> None:
    found = scan_loras(disks / "ComfyUI", inside(disks))
    assert {Path(one.path).stem for one in found.items} == {"own", "first", "second", "third"}
    assert {one.name for one in found.items if not one.name.startswith("/")} == {"models/loras/own.safetensors"}
    assert found.extra is not None
    assert found.extra.file == str(disks / "ComfyUI" / "extra_model_paths.yaml")
    assert {(one.path, one.kinds, one.obstacle) for one in found.extra.folders} == {
        (str(disks / "disk" / "library" / "checkpoints"), ("checkpoints",), ""),
        (str(disks / "disk" / "library" / "loras"), ("loras",), ""),
        (str(disks / "disk" / "library" / "more loras"), ("loras",), ""),
        (str(disks / "disk" / "outside"), ("loras",), extra_model_paths.OUTSIDE),
        (str(disks / "elsewhere" / "lora"), ("loras",), ""),
        (str(disks / "nowhere"), ("clip",), extra_model_paths.MISSING),
    }
    models = scan_models(disks / "ComfyUI", inside(disks))
    assert models.extra == found.extra
    assert {Path(one.path).stem for one in models.items} == {"own", "first", "second", "third"}


def test_the_file_is_found_above_models_and_alone_means_only_its_folders(disks: Path) -> None:
    own = scan_loras(disks / "ComfyUI" / "models", inside(disks))
    assert {Path(one.path).stem for one in own.items} == {"own", "first", "second", "third"}
    file = disks / "ComfyUI" / "extra_model_paths.yaml"
    assert {Path(one.path).stem for one in scan_loras(file, inside(disks)).items} == {"first", "second", "third"}
    assert scan_loras(disks / "elsewhere", inside(disks)).extra is None


def test_a_file_named_twice_is_listed_once(disks: Path) -> None:
    (disks / "ComfyUI" / "extra_model_paths.yaml").write_text(
        f"a:\n  base_path: {disks}\n  loras: ComfyUI/models/loras\n  lycoris: ComfyUI/models/loras\n"
    )
    found = scan_loras(disks / "ComfyUI", inside(disks))
    assert [one.name for one in found.items] == ["models/loras/own.safetensors"]
    assert found.extra is not None
    assert [one.kinds for one in found.extra.folders] == [("loras", "lycoris")]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"a:\n  loras: [x\n", "not valid YAML at line 3"),
        (b"- a\n- b\n", "no sections"),
        (b"a:\n  loras: caf\xe9\n", "Save it as YAML in UTF-8"),
        (b"!!python/object/apply:os.system [id]", "not valid YAML at line 1"),
        (b"[" * 60_000, "cannot be read"),
        (b"a: &a {x: 1}\nb:\n  <<: *a\n", "not valid YAML at line 3"),
        (b"#" * 70_000, "larger than 64 KB"),
    ],
)
def test_a_broken_file_is_reported_and_the_folder_still_counts(disks: Path, content: bytes, sentence: str) -> None:
    (disks / "ComfyUI" / "extra_model_paths.yaml").write_bytes(content)
    found = scan_loras(disks / "ComfyUI", inside(disks))
    assert [one.name for one in found.items] == ["models/loras/own.safetensors"]
    assert found.extra is not None
    assert sentence in found.extra.obstacle
    assert found.extra.folders == ()


def test_a_file_with_only_comments_or_odd_values_lists_nothing(disks: Path) -> None:
    for content in ("# comfyui:\n", "a: 4\nb:\n  - c\nd:\n  loras: 7\n"):
        (disks / "ComfyUI" / "extra_model_paths.yaml").write_text(content)
        found = scan_loras(disks / "ComfyUI", inside(disks))
        assert found.extra is not None
        assert (found.extra.folders, found.extra.obstacle) == ((), "")


def test_folders_may_be_a_list(disks: Path) -> None:
    (disks / "ComfyUI" / "extra_model_paths.yaml").write_text(
        f"a:\n  base_path: {disks}/disk/library\n  loras:\n    - loras\n    - more loras\n    - 7\n"
    )
    found = scan_loras(disks / "ComfyUI", inside(disks))
    assert {Path(one.path).stem for one in found.items} == {"own", "first", "second"}


def test_links_pipes_and_invalid_names_are_harmless(disks: Path) -> None:
    file = disks / "ComfyUI" / "extra_model_paths.yaml"
    (disks / "loop").symlink_to(disks / "loop")
    (disks / "way out").symlink_to(disks / "disk" / "outside")
    file.write_text(f'a:\n  x: "a\\0b"\n  y: {disks}/loop\n  z: {disks}/way out\n  w: {"a" * 300}\n')
    extra = scan_loras(disks / "ComfyUI", inside(disks)).extra
    assert extra is not None
    missing = extra_model_paths.MISSING
    assert [one.obstacle for one in extra.folders] == [missing, missing, extra_model_paths.OUTSIDE, missing]
    secret = disks / "disk" / "outside" / "secret.yaml"
    secret.write_text("a:\n  loras: /\n")
    file.unlink()
    file.symlink_to(secret)
    extra = scan_loras(disks / "ComfyUI", inside(disks)).extra
    assert extra is not None
    assert (extra.folders, extra.obstacle) == ((), extra_model_paths.OUTSIDE)
    file.unlink()
    file.symlink_to(file)
    extra = scan_loras(disks / "ComfyUI", inside(disks)).extra
    assert extra is not None
    assert "cannot be read" in extra.obstacle
    file.unlink()
    os.mkfifo(file)
    extra = scan_loras(disks / "ComfyUI", inside(disks)).extra
    assert extra is not None
    assert extra.obstacle == "It is not a file."
