"""Entries that were written with the field names of earlier versions are read, and written with the present ones."""

from pathlib import Path

import yaml

from engines.catalog import Catalog
from engines.hub.add_model import write

OLD = {
    "id": "mine",
    "name": "Mine",
    "use": "Tests.",
    "tasks": ["create_image"],
    "runtime": "onnx",
    "pipeline": "none",
    "parts": {},
    "licence": {"name": "Apache-2.0", "commercial": True},
    "smaller": {"Q4_0": {"repo": "someone/mine-gguf", "file": "mine-Q4_0.gguf", "bytes": 1000}},
    "smaller_of": "larger",
    "rate": 0.25,
    "instead": "other",
    "good_at": ["text"],
    "verified": "import",
}
PRESENT = {
    "licence": "license",
    "smaller": "quantizations",
    "smaller_of": "quantization_of",
    "rate": "seconds_per_unit",
    "instead": "commercial_alternative",
    "good_at": "strengths",
}


def test_old_field_names_are_read_and_written_anew(tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text(yaml.safe_dump(OLD))
    entry = Catalog(tmp_path / "starter", tmp_path).get("mine")
    assert (entry.license.name, entry.seconds_per_unit) == ("Apache-2.0", 0.25)
    assert entry.quantizations["Q4_0"].bytes == 1000
    assert (entry.quantization_of, entry.commercial_alternative, entry.strengths) == ("larger", "other", ("text",))

    write(entry, tmp_path)
    written = yaml.safe_load(file.read_text())
    assert not set(PRESENT) & set(written)
    assert set(PRESENT.values()) <= set(written)
    assert Catalog(tmp_path / "starter", tmp_path).get("mine") == entry
