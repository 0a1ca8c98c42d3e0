"""Every script in docs/api.md runs unchanged."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.api.conftest import Live

DOC = Path(__file__).parents[2] / "docs" / "api.md"
BLOCK = re.compile(r"^```(python|bash)( setup)?[^\n]*\n(.*?)^```", re.MULTILINE | re.DOTALL)


def scripts() -> list[tuple[str, str, str]]:
    """Return each script as (name, language, text), Python ones with the setup they depend on."""
    text = DOC.read_text(encoding="utf-8")
    found, setup = [], ""
    for block in BLOCK.finditer(text):
        language, is_setup, script = block.groups()
        heading = re.findall(r"^#+ (.+)$", text[: block.start()], re.MULTILINE)[-1]
        if is_setup:
            setup = script
        elif not script.startswith("export "):
            found.append((heading, language, setup + script if language == "python" else script))
    return found


@pytest.mark.parametrize(("language", "script"), [pytest.param(*rest, id=name) for name, *rest in scripts()])
def test_each_script_runs(
    live: Live, tmp_path: Path, photo: Path, monkeypatch: pytest.MonkeyPatch, language: str, script: str
) -> None:
    shutil.copy(photo, tmp_path / "lion.jpg")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("C41_URL", live.url)
    monkeypatch.setenv("C41_TOKEN", live.ann.token)
    if language == "python":
        exec(compile(script, str(DOC), "exec"), {"__name__": "script"})
    elif shutil.which("curl") is None:
        pytest.skip("curl is not installed")
    else:
        subprocess.run(["bash", "-euo", "pipefail", "-c", script], check=True, env=dict(os.environ))


def test_the_docs_contain_scripts() -> None:
    assert len(scripts()) > 15
