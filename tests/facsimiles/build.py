"""Build a facsimile: a repository with the files, names, precisions and settings of the real one, and tiny weights."""

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engines import twins
from tests.engines.weights.float8_files import as_makers_name_flux2, shrunk
from tests.facsimiles import gguf_files as packed
from tests.facsimiles.facts import Facts, Part, is_file

if TYPE_CHECKING:
    import torch

_PROCESSORS = {"preprocessor_config.json": "image_processor", "video_preprocessor_config.json": "video_processor"}
"""Files with one processor each; newer releases write all of them to ``processor_config.json``."""


def build_repository(facts: Facts, twin_folder: Path) -> dict[str, bytes]:
    """The files of a repository by path. Missing twins are built in ``twin_folder``."""
    files = dict.fromkeys(facts.extra, b"nothing that anybody fetches")
    if facts.pipeline:
        files["model_index.json"] = _json({"_class_name": facts.pipeline, "_diffusers_version": "0.32.0"})
    for name, part in facts.parts.items():
        if is_file(name):
            files[name] = _file(name, part, facts, twin_folder)
            continue
        source = twins.build(part.twin or facts.twin, twin_folder) / (name if part.source is None else part.source)
        folder = "" if name == "." else f"{name}/"
        files |= {f"{folder}{file}": content for file, content in _part(source, part)}
    return files


def _part(source: Path, part: Part) -> Iterator[tuple[str, bytes]]:
    for name in part.files:
        yield name, _small(source, name, part)
    if not part.stem:
        return
    from safetensors.torch import save

    weights = _cast(source, part)
    names, total = part.weight_files, sum(tensor.nbytes for tensor in weights.values())
    place = {tensor: names[number % len(names)] for number, tensor in enumerate(sorted(weights))}
    for file in names:
        yield file, save({name: tensor for name, tensor in weights.items() if place[name] == file}, {"format": "pt"})
    if part.index_file:
        yield part.index_file, _json({"metadata": {"total_size": total}, "weight_map": place})


def _file(name: str, part: Part, facts: Facts, twin_folder: Path) -> bytes:
    """A single weights file, in either format."""
    from safetensors.torch import save

    twin = part.twin or facts.twin
    if not twin:
        return packed.writer(part.architecture)
    source = twins.build(twin, twin_folder) / (part.source or name)
    if part.architecture:
        return packed.painter(_read(source), part.architecture)
    if part.dtype == "float8_e4m3fn":
        weights = as_makers_name_flux2(_read(source)) if twin == "flux.2-dev" else _read(source)
        return save(shrunk(weights, part.scale, part.mark))
    return save(_cast(source, part))


def _cast(source: Path, part: Part) -> "dict[str, torch.Tensor]":
    """A twin's weights in the precision of the real ones."""
    import torch

    dtype = getattr(torch, part.dtype or "")
    weights = _read(source)
    return {name: tensor.to(dtype) if tensor.is_floating_point() else tensor for name, tensor in weights.items()}


def _read(source: Path) -> "dict[str, torch.Tensor]":
    from safetensors.torch import load_file

    files = [source] if source.is_file() else sorted(source.glob("*.safetensors"))
    return {name: tensor for file in files for name, tensor in load_file(file).items()}


def _small(source: Path, name: str, part: Part) -> bytes:
    """A small file as in the real repository, converted from the twin's, which newer libraries write differently."""
    if name == "scheduler_config.json":
        return _json(part.config)
    if name == "config.json":
        said = json.loads((source / name).read_text())
        return _json(said | part.config | ({"dtype": part.dtype} if "dtype" in said else {}))
    if name in _PROCESSORS and not (source / name).exists() and (source / "processor_config.json").exists():
        every = json.loads((source / "processor_config.json").read_text())
        return _json(every[_PROCESSORS[name]] | {"processor_class": every["processor_class"]} | part.config)
    if name == "processor_config.json" and "preprocessor_config.json" in part.files:
        every = json.loads((source / name).read_text())
        return _json({key: value for key, value in every.items() if key not in _PROCESSORS.values()})
    if name == "tokenizer_config.json":
        return _tokenizer_config(source, part)
    if name == "chat_template.json":
        return _json({"chat_template": (source / "chat_template.jinja").read_text()})
    made = _of_tokenizer(source).get(name)
    return made or ((source / name).read_bytes() if (source / name).exists() else _json({}))


def _tokenizer_config(source: Path, part: Part) -> bytes:
    """Add special tokens if there is no ``tokenizer.json``, and the chat template if it has no file."""
    whole = "tokenizer.json" in part.files
    older = _of_tokenizer(source).get("config")
    config = json.loads((source / "tokenizer_config.json").read_bytes() if whole or older is None else older)
    template = source / "chat_template.jinja"
    if template.exists() and not any(name.startswith("chat_template") for name in part.files):
        config["chat_template"] = template.read_text()
    return _json(config)


@cache
def _of_tokenizer(source: Path) -> dict[str, bytes]:
    """A tokenizer's files in the older format: separate files for vocabulary, merges and special tokens."""
    if not (source / "tokenizer.json").exists():
        return {}
    whole = json.loads((source / "tokenizer.json").read_text())
    config = json.loads((source / "tokenizer_config.json").read_text())
    marks = {str(one["id"]): {k: v for k, v in one.items() if k != "id"} for one in whole["added_tokens"]}
    special: dict[str, Any] = {key: value for key, value in config.items() if key.endswith("_token") and value}
    special |= {"additional_special_tokens": config.get("extra_special_tokens", [])}
    older = {key: value for key, value in config.items() if key not in ("backend", "extra_special_tokens")}
    files = {
        "config": _json(older | special | {"added_tokens_decoder": marks}),
        "special_tokens_map.json": _json(special),
        "added_tokens.json": _json({one["content"]: one["id"] for one in whole["added_tokens"]}),
    }
    if whole["model"]["type"] == "BPE":
        merges = [" ".join(pair) for pair in whole["model"]["merges"]]
        files["merges.txt"] = "\n".join(["#version: 0.2", *merges, ""]).encode()
        files["vocab.json"] = _json(whole["model"]["vocab"])
    if whole["model"]["type"] == "Unigram":
        files["spiece.model"] = _sentencepiece(whole["model"]["vocab"], whole["model"]["unk_id"])
    return files


def _sentencepiece(vocab: list[tuple[str, float]], unknown: int) -> bytes:
    """A SentencePiece model of T5's pieces and scores."""
    from sentencepiece import sentencepiece_model_pb2 as proto

    special = {"<pad>": 3, "</s>": 3}  # control pieces
    pieces = [
        proto.ModelProto.SentencePiece(piece=piece, score=score, type=2 if id == unknown else special.get(piece, 1))
        for id, (piece, score) in enumerate(vocab)
        if not piece.startswith("<extra_id_")
    ]
    trainer = proto.TrainerSpec(model_type=1, unk_id=unknown, bos_id=-1, eos_id=1, pad_id=0)
    content: bytes = proto.ModelProto(pieces=pieces, trainer_spec=trainer).SerializeToString()
    return content


def _json(content: Any) -> bytes:
    return json.dumps(content, indent=2, ensure_ascii=False).encode()
