"""Language models in torch: a folder of safetensors or a GGUF file, in whatever class transformers has for it."""

from pathlib import Path
from typing import Any

from engines import runtime
from engines.context import Context
from engines.language import gguf
from engines.language.budget import Said, Talk
from engines.language.pictures import picture_for_model
from engines.language.sight import Sight
from engines.language.streaming import streamer
from engines.language.told import Telling
from engines.requests.writing import Write
from engines.swapper import Component, Device
from engines.swapper.component import Place, reading
from engines.swapper.pretrained import Tokenizer, pretrained
from errors import StudioError

_FLOAT32 = 2
"""How many times what ``Sight`` counts in half precision a conversation takes at most."""


class GgufModel:
    """A GGUF file's weights as a torch module. They are unpacked: it takes what the same model takes elsewhere."""

    place: Place = "device"

    def __init__(self, path: Path, device: Device, note: str) -> None:
        parameters = int(gguf.header(path)["parameters"])
        self._dtype = device.dtype(2 * parameters) or "float16"
        self.key = f"{path}#{self._dtype}"
        self.bytes = parameters * (4 if self._dtype == "float32" else 2)
        self.note = note
        self._path = path

    def load(self, device: Device) -> Any:
        runtime.heavy("transformers")
        import torch
        from transformers import AutoModelForCausalLM

        with reading(self._path):
            model = AutoModelForCausalLM.from_pretrained(
                self._path.parent, gguf_file=self._path.name, dtype=getattr(torch, self._dtype), local_files_only=True
            )
        return model.to(device.torch).eval().requires_grad_(False)

    def drop(self, model: Any) -> None:
        model.to("meta")


class Words:
    """What turns words (and pictures) into a model's numbers: the tokenizer in a GGUF file, or a model's processor."""

    place: Place = "host"

    def __init__(self, path: Path, note: str) -> None:
        self.key = f"{path}#words"
        self.note = f"{note}, vocabulary"
        self.bytes = 20_000_000
        self._path = path

    def load(self, device: Device) -> Any:
        runtime.heavy("transformers")
        from transformers import AutoProcessor, AutoTokenizer

        with reading(self._path):
            if self._path.is_file():
                return AutoTokenizer.from_pretrained(
                    self._path.parent, gguf_file=self._path.name, local_files_only=True
                )
            return AutoProcessor.from_pretrained(self._path, local_files_only=True)

    def drop(self, model: Any) -> None:
        pass  # it goes with its last reference


def write(request: Write, talk: Talk, sight: Sight, context: Context, telling: Telling) -> None:
    """Write with the model's own chat template, a word at a time."""
    context.heavy("transformers")
    path, note = context.catalog.path(context.entry, "model"), context.entry.name
    words: Component
    network: Component
    if path.is_file():
        words, network = Words(path, note), GgufModel(path, context.device, note)
    else:
        words = Words(path, note) if sight.vision else Tokenizer(path, note)
        network = pretrained({"model": path}, context.device, note)["model"]
    working_bytes = _FLOAT32 * sight.kv_bytes * (talk.tokens + talk.answer)
    with context.lease(words, network, working_bytes=working_bytes) as (reader, model):
        telling.began()
        _generate(request, talk, sight, (reader, model), context, telling)


def _generate(
    request: Write, talk: Talk, sight: Sight, models: tuple[Any, Any], context: Context, telling: Telling
) -> None:
    import torch

    reader, model = models
    inputs = _inputs(reader, talk.turns, sight.vision, request.thinking).to(model.device)
    prompt = int(inputs["input_ids"].shape[1])
    room = min(talk.answer, sight.limit - prompt)
    if room < 1:
        raise StudioError(
            "too_long",
            f"The conversation is {prompt:,} tokens; {context.entry.name} sees {sight.limit:,}.",
            next="Shorten it, or take a model that sees more.",
            status=422,
        )
    tokenizer = getattr(reader, "tokenizer", reader)
    if tokenizer.decode(inputs["input_ids"][0, -8:]).rstrip().endswith("<think>"):
        telling.thinks_first()
    stream = streamer(tokenizer, telling, context)
    chance = {"do_sample": True, "temperature": request.temperature, "top_p": request.top_p, "top_k": 0}
    devices = [model.device] if model.device.type == "cuda" else []
    with torch.inference_mode(), torch.random.fork_rng(devices=devices):
        torch.manual_seed(request.seed or 0)
        output = model.generate(
            **inputs,
            max_new_tokens=room,
            streamer=stream,
            **(chance if request.temperature else {"do_sample": False}),
        )
    tokens = int(output.shape[1]) - prompt
    stops = model.generation_config.eos_token_id
    ended = int(output[0, -1]) in (stops if isinstance(stops, list) else [stops])
    telling.done("stop" if ended else "length", tokens, prompt)


def _inputs(reader: Any, turns: tuple[Said, ...], vision: bool, thinking: bool) -> Any:
    """A conversation as the model's numbers. Where its template knows no instructions, the first question has them."""
    from jinja2 import TemplateError

    for told in (turns, _merged(turns)):
        try:
            return reader.apply_chat_template(
                [{"role": turn.role, "content": _content(turn) if vision else turn.text} for turn in told],
                add_generation_prompt=True,
                tokenize=True,
                return_dict=True,
                return_tensors="pt",
                enable_thinking=thinking,
            )
        except TemplateError:
            continue
        except ValueError as error:
            if "chat_template" not in str(error):
                raise
            break  # a model that was never taught to talk goes on from the text
    text = "\n\n".join(turn.text for turn in turns)
    return getattr(reader, "tokenizer", reader)(text, return_tensors="pt", return_token_type_ids=False)


def _content(turn: Said) -> list[dict[str, Any]]:
    pictures = [{"type": "image", "image": picture_for_model(path)} for path in turn.pictures]
    return [*pictures, {"type": "text", "text": turn.text}]


def _merged(turns: tuple[Said, ...]) -> tuple[Said, ...]:
    system = tuple(part for turn in turns if turn.role == "system" for part in turn.parts)
    rest = [turn for turn in turns if turn.role != "system"]
    return (Said(rest[0].role, (*system, *rest[0].parts), rest[0].pictures), *rest[1:]) if rest else turns
