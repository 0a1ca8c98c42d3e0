"""Build catalog entries for a hub repository, or for a file or folder on this computer."""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict

from engines import paths as places
from engines.catalog import Catalog, Entry
from engines.catalog.entry import License, Part
from engines.catalog.quantizations import DENOISER
from engines.hub import address
from engines.hub.client import Hub, Repo, page
from engines.hub.file_selection import files_of
from engines.weights.detect import DetectedModel, detect
from engines.weights.detect_rules import license, table
from engines.weights.sizes import weight_files
from errors import StudioError
from utf8 import valid_json

_OWN_PARTS = ("transformer", "motion_adapter", "unet")
"""The part that makes a model what it is, the most particular first."""
_WORDS = Part(repo="assets:configs/clip-words")
"""The tokenizer of every model stored in a single file."""
_OWN_LICENSE = License(name="Not stated", commercial=False)


class FileChoice(BaseModel):
    """A repository file that could be the model, and its size in bytes."""

    model_config = ConfigDict(frozen=True)

    file: str
    bytes: int


def from_repository(catalog: Catalog, hub: Hub, name: str, file: str = "", revision: str = "main") -> Entry:
    """Return the entry for a repository. ``name`` may also be the address of the repository or of one of its files;
    ``file`` selects a GGUF file if the repository has several.

    Raises StudioError: unknown_class, choose_file, needs_code, nothing_to_fetch, or any error of ``Hub.repo``.
    """
    meant = address.read(name)
    file, revision = file or meant.file, meant.revision or revision
    repo = hub.repo(meant.repo, revision)
    paths = {one.path for one in repo.files}
    known = _known_entry(catalog, repo.name, revision)
    if known:
        return known
    terms = license(repo.license, page(repo.name))
    if "model_index.json" in paths:
        return _like(catalog, repo, hub.json(repo, "model_index.json"), terms, revision)
    if choices(repo) and (file or "config.json" not in paths):
        return _gguf(catalog, repo, file, terms, revision)
    if "config.json" in paths:
        return _language(repo, hub.json(repo, "config.json"), terms, revision)
    raise _no_parts(repo, catalog)


def _no_parts(repo: Repo, catalog: Catalog) -> StudioError:
    """Return the error for a repository without a model in parts: split GGUF files, single checkpoints, or neither."""
    names = [one.path for one in repo.files]
    if any(re.search(r"-\d{5}-of-\d{5}\.gguf$", name) for name in names):
        why, then = "Its GGUF model is split into several files.", "Choose a smaller version in a single file."
    elif any(name.endswith(".safetensors") for name in names):
        why = "It contains single checkpoint files instead of a model in parts."
        then = "Download the file, then add it under “A file”. If it is a LoRA, use “Add a LoRA” in a form."
    else:
        return _unknown_class(repo.name, "unknown: it has no model_index.json and no config.json", catalog)
    return StudioError("unknown_class", f"{repo.name} cannot be added by name.", why, then, status=422)


def choices(repo: Repo) -> list[FileChoice]:
    """Return the repository's unsplit GGUF language models, smallest first."""
    files = [one for one in repo.files if one.path.endswith(".gguf")]
    whole = [one for one in files if not re.search(r"mmproj|-\d{5}-of-\d{5}\.gguf$", one.path)]
    return sorted((FileChoice(file=one.path, bytes=one.size) for one in whole), key=lambda one: one.bytes)


def from_path(catalog: Catalog, path: Path) -> Entry:
    """Return the entry for a file, or for a folder laid out like a hub repository. Both are used in place.

    Raises StudioError: not_readable, not_recognised.
    """
    path = places.place(path)
    detected = detect_any(path)
    if not detected.usable:
        raise StudioError(
            "not_recognised",
            f"“{path.name}” cannot be used: {detected.words}.",
            detected.why,
            "Choose another file.",
            status=422,
        )
    if detected.writes:
        return _own_language(path, detected)
    return _own_pictures(catalog, path, detected)


def detect_any(path: Path) -> DetectedModel:
    """Detect what a file, or a folder laid out like a hub repository, contains. OSError if it cannot be read."""
    if path.is_file():
        return detect(path)
    config = _json(path / "model_index.json") or _json(path / "config.json")
    row = table().pipelines.get(str(config.get("_class_name")))
    if row:
        like = row.like_of(config)
        why = "" if like else f"The studio cannot run {row.family} yet."
        return DetectedModel(kind="checkpoint", family=row.family, like=like, why=why)
    if _writes(config) and any(path.glob("*.safetensors")):
        return DetectedModel(kind="language model", family=_classes(config)[0], writes=True)
    return DetectedModel(kind="unknown", why="Its config names no model class that the studio supports.")


