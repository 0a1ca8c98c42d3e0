"""An invalid setting is explained in one sentence."""

import subprocess
import sys
from pathlib import Path

import pytest

from settings import Settings, from_command_line, from_environment


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("PORT", "abc", "it must be a whole number, at least 1, at most 65535."),
        ("PORT", "70000", "it must be a whole number, at least 1, at most 65535."),
        ("THREADS", "0", "it must be a whole number, at least 1."),
        ("IDLE_MINUTES", "-4", "it must be a number, at least 0."),
        ("DEVICE_MEMORY_GB", "much", "it must be a number, more than 0."),
        ("OLLAMA_SHARES_CARD", "maybe", "it must be true or false."),
        ("ENGINE", "foo", "it must be inprocess or process."),
        ("COUNTRY", "Germany", "use the two letters of a country, like DE."),
        ("LOG_LEVEL", "loud", "it must be debug, info, warning or error."),
        ("OLLAMA_KEEP_ALIVE", "5", "use 30s, 5m or 1h30m; 0 unloads the model at once, -1 keeps it loaded."),
        ("TRUSTED_PROXIES", "127.0.0.1,caddy", "use addresses or networks, not names, like 127.0.0.1,172.16.0.0/12."),
        ("TRUSTED_PROXIES", "10.0.0.0/99", "use addresses or networks, not names, like 127.0.0.1,172.16.0.0/12."),
        ("BASE_URL", "studio", "this is not a web address; write it like https://studio.example.org."),
    ],
)
def test_an_invalid_setting_is_explained_in_one_sentence(
    name: str, value: str, words: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    flag = "--" + name.lower().replace("_", "-")
    monkeypatch.setenv(f"C41_{name}", value)
    for read in (from_environment, lambda: from_command_line([])):
        with pytest.raises(SystemExit) as end:
            read()
        assert (end.value.code, capsys.readouterr().err) == (
            2,
            f"C41_{name} ({flag}): invalid value “{value}”: {words}\n",
        )
    monkeypatch.delenv(f"C41_{name}")
    with pytest.raises(SystemExit) as end:
        from_command_line([f"{flag}={value}"])
    assert end.value.code == 2
    assert words in (told := capsys.readouterr().err) or "python app.py: error: argument" in told


def test_each_invalid_setting_is_reported(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    for name in Settings.model_fields:  # whatever a variable holds, the output is sentences
        monkeypatch.setenv(f"C41_{name.upper()}", "  -0.5 ")
    with pytest.raises(SystemExit):
        from_environment()
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) > 10
    assert all(line.startswith("C41_") and ": invalid value “" in line and line.endswith(".") for line in lines)


@pytest.mark.slow
@pytest.mark.parametrize("command", [["app.py"], ["-m", "auth", "list"], ["-m", "library", "backup", "nowhere"]])
def test_no_command_ends_in_a_traceback(command: list[str], tmp_path: Path) -> None:
    env = {"C41_PORT": "abc", "C41_DATA": str(tmp_path)}
    done = subprocess.run([sys.executable, *command], env=env, capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("C41_PORT (--port): invalid value “abc”")
    assert done.stderr.count("\n") == 1
