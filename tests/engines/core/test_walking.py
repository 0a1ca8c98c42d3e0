"""Folders of other programs: links are followed once each, endings count in capitals, what is left out is said."""

import os
from pathlib import Path
from typing import Any

import pytest

from engines import places, walking
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
        "broken.safetensors": walking.BROKEN
    }
    models = {Path(one.name).name: one.why for one in scan_models(here).items}
    assert len(models) == 3
    assert models["broken.safetensors"] == walking.BROKEN


@pytest.mark.parametrize("typed", ['"{}"', "'{}'", "{} ", " {}/ ", "file://{}", "file://localhost{}"])
def test_a_pasted_path_is_the_folder(tmp_path: Path, typed: str) -> None:
    assert places.folder(Path(typed.format(tmp_path))).samefile(tmp_path)


def test_links_out_of_the_allowed_folders_are_named_and_not_followed(tmp_path: Path) -> None:
    here, secret = tmp_path / "models", tmp_path / "secret"
    here.mkdir()
    secret.mkdir()
    (secret / "hidden.safetensors").write_bytes(lora_bytes(768))
    (here / "folder").symlink_to(secret)
    (here / "file.safetensors").symlink_to(secret / "hidden.safetensors")

    def inside(path: Path) -> bool:
        return path.is_relative_to(here.resolve())

    assert {one.name: one.obstacle for one in scan_loras(here, inside).items} == dict.fromkeys(
        ("folder", "file.safetensors"), walking.OUTSIDE
    )
    assert {one.name: one.why for one in scan_models(here, inside).items} == dict.fromkeys(
        ("folder", "file.safetensors"), walking.OUTSIDE
    )


def obstacles(folder: Path) -> dict[str, str]:
    """What each scan says of what it could not look at: both say the same."""
    loras = {one.name: one.obstacle for one in scan_loras(folder).items if one.obstacle}
    assert {one.name: one.why for one in scan_models(folder).items if one.name in loras} == loras
    return loras


def test_a_link_that_cannot_be_looked_at_hides_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "good.safetensors").write_bytes(lora_bytes(768))
    (tmp_path / "long.safetensors").symlink_to("x" * 300)
    (tmp_path / "disk").symlink_to(tmp_path / "not connected")
    (tmp_path / "LICENSE").write_text("no model")
    assert obstacles(tmp_path) == {"long.safetensors": "File name too long", "disk": walking.BROKEN}
    assert "good.safetensors" in {one.name for one in scan_loras(tmp_path).items if not one.obstacle}


def test_a_folder_that_may_not_be_read_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "closed").mkdir()
    (tmp_path / "good.safetensors").write_bytes(lora_bytes(768))
    listed = os.scandir

    def scandir(path: Any) -> Any:
        if Path(path).name == "closed":
            raise PermissionError(13, "Permission denied", str(path))
        return listed(path)

    monkeypatch.setattr(os, "scandir", scandir)
    assert obstacles(tmp_path) == {"closed": walking.UNREADABLE}


def test_folders_too_deep_are_said_once_for_each_outermost_one(tmp_path: Path) -> None:
    for branch in ("7", "other/8"):
        deepest = tmp_path / "1/2/3/4/5/6" / branch
        deepest.mkdir(parents=True)
        (deepest / "deep.safetensors").write_bytes(lora_bytes(768))
    (tmp_path / "1/2/3/4/5/6/reached.safetensors").write_bytes(lora_bytes(768))
    (tmp_path / "a/b").mkdir(parents=True)
    assert obstacles(tmp_path) == {"1/2/3/4/5/6": walking.TOO_DEEP}
    assert "1/2/3/4/5/6/reached.safetensors" in {one.name for one in scan_models(tmp_path).items}
