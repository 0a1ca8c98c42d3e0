"""Turn timed phrases into readable subtitles of at most two lines of 42 characters."""

import textwrap
from collections.abc import Iterable, Iterator

from engines.media.subtitles import Cue
from engines.speech.track import Span

LINE = 42
LINES = 2


def cues(words: Iterable[tuple[str, Span]]) -> Iterator[Cue]:
    """Yield one cue per phrase; a phrase too long for two lines becomes several, which share its time by length."""
    for text, span in words:
        lines = _lines(text)
        blocks = [lines[start : start + LINES] for start in range(0, len(lines), LINES)]
        letters = [sum(map(len, block)) for block in blocks]
        characters = 0
        for block, count in zip(blocks, letters, strict=True):
            start = _share(span, characters / sum(letters))
            characters += count
            yield Cue(start, _share(span, characters / sum(letters)), "\n".join(block))


def _share(span: Span, part: float) -> float:
    return span.start + (span.end - span.start) * part


def _lines(text: str) -> list[str]:
    """Wrap a text into as few lines as possible, of even length."""
    fewest = textwrap.wrap(text, LINE)
    widths = range(max(1, len(text) // max(1, len(fewest))), LINE)
    return next((lines for width in widths if len(lines := textwrap.wrap(text, width)) == len(fewest)), fewest)
