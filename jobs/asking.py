"""From a request to a row: who may ask for what, which model does it, how long it should take."""

import time
from collections.abc import Callable, Collection
from dataclasses import dataclass

from sqlalchemy import select

from auth.principal import Principal
from db import Database, new_id
from engines.catalog import Catalog, Entry
from engines.catalog.entry import SERVED
from engines.ollama_address import is_public_host, registry_of
from engines.requests import AssetFacts, Drawing, FetchLora, FetchModel, Request, from_storage
from engines.requests.speech import Speak
from engines.sketching import check_words
from engines.speech.pronouncing import used
from engines.tasks import TASKS, obstacle
from engines.wire import Input
from errors import StudioError, not_found
from jobs import words
from jobs.casting import lines, meant, sees, settle
from jobs.choosing import Chosen, Needs, choose
from jobs.costs import Costs
from jobs.fitting import Fitting
from jobs.live import LiveStore
from jobs.queue import Outlook, Queue
from jobs.record import LiveJob, Ticket, ticket_of
from jobs.tables import Job
from jobs.views import Estimate
from library import pronunciations
from library.service import Library
from library.tables import Asset

REF_LENGTH = 200
_TIMES = ("run", "low", "high")
_TITLE_LENGTH = 120


@dataclass(frozen=True)
class Ready:
    """A request that can be run: checked, its model and seed filled in."""

    request: Request
    entry: Entry
    title: str
    units: float
    facts: dict[str, AssetFacts]


