"""Every setting of the studio, once: its flag, environment variable (``C41_…``), type, default and meaning."""

import re
import sys
from collections.abc import Mapping
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Annotated, Any, Literal, NoReturn, get_args

from pydantic import AfterValidator, Field, HttpUrl, ValidationError
from pydantic_settings import BaseSettings, CliSettingsSource, SettingsConfigDict


def _address(value: str | None) -> str | None:
    """A web address as browsers write it, without a slash at its end; None for none. Raises ValueError."""
    if not value:
        return None
    try:
        url = HttpUrl(value)
    except ValidationError as error:
        raise ValueError("this is no web address: write it like https://studio.example.org") from error
    if url.path != "/":
        raise ValueError("the studio needs a host name of its own: leave out the path behind it")
    if url.username or url.password or url.query is not None or url.fragment is not None:
        raise ValueError("only http or https, a host and a port may stand there: https://studio.example.org")
    return str(url).rstrip("/")


def _duration(value: str) -> str:
    """A length of time as Ollama reads it. Raises ValueError."""
    if not re.fullmatch(r"-1|0|(\d+(ms|s|m|h))+", value):
        raise ValueError("use 30s, 5m or 1h30m; 0 unloads at once, -1 keeps it loaded")
    return value


def _networks(value: str) -> tuple[IPv4Network | IPv6Network, ...]:
    """Addresses and networks with commas between them. Raises ValueError."""
    parts = [part.strip() for part in value.split(",") if part.strip()]
    try:
        return tuple(ip_network(part, strict=False) for part in parts)
    except ValueError as error:
        raise ValueError("write addresses or networks, not names: 127.0.0.1,172.16.0.0/12") from error


def _proxies(value: str) -> str:
    """A list of addresses and networks as it was written. Raises ValueError."""
    _networks(value)
    return value


_KINDS: dict[Any, str] = {int: "a whole number", float: "a number", bool: "true or false"}
_BOUNDS = {"gt": "more than", "ge": "at least", "le": "at most"}


