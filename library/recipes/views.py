"""What is said about recipes and their runs, to pages and scripts alike."""

import re
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from errors import Problem

RunState = Literal["going", "looking", "asking", "failed", "stopped", "done"]
StepState = Literal["open", "working", "done", "failed", "stale"]
MOST_STEPS = 20
RESULT_OF = re.compile(r"step:([1-9]\d?)")
"""What stands in a field for the result of a step."""


class View(BaseModel):
    """A frozen answer."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Step(View):
    """One step: a request of the Image tab, in which ``step:2`` stands for what step 2 made (in a field that takes no
    file: for what that field says there) and ``input:photograph`` for a file that the run is given.

    Fields that a request cannot do without may be left out: the run asks for them when it comes there. ``instead`` are
    other requests, for machines where no model does the first; ``models`` whom to ask, the first that is installed.
    ``stop`` waits with the result until somebody has looked at it.
    """

    name: str = Field("", max_length=60)
    request: dict[str, Any]
    instead: tuple[dict[str, Any], ...] = Field((), max_length=5)
    models: tuple[str, ...] = Field((), max_length=20)
    stop: bool = True


class RecipeView(View):
    """A recipe: the studio's own, or one that a person keeps (``mine``)."""

    id: str
    name: str
    use: str = ""
    steps: tuple[Step, ...]
    mine: bool = False


class StepView(View):
    """A step of a run: how it stands, the job that does it, its results and the one that counts.

    ``asks`` names the fields somebody must fill in before it can be done (``result`` where only a picture brought in
    helps), ``note`` says which model was taken in place of another.
    """

    number: int
    name: str
    task: str
    request: dict[str, Any]
    models: tuple[str, ...]
    stop: bool
    looked: bool
    state: StepState
    job_id: str | None = None
    assets: tuple[str, ...] = ()
    asset_id: str | None = None
    asks: tuple[str, ...] = ()
    note: str = ""
    problem: Problem | None = None


class RunView(View):
    """A run: ``at`` is the step it is at, ``result`` what it made once it is done, ``words`` the whole situation."""

    id: str
    recipe: str
    name: str
    project_id: str | None
    state: RunState
    at: int
    words: str
    steps: tuple[StepView, ...]
    result: str | None = None
    created_at: float
    updated_at: float