class Asking:
    """Checks requests against the library and the catalog, and tells what they would take."""

    def __init__(
        self,
        database: Database,
        library: Library,
        catalog: Catalog,
        costs: Costs,
        queue: Queue,
        live: LiveStore,
        lanes: Collection[str],
    ) -> None:
        self._database = database
        self._library = library
        self._catalog = catalog
        self._costs = costs
        self._queue = queue
        self._live = live
        self._lanes = lanes
        self._fitting = Fitting(catalog, costs, live)

    def ready(self, who: Principal, request: Request, coming: Callable[[Entry], bool] = lambda entry: False) -> Ready:
        """Check a request and fill it in. Raises StudioError where it cannot be done or an input is not theirs.

        A model for which ``coming`` says so need not be on this machine yet.
        """
        request = self._with_model(who, self._with_pronunciations(who, request))
        request = self._with_cast(who, request, coming)
        assets = {id: self._library.get(who, id) for id in request.asset_ids()}
        facts = {id: AssetFacts.model_validate(asset) for id, asset in assets.items()}
        request = self._catalog.prepare(request, facts, coming)
        entry = self._catalog.get(request.model or "")
        if isinstance(request, Drawing):
            check_words(request, entry)
        if entry.lane not in self._lanes:
            raise StudioError(
                "no_engine", f"{entry.name} cannot run here.", "Nothing on this machine runs such models.", status=422
            )
        names = {id: asset.title for id, asset in assets.items()}
        if isinstance(request, FetchModel | FetchLora) and who.role == "guest":
            raise StudioError("not_allowed", "Guests cannot get models.", next="Ask the owner.", status=403)
        if isinstance(request, FetchModel) and request.entry.startswith(SERVED):
            _check_registry(who, request.entry.removeprefix(SERVED))
        if isinstance(request, FetchModel):
            names[request.entry] = self._catalog.get(request.entry).name
        title = " ".join(request.title(names).split())
        return Ready(
            request,
            entry,
            title if len(title) <= _TITLE_LENGTH else title[: _TITLE_LENGTH - 1].rstrip() + "…",
            TASKS[request.task].units(request, facts),
            facts,
        )

    def auto(self, who: Principal, task: str, prompt: str, loras: Collection[str], needs: Needs) -> Chosen:
        """The model for words and LoRAs (by id) when nobody chooses, and why. Raises StudioError as ``choose``, and
        not_found for a LoRA that is not theirs."""
        entries = [entry for entry in self._catalog.for_task(task) if self._catalog.installed(entry)]
        cast = meant(prompt, self._library.cast.all(who)) if "@" in prompt else ()
        needs = needs._replace(loras=tuple(self._library.get(who, id) for id in loras), cast=cast)

        def keeps(entry: Entry) -> bool:
            return needs.control == "none" or self._catalog.helper(entry, f"control.{needs.control}") is not None

        return choose(prompt, entries, needs, lambda entry: sees(entry, self._catalog, task), keeps)

    def _with_model(self, who: Principal, request: Request) -> Request:
        """What draws and names no model gets the one that suits it; where none may be taken, the catalog says why."""
        if not isinstance(request, Drawing) or request.model is not None:
            return request
        known = self._catalog.for_task(request.task)
        if not any(entry.licence.commercial and self._catalog.installed(entry) for entry in known):
            return request
        given = request.model_fields_set & {"width", "height"}
        sides = tuple((name, getattr(request, name)) for name in given)
        references, control = getattr(request, "references", ()), getattr(request, "control", "none")
        needs = Needs(len(references), control, sides)
        loras = {use.asset for use in request.loras}
        return request.model_copy(update={"model": self.auto(who, request.task, request.prompt, loras, needs).entry.id})

    def _with_pronunciations(self, who: Principal, request: Request) -> Request:
        """What is spoken follows its person's own list, and carries what it took from there."""
        if not isinstance(request, Speak) or request.pronunciations is not None:
            return request
        known = pronunciations.pairs(self._database, who)
        return request.model_copy(update={"pronunciations": used(request.text, known)})

    def _with_cast(self, who: Principal, request: Request, coming: Callable[[Entry], bool]) -> Request:
        """Whom a prompt names with @, settled for the model that draws; who was settled before stays as they were."""
        if not isinstance(request, Drawing) or "@" not in request.prompt or "mentions" in request.model_fields_set:
            return request
        entry = self._catalog.chosen(request, coming)
        mentions = settle(request, entry, self._library.cast.all(who), self._catalog)
        return request.model_copy(update={"model": entry.id, "mentions": mentions})

    def row(self, who: Principal, ready: Ready, project_id: str | None, client_ref: str | None) -> Job:
        """The row of a new job. Raises StudioError where the project is not theirs."""
        if project_id is not None:
            self._library.require_project(who, project_id)
        return Job(
            id=new_id(),
            user_id=who.user_id,
            project_id=project_id,
            task=ready.request.task,
            title=ready.title,
            model=ready.entry.id,
            lane=ready.entry.lane,
            priority=TASKS[ready.request.task].priority,
            after=[],
            client_ref=client_ref,
            state="queued",
            attempt=0,
            restarts=0,
            skipped=0,
            cancel=False,
            request=ready.request.model_dump(mode="json"),
            seed=getattr(ready.request, "seed", None),
            created_at=time.time(),
        )

    def brought_by(self, jobs: tuple[str, ...]) -> set[str]:
        """The models that jobs under way are downloading."""
        known = (self._live.get(id) for id in jobs)
        requests = [job.ticket.request for job in known if job is not None and job.ticket.task == "fetch_model"]
        return {request["entry"] for request in requests}

    def after(self, who: Principal, ids: tuple[str, ...]) -> list[str]:
        """The jobs to wait for that are not done yet. Raises StudioError for one that is not theirs or has failed."""
        query = select(Job.id, Job.state).where(Job.user_id == who.user_id, Job.id.in_(ids))
        with self._database.session() as session:
            states = dict(session.execute(query).tuples().all())
        for id in ids:
            if id not in states:
                raise not_found("job")
            if states[id] in ("failed", "cancelled"):
                raise StudioError(
                    "waits_in_vain",
                    "A job to wait for did not finish.",
                    next="Try that one again first.",
                    status=409,
                )
        return [id for id in ids if states[id] != "done"]

    def same(self, request: Request, row: Job) -> bool:
        """Whether a job was made from this request; what the studio filled in by itself counts for nothing."""
        try:
            defaults = self._catalog.get(row.model).defaults
        except StudioError:
            defaults = {}
        for name, asked in request.model_dump(mode="json").items():
            kept = row.request.get(name)
            chosen_here = asked is None and name in ("model", "seed", "pronunciations")
            chosen_here |= name == "mentions" and name not in request.model_fields_set
            default = name not in request.model_fields_set and kept == defaults.get(name)
            if asked != kept and not chosen_here and not default:
                return False
        return True

    def units(self, row: Job) -> float:
        """How much work a stored job is; 1 where its request or an input cannot be read any more."""
        try:
            request = from_storage(row.request)
            with self._database.session() as session:
                found = {id: session.get(Asset, id) for id in request.asset_ids()}
            facts = {id: AssetFacts.model_validate(asset) for id, asset in found.items() if asset is not None}
            return TASKS[request.task].units(request, facts)
        except (StudioError, KeyError):
            return 1.0

    def estimate(self, who: Principal, request: Request) -> Estimate:
        """What a request would take, and the queue in front of it."""
        ready = self.ready(who, request, self._catalog.fetchable)
        ticket = ticket_of(self.row(who, ready, None, None), who.name, ready.units)
        expected = self._costs.expect(ticket.task, ticket.model, ticket.units)
        outlook = self._queue.outlook(ticket)
        load = 0.0 if outlook.warm else expected.load
        fitted = self._fitting.look(ready.request, ready.entry, expected, ready.facts)
        if not expected.learned:
            expected = expected._replace(**{name: getattr(expected, name) * fitted.slowdown for name in _TIMES})
        low, high = load + expected.low, load + expected.high
        problem = obstacle(ready.request, ready.entry, self._catalog, self._files(who, ready.request))
        problem = problem or fitted.problem
        return Estimate(
            task=ticket.task,
            model=ticket.model,
            seconds=load + expected.run,
            seconds_low=low,
            seconds_high=high,
            learned=expected.learned,
            wait_seconds=outlook.wait_seconds,
            bytes=fitted.bytes,
            fits=problem is None,
            words=words.about(load + expected.run)
            if expected.learned
            else f"first time on this machine: usually {words.between(low, high)}",
            queue_words=_ahead(ticket, outlook),
            problem=problem,
            fit=fitted.words,
            offers=fitted.offers,
            cast=lines(ready.request, ready.entry.name) if isinstance(ready.request, Drawing) else (),
        )

    def _files(self, who: Principal, request: Request) -> dict[str, Input]:
        """What a request takes, as the engine will get it."""
        assets = {id: self._library.get(who, id) for id in request.asset_ids()}
        return {
            id: Input(path=str(self._library.file(who, id)), facts=AssetFacts.model_validate(asset), title=asset.title)
            for id, asset in assets.items()
        }


def _check_registry(who: Principal, name: str) -> None:
    """A name may begin with a host that Ollama then asks: only the owner may send it elsewhere than to its library."""
    host = registry_of(name)
    if host and not is_public_host(host):
        raise StudioError(
            "bad_registry",
            f"Ollama does not download from “{host[:60]}” for the studio.",
            "It is no public host.",
            "Use a name of Ollama's library, such as qwen3:8b, or one at hf.co.",
            status=422,
        )
    if host and who.role != "owner":
        raise StudioError(
            "not_allowed",
            f"Only the owner can download models from {host[:60]}.",
            next="Ask the owner, or use a name of Ollama's library, such as qwen3:8b.",
            status=403,
        )


def _ahead(ticket: Ticket, outlook: Outlook) -> str:
    return words.queue_ahead(outlook.place, _whose_turn(outlook.first, ticket.user_id))


def _whose_turn(first: LiveJob | None, user_id: str) -> str | None:
    """Whose job is first, as one person is told: “dad's clip”, “your clip”."""
    if first is None:
        return None
    own = first.ticket.user_id == user_id
    return words.whose(None if own else first.ticket.owner, first.ticket.noun)
