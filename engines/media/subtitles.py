"""Write subtitles as SRT."""

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from engines import protocol
from engines.media.files import write_atomically


class Cue(NamedTuple):
    """A subtitle with its start and end in seconds."""

    start: float
    end: float
    text: str


def srt(cues: Sequence[Cue]) -> str:
    """Return cues as the text of an SRT file."""
    blocks = (
        f"{number}\n{_time(cue.start)} --> {_time(cue.end)}\n{_text(cue.text)}\n" for number, cue in enumerate(cues, 1)
    )
    return "\n".join(blocks)


def save_subtitles(cues: Sequence[Cue], path: Path, provenance: dict[str, Any]) -> protocol.ResultFile:
    """Write an SRT file. The format has no place for the provenance, so only the asset has it."""
    content = srt(cues)
    with write_atomically(path) as part:
        part.write_text(content, encoding="utf-8")
    return protocol.ResultFile(
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
    """Remove what would end or start a cue: blank lines and arrows."""
    return "\n".join(line.strip() for line in text.splitlines() if line.strip()).replace("-->", "→")
