"""Backups from the command line: python -m library backup TARGET. Works while the studio runs."""

import argparse
import sys
from pathlib import Path

from data import DataFolder
from errors import StudioError
from library.backup import Progress, backup
from library.check import check
from library.restore import restore, verify
from settings import from_environment


def main(args: list[str] | None = None) -> int:
    """Do one thing and say what came of it. Returns the exit status."""
    asked = _parser().parse_args(args)
    data = DataFolder(from_environment().data)
    try:
        match asked.command:
            case "backup":
                return _backup(data, asked.target)
            case "restore":
                return _restore(data, asked.source)
            case _:
                return _verify(asked.backup) if asked.backup else _check(data)
    except StudioError as error:
        print(error, file=sys.stderr)
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m library", description="Backups of the studio. C41_DATA says which data folder."
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    help = "Copy everything people made, also while the studio runs, into FILE.tar or into a folder."
    commands.add_parser("backup", help=help, description=help).add_argument("target", type=Path, metavar="TARGET")
    help = "Put a backup into an empty data folder."
    commands.add_parser("restore", help=help, description=help).add_argument("source", type=Path, metavar="SOURCE")
    help = "Look over the data folder, or compare a backup with its checksums."
    checking = commands.add_parser("check", help=help, description=help)
    checking.add_argument("backup", type=Path, nargs="?", metavar="BACKUP")
    return parser


def _backup(data: DataFolder, target: Path) -> int:
    if not data.database.is_file():
        raise StudioError("no_data", f"There is no studio in {data.root}.", next="Say where it is with C41_DATA.")
    info = backup(data, target, _Line())
    print(f"{info.files} files, {info.bytes / 1e6:,.0f} MB, are in {info.where}.")
    print("It holds the studio's secrets and everybody's work: keep it where only you can read it.")
    for name in info.missing:
        print(f"Missing: {name}", file=sys.stderr)
    return 0


def _restore(data: DataFolder, source: Path) -> int:
    manifest = restore(source, data, _Line())
    print(f"{len(manifest.files)} files are in {data.root}, each compared with its checksum, with the secrets (0600).")
    print("Start the studio: everybody signs in as before.")
    return 0


def _verify(source: Path) -> int:
    manifest = verify(source, _Line())
    print(f"All {len(manifest.files)} files are as they were backed up.")
    for name in manifest.missing:
        print(f"Was missing already: {name}")
    return 0


def _check(data: DataFolder) -> int:
    if not data.database.is_file():
        raise StudioError("no_data", f"There is no studio in {data.root}.", next="Say where it is with C41_DATA.")
    health = check(data)
    print(f"{health.assets} entries, {health.files} files.")
    for problem in health.problems:
        print(problem)
    print("Everything is there." if not health.problems else "Backups show what it was like before.")
    return 1 if health.problems else 0


class _Line:
    """Progress on one line of a terminal; nothing where nobody watches."""

    def __init__(self) -> None:
        self._shown = -1

    def __call__(self, progress: Progress) -> None:
        percent = 100 * progress.done // max(1, progress.total)
        if percent != self._shown and sys.stderr.isatty():
            self._shown = percent
            end = "\n" if progress.done >= progress.total else ""
            print(f"\r{percent:3} %  {progress.done / 1e6:,.0f} MB", end=end, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
