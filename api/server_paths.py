"""Access to paths on the studio's computer: only for the owner in a browser, and only below the model folders."""

from pathlib import Path

from auth.accounts.principal import Principal
from engines import paths
from errors import StudioError
from studio import Studio


def owner_only(who: Principal) -> None:
    """Raise StudioError not_allowed (403) unless the caller is an owner."""
    if who.role != "owner":
        raise StudioError("not_allowed", "Only the owner can do this.", next="Ask the owner.", status=403)


def no_guests(who: Principal) -> None:
    """Raise StudioError not_allowed (403) for guests."""
    if who.role == "guest":
        raise StudioError("not_allowed", "Guests cannot do this.", next="Ask the owner.", status=403)


def server_path(studio: Studio, who: Principal, typed: str) -> Path:
    """Return a path that the owner typed into the page, with all links resolved.

    Raises StudioError: not_allowed, sign_in_needed (403), not_readable, outside_model_folders (422).
    """
    owner_only(who)
    if who.via != "session":  # a stolen token must not read files of this computer
        raise StudioError(
            "sign_in_needed",
            "Access tokens cannot use files of the studio's computer.",
            next="Use the page.",
            status=403,
        )
    path = paths.place(Path(typed)).resolve()
    if not is_inside(studio, path):
        raise StudioError(
            "outside_model_folders",
            f"{paths.display_path(path)[:300]} is outside the model folders.",
            "The studio reads files only in its own model folders and those in C41_MODEL_FOLDERS.",
            "Add the folder to C41_MODEL_FOLDERS and restart the studio, or upload the file.",
            status=422,
        )
    return path


def is_inside(studio: Studio, path: Path) -> bool:
    """Return whether a path without links is in a model folder: one of the studio's own or of the settings."""
    from engines.hub import cache

    own = (studio.data.models, studio.settings.starter or studio.data.starter, cache.root())
    known = (folder.expanduser().resolve() for folder in (*own, *studio.settings.folders_of_models))
    return any(path.is_relative_to(folder) for folder in known)
