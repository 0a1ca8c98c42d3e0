"""Recipes as everybody else sees them: keep, run, look, go on. Runs go on by themselves when a step's job has ended."""

import logging
import threading
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from sqlalchemy import event
from sqlalchemy.orm import Session

from auth.principal import Principal
from db import Database
from engines.catalog import Catalog
from errors import Problem, StudioError
from jobs.people import person
from jobs.recipes import chain
from jobs.recipes.family import Told
from jobs.record import LiveJob
from jobs.service import Jobs
from jobs.tables import Job
from jobs.views import State
from library.recipes import runs, shelf
from library.recipes.tables import Run, RunStep
from library.recipes.views import RecipeView, RunView, Step
from library.service import Library

log = logging.getLogger(__name__)

_LOOK_SECONDS = 0.5
"""How often runs are looked at without a sign: one that was missed, or that came to nothing, must not hold a run up."""

_MISTAKE = Problem(
    code="studio", what="The studio made a mistake.", why="Its log says more.", next="Try the step again."
)


class Recipes:
    """Recipes and runs of one person at a time. Safe from any thread.

    A step's job writes its end and what it means for the run in one transaction; a thread of its own then asks for the
    next step. Whatever a crash kept it from is asked for at start.
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
        """Go on with every run that was going when the studio ended."""
        self._due.set()
        self._thread.start()

    def stop(self) -> None:
        """Ask for nothing more."""
        self._ended = True
        self._due.set()
        self._thread.join()

    # -- recipes

    def all(self, who: Principal) -> list[RecipeView]:
        """The studio's recipes, then one's own."""
        with self._database.session() as session:
            return shelf.all_of(session, who)

    def get(self, who: Principal, recipe_id: str) -> RecipeView:
        """A recipe. Raises StudioError not_found."""
        with self._database.session() as session:
            return shelf.get(session, who, recipe_id)

    def keep(self, who: Principal, name: str, use: str, steps: Sequence[Step]) -> RecipeView:
        """Keep steps under a name. Raises StudioError where they make no sense."""
        chain.check(steps)
        with self._database.session(immediate=True) as session:
            return shelf.keep(session, who, name, use, steps)

    def change(self, who: Principal, recipe_id: str, name: str, use: str, steps: Sequence[Step]) -> RecipeView:
        """Keep other steps under a recipe of one's own. Raises StudioError not_found, or as ``keep``."""
        chain.check(steps)
        with self._database.session() as session:
            return shelf.change(session, who, recipe_id, name, use, steps)

    def forget(self, who: Principal, recipe_id: str) -> None:
        """Let a recipe of one's own go. Raises StudioError not_found."""
        with self._database.session() as session:
            shelf.forget(session, who, recipe_id)

    def of_run(self, who: Principal, run_id: str) -> tuple[Step, ...]:
        """The steps of a run as they are now. Raises StudioError not_found."""
        with self._database.session() as session:
            return tuple(
                Step.model_validate(row.spec) for row in runs.steps_of(session, runs.find(session, who, run_id))
            )

    def of_asset(self, who: Principal, asset_id: str) -> tuple[Step, ...]:
        """The steps that made a picture. Raises StudioError not_found, no_steps, too_long."""
        return Told(self._library, who).steps(asset_id)

    # -- runs

    def runs(self, who: Principal) -> list[RunView]:
        """One's own runs, the one that went on last first."""
        with self._database.session() as session:
            return runs.page(session, who)

    def run(self, who: Principal, run_id: str) -> RunView:
        """A run of one's own. Raises StudioError not_found."""
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
        """Run a recipe. ``inputs`` are the files it is given by name, ``results`` stand for what steps would make,
        ``fields`` are other values for fields of steps.

        Raises StudioError not_found, wrong_kind, or where the steps make no sense.
        """
        if project_id is not None:
            self._library.require_project(who, project_id)
        for asset_id in (*inputs.values(), *results.values()):
            self._picture(who, asset_id)
        steps = [
            chain.changed(step, fields[number], None) if number in fields else step
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
        """Go on with a run: with the result in sight, after a stop, or once more where a step did not work.

        ``fields`` are values for the step that comes now. Raises StudioError not_found, all_done, unknown_field.
        """
        with self._lock:
            with self._database.session() as session:
                run = runs.find(session, who, run_id)
                steps = runs.steps_of(session, run)
                now = next((step for step in steps if step.state != "done"), None)
                if now is None:
                    raise StudioError(
                        "all_done", "This run is done.", next="Make a step again, or run it anew.", status=409
                    )
                if now.state == "working":
                    return runs.view(session, run)
                for step in steps[: now.number - 1]:
                    step.looked = True
                self._reopen(now, fields, None)
                run.state = "going"
            return self._went_on(who, run_id)

    def again(self, who: Principal, run_id: str, number: int, fields: Mapping[str, Any], stop: bool | None) -> RunView:
        """Make a step anew, perhaps with other values; what came of its old result is out of date.

        Raises StudioError not_found, still_working, too_early, unknown_field.
        """
        with self._lock:
            with self._database.session() as session:
                run, step = self._at_rest(session, who, run_id, number)
                for earlier in runs.steps_of(session, run)[: number - 1]:
                    if earlier.state != "done":
                        raise StudioError(
                            "too_early", f"Step {earlier.number} is not done.", next="Do that one first.", status=409
                        )
                    earlier.looked = True
                self._reopen(step, fields, stop)
                step.asset_id = None
                runs.outdate(session, run, number)
                run.state = "going"
            return self._went_on(who, run_id)

    def replace(self, who: Principal, run_id: str, number: int, asset_id: str) -> RunView:
        """Let any picture of the library stand for what a step made; the run waits until somebody goes on.

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
        """Stop a run and the job it waits for; with ``finish`` what is there is its result.

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
        """Stop a run and forget it; what it made stays in the library. Raises StudioError not_found."""
        with self._lock:
            self.halt(who, run_id, "stop")
            with self._database.session() as session:
                session.delete(runs.find(session, who, run_id))

    # -- inside

    def _picture(self, who: Principal, asset_id: str) -> None:
        asset = self._library.get(who, asset_id)
        if asset.kind != "image":
            noun = "clip" if asset.kind == "clip" else "file of another kind"
            raise StudioError(
                "wrong_kind",
                "A recipe takes pictures.",
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
        """Let a step be done, with other values where there are any."""
        if fields or stop is not None:
            spec = chain.changed(Step.model_validate(step.spec), fields, stop)
            step.spec = spec.model_dump(mode="json")
        step.state, step.problem, step.asks, step.note = "open", None, [], ""

    def _finish(self, session: Session, run: Run, steps: Sequence[RunStep]) -> None:
        """Take the last result there is for the run's own."""
        made = [step for step in steps if step.state == "done" and step.asset_id]
        if not made:
            raise StudioError("nothing_yet", "This run has no result yet.", next="Stop it instead.", status=409)
        runs.keep_result(session, run, made[-1])
        run.state = "done"

    def _went_on(self, who: Principal, run_id: str) -> RunView:
        self._advance(run_id)
        return self.run(who, run_id)

    def _advance(self, run_id: str) -> None:
        """Ask for what comes next in a run, unless somebody is to look or to say something first."""
        with self._lock:
            with self._database.session() as session:
                run = session.get(Run, run_id)
                if run is None or run.state != "going":
                    return
                steps = runs.steps_of(session, run)
                now = next((step for step in steps if step.state != "done"), None)
                if now is None:
                    runs.settle(session, run_id, "done")
                    return
                if now.state == "working":
                    return
                before = steps[now.number - 2] if now.number > 1 else None
                if before is not None and before.spec["stop"] and not before.looked:
                    runs.settle(session, run_id, "looking")
                    return
            try:
                self._ask(run, steps, now)
            except StudioError as error:
                self._fail(run_id, now.number, error.problem)
            except Exception:
                log.exception("A step of run %s could not be asked for", run_id)
                self._fail(run_id, now.number, _MISTAKE)

    def _ask(self, run: Run, steps: Sequence[RunStep], now: RunStep) -> None:
        known = chain.Known(
            results={step.number: step.asset_id for step in steps if step.state == "done" and step.asset_id},
            requests={step.number: step.spec["request"] for step in steps},
            inputs=run.inputs,
        )
        who = person(self._database, run.owner_id)
        ready = chain.ready(Step.model_validate(now.spec), known, self._catalog)
        if ready.request is None:
            with self._database.session() as session:
                runs.settle(session, run.id, "asking", now.number, asks=list(ready.asks), note=ready.note)
            return

        def along(session: Session, job: Job) -> None:
            values: dict[str, object] = {
                "state": "working",
                "job_id": job.id,
                "note": ready.note,
                "asks": [],
                "problem": None,
            }
            runs.settle(session, run.id, "going", now.number, **values)

        self._jobs.submit(who, ready.request, project_id=run.project_id, along=along)

    def _fail(self, run_id: str, number: int, problem: Problem) -> None:
        with self._database.session() as session:
            runs.settle(session, run_id, "failed", number, state="failed", problem=problem.model_dump())

    def _job_ended(self, session: Session, job: LiveJob, state: State, error: Problem | None) -> None:
        """Write what the end of a job means for its run; once that is in the database, the run goes on."""
        how: Literal["done", "failed", "cancelled"] = state if state in ("done", "cancelled") else "failed"
        if runs.ended(session, job.id, how, error):
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
                log.exception("Runs of recipes could not go on; at the next occasion again.")
