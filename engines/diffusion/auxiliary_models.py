"""The helper models of a request: image encoders for reference pictures, and ControlNets."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from engines.catalog import Catalog, Entry
from engines.diffusion import registry
from engines.protocol import Input
from engines.requests import CreateImage, PromptRequest, Request
from errors import Problem, StudioError


def auxiliary_models(request: PromptRequest, entry: Entry, catalog: Catalog) -> tuple[Entry, ...]:
    """Return the installed helper models that a request needs. Raises StudioError ``needs_helper`` (422), which names
    the model to download."""
    return tuple(auxiliary_model(entry, role, catalog) for role in _roles(request, entry))


def known_auxiliary_models(request: PromptRequest, entry: Entry, catalog: Catalog) -> tuple[Entry, ...]:
    """Return the helper models that a request needs, installed or not; roles without a known model are skipped."""
    models = (
        catalog.auxiliary_model(entry, role) or next(iter(catalog.auxiliary_models(entry, role)), None)
        for role in _roles(request, entry)
    )
    return tuple(one for one in models if one)


def auxiliary_model(entry: Entry, role: str, catalog: Catalog) -> Entry:
    """Return the installed helper model of an entry for a role. Raises StudioError ``needs_helper`` (422)."""
    model = catalog.auxiliary_model(entry, role)
    if model:
        return model
    known = catalog.auxiliary_models(entry, role)
    if not known:
        raise StudioError(
            "needs_helper",
            f"{entry.name} cannot do this.",
            "It needs a helper model, and the catalog has none for it.",
            "Choose another model.",
            status=422,
        )
    size = f" ({known[0].download_bytes / 1e9:.1f} GB)" if known[0].download_bytes else ""
    raise StudioError(
        "needs_helper",
        f"{entry.name} needs {known[0].name} for this.",
        "It is not installed.",
        f"Download “{known[0].name}”{size} on the Models page, then try again.",
        status=422,
    )


def obstacle(request: Request, entry: Entry, catalog: Catalog, files: Mapping[str, Input]) -> Problem | None:
    """Return the problem of a missing helper model; None if nothing is missing."""
    assert isinstance(request, PromptRequest)
    try:
        auxiliary_models(request, entry, catalog)
        if isinstance(request, CreateImage) and _keeps(request):
            _missing_detector(request, entry, catalog, files)
    except StudioError as error:
        return error.problem
    return None


def _roles(request: PromptRequest, entry: Entry) -> Iterator[str]:
    from_cast = any(mention.references for mention in request.mentions)
    if (getattr(request, "references", ()) or from_cast) and (
        reference_encoder := registry.of(entry).reference_encoder
    ):
        yield reference_encoder
    if isinstance(request, CreateImage) and _keeps(request):
        yield f"control.{request.control}"


def _keeps(request: CreateImage) -> bool:
    """Whether the request uses a control picture at all."""
    return request.control != "none" and request.control_strength > 0


def _missing_detector(request: CreateImage, entry: Entry, catalog: Catalog, files: Mapping[str, Input]) -> None:
    """Check that depth or pose can be detected: a model must do that, unless the control picture already is a depth map
    or a drawn pose. Raises StudioError ``needs_helper``."""
    role, given = f"structure.{request.control}", files.get(request.control_image or "")
    if request.control not in ("depth", "pose") or catalog.auxiliary_model(entry, role) or given is None:
        return
    from engines.controls.control_maps import read_control_map
    from engines.media.picture import open_picture

    picture = open_picture(Path(given.path)).convert("RGB")
    if read_control_map(request.control, picture) is None:
        auxiliary_model(entry, role, catalog)
