"""Phrases and when they are heard, as subtitles a person can read: at most two lines of 42 characters."""

import textwrap
from collections.abc import Iterable, Iterator

from engines.media.subtitles import Cue
from engines.speech.track import Span

LINE = 42
LINES = 2


def cues(heard: Iterable[tuple[str, Span]]) -> Iterator[Cue]:
    """A cue a phrase; a phrase too long for two lines becomes several, its time shared by their letters."""
    for text, span in heard:
        lines = _lines(text)
        blocks = [lines[start : start + LINES] for start in range(0, len(lines), LINES)]
        letters = [sum(map(len, block)) for block in blocks]
        spoken = 0
        for block, count in zip(blocks, letters, strict=True):
            start = _share(span, spoken / sum(letters))
            spoken += count
            yield Cue(start, _share(span, spoken / sum(letters)), "\n".join(block))


def _share(span: Span, part: float) -> float:
    return span.start + (span.end - span.start) * part


def _lines(text: str) -> list[str]:
    """As few lines as will do, as even as they can be."""
    fewest = textwrap.wrap(text, LINE)
    widths = range(max(1, len(text) // max(1, len(fewest))), LINE)
    return next((lines for width in widths if len(lines := textwrap.wrap(text, width)) == len(fewest)), fewest)
