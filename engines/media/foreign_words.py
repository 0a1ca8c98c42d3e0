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
    """What a picture says about its making. ``other`` is what has no place in a request: names and values."""

    model_config = ConfigDict(frozen=True)

    prompt: str | None = None
    negative_prompt: str | None = None
    steps: float | None = None
    guidance: float | None = None
    seed: float | None = None
    width: float | None = None
    height: float | None = None
    model: str | None = None
    sampler: str | None = None
    loras: tuple[Lora, ...] = ()
    other: tuple[tuple[str, str], ...] = ()

    @classmethod
    def of(cls, **said: Any) -> "Told":
        """From whatever a file holds: what is not of the kind that belongs there counts as not said."""
        loras = [
            Lora(name=base_name(name) or "?", strength=number(strength) or 0.0)
            for name, strength in (said.get("loras") or ())[:_MOST_LORAS]
            if isinstance(name, str) and name
        ]
        return cls(
            **{name: plain(said.get(name), PROMPT_LENGTH) or None for name in ("prompt", "negative_prompt")},
            **{name: number(said.get(name)) for name in ("steps", "guidance", "seed", "width", "height")},
            model=base_name(said.get("model")),
            sampler=plain(said.get("sampler")) or None,
            loras=tuple(loras),
            other=tuple((plain(name), plain(value)) for name, value in said.get("other") or ()),
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
    """A text without what cannot be shown or stored; empty for anything else."""
    if not isinstance(value, str):
        return ""
    shown = (letter for letter in value[:length] if letter in "\n\t" or ord(letter) >= 32)
    return "".join(shown).encode("utf-8", "replace").decode().strip()


def base_name(value: Any) -> str | None:
    """A model's name without folder and suffix."""
    name = plain(value).replace("\\", "/").rpartition("/")[2]
    for suffix in (".safetensors", ".ckpt", ".gguf", ".sft", ".pt", ".bin"):
        name = name.removesuffix(suffix)
    return name or None


def text_of(value: Any) -> str:
    """A text in EXIF: with one of the code names that EXIF knows in front, or without."""
    if isinstance(value, str):
        return value.replace("\0", "")
    if not isinstance(value, bytes):
        return ""
    code, text = value[:8], value[8:]
    if code == b"UNICODE\0":
        big = text[:1] == b"\0" or text[:2] == b"\xfe\xff"
        return text.decode("utf-16-be" if big else "utf-16-le", "replace").replace("\0", "").lstrip("\ufeff")
    known = code in (b"ASCII\0\0\0", b"JIS\0\0\0\0\0", bytes(8))
    return (text if known else value).decode("utf-8", "replace").replace("\0", "")
