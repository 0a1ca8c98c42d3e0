"""At which commit a repository is taken, so that one that moves on neither mixes with nor hides what is here."""

import logging
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from pathlib import Path

from engines.catalog import files
from engines.catalog.entry import Part
from engines.hub.choose import files_of
from engines.hub.client import HubFile, Repo
from errors import StudioError
from yaml_files import read_yaml

log = logging.getLogger(__name__)

NEWEST = "main"
_PINS = Path(files.__file__).with_name("commits.yaml")
_NOT_THERE = ("no_such_revision", "nothing_to_fetch")


@cache
def pins() -> dict[str, str]:
    """The commit that is taken of a repository at first, by the repository's name."""
    return {str(repo): str(commit) for repo, commit in read_yaml(_PINS).items()}


def revisions(repo: str, revision: str) -> Iterator[str]:
    """The revisions at which a repository is looked for, the best first: of one that is named, itself.

    Of the newest: the commit that is here, since its parts belong together; the pinned one; whatever is newest.
    """
    if revision == NEWEST:
        here, pinned = files.commit(repo, NEWEST), pins().get(repo)
        yield from dict.fromkeys(commit for commit in (here, pinned) if commit)
    yield revision


def choose(
    repo: str, revision: str, parts: Sequence[Part], ask: Callable[[str, str], Repo]
) -> tuple[Repo, list[HubFile]]:
    """A repository at the first of its revisions that has all of some parts, and their files there.

    ``ask`` says what a repository holds at a revision. Raises StudioError as ``ask`` and ``files_of``.
    """
    *older, last = revisions(repo, revision)
    for commit in older:
        try:
            found = ask(repo, commit)
            return found, _files(parts, found)
        except StudioError as error:
            if error.problem.code not in _NOT_THERE:
                raise
            log.warning("%s at %s: %s A newer one is taken.", repo, commit[:8], error.problem.sentence)
    found = ask(repo, last)
    return found, _files(parts, found)


def _files(parts: Sequence[Part], repo: Repo) -> list[HubFile]:
    found = {file.path: file for part in parts for file in files_of(part, repo)}
    return list(found.values())
