"""The recipe of a picture: the steps that made it, and those that made its inputs."""

from auth.accounts.principal import Principal
from engines.requests import Request, asset_fields, from_storage
from engines.tasks import TASKS
from errors import StudioError
from library.recipes.views import MOST_STEPS, Step
from library.service import Library

_OF_ITS_OWN = {"task", "version", "seed", "model", "count", "mentions"}
"""Fields that belong to the one picture rather than to the way it was made."""


class RecipeLineage:
    """Reads the steps from an asset's provenance, its parents' steps first."""

    def __init__(self, library: Library, who: Principal) -> None:
        self._library = library
        self._who = who
        self._steps: list[Step] = []
        self._known: dict[str, str] = {}
        self._under_way: set[str] = set()
        self._begun = 0

    def steps(self, asset_id: str) -> tuple[Step, ...]:
        """The steps that made an asset, in order. Raises StudioError not_found, no_steps, too_long."""
        asset = self._library.get(self._who, asset_id)
        self._visit(asset_id)
        if not self._steps:
            raise StudioError(
                "no_steps",
                f"“{asset.title}” has no record of its steps.",
                "It was not made in this studio, or it is not a picture.",
                "Choose a picture made in this studio.",
                status=422,
            )
        return tuple(self._steps)

    def _visit(self, asset_id: str) -> str:
        """The reference to an asset in the steps after it."""
        if asset_id not in self._known:
            request = None if asset_id in self._under_way else self._request(asset_id)  # a file may refer to itself
            self._under_way.add(asset_id)
            self._known[asset_id] = self._step(request) if request else self._input()
        return self._known[asset_id]

    def _input(self) -> str:
        count = sum(token.startswith("input:") for token in self._known.values())
        return f"input:picture {count + 1}" if count else "input:picture"

    def _request(self, asset_id: str) -> Request | None:
        """The request that made an asset here; None if it was uploaded, or is gone."""
        try:
            asset = self._library.get(self._who, asset_id, deleted=True)
            made = (asset.provenance or {}).get("request") if asset.origin == "made" else None
            request = from_storage(made) if isinstance(made, dict) else None
        except StudioError:
            return None
        return request if request and TASKS[request.task].medium == "image" else None

    def _step(self, request: Request) -> str:
        self._begun += 1  # counted before the recursion, which may go through any number of generations
        if self._begun > MOST_STEPS:
            raise StudioError("too_long", f"A recipe has at most {MOST_STEPS} steps.", status=422)
        values = request.model_dump(mode="json", exclude_defaults=True, exclude=_OF_ITS_OWN)
        for name, kind in asset_fields(type(request)).items():
            if name not in values or kind != "image":
                continue
            if name == "mask":  # it only fits the picture it was painted on
                del values[name]
            elif isinstance(values[name], list):
                values[name] = [self._visit(one) for one in values[name]]
            else:
                values[name] = self._visit(values[name])
        models = (request.model,) if request.model else ()
        name = TASKS[request.task].doing
        self._steps.append(Step(name=name, request={"task": request.task, **values}, models=models))
        return f"step:{len(self._steps)}"
