"""Backups from the command line: python -m library backup TARGET. Works while the studio runs."""

import argparse
import sys
from pathlib import Path

from data import DataFolder
from errors import StudioError
from library.backup import BackupProgress, backup
from library.integrity import check
from library.restore import restore, verify
from settings import from_environment


def main(args: list[str] | None = None) -> int:
    """Run one command and print its outcome. Returns the exit status."""
    arguments = _parser().parse_args(args)
    data = DataFolder(from_environment().data)
    try:
        match arguments.command:
            case "backup":
                return _backup(data, arguments.target)
            case "restore":
                return _restore(data, arguments.source)
            case _:
                return _verify(arguments.backup) if arguments.backup else _check(data)
    except StudioError as error:
        print(error, file=sys.stderr)
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m library", description="Back up, restore and check a studio. Set C41_DATA to its data folder."
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    help = "Copy everything people made into a .tar file or a folder. The studio may be running."
    commands.add_parser("backup", help=help, description=help).add_argument("target", type=Path, metavar="TARGET")
    help = "Restore a backup into an empty data folder."
    commands.add_parser("restore", help=help, description=help).add_argument("source", type=Path, metavar="SOURCE")
    help = "Check the data folder, or compare a backup with its checksums."
    checking = commands.add_parser("check", help=help, description=help)
    checking.add_argument("backup", type=Path, nargs="?", metavar="BACKUP")
    return parser


def _backup(data: DataFolder, target: Path) -> int:
    if not data.database.is_file():
        raise StudioError(
            "no_data", f"There is no studio in {data.root}.", next="Set C41_DATA to the studio's data folder."
        )
    info = backup(data, target, _Line())
    print(f"Backed up {info.files} files, {info.bytes / 1e6:,.0f} MB, to {info.where}.")
    print("It contains the studio's secrets and everyone's work: keep it where only you can read it.")
    for name in info.missing:
        print(f"Missing: {name}", file=sys.stderr)
    return 0


def _restore(data: DataFolder, source: Path) -> int:
    manifest = restore(source, data, _Line())
    print(f"Restored {len(manifest.files)} files to {data.root}. All checksums match; secrets are private (0600).")
    print("Start the studio: everyone signs in as before.")
    return 0


def _verify(source: Path) -> int:
    manifest = verify(source, _Line())
    print(f"All {len(manifest.files)} files match their checksums.")
    for name in manifest.missing:
        print(f"Was already missing: {name}")
    return 0


def _check(data: DataFolder) -> int:
    if not data.database.is_file():
        raise StudioError(
            "no_data", f"There is no studio in {data.root}.", next="Set C41_DATA to the studio's data folder."
        )
    health = check(data)
    print(f"{health.assets} entries, {health.files} files.")
    for problem in health.problems:
        print(problem)
    print(
        "Everything is OK." if not health.problems else "If something is missing, an earlier backup may still have it."
    )
    return 1 if health.problems else 0


class _Line:
    """Progress on one line of a terminal; silent if the output is not a terminal."""

    def __init__(self) -> None:
        self._shown = -1

    def __call__(self, progress: BackupProgress) -> None:
        percent = 100 * progress.done // max(1, progress.total)
        if percent != self._shown and sys.stderr.isatty():
            self._shown = percent
            end = "\n" if progress.done >= progress.total else ""
            print(f"\r{percent:3} %  {progress.done / 1e6:,.0f} MB", end=end, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
