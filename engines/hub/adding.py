"""New entries of the catalog: for a repository of the hub, for a file or a folder on this machine."""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict

from engines import places
from engines.catalog import Catalog, Entry
from engines.catalog.entry import Licence, Part
from engines.catalog.smaller import PAINTS
from engines.hub import address
from engines.hub.choose import files_of
from engines.hub.client import Hub, Repo, page
from engines.hub.families import licence, table
from engines.hub.recognise import Found, recognise
from engines.swapper.sizes import weight_files
from errors import StudioError
from utf8 import valid_json

_WORDS = Part(repo="assets:configs/clip-words")
"""The vocabulary of every model that is kept in a single file."""
_OWN_LICENCE = Licence(name="as its maker says", commercial=False)


class Choice(BaseModel):
    """A file of a repository that could be the model, with its bytes."""

    model_config = ConfigDict(frozen=True)

    file: str
    bytes: int


def from_repository(catalog: Catalog, hub: Hub, name: str, file: str = "", revision: str = "main") -> Entry:
    """The entry for a repository; ``file`` is which of its GGUF files, where it has several. ``name`` may be an address
    of it or of one of its files.

    Raises StudioError: unknown_class, choose_file, needs_code, nothing_to_fetch, or as the hub.
    """
    meant = address.read(name)
    file, revision = file or meant.file, meant.revision or revision
    repo = hub.repo(meant.repo, revision)
    paths = {one.path for one in repo.files}
    terms = licence(repo.licence, page(repo.name))
    if "model_index.json" in paths:
        return _like(catalog, repo, hub.json(repo, "model_index.json"), terms, revision)
    if choices(repo) and (file or "config.json" not in paths):
        return _gguf(catalog, repo, file, terms, revision)
    if "config.json" in paths:
        return _language(repo, hub.json(repo, "config.json"), terms, revision)
    raise _no_parts(repo, catalog)


def _no_parts(repo: Repo, catalog: Catalog) -> StudioError:
    """What is said of a repository that is no model in parts: split GGUF files, single checkpoints, or neither."""
    names = [one.path for one in repo.files]
    if any(re.search(r"-\d{5}-of-\d{5}\.gguf$", name) for name in names):
        why, then = "Its GGUF model is split into several files.", "Choose a smaller version, in one file."
    elif any(name.endswith(".safetensors") for name in names):
        why = "It holds single checkpoint files, not a model in parts."
        then = "Download the file to this machine, then add it under “A file”; a LoRA under “LoRAs”."
    else:
        return _unknown_class(repo.name, "no model_index.json and no config.json", catalog)
    return StudioError("unknown_class", f"{repo.name} cannot be added by its name.", why, then, status=422)


def choices(repo: Repo) -> list[Choice]:
    """The whole GGUF language models in a repository, the smallest first."""
    files = [one for one in repo.files if one.path.endswith(".gguf")]
    whole = [one for one in files if not re.search(r"mmproj|-\d{5}-of-\d{5}\.gguf$", one.path)]
    return sorted((Choice(file=one.path, bytes=one.size) for one in whole), key=lambda one: one.bytes)


def from_path(catalog: Catalog, path: Path) -> Entry:
    """The entry for a file, or a folder in the shape of the hub's, that is used where it lies.

    Raises StudioError: not_readable, not_recognised.
    """
    path = places.place(path)
    found = recognise_any(path)
    if not found.usable:
        raise StudioError(
            "not_recognised", f"{path.name} cannot be used: {found.words}.", found.why, "Choose another.", status=422
        )
    if found.writes:
        return _own_language(path, found)
    return _own_pictures(catalog, path, found)


def recognise_any(path: Path) -> Found:
    """What a file or a folder in the shape of the hub's is. OSError where it cannot be read."""
    if path.is_file():
        return recognise(path)
    config = _json(path / "model_index.json") or _json(path / "config.json")
    family = table().pipelines.get(str(config.get("_class_name")))
    if family:
        why = "" if family.like else f"The studio cannot run {family.family} yet."
        return Found(kind="checkpoint", family=family.family, like=family.like, why=why)
    if _writes(config) and any(path.glob("*.safetensors")):
        return Found(kind="language model", family=_classes(config)[0], writes=True)
    return Found(kind="unknown", why="Its config names no class the studio knows.")


