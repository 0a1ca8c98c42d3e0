"""Facts about a LoRA, known before any model uses it."""

from pydantic import BaseModel, ConfigDict


class LoraFacts(BaseModel):
    """Facts from a LoRA's file and header.

    ``triggers`` are its trigger words; ``layout`` names the program whose naming scheme it uses; ``encoders`` is true
    if it also changes a text encoder; ``obstacle`` says why it cannot be used; ``note`` says which parts are ignored.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    name: str = ""
    triggers: tuple[str, ...] = ()
    rank: int | None = None
    base_model: str = ""
    layout: str = ""
    encoders: bool = False
    obstacle: str = ""
    note: str = ""
