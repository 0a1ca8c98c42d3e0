"""What any program may say about the making of a picture, made safe: plain texts and finite numbers of a sane size."""

import math
from typing import Any

from pydantic import BaseModel, ConfigDict

PROMPT_LENGTH = 8000
_NAME_LENGTH = 200
_MOST_LORAS = 50


class Lora(BaseModel):
    """A small addition to a model, and how strongly it is mixed in."""

    model_config = ConfigDict(frozen=True)

    name: str
    strength: float = 1.0


class Told(BaseModel):
    """What a picture says about its making. ``other`` is what has no place in a request: names and values; ``notes``
    are sentences about what could not be read.
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
    loras: tuple[Lora, ...] = ()
    other: tuple[tuple[str, str], ...] = ()
    notes: tuple[str, ...] = ()

    @classmethod
    def of(cls, **said: Any) -> "Told":
        """From whatever a file holds: what is not of the kind that belongs there counts as not said."""
        loras = [
            Lora(name=base_name(name) or "?", strength=number(strength) or 0.0)
            for name, strength in said.get("loras") or ()
            if isinstance(name, str) and name.strip().lower() not in ("", "none")
        ]
        notes = [*(said.get("notes") or ())]
        if len(loras) > _MOST_LORAS:
            notes.append(f"{len(loras) - _MOST_LORAS} more LoRAs are not listed.")
        for name, title in (("prompt", "prompt"), ("negative_prompt", "negative prompt")):
            if isinstance(text := said.get(name), str) and len(text) > PROMPT_LENGTH:
                notes.append(f"The {title} is cut to its first {PROMPT_LENGTH:,} characters.")
        return cls(
            **{name: plain(said.get(name), PROMPT_LENGTH) or None for name in ("prompt", "negative_prompt")},
            **{name: number(said.get(name)) for name in ("steps", "guidance", "seed", "width", "height")},
            model=base_name(said.get("model")),
            model_hash=plain(said.get("model_hash")).lower() or None,
            sampler=plain(said.get("sampler")) or None,
            loras=tuple(loras[:_MOST_LORAS]),
            other=tuple((plain(name), plain(value)) for name, value in said.get("other") or ()),
            notes=tuple(notes),
        )


def number(value: Any) -> float | None:
    """A finite number, also one in words; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        found = int(value) if isinstance(value, int) or str(value).strip().isdecimal() else float(value)
        return found if math.isfinite(found) and abs(found) < 2**63 else None
    except (ValueError, OverflowError):
        return None


def plain(value: Any, length: int = _NAME_LENGTH) -> str:
    """A text without what cannot be shown or stored; empty for anything else. Half a letter becomes U+FFFD."""
    if not isinstance(value, str):
        return ""
    shown = "".join(letter for letter in value[:length] if letter in "\n\t" or ord(letter) >= 32)
    return shown.encode("utf-16", "surrogatepass").decode("utf-16", "replace").strip()


def base_name(value: Any) -> str | None:
    """A model's name without folder and suffix."""
    name = plain(value).replace("\\", "/").rpartition("/")[2]
    for suffix in (".safetensors", ".ckpt", ".gguf", ".sft", ".pt", ".bin"):
        if name.lower().endswith(suffix):
            name = name[: -len(suffix)]
    return name if name and name.lower() != "none" else None


def text_of(value: Any, *, big_endian: bool = False) -> str:
    """A text in EXIF: with one of the code names that EXIF knows in front, or without.

    ``big_endian`` is the byte order of the EXIF itself. Programs write UTF-16 in either, whatever EXIF's order is.
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
    """UTF-16 in the order in which it says how a picture was made; else in the given one."""
    if text[:2] in (b"\xfe\xff", b"\xff\xfe"):
        return text.decode("utf-16", "replace").replace("\0", "")
    orders = ("utf-16-be", "utf-16-le") if big_endian else ("utf-16-le", "utf-16-be")
    read = [text.decode(order, "replace").replace("\0", "") for order in orders]
    return next((one for one in read if "Steps:" in one or one.lstrip().startswith("{")), read[0])
