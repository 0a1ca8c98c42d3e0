"""Every setting of the studio: its flag, environment variable (``C41_…``), type, default and meaning."""

import re
import sys
from collections.abc import Mapping
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Annotated, Any, Literal, NoReturn, get_args

from pydantic import AfterValidator, Field, HttpUrl, ValidationError
from pydantic_settings import BaseSettings, CliSettingsSource, SettingsConfigDict


def _address(value: str | None) -> str | None:
    """Return a normalized URL without a trailing slash; None if empty. Raises ValueError."""
    if not value:
        return None
    try:
        url = HttpUrl(value)
    except ValidationError as error:
        raise ValueError("this is not a web address; write it like https://studio.example.org") from error
    if url.path != "/":
        raise ValueError("the studio needs its own host name; leave out the path")
    if url.username or url.password or url.query is not None or url.fragment is not None:
        raise ValueError("it may only have http or https, a host and a port, like https://studio.example.org")
    return str(url).rstrip("/")


def _duration(value: str) -> str:
    """Return a duration in Ollama's format. Raises ValueError."""
    if not re.fullmatch(r"-1|0|(\d+(ms|s|m|h))+", value):
        raise ValueError("use 30s, 5m or 1h30m; 0 unloads the model at once, -1 keeps it loaded")
    return value


def _networks(value: str) -> tuple[IPv4Network | IPv6Network, ...]:
    """Parse comma-separated addresses and networks. Raises ValueError."""
    parts = [part.strip() for part in value.split(",") if part.strip()]
    try:
        return tuple(ip_network(part, strict=False) for part in parts)
    except ValueError as error:
        raise ValueError("use addresses or networks, not names, like 127.0.0.1,172.16.0.0/12") from error


def _proxies(value: str) -> str:
    """Return a list of addresses and networks unchanged. Raises ValueError if it is invalid."""
    _networks(value)
    return value


def _country(value: str) -> str:
    """Return an ISO 3166 country code in capitals; empty stays empty. Raises ValueError."""
    code = value.strip().upper()
    if code and not re.fullmatch(r"[A-Z]{2}", code):
        raise ValueError("use the two letters of a country, like DE")
    return "GB" if code == "UK" else code


_KINDS: dict[Any, str] = {int: "a whole number", float: "a number", bool: "true or false"}
_BOUNDS = {"gt": "more than", "ge": "at least", "le": "at most"}


