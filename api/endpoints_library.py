"""The library for ``gradio_client``: finding, filing, families, many files at once."""

from collections.abc import Callable
from typing import Any

import gradio as gr

from api.handing_out import brought_in, record
from api.principal import principal
from api.reading import read
from api.rest_assets import AssetQuery
from api.rest_library import Chosen, packed
from api.uploads import take_file
from library.views import AssetChange
from studio import Studio

Json = dict[str, Any]


def library_endpoints(studio: Studio) -> tuple[Callable[..., Any], ...]:
    """The endpoints."""
    library = studio.library

    def list_assets(
        http: gr.Request,
        project_id: str | None = None,
        kind: str | None = None,
        job_id: str | None = None,
        after: str | None = None,
        limit: int = 50,
        q: str | None = None,
        options: Json | None = None,
    ) -> Json:
        """Assets, newest first; next of the answer goes into after for the next page. Bytes: /api/assets/ID/file.

        q finds words; options: tag, favourite, owner, model, origin, since, until, deleted.
        """
        named = {"project_id": project_id, "kind": kind, "job_id": job_id, "after": after, "limit": limit, "q": q}
        asked = AssetQuery.model_validate({**(options or {}), **named})
        return library.page(principal(http), **asked.model_dump()).model_dump(mode="json")

    def upload_asset(file: Json, http: gr.Request, project_id: str | None = None, source: str | None = None) -> Json:
        """Bring a file in (handle_file(path) in gradio_client); source: where it is from. The asset."""
        who = principal(http)
        path, name = brought_in(studio, who, file)
        return take_file(studio, who, path, name, project_id, source).model_dump(mode="json")

    def change_asset(asset_id: str, changes: Json, http: gr.Request) -> Json:
        """Change an asset: favourite, title, tags, source, project_id, a LoRA's triggers; the rest stays. The asset."""
        wanted = AssetChange.model_validate(changes)
        return library.change(principal(http), asset_id, wanted).model_dump(mode="json")

    def asset_family(asset_id: str, http: gr.Request) -> Json:
        """What an asset was made from (parents) and what was made from it (children)."""
        return library.family(principal(http), asset_id).model_dump(mode="json")

    def export_assets(asset_ids: list[str], http: gr.Request, clean: bool = False) -> Json:
        """Up to 500 assets as one ZIP, which gradio_client downloads; clean: without how they were made."""
        who, chosen = principal(http), Chosen(ids=tuple(asset_ids), clean=clean)
        return record(studio, who, *packed(studio, who, chosen))

    def read_picture(file: Json, http: gr.Request) -> Json:
        """How a picture was made, here or elsewhere, as a request for here; nothing is kept."""
        path, _ = brought_in(studio, principal(http), file)
        return read(path, studio.catalog).model_dump(mode="json")

    return list_assets, upload_asset, change_asset, asset_family, export_assets, read_picture
