"""The model catalog: the entries that ship with the studio and the user's own, their files, and what they can do."""

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from engines.catalog import locations, quantizations, shipped
from engines.catalog.entry import EVERY_FAMILY, OLLAMA_PREFIX, Choice, Entry, Part, ollama_entry
from engines.catalog.installed import InstalledParts
from engines.catalog.shipped import read
from engines.catalog.territory import is_licensed, region_names
from engines.catalog.validation import resolve_request
from engines.ollama_address import OllamaAddress
from engines.requests import AssetFacts, FetchModel, Request
from errors import StudioError

__all__ = ["Catalog", "Choice", "Entry", "read"]

log = logging.getLogger(__name__)

_TRUST = ("weights", "starter", "twin", "import")


class Catalog:
    """Every model the studio knows. ``starter`` is the folder of the starter pack, ``own`` that of the user's entries.

    A user's entry replaces a shipped one with the same id. Invalid entries are skipped, and the log says why.
    ``ollama`` is the address of the language server whose models are the entries ``ollama:<name>``. ``country`` is
    where the studio is, as an ISO 3166 code; empty if unknown. ``on_card`` says that torch models run on a GPU; the
    caller sets it.
    """

    def __init__(self, starter: Path, own: Path, ollama: OllamaAddress | None = None, country: str = "") -> None:
        self.ollama = ollama or OllamaAddress()
        self.country = country
        self.on_card = False
        self._served: tuple[Entry, ...] = ()
        self._files = InstalledParts(starter)
        self._own = own
        self._ship = shipped.entries()
        self._as_of = -1
        self._version = 0  # of the set of entries
        self._entries: Mapping[str, Entry] = {}
        self.reload()

    @property
    def entries(self) -> Mapping[str, Entry]:
        """Every entry by its id. The user's own are reread whenever a file in their folder is added or removed."""
        if not self._files.is_steady:
            self._read_own()
        return self._entries

    @contextmanager
    def steady(self) -> Iterator[None]:
        """Inside this context, answers do not change for this thread: for code that asks about every model several
        times, like a form at each change. Outside, added and removed files are noticed at once."""
        if not self._files.is_steady:
            self._read_own()
        with self._files.steady():
            yield

    def _read_own(self) -> None:
        if _as_of(self._own) != self._as_of:
            self.reload()

    def reload(self) -> None:
        """Reread the user's own entries."""
        as_of = _as_of(self._own)
        whole = {entry.id: entry for entry in (*self._ship, *_own(self._own))}
        self._entries = {
            one.id: one for entry in whole.values() for one in quantizations.quantized_entries(entry)
        } | whole
        self._version += 1
        self._as_of = as_of  # last: other threads rely on it

    def get(self, id: str) -> Entry:
        """Return the entry with an id. Raises StudioError ``unknown_model`` (422)."""
        if id.startswith(OLLAMA_PREFIX):
            return next((entry for entry in self._served if entry.id == id), ollama_entry(id))
        if id not in self.entries:
            self.reload()  # two changes within one clock tick look like one
        if id not in self._entries:
            raise StudioError(
                "unknown_model",
                f"There is no model “{id[:60]}”.",
                next=f"Models: {', '.join(entry.id for entry in self.entries.values() if self._shown(entry))}.",
                status=422,
            )
        return self._entries[id]

    def for_task(self, task: str) -> list[Entry]:
        """Return the models that can do a task, best first.

        Installed models come before others; models without commercial use, or whose license may not be valid here, come
        last, after sketch models and those that need reference pictures; models made for the task come before others,
        well-tested ones before less tested ones.
        Hidden models are included only if installed.
        """
        key = ("for_task", task, self._version, self.on_card)
        return list(self._files.once(key, lambda: self._for_task(task)))

    def installed_for_task(self, task: str) -> list[Entry]:
        """Return the installed models that can do a task, best first."""
        key = ("installed_for_task", task, self._version, self.on_card)
        return list(self._files.once(key, lambda: [entry for entry in self.for_task(task) if self.installed(entry)]))

    def _for_task(self, task: str) -> list[Entry]:
        every = (*self.entries.values(), *self._served)
        known = [entry for entry in every if task in entry.tasks and self._shown(entry)]

        def rank(entry: Entry) -> tuple[bool, bool, bool, int, int, str]:
            trust = _TRUST.index(entry.verified)
            restricted = bool(entry.commercial_alternative) or not self.licensed_here(entry)
            last = entry.sketch or (task == "create_image" and entry.needs_references)
            return not self.installed(entry), restricted, last, entry.preference(task, self.on_card), trust, entry.id

        return sorted(known, key=rank)

    def auxiliary_model(self, entry: Entry, role: str) -> Entry | None:
        """Return the installed model that helps an entry in a role, if any."""
        return next(filter(self.installed, self.auxiliary_models(entry, role)), None)

    def auxiliary_models(self, entry: Entry, role: str) -> list[Entry]:
        """Return the models that could help an entry in a role, installed or not."""
        families_helped = (entry.lora_family, EVERY_FAMILY)
        role_entries = self._files.once(
            ("role", role, self._version), lambda: [one for one in self.entries.values() if role in one.roles]
        )
        return [one for one in role_entries if one.helps in families_helped]

    def quantizations(self, entry: Entry) -> list[Entry]:
        """Return the quantizations of an entry: installed ones first, then the largest."""
        known = [self.entries[one.id] for one in quantizations.quantized_entries(entry)]
        return sorted(known, key=lambda one: not self.installed(one))

    def serve(self, entries: Iterable[Entry]) -> None:
        """Replace the entries of the language server's models."""
        self._served = tuple(entries)
        self._version += 1

    def installed(self, entry: Entry) -> bool:
        """Whether the files of every part are on this computer."""
        key = ("installed", entry.id, self._version)
        return self._files.once(key, lambda: all(map(self._files.is_present, entry.parts.values())))

    def path_of(self, part: Part) -> Path:
        """Return where a part is or would be stored."""
        return self._files.path(part)

    def path(self, entry: Entry, part: str) -> Path:
        """Return the file or folder of a part. Raises StudioError ``missing_model`` that says how to get it."""
        wanted = entry.parts[part]
        path = self._files.path(wanted)
        if self._files.is_present(wanted):
            return path
        raise _missing(entry, part, path)

    def fetchable(self, entry: Entry) -> bool:
        """Whether every missing part of an entry can be downloaded."""
        return all(locations.is_downloadable(part) or self._files.is_present(part) for part in entry.parts.values())

    def missing_bytes(self, entry: Entry) -> int:
        """Return about how many bytes of an entry have to be downloaded, counting parts of known size."""
        absent = [name for name, part in entry.parts.items() if not self._files.is_present(part)]
        return sum(entry.part_memory.get(name, 0) for name in absent)

    def prepare(
        self,
        request: Request,
        facts: Mapping[str, AssetFacts],
        coming: Callable[[Entry], bool] = lambda entry: False,
    ) -> Request:
        """Return the request as it will run: model and seed filled in, everything checked against the model's entry.

        ``facts`` describes each asset it takes. An entry for which ``coming`` returns True need not be installed yet.
        Raises StudioError (4xx) if the request cannot be run.
        """
        if isinstance(request, FetchModel):
            self._check_licensed(self.get(request.entry))
        return resolve_request(request, self.choose_model(request, coming), facts)

    def field_choices(self, task: str, field: str) -> list[Choice]:
        """Return the allowed values of a request field over all models of a task, the best model's first."""
        choices: dict[str | int | float, Choice] = {}
        for entry in self.for_task(task):
            for choice in entry.choices.get(field, ()):
                choices.setdefault(choice.value, choice)
        return list(choices.values())

    def choose_model(self, request: Request, coming: Callable[[Entry], bool] = lambda entry: False) -> Entry:
        """Return the model for a request: the one it names, else the best one. Raises StudioError (422)."""
        if request.model is None:
            known = self.for_task(request.task)
            if not known:
                raise StudioError(
                    "no_model",
                    "No installed model can do this.",
                    next="Download one on the Models page first.",
                    status=422,
                )
            entry = known[0]
            if entry.commercial_alternative and self.installed(entry):
                raise self._private(entry)
            if not self.licensed_here(entry) and self.installed(entry):
                raise self._unlicensed(entry)
        else:
            entry = self.get(request.model)
            self._check_licensed(entry)
            if request.task not in entry.tasks:
                raise StudioError(
                    "wrong_model",
                    f"{entry.name} cannot do this.",
                    next=f"Models that can: {', '.join(entry.id for entry in self.for_task(request.task)) or 'none'}.",
                    status=422,
                )
        for part in () if coming(entry) else entry.parts:
            self.path(entry, part)
        return entry

    def licensed_here(self, entry: Entry) -> bool | None:
        """Whether a model's license is valid where the studio is; None if that depends on a country that is unknown."""
        return is_licensed(entry.license.territory, self.country)

    def _check_licensed(self, entry: Entry) -> None:
        """Raise StudioError ``not_licensed_here`` (422) if a model's license is not valid where the studio is."""
        if self.licensed_here(entry) is False:
            raise self._unlicensed(entry)

    def _unlicensed(self, entry: Entry) -> StudioError:
        """A model whose license is not valid here, or that is never chosen by accident while the country is unknown."""
        why = f"Its license ({entry.license.name}) is not valid in {region_names(entry.license.territory)}."
        if self.country:
            what = f"{entry.name} may not be used where your studio is ({self.country})."
            return StudioError("not_licensed_here", what, why, "Choose another model.", status=422)
        what = f"{entry.name} is never chosen automatically until the studio knows its country."
        return StudioError(
            "country_unknown", what, why, f"Set C41_COUNTRY, or choose {entry.name} yourself.", status=422
        )

    def _private(self, entry: Entry) -> StudioError:
        """A model without commercial use is never chosen by accident."""
        other = self.entries.get(entry.commercial_alternative)
        return StudioError(
            "not_for_clients",
            f"{entry.name} may not be used for client work, so it is never chosen automatically.",
            f"Its license is {entry.license.name}, and no other model for this is installed.",
            f"Download {other.name if other else entry.commercial_alternative} on the Models page, or choose "
            f"{entry.name} yourself.",
            status=422,
        )

    def _shown(self, entry: Entry) -> bool:
        return not entry.hidden or self.installed(entry)


def _missing(entry: Entry, part: str, path: Path) -> StudioError:
    wanted = entry.parts[part]
    if locations.is_downloadable(wanted):
        how = "Download it on the Models page."
    elif locations.is_starter(wanted):
        how = "Start the studio with “make run”: it downloads the missing files of the starter pack."
    else:
        how = "Put the file back, or correct the model's catalog entry."
    return StudioError(
        "missing_model",
        f"{entry.name} is missing files.",
        f"{path.name} (part “{part}”) was not found.",
        how,
        status=422,
    )


def _as_of(folder: Path) -> int:
    """Return when a file was last added to or removed from a folder; writing an entry does both."""
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
            log.warning("Skipping the catalog entry %s: %s", path, error)
    return entries
