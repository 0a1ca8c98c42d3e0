"""Log files stay within their limit, and a full disk does no harm."""

import logging
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

import logs
from tests.support.live import Live
from tests.support.waiting import until


@pytest.fixture
def root() -> Iterator[logging.Logger]:
    """The root logger, restored afterwards."""
    root = logging.getLogger()
    before, level = list(root.handlers), root.level
    yield root
    for handler in set(root.handlers) - set(before):
        root.removeHandler(handler)
        with suppress(OSError):  # a failed write is retried once
            handler.close()
    root.setLevel(level)


def _letters(number: int) -> str:
    return "".join(chr(ord("a") + int(digit)) for digit in str(number))


def test_old_lines_are_rotated_out(tmp_path: Path, root: logging.Logger, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logs, "FILE_BYTES", 10_000)
    logs.to_file(tmp_path / "logs" / "studio.log")
    for number in range(5000):
        root.error(f"line {_letters(number)} " + "x" * 80)  # lines that differ only in numbers are of one kind
    files = sorted(path.name for path in (tmp_path / "logs").iterdir())
    assert files == ["studio.log", *(f"studio.log.{n}" for n in range(1, logs.OLDER_FILES + 1))]
    assert all(path.stat().st_size <= 10_000 for path in (tmp_path / "logs").iterdir())
    assert f"line {_letters(4999)}" in (tmp_path / "logs" / "studio.log").read_text()


def test_each_handler_reports_omitted_lines_once(
    tmp_path: Path, root: logging.Logger, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [0.0]
    monkeypatch.setattr(logs.LogLimit.__init__, "__defaults__", (3, 60.0, lambda: now[0]))
    logs.to_terminal("info")
    logs.to_file(tmp_path / "logs" / "studio.log")
    for minute in (0.0, 61.0, 122.0):
        now[0] = minute
        for number in range(10):
            root.error("The disk is full: %s %%", number)
    file = (tmp_path / "logs" / "studio.log").read_text()
    for told in (capsys.readouterr().err, file):
        lines = told.splitlines()
        assert len(lines) == 9
        assert [line.partition("full: ")[2] for line in lines if "more times" in line] == [
            "0 % (and 7 more times in the last minutes)"
        ] * 2


def test_without_a_log_file_the_terminal_is_used(
    tmp_path: Path, root: logging.Logger, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "logs").write_text("not a folder")
    logs.to_file(tmp_path / "logs" / "studio.log")
    logs.to_file(Path("/dev/full"))
    root.error("the disk is full")
    assert "Traceback" not in capsys.readouterr().err


@pytest.mark.slow
@pytest.mark.parametrize("engine_kind", ["process"])
def test_a_studio_and_its_engines_log_to_the_data_folder(live: Live) -> None:
    wanted = {"studio.log", "engine-device.log"}
    until(lambda: wanted <= {path.name for path in (live.data / "logs").iterdir()}, 30)
