"""What an engine is told when it starts: the settings it needs, and nothing of the rest."""

import json
import os
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from engines.ollama_address import OllamaAddress, read_address

_SECRETS = "C41_ENGINE_SECRETS"


class EngineConfig(BaseModel):
    """Where models lie and how much they may take. Travels to a child as JSON, but for its ``secrets``.

    ``catalog`` is the folder of the user's own entries, beside those that ship with the studio.
    ``memory_bytes`` None means what the device has; ``idle_seconds`` 0 keeps models for ever.
    ``device_index`` is the graphics card, where there are several. ``hub_token`` is the file of the access token for
    gated models; ``logs`` the folder that child processes write their logs to. ``ollama_keep_alive`` is how long a
    model stays in the memory of the Ollama server after its last answer, in Ollama's own words (``5m``, ``-1`` for
    ever); ``ollama_stall_seconds`` how long nothing may come within an answer; ``ollama_shares_card`` whether its
    models take memory of this machine (None: where its address is here).
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
    logs: Path | None = None
    ollama_url: str = Field("http://127.0.0.1:11434", exclude=True, repr=False)
    ollama_key: str = Field("", exclude=True, repr=False)
    ollama_keep_alive: str = "5m"
    ollama_stall_seconds: float = 120
    ollama_shares_card: bool | None = None

    @property
    def ollama(self) -> OllamaAddress:
        """Where the Ollama server answers."""
        return read_address(self.ollama_url, self.ollama_key)

    @property
    def ollama_shares_memory(self) -> bool:
        """Whether the Ollama server and the studio take their memory from the same machine."""
        return self.ollama.is_here if self.ollama_shares_card is None else self.ollama_shares_card

    def environment(self) -> dict[str, str]:
        """The environment of a child: what a list of processes must not show goes there."""
        secrets = {"ollama_url": self.ollama_url, "ollama_key": self.ollama_key}
        return {**os.environ, _SECRETS: json.dumps(secrets)}

    @classmethod
    def of_child(cls, text: str) -> "EngineConfig":
        """The configuration of this child: from its command line, and from its environment."""
        return cls.model_validate({**json.loads(text), **json.loads(os.environ.pop(_SECRETS, "{}"))})
