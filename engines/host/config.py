"""The settings that an engine gets when it starts: only those it needs."""

import json
import os
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from engines.ollama_address import OllamaAddress, read_address

_SECRETS = "C41_ENGINE_SECRETS"


class EngineConfig(BaseModel):
    """Where models are stored and how much memory they may use. Sent to a child process as JSON, without the secrets.

    ``catalog`` is the folder of the user's own entries, in addition to those that ship with the studio.
    ``memory_bytes`` None means all memory of the device; ``idle_seconds`` 0 keeps models loaded forever.
    ``device_index`` selects the GPU if there are several. ``hub_token`` is the file with the access token for gated
    models; ``logs`` is the folder that child processes write their logs to. ``ollama_keep_alive`` is how long the
    Ollama server keeps a model in memory after its last answer, in Ollama's notation (``5m``; ``-1`` for forever);
    ``ollama_stall_seconds`` is how long an answer may pause; ``ollama_shares_card`` says whether its models use memory
    of this computer (None: if its address is local).
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
        """The address of the Ollama server."""
        return read_address(self.ollama_url, self.ollama_key)

    @property
    def ollama_shares_memory(self) -> bool:
        """Whether the Ollama server and the studio use the memory of the same computer."""
        return self.ollama.is_here if self.ollama_shares_card is None else self.ollama_shares_card

    def environment(self) -> dict[str, str]:
        """Return the environment of a child, including secrets that must not appear in a process list."""
        secrets = {"ollama_url": self.ollama_url, "ollama_key": self.ollama_key}
        return {**os.environ, _SECRETS: json.dumps(secrets)}

    @classmethod
    def of_child(cls, text: str) -> "EngineConfig":
        """Return the configuration of this child, from its command line and its environment."""
        return cls.model_validate({**json.loads(text), **json.loads(os.environ.pop(_SECRETS, "{}"))})
