"""Repositories that change between two downloads: installed parts stay installed and stay on one commit."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from engines.catalog import Catalog, locations, shipped
from engines.catalog.entry import Part
from engines.hub import cache, commits, download, remove_model
from engines.hub.client import Hub
from engines.hub.progress import DownloadProgress
from tests.support.hub import LocalHub, local_hub

REPO = "lab/moves"
READER, PAINTER = Part(repo=REPO, subfolder="text_encoder"), Part(repo=REPO, subfolder="transformer")
FIRST = {
    "text_encoder/config.json": "{}",
    "text_encoder/model.safetensors": b"reader" * 1000,
    "transformer/config.json": "{}",
    "transformer/model.safetensors": b"painter" * 1000,
}
SECOND = FIRST | {"transformer/model.safetensors": b"repaint" * 1000}
ENTRY = {
    "name": "Moves",
    "use": "Tests.",
    "tasks": [],
    "runtime": "torch",
    "pipeline": "none:None",
    "license": {"name": "none", "commercial": True},
    "verified": "import",
}


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalHub]:
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
    with local_hub() as served:
        monkeypatch.setenv("HF_ENDPOINT", served.url)
        served.add(REPO, FIRST)
        yield served


@pytest.fixture
def bring(tmp_path: Path) -> Callable[..., Path]:
    def run(part: Part) -> Path:
        with Hub() as connection:
            plan = download.plan(connection, [part], tmp_path)
            download.fetch(connection, plan, DownloadProgress(plan.total, plan.have), lambda: None)
        return locations.place(part, tmp_path)

    return run


def catalog(tmp_path: Path, **entries: dict[str, Part]) -> Catalog:
    """Return a catalog with entries of these parts."""
    own = tmp_path / "own"
    own.mkdir()
    for id, parts in entries.items():
        values = {"id": id, "parts": {name: part.model_dump(mode="json") for name, part in parts.items()}, **ENTRY}
        (own / f"{id}.yaml").write_text(json.dumps(values))
    return Catalog(tmp_path, own)


def test_the_parts_of_a_model_come_from_one_commit(hub: LocalHub, bring: Callable[..., Path], tmp_path: Path) -> None:
    first = bring(READER)
    hub.move(REPO, SECOND)
    painter = bring(PAINTER)
    assert painter.parent == first.parent
    assert (painter / "model.safetensors").read_bytes() == FIRST["transformer/model.safetensors"]
    both = catalog(tmp_path, whole={"reader": READER, "painter": PAINTER}, words={"reader": READER})
    assert both.installed(both.get("whole"))
    assert both.installed(both.get("words"))


def test_a_part_of_a_newer_commit_hides_no_installed_part(
    hub: LocalHub, bring: Callable[..., Path], tmp_path: Path
) -> None:
    bring(READER)
    painter = bring(PAINTER)
    newer = Part(repo=REPO, subfolder="vae")
    new = hub.move(REPO, SECOND | {"vae/config.json": "{}", "vae/model.safetensors": b"decoder" * 1000})
    assert bring(newer).parent.name == new.commit
    # Unchanged files appear in the new snapshot without another download; changed files stay in the old one.
    assert locations.place(READER, tmp_path).parent.name == new.commit
    assert locations.place(PAINTER, tmp_path) == painter
    sent = hub.heard("store", "text_encoder")
    assert bring(READER).is_dir()
    assert hub.heard("store", "text_encoder") == sent
    all_of_it = catalog(tmp_path, all={"a": READER, "b": PAINTER, "c": newer})
    assert all_of_it.installed(all_of_it.get("all"))


def test_a_ref_of_another_program_hides_no_installed_part(
    hub: LocalHub, bring: Callable[..., Path], tmp_path: Path
) -> None:
    old = bring(READER)
    (cache.folder(REPO) / "refs" / "main").write_text("0" * 40)
    assert locations.place(READER, tmp_path) == old
    assert locations.is_present(READER, tmp_path)


def test_a_missing_commit_is_logged_and_replaced_by_the_newest(
    hub: LocalHub, bring: Callable[..., Path], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    bring(READER)
    hub.add(REPO, SECOND)  # its history is rewritten
    assert (bring(PAINTER) / "model.safetensors").read_bytes() == SECOND["transformer/model.safetensors"]
    assert locations.is_present(READER, tmp_path)
    assert "does not have this revision of lab/moves" in caplog.text


def test_a_pinned_repository_is_fetched_at_its_commit(
    hub: LocalHub, bring: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    pinned = hub.repositories[REPO].commit
    hub.move(REPO, SECOND)
    monkeypatch.setitem(commits.pins(), REPO, pinned)
    assert (bring(PAINTER) / "model.safetensors").read_bytes() == FIRST["transformer/model.safetensors"]


def test_removing_deletes_a_part_from_every_snapshot(hub: LocalHub, bring: Callable[..., Path], tmp_path: Path) -> None:
    newer = Part(repo=REPO, subfolder="vae")
    bring(READER)
    hub.move(REPO, SECOND | {"vae/config.json": "{}", "vae/model.safetensors": b"decoder" * 1000})
    bring(newer)
    known = catalog(tmp_path, words={"reader": READER}, decoder={"vae": newer})
    assert remove_model.remove(known.get("words"), known, tmp_path / "own", tmp_path) == 6000
    assert not known.installed(known.get("words"))
    assert known.installed(known.get("decoder"))


def test_removing_keeps_files_shared_with_a_running_download(
    hub: LocalHub, bring: Callable[..., Path], tmp_path: Path
) -> None:
    bring(READER)
    known = catalog(tmp_path, done={"reader": READER}, coming={"reader": READER, "painter": PAINTER})
    part = cache.folder(REPO) / "blobs" / f"{'0' * 40}.incomplete"
    part.write_bytes(b"half")
    assert remove_model.remove(known.get("done"), known, tmp_path / "own", tmp_path, {"coming"}) == 0
    assert locations.is_present(READER, tmp_path)
    bring(PAINTER)
    assert known.installed(known.get("coming"))


def test_removing_keeps_the_partial_files_of_a_download(
    hub: LocalHub, bring: Callable[..., Path], tmp_path: Path
) -> None:
    hub.add(REPO, FIRST | {"transformer/config.json": '{"layers": 2}'})
    bring(READER)
    known = catalog(tmp_path, done={"reader": READER}, coming={"painter": PAINTER})
    part = cache.folder(REPO) / "blobs" / f"{'0' * 40}.incomplete"
    for busy in ("coming", REPO):
        part.write_bytes(b"half")
        remove_model.remove(known.get("done"), known, tmp_path / "own", tmp_path, {busy})
        assert not locations.is_present(READER, tmp_path)
        assert part.exists()
        bring(READER)
    remove_model.remove(known.get("done"), known, tmp_path / "own", tmp_path)
    assert not part.exists()


@pytest.mark.parametrize("content", [b"\0\0\0\1Bud1\xff\xfe", b"../../elsewhere", b"", b"x" * 10_000])
def test_a_foreign_file_among_the_refs_hides_no_installed_part(
    hub: LocalHub, bring: Callable[..., Path], tmp_path: Path, content: bytes
) -> None:
    bring(READER)
    (cache.folder(REPO) / "refs" / ".DS_Store").write_bytes(content)
    assert locations.is_present(READER, tmp_path)
    assert not locations.is_present(PAINTER, tmp_path)
    (cache.folder(REPO) / "refs" / "main").write_bytes(content)
    assert locations.commit(REPO, "main") == ""
    assert locations.is_present(READER, tmp_path)


@pytest.mark.parametrize("index", ["[]", "5", '{"weight_map": []}', '{"weight_map": {"a": []}}', "[" * 100_000])
def test_a_model_with_a_corrupt_index_is_incomplete(tmp_path: Path, index: str) -> None:
    (tmp_path / "model.safetensors.index.json").write_text(index)
    (tmp_path / "model.safetensors").write_bytes(b"")
    assert not locations.complete(tmp_path)


def test_a_commit_only_refers_to_itself(hub: LocalHub, bring: Callable[..., Path], tmp_path: Path) -> None:
    bring(PAINTER)
    commit = hub.move(REPO, SECOND).commit
    newer = PAINTER.model_copy(update={"revision": commit})
    assert not locations.is_present(newer, tmp_path)
    assert (bring(newer) / "model.safetensors").read_bytes() == SECOND["transformer/model.safetensors"]


def test_pins_are_commits_of_repositories_in_the_catalog() -> None:
    named = {
        part.repo for entry in shipped.entries() for part in (*entry.parts.values(), *entry.quantizations.values())
    }
    assert set(commits.pins()) <= named
    assert all(len(commit) == 40 and set(commit) <= set("0123456789abcdef") for commit in commits.pins().values())
