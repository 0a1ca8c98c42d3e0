"""Runs of recipes in the database, and their changes: jobs that end, people who decide."""

import time
from collections.abc import Mapping, Sequence
from typing import Literal

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from auth.accounts.principal import Principal
from errors import Problem, StudioError, not_found
from library.recipes.tables import Run, RunStep
from library.recipes.views import RESULT_OF, RunState, RunView, Step, StepView
from library.rows import whole_rows, whole_views
from library.tables import Asset

PAGE = 100


def find(session: Session, who: Principal, run_id: str) -> Run:
    """One of the person's runs. Raises StudioError not_found."""
    run = session.get(Run, run_id)
    if run is None or run.owner_id != who.user_id:
        raise not_found("run")
    return run


def steps_of(session: Session, run: Run) -> list[RunStep]:
    """The steps of a run, in order."""
    return list(session.scalars(select(RunStep).where(RunStep.run_id == run.id).order_by(RunStep.number)))


def step_of(session: Session, run: Run, number: int) -> RunStep:
    """One step of a run. Raises StudioError not_found."""
    step = session.get(RunStep, (run.id, number)) if 0 < number < 1000 else None
    if step is None:
        raise not_found("step")
    return step


def page(session: Session, who: Principal) -> list[RunView]:
    """The person's runs, the most recently active first."""
    query = select(Run).where(Run.owner_id == who.user_id).order_by(Run.updated_at.desc()).limit(PAGE)
    return list(whole_views(whole_rows(session, Run, query), lambda run: view(session, run)))


def going(session: Session) -> list[str]:
    """The runs that continue automatically."""
    return list(session.scalars(select(Run.id).where(Run.state == "going")))


def write(session: Session, run: Run, steps: Sequence[Step], results: Mapping[int, str]) -> None:
    """Write a new run; ``results`` are assets to use as the results of steps."""
    run.created_at = run.updated_at = time.time()
    session.add(run)
    session.flush()
    for number, step in enumerate(steps, 1):
        given = results.get(number)
        session.add(
            RunStep(
                run_id=run.id,
                number=number,
                spec=step.model_dump(mode="json"),
                state="done" if given else "open",
                assets=[given] if given else [],
                asset_id=given,
                looked=given is not None,  # the person chose it, so it needs no review
            )
        )
    session.flush()


def set_state(session: Session, run_id: str, state: RunState, number: int = 0, /, **values: object) -> None:
    """Set the state of a run, and new values of its step ``number``."""
    session.execute(update(Run).where(Run.id == run_id).values(state=state, updated_at=time.time()))
    if number:
        here = (RunStep.run_id == run_id, RunStep.number == number)
        session.execute(update(RunStep).where(*here).values(**values))


def step_ended(
    session: Session, job_id: str, how: Literal["done", "failed", "cancelled"], error: Problem | None
) -> str | None:
    """Write the outcome of a step's job, in the transaction that ends the job. Returns the run to continue, if any.

    Results of all steps but the last are marked as intermediate.
    """
    step = session.scalar(select(RunStep).where(RunStep.job_id == job_id, RunStep.state == "working"))
    if step is None:
        return None
    run = session.get_one(Run, step.run_id)
    finished = run.state == "done"  # the person has accepted an earlier result
    if how != "done":
        state: RunState = "done" if finished else "failed" if how == "failed" else "stopped"
        problem = error.model_dump() if error else None
        set_state(
            session, step.run_id, state, step.number, state="failed" if how == "failed" else "open", problem=problem
        )
        return None
    asset_ids = select(Asset.id).where(Asset.job_id == job_id).order_by(Asset.created_at.desc())
    assets = list(session.scalars(asset_ids))
    last = session.scalar(select(RunStep.number).where(RunStep.run_id == step.run_id, RunStep.number > step.number))
    if last is not None:
        session.execute(update(Asset).where(Asset.job_id == job_id).values(step=True))
    if finished:  # a late result is in the library, but is not the run's result
        set_state(session, step.run_id, "done", step.number, state="open", assets=assets)
        return None
    going = run.state != "stopped"
    set_state(
        session,
        step.run_id,
        "going" if going else "stopped",
        step.number,
        state="done",
        assets=assets,
        asset_id=assets[0],
        looked=False,
        problem=None,
    )
    return run.id if going else None


