"""Fits a conversation into what a model sees at once, or says what of it does not fit."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from engines.language.counting import estimate
from engines.language.sight import Sight
from engines.media.documents import READABLE, read_document
from engines.requests.writing import Turn, Write
from engines.wire import Input
from errors import StudioError

_A_TURN = 8
"""Tokens that a template writes around a message."""
_LETTERS_A_TOKEN = 16
"""No text has more of them, but for one of spaces: words have about four."""
_A_PICTURE = 1200
"""Tokens a picture is to most models that see."""


@dataclass(frozen=True)
class Part:
    """A piece of a message as the model gets it. ``name`` is empty for the words themselves; ``exact`` says that its
    tokens were counted, not estimated.
    """

    text: str
    tokens: int
    name: str = ""
    kind: str = ""
    exact: bool = True


@dataclass(frozen=True)
class Said:
    """A message as the model gets it: its files' texts, then its words; ``pictures`` go beside."""

    role: Literal["system", "user", "assistant"]
    parts: tuple[Part, ...]
    pictures: tuple[Path, ...] = ()

    @property
    def tokens(self) -> int:
        return _A_TURN + sum(part.tokens for part in self.parts) + _A_PICTURE * len(self.pictures)

    @property
    def text(self) -> str:
        return "\n\n".join(part.text for part in self.parts)


@dataclass(frozen=True)
class Talk:
    """A conversation that fits: ``window`` tokens are to be seen at once, ``answer`` of them are left for the answer.

    ``left_out`` counts the oldest messages that did not fit, ``files_left_out`` names what was attached to them.
    """

    turns: tuple[Said, ...]
    tokens: int
    window: int
    answer: int
    left_out: int = 0
    files_left_out: tuple[str, ...] = ()


def talk(request: Write, model: str, sight: Sight, files: Mapping[str, Input]) -> Talk:
    """The conversation as the model named ``model`` gets it; the oldest messages go where it is too long.

    Raises StudioError: ``blind_model`` for pictures it cannot see, ``wrong_kind``, ``too_long`` naming what does not
    fit and what to do, or as reading a document does.
    """
    limit = min(sight.limit, request.context or sight.limit)
    counter = _Counter(sight, limit)
    turns = [_said(turn, model, sight, counter, files) for turn in reversed(request.messages)][::-1]
    reserve = min(request.max_tokens, max(64, limit // 4))
    room = limit - reserve
    kept = [index for index, turn in enumerate(turns) if turn.role == "system" or index >= _newest(turns)]
    used = sum(turns[index].tokens for index in kept)
    if used > room:
        raise _too_long(model, limit, room, [turns[index] for index in kept])
    for index in reversed(range(_newest(turns))):
        if turns[index].role == "system":
            continue
        if used + turns[index].tokens > room:
            break
        used += turns[index].tokens
        kept.append(index)
    if kept and len(kept) < len(turns) and turns[kept[-1]].role == "assistant":  # an answer to nothing
        used -= turns[kept.pop()].tokens
    out = [turn for index, turn in enumerate(turns) if index not in kept]
    window = request.context or _window(used + request.max_tokens, limit, sight.window)
    return Talk(
        turns=tuple(turns[index] for index in sorted(kept)),
        tokens=used,
        window=min(window, limit),
        answer=min(request.max_tokens, min(window, limit) - used),
        left_out=len(out),
        files_left_out=tuple(part.name for turn in out for part in turn.parts if part.name),
    )


def _newest(turns: list[Said]) -> int:
    """Where the newest question begins."""
    return max((index for index, turn in enumerate(turns) if turn.role == "user"), default=len(turns) - 1)


def _window(tokens: int, limit: int, smallest: int) -> int:
    """Windows grow by doubling, so that the same loaded model serves conversations of about the same length."""
    window = smallest
    while window < tokens:
        window *= 2
    return min(window, limit)


class _Counter:
    """Counts the texts of a conversation, the newest first, as long as the model could see them at all.

    Counting what is far too long would take longer than any answer: from there on it is estimated.
    """

    def __init__(self, sight: Sight, limit: int) -> None:
        self._sight = sight
        self._letters = limit * _LETTERS_A_TOKEN

    def part(self, text: str, name: str = "", kind: str = "") -> Part:
        """A text as a part of a message."""
        self._letters -= len(text)
        if self._letters < 0:
            return Part(text, estimate(text), name, kind, exact=False)
        return Part(text, self._sight.count(text), name, kind, self._sight.exact)


def _said(turn: Turn, model: str, sight: Sight, counter: _Counter, files: Mapping[str, Input]) -> Said:
    parts, pictures = [], []
    for id in turn.attachments:
        file = files[id]
        if file.facts.kind == "image":
            pictures.append(Path(file.path))
        elif file.facts.kind in READABLE:
            document = read_document(Path(file.path), file.facts.mime, file.title)
            text = f"The file “{file.title}”:\n\n{document.text}"
            parts.append(counter.part(text, file.title, document.noun))
        else:
            raise StudioError(
                "wrong_kind",
                f"“{file.title}” cannot be read by a language model.",
                "Texts, PDFs, zips of code and pictures can.",
                "Take it off the message.",
                status=422,
            )
    if pictures and not sight.vision:
        raise StudioError(
            "blind_model",
            f"{model} cannot see pictures.",
            f"{len(pictures)} attached." if len(pictures) > 1 else "One is attached.",
            "Take a model that sees, or take the picture off the message.",
            status=422,
        )
    return Said(turn.role, (*parts, counter.part(turn.text)), tuple(pictures))


def _too_long(model: str, limit: int, room: int, turns: list[Said]) -> StudioError:
    """The sentence for what can be left out of nothing: it names the largest piece."""
    largest = max((part for turn in turns for part in turn.parts), key=lambda part: part.tokens)
    what = f"The {largest.kind} “{largest.name}”" if largest.name else "The message"
    about = "" if largest.exact else "about "
    return StudioError(
        "too_long",
        f"{what} is {about}{largest.tokens:,} tokens; {model} sees {limit:,}.",
        f"{room:,} of them are for the question, the rest is for the answer.",
        "Attach a part of it, or take a model that sees more."
        if largest.name
        else "Shorten it, or take another model.",
        status=422,
    )
