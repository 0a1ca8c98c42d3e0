"""What a refused value is told: a plain sentence, never the validator's own words."""

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
        ("id", "x", "It takes an id: 32 digits and letters from a to f."),
        ("id", 3, "It takes text."),
        ("number", "many", "It takes a whole number."),
        ("number", 1.5, "It takes a whole number."),
        ("share", "x", "It takes a number."),
        ("share", -1, "It is 0 or more."),
        ("share", 1, "It is less than 1."),
        ("kind", "c", "It is 'a' or 'b'."),
        ("names", 1, "It takes a list."),
        ("names", ["a", "b"], "It has 1 entries or fewer."),
        ("flag", "perhaps", "It takes true or false."),
        ("even", 3, "Only even numbers are taken."),
        ("odd", 3, "There is no such field."),
    ],
)
def test_a_refused_value_is_told_plainly(field: str, value: Any, sentence: str) -> None:
    with pytest.raises(ValidationError) as refused:
        Form.model_validate({field: value})
    assert reason(refused.value.errors()[0]) == sentence


def test_a_script_reads_the_names_of_fields_a_person_their_titles() -> None:
    with pytest.raises(StudioError, match="“What should be said\\?” is empty"):
        parse({"task": "speak", "text": ""})
    with pytest.raises(StudioError, match="“text” is empty"):
        parse({"task": "speak", "text": ""}, titled=False)
    with pytest.raises(StudioError, match="“scale” cannot be that"):
        parse({"task": "upscale_image", "image": "a" * 32, "scale": "big"}, titled=False)
