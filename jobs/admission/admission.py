"""From a request to a row: permissions, the model, and the expected time."""

import time
from collections.abc import Callable, Collection
from dataclasses import dataclass

from sqlalchemy import select

from auth.accounts.principal import Principal
from db import Database, new_id
from engines.catalog import Catalog, Entry
from engines.catalog.entry import OLLAMA_PREFIX
from engines.families.storybook.prompts import check_words
from engines.memory_fit import Fit
from engines.ollama_address import is_public_host, registry_of
from engines.protocol import Input
from engines.requests import AssetFacts, FetchLora, FetchModel, PromptRequest, Request, from_storage
from engines.requests.speech import Speak
from engines.speech.pronunciation import used_respellings
from engines.speech.speakers import used_speakers
from engines.tasks import TASKS, obstacle
from errors import StudioError, not_found
from jobs import wording
from jobs.admission.cast import lines, mentioned_members, most_references, resolve_cast
from jobs.admission.memory_fit import MemoryFitter
from jobs.admission.model_choice import ModelChoice, Needs, choose, may_choose
from jobs.admission.speakers import known_speakers
from jobs.admission.usual_time import timed_fit
from jobs.queue.costs import Costs
from jobs.queue.lane_order import Outlook
from jobs.queue.live_job import LiveJob, Ticket, ticket_of
from jobs.queue.live_store import LiveStore
from jobs.queue.queue import Queue
from jobs.queue.tables import Job
from jobs.views import Estimate
from library import pronunciations
from library.service import Library
from library.tables import Asset

REF_LENGTH = 200
_TIMES = ("run", "low", "high")
_TITLE_LENGTH = 120


@dataclass(frozen=True)
class AdmittedRequest:
    """A request that can be run: checked, with its model and seed filled in."""

    request: Request
    entry: Entry
    title: str
    units: float
    facts: dict[str, AssetFacts]


