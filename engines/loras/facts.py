"""What is known of a LoRA before any model sees it."""

from pydantic import BaseModel, ConfigDict


class LoraFacts(BaseModel):
    """What a file and its header say of a LoRA.

    ``triggers`` are the words it was trained to answer to; ``layout`` names the program in whose manner its parts are
    called; ``encoders`` says that it also changes how words are read; ``obstacle`` why it cannot be used here; ``note``
    what of it is left out where it can.
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
