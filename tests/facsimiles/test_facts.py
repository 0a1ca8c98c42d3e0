"""The facts are complete: every model on the hub has them, and downloads exactly what it should."""

from collections.abc import Callable
from fnmatch import fnmatch

import pytest

from engines.catalog import Entry, locations, quantizations, shipped
from engines.catalog.entry import Part
from engines.hub.commits import pins
from engines.hub.file_selection import files_of
from tests.facsimiles.facts import facts

_OWN = [*shipped.entries()]
ENTRIES = _OWN + [version for entry in _OWN for version in quantizations.quantized_entries(entry)]
"""Every entry, then their smaller versions."""
FETCHED = [entry for entry in ENTRIES if any(map(locations.is_repository, entry.parts.values()))]


def parts_of(entry: Entry) -> list[Part]:
    """The parts of an entry that come from the hub."""
    return [part for part in entry.parts.values() if locations.is_repository(part)]


@pytest.fixture(params=FETCHED, ids=lambda entry: entry.id)
def entry(request: pytest.FixtureRequest) -> Entry:
    found: Entry = request.param
    return found


def allows(part: Part, path: str, *patterns: str) -> bool:
    """Whether a part's patterns, or the given ones, allow the download of a file."""
    name = path.removeprefix(f"{part.subfolder}/")
    return not part.allow or any(fnmatch(name, pattern) for pattern in patterns or part.allow)


def test_every_model_of_the_hub_has_its_facts() -> None:
    assert {e.id for e in FETCHED if any(part.repo not in facts() for part in parts_of(e))} == set()


def test_no_facts_are_left_over() -> None:
    named = {part.repo for entry in FETCHED for part in parts_of(entry)}
    assert set(facts()) - named == set()


def test_it_downloads_exactly_what_it_needs(entry: Entry) -> None:
    for part in parts_of(entry):
        known = facts()[part.repo]
        chosen = {file.path for file in files_of(part, known.as_repo())}
        assert chosen & known.extra.keys() == set()
        wanted = known.wanted(part.subfolder, part.file)
        allowed = {path for path in wanted if allows(part, path)}
        assert chosen == allowed
        assert all(any(allows(part, path, pattern) for path in wanted) for pattern in part.allow)
        assert any(path.endswith((".safetensors", ".gguf", ".json")) for path in chosen)


def test_its_entry_has_the_download_size(entry: Entry) -> None:
    wanted = {
        (part.repo, file.path): file.size
        for part in parts_of(entry)
        for file in files_of(part, facts()[part.repo].as_repo())
    }
    assert entry.download_bytes == pytest.approx(sum(wanted.values()), rel=0.02)


@pytest.mark.parametrize("version", [entry for entry in FETCHED if entry.quantization_of], ids=lambda entry: entry.id)
def test_a_smaller_version_has_the_size_of_its_file(version: Entry) -> None:
    part = version.parts[quantizations.DENOISER]
    assert sum(facts()[part.repo].wanted(part.subfolder, part.file).values()) == pytest.approx(
        version.part_memory[quantizations.DENOISER], rel=0.005
    )


def test_its_entry_says_whether_it_is_gated(entry: Entry) -> None:
    assert entry.gated == any(facts()[part.repo].gated for part in parts_of(entry))


@pytest.mark.parametrize("name", facts())
def test_the_facts_match_the_pinned_commit(name: str) -> None:
    assert facts()[name].commit == pins().get(name, "")


@pytest.mark.parametrize("name", facts())
def test_a_rounded_size_is_marked_as_unchecked(name: str) -> None:
    rounded = [part.bytes for part in facts()[name].parts.values() if part.bytes and part.bytes % 1000 == 0]
    assert not rounded or any("bytes" in doubt for doubt in facts()[name].unchecked)


@pytest.mark.parametrize("name", facts())
def test_a_facsimile_has_the_files_in_the_facts(name: str, facsimile: Callable[[str], dict[str, bytes]]) -> None:
    known, built = facts()[name], facsimile(name)
    assert set(built) == set(known.listing)
    for path, content in built.items():
        if path in known.extra:
            continue
        # A layer of HunyuanVideo 1.5 has the same size in every model of its class.
        assert len(content) < (20_000_000 if "HunyuanVideo-1.5" in name else 3_000_000)
        if path.endswith(".safetensors"):
            assert content[8:9] == b"{"
        if path.endswith(".gguf"):
            assert content[:4] == b"GGUF"
