"""How much of a prompt a model reads is told before it is loaded, for every model of the hub that cuts prompts."""

import pytest

from engines.catalog import SHIPPED, Entry, read
from engines.prompt_length import words_read

_MAKING = {"create_image", "change_image", "edit_image", "fill_image", "create_clip", "animate_image"}
_SHIPPED = map(read, sorted(SHIPPED.glob("*.yaml")))
ENTRIES = [entry for entry in _SHIPPED if _MAKING & set(entry.tasks) and not entry.sketch]
_ANY_LENGTH = {"qwen-image-edit", "qwen-image-2.1"}
"""The beginnings of those that read whatever is written."""


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.id)
@pytest.mark.parametrize("prompt", ["lion " * 20_000, "獅子在草原上奔跑，" * 2_000], ids=["English", "Chinese"])
def test_too_long_a_prompt_is_told_of(entry: Entry, prompt: str) -> None:
    told = words_read(prompt, entry)
    if any(entry.id.startswith(name) for name in _ANY_LENGTH):
        assert told is None
    else:
        assert told is not None
        assert 20 < told < 1024
    assert words_read("a lion in the grass", entry) is None
