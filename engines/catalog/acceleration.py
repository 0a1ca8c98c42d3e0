"""Ways to speed up a model, apart from how its weights are stored."""

from pydantic import BaseModel, ConfigDict, Field


class Acceleration(BaseModel):
    """The accelerations that an entry's model supports; those that a device or plan cannot use are skipped.

    ``attention`` is diffusers' name of an attention backend, for GPUs (empty: torch's default). ``first_block_cache``
    is the threshold of the First Block Cache (0: off); a higher value reuses the previous step's results more often.
    ``compile`` compiles the repeated blocks of the denoiser, on GPUs.
    Source: diffusers' guides on attention backends, caching and regional compilation.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    attention: str = ""
    first_block_cache: float = Field(default=0, ge=0, le=1)
    compile: bool = False
