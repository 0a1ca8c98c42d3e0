"""Check what a request to change a clip asks of its files, or say in one sentence why they do not fit."""

from collections.abc import Mapping

from engines.requests import AssetFacts, Request
from engines.requests.change_clip import ExtendClip, FillClip
from errors import StudioError

_SAME = 0.01
"""Shapes that differ by less are the same: sizes are whole numbers."""


def check_clip_change(request: Request, facts: Mapping[str, AssetFacts]) -> None:
    """A filled clip needs a mask of its shape, an extended one another shape than it has. Raises StudioError (422)."""
    if isinstance(request, FillClip):
        _check_mask(request, facts)
    if isinstance(request, ExtendClip) and _same_shape(_shape(facts[request.clip]), request.shape):
        raise StudioError(
            "same_shape",
            f"The clip already has the shape {request.aspect}.",
            "There is nothing to extend.",
            "Choose another “New shape”.",
            status=422,
            field="aspect",
        )


def _check_mask(request: FillClip, facts: Mapping[str, AssetFacts]) -> None:
    if not (request.mask or request.mask_clip):
        raise StudioError(
            "no_mask",
            "Paint over what should change first.",
            "“Area to replace” is empty.",
            "Or add a “Mask clip” under Advanced.",
            status=422,
            field="mask",
        )
    if request.mask_clip and not _same_shape(_shape(facts[request.clip]), _shape(facts[request.mask_clip])):
        raise StudioError(
            "other_shape",
            "The mask and the clip have different shapes.",
            "A mask covers the clip pixel by pixel.",
            "Choose a mask clip of the same shape.",
            status=422,
            field="mask_clip",
        )


def _shape(facts: AssetFacts) -> tuple[int, int]:
    return facts.width or 1, facts.height or 1


def _same_shape(one: tuple[int, int], other: tuple[int, int]) -> bool:
    return abs(one[0] * other[1] / (one[1] * other[0]) - 1) < _SAME
