"""A truncated prompt is reported before the model is loaded, for every hub model that truncates prompts."""

import pytest

from engines.catalog import Entry, shipped
from engines.prompt_length import words_that_fit

_MAKING = {"create_image", "change_image", "edit_image", "fill_image", "create_clip", "animate_image", "edit_clip"}
ENTRIES = [
    entry for entry in shipped.entries() if _MAKING & set(entry.tasks) and entry.takes_prompt and not entry.sketch
]
_ANY_LENGTH = {"qwen-image-edit", "qwen-image-2.1"}
"""Id prefixes of models that never truncate."""


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.id)
@pytest.mark.parametrize("prompt", ["lion " * 20_000, "獅子在草原上奔跑，" * 2_000], ids=["English", "Chinese"])
def test_a_too_long_prompt_is_reported(entry: Entry, prompt: str) -> None:
    told = words_that_fit(prompt, entry)
    if any(entry.id.startswith(name) for name in _ANY_LENGTH):
        assert told is None
    else:
        assert told is not None
        assert 20 < told < 1024
    assert words_that_fit("a lion in the grass", entry) is None
