"""Choose a repository's commit, so that a newer one neither mixes with installed files nor hides them."""

import logging
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from pathlib import Path

from engines.catalog import locations
from engines.catalog.entry import Part
from engines.hub.client import HubFile, Repo
from engines.hub.file_selection import files_of
from errors import StudioError
from yaml_files import read_yaml

log = logging.getLogger(__name__)

NEWEST = "main"
_PINS = Path(locations.__file__).with_name("commits.yaml")
_NOT_THERE = ("no_such_revision", "nothing_to_fetch")


@cache
def pins() -> dict[str, str]:
    """Return the pinned commit of each repository, by repository name."""
    return {str(repo): str(commit) for repo, commit in read_yaml(_PINS).items()}


def revisions(repo: str, revision: str) -> Iterator[str]:
    """Yield the revisions to try, best first. A named revision yields only itself.

    ``main`` yields the installed commit, so that parts match each other, then the pinned commit, then ``main``.
    """
    if revision == NEWEST:
        here, pinned = locations.commit(repo, NEWEST), pins().get(repo)
        yield from dict.fromkeys(commit for commit in (here, pinned) if commit)
    yield revision


def choose(
    repo: str, revision: str, parts: Sequence[Part], ask: Callable[[str, str], Repo]
) -> tuple[Repo, list[HubFile]]:
    """Return a repository at its first revision that has all the parts, and the files of those parts.

    ``ask`` returns a repository at a revision. Raises StudioError like ``ask`` and ``files_of``.
    """
    *older, last = revisions(repo, revision)
    for commit in older:
        try:
            candidate = ask(repo, commit)
            return candidate, _files(parts, candidate)
        except StudioError as error:
            if error.problem.code not in _NOT_THERE:
                raise
            log.warning("%s at %s: %s Trying a newer commit.", repo, commit[:8], error.problem.sentence)
    candidate = ask(repo, last)
    return candidate, _files(parts, candidate)


def _files(parts: Sequence[Part], repo: Repo) -> list[HubFile]:
    files = {file.path: file for part in parts for file in files_of(part, repo)}
    return list(files.values())
