"""Folders of other programs: links are followed once each, endings count in capitals, broken links are said."""

from pathlib import Path

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