def result(session: Session, run: Run, step: RunStep, asset_id: str) -> None:
    """Use another asset as the result of a step; results made from the old one become outdated."""
    step.asset_id, step.state, step.problem, step.looked, step.note = asset_id, "done", None, False, ""
    step.asks, step.job_id = [], None
    if asset_id not in step.assets:
        step.assets = [asset_id, *step.assets]
    outdate(session, run, step.number)


def keep_result(session: Session, run: Run, step: RunStep) -> None:
    """Make a step's result the result of the run, so that it is no longer intermediate."""
    session.execute(update(Asset).where(Asset.id == step.asset_id, Asset.job_id == step.job_id).values(step=False))


def outdate(session: Session, run: Run, number: int) -> None:
    """Mark finished steps that depend on a step, directly or not, as outdated."""
    changed = {number}
    for step in steps_of(session, run):
        if step.number > number and changed & used_assets(step):
            changed.add(step.number)
            if step.state in ("done", "failed"):
                step.state = "stale" if step.asset_id else "open"
                step.looked = False


def used_assets(step: RunStep) -> set[int]:
    """The numbers of the steps whose results a step uses."""
    texts = [value for request in (step.spec["request"], *step.spec["instead"]) for value in request.values()]
    flat = [one for value in texts for one in (value if isinstance(value, list) else [value])]
    return {int(match[1]) for text in flat if isinstance(text, str) and (match := RESULT_OF.fullmatch(text))}


def busy() -> StudioError:
    """The error for a change to a run while one of its steps is running."""
    return StudioError(
        "still_working",
        "A step of this run is in progress.",
        next="Wait until it is finished, or stop the run first.",
        status=409,
    )


def view(session: Session, run: Run) -> RunView:
    """A run as its owner sees it."""
    steps = tuple(_step_view(step) for step in steps_of(session, run))
    at = next((step.number for step in steps if step.state != "done"), len(steps))
    if run.state == "looking":
        at = max(1, at - 1 if steps[at - 1].state != "done" else at)
    result_ids = [step.asset_id for step in steps if step.state == "done" and step.asset_id]
    return RunView(
        id=run.id,
        recipe=run.recipe,
        name=run.name,
        project_id=run.project_id,
        state=run.state,
        at=at,
        words=_words(run.state, steps, at),
        steps=steps,
        result=result_ids[-1] if run.state == "done" and result_ids else None,
        created_at=run.created_at,
        updated_at=run.updated_at,
    )


def _step_view(row: RunStep) -> StepView:
    spec = Step.model_validate(row.spec)
    return StepView(
        number=row.number,
        name=spec.name,
        task=str(spec.request.get("task")),
        request=spec.request,
        models=spec.models,
        stop=spec.stop,
        looked=row.looked,
        state=row.state,
        job_id=row.job_id,
        assets=tuple(row.assets),
        asset_id=row.asset_id,
        asks=tuple(row.asks),
        note=row.note,
        problem=Problem.model_validate(row.problem) if row.problem else None,
    )


def _words(state: str, steps: Sequence[StepView], at: int) -> str:
    """The current situation in one line."""
    step, total = steps[at - 1], len(steps)
    where = f"Step {at} of {total}"
    if state == "looking":
        return f"{where} is done. Check the result, then continue."
    if state == "asking":
        return step.note if step.asks == ("result",) else f"{where} needs your input: {_asked_fields(step.asks)}."
    if state == "failed":
        return f"{where} failed. {step.problem.sentence if step.problem else ''}".strip()
    if state == "stopped":
        return f"Stopped at step {at} of {total}."
    if state == "done":
        return "Done." if all(step.state == "done" for step in steps) else f"Finished before step {at} of {total}."
    return f"{where} is in progress."


_FIELDS = {"prompt": "enter a prompt", "mask": "paint a mask", "image": "choose a picture"}


def _asked_fields(fields: Sequence[str]) -> str:
    return " and ".join(_FIELDS.get(name, f"fill in “{name}”") for name in fields)
