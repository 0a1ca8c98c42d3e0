"""Each family has the rules for its own files; the order of families does not matter."""

import json
import struct
from pathlib import Path

import pytest

from engines.catalog.family_folders import family_folders
from engines.weights import detect_rules
from engines.weights.detect import detect
from engines.weights.detect_rules import DetectRule, folder_table, table

RULES = [(folder.name, rule) for folder in family_folders() for rule in folder_table(folder).tensors]


def like_file(rule: DetectRule, path: Path) -> Path:
    """A file with exactly the tensors that a rule lists."""
    names = [name.replace("*", "x") for name in rule.has]
    shapes = {name: [one or 8 for one in shape] for name, shape in rule.shapes.items()}
    header = {name: {"dtype": "F16", "shape": shapes.get(name, [0]), "data_offsets": [0, 0]} for name in names}
    header |= {name: {"dtype": "F16", "shape": shape, "data_offsets": [0, 0]} for name, shape in shapes.items()}
    content = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(content)) + content)
    return path


@pytest.mark.parametrize(("name", "rule"), RULES)
def test_a_familys_rules_match_its_files_in_any_order(
    name: str, rule: DetectRule, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = like_file(rule, tmp_path / "model.safetensors")
    found = detect(file)
    assert (found.kind, found.family) == (rule.kind, rule.family)
    monkeypatch.setattr(detect_rules, "family_folders", lambda: family_folders()[::-1])
    assert detect(file) == found


@pytest.mark.parametrize("folder", family_folders(), ids=lambda folder: folder.name)
def test_no_two_families_claim_the_same_class_or_architecture(folder: Path) -> None:
    others = [folder_table(other) for other in family_folders() if other != folder]
    own = folder_table(folder)
    for other in others:
        assert own.pipelines.keys().isdisjoint(other.pipelines)
        assert own.packed.keys().isdisjoint(other.packed)
        assert own.gguf.keys().isdisjoint(other.gguf)


def test_every_entry_that_files_are_modeled_on_exists() -> None:
    from engines.catalog import shipped

    known = {entry.id for entry in shipped.entries()}
    rows = table().pipelines.values()
    rules = [*table().tensors, *(rule for rules in table().packed.values() for rule in rules)]
    named = {row.like for row in rows} | {rule.like for rule in rules}
    assert (named | {entry for row in rows for entry in row.like_with.values()}) - {""} <= known