class Settings(BaseSettings):
    """C41 Studio: an AI studio for a small film company, on its own computer.

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
        description="Address to listen on. “lan” lets devices on your network connect, over https.",
    )
    port: int = Field(7860, ge=1, le=65535, description="Port to listen on.")
    base_url: Annotated[
        str | None,
        AfterValidator(_address),
        Field(
            description="Address people open the studio at, like https://studio.example.org. Links are built from it, "
            "and requests from pages at other addresses are refused. Default: the address of each request."
        ),
    ] = None
    data: Path = Field(
        Path("~/.local/share/c41"), description="Folder for everything people make: database, files, secrets."
    )
    starter: Path | None = Field(
        None, description="Folder of the starter models. Default: 'starter' in the data folder."
    )
    engine: Literal["inprocess", "process"] | None = Field(
        None,
        description="Where models run: in this process (inprocess), or in one supervised child process per device "
        "(process). Default: inprocess; process with several GPUs.",
    )
    device_memory_gb: float | None = Field(
        None, gt=0, description="Maximum device memory for models, in GB. Default: all the device has."
    )
    idle_minutes: float = Field(
        15, ge=0, description="Minutes without use after which a model is unloaded. 0 keeps models loaded."
    )
    threads: int | None = Field(None, ge=1, description="CPU threads for models. Default: one per core.")
    model_folders: str = Field(
        "~/ComfyUI,~/stable-diffusion-webui,~/models",
        description="Folders of this computer from which the owner may add models and LoRAs by path, comma-separated.",
    )
    country: Annotated[
        str,
        AfterValidator(_country),
        Field(
            description="Country the studio is in, as two letters, like DE. Models whose license is not valid there "
            "are refused. If empty, models whose license excludes countries are never chosen automatically."
        ),
    ] = ""
    max_upload_mb: int = Field(4096, ge=1, description="Largest file a person may upload, in MB.")
    keep_free_mb: int = Field(512, ge=0, description="Disk space to keep free, in MB. Jobs that would need it wait.")
    ollama_url: str = Field(
        "http://127.0.0.1:11434",
        repr=False,
        description="Address of an Ollama server for Writing, on this computer or on your network. "
        "It may contain a name and password: http://name:password@server.",
    )
    ollama_key: str | None = Field(
        None, repr=False, description="Key for the Ollama server, sent as a bearer token. Default: none."
    )
    ollama_keep_alive: Annotated[
        str,
        AfterValidator(_duration),
        Field(
            description="How long a model stays in Ollama's memory after its last answer: 30s, 5m, 1h30m; "
            "0 unloads it at once, -1 keeps it loaded."
        ),
    ] = "5m"
    ollama_stall_seconds: float = Field(
        120, gt=0, description="Seconds without new text after which the studio gives up on an answer from Ollama."
    )
    ollama_shares_card: bool | None = Field(
        None,
        description="Whether Ollama runs on this computer, so that Ollama and the studio free memory for each "
        "other. Default: yes if its address is this computer.",
    )
    session_days: float = Field(14, gt=0, description="Days after which people have to sign in again.")
    trusted_proxies: Annotated[
        str,
        AfterValidator(_proxies),
        Field(
            description="Addresses or networks (172.16.0.0/12) of reverse proxies whose X-Forwarded-* headers are "
            "trusted, comma-separated."
        ),
    ] = "127.0.0.1,::1"
    metrics_token: str | None = Field(
        None, description="Bearer token for reading /metrics from other computers. Default: only from this computer."
    )
    oidc_issuer: str | None = Field(
        None,
        description="Address of an identity provider (OpenID Connect) people can sign in with. Default: none.",
    )
    oidc_client_id: str = Field("c41-studio", description="Client ID of this studio at the identity provider.")
    oidc_client_secret: str | None = Field(
        None,
        repr=False,
        description="Client secret of this studio there. Default: the file secrets/oidc in the data folder.",
    )
    oidc_name: str = Field("your company account", description="Name of the identity provider on the sign-in page.")
    oidc_allow: Literal["added", "named", "everyone"] = Field(
        "added",
        description="Who may sign in with the identity provider. added: people who linked their account or whose email "
        "the owner entered. named: also people with the same user name there and here. everyone: also new people, as "
        "members.",
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info",
        description="Level of detail of the log, in the terminal and in the data folder's logs/ (files of 5 MB).",
    )

    @property
    def proxies(self) -> tuple[IPv4Network | IPv6Network, ...]:
        """``trusted_proxies`` as networks; a single address becomes a network of one."""
        return _networks(self.trusted_proxies)

    @property
    def folders_of_models(self) -> tuple[Path, ...]:
        """``model_folders`` as paths."""
        return tuple(Path(part.strip()) for part in self.model_folders.split(",") if part.strip())


def from_command_line(args: list[str] | None = None) -> Settings:
    """Read the settings from flags, environment and defaults, in this order; exit with a message if one is invalid."""
    try:
        return Settings(_cli_settings_source=CliSettingsSource(Settings, cli_parse_args=True if args is None else args))
    except ValidationError as error:
        _refuse(error)


def from_environment() -> Settings:
    """Read the settings from environment and defaults, in this order; exit with a message if one is invalid."""
    try:
        return Settings()
    except ValidationError as error:
        _refuse(error)


def _refuse(error: ValidationError) -> NoReturn:
    """Print what is required for each invalid setting, and exit with status 2, as for an unknown flag."""
    for wrong in error.errors():
        name = str(wrong["loc"][0])
        flag, value = name.replace("_", "-"), re.sub(r"//[^/@]*@", "//…@", " ".join(str(wrong["input"]).split())[:80])
        print(f"C41_{name.upper()} (--{flag}): invalid value “{value}”: {_requirement(name, wrong)}.", file=sys.stderr)
    sys.exit(2)


def _requirement(name: str, wrong: Mapping[str, Any]) -> str:
    """Return what the value of a setting must be, in words."""
    field, context = Settings.model_fields[name], wrong.get("ctx", {})
    if "error" in context:
        return str(context["error"])
    if "expected" in context:
        return "it must be " + str(context["expected"]).replace("'", "")
    types = (field.annotation, *get_args(field.annotation))
    kind = next((words for type, words in _KINDS.items() if type in types), "another kind of value")
    rules = ((rule, sign) for rule in field.metadata for sign in _BOUNDS if hasattr(rule, sign))
    return ", ".join([f"it must be {kind}", *(f"{_BOUNDS[sign]} {getattr(rule, sign)}" for rule, sign in rules)])