def _json(path: Path) -> dict[str, Any]:
    """Read a JSON object; return an empty dictionary if there is none."""
    try:
        content = valid_json(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, RecursionError):
        return {}
    return content if isinstance(content, dict) else {}


def enter(catalog: Catalog, entry: Entry, folder: Path) -> Entry:
    """Add an entry to the catalog, with a numbered id if its own is taken; return the known one for the same files."""
    for known in catalog.entries.values():
        shown = not known.hidden or known.quantization_of
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
    """Write an entry to the folder of custom entries atomically."""
    path = folder / f"{entry.id}.yaml"
    part = path.with_suffix(".part")
    values = entry.model_dump(mode="json", exclude_defaults=True)
    part.write_text(yaml.safe_dump(values, sort_keys=False, allow_unicode=True), encoding="utf-8")
    part.rename(path)


# -- entries modeled on a known one


def _like(catalog: Catalog, repo: Repo, index: Mapping[str, Any], terms: License, revision: str) -> Entry:
    class_name = str(index.get("_class_name"))
    row = table().pipelines.get(class_name)
    like = row.like_of(index) if row else ""
    if not like:
        raise _unknown_class(repo.name, class_name, catalog)
    known = _class_name(catalog.get(like), index)
    folders = {file.path.rpartition("/")[0] for file in repo.files}
    parts = _parts(known, repo.name, folders, revision)
    own = [part for part in parts.values() if part.repo == repo.name]
    fetched = {file.etag: file.size for part in own for file in files_of(part, repo)}
    total = sum(fetched.values())
    return _after(known, repo.name, parts, terms, total, gated=repo.gated)


def _parts(known: Entry, repo: str, folders: set[str], revision: str = "main") -> dict[str, Part]:
    """Return the parts that a known entry needs, taken from a repository or folder that has them.

    Missing parts, such as HiDream's fourth text encoder, come from the known entry's own sources.
    """
    parts = dict(known.parts)
    for name, part in known.parts.items():
        folder = next((one for one in (part.subfolder, name) if one in folders and one), None)
        if folder:
            allow = part.allow if folder == part.subfolder else ()
            parts[name] = Part(repo=repo, subfolder=folder, revision=revision, allow=allow)
    return parts


def _known_entry(catalog: Catalog, repo: str, revision: str) -> Entry | None:
    """Return the existing entry for a repository's weights; one that uses only its second expert comes last."""
    entries = [one for one in catalog.entries.values() if not one.hidden and _same_class(one, repo, revision)]
    return min(
        entries, key=lambda one: one.parts.get("transformer", Part(repo="")).subfolder == "transformer_2", default=None
    )


def _same_class(entry: Entry, repo: str, revision: str) -> bool:
    """Whether an entry's own weights come from a repository. Its shared parts may come from elsewhere."""
    own = next((entry.parts[name] for name in _OWN_PARTS if name in entry.parts), None)
    return own is not None and (own.repo, own.revision) == (repo, revision)


def _class_name(known: Entry, index: Mapping[str, Any]) -> Entry:
    """Return an entry with the pipeline options of a ``model_index.json``."""
    options = {name: index.get(name, value) for name, value in known.options.get("pipeline", {}).items()}
    return known.model_copy(update={"options": {**known.options, "pipeline": options}}) if options else known


def _after(known: Entry, name: str, parts: Mapping[str, Part], terms: License, total: int, *, gated: bool) -> Entry:
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
            # Whatever its page says, a copy or a derivative is bound to where the original may be used.
            "license": terms.model_copy(update={"territory": known.license.territory}),
            "gated": gated,
            "download_bytes": total,
            "verified": "import",
            "quantizations": {},
        }
    )


def _own_pictures(catalog: Catalog, path: Path, detected: DetectedModel) -> Entry:
    known = catalog.get(detected.like)
    if path.is_dir():
        known = _class_name(known, _json(path / "model_index.json"))
        parts = _parts(known, str(path), {one.name for one in path.iterdir() if one.is_dir()})
    elif path.suffix.lower() == ".gguf":
        weights = {**known.part_memory, DENOISER: path.stat().st_size}
        memory = dict.fromkeys(known.memory, sum(weights.values()))  # it still computes in these dtypes
        known = known.model_copy(update={"part_memory": weights, "memory": memory})
        parts = {**known.parts, DENOISER: Part(repo=str(path.parent), file=path.name)}
    else:
        parts = dict.fromkeys(known.parts, Part(repo=str(path.parent), file=path.name)) | _companion_parts(
            known, detected
        )
    return _after(known, path.stem, parts, _OWN_LICENSE, 0, gated=False)


