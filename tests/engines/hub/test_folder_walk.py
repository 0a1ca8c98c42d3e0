"""Folders of other programs: links are followed once, endings ignore case, and skipped paths are reported."""

import os
from pathlib import Path
from typing import Any

import pytest

from engines import folder_walk, paths
from engines.hub.scan import scan as scan_models
from engines.loras.folder import scan as scan_loras
from tests.engines.loras.plain_files import lora_bytes


def test_linked_folders_and_files_are_listed_once(tmp_path: Path) -> None:
    here, disk = tmp_path / "models", tmp_path / "disk"
    here.mkdir()
    disk.mkdir()
    (here / "SHOUT.SAFETENSORS").write_bytes(lora_bytes(768))
    (disk / "linked.safetensors").write_bytes(lora_bytes(768))
    (here / "shared").symlink_to(disk)
    (here / "again").symlink_to(disk)
    (here / "loop").symlink_to(here)
    (here / "one.safetensors").symlink_to(disk / "linked.safetensors")
    (here / "broken.safetensors").symlink_to(tmp_path / "nowhere")
    found = scan_loras(here).items
    assert len(found) == 3
    assert {Path(one.name).name: one.obstacle for one in found if one.obstacle} == {
        "broken.safetensors": folder_walk.BROKEN
    }
    models = {Path(one.name).name: one.why for one in scan_models(here).items}
    assert len(models) == 3
    assert models["broken.safetensors"] == folder_walk.BROKEN


@pytest.mark.parametrize("typed", ['"{}"', "'{}'", "{} ", " {}/ ", "file://{}", "file://localhost{}"])
def test_a_pasted_path_is_cleaned_up(tmp_path: Path, typed: str) -> None:
    assert paths.folder(Path(typed.format(tmp_path))).samefile(tmp_path)


def test_links_out_of_the_allowed_folders_are_listed_and_not_followed(tmp_path: Path) -> None:
    here, secret = tmp_path / "models", tmp_path / "secret"
    here.mkdir()
    secret.mkdir()
    (secret / "hidden.safetensors").write_bytes(lora_bytes(768))
    (here / "folder").symlink_to(secret)
    (here / "file.safetensors").symlink_to(secret / "hidden.safetensors")

    def inside(path: Path) -> bool:
        return path.is_relative_to(here.resolve())

    assert {one.name: one.obstacle for one in scan_loras(here, inside).items} == dict.fromkeys(
        ("folder", "file.safetensors"), folder_walk.OUTSIDE
    )
    assert {one.name: one.why for one in scan_models(here, inside).items} == dict.fromkeys(
        ("folder", "file.safetensors"), folder_walk.OUTSIDE
    )


def obstacles(folder: Path) -> dict[str, str]:
    """Return what each scan reports about paths it could not examine: both report the same."""
    loras = {one.name: one.obstacle for one in scan_loras(folder).items if one.obstacle}
    assert {one.name: one.why for one in scan_models(folder).items if one.name in loras} == loras
    return loras


def test_a_link_that_cannot_be_examined_hides_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "good.safetensors").write_bytes(lora_bytes(768))
    (tmp_path / "long.safetensors").symlink_to("x" * 300)
    (tmp_path / "disk").symlink_to(tmp_path / "not connected")
    (tmp_path / "LICENSE").write_text("no model")
    assert obstacles(tmp_path) == {"long.safetensors": "File name too long", "disk": folder_walk.BROKEN}
    assert "good.safetensors" in {one.name for one in scan_loras(tmp_path).items if not one.obstacle}


def test_an_unreadable_folder_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "closed").mkdir()
    (tmp_path / "good.safetensors").write_bytes(lora_bytes(768))
    listed = os.scandir

    def scandir(path: Any) -> Any:
        if Path(path).name == "closed":
            raise PermissionError(13, "Permission denied", str(path))
        return listed(path)

    monkeypatch.setattr(os, "scandir", scandir)
    assert obstacles(tmp_path) == {"closed": folder_walk.UNREADABLE}


def test_too_deep_folders_are_reported_once_per_top_level_folder(tmp_path: Path) -> None:
    for branch in ("7", "other/8"):
        deepest = tmp_path / "1/2/3/4/5/6" / branch
        deepest.mkdir(parents=True)
        (deepest / "deep.safetensors").write_bytes(lora_bytes(768))
    (tmp_path / "1/2/3/4/5/6/reached.safetensors").write_bytes(lora_bytes(768))
    (tmp_path / "a/b").mkdir(parents=True)
    assert obstacles(tmp_path) == {"1/2/3/4/5/6": folder_walk.TOO_DEEP}
    assert "1/2/3/4/5/6/reached.safetensors" in {one.name for one in scan_models(tmp_path).items}
