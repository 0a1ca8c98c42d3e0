"""Gradio is imported without writing stubs for editors."""

import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
OWN = """
import gradio as gr

class Own(gr.Textbox):
    EVENTS = ["change"]
"""


@pytest.mark.slow
def test_no_stub_is_written_for_a_component(tmp_path: Path) -> None:
    (tmp_path / "own.py").write_text(OWN)
    script = f"""
import sys
sys.path.append({str(tmp_path)!r})
from api.gradio_import import import_without_stubs
import_without_stubs()
from own import Own
assert callable(Own.change)
"""
    subprocess.run([sys.executable, "-c", script], cwd=REPOSITORY, check=True)
    assert not (tmp_path / "own.pyi").exists()
