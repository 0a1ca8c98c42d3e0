"""Parse what people paste to name a hub model: its name, or the address of its page or of one of its files."""

import re
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

from engines.hub.client import host
from errors import StudioError

_HOSTS = ("huggingface.co", "www.huggingface.co", "hf.co", "www.hf.co")
_COMMAND = re.compile(r"^(?:ollama (?:run|pull) |(?:hf|huggingface-cli) download )", re.IGNORECASE)


class Address(NamedTuple):
    """``owner/name``, and the file and revision that the address names; each is empty if it names none."""

    repo: str
    file: str = ""
    revision: str = ""


def read(text: str) -> Address:
    """Parse ``owner/name``, ``hf.co/owner/name``, a page, ``…/tree/main``, ``…/blob/main/FILE`` and the like.

    Text that is not an address is returned unchanged; the hub rejects it. Raises StudioError other_site (422) for an
    address on another website.
    """
    text = _COMMAND.sub("", text.strip().strip("\"'<>").strip())
    try:
        parts = urlsplit(text if "://" in text else f"https://{text}")
    except ValueError:
        return Address(text)
    known = parts.netloc.lower() in (*_HOSTS, host().lower())
    if parts.scheme in ("http", "https") and "://" in text and not known:
        raise _other_site(parts.hostname or text)
    path = parts.path if known else text if "://" not in text else ""
    steps = [unquote(step) for step in path.split("?")[0].split("#")[0].split("/") if step]
    if not steps:
        return Address(text)
    if steps[0] == "models":
        steps = steps[1:]
    if len(steps) > 3 and steps[2] in ("blob", "resolve", "raw", "tree"):
        file = "" if steps[2] == "tree" else "/".join(steps[4:])
        return Address("/".join(steps[:2]), file, steps[3])
    return Address("/".join(steps[:2] if known else steps).partition(":")[0])


def _other_site(name: str) -> StudioError:
    return StudioError(
        "other_site",
        f"The studio cannot download from {name[:80]}.",
        f"It only downloads from {host()}.",
        "Download the file in your browser, then add it under “A file”.",
        status=422,
    )


def read_main(text: str) -> Address:
    """Parse like ``read``, but accept only the main branch. Raises StudioError other_revision, other_site (422)."""
    meant = read(text)
    if meant.revision not in ("", "main"):
        raise StudioError(
            "other_revision",
            f"This address points to the branch “{meant.revision[:80]}”.",
            "LoRAs are only downloaded from the main branch.",
            "Paste the address of the file on the main branch.",
            status=422,
        )
    return meant
