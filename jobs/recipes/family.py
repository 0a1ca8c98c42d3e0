"""The recipe that a picture tells of: what it was made from, and what that was made from."""

from auth.principal import Principal
from engines.requests import Request, asset_fields, from_storage
from engines.tasks import TASKS
from errors import StudioError
from library.recipes.views import MOST_STEPS, Step
from library.service import Library

_OF_ITS_OWN = {"task", "version", "seed", "model", "count", "mentions"}
"""What belongs to the one picture that was made, and not to how such pictures are made."""


class Told:
    """Reads the steps from an asset's making, its parents' first."""

    def __init__(self, library: Library, who: Principal) -> None:
        self._library = library
        self._who = who
        self._steps: list[Step] = []
        self._known: dict[str, str] = {}
        self._under_way: set[str] = set()
        self._begun = 0

    def steps(self, asset_id: str) -> tuple[Step, ...]:
        """The steps that made an asset, it last. Raises StudioError not_found, no_steps, too_long."""
        asset = self._library.get(self._who, asset_id)
        self._visit(asset_id)
        if not self._steps:
            raise StudioError(
                "no_steps",
                f"“{asset.title}” tells of no steps.",
                "It was not made here, or not as a picture.",
                "Choose a picture that was made here.",
                status=422,
            )
        return tuple(self._steps)

    def _visit(self, asset_id: str) -> str:
        """What stands for an asset in the steps after it."""
        if asset_id not in self._known:
            request = None if asset_id in self._under_way else self._request(asset_id)  # a file may name itself
            self._under_way.add(asset_id)
            self._known[asset_id] = self._step(request) if request else self._input()
        return self._known[asset_id]

    def _input(self) -> str:
        count = sum(token.startswith("input:") for token in self._known.values())
        return f"input:picture {count + 1}" if count else "input:picture"

    def _request(self, asset_id: str) -> Request | None:
        """How an asset was made here; None where it was brought in, or is gone."""
        try:
            asset = self._library.get(self._who, asset_id, deleted=True)
            made = (asset.provenance or {}).get("request") if asset.origin == "made" else None
            request = from_storage(made) if isinstance(made, dict) else None
        except StudioError:
            return None
        return request if request and TASKS[request.task].medium == "image" else None

    def _step(self, request: Request) -> str:
        self._begun += 1  # counted on the way down, which may go through any number of generations
        if self._begun > MOST_STEPS:
            raise StudioError("too_long", f"A recipe has at most {MOST_STEPS} steps.", status=422)
        values = request.model_dump(mode="json", exclude_defaults=True, exclude=_OF_ITS_OWN)
        for name, kind in asset_fields(type(request)).items():
            if name not in values or kind != "image":
                continue
            if name == "mask":  # it fits the one picture it was painted on
                del values[name]
            elif isinstance(values[name], list):
                values[name] = [self._visit(one) for one in values[name]]
            else:
                values[name] = self._visit(values[name])
        models = (request.model,) if request.model else ()
        name = TASKS[request.task].doing
        self._steps.append(Step(name=name, request={"task": request.task, **values}, models=models))
        return f"step:{len(self._steps)}"