def _json(path: Path) -> dict[str, Any]:
    """A JSON object; nothing where there is none to be read."""
    try:
        found = valid_json(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def enter(catalog: Catalog, entry: Entry, folder: Path) -> Entry:
    """Take an entry into the catalog, under another id where its own is taken; one for the same files only once."""
    for known in catalog.entries.values():
        shown = not known.hidden or known.smaller_of
        if known.parts == entry.parts and known.runtime == entry.runtime and shown:
            return known
    free, number = entry.id, 1
    while free in catalog.entries:
        number += 1
        free = f"{entry.id}-{number}"
    entry = entry.model_copy(update={"id": free})
    write(entry, folder)
    catalog.reload()
    return entry


def write(entry: Entry, folder: Path) -> None:
    """Put an entry into the folder of people's own ones, whole or not at all."""
    path = folder / f"{entry.id}.yaml"
    part = path.with_suffix(".part")
    values = entry.model_dump(mode="json", exclude_defaults=True)
    part.write_text(yaml.safe_dump(values, sort_keys=False, allow_unicode=True), encoding="utf-8")
    part.rename(path)


# -- after an entry that is known


def _like(catalog: Catalog, repo: Repo, index: Mapping[str, Any], terms: Licence, revision: str) -> Entry:
    class_name = str(index.get("_class_name"))
    family = table().pipelines.get(class_name)
    if family is None or not family.like:
        raise _unknown_class(repo.name, class_name, catalog)
    for entry in catalog.entries.values():
        if _draws_by(entry, repo.name, revision) and not entry.hidden:
            return entry
    known = _as_said(catalog.get(family.like), index)
    folders = {file.path.rpartition("/")[0] for file in repo.files}
    parts = _parts(known, repo.name, folders, revision)
    own = [part for part in parts.values() if part.repo == repo.name]
    fetched = {file.etag: file.size for part in own for file in files_of(part, repo)}
    total = sum(fetched.values())
    return _after(known, repo.name, parts, terms, total, gated=repo.gated)


def _parts(known: Entry, repo: str, folders: set[str], revision: str = "main") -> dict[str, Part]:
    """The parts that a known entry needs, out of a repository or folder that has them.

    What it leaves to others, as HiDream leaves its fourth text encoder, comes from where the known entry has it from.
    """
    parts = dict(known.parts)
    for name, part in known.parts.items():
        folder = next((one for one in (part.subfolder, name) if one in folders and one), None)
        if folder:
            allow = part.allow if folder == part.subfolder else ()
            parts[name] = Part(repo=repo, subfolder=folder, revision=revision, allow=allow)
    return parts


def _draws_by(entry: Entry, repo: str, revision: str) -> bool:
    """Whether an entry's own weights are those of a repository; what it shares with others may lie elsewhere."""
    own = entry.parts.get("transformer") or entry.parts.get("unet")
    return own is not None and (own.repo, own.revision) == (repo, revision)


def _as_said(known: Entry, index: Mapping[str, Any]) -> Entry:
    """An entry whose pipeline's options are as a ``model_index.json`` says."""
    options = {name: index.get(name, value) for name, value in known.options.get("pipeline", {}).items()}
    return known.model_copy(update={"options": {**known.options, "pipeline": options}}) if options else known


def _after(known: Entry, name: str, parts: Mapping[str, Part], terms: Licence, total: int, *, gated: bool) -> Entry:
    return known.model_copy(
        update={
            "id": slug(name),
            "name": name.rpartition("/")[2],
            "aliases": (),
            "best_for": (),
            "best_on_card": (),
            "sets": (),
            "hidden": False,
            "parts": dict(parts),
            "licence": terms,
            "gated": gated,
            "download_bytes": total,
            "verified": "import",
            "smaller": {},
        }
    )


def _own_pictures(catalog: Catalog, path: Path, found: Found) -> Entry:
    known = catalog.get(found.like)
    if path.is_dir():
        known = _as_said(known, _json(path / "model_index.json"))
        parts = _parts(known, str(path), {one.name for one in path.iterdir() if one.is_dir()})
    elif path.suffix.lower() == ".gguf":
        weights = {**known.part_memory, PAINTS: path.stat().st_size}
        memory = dict.fromkeys(known.memory, sum(weights.values()))  # it still computes in these
        known = known.model_copy(update={"part_memory": weights, "memory": memory})
        parts = {**known.parts, PAINTS: Part(repo=str(path.parent), file=path.name)}
    else:
        parts = dict.fromkeys(known.parts, Part(repo=str(path.parent), file=path.name)) | _beside(known, found)
    return _after(known, path.stem, parts, _OWN_LICENCE, 0, gated=False)


def _beside(known: Entry, found: Found) -> dict[str, Part]:
    """What a model needs that is not in its single file, and comes with the studio: its vocabulary, and its steps."""
    steps = Part(repo=f"assets:configs/{found.configs}", subfolder="scheduler")
    beside = {"tokenizer": _WORDS, "tokenizer_2": _WORDS, "scheduler": steps}
    return {name: part.model_copy(update={"subfolder": name}) for name, part in beside.items() if name in known.parts}


# -- language models


def _classes(config: Mapping[str, Any]) -> list[str]:
    """The classes that a config names."""
    named = config.get("architectures")
    return [str(one) for one in named] if isinstance(named, list) else []


def _writes(config: Mapping[str, Any]) -> bool:
    first = next(iter(_classes(config)), "")
    return first.endswith("ForCausalLM") or ("vision_config" in config and first.endswith("ForConditionalGeneration"))


def _language(repo: Repo, config: Mapping[str, Any], terms: Licence, revision: str) -> Entry:
    if not _writes(config):
        raise _unknown_class(repo.name, ", ".join(_classes(config)) or "none", None)
    if config.get("auto_map"):
        raise StudioError(
            "needs_code",
            f"{repo.name} brings program code of its own.",
            "The studio runs no code out of downloads.",
            "Take a model of a class that is known, or its GGUF files.",
            status=422,
        )
    part = Part(repo=repo.name, revision=revision)
    files = files_of(part, repo)
    weights = sum(one.size for one in files if one.path.endswith((".safetensors", ".bin")))
    return _writer(
        repo.name,
        "torch",
        f"transformers:{_classes(config)[0]}",
        part,
        terms=terms,
        memory={"bfloat16": weights},
        download=sum(one.size for one in files),
    ).model_copy(update={"gated": repo.gated})


def _gguf(catalog: Catalog, repo: Repo, file: str, terms: Licence, revision: str) -> Entry:
    found = choices(repo)
    known = {one.file: one.bytes for one in found}
    if not file and len(found) == 1:
        file = found[0].file
    if file not in known:
        raise StudioError(
            "choose_file",
            f"{repo.name} has {len(found)} models in it.",
            "They are the same model, pressed more or less.",
            f"Say which: {', '.join(known)}.",
            status=422,
        )
    folder, _, name = file.rpartition("/")
    part = Part(repo=repo.name, subfolder=folder, file=name, revision=revision)
    version = next((one for one in catalog.entries.values() if one.smaller_of and one.parts[PAINTS] == part), None)
    if version:
        return version
    size = known[file]
    entry = _writer(
        name.removesuffix(".gguf"), "llama", "engines.language.llama:write", part, terms=terms,
        memory={"gguf": size}, download=size,
    )  # fmt: skip
    return entry.model_copy(update={"gated": repo.gated})


def _own_language(path: Path, found: Found) -> Entry:
    if path.is_dir():
        size = sum(file.stat().st_size for file in weight_files(path))
        part, memory = Part(repo=str(path)), {"bfloat16": size}
        return _writer(
            path.name, "torch", f"transformers:{found.family}", part, terms=_OWN_LICENCE, memory=memory, download=0
        )
    part, memory = Part(repo=str(path.parent), file=path.name), {"gguf": path.stat().st_size}
    return _writer(
        path.stem, "llama", "engines.language.llama:write", part, terms=_OWN_LICENCE, memory=memory, download=0
    )


def _writer(
    name: str, runtime: str, pipeline: str, part: Part, *, terms: Licence, memory: dict[str, int], download: int
) -> Entry:
    return Entry.model_validate(
        {
            "id": slug(name),
            "name": name.rpartition("/")[2],
            "use": "Writes.",
            "tasks": ["write"],
            "runtime": runtime,
            "pipeline": pipeline,
            "parts": {"model": part},
            "licence": terms,
            "download_bytes": download,
            "memory": memory,
            "verified": "import",
            "load_seconds": 20,
            "rate": 0.05,
        }
    )


def slug(name: str) -> str:
    """A name as an id: “Some One/My Model v1” becomes “my-model-v1”."""
    bare = re.sub(r"[^a-z0-9._-]+", "-", name.rpartition("/")[2].lower()).strip("._-")
    return bare[:120] or "model"


def _unknown_class(name: str, found: str, catalog: Catalog | None) -> StudioError:
    known = [one for one, family in table().pipelines.items() if family.like]
    named = next((family.family for one, family in table().pipelines.items() if one == found), "")
    return StudioError(
        "unknown_class",
        f"The studio cannot run {named or name}{' yet' if named else ''}.",
        f"Its class is {found[:80]}.",
        f"Classes it runs: {', '.join(known)}; language models of any …ForCausalLM class, and GGUF files.",
        status=422,
    )