class Admission:
    """Checks requests against the library and the catalog, and estimates them."""

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
        self._fitting = MemoryFitter(catalog, costs, live)

    def ready(
        self, who: Principal, request: Request, coming: Callable[[Entry], bool] = lambda entry: False
    ) -> AdmittedRequest:
        """Check a request and fill it in. Raises StudioError if it cannot be done or an input is not theirs.

        A model for which ``coming`` is true need not be installed yet.
        """
        request = self._with_model(who, self._with_speakers(who, self._with_pronunciations(who, request)))
        request = self._with_cast(who, request, coming)
        assets = {id: self._library.get(who, id) for id in request.asset_ids()}
        facts = {id: AssetFacts.model_validate(asset) for id, asset in assets.items()}
        request = self._catalog.prepare(request, facts, coming)
        entry = self._catalog.get(request.model or "")
        if isinstance(request, PromptRequest):
            check_words(request, entry)
        if entry.lane not in self._lanes:
            raise StudioError(
                "no_engine",
                f"{entry.name} cannot run here.",
                "No engine on this computer runs this kind of model.",
                status=422,
            )
        names = {id: asset.title for id, asset in assets.items()}
        if isinstance(request, FetchModel | FetchLora) and who.role == "guest":
            raise StudioError("not_allowed", "Guests cannot download models.", next="Ask the owner.", status=403)
        if isinstance(request, FetchModel) and request.entry.startswith(OLLAMA_PREFIX):
            _check_registry(who, request.entry.removeprefix(OLLAMA_PREFIX))
        if isinstance(request, FetchModel):
            names[request.entry] = self._catalog.get(request.entry).name
        title = " ".join(request.title(names).split())
        title = title if len(title) <= _TITLE_LENGTH else title[: _TITLE_LENGTH - 1].rstrip() + "…"
        return AdmittedRequest(
            request,
            entry,
            f"{title} · {request.badge}" if request.badge else title,
            TASKS[request.task].units(request, facts),
            facts,
        )

    def auto(self, who: Principal, task: str, prompt: str, loras: Collection[str], needs: Needs) -> ModelChoice:
        """The automatic model for a prompt and LoRAs (by id), and why. Raises StudioError like ``choose``, and
        not_found for a LoRA that is not theirs."""
        entries = self._catalog.installed_for_task(task)
        cast = mentioned_members(prompt, self._library.cast.all(who)) if "@" in prompt else ()
        needs = needs._replace(loras=tuple(self._library.get(who, id) for id in loras), cast=cast)

        def keeps(entry: Entry) -> bool:
            return (
                needs.control == "none" or self._catalog.auxiliary_model(entry, f"control.{needs.control}") is not None
            )

        return choose(
            prompt,
            entries,
            needs,
            lambda entry: most_references(entry, self._catalog, task),
            keeps,
            self._catalog.country,
        )

    def _with_model(self, who: Principal, request: Request) -> Request:
        """Choose a model for a prompt request that names none; if none may be chosen, the catalog says why."""
        if not isinstance(request, PromptRequest) or request.model is not None:
            return request
        installed = self._catalog.installed_for_task(request.task)
        if not any(may_choose(entry, self._catalog.country) for entry in installed):
            return request
        given = request.model_fields_set & {"width", "height"}
        sides = tuple((name, getattr(request, name)) for name in given)
        references, control = getattr(request, "references", ()), getattr(request, "control", "none")
        needs = Needs(len(references), control, getattr(request, "last_image", None) is not None, sides)
        loras = {use.asset for use in request.loras}
        return request.model_copy(update={"model": self.auto(who, request.task, request.prompt, loras, needs).entry.id})

    def _with_pronunciations(self, who: Principal, request: Request) -> Request:
        """Add the person's own pronunciations that the spoken text uses."""
        if not isinstance(request, Speak) or request.pronunciations is not None:
            return request
        known = pronunciations.pairs(self._database, who)
        return request.model_copy(update={"pronunciations": used_respellings(request.text, known)})

    def _with_speakers(self, who: Principal, request: Request) -> Request:
        """Add the voices and cast members that speak in the text. A request of version 1 has no speakers."""
        if not isinstance(request, Speak) or request.speakers is not None or request.version < 2:
            return request
        known = known_speakers(who, self._catalog, self._library, request.model)
        return request.model_copy(update={"speakers": used_speakers(request.text, known)})

    def _with_cast(self, who: Principal, request: Request, coming: Callable[[Entry], bool]) -> Request:
        """Resolve the cast members named with @ for the request's model, unless they are resolved already."""
        if (
            not isinstance(request, PromptRequest)
            or "@" not in request.prompt
            or "mentions" in request.model_fields_set
        ):
            return request
        entry = self._catalog.choose_model(request, coming)
        mentions = resolve_cast(request, entry, self._library.cast.all(who), self._catalog)
        return request.model_copy(update={"model": entry.id, "mentions": mentions})

    def row(self, who: Principal, ready: AdmittedRequest, project_id: str | None, client_ref: str | None) -> Job:
        """The row of a new job. Raises StudioError if the project is not theirs."""
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

    def downloading(self, jobs: tuple[str, ...]) -> set[str]:
        """The models that the given jobs are downloading."""
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
                    "A job this one would wait for did not finish.",
                    next="Try that job again first.",
                    status=409,
                )
        return [id for id in ids if states[id] != "done"]

    def same(self, request: Request, row: Job) -> bool:
        """Whether a job was made from this request, ignoring what the studio filled in."""
        try:
            defaults = self._catalog.get(row.model).defaults
        except StudioError:
            defaults = {}
        for name, value in request.model_dump(mode="json").items():
            stored = row.request.get(name)
            chosen_here = value is None and name in ("model", "seed", "pronunciations", "speakers")
            chosen_here |= name == "version" and name not in request.model_fields_set
            chosen_here |= name == "mentions" and name not in request.model_fields_set
            default = name not in request.model_fields_set and stored == defaults.get(name)
            if value != stored and not chosen_here and not default:
                return False
        return True

    def units(self, row: Job) -> float:
        """The units of work of a stored job; 1 if its request or an input can no longer be read."""
        try:
            request = from_storage(row.request)
            with self._database.session() as session:
                assets = {id: session.get(Asset, id) for id in request.asset_ids()}
            facts = {id: AssetFacts.model_validate(asset) for id, asset in assets.items() if asset is not None}
            return TASKS[request.task].units(request, facts)
        except (StudioError, KeyError):
            return 1.0

    def estimate(self, who: Principal, request: Request) -> Estimate:
        """The estimate for a request, including the queue in front of it."""
        with self._catalog.steady():
            return self._estimate(who, request)

    def timed_fit(self, fit: Fit, entry: Entry) -> Fit:
        """Whether a model fits, with the time for one usual result; see ``usual_time``."""
        return timed_fit(fit, entry, self._costs.expect)

    def _estimate(self, who: Principal, request: Request) -> Estimate:
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
            words=wording.about(load + expected.run)
            if expected.learned
            else f"first run on this computer: usually {wording.between(low, high)}",
            queue_words=_ahead(ticket, outlook),
            problem=problem,
            fit=fitted.words,
            offers=fitted.offers,
            cast=lines(ready.request, ready.entry.name) if isinstance(ready.request, PromptRequest) else (),
        )

    def _files(self, who: Principal, request: Request) -> dict[str, Input]:
        """A request's input files, as the engine receives them."""
        assets = {id: self._library.get(who, id) for id in request.asset_ids()}
        return {
            id: Input(path=str(self._library.file(who, id)), facts=AssetFacts.model_validate(asset), title=asset.title)
            for id, asset in assets.items()
        }


def _check_registry(who: Principal, name: str) -> None:
    """A name may begin with the host to download from: only the owner may use a host other than Ollama's library."""
    host = registry_of(name)
    if host and not is_public_host(host):
        raise StudioError(
            "bad_registry",
            f"The studio cannot download from “{host[:60]}”.",
            "It is not a public host.",
            "Use a name from Ollama's library, such as qwen3:8b, or one at hf.co.",
            status=422,
        )
    if host and who.role != "owner":
        raise StudioError(
            "not_allowed",
            f"Only the owner can download models from {host[:60]}.",
            next="Ask the owner, or use a name from Ollama's library, such as qwen3:8b.",
            status=403,
        )


def _ahead(ticket: Ticket, outlook: Outlook) -> str:
    if outlook.between and outlook.first:
        return wording.in_pause(outlook.wait_seconds, _whose_turn(outlook.first, ticket.user_id) or "")
    return wording.queue_ahead(outlook.place, _whose_turn(outlook.first, ticket.user_id))


def _whose_turn(first: LiveJob | None, user_id: str) -> str | None:
    """Whose job is first, from one person's view: “dad's”, “yours”."""
    if first is None:
        return None
    return wording.whose(None if first.ticket.user_id == user_id else first.ticket.owner)
