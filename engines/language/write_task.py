"""The task ``write``: a language model answers a conversation."""

from collections.abc import Mapping
from importlib import import_module

from engines.catalog import Catalog, Entry
from engines.host.context import Context
from engines.language.context_length import context_length
from engines.language.context_window import fit_conversation
from engines.language.stream_reporter import StreamReporter
from engines.protocol import Input
from engines.requests import Request
from engines.requests.writing import Write
from errors import Problem, StudioError

_RUNTIMES = {
    "llama": "engines.language.llama_cpp",
    "torch": "engines.language.transformers_models",
    "ollama": "engines.language.ollama",
}


def write(request: Request, context: Context) -> None:
    """Answer the newest message, reporting the text as it grows and facts about it.

    Raises StudioError if the conversation does not fit the model, or if the model is unavailable.
    """
    assert isinstance(request, Write)
    context.check()
    limits = context_length(context.entry, context.catalog)
    fitted = fit_conversation(request, context.entry.name, limits, context.inputs)
    left_out = {"left_out": fitted.left_out, "left_out_files": list(fitted.files_left_out)} if fitted.left_out else {}
    context.report_facts(context=fitted.window, prompt_tokens=fitted.tokens, **left_out)
    runtime = import_module(_RUNTIMES[context.entry.runtime])
    runtime.write(request, fitted, limits, context, StreamReporter(context, fitted.window))


def obstacle(request: Request, entry: Entry, catalog: Catalog, files: Mapping[str, Input]) -> Problem | None:
    """Return why the conversation cannot be sent to the model as it is, or None."""
    assert isinstance(request, Write)
    if entry.runtime not in _RUNTIMES:
        return None
    try:
        fit_conversation(request, entry.name, context_length(entry, catalog), files)
    except StudioError as error:
        return error.problem
    return None
