"""The models that help another one with a request: what looks at pictures for it, what keeps a structure."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from engines.catalog import Catalog, Entry
from engines.image import families
from engines.requests import CreateImage, Drawing, Request
from engines.wire import Input
from errors import Problem, StudioError


def helpers(request: Drawing, entry: Entry, catalog: Catalog) -> tuple[Entry, ...]:
    """The installed models that this request needs beside its own. Raises StudioError ``needs_helper`` (422) that says
    which one to get."""
    return tuple(helper(entry, role, catalog) for role in _roles(request, entry))


def helper(entry: Entry, role: str, catalog: Catalog) -> Entry:
    """The installed model that helps an entry in a role. Raises StudioError ``needs_helper`` (422)."""
    found = catalog.helper(entry, role)
    if found:
        return found
    known = catalog.helpers(entry, role)
    if not known:
        raise StudioError(
            "needs_helper",
            f"{entry.name} cannot do that.",
            "No model is known that would help it.",
            "Take another model.",
            status=422,
        )
    size = f" ({known[0].download_bytes / 1e9:.1f} GB)" if known[0].download_bytes else ""
    raise StudioError(
        "needs_helper",
        f"{entry.name} needs {known[0].name} for that.",
        "It is not on this machine.",
        f"Get “{known[0].name}”{size} on the Models page, then try again.",
        status=422,
    )


def obstacle(request: Request, entry: Entry, catalog: Catalog, files: Mapping[str, Input]) -> Problem | None:
    """Which helper of a request is not there; None where nothing is in the way."""
    assert isinstance(request, Drawing)
    try:
        helpers(request, entry, catalog)
        if isinstance(request, CreateImage) and _keeps(request):
            _look_for_finder(request, entry, catalog, files)
    except StudioError as error:
        return error.problem
    return None


def _roles(request: Drawing, entry: Entry) -> Iterator[str]:
    from_cast = any(mention.references for mention in request.mentions)
    if (getattr(request, "references", ()) or from_cast) and (looks_with := families.of(entry).looks_with):
        yield looks_with
    if isinstance(request, CreateImage) and _keeps(request):
        yield f"control.{request.control}"


def _keeps(request: CreateImage) -> bool:
    """Whether a structure is to be kept at all."""
    return request.control != "none" and request.control_strength > 0


def _look_for_finder(request: CreateImage, entry: Entry, catalog: Catalog, files: Mapping[str, Input]) -> None:
    """Depths and poses must be found by a model, but in a drawing of them. Raises StudioError ``needs_helper``."""
    role, given = f"structure.{request.control}", files.get(request.control_image or "")
    if request.control not in ("depth", "pose") or catalog.helper(entry, role) or given is None:
        return
    from engines.image.structure import as_map
    from engines.media.picture import open_picture

    picture = open_picture(Path(given.path)).convert("RGB")
    if as_map(request.control, picture) is None:
        helper(entry, role, catalog)
