"""What an engine is told when it starts: the settings it needs, and nothing of the rest."""

from pathlib import Path

from pydantic import BaseModel, ConfigDict


class EngineConfig(BaseModel):
    """Where models lie and how much they may take. Travels to a child as JSON.

    ``catalog`` is the folder of the user's own entries, beside those that ship with the studio.
    ``memory_bytes`` None means what the device has; ``idle_seconds`` 0 keeps models for ever.
    ``device_index`` is the graphics card, where there are several. ``hub_token`` is the file of the access token for
    gated models. ``ollama_keep_alive`` is how long a model stays
    in the memory of the Ollama server after its last answer, in Ollama's own words (``5m``, ``-1`` for ever).
    """

    model_config = ConfigDict(frozen=True)

    starter: Path
    catalog: Path
    memory_bytes: int | None = None
    idle_seconds: float = 900
    threads: int | None = None
    keep_free_bytes: int = 512 * 2**20
    device_index: int = 0
    hub_token: Path | None = None
    ollama_url: str = "http://127.0.0.1:11434"
    ollama_keep_alive: str = "5m"
