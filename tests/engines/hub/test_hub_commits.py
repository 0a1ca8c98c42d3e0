"""Repositories that move on between two downloads: what is here stays installed, and its parts stay together."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from engines.catalog import SHIPPED, Catalog, files, read
from engines.catalog.entry import Part
from engines.hub import cache, commits, fetch, removing
from engines.hub.client import Hub
from engines.hub.tally import Tally
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
    "licence": {"name": "none", "commercial": True},
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
            plan = fetch.plan(connection, [part], tmp_path)
            fetch.fetch(connection, plan, Tally(plan.total, plan.have), lambda: None)
        return files.place(part, tmp_path)

    return run


def catalog(tmp_path: Path, **entries: dict[str, Part]) -> Catalog:
    """A catalog with entries of these parts."""
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


def test_a_part_that_only_a_newer_commit_has_hides_nothing(
    hub: LocalHub, bring: Callable[..., Path], tmp_path: Path
) -> None:
    bring(READER)
    painter = bring(PAINTER)
    newer = Part(repo=REPO, subfolder="vae")
    new = hub.move(REPO, SECOND | {"vae/config.json": "{}", "vae/model.safetensors": b"decoder" * 1000})
    assert bring(newer).parent.name == new.commit
    # What did not change shows in the new snapshot too, without a byte sent again; what did change stays as it was.
    assert files.place(READER, tmp_path).parent.name == new.commit
    assert files.place(PAINTER, tmp_path) == painter
    sent = hub.heard("store", "text_encoder")
    assert bring(READER).is_dir()
    assert hub.heard("store", "text_encoder") == sent
    all_of_it = catalog(tmp_path, all={"a": READER, "b": PAINTER, "c": newer})
    assert all_of_it.installed(all_of_it.get("all"))


def test_what_another_program_fetched_hides_nothing(hub: LocalHub, bring: Callable[..., Path], tmp_path: Path) -> None:
    old = bring(READER)
    (cache.folder(REPO) / "refs" / "main").write_text("0" * 40)
    assert files.place(READER, tmp_path) == old
    assert files.here(READER, tmp_path)


def test_a_commit_that_the_hub_no_longer_has_is_told_and_the_newest_is_taken(
    hub: LocalHub, bring: Callable[..., Path], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    bring(READER)
    hub.add(REPO, SECOND)  # its history is rewritten
    assert (bring(PAINTER) / "model.safetensors").read_bytes() == SECOND["transformer/model.safetensors"]
    assert files.here(READER, tmp_path)
    assert "no longer has this version of lab/moves" in caplog.text


def test_a_pinned_repository_is_taken_at_its_commit(
    hub: LocalHub, bring: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    pinned = hub.repositories[REPO].commit
    hub.move(REPO, SECOND)
    monkeypatch.setitem(commits.pins(), REPO, pinned)
    assert (bring(PAINTER) / "model.safetensors").read_bytes() == FIRST["transformer/model.safetensors"]


def test_removing_takes_a_part_out_of_every_snapshot(hub: LocalHub, bring: Callable[..., Path], tmp_path: Path) -> None:
    newer = Part(repo=REPO, subfolder="vae")
    bring(READER)
    hub.move(REPO, SECOND | {"vae/config.json": "{}", "vae/model.safetensors": b"decoder" * 1000})
    bring(newer)
    known = catalog(tmp_path, words={"reader": READER}, decoder={"vae": newer})
    assert removing.remove(known.get("words"), known, tmp_path / "own", tmp_path) == 6000
    assert not known.installed(known.get("words"))
    assert known.installed(known.get("decoder"))


def test_removing_leaves_what_a_download_under_way_shares(
    hub: LocalHub, bring: Callable[..., Path], tmp_path: Path
) -> None:
    bring(READER)
    known = catalog(tmp_path, done={"reader": READER}, coming={"reader": READER, "painter": PAINTER})
    part = cache.folder(REPO) / "blobs" / f"{'0' * 40}.incomplete"
    part.write_bytes(b"half")
    assert removing.remove(known.get("done"), known, tmp_path / "own", tmp_path, {"coming"}) == 0
    assert files.here(READER, tmp_path)
    bring(PAINTER)
    assert known.installed(known.get("coming"))


def test_removing_leaves_what_came_so_far_of_a_download(
    hub: LocalHub, bring: Callable[..., Path], tmp_path: Path
) -> None:
    hub.add(REPO, FIRST | {"transformer/config.json": '{"layers": 2}'})
    bring(READER)
    known = catalog(tmp_path, done={"reader": READER}, coming={"painter": PAINTER})
    part = cache.folder(REPO) / "blobs" / f"{'0' * 40}.incomplete"
    for busy in ("coming", REPO):
        part.write_bytes(b"half")
        removing.remove(known.get("done"), known, tmp_path / "own", tmp_path, {busy})
        assert not files.here(READER, tmp_path)
        assert part.exists()
        bring(READER)
    removing.remove(known.get("done"), known, tmp_path / "own", tmp_path)
    assert not part.exists()


@pytest.mark.parametrize("content", [b"\0\0\0\1Bud1\xff\xfe", b"../../elsewhere", b"", b"x" * 10_000])
def test_a_foreign_file_among_the_refs_hides_nothing(
    hub: LocalHub, bring: Callable[..., Path], tmp_path: Path, content: bytes
) -> None:
    bring(READER)
    (cache.folder(REPO) / "refs" / ".DS_Store").write_bytes(content)
    assert files.here(READER, tmp_path)
    assert not files.here(PAINTER, tmp_path)
    (cache.folder(REPO) / "refs" / "main").write_bytes(content)
    assert files.commit(REPO, "main") == ""
    assert files.here(READER, tmp_path)


@pytest.mark.parametrize("index", ["[]", "5", '{"weight_map": []}', '{"weight_map": {"a": []}}', "[" * 100_000])
def test_an_index_that_makes_no_sense_is_of_no_complete_model(tmp_path: Path, index: str) -> None:
    (tmp_path / "model.safetensors.index.json").write_text(index)
    (tmp_path / "model.safetensors").write_bytes(b"")
    assert not files.complete(tmp_path)


def test_a_commit_means_itself_alone(hub: LocalHub, bring: Callable[..., Path], tmp_path: Path) -> None:
    bring(PAINTER)
    commit = hub.move(REPO, SECOND).commit
    newer = PAINTER.model_copy(update={"revision": commit})
    assert not files.here(newer, tmp_path)
    assert (bring(newer) / "model.safetensors").read_bytes() == SECOND["transformer/model.safetensors"]


def test_pins_are_commits_of_repositories_that_the_catalog_names() -> None:
    named = {
        part.repo
        for path in SHIPPED.glob("*.yaml")
        for entry in [read(path)]
        for part in (*entry.parts.values(), *entry.smaller.values())
    }
    assert set(commits.pins()) <= named
    assert all(len(commit) == 40 and set(commit) <= set("0123456789abcdef") for commit in commits.pins().values())
