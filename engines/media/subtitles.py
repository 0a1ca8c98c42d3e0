"""Subtitles as SRT."""

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from engines import wire
from engines.media.files import written


class Cue(NamedTuple):
    """A line of subtitles and when it shows, in seconds."""

    start: float
    end: float
    text: str


def srt(cues: Sequence[Cue]) -> str:
    """Cues as the text of an SRT file."""
    blocks = (
        f"{number}\n{_time(cue.start)} --> {_time(cue.end)}\n{_text(cue.text)}\n" for number, cue in enumerate(cues, 1)
    )
    return "\n".join(blocks)


def save_subtitles(cues: Sequence[Cue], path: Path, provenance: dict[str, Any]) -> wire.ResultFile:
    """Write an SRT file. The format has no place for its making: that is kept with the asset alone."""
    content = srt(cues)
    with written(path) as part:
        part.write_text(content, encoding="utf-8")
    return wire.ResultFile(
        file=path.name,
        kind="subtitles",
        mime="application/x-subrip",
        seconds=cues[-1].end if cues else 0,
        content_sha256=hashlib.sha256(content.encode()).hexdigest(),
        provenance=provenance,
    )


def _time(seconds: float) -> str:
    milliseconds = max(0, round(seconds * 1000))
    minutes, milliseconds = divmod(milliseconds, 60_000)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}:{minutes:02}:{milliseconds // 1000:02},{milliseconds % 1000:03}"


def _text(text: str) -> str:
    """A blank line would end the cue, an arrow would start one."""
    return "\n".join(line.strip() for line in text.splitlines() if line.strip()).replace("-->", "→")
