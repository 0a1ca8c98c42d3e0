"""The studio for ``gradio_client``: the same services as the REST routes, as named and typed endpoints."""

from collections.abc import AsyncIterator, Callable
from typing import Any, Literal

import gradio as gr
from gradio.events import api as gradio_api

from api.arguments import checked
from api.bodies import read_submission
from api.endpoints_cast import cast_endpoints
from api.endpoints_image import image_endpoints
from api.endpoints_library import library_endpoints
from api.endpoints_loras import lora_endpoints
from api.endpoints_recipes import recipe_endpoints
from api.endpoints_speech import speech_endpoints
from api.endpoints_video import video_endpoints
from api.endpoints_writing import writing_endpoints
from api.handing_out import hand_out
from api.model_views import cards
from api.principal import principal
from engines.requests import FetchModel, parse
from errors import StudioError
from jobs.views import View as JobsView
from library.views import View as AssetsView
from studio import Studio

Json = dict[str, Any]
Operation = Literal["upscale", "cut_out", "stylize", "interpolate"]

_ENHANCE: dict[tuple[str, str], tuple[str, str]] = {
    ("upscale", "image"): ("upscale_image", "image"),
    ("cut_out", "image"): ("cut_out", "image"),
    ("stylize", "image"): ("stylize_image", "image"),
    ("upscale", "clip"): ("upscale_clip", "clip"),
    ("interpolate", "clip"): ("interpolate_clip", "clip"),
}
"""The task of an operation on a kind of asset, and the request's field that takes the asset."""


def install(studio: Studio) -> None:
    """Add the endpoints to the Blocks under construction."""
    for add in (_add_jobs, _add_models, _add_making):
        add(studio)
    library = (library_endpoints, lora_endpoints, cast_endpoints)
    for more in (image_endpoints, video_endpoints, recipe_endpoints, *library, writing_endpoints, speech_endpoints):
        for endpoint in more(studio):
            _offer(endpoint)


def _json(view: AssetsView | JobsView) -> Json:
    return view.model_dump(mode="json")


def _offer(endpoint: Callable[..., Any]) -> None:
    """An endpoint under its function's name, described by its docstring; none waits for another."""
    gradio_api(checked(endpoint), api_name=endpoint.__name__, concurrency_limit=None)


def _add_jobs(studio: Studio) -> None:
    jobs = studio.jobs

    def estimate(request: Json, http: gr.Request, project_id: str | None = None) -> Json:
        """What a request would take: seconds, memory, the queue before it, and whether it fits."""
        asked = read_submission({"request": request, "project_id": project_id})
        return _json(jobs.estimate(principal(http), asked.request, asked.project_id))

    def submit(request: Json, http: gr.Request, project_id: str | None = None, client_ref: str | None = None) -> Json:
        """Ask for work with a request's JSON, or the whole record a file made here carries; the job.

        The same client_ref again answers with the same job: a script may repeat itself safely.
        """
        asked = read_submission({"request": request, "project_id": project_id, "client_ref": client_ref})
        view = jobs.submit(principal(http), asked.request, project_id=asked.project_id, client_ref=asked.client_ref)
        return _json(view)

    def job_status(job_id: str, http: gr.Request) -> Json:
        """A job as it is now."""
        return _json(jobs.get(principal(http), job_id))

    async def wait_job(job_id: str, http: gr.Request) -> AsyncIterator[Json]:
        """Follow a job: its state at every change, until it has ended. Leaving does not stop the job."""
        async for view in jobs.wait(principal(http), job_id):
            yield _json(view)

    # Gradio takes a generator's annotation for the type of one item.
    wait_job.__annotations__["return"] = Json

    def cancel_job(job_id: str, http: gr.Request) -> Json:
        """Stop a job, waiting or running."""
        return _json(jobs.cancel(principal(http), job_id))

    def pause_job(job_id: str, http: gr.Request) -> Json:
        """Let a job rest that can go on later: downloads, long clips."""
        return _json(jobs.pause(principal(http), job_id))

    def resume_job(job_id: str, http: gr.Request) -> Json:
        """Let a paused job go on."""
        return _json(jobs.resume(principal(http), job_id))

    def job_files(job_id: str, http: gr.Request) -> list[Json]:
        """The files of a finished job, the main one first; gradio_client downloads them."""
        who = principal(http)
        return [hand_out(studio, who, asset_id) for asset_id in jobs.get(who, job_id).assets]

    for endpoint in (estimate, submit, job_status, wait_job, cancel_job, pause_job, resume_job, job_files):
        _offer(endpoint)


def _add_models(studio: Studio) -> None:
    def list_models() -> list[Json]:
        """The models: what each is for and needs, whether it fits, whether it is installed."""
        return [model.model_dump(mode="json") for model in cards(studio)]

    def get_model(model_id: str, http: gr.Request) -> Json:
        """Download a model; the job. Its facts say bytes, bytes_total and bytes_per_second."""
        return _json(studio.jobs.submit(principal(http), FetchModel(entry=model_id)))

    def list_language_models() -> list[Json]:
        """The models that write, the studio's own and the Ollama server's: context, what each can, whether loaded."""
        return [model.model_dump(mode="json") for model in studio.language.shelf().models]

    for endpoint in (list_models, get_model, list_language_models):
        _offer(endpoint)


def _add_making(studio: Studio) -> None:
    def ask(http: gr.Request, fields: Json, options: Json | None, project_id: str | None) -> Json:
        asked = parse({**(options or {}), **fields}, titled=False)
        return _json(studio.jobs.submit(principal(http), asked, project_id=project_id))

    def enhance(
        operation: Operation,
        asset_id: str,
        http: gr.Request,
        options: Json | None = None,
        project_id: str | None = None,
    ) -> Json:
        """Improve a picture (upscale, cut_out, stylize) or a clip (upscale, interpolate); options: more fields."""
        kind = studio.library.get(principal(http), asset_id).kind
        task, field = _enhancing(operation, kind)
        return ask(http, {"task": task, field: asset_id}, options, project_id)

    def speak(
        text: str, http: gr.Request, voice: str = "clara", options: Json | None = None, project_id: str | None = None
    ) -> Json:
        """Read a text aloud; options: more fields (speed, format, loudness, …)."""
        return ask(http, {"task": "speak", "text": text, "voice": voice}, options, project_id)

    def write(
        prompt: str,
        http: gr.Request,
        model: str | None = None,
        options: Json | None = None,
        project_id: str | None = None,
    ) -> Json:
        """Have a language model answer; options: more fields (messages before this one, temperature, max_tokens, …)."""
        earlier = (options or {}).get("messages") or []
        if not isinstance(earlier, list):
            raise StudioError("bad_value", "“messages” cannot be that.", "They are a list.", status=422)
        asked = {"task": "write", "model": model, "messages": [*earlier, {"role": "user", "text": prompt}]}
        return ask(http, asked, options, project_id)

    for endpoint in (enhance, speak, write):
        _offer(endpoint)


def _enhancing(operation: str, kind: str) -> tuple[str, str]:
    try:
        return _ENHANCE[operation, kind]
    except KeyError as error:
        possible = ", ".join(name for name, of in _ENHANCE if of == kind) or "nothing"
        raise StudioError(
            "wrong_kind",
            f"That cannot be done with this {kind}.",
            next=f"Possible here: {possible}.",
            status=422,
        ) from error
