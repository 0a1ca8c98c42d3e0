"""Color by OpenColorIO, in floating point: exposure, white balance, contrast, saturation, a LUT."""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from engines.requests.finish import GradeClip
from errors import StudioError

if TYPE_CHECKING:
    import PyOpenColorIO

Pixels = npt.NDArray[np.float32]
Matrix = npt.NDArray[np.float64]

DISPLAY_GAMMA = 2.4
"""Rec.709 pictures are graded as a reference monitor shows them (ITU-R BT.1886)."""
_MIDDLE_GRAY = 0.18
_WHITE_KELVIN = 6504.0
_MIREDS = 0.6
"""How far one step of the temperature moves the white, in mired (a million divided by kelvin)."""
_TINT = 0.0001
"""How far one step of the tint moves the white, as a distance in CIE 1960 u, v."""
_RGB_TO_XYZ: Matrix = np.array([[0.41239, 0.35758, 0.18048], [0.21264, 0.71517, 0.07219], [0.01933, 0.11919, 0.95053]])
_BRADFORD: Matrix = np.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])


class Settings:
    """Exposure, white balance, contrast and saturation of a request, for pictures in Rec.709."""

    def __init__(self, request: GradeClip) -> None:
        self._processor = _processor(_settings(request))

    def apply(self, pixels: Pixels) -> Pixels:
        """Apply them to pixels [height, width, 3], 0 to 1, in place, and return these."""
        self._processor.applyRGB(pixels)
        return pixels


class Lut:
    """A .cube file, applied in part with a ``strength`` below 1. Raises StudioError bad_lut."""

    def __init__(self, path: Path, strength: float = 1.0) -> None:
        self._processor = _processor([_lut(path)])
        self._strength = np.float32(strength)

    def apply(self, pixels: Pixels) -> Pixels:
        """Return pixels [height, width, 3], 0 to 1, as the LUT maps them."""
        if self._strength == 0:
            return pixels
        looked_up = pixels.copy()
        self._processor.applyRGB(looked_up)
        return looked_up if self._strength == 1 else pixels + self._strength * (looked_up - pixels)


def _processor(transforms: "list[PyOpenColorIO.Transform]") -> "PyOpenColorIO.CPUProcessor":
    import PyOpenColorIO

    group = PyOpenColorIO.GroupTransform(transforms)
    try:
        return PyOpenColorIO.Config.CreateRaw().getProcessor(group).getDefaultCPUProcessor()
    except PyOpenColorIO.Exception as error:
        raise StudioError("bad_lut", "This LUT cannot be used.", str(error)[:200], "Choose another one.") from error


def _settings(request: GradeClip) -> "list[PyOpenColorIO.Transform]":
    """Return the transforms for everything but the LUT; none for what changes nothing."""
    import PyOpenColorIO

    transforms: list[PyOpenColorIO.Transform] = []
    if request.exposure or request.contrast != 1:
        transforms.append(
            PyOpenColorIO.ExposureContrastTransform(
                style=PyOpenColorIO.EXPOSURE_CONTRAST_LINEAR,
                exposure=request.exposure,
                contrast=request.contrast,
                pivot=_MIDDLE_GRAY,
            )
        )
    if request.temperature or request.tint:
        transforms.append(
            PyOpenColorIO.MatrixTransform(matrix=_homogeneous(white_balance(request.temperature, request.tint)))
        )
    if transforms:
        gammas = [DISPLAY_GAMMA] * 3 + [1.0]
        linear, display = (
            PyOpenColorIO.ExponentTransform(gammas, negativeStyle=PyOpenColorIO.NEGATIVE_MIRROR, direction=direction)
            for direction in (PyOpenColorIO.TRANSFORM_DIR_FORWARD, PyOpenColorIO.TRANSFORM_DIR_INVERSE)
        )
        transforms = [linear, *transforms, display]
    if request.saturation != 1:
        transforms.append(
            PyOpenColorIO.CDLTransform(slope=[1.0] * 3, offset=[0.0] * 3, power=[1.0] * 3, sat=request.saturation)
        )
    return transforms


def _lut(path: Path) -> "PyOpenColorIO.Transform":
    import PyOpenColorIO

    return PyOpenColorIO.FileTransform(src=str(path), interpolation=PyOpenColorIO.INTERP_BEST)


def white_balance(temperature: float, tint: float) -> Matrix:
    """Return the matrix on linear Rec.709 for a temperature and a tint, each from -100 to 100.

    It adapts the white of the picture (Bradford) to one that is warmer or cooler on the curve of black bodies, and that
    many steps beside it. Zero and zero is the identity.
    """
    mireds = 1e6 / _WHITE_KELVIN + _MIREDS * temperature
    before, after = _black_body(_WHITE_KELVIN), _black_body(1e6 / mireds)
    along = _black_body(1e6 / (mireds + 1)) - after
    across = np.array([along[1], -along[0]]) / np.hypot(*along)
    cones = [_BRADFORD @ _xyz(white) for white in (before, after + _TINT * tint * across)]
    adapted = np.linalg.inv(_BRADFORD) @ np.diag(cones[1] / cones[0]) @ _BRADFORD
    return np.asarray(np.linalg.inv(_RGB_TO_XYZ) @ adapted @ _RGB_TO_XYZ)


def _black_body(kelvin: float) -> Matrix:
    """Return the CIE 1960 u, v of a black body from 1000 to 15,000 K (Krystek's approximation)."""
    u = (0.860117757 + 1.54118254e-4 * kelvin + 1.28641212e-7 * kelvin**2) / (
        1 + 8.42420235e-4 * kelvin + 7.08145163e-7 * kelvin**2
    )
    v = (0.317398726 + 4.22806245e-5 * kelvin + 4.20481691e-8 * kelvin**2) / (
        1 - 2.89741816e-5 * kelvin + 1.61456053e-7 * kelvin**2
    )
    return np.array([u, v])


def _xyz(uv: Matrix) -> Matrix:
    """Return the XYZ of luminance 1 with these CIE 1960 coordinates."""
    u, v = uv
    x, y = 3 * u / (2 * u - 8 * v + 4), 2 * v / (2 * u - 8 * v + 4)
    return np.array([x / y, 1.0, (1 - x - y) / y])


def _homogeneous(matrix: Matrix) -> list[float]:
    whole = np.eye(4)
    whole[:3, :3] = matrix
    return [float(value) for value in whole.ravel()]
