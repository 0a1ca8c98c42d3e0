"""Errors of invalid values: a plain sentence, never the validator's own text."""

from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from engines.requests import parse
from engines.requests.base import AssetId
from errors import StudioError, reason


class Form(BaseModel):
    model_config = ConfigDict(extra="forbid")

    id: AssetId = "a" * 32
    number: int = 1
    share: Annotated[float, Field(ge=0, lt=1)] = 0
    kind: Literal["a", "b"] = "a"
    names: Annotated[tuple[str, ...], Field(max_length=1)] = ()
    flag: bool = False
    even: int = 0

    @field_validator("even")
    @classmethod
    def _even(cls, value: int) -> int:
        if value % 2:
            raise ValueError("Only even numbers are taken.")
        return value


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("id", "x", "It must be an id: 32 digits and letters from a to f."),
        ("id", 3, "Text is expected."),
        ("number", "many", "A whole number is expected."),
        ("number", 1.5, "A whole number is expected."),
        ("share", "x", "A number is expected."),
        ("share", -1, "It must be 0 or more."),
        ("share", 1, "It must be less than 1."),
        ("kind", "c", "It must be 'a' or 'b'."),
        ("names", 1, "A list is expected."),
        ("names", ["a", "b"], "It must have 1 entries or fewer."),
        ("flag", "perhaps", "true or false is expected."),
        ("even", 3, "Only even numbers are taken."),
        ("odd", 3, "There is no such field."),
    ],
)
def test_an_invalid_value_is_explained_plainly(field: str, value: Any, sentence: str) -> None:
    with pytest.raises(ValidationError) as refused:
        Form.model_validate({field: value})
    assert reason(refused.value.errors()[0]) == sentence


def test_scripts_see_field_names_and_people_titles() -> None:
    with pytest.raises(StudioError, match="Fill in “Text to read aloud” first"):
        parse({"task": "speak", "text": ""})
    with pytest.raises(StudioError, match="“text” is empty"):
        parse({"task": "speak", "text": ""}, titled=False)
    with pytest.raises(StudioError, match="Invalid value for “scale”"):
        parse({"task": "upscale_image", "image": "a" * 32, "scale": "big"}, titled=False)
