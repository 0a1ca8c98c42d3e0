"""Fit a conversation into a model's context window, or say what does not fit."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from engines.language.context_length import ContextLength
from engines.language.token_count import estimate
from engines.media.documents import READABLE, read_document
from engines.protocol import Input
from engines.requests.writing import Turn, Write
from errors import StudioError

_A_TURN = 8
"""Tokens that a chat template adds to each message."""
_LETTERS_A_TOKEN = 16
"""Upper bound of letters per token, except for runs of spaces; words have about four."""
_A_PICTURE = 1200
"""Tokens that a picture takes in most vision models."""


@dataclass(frozen=True)
class TurnPart:
    """A piece of a message as the model gets it. ``name`` is empty for the message's own text; ``exact`` is true if its
    tokens were counted, not estimated.
    """

    text: str
    tokens: int
    name: str = ""
    kind: str = ""
    exact: bool = True


@dataclass(frozen=True)
class FittedTurn:
    """A message as the model gets it: its files' texts, then its own text, and its ``pictures``."""

    role: Literal["system", "user", "assistant"]
    parts: tuple[TurnPart, ...]
    pictures: tuple[Path, ...] = ()

    @property
    def tokens(self) -> int:
        return _A_TURN + sum(part.tokens for part in self.parts) + _A_PICTURE * len(self.pictures)

    @property
    def text(self) -> str:
        return "\n\n".join(part.text for part in self.parts)


@dataclass(frozen=True)
class FittedConversation:
    """A conversation that fits into ``window`` tokens, of which ``answer`` are left for the answer.

    ``left_out`` counts the oldest messages that did not fit; ``files_left_out`` names the files attached to them.
    """

    turns: tuple[FittedTurn, ...]
    tokens: int
    window: int
    answer: int
    left_out: int = 0
    files_left_out: tuple[str, ...] = ()


def fit_conversation(
    request: Write, model: str, limits: ContextLength, files: Mapping[str, Input]
) -> FittedConversation:
    """Return the conversation as the model named ``model`` gets it, without its oldest messages if it is too long.

    Raises StudioError: ``blind_model`` for pictures that the model cannot see, ``wrong_kind``, ``too_long``, or one of
    ``read_document``.
    """
    limit = min(limits.limit, request.context or limits.limit)
    counter = _Counter(limits, limit)
    turns = [_fit_turn(turn, model, limits, counter, files) for turn in reversed(request.messages)][::-1]
    reserve = min(request.max_tokens, max(64, limit // 4))
    room = limit - reserve
    indexes = [index for index, turn in enumerate(turns) if turn.role == "system" or index >= _newest(turns)]
    used = sum(turns[index].tokens for index in indexes)
    if used > room:
        raise _too_long(model, limit, room, [turns[index] for index in indexes])
    for index in reversed(range(_newest(turns))):
        if turns[index].role == "system":
            continue
        if used + turns[index].tokens > room:
            break
        used += turns[index].tokens
        indexes.append(index)
    if (
        indexes and len(indexes) < len(turns) and turns[indexes[-1]].role == "assistant"
    ):  # an answer without its question
        used -= turns[indexes.pop()].tokens
    out = [turn for index, turn in enumerate(turns) if index not in indexes]
    window = request.context or _window(used + request.max_tokens, limit, limits.window)
    return FittedConversation(
        turns=tuple(turns[index] for index in sorted(indexes)),
        tokens=used,
        window=min(window, limit),
        answer=min(request.max_tokens, min(window, limit) - used),
        left_out=len(out),
        files_left_out=tuple(part.name for turn in out for part in turn.parts if part.name),
    )


def _newest(turns: list[FittedTurn]) -> int:
    """Return the index of the newest question."""
    return max((index for index, turn in enumerate(turns) if turn.role == "user"), default=len(turns) - 1)


def _window(tokens: int, limit: int, smallest: int) -> int:
    """Return a window in tokens. It grows by doubling, so that a loaded model serves talks of similar length."""
    window = smallest
    while window < tokens:
        window *= 2
    return min(window, limit)


class _Counter:
    """Counts the tokens of a conversation, newest text first, until they clearly exceed the limit; then it estimates.

    Counting a text that is far too long would take longer than any answer.
    """

    def __init__(self, limits: ContextLength, limit: int) -> None:
        self._limits = limits
        self._letters = limit * _LETTERS_A_TOKEN

    def part(self, text: str, name: str = "", kind: str = "") -> TurnPart:
        """Return a text as a part of a message."""
        self._letters -= len(text)
        if self._letters < 0:
            return TurnPart(text, estimate(text), name, kind, exact=False)
        return TurnPart(text, self._limits.count(text), name, kind, self._limits.exact)


def _fit_turn(
    turn: Turn, model: str, limits: ContextLength, counter: _Counter, files: Mapping[str, Input]
) -> FittedTurn:
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
                f"A language model cannot read “{file.title}”.",
                "It can read text files, PDFs, ZIP files of code, and pictures.",
                "Remove the file from the message.",
                status=422,
            )
    if pictures and not limits.vision:
        raise StudioError(
            "blind_model",
            f"{model} cannot see pictures.",
            f"The message has {len(pictures)} pictures." if len(pictures) > 1 else "The message has a picture.",
            "Choose a vision model, or remove the picture from the message.",
            status=422,
        )
    return FittedTurn(turn.role, (*parts, counter.part(turn.text)), tuple(pictures))


def _too_long(model: str, limit: int, room: int, turns: list[FittedTurn]) -> StudioError:
    """Return the error for a conversation that cannot be shortened. It names the largest piece."""
    largest = max((part for turn in turns for part in turn.parts), key=lambda part: part.tokens)
    what = f"The {largest.kind} “{largest.name}”" if largest.name else "The message"
    about = "" if largest.exact else "about "
    return StudioError(
        "too_long",
        f"{what} has {about}{largest.tokens:,} tokens, but {model} takes only {limit:,}.",
        f"{room:,} of these are for the conversation, the rest is for the answer.",
        "Attach only a part of it, or choose a model with a longer context."
        if largest.name
        else "Shorten it, or choose a model with a longer context.",
        status=422,
    )
