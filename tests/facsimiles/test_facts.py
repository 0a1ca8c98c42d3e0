"""The facts are complete: every model that is fetched from the hub has them, and fetches what it should and no more."""

from pathlib import Path

import pytest

from engines.catalog import SHIPPED, Entry, files, read
from engines.catalog.entry import Part
from engines.hub.choose import files_of
from engines.hub.commits import pins
from tests.facsimiles.build import build_repository
from tests.facsimiles.facts import Facts, facts

ENTRIES = [read(path) for path in sorted(SHIPPED.glob("*.yaml"))]
FETCHED = [entry for entry in ENTRIES if any(map(files.is_repository, entry.parts.values()))]
WITHOUT = {"qwen2.5-1.5b": "a GGUF file that another program runs: tests/engines/language/test_llama.py"}
"""Entries of the hub that have no facsimile, and where they are tested."""


def parts_of(entry: Entry) -> list[Part]:
    """The parts of an entry that come from the hub."""
    return [part for part in entry.parts.values() if files.is_repository(part)]


@pytest.fixture(params=[entry for entry in FETCHED if entry.id not in WITHOUT], ids=lambda entry: entry.id)
def entry(request: pytest.FixtureRequest) -> Entry:
    found: Entry = request.param
    return found


def test_every_model_of_the_hub_has_its_facts() -> None:
    lacking = {e.id for e in FETCHED if any(part.repo not in facts() for part in parts_of(e))}
    assert lacking == set(WITHOUT)


def test_no_facts_are_left_over() -> None:
    named = {part.repo for entry in FETCHED for part in parts_of(entry)}
    assert set(facts()) - named == set()


def test_it_fetches_what_it_needs_and_no_more(entry: Entry) -> None:
    for part in parts_of(entry):
        known = facts()[part.repo]
        chosen = {file.path for file in files_of(part, known.as_repo())}
        assert chosen & known.extra.keys() == set()
        wanted = known.wanted(part.subfolder, part.file)
        allowed = {path for path in wanted if not part.allow or path in chosen}
        assert chosen == allowed
        assert any(path.endswith((".safetensors", ".json")) for path in chosen)


def test_its_entry_says_how_much_is_downloaded(entry: Entry) -> None:
    wanted = {
        (part.repo, file.path): file.size
        for part in parts_of(entry)
        for file in files_of(part, facts()[part.repo].as_repo())
    }
    assert entry.download_bytes == pytest.approx(sum(wanted.values()), rel=0.02)


def test_its_entry_says_who_must_consent(entry: Entry) -> None:
    assert entry.gated == any(facts()[part.repo].gated for part in parts_of(entry))


@pytest.mark.parametrize("name", facts())
def test_the_facts_are_of_the_commit_that_is_fetched(name: str) -> None:
    assert facts()[name].commit == pins().get(name, "")


@pytest.mark.parametrize("name", facts())
def test_a_facsimile_has_the_files_that_the_facts_name(name: str, twin_folder: Path) -> None:
    known: Facts = facts()[name]
    built = build_repository(known, twin_folder)
    assert set(built) == set(known.listing)
    for path, content in built.items():
        if path in known.extra:
            continue
        assert len(content) < 3_000_000
        if path.endswith(".safetensors"):
            assert content[8:9] == b"{"
