"""Paths on the studio's own machine: for its owner, in person, and below the folders of models alone."""

from pathlib import Path

from auth.principal import Principal
from engines import places
from errors import StudioError
from studio import Studio


def owner_only(who: Principal) -> None:
    """What lies on this machine is the owner's. Raises StudioError not_allowed (403)."""
    if who.role != "owner":
        raise StudioError("not_allowed", "Only the owner can do that.", next="Ask the owner.", status=403)


def server_path(studio: Studio, who: Principal, typed: str) -> Path:
    """A file or a folder that the owner typed into the page, with every link on its way followed.

    Raises StudioError: not_allowed, sign_in_needed (403), not_readable, outside_model_folders (422).
    """
    owner_only(who)
    if who.via != "session":  # a token that got into wrong hands must not read the machine
        raise StudioError(
            "sign_in_needed", "A script cannot name files of the studio's machine.", next="Use the page.", status=403
        )
    path = places.place(Path(typed)).resolve()
    if not is_inside(studio, path):
        raise StudioError(
            "outside_model_folders",
            f"{places.shown(path)[:300]} is outside the folders of models.",
            "The studio reads files of its machine only in its model folders and those of C41_MODEL_FOLDERS.",
            "Add its folder to C41_MODEL_FOLDERS and start the studio again, or upload the file.",
            status=422,
        )
    return path


def is_inside(studio: Studio, path: Path) -> bool:
    """Whether a path without links lies in a folder of models: the studio's own ones, or one of the settings."""
    from engines.hub import cache

    own = (studio.data.models, studio.settings.starter or studio.data.starter, cache.root())
    known = (folder.expanduser().resolve() for folder in (*own, *studio.settings.folders_of_models))
    return any(path.is_relative_to(folder) for folder in known)
