"""Language models in torch: a folder of safetensors or a GGUF file, in the matching class of transformers."""

from pathlib import Path
from typing import Any

from engines import torch_setup
from engines.host.context import Context
from engines.language.context_length import ContextLength
from engines.language.context_window import FittedConversation, FittedTurn
from engines.language.images import picture_for_model
from engines.language.stream_reporter import Finish, StreamReporter
from engines.language.token_streamer import streamer
from engines.memory import Component, Device
from engines.memory.component import Place, load_errors
from engines.requests.writing import Write
from engines.weights import gguf_header
from engines.weights.pretrained import Tokenizer, pretrained
from errors import StudioError

_FLOAT32 = 2
"""A conversation takes at most this many times the ``kv_bytes`` of ``ContextLength``, which assumes half precision."""


class GgufModel:
    """A GGUF file's weights as a torch module. They are dequantized, so it takes as much memory as the full model."""

    place: Place = "device"

    def __init__(self, path: Path, device: Device, note: str) -> None:
        parameters = int(gguf_header.header(path)["parameters"])
        self._dtype = device.dtype(2 * parameters) or "float16"
        self.key = f"{path}#{self._dtype}"
        self.bytes = parameters * (4 if self._dtype == "float32" else 2)
        self.note = note
        self._path = path

    def load(self, device: Device) -> Any:
        torch_setup.import_heavy("transformers")
        import torch
        from transformers import AutoModelForCausalLM

        with load_errors(self._path):
            model = AutoModelForCausalLM.from_pretrained(
                self._path.parent, gguf_file=self._path.name, dtype=getattr(torch, self._dtype), local_files_only=True
            )
        return model.to(device.torch).eval().requires_grad_(False)

    def drop(self, model: Any) -> None:
        model.to("meta")


class TextModel:
    """Turns text (and pictures) into model inputs: a GGUF file's tokenizer, or a model's processor."""

    place: Place = "host"

    def __init__(self, path: Path, note: str) -> None:
        self.key = f"{path}#words"
        self.note = f"{note}, vocabulary"
        self.bytes = 20_000_000
        self._path = path

    def load(self, device: Device) -> Any:
        torch_setup.import_heavy("transformers")
        from transformers import AutoProcessor, AutoTokenizer

        with load_errors(self._path):
            if self._path.is_file():
                return AutoTokenizer.from_pretrained(
                    self._path.parent, gguf_file=self._path.name, local_files_only=True
                )
            return AutoProcessor.from_pretrained(self._path, local_files_only=True)

    def drop(self, model: Any) -> None:
        pass  # freed with its last reference


def write(
    request: Write, conversation: FittedConversation, limits: ContextLength, context: Context, reporter: StreamReporter
) -> None:
    """Write an answer with the model's own chat template, word by word."""
    context.import_heavy("transformers")
    path, note = context.catalog.path(context.entry, "model"), context.entry.name
    words: Component
    network: Component
    if path.is_file():
        words, network = TextModel(path, note), GgufModel(path, context.device, note)
    else:
        words = TextModel(path, note) if limits.vision else Tokenizer(path, note)
        network = pretrained({"model": path}, context.device, note)["model"]
    working_bytes = _FLOAT32 * limits.kv_bytes * (conversation.tokens + conversation.answer)
    with context.lease(words, network, working_bytes=working_bytes) as (reader, model):
        reporter.started()
        _generate(request, conversation, limits, (reader, model), context, reporter)


def _generate(
    request: Write,
    conversation: FittedConversation,
    limits: ContextLength,
    models: tuple[Any, Any],
    context: Context,
    reporter: StreamReporter,
) -> None:
    import torch

    reader, model = models
    inputs = _inputs(reader, conversation.turns, limits.vision, request.thinking).to(model.device)
    prompt = int(inputs["input_ids"].shape[1])
    room = min(conversation.answer, limits.limit - prompt)
    if room < 1:
        raise StudioError(
            "too_long",
            f"The conversation has {prompt:,} tokens, but {context.entry.name} takes only {limits.limit:,}.",
            next="Shorten it, or choose a model with a longer context.",
            status=422,
        )
    tokenizer = getattr(reader, "tokenizer", reader)
    if tokenizer.decode(inputs["input_ids"][0, -8:]).rstrip().endswith("<think>"):
        reporter.thinks_first()
    stream = streamer(tokenizer, reporter, context)
    chance = {"do_sample": True, "temperature": request.temperature, "top_p": request.top_p, "top_k": 0}
    devices = [model.device] if model.device.type == "cuda" else []
    with torch.inference_mode(), torch.random.fork_rng(devices=devices):
        torch.manual_seed(request.seed or 0)
        output = model.generate(
            **inputs,
            max_new_tokens=room,
            streamer=stream,
            stopping_criteria=[lambda ids, scores, **more: reporter.looping],
            **(chance if request.temperature else {"do_sample": False}),
        )
    tokens = int(output.shape[1]) - prompt
    stops = model.generation_config.eos_token_id
    ended = int(output[0, -1]) in (stops if isinstance(stops, list) else [stops])
    finish: Finish = "repetition" if reporter.looping else "stop" if ended else "length"
    reporter.done(finish, tokens, prompt)


def _inputs(reader: Any, turns: tuple[FittedTurn, ...], vision: bool, thinking: bool) -> Any:
    """Return a conversation as model inputs; if the template has no system role, instructions join the first turn."""
    from jinja2 import TemplateError

    for attempt in (turns, _merged(turns)):
        try:
            return reader.apply_chat_template(
                [{"role": turn.role, "content": _content(turn) if vision else turn.text} for turn in attempt],
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
            break  # a base model continues the text
    text = "\n\n".join(turn.text for turn in turns)
    return getattr(reader, "tokenizer", reader)(text, return_tensors="pt", return_token_type_ids=False)


def _content(turn: FittedTurn) -> list[dict[str, Any]]:
    pictures = [{"type": "image", "image": picture_for_model(path)} for path in turn.pictures]
    return [*pictures, {"type": "text", "text": turn.text}]


def _merged(turns: tuple[FittedTurn, ...]) -> tuple[FittedTurn, ...]:
    system = tuple(part for turn in turns if turn.role == "system" for part in turn.parts)
    rest = [turn for turn in turns if turn.role != "system"]
    return (FittedTurn(rest[0].role, (*system, *rest[0].parts), rest[0].pictures), *rest[1:]) if rest else turns
