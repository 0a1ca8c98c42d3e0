"""Sanitized generation settings from any program: plain texts and finite numbers of reasonable size."""

import math
from typing import Any

from pydantic import BaseModel, ConfigDict

PROMPT_LENGTH = 8000
_NAME_LENGTH = 200
_MOST_LORAS = 50


class ImportedLora(BaseModel):
    """The name and strength of a LoRA."""

    model_config = ConfigDict(frozen=True)

    name: str
    strength: float = 1.0


class ImportedFields(BaseModel):
    """The generation settings found in a picture. ``other`` holds names and values that a request has no field for;
    ``notes`` say what could not be read.
    """

    model_config = ConfigDict(frozen=True)

    prompt: str | None = None
    negative_prompt: str | None = None
    steps: float | None = None
    guidance: float | None = None
    seed: float | None = None
    width: float | None = None
    height: float | None = None
    model: str | None = None
    model_hash: str | None = None
    sampler: str | None = None
    loras: tuple[ImportedLora, ...] = ()
    other: tuple[tuple[str, str], ...] = ()
    notes: tuple[str, ...] = ()

    @classmethod
    def of(cls, **values: Any) -> "ImportedFields":
        """Build from any values of a file; a value of the wrong type counts as missing."""
        loras = [
            ImportedLora(name=base_name(name) or "?", strength=number(strength) or 0.0)
            for name, strength in values.get("loras") or ()
            if isinstance(name, str) and name.strip().lower() not in ("", "none")
        ]
        notes = [*(values.get("notes") or ())]
        if len(loras) > _MOST_LORAS:
            notes.append(f"{len(loras) - _MOST_LORAS} more LoRAs are not listed.")
        for name, title in (("prompt", "prompt"), ("negative_prompt", "negative prompt")):
            if isinstance(text := values.get(name), str) and len(text) > PROMPT_LENGTH:
                notes.append(f"The {title} is cut to its first {PROMPT_LENGTH:,} characters.")
        return cls(
            **{name: plain(values.get(name), PROMPT_LENGTH) or None for name in ("prompt", "negative_prompt")},
            **{name: number(values.get(name)) for name in ("steps", "guidance", "seed", "width", "height")},
            model=base_name(values.get("model")),
            model_hash=plain(values.get("model_hash")).lower() or None,
            sampler=plain(values.get("sampler")) or None,
            loras=tuple(loras[:_MOST_LORAS]),
            other=tuple((plain(name), plain(value)) for name, value in values.get("other") or ()),
            notes=tuple(notes),
        )


def number(value: Any) -> float | None:
    """Return a finite number, also from text; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        parsed = int(value) if isinstance(value, int) or str(value).strip().isdecimal() else float(value)
        return parsed if math.isfinite(parsed) and abs(parsed) < 2**63 else None
    except (ValueError, OverflowError):
        return None


def plain(value: Any, length: int = _NAME_LENGTH) -> str:
    """Return a text without control characters, with lone surrogates as U+FFFD; empty for anything else."""
    if not isinstance(value, str):
        return ""
    shown = "".join(letter for letter in value[:length] if letter in "\n\t" or ord(letter) >= 32)
    return shown.encode("utf-16", "surrogatepass").decode("utf-16", "replace").strip()


def base_name(value: Any) -> str | None:
    """Return a model's name without folder and suffix."""
    name = plain(value).replace("\\", "/").rpartition("/")[2]
    for suffix in (".safetensors", ".ckpt", ".gguf", ".sft", ".pt", ".bin"):
        if name.lower().endswith(suffix):
            name = name[: -len(suffix)]
    return name if name and name.lower() != "none" else None


def text_of(value: Any, *, big_endian: bool = False) -> str:
    """Decode a text in EXIF, with or without a character code prefix.

    ``big_endian`` is the byte order of the EXIF data. Programs write UTF-16 in either order, whatever EXIF's order is.
    """
    if isinstance(value, str):
        return value.replace("\0", "")
    if not isinstance(value, bytes):
        return ""
    code, text = value[:8], value[8:]
    if code == b"UNICODE\0":
        return _utf16(text, big_endian=big_endian)
    known = code in (b"ASCII\0\0\0", b"JIS\0\0\0\0\0", bytes(8))
    return (text if known else value).decode("utf-8", "replace").replace("\0", "")


def _utf16(text: bytes, *, big_endian: bool) -> str:
    """Decode UTF-16 in the byte order that gives generation settings, else in the given one."""
    if text[:2] in (b"\xfe\xff", b"\xff\xfe"):
        return text.decode("utf-16", "replace").replace("\0", "")
    orders = ("utf-16-be", "utf-16-le") if big_endian else ("utf-16-le", "utf-16-be")
    read = [text.decode(order, "replace").replace("\0", "") for order in orders]
    return next((one for one in read if "Steps:" in one or one.lstrip().startswith("{")), read[0])
