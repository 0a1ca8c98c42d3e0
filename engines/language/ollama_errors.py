"""One sentence for whatever goes wrong between the studio and an Ollama server."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from engines.ollama_address import OllamaAddress
from errors import StudioError

log = logging.getLogger(__name__)


@contextmanager
def ollama_errors(address: OllamaAddress, name: str = "") -> Iterator[None]:
    """Raise StudioError for whatever goes wrong with a server, or with its model ``name``."""
    import httpx
    from ollama import ResponseError

    try:
        yield
    except ResponseError as error:
        raise _refused(address, name, error.status_code, str(error.error)) from error
    except httpx.TimeoutException as error:
        raise absent(address, "It does not answer.") from error
    except (httpx.ConnectError, ConnectionError, httpx.UnsupportedProtocol, httpx.InvalidURL) as error:
        raise absent(address) from error
    except httpx.HTTPError as error:
        raise stopped(name) from error
    except (ValueError, TypeError, AttributeError) as error:  # not JSON, or of another shape
        log.warning("What the Ollama at %s says cannot be read", address.url, exc_info=True)
        why = f"Its answer about {name} cannot be read." if name else "It speaks something else."
        raise _no_ollama(address, why) from error


def is_unreachable(error: StudioError) -> bool:
    """Whether no connection came about at all: one that is merely late, or says nonsense, can be asked other things."""
    import httpx

    return isinstance(error.__cause__, ConnectionError | httpx.ConnectError | httpx.ConnectTimeout)


def absent(address: OllamaAddress, why: str = "Nothing answers there.") -> StudioError:
    """The server is not there."""
    return StudioError(
        "no_ollama",
        f"There is no Ollama at {address.url}.",
        why,
        "Start it, or choose a model of the studio itself.",
        status=503,
    )


def stopped(name: str) -> StudioError:
    """An answer, or a download, ended before its end."""
    return StudioError(
        "model_stopped",
        f"Ollama stopped in the middle of {name}'s answer." if name else "Ollama stopped in the middle.",
        next="What came is kept. Try again.",
        status=502,
    )


def stalled(name: str, seconds: float) -> StudioError:
    """Nothing more came of an answer or a download."""
    return StudioError(
        "model_stopped",
        f"Ollama stopped in the middle of {name}.",
        f"Nothing came for {seconds:g} seconds.",
        "What came is kept. Try again; a slower machine needs a larger C41_OLLAMA_STALL_SECONDS.",
        status=502,
    )


def _no_ollama(address: OllamaAddress, why: str) -> StudioError:
    return StudioError(
        "no_ollama",
        f"What answers at {address.url} is no Ollama.",
        why,
        "Correct the address in the settings (C41_OLLAMA_URL).",
        status=502,
    )


def _refused(address: OllamaAddress, name: str, status: int, reason: str) -> StudioError:
    short = reason.strip().rstrip(".")[:200] or str(status)
    if status in (401, 403):
        given = address.key or address.login
        return StudioError(
            "ollama_key",
            f"The Ollama at {address.url} {'does not accept the key' if given else 'asks for a key'}.",
            f"It says: {short}.",
            "Set C41_OLLAMA_KEY to the right one and start the studio again.",
            status=502,
        )
    if status == 404 and (not name or "page not found" in short or "<" in short):
        return _no_ollama(address, "It has none of Ollama's pages (404).")
    if status == 404 and "not found" in short:
        return StudioError(
            "missing_model",
            f"Ollama has no model “{name}”.",
            "It was deleted there, or its name is another.",
            "Download it again, or choose another model.",
            status=422,
        )
    if "memory" in short.lower() or "failed to allocate" in short.lower():
        return StudioError(
            "out_of_memory",
            f"There is not enough memory for {name}.",
            f"Ollama says: {short}.",
            "Choose a smaller model, shorten the conversation, or close other programs.",
            status=503,
        )
    return StudioError(
        "model_refused",
        f"{name} did not answer." if name else "Ollama did not do that.",
        f"Ollama says: {short}.",
        "Try again, or choose another model.",
        status=502,
    )
