"""The task ``write``: a language model answers a conversation."""

from collections.abc import Mapping
from importlib import import_module

from engines.catalog import Catalog, Entry
from engines.context import Context
from engines.language.budget import talk
from engines.language.sight import sight
from engines.language.told import Telling
from engines.requests import Request
from engines.requests.writing import Write
from engines.wire import Input
from errors import Problem, StudioError

_RUNTIMES = {"llama": "engines.language.llama", "torch": "engines.language.local", "ollama": "engines.language.ollama"}


def write(request: Request, context: Context) -> None:
    """Answer the newest message. Its text grows as it is written; facts about it are told beside.

    Raises StudioError where the conversation does not fit the model, or the model cannot be had.
    """
    assert isinstance(request, Write)
    context.check()
    seen = sight(context.entry, context.catalog)
    fitted = talk(request, context.entry.name, seen, context.inputs)
    left_out = {"left_out": fitted.left_out, "left_out_files": list(fitted.files_left_out)} if fitted.left_out else {}
    context.tell(context=fitted.window, prompt_tokens=fitted.tokens, **left_out)
    runtime = import_module(_RUNTIMES[context.entry.runtime])
    runtime.write(request, fitted, seen, context, Telling(context, fitted.window))


def obstacle(request: Request, entry: Entry, catalog: Catalog, files: Mapping[str, Input]) -> Problem | None:
    """Why the conversation cannot be sent to the model as it is; None where it can."""
    assert isinstance(request, Write)
    if entry.runtime not in _RUNTIMES:
        return None
    try:
        talk(request, entry.name, sight(entry, catalog), files)
    except StudioError as error:
        return error.problem
    return None
