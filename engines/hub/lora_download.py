"""The job that downloads a LoRA into the library."""

import os
import shutil
from pathlib import Path

from engines.catalog.entry import Part
from engines.host.context import Context
from engines.hub import client, download
from engines.hub.client import Hub, HubFile, Repo
from engines.hub.download_task import Pulse, wait
from engines.hub.progress import DownloadProgress, DownloadStopped
from engines.protocol import ResultFile
from engines.requests import Request
from engines.requests.hub import FetchLora
from errors import StudioError

_MOST_NAMED = 8


def fetch_lora(request: Request, context: Context) -> None:
    """Download a LoRA from the hub into the library: fetch it like a model, inspect it, then store it like an upload.

    Raises StudioError choose_file, no_lora, not_a_lora, or one of the hub or of ``intake.inspect``.
    """
    assert isinstance(request, FetchLora)
    with Hub(context.config.hub_token) as hub:
        repo = hub.repo(request.repo, wait=lambda seconds: wait(seconds, context))
        file = choose_file(repo, request.file)
        # Pin the commit: otherwise a file of the same name from an older commit would be used.
        part = Part(repo=repo.name, file=file.path, revision=repo.commit)
        plan = download.plan(hub, [part], context.config.starter, lambda seconds: wait(seconds, context))
        download.require_disk_space(request.title({}), plan, context.config.keep_free_bytes)
        progress = DownloadProgress(plan.total, plan.have)
        try:
            download.fetch(hub, plan, progress, Pulse(progress, context))
        except DownloadStopped:
            context.check()
            raise
    _keep(context, context.catalog.path_of(part), repo, file)


def candidates(repo: Repo) -> tuple[HubFile, ...]:
    """Return the repository's files that may be LoRAs, in its order."""
    return tuple(file for file in repo.files if file.path.endswith(".safetensors"))


def choose_file(repo: Repo, path: str) -> HubFile:
    """Return the requested file. Raises StudioError no_lora if there is none, choose_file if there are several."""
    files = candidates(repo)
    named = [file for file in files if file.path == path] if path else files
    if not named:
        raise StudioError(
            "no_lora",
            f"{repo.name} has no such LoRA.",
            f"It has no file “{path[:120]}”." if path else "It has no safetensors file.",
            "Check the file name on its page.",
            status=422,
        )
    if len(named) > 1:
        names = ", ".join(file.path for file in named[:_MOST_NAMED])
        raise StudioError(
            "choose_file",
            f"{repo.name} contains {len(named)} LoRA files.",
            next=f"Choose one of them: {names}.",
            status=422,
        )
    return named[0]


def _keep(context: Context, path: Path, repo: Repo, file: HubFile) -> None:
    """Inspect the file and add it to the library, as a hard link to the cache's file if the disk allows it."""
    from engines.media import intake

    name = Path(file.path).name
    inspected = intake.inspect(path, name)
    facts = inspected.facts
    if facts.lora is None:
        raise StudioError(
            "not_a_lora",
            f"“{name}” is not a LoRA.",
            "It is another kind of file.",
            "Choose another file.",
            status=422,
        )
    target = context.new_file(inspected.suffix)
    try:
        os.link(path.resolve(), target)
    except OSError:
        shutil.copyfile(path, target)
    thumb = target.with_suffix(".thumb.webp")
    record = context.provenance()
    del record["model"]  # no model made it
    own = facts.title if facts.title != Path(name).stem else ""
    context.add(
        ResultFile(
            file=target.name,
            thumb=thumb.name if intake.thumbnail(target, facts, thumb) else None,
            title=own or _title(name, repo),
            source=f"{client.host()}/{repo.name}",
            content_sha256=inspected.content_sha256,
            provenance=record,
            **facts.model_dump(exclude={"bytes", "title"}),
        )
    )


def _title(name: str, repo: Repo) -> str:
    """Return the file's name, or the repository's name if the file has a generic one."""
    stem = Path(name).stem
    return repo.name.rpartition("/")[2] if stem in ("pytorch_lora_weights", "adapter_model", "lora") else stem
