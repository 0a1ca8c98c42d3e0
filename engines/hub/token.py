"""The access token for gated models: kept in one file for this account alone, never shown again."""

import os
import re
from pathlib import Path

from errors import StudioError

_SHAPE = re.compile(r"[\x21-\x7e]{8,300}")


def read(file: Path | None) -> str:
    """The token kept here; else the one that Hugging Face's own tools keep; else nothing."""
    try:
        if file and (kept := file.read_text(encoding="ascii").strip()):
            return kept
    except (OSError, ValueError):
        pass
    from huggingface_hub import get_token

    return get_token() or ""


def write(file: Path, token: str) -> None:
    """Keep a token; an empty one forgets it. Raises StudioError bad_token for what cannot be one."""
    token = token.strip()
    if not token:
        file.unlink(missing_ok=True)
        return
    if not _SHAPE.fullmatch(token):
        raise StudioError(
            "bad_token",
            "That is no access token.",
            next="Copy it whole from your account's page: it begins with “hf_”.",
            status=422,
        )
    part = file.with_name(f"{file.name}.part")
    part.unlink(missing_ok=True)
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
        out.write(token)
    part.rename(file)
