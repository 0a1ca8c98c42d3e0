"""Installed models: changes by any program are noticed at once, and 200 models take milliseconds."""

import json
import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from engines.catalog import Catalog, installed, locations, shipped
from engines.catalog.entry import Part
from tests.support.waiting import next_tick

COMMIT = "c0ffee" + "0" * 34
PARTS = ("text_encoder", "unet", "vae", "tokenizer")


@pytest.fixture(autouse=True)
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty Hugging Face cache; the catalog ships nothing."""
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setattr(shipped, "entries", tuple)
    return tmp_path / "hub"


@pytest.fixture
def looks(monkeypatch: pytest.MonkeyPatch) -> list[Part]:
    """The parts whose files were searched."""
    seen: list[Part] = []
    real = locations.find

    def find(part: Part, *rest: Any) -> tuple[Path, bool]:
        seen.append(part)
        return real(part, *rest)

    monkeypatch.setattr(locations, "find", find)
    return seen


@pytest.fixture
def settled(monkeypatch: pytest.MonkeyPatch) -> None:
    """Treat every change as if it were long ago, so that tests need not wait."""
    monkeypatch.setattr(installed, "_STABLE_NS", 0)


def entry(id: str, **parts: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": id,
        "name": id,
        "use": "Tests.",
        "tasks": ["create_image"],
        "runtime": "onnx",
        "pipeline": "none",
        "parts": parts,
        "license": {"name": "none", "commercial": True},
        "verified": "starter",
    }


def catalog(folder: Path, *entries: dict[str, Any]) -> Catalog:
    own = folder / "own"
    own.mkdir()
    for one in entries:
        (own / f"{one['id']}.yaml").write_text(yaml.safe_dump(one))
    return Catalog(folder / "starter", own)


def fetched(hub: Path, repo: str, *subfolders: str, shards: int = 2) -> Path:
    """A repository as Hugging Face's tools store it: contents in blobs, links to them in the snapshot."""
    root = hub / f"models--{repo.replace('/', '--')}"
    names = [f"m-{number}.safetensors" for number in range(shards)]
    index = json.dumps({"weight_map": {f"layer.{n}": names[n % shards] for n in range(500)}})
    (root / "blobs").mkdir(parents=True)
    (root / "refs").mkdir()
    for subfolder in subfolders:
        folder = root / "snapshots" / COMMIT / subfolder
        folder.mkdir(parents=True)
        for name in ("config.json", "m.safetensors.index.json", *names):
            blob = root / "blobs" / f"{subfolder}-{name}"
            blob.write_text(index if "index" in name else "{}")
            (folder / name).symlink_to(os.path.relpath(blob, folder))
    (root / "refs" / "main").write_text(COMMIT)
    return root


def one_model(tmp_path: Path) -> tuple[Catalog, Callable[[], bool]]:
    found = catalog(tmp_path, entry("m", unet={"repo": "lab/m", "subfolder": "unet"}))
    return found, lambda: found.installed(found.get("m"))


@pytest.mark.usefixtures("settled")
def test_unchanged_parts_are_not_searched_again(tmp_path: Path, hub: Path, looks: list[Part]) -> None:
    fetched(hub, "lab/m", "unet")
    _, here = one_model(tmp_path)
    next_tick(tmp_path.parent)
    assert [here() for _ in range(3)] == [True] * 3
    assert len(looks) == 1


@pytest.mark.usefixtures("settled")
def test_a_download_and_a_removal_are_noticed_at_once(tmp_path: Path, hub: Path) -> None:
    _, here = one_model(tmp_path)
    for _ in range(2):
        assert not here()
        root = fetched(hub, "lab/m", "unet")
        next_tick(tmp_path.parent)
        assert here()
        shutil.rmtree(root)
    assert not here()


@pytest.mark.usefixtures("settled")
@pytest.mark.parametrize(
    "change",
    [
        lambda root: (root / "blobs" / "unet-m-1.safetensors").unlink(),
        lambda root: (root / "snapshots" / COMMIT / "unet" / "m-1.safetensors").unlink(),
        lambda root: (root / "blobs" / "unet-m.safetensors.index.json").write_text('{"weight_map": {"a": "other"}}'),
        lambda root: (root / "snapshots" / COMMIT / "unet").rename(root / "elsewhere"),
        lambda root: shutil.rmtree(root / "refs"),
        lambda root: (root / "refs" / "main").write_text("f" * 40),
    ],
    ids=["content", "link", "index", "folder", "refs", "ref"],
)
def test_every_change_that_makes_a_model_incomplete_is_noticed(
    tmp_path: Path, hub: Path, change: Callable[[Path], Any]
) -> None:
    root = fetched(hub, "lab/m", "unet")
    _, here = one_model(tmp_path)
    next_tick(tmp_path.parent)
    assert here()
    assert here()
    change(root)
    assert not here()


@pytest.mark.usefixtures("settled")
def test_a_newer_snapshot_of_another_program_is_noticed(tmp_path: Path, hub: Path) -> None:
    root = fetched(hub, "lab/m", "unet")
    (root / "refs" / "main").write_text("f" * 40)
    _, here = one_model(tmp_path)
    next_tick(tmp_path.parent)
    assert not here()
    (root / "refs" / "pr").mkdir()
    (root / "refs" / "pr" / "1").write_text(COMMIT)
    assert here()


