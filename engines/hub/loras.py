"""The job that downloads a LoRA into the library."""

import os
import shutil
from pathlib import Path

from engines.catalog.entry import Part
from engines.context import Context
from engines.hub import client, fetch
from engines.hub.client import Hub, HubFile, Repo
from engines.hub.tally import Stopped, Tally
from engines.hub.task import Pulse, wait
from engines.requests import Request
from engines.requests.hub import FetchLora
from engines.wire import ResultFile
from errors import StudioError

_MOST_NAMED = 8


def fetch_lora(request: Request, context: Context) -> None:
    """Bring a LoRA of the hub into the library: fetched as models are, looked at, then kept like any upload.

    Raises StudioError as the hub, choose_file, no_lora, or as looking at the file does.
    """
    assert isinstance(request, FetchLora)
    with Hub(context.config.hub_token) as hub:
        repo = hub.repo(request.repo, wait=lambda seconds: wait(seconds, context))
        file = chosen(repo, request.file)
        # At its commit: a file of the same name that an older commit had would be taken for it.
        part = Part(repo=repo.name, file=file.path, revision=repo.commit)
        plan = fetch.plan(hub, [part], context.config.starter, lambda seconds: wait(seconds, context))
        fetch.need_room(request.title({}), plan, context.config.keep_free_bytes)
        tally = Tally(plan.total, plan.have)
        try:
            fetch.fetch(hub, plan, tally, Pulse(tally, context))
        except Stopped:
            context.check()
            raise
    _keep(context, context.catalog.path_of(part), repo, file)


def candidates(repo: Repo) -> tuple[HubFile, ...]:
    """The files of a repository that may be LoRAs, as they stand there."""
    return tuple(file for file in repo.files if file.path.endswith(".safetensors"))


def chosen(repo: Repo, path: str) -> HubFile:
    """The file that is meant. Raises StudioError no_lora where there is none of that name, choose_file for several."""
    found = candidates(repo)
    named = [file for file in found if file.path == path] if path else found
    if not named:
        raise StudioError(
            "no_lora",
            f"{repo.name} has no such LoRA.",
            f"There is no {path[:120]} in it." if path else "It has no safetensors file.",
            "Look at its page for the file's name.",
            status=422,
        )
    if len(named) > 1:
        names = ", ".join(file.path for file in named[:_MOST_NAMED])
        raise StudioError(
            "choose_file", f"{repo.name} has {len(named)} files.", next=f"Choose one of them: {names}.", status=422
        )
    return named[0]


def _keep(context: Context, path: Path, repo: Repo, file: HubFile) -> None:
    """Look at what came and hand it over; the cache and the library share the bytes where the disk can do that."""
    from engines.media import intake

    name = Path(file.path).name
    inspected = intake.inspect(path, name)
    facts = inspected.facts
    if facts.lora is None:
        raise StudioError("not_a_lora", f"“{name}” is no LoRA.", "It is another kind of file.", status=422)
    kept = context.new_file(inspected.suffix)
    try:
        os.link(path.resolve(), kept)
    except OSError:
        shutil.copyfile(path, kept)
    thumb = kept.with_suffix(".thumb.webp")
    record = context.provenance()
    del record["model"]  # no model made it
    own = facts.title if facts.title != Path(name).stem else ""
    context.add(
        ResultFile(
            file=kept.name,
            thumb=thumb.name if intake.thumbnail(kept, facts, thumb) else None,
            title=own or _title(name, repo),
            source=f"{client.host()}/{repo.name}",
            content_sha256=inspected.content_sha256,
            provenance=record,
            **facts.model_dump(exclude={"bytes", "title"}),
        )
    )


def _title(name: str, repo: Repo) -> str:
    """As its file; as its repository where the file is called like a thousand others."""
    stem = Path(name).stem
    return repo.name.rpartition("/")[2] if stem in ("pytorch_lora_weights", "adapter_model", "lora") else stem
