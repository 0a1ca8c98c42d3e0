"""Views of recipes and their runs, for pages and scripts."""

import re
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from errors import Problem

RunState = Literal["going", "looking", "asking", "failed", "stopped", "done"]
StepState = Literal["open", "working", "done", "failed", "stale"]
MOST_STEPS = 20
RESULT_OF = re.compile(r"step:([1-9]\d?)")
"""A field value that refers to the result of a step."""


class View(BaseModel):
    """A frozen response."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Step(View):
    """One step: a request of the Image tab, in which ``step:2`` refers to the result of step 2 (in a field that takes
    no file: to that field's value there) and ``input:photograph`` to an input file of the run.

    Required fields may be left out: the run asks for them when it reaches the step. ``instead`` are alternative
    requests if no installed model can do the first; ``models`` the models to try, of which the first installed one is
    used. ``stop`` pauses the run after this step until the person has reviewed the result.
    """

    name: str = Field("", max_length=60)
    request: dict[str, Any]
    instead: tuple[dict[str, Any], ...] = Field((), max_length=5)
    models: tuple[str, ...] = Field((), max_length=20)
    stop: bool = True


class RecipeView(View):
    """A recipe: built in, or saved by a person (``mine``)."""

    id: str
    name: str
    use: str = ""
    steps: tuple[Step, ...]
    mine: bool = False


class StepView(View):
    """A step of a run: its state, its job, its results and the chosen one.

    ``asks`` lists the fields that must be filled in before it can run (``result`` if only an uploaded picture helps),
    ``note`` says which model is used instead of another.
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
    """A run: ``at`` is its current step, ``result`` the final asset once it is done, ``words`` a one-line status."""

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