@pytest.mark.usefixtures("settled")
def test_connecting_and_disconnecting_a_disk_is_noticed(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    for name in ("config.json", "m.safetensors"):
        (disk / name).write_text("{}")
    folder, between = tmp_path / "models", tmp_path / "between"
    folder.mkdir()
    for name in ("config.json", "m.safetensors"):
        (folder / name).symlink_to(between / name)
    between.symlink_to(disk)
    found = catalog(tmp_path, entry("m", all={"repo": str(folder)}), entry("f", all={"repo": str(disk), "file": "x"}))
    next_tick(tmp_path.parent)
    assert [found.installed(found.get(id)) for id in ("m", "f")] == [True, False]
    disk.rename(tmp_path / "gone")
    assert not found.installed(found.get("m"))
    (tmp_path / "gone").rename(disk)
    (disk / "x").write_text("")
    assert [found.installed(found.get(id)) for id in ("m", "f")] == [True, True]


@pytest.mark.usefixtures("settled")
def test_a_folder_with_a_reset_modification_time_is_searched_again(tmp_path: Path) -> None:
    folder = tmp_path / "model"
    folder.mkdir()
    (folder / "config.json").write_text("{}")
    os.utime(folder, (1, 1))
    found = catalog(tmp_path, entry("m", all={"repo": str(folder)}))
    next_tick(tmp_path.parent)
    assert not found.installed(found.get("m"))
    (folder / "m.safetensors").write_text("{}")
    os.utime(folder, (1, 1))  # as rsync does after filling a folder
    assert found.installed(found.get("m"))


def test_nothing_is_cached_while_files_arrive(tmp_path: Path, hub: Path, looks: list[Part]) -> None:
    fetched(hub, "lab/m", "unet")
    _, here = one_model(tmp_path)
    assert [here() for _ in range(3)] == [True] * 3
    assert len(looks) == 3


@pytest.mark.usefixtures("settled")
def test_patterns_match_files_in_subfolders(tmp_path: Path) -> None:
    folder = tmp_path / "model"
    (folder / "sub").mkdir(parents=True)
    (folder / "readme").write_text("")
    found = catalog(tmp_path, entry("m", all={"repo": str(folder), "allow": ["sub/*.bin"]}))
    next_tick(tmp_path.parent)
    assert not found.installed(found.get("m"))
    (folder / "sub" / "a.bin").write_text("")
    assert found.installed(found.get("m"))


def test_steady_answers_change_only_afterwards(tmp_path: Path, hub: Path) -> None:
    found, here = one_model(tmp_path)
    with found.steady():
        assert not here()
        fetched(hub, "lab/m", "unet")
        with found.steady():
            assert not here()
        assert not here()
    assert here()


@pytest.mark.usefixtures("settled")
def test_unchanged_models_are_sorted_once(tmp_path: Path, hub: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = fetched(hub, "lab/m", "unet")
    found = catalog(tmp_path, entry("m", unet={"repo": "lab/m", "subfolder": "unet"}), entry("other"))
    next_tick(tmp_path.parent)
    sorts: list[str] = []
    real = Catalog._for_task
    monkeypatch.setattr(Catalog, "_for_task", lambda self, task: (sorts.append(task), real(self, task))[1])

    def first() -> str:
        with found.steady():
            return found.for_task("create_image")[0].id

    assert [first() for _ in range(3)] == ["m"] * 3
    assert len(sorts) == 1
    shutil.rmtree(root)
    next_tick(tmp_path.parent)
    assert [first() for _ in range(3)] == ["other"] * 3
    (tmp_path / "own" / "z.yaml").write_text(yaml.safe_dump(entry("a")))
    assert first() == "a"
    found.on_card = True
    assert first() == "a"
    assert len(sorts) == 4  # one for each change


@pytest.mark.usefixtures("settled")
def test_a_change_in_the_middle_of_steady_answers_is_noticed_afterwards(tmp_path: Path, hub: Path) -> None:
    parts = {part: {"repo": "lab/m", "subfolder": part} for part in PARTS}
    root = fetched(hub, "lab/m", *PARTS)
    found = catalog(tmp_path, entry("whole", **parts), entry("part", unet=parts["unet"]))
    next_tick(tmp_path.parent)
    with found.steady():
        assert found.installed(found.get("whole"))
        shutil.rmtree(root)
        assert found.installed(found.get("part"))
    for _ in range(2):
        with found.steady():
            assert not found.installed(found.get("whole"))
            assert not found.installed(found.get("part"))


@pytest.mark.usefixtures("settled")
def test_a_form_change_among_200_models_costs_at_most_20_ms(tmp_path: Path, hub: Path) -> None:
    """Measured in CPU time, so that other programs do not count."""
    for number in range(0, 200, 2):
        fetched(hub, f"lab/m{number}", *PARTS)
    models = [
        entry(f"m{number}", **{part: {"repo": f"lab/m{number}", "subfolder": part} for part in PARTS})
        for number in range(200)
    ]
    found = catalog(tmp_path, *models)
    next_tick(tmp_path.parent)

    def change() -> float:
        start = time.thread_time()
        with found.steady():  # as often as a picture form asks when estimating the three quality levels
            for _ in range(4):
                assert sum(map(found.installed, found.for_task("create_image"))) == 100
                assert all(found.auxiliary_model(one, "ip_adapter") is None for one in found.entries.values())
        return time.thread_time() - start

    change()
    assert min(change() for _ in range(5)) < 0.02
