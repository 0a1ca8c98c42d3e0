"""Recognize common unsupported formats, and say what to do instead."""

from pathlib import Path

from errors import StudioError

_PICTURE, _CLIP, _SOUND = "Export it as JPEG or PNG.", "Convert it to MP4 or MOV.", "Convert it to WAV or MP3."
_MARKS: tuple[tuple[int, bytes, str, str], ...] = (
    (0, b"8BPS", "Photoshop", _PICTURE),
    (0, b"\x76\x2f\x31\x01", "OpenEXR", _PICTURE),
    (0, b"SDPX", "DPX", _PICTURE),
    (0, b"XPDS", "DPX", _PICTURE),
    (0, b"\xff\x0a", "JPEG XL", _PICTURE),
    (4, b"JXL ", "JPEG XL", _PICTURE),
    (4, b"jP  ", "JPEG 2000", _PICTURE),
    (0, b"FUJIFILMCCD-RAW", "Fujifilm raw", _PICTURE),
    (8, b"crx ", "Canon raw", _PICTURE),
    (0, b"\x06\x0e\x2b\x34", "MXF", _CLIP),
    (0, b"\x30\x26\xb2\x75", "Windows Media", "Convert it to MP4, or to MP3 if it is a sound."),
    (0, b"FLV\x01", "Flash video", _CLIP),
    (0, b"\0\0\x01\xba", "MPEG program stream", _CLIP),
    (4, b"RED1", "Redcode", _CLIP),
    (4, b"RED2", "Redcode", _CLIP),
    (0, b".snd", "AU", _SOUND),
    (0, b"MThd", "MIDI", _SOUND),
    (0, b"\x0b\x77", "AC-3", _SOUND),
)


def name_refusal(path: Path, shown: str) -> StudioError | None:
    """Return the error for a file in a recognized unsupported format, else None. ``shown`` names the file."""
    with path.open("rb") as file:
        head = file.read(32)
    for at, mark, name, instead in _MARKS:
        if head[at : at + len(mark)] == mark:
            return StudioError("unknown_file", f"{shown}: {name} is not supported yet.", next=instead, status=415)
    return None
