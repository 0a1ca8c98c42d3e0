"""Who may speak in a text to read aloud: the names of voices, and of the cast members who have one."""

from auth.accounts.principal import Principal
from engines.catalog import Catalog
from engines.catalog.entry import Choice
from errors import StudioError
from library.service import Library


def known_speakers(who: Principal, catalog: Catalog, library: Library, model: str | None = None) -> dict[str, str]:
    """The names that choose a voice of a model (by default, the best one), and that voice: the cast comes first."""
    choices = _voices(catalog, model)
    voices = {str(choice.value) for choice in choices}
    cast = {one.name: one.voice for one in library.cast.all(who) if one.voice and one.voice in voices}
    members = {name.casefold() for name in cast}
    return {one.label: str(one.value) for one in choices if one.label.casefold() not in members} | cast


def _voices(catalog: Catalog, model: str | None) -> tuple[Choice, ...]:
    try:
        entry = catalog.get(model) if model else next(iter(catalog.for_task("speak")), None)
    except StudioError:
        return ()
    return entry.choices.get("voice", ()) if entry else ()