def _companion_parts(known: Entry, detected: DetectedModel) -> dict[str, Part]:
    """Return the parts that a single-file model takes from the studio: its tokenizers and its scheduler."""
    steps = Part(repo=f"assets:configs/{detected.configs}", subfolder="scheduler")
    parts = {"tokenizer": _WORDS, "tokenizer_2": _WORDS, "scheduler": steps}
    return {name: part.model_copy(update={"subfolder": name}) for name, part in parts.items() if name in known.parts}


# -- language models


def _classes(config: Mapping[str, Any]) -> list[str]:
    """Return the model classes that a config names."""
    named = config.get("architectures")
    return [str(one) for one in named] if isinstance(named, list) else []


def _writes(config: Mapping[str, Any]) -> bool:
    first = next(iter(_classes(config)), "")
    return first.endswith("ForCausalLM") or ("vision_config" in config and first.endswith("ForConditionalGeneration"))


def _language(repo: Repo, config: Mapping[str, Any], terms: License, revision: str) -> Entry:
    if not _writes(config):
        raise _unknown_class(repo.name, ", ".join(_classes(config)) or "not named in its config", None)
    if config.get("auto_map"):
        raise StudioError(
            "needs_code",
            f"{repo.name} needs its own program code.",
            "The studio never runs downloaded code.",
            "Choose a model of a supported class, or GGUF files of this one.",
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


def _gguf(catalog: Catalog, repo: Repo, file: str, terms: License, revision: str) -> Entry:
    files = choices(repo)
    known = {one.file: one.bytes for one in files}
    if not file and len(files) == 1:
        file = files[0].file
    if file not in known:
        raise StudioError(
            "choose_file",
            f"{repo.name} contains {len(files)} model files.",
            "They are the same model, compressed to different sizes.",
            f"Choose one of them: {', '.join(known)}.",
            status=422,
        )
    folder, _, name = file.rpartition("/")
    part = Part(repo=repo.name, subfolder=folder, file=name, revision=revision)
    version = next(
        (one for one in catalog.entries.values() if one.quantization_of and one.parts[DENOISER] == part), None
    )
    if version:
        return version
    size = known[file]
    entry = _writer(
        name.removesuffix(".gguf"), "llama", "engines.language.llama_cpp:write", part, terms=terms,
        memory={"gguf": size}, download=size,
    )  # fmt: skip
    return entry.model_copy(update={"gated": repo.gated})


def _own_language(path: Path, detected: DetectedModel) -> Entry:
    if path.is_dir():
        size = sum(file.stat().st_size for file in weight_files(path))
        part, memory = Part(repo=str(path)), {"bfloat16": size}
        return _writer(
            path.name, "torch", f"transformers:{detected.family}", part, terms=_OWN_LICENSE, memory=memory, download=0
        )
    part, memory = Part(repo=str(path.parent), file=path.name), {"gguf": path.stat().st_size}
    return _writer(
        path.stem, "llama", "engines.language.llama_cpp:write", part, terms=_OWN_LICENSE, memory=memory, download=0
    )


def _writer(
    name: str, runtime: str, pipeline: str, part: Part, *, terms: License, memory: dict[str, int], download: int
) -> Entry:
    return Entry.model_validate(
        {
            "id": slug(name),
            "name": name.rpartition("/")[2],
            "use": "Writes text.",
            "tasks": ["write"],
            "runtime": runtime,
            "pipeline": pipeline,
            "parts": {"model": part},
            "license": terms,
            "download_bytes": download,
            "memory": memory,
            "verified": "import",
            "load_seconds": 20,
            "seconds_per_unit": 0.05,
        }
    )


def slug(name: str) -> str:
    """Turn a name into an id: “Some One/My Model v1” becomes “my-model-v1”."""
    bare = re.sub(r"[^a-z0-9._-]+", "-", name.rpartition("/")[2].lower()).strip("._-")
    return bare[:120] or "model"


def _unknown_class(name: str, class_name: str, catalog: Catalog | None) -> StudioError:
    pipelines = table().pipelines
    known = [name for name, row in pipelines.items() if row.like]
    named = pipelines[class_name].family if class_name in pipelines else ""
    return StudioError(
        "unknown_class",
        f"The studio cannot run {named or name}{' yet' if named else ''}.",
        f"Its class is {class_name[:80]}.",
        f"It runs these classes: {', '.join(known)}. It also runs GGUF files and language models of any …ForCausalLM "
        "class.",
        status=422,
    )