class Settings(BaseSettings):
    """C41 Studio: an AI studio for a small film company, on its own machine.

    Every flag is also an environment variable: --device-memory-gb is C41_DEVICE_MEMORY_GB.
    """

    model_config = SettingsConfigDict(
        env_prefix="C41_",
        frozen=True,
        extra="forbid",
        allow_inf_nan=False,
        cli_prog_name="python app.py",
        cli_kebab_case=True,
        cli_implicit_flags=True,
        cli_hide_none_type=True,
        cli_avoid_json=True,
    )

    host: str = Field(
        "127.0.0.1",
        description="Address to listen on. “lan” lets the phones and computers of the house in, over https.",
    )
    port: int = Field(7860, ge=1, le=65535, description="Port to listen on.")
    base_url: Annotated[
        str | None,
        AfterValidator(_address),
        Field(
            description="Address that people open the studio at, like https://studio.example.org. Every link is built "
            "from it, and only its own pages may change things. Default: the address that each request was sent to."
        ),
    ] = None
    data: Path = Field(
        Path("~/.local/share/c41"), description="Folder of everything people make: database, files, secrets."
    )
    starter: Path | None = Field(
        None, description="Folder of the starter models. Default: the folder 'starter' in the data folder."
    )
    engine: Literal["inprocess", "process"] | None = Field(
        None,
        description="Where models run: in this process, or in a supervised child process a device. "
        "Default: inprocess; process where there are several GPUs.",
    )
    device_memory_gb: float | None = Field(
        None, gt=0, description="Most device memory the models may take, in GB. Default: what the device has."
    )
    idle_minutes: float = Field(
        15, ge=0, description="Minutes without use after which a model leaves memory. 0 keeps models for ever."
    )
    threads: int | None = Field(
        None, ge=1, description="Processor threads the models may use. Default: one for each core."
    )
    model_folders: str = Field(
        "~/ComfyUI,~/stable-diffusion-webui,~/models",
        description="Folders of this machine that the owner may take models and LoRAs from by their path, with commas.",
    )
    max_upload_mb: int = Field(4096, ge=1, description="Largest file a person may bring in, in MB.")
    keep_free_mb: int = Field(
        512, ge=0, description="Disk space that is always left free, in MB. Jobs that would eat into it wait."
    )
    ollama_url: str = Field(
        "http://127.0.0.1:11434",
        repr=False,
        description="Address of an Ollama server to write with, on this machine or in your network. "
        "It may hold a name and password: http://name:password@server.",
    )
    ollama_key: str | None = Field(
        None, repr=False, description="Key that the Ollama server asks for (sent as a bearer token). Default: none."
    )
    ollama_keep_alive: Annotated[
        str,
        AfterValidator(_duration),
        Field(
            description="How long a model stays in Ollama's memory after its last answer: 30s, 5m, 1h30m; "
            "0 not at all, -1 forever."
        ),
    ] = "5m"
    ollama_stall_seconds: float = Field(
        120, gt=0, description="Seconds without a word after which an answer of Ollama that has begun is given up."
    )
    ollama_shares_card: bool | None = Field(
        None,
        description="Whether Ollama takes its memory from this machine, so that the two make room for each other. "
        "Default: yes where its address is this machine.",
    )
    session_days: float = Field(14, gt=0, description="Days after which a sign-in ends.")
    trusted_proxies: Annotated[
        str,
        AfterValidator(_proxies),
        Field(
            description="Addresses or networks (172.16.0.0/12) of reverse proxies whose X-Forwarded-* headers are "
            "believed, with commas."
        ),
    ] = "127.0.0.1,::1"
    metrics_token: str | None = Field(
        None, description="Bearer token that may read /metrics from elsewhere. Default: loopback only."
    )
    oidc_issuer: str | None = Field(
        None,
        description="Address of an identity provider (OpenID Connect) that people may sign in with. Default: none.",
    )
    oidc_client_id: str = Field("c41-studio", description="What the identity provider calls this studio.")
    oidc_client_secret: str | None = Field(
        None,
        repr=False,
        description="What the studio proves itself with there. Default: the file secrets/oidc in the data folder.",
    )
    oidc_name: str = Field("your company account", description="What the sign-in page calls the identity provider.")
    oidc_allow: Literal["added", "named", "everyone"] = Field(
        "added",
        description="Who may come in through it. added: those who linked their account, or whose e-mail the owner "
        "noted. named: also whoever has the name of somebody here there. everyone: also strangers, as new members.",
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info",
        description="How much the log tells, at the terminal and in files of 5 MB in logs/ of the data folder.",
    )

    @property
    def proxies(self) -> tuple[IPv4Network | IPv6Network, ...]:
        """``trusted_proxies`` as networks; a single address is one of its own."""
        return _networks(self.trusted_proxies)

    @property
    def folders_of_models(self) -> tuple[Path, ...]:
        """``model_folders`` as paths."""
        return tuple(Path(part.strip()) for part in self.model_folders.split(",") if part.strip())


def from_command_line(args: list[str] | None = None) -> Settings:
    """Read the settings from flags, then environment, then defaults; exits with a message when one is wrong."""
    try:
        return Settings(_cli_settings_source=CliSettingsSource(Settings, cli_parse_args=True if args is None else args))
    except ValidationError as error:
        _refuse(error)


def from_environment() -> Settings:
    """Read the settings from environment, then defaults; exits with a message when one is wrong."""
    try:
        return Settings()
    except ValidationError as error:
        _refuse(error)


def _refuse(error: ValidationError) -> NoReturn:
    """Say of each setting that is wrong what it must be, and exit with 2, as for an unknown flag."""
    for wrong in error.errors():
        name = str(wrong["loc"][0])
        flag, value = name.replace("_", "-"), re.sub(r"//[^/@]*@", "//…@", " ".join(str(wrong["input"]).split())[:80])
        print(f"C41_{name.upper()} (--{flag}) cannot be “{value}”: {_requirement(name, wrong)}.", file=sys.stderr)
    sys.exit(2)


def _requirement(name: str, wrong: Mapping[str, Any]) -> str:
    """What the value of a setting must be, in words."""
    field, context = Settings.model_fields[name], wrong.get("ctx", {})
    if "error" in context:
        return str(context["error"])
    if "expected" in context:
        return "it must be " + str(context["expected"]).replace("'", "")
    types = (field.annotation, *get_args(field.annotation))
    kind = next((words for type, words in _KINDS.items() if type in types), "another kind of value")
    rules = ((rule, sign) for rule in field.metadata for sign in _BOUNDS if hasattr(rule, sign))
    return ", ".join([f"it must be {kind}", *(f"{_BOUNDS[sign]} {getattr(rule, sign)}" for rule, sign in rules)])
