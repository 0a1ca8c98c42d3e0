"""Turn every failure between the studio and an Ollama server into a StudioError."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from engines.ollama_address import OllamaAddress
from errors import StudioError

log = logging.getLogger(__name__)


@contextmanager
def ollama_errors(address: OllamaAddress, name: str = "") -> Iterator[None]:
    """Raise StudioError for any failure of a server, or of its model ``name``."""
    import httpx
    from ollama import ResponseError

    try:
        yield
    except ResponseError as error:
        raise _refused(address, name, error.status_code, str(error.error)) from error
    except httpx.TimeoutException as error:
        raise is_absent(address, "It does not answer.") from error
    except (httpx.ConnectError, ConnectionError, httpx.UnsupportedProtocol, httpx.InvalidURL) as error:
        raise is_absent(address) from error
    except httpx.HTTPError as error:
        raise stopped(name) from error
    except (ValueError, TypeError, AttributeError) as error:  # not JSON, or of another shape
        log.warning("The Ollama server at %s sent an invalid answer", address.url, exc_info=True)
        why = f"Its answer about {name} is invalid." if name else "Its answer is invalid."
        raise _no_ollama(address, why) from error


def is_unreachable(error: StudioError) -> bool:
    """Whether the connection failed. A server that is only slow, or sent one invalid answer, can still be asked."""
    import httpx

    return isinstance(error.__cause__, ConnectionError | httpx.ConnectError | httpx.ConnectTimeout)


def is_absent(address: OllamaAddress, why: str = "Nothing answers at this address.") -> StudioError:
    """Return the error for a missing server."""
    return StudioError(
        "no_ollama",
        f"Ollama isn't running at {address.url}.",
        why,
        "Start Ollama, or choose a built-in model.",
        status=503,
    )


def stopped(name: str) -> StudioError:
    """Return the error for an answer or a download that broke off."""
    return StudioError(
        "model_stopped",
        f"Ollama stopped in the middle of {name}'s answer." if name else "Ollama stopped before it was done.",
        next="Everything received so far is kept. Try again.",
        status=502,
    )


def stalled(name: str, seconds: float) -> StudioError:
    """Return the error for an answer or a download that stalled."""
    return StudioError(
        "model_stopped",
        f"Ollama stopped in the middle of {name}.",
        f"It sent nothing for {seconds:g} seconds.",
        "Everything received so far is kept. Try again. If Ollama is slow, raise C41_OLLAMA_STALL_SECONDS.",
        status=502,
    )


def _no_ollama(address: OllamaAddress, why: str) -> StudioError:
    return StudioError(
        "no_ollama",
        f"The server at {address.url} is not Ollama.",
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
            f"Ollama at {address.url} {'does not accept the key' if given else 'requires a key'}.",
            f"Ollama says: {short}.",
            "Set C41_OLLAMA_KEY to the right key, then restart the studio.",
            status=502,
        )
    if status == 404 and (not name or "page not found" in short or "<" in short):
        return _no_ollama(address, "Ollama's API does not exist there (404).")
    if status == 404 and "not found" in short:
        return StudioError(
            "missing_model",
            f"Ollama has no model “{name}”.",
            "It was deleted there, or the name is wrong.",
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
        f"{name} did not answer." if name else "Ollama refused the request.",
        f"Ollama says: {short}.",
        "Try again, or choose another model.",
        status=502,
    )
