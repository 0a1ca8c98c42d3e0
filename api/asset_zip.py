"""Several assets as one ZIP, unchanged or as copies for clients."""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from urllib.parse import parse_qs

from fastapi import Request
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from api.client_copies import clean_copy_of, for_clients, not_for_clients
from api.file_responses import file_name, title_of
from api.zip_stream import Opened, zip_stream
from auth.accounts.principal import Principal
from errors import StudioError
from library.views import AssetView
from studio import Studio

MOST_BYTES = 64 * 1024


class ZipSelection(BaseModel):
    """Assets for one ZIP; ``clean`` means without prompts and metadata. ``check`` only asks whether it can be made."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    ids: tuple[str, ...] = Field(min_length=1, max_length=500)
    clean: bool = False
    check: bool = False


async def read_selection(request: Request) -> ZipSelection:
    """Read the selection from JSON, or from a form (comma-separated ``ids``), whose response a browser saves itself."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MOST_BYTES:
            raise StudioError("too_much", "The request is too large.", "A ZIP can hold up to 500 files.", status=413)
    try:
        if request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
            fields = {name: values[-1] for name, values in parse_qs(body.decode(), max_num_fields=8).items()}
            ids = tuple(part.strip() for part in fields.pop("ids", "").split(",") if part.strip())
            return ZipSelection.model_validate({**fields, "ids": ids})
        return ZipSelection.model_validate_json(bytes(body))
    except (ValidationError, ValueError) as error:
        raise StudioError(
            "bad_value",
            "The list of files is invalid.",
            next='Send {"ids": [up to 500], "clean": false}.',
            status=422,
        ) from error


def zip_of(studio: Studio, who: Principal, selection: ZipSelection) -> tuple[str, Iterator[bytes]]:
    """Return a ZIP's name, after the project, and its bytes.

    Raises StudioError not_found and deleted_asset if a file may not be read, not_for_clients if a clean ZIP would be
    empty.
    """
    library = studio.library
    assets = [library.get(who, asset_id) for asset_id in dict.fromkeys(selection.ids)]
    name = file_name(library.project_name(assets), ".zip")
    if not selection.clean:
        return name, zip_stream(assets, _opener(studio, who, False), {asset.id: title_of(asset) for asset in assets})
    assets = [asset for asset in assets if for_clients(asset)]
    if not assets:
        raise not_for_clients()
    return name, zip_stream(assets, _opener(studio, who, True), library.client_names(who, assets), dated=False)


def _opener(studio: Studio, who: Principal, clean: bool) -> Opened:
    """Return a function that opens assets this person may read; with ``clean``, as copies without metadata."""

    @contextmanager
    def opened(asset: AssetView) -> Iterator[Path]:
        try:
            path = studio.library.file(who, asset.id)
        except StudioError as error:  # deleted in the meantime; its title must not reach a client
            raise StudioError(error.problem.code, "It is no longer in the library.", status=error.status) from error
        with clean_copy_of(studio, asset, path) if clean else nullcontext(path) as given:
            yield given

    return opened
