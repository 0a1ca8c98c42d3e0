"""The access token for gated models, stored in a file that only this user account can read, and never shown again."""

import os
import re
from pathlib import Path

from errors import StudioError

_SHAPE = re.compile(r"[\x21-\x7e]{8,300}")


def read(file: Path | None) -> str:
    """Return the saved token, else the token of Hugging Face's own tools, else an empty string."""
    try:
        if file and (token := file.read_text(encoding="ascii").strip()):
            return token
    except (OSError, ValueError):
        pass
    from huggingface_hub import get_token

    return get_token() or ""


def write(file: Path, token: str) -> None:
    """Save a token; an empty one removes the saved token. Raises StudioError bad_token if it has the wrong form."""
    token = token.strip()
    if not token:
        file.unlink(missing_ok=True)
        return
    if not _SHAPE.fullmatch(token):
        raise StudioError(
            "bad_token",
            "This is not a valid access token.",
            next="Copy the whole token from your Hugging Face account page. It starts with “hf_”.",
            status=422,
        )
    part = file.with_name(f"{file.name}.part")
    part.unlink(missing_ok=True)
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
        out.write(token)
    part.rename(file)
