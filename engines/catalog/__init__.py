"""What models there are: the entries that ship with the studio and the user's own, where their files lie, what fits."""

import logging
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from pathlib import Path

from engines.catalog import files, smaller
from engines.catalog.entry import EVERY, SERVED, Choice, Entry, Part, served
from engines.catalog.prepare import fit
from engines.ollama_address import OllamaAddress
from engines.requests import AssetFacts, FetchModel, Request
from errors import StudioError
from yaml_files import read_yaml

__all__ = ["SHIPPED", "Catalog", "Choice", "Entry", "read"]

log = logging.getLogger(__name__)

SHIPPED = Path(__file__).parent / "entries"

_TRUST = ("weights", "starter", "twin", "import")


def read(path: Path) -> Entry:
    """One entry from its YAML file. Raises ValueError or OSError where it makes no sense."""
    return Entry.model_validate(read_yaml(path))


class Catalog:
    """Every model the studio knows. ``starter`` holds the starter pack, ``own`` the user's own entries.

    An entry of the user's takes the place of a shipped one with the same id; one that makes no sense is left out and
    the log says why. ``ollama`` is the address of the language server whose models are the entries ``ollama:<name>``.
    ``on_card`` is for whoever knows to set: that torch's models run on a graphics card.
    """

    def __init__(self, starter: Path, own: Path, ollama: OllamaAddress | None = None) -> None:
        self.ollama = ollama or OllamaAddress()
        self.on_card = False
        self._served: tuple[Entry, ...] = ()
        self._starter = starter
        self._own = own
        self._ship = _read_all(SHIPPED)
        self._as_of = -1
        self._entries: Mapping[str, Entry] = {}
        self.reload()

    @property
    def entries(self) -> Mapping[str, Entry]:
        """Every entry by its id; the user's own are read anew whenever something came into or left their folder."""
        if _as_of(self._own) != self._as_of:
            self.reload()
        return self._entries

    def reload(self) -> None:
        """Read the user's own entries anew."""
        as_of = _as_of(self._own)
        whole = {entry.id: entry for entry in (*self._ship, *_own(self._own))}
        self._entries = {one.id: one for entry in whole.values() for one in smaller.versions(entry)} | whole
        self._as_of = as_of  # last: other threads go by it

    def get(self, id: str) -> Entry:
        """The entry with an id. Raises StudioError ``unknown_model`` (422)."""
        if id.startswith(SERVED):
            return next((entry for entry in self._served if entry.id == id), served(id))
        if id not in self.entries:
            self.reload()  # two changes within one tick of the clock look like one
        if id not in self._entries:
            raise StudioError(
                "unknown_model",
                f"There is no model “{id[:60]}”.",
                next=f"Models: {', '.join(entry.id for entry in self.entries.values() if self._shown(entry))}.",
                status=422,
            )
        return self.entries[id]

    def for_task(self, task: str) -> list[Entry]:
        """The models that do a task, the best one first: installed before not, those that may not be used for clients
        last, before them sketching ones and those that make a new picture out of others alone, made for it before also
        able to, surely working before likely.

        Hidden ones are there only once they are installed.
        """
        every = (*self.entries.values(), *self._served)
        known = [entry for entry in every if task in entry.tasks and self._shown(entry)]

        def rank(entry: Entry) -> tuple[bool, bool, bool, int, int, str]:
            trust, private = _TRUST.index(entry.verified), bool(entry.instead)
            last = entry.sketch or (task == "create_image" and entry.needs_references)
            return not self.installed(entry), private, last, entry.preference(task, self.on_card), trust, entry.id

        return sorted(known, key=rank)

    def helper(self, entry: Entry, role: str) -> Entry | None:
        """The installed model that helps an entry in a role, if there is one."""
        return next(filter(self.installed, self.helpers(entry, role)), None)

    def helpers(self, entry: Entry, role: str) -> list[Entry]:
        """The models that could help an entry in a role, installed or not."""
        helped = (entry.lora_family, EVERY)
        return [one for one in self.entries.values() if role in one.roles and one.helps in helped]

    def smaller(self, entry: Entry) -> list[Entry]:
        """Its smaller versions: those that are installed first, then the largest."""
        known = [self.entries[one.id] for one in smaller.versions(entry)]
        return sorted(known, key=lambda one: not self.installed(one))

    def serve(self, entries: Iterable[Entry]) -> None:
        """Take in what the language server holds now."""
        self._served = tuple(entries)

    def installed(self, entry: Entry) -> bool:
        """Whether every part's files are on this machine."""
        return all(files.here(part, self._starter) for part in entry.parts.values())

    def path_of(self, part: Part) -> Path:
        """Where a part is, or would be."""
        return files.place(part, self._starter)

    def path(self, entry: Entry, part: str) -> Path:
        """The file or folder of a part. Raises StudioError ``missing_model`` naming it and how to get it."""
        wanted = entry.parts[part]
        path = files.place(wanted, self._starter)
        if files.here(wanted, self._starter):
            return path
        raise _missing(entry, part, path)

    def fetchable(self, entry: Entry) -> bool:
        """Whether all that is missing of an entry can be downloaded."""
        return all(files.is_repository(part) or files.here(part, self._starter) for part in entry.parts.values())

    def missing_bytes(self, entry: Entry) -> int:
        """About how much there is to download of an entry, as far as the size of its parts is known."""
        absent = [name for name, part in entry.parts.items() if not files.here(part, self._starter)]
        return sum(entry.part_memory.get(name, 0) for name in absent)

    def prepare(
        self,
        request: Request,
        facts: Mapping[str, AssetFacts],
        coming: Callable[[Entry], bool] = lambda entry: False,
    ) -> Request:
        """The request as it will be run: model and seed filled in, everything checked against the model's entry.

        ``facts`` tells what each asset it takes is; an entry for which ``coming`` says so need not be here yet.
        Raises StudioError (4xx) where it cannot be done.
        """
        if isinstance(request, FetchModel):
            self.get(request.entry)
        return fit(request, self.chosen(request, coming), facts)

    def field_choices(self, task: str, field: str) -> list[Choice]:
        """The legal values of a request's field over the models of a task, the best model's first."""
        found: dict[str | int | float, Choice] = {}
        for entry in self.for_task(task):
            for choice in entry.choices.get(field, ()):
                found.setdefault(choice.value, choice)
        return list(found.values())

    def chosen(self, request: Request, coming: Callable[[Entry], bool] = lambda entry: False) -> Entry:
        """The model that does a request: the one it names, else the best one. Raises StudioError (422)."""
        if request.model is None:
            known = self.for_task(request.task)
            if not known:
                raise StudioError(
                    "no_model",
                    "No model on this machine can do that.",
                    next="Get one first.",
                    status=422,
                )
            entry = known[0]
            if entry.instead and self.installed(entry):
                raise self._private(entry)
        else:
            entry = self.get(request.model)
            if request.task not in entry.tasks:
                raise StudioError(
                    "wrong_model",
                    f"{entry.name} cannot do that.",
                    next=f"Models that can: {', '.join(entry.id for entry in self.for_task(request.task)) or 'none'}.",
                    status=422,
                )
        for part in () if coming(entry) else entry.parts:
            self.path(entry, part)
        return entry

    def _private(self, entry: Entry) -> StudioError:
        """Nobody comes to use a model by accident whose pictures no client may have."""
        other = self.entries.get(entry.instead)
        return StudioError(
            "not_for_clients",
            f"{entry.name} may not be used for clients, so it is never taken by itself.",
            f"Its licence is {entry.licence.name}, and no other model for this is installed.",
            f"Get {other.name if other else entry.instead} on the Models page, or choose {entry.name} yourself.",
            status=422,
        )

    def _shown(self, entry: Entry) -> bool:
        return not entry.hidden or self.installed(entry)


def _missing(entry: Entry, part: str, path: Path) -> StudioError:
    wanted = entry.parts[part]
    if files.is_starter(wanted):
        how = "Start the studio with “make run”: that fetches what is missing of the starter pack."
    elif files.is_repository(wanted):
        how = "Get it on the Models page."
    else:
        how = "Put it back, or correct the model's entry in the catalog."
    return StudioError(
        "missing_model",
        f"{entry.name} is not complete on this machine.",
        f"Its part “{part}” is missing: {path.name}.",
        how,
        status=422,
    )


@cache
def _read_all(folder: Path) -> tuple[Entry, ...]:
    return tuple(read(path) for path in sorted(folder.glob("*.yaml")))


def _as_of(folder: Path) -> int:
    """When a folder last gained or lost a file; every write of an entry does both."""
    try:
        return folder.stat().st_mtime_ns
    except OSError:
        return 0


def _own(folder: Path) -> list[Entry]:
    entries = []
    for path in sorted(folder.glob("*.yaml")):
        try:
            entries.append(read(path))
        except (ValueError, OSError) as error:
            log.warning("The catalog entry %s is left out: %s", path, error)
    return entries
