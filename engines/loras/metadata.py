"""Read a LoRA's header: name, trigger words, base model and sample picture."""

import base64
import binascii
import io
import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from PIL.Image import Image

_MOST_TRIGGERS = 4
_LONGEST = 80
_TRIGGER_KEYS = ("modelspec.trigger_phrase", "trigger_word", "trigger_words", "trigger", "instance_prompt")
_TITLES = ("modelspec.title", "ss_output_name", "name", "title")
_BASES = ("ss_sd_model_name", "ss_base_model", "base_model", "modelspec.base_model", "ss_base_model_version")
_NO_NAME = re.compile(
    r"^(pytorch_lora_weights|adapter_model|lora|model|last|final|weights|checkpoint)?([-_ ]?\d+)?$", re.IGNORECASE
)
_COMMON = frozenset(
    ("1girl", "1boy", "solo", "woman", "man", "girl", "boy", "person", "people", "photo", "photograph", "portrait")
) | {"image", "picture", "looking at viewer", "simple background", "white background", "background", "realistic"}
"""Common tags that are not trigger words."""
_NEARLY_ALL = 0.9
_MOST_PICTURE = 4 * 2**20


def title(metadata: Mapping[str, str], file_name: str) -> str:
    """Return a LoRA's name: the file's name, or the header's title if the file has a generic name."""
    if not _NO_NAME.match(file_name):
        return file_name
    values = (metadata.get(key, "").strip() for key in _TITLES)
    return next((one[:200] for one in values if one and not _NO_NAME.match(one)), file_name)


def base_model(metadata: Mapping[str, str]) -> str:
    """Return the trainer's name for the base model, or an empty string."""
    values = (metadata.get(key, "").strip() for key in _BASES)
    name = next((one for one in values if one and one != "None"), "")
    return name.replace("\\", "/").rpartition("/")[2][:120] if name.startswith(("/", "\\", ".")) else name[:120]


def triggers(metadata: Mapping[str, str]) -> tuple[str, ...]:
    """Return the trigger words: those in the header, else the tags of (nearly) all training pictures."""
    for key in _TRIGGER_KEYS:
        if named := [one for one in map(_clean, re.split(r"[,;\n]", metadata.get(key, ""))) if one]:
            return tuple(dict.fromkeys(named))[:_MOST_TRIGGERS]
    named = [_clean(str(one)) for one in _configured(metadata)]
    return tuple(dict.fromkeys(one for one in named if one))[:_MOST_TRIGGERS] or _counted(metadata)


def picture(metadata: Mapping[str, str]) -> "Image | None":
    """Return the sample picture in the header, or None."""
    from PIL import Image

    match = re.match(r"^data:image/(jpeg|png|webp);base64,", text := metadata.get("modelspec.thumbnail", ""))
    if match is None or len(text) > _MOST_PICTURE:
        return None
    try:
        content = base64.b64decode(text[match.end() :], validate=True)
        image = Image.open(io.BytesIO(content), formats=("JPEG", "PNG", "WEBP"))
        return image.convert("RGB") if image.width * image.height <= 16_000_000 else None
    except (binascii.Error, OSError, ValueError, Image.DecompressionBombError):
        return None


def _clean(text: str) -> str:
    words = " ".join(text.split()).strip("\"'")
    return words if len(words) <= _LONGEST and words.isprintable() else ""


def _configured(metadata: Mapping[str, str]) -> Iterator[Any]:
    """Yield the trigger word from a trainer's settings (ai-toolkit)."""
    for key in ("training_info", "config", "ss_config", "lora_adapter_metadata"):
        settings = _json(metadata.get(key, ""))
        if isinstance(settings, dict) and isinstance(word := settings.get("trigger_word"), str):
            yield word


def _counted(metadata: Mapping[str, str]) -> tuple[str, ...]:
    """Return the tags of nearly all pictures in a folder (kohya counts tags by folder), else the folder's name."""
    frequency = _json(metadata.get("ss_tag_frequency", ""))
    folders = _json(metadata.get("ss_dataset_dirs", ""))
    if not isinstance(frequency, dict):
        return ()
    words: list[str] = []
    for folder, tags in frequency.items():
        counts = Counter({str(tag).strip(): n for tag, n in _items(tags) if isinstance(n, int) and n > 0})
        about = folders.get(folder) if isinstance(folders, dict) else None
        pictures = about.get("img_count") if isinstance(about, dict) else None
        least = _NEARLY_ALL * (
            pictures if isinstance(pictures, int) and pictures > 0 else max(counts.values(), default=1)
        )
        usual = [tag for tag, n in counts.most_common(50) if n >= least and tag.lower() not in _COMMON and _clean(tag)]
        words += usual[:2] or [name for name in [_of_folder(str(folder))] if name]
    return tuple(dict.fromkeys(words))[:_MOST_TRIGGERS]


def _of_folder(folder: str) -> str:
    """Return the words of a kohya folder name such as ``10_mara woman`` (repeats, then words)."""
    named = re.match(r"^\d+_(.+)$", folder)
    return _clean(named[1]) if named and named[1].lower() not in _COMMON | {"img", "dataset", "images"} else ""


def _items(tags: Any) -> list[tuple[Any, Any]]:
    return list(tags.items()) if isinstance(tags, dict) else []


def _json(text: str) -> Any:
    try:
        return json.loads(text) if text else None
    except (ValueError, RecursionError):
        return None
