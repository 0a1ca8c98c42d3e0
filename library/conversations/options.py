"""The settings that a conversation keeps for its next request."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field, SerializerFunctionWrapHandler, ValidationError, model_serializer


class Options(BaseModel):
    """Settings for the next request; ``system`` are the instructions to the model.

    Unset values use the model's defaults; None resets a value of the conversation. The bounds are those of the
    request.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    model: str | None = Field(None, max_length=200)
    temperature: float | None = Field(None, ge=0, le=2)
    top_p: float | None = Field(None, gt=0, le=1)
    max_tokens: int | None = Field(None, ge=1, le=65_536)
    context: int | None = Field(None, ge=512, le=1_048_576)
    thinking: bool | None = None
    seed: int | None = Field(None, ge=0, le=2**32 - 1)
    system: str | None = Field(None, max_length=100_000)

    @model_serializer(mode="wrap")
    def _given(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Write only the values that are set."""
        written: dict[str, Any] = handler(self)
        return {name: written[name] for name in written if name in self.model_fields_set}


def stored_options(values: Any) -> Options:
    """Options stored by any version of the studio; values that are no longer valid are dropped."""
    given = values if isinstance(values, dict) else {}
    return Options(**{name: value for name, value in given.items() if _fits(name, value)})


def _fits(name: str, value: Any) -> bool:
    try:
        return name in Options.model_fields and bool(Options.model_validate({name: value}))
    except ValidationError:
        return False
