"""Third-party code in the browser: exactly the recorded files, each with its license."""

import hashlib
import re

from app import HERE

VENDOR = HERE / "assets" / "vendor"


def test_every_file_matches_its_recorded_hash() -> None:
    text = (HERE / "docs" / "dependencies.md").read_text()
    written = dict(re.findall(r"^\| ([\w.-]+) \| .+ \| `([0-9a-f]{64})` \|$", text, re.MULTILINE))
    there = {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in VENDOR.glob("*.js")}
    assert there == written
    assert {f"{file.stem}.LICENSE" for file in VENDOR.glob("*.js")} == {file.name for file in VENDOR.glob("*.LICENSE")}


def test_no_file_loads_another() -> None:
    for file in VENDOR.glob("*.js"):
        assert not re.search(r"""(?:\bimport|\bfrom)\s*\(?["'](?:https?:|\.|/)""", file.read_text()), file
