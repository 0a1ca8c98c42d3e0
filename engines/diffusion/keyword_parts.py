"""Pipelines of this project whose constructors pass most of their parts on."""

from typing import Any


class KeywordParts:
    """A base class before the library's: the pipeline takes its parts as keyword arguments, under the library's names.

    The library reads the names of a pipeline's parts from the parameters of its constructor.
    """

    @classmethod
    def _get_signature_keys(cls, obj: Any) -> Any:
        library = next(base for base in cls.__mro__ if base.__module__.startswith("diffusers."))
        return super()._get_signature_keys(library)  # type: ignore[misc]
