"""The service for recipes: save, run, continue. Runs continue automatically when a step's job has ended."""

import logging
import threading
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from sqlalchemy import event
from sqlalchemy.orm import Session

from auth.accounts.principal import Principal
from db import Database
from engines.catalog import Catalog
from errors import Problem, StudioError
from jobs.queue.job_owner import person
from jobs.queue.live_job import LiveJob
from jobs.queue.tables import Job
from jobs.recipes import chain
from jobs.recipes.lineage import RecipeLineage
from jobs.service import Jobs
from jobs.views import State
from library.recipes import runs, store
from library.recipes.tables import Run, RunStep
from library.recipes.views import RecipeView, RunView, Step
from library.service import Library

log = logging.getLogger(__name__)

_LOOK_SECONDS = 0.5
"""How often runs are checked without an event: a missed or failed event must not block a run."""

_MISTAKE = Problem(
    code="studio",
    what="Unexpected error in the studio.",
    why="The log has the details.",
    next="Try the step again.",
)


class Recipes:
    """Recipes and runs of one person at a time. Thread-safe.

    The end of a step's job and its effect on the run are written in one transaction; a thread then submits the next
    step. Steps that a crash prevented are submitted at start.
    """

    def __init__(self, database: Database, library: Library, catalog: Catalog, jobs: Jobs) -> None:
        self._database = database
        self._library = library
        self._catalog = catalog
        self._jobs = jobs
        self._lock = threading.RLock()
        self._due = threading.Event()
        self._ended = False
        self._thread = threading.Thread(target=self._go_on_forever, name="recipes", daemon=True)
        jobs.when_ended(self._job_ended)

    def start(self) -> None:
        """Continue every run that was in progress when the studio stopped."""
        self._due.set()
        self._thread.start()

    def stop(self) -> None:
        """Submit no more steps."""
        self._ended = True
        self._due.set()
        self._thread.join()

    # -- recipes

    def all(self, who: Principal) -> list[RecipeView]:
        """The studio's recipes, then the person's own."""
        with self._database.session() as session:
            return store.all_of(session, who)

    def get(self, who: Principal, recipe_id: str) -> RecipeView:
        """A recipe. Raises StudioError not_found."""
        with self._database.session() as session:
            return store.get(session, who, recipe_id)

    def keep(self, who: Principal, name: str, use: str, steps: Sequence[Step]) -> RecipeView:
        """Save steps under a name. Raises StudioError if they are invalid."""
        chain.check(steps)
        with self._database.session(immediate=True) as session:
            return store.keep(session, who, name, use, steps)

    def change(self, who: Principal, recipe_id: str, name: str, use: str, steps: Sequence[Step]) -> RecipeView:
        """Change one of the person's recipes. Raises StudioError not_found, or like ``keep``."""
        chain.check(steps)
        with self._database.session() as session:
            return store.change(session, who, recipe_id, name, use, steps)

    def forget(self, who: Principal, recipe_id: str) -> None:
        """Delete one of the person's recipes. Raises StudioError not_found."""
        with self._database.session() as session:
            store.forget(session, who, recipe_id)

    def of_run(self, who: Principal, run_id: str) -> tuple[Step, ...]:
        """The current steps of a run. Raises StudioError not_found."""
        with self._database.session() as session:
            return tuple(
                Step.model_validate(row.spec) for row in runs.steps_of(session, runs.find(session, who, run_id))
            )

    def of_asset(self, who: Principal, asset_id: str) -> tuple[Step, ...]:
        """The steps that made a picture. Raises StudioError not_found, no_steps, too_long."""
        return RecipeLineage(self._library, who).steps(asset_id)

    # -- runs

    def runs(self, who: Principal) -> list[RunView]:
        """The person's runs, the most recently active first."""
        with self._database.session() as session:
            return runs.page(session, who)

    def run(self, who: Principal, run_id: str) -> RunView:
        """One of the person's runs. Raises StudioError not_found."""
        with self._database.session() as session:
            return runs.view(session, runs.find(session, who, run_id))

    def begin(
        self,
        who: Principal,
        recipe: RecipeView,
        *,
        inputs: Mapping[str, str],
        results: Mapping[int, str],
        fields: Mapping[int, Mapping[str, Any]],
        project_id: str | None,
    ) -> RunView:
        """Run a recipe. ``inputs`` are its input assets by name, ``results`` assets to use as the results of steps,
        ``fields`` new values for the fields of steps.

        Raises StudioError not_found, wrong_kind, or if the steps are invalid.
        """
        if project_id is not None:
            self._library.require_project(who, project_id)
        for asset_id in (*inputs.values(), *results.values()):
            self._picture(who, asset_id)
        steps = [
            chain.change_step(step, fields[number], None) if number in fields else step
            for number, step in enumerate(recipe.steps, 1)
        ]
        chain.check(steps)
        for number in (*results, *fields):
            if not 0 < number <= len(steps):
                raise StudioError("not_found", f"There is no step {number}.", status=404)
        run = Run(
            owner_id=who.user_id,
            project_id=project_id,
            recipe=recipe.id,
            name=recipe.name,
            inputs=dict(inputs),
            state="going",
        )
        with self._lock:
            with self._database.session() as session:
                runs.write(session, run, steps, results)
            return self._went_on(who, run.id)

    def go_on(self, who: Principal, run_id: str, fields: Mapping[str, Any]) -> RunView:
        """Continue a run: after a review, after a stop, or after a failed step.

        ``fields`` are values for the next step. Raises StudioError not_found, all_done, unknown_field.
        """
        with self._lock:
            with self._database.session() as session:
                run = runs.find(session, who, run_id)
                steps = runs.steps_of(session, run)
                now = next((step for step in steps if step.state != "done"), None)
                if now is None:
                    raise StudioError(
                        "all_done", "This run is finished.", next="Repeat a step, or start a new run.", status=409
                    )
                if now.state == "working":
                    return runs.view(session, run)
                for step in steps[: now.number - 1]:
                    step.looked = True
                self._reopen(now, fields, None)
                run.state = "going"
            return self._went_on(who, run_id)

    def again(self, who: Principal, run_id: str, number: int, fields: Mapping[str, Any], stop: bool | None) -> RunView:
        """Repeat a step, optionally with new values; the results of later steps become outdated.

        Raises StudioError not_found, still_working, too_early, unknown_field.
        """
        with self._lock:
            with self._database.session() as session:
                run, step = self._at_rest(session, who, run_id, number)
                for earlier in runs.steps_of(session, run)[: number - 1]:
                    if earlier.state != "done":
                        raise StudioError(
                            "too_early",
                            f"Step {earlier.number} is not finished yet.",
                            next="Finish that step first.",
                            status=409,
                        )
                    earlier.looked = True
                self._reopen(step, fields, stop)
                step.asset_id = None
                runs.outdate(session, run, number)
                run.state = "going"
            return self._went_on(who, run_id)

    def replace(self, who: Principal, run_id: str, number: int, asset_id: str) -> RunView:
        """Use a picture from the library as the result of a step; the run then waits to be continued.

        Raises StudioError not_found, wrong_kind, still_working.
        """
        self._picture(who, asset_id)
        with self._lock:
            with self._database.session() as session:
                run, step = self._at_rest(session, who, run_id, number)
                runs.result(session, run, step, asset_id)
                open = [one for one in runs.steps_of(session, run) if one.state != "done"]
                first = open[0].number if open else 0
                run.state = "done" if not first else "looking" if first == number + 1 else "stopped"
            return self.run(who, run_id)

    def halt(self, who: Principal, run_id: str, how: Literal["stop", "finish"]) -> RunView:
        """Stop a run and the job it waits for; with ``finish`` the latest result becomes the run's result.

        Raises StudioError not_found, nothing_yet.
        """
        with self._lock:
            with self._database.session() as session:
                run = runs.find(session, who, run_id)
                steps = runs.steps_of(session, run)
                working = next((step.job_id for step in steps if step.state == "working"), None)
                if run.state != "done":
                    run.state = "stopped"
                if how == "finish":
                    self._finish(session, run, steps)
            if working:
                self._jobs.cancel(who, working)
            return self.run(who, run_id)

    def remove(self, who: Principal, run_id: str) -> None:
        """Stop and delete a run; its results stay in the library. Raises StudioError not_found."""
        with self._lock:
            self.halt(who, run_id, "stop")
            with self._database.session() as session:
                session.delete(runs.find(session, who, run_id))

    # -- internal

    def _picture(self, who: Principal, asset_id: str) -> None:
        asset = self._library.get(who, asset_id)
        if asset.kind != "image":
            noun = "clip" if asset.kind == "clip" else "file of another kind"
            raise StudioError(
                "wrong_kind",
                "Recipes only take pictures.",
                f"“{asset.title}” is a {noun}.",
                "Choose a picture.",
                status=422,
            )

    def _at_rest(self, session: Session, who: Principal, run_id: str, number: int) -> tuple[Run, RunStep]:
        run = runs.find(session, who, run_id)
        if any(step.state == "working" for step in runs.steps_of(session, run)):
            raise runs.busy()
        return run, runs.step_of(session, run, number)

    def _reopen(self, step: RunStep, fields: Mapping[str, Any], stop: bool | None) -> None:
        """Reopen a step, with new values if there are any."""
        if fields or stop is not None:
            spec = chain.change_step(Step.model_validate(step.spec), fields, stop)
            step.spec = spec.model_dump(mode="json")
        step.state, step.problem, step.asks, step.note = "open", None, [], ""

    def _finish(self, session: Session, run: Run, steps: Sequence[RunStep]) -> None:
        """Make the latest result the run's result."""
        finished = [step for step in steps if step.state == "done" and step.asset_id]
        if not finished:
            raise StudioError("nothing_yet", "This run has no result yet.", next="Stop it instead.", status=409)
        runs.keep_result(session, run, finished[-1])
        run.state = "done"

    def _went_on(self, who: Principal, run_id: str) -> RunView:
        self._advance(run_id)
        return self.run(who, run_id)

    def _advance(self, run_id: str) -> None:
        """Submit the next step of a run, unless the person has to review a result or fill in a field first."""
        with self._lock:
            with self._database.session() as session:
                run = session.get(Run, run_id)
                if run is None or run.state != "going":
                    return
                steps = runs.steps_of(session, run)
                now = next((step for step in steps if step.state != "done"), None)
                if now is None:
                    runs.set_state(session, run_id, "done")
                    return
                if now.state == "working":
                    return
                before = steps[now.number - 2] if now.number > 1 else None
                if before is not None and before.spec["stop"] and not before.looked:
                    runs.set_state(session, run_id, "looking")
                    return
            try:
                self._ask(run, steps, now)
            except StudioError as error:
                self._fail(run_id, now.number, error.problem)
            except Exception:
                log.exception("a step of run %s could not be submitted", run_id)
                self._fail(run_id, now.number, _MISTAKE)

    def _ask(self, run: Run, steps: Sequence[RunStep], now: RunStep) -> None:
        known = chain.EarlierSteps(
            results={step.number: step.asset_id for step in steps if step.state == "done" and step.asset_id},
            requests={step.number: step.spec["request"] for step in steps},
            inputs=run.inputs,
        )
        who = person(self._database, run.owner_id)
        ready = chain.prepare(Step.model_validate(now.spec), known, self._catalog)
        if ready.request is None:
            with self._database.session() as session:
                runs.set_state(session, run.id, "asking", now.number, asks=list(ready.asks), note=ready.note)
            return

        def along(session: Session, job: Job) -> None:
            values: dict[str, object] = {
                "state": "working",
                "job_id": job.id,
                "note": ready.note,
                "asks": [],
                "problem": None,
            }
            runs.set_state(session, run.id, "going", now.number, **values)

        self._jobs.submit(who, ready.request, project_id=run.project_id, along=along)

    def _fail(self, run_id: str, number: int, problem: Problem) -> None:
        with self._database.session() as session:
            runs.set_state(session, run_id, "failed", number, state="failed", problem=problem.model_dump())

    def _job_ended(self, session: Session, job: LiveJob, state: State, error: Problem | None) -> None:
        """Write the effect of a job's end on its run; once that is committed, the run continues."""
        how: Literal["done", "failed", "cancelled"] = state if state in ("done", "cancelled") else "failed"
        if runs.step_ended(session, job.id, how, error):
            event.listen(session, "after_commit", lambda _: self._due.set(), once=True)

    def _go_on_forever(self) -> None:
        while True:
            self._due.wait(_LOOK_SECONDS)
            self._due.clear()
            if self._ended:
                return
            try:
                with self._database.session() as session:
                    waiting = runs.going(session)
                for run_id in waiting:
                    self._advance(run_id)
            except Exception:
                log.exception("recipe runs could not continue; retrying")
