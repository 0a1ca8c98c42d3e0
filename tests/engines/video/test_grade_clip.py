"""Graded clips, read back: known numbers for exposure, balance, contrast, saturation, LUTs and grain."""

from pathlib import Path

import numpy as np
import pytest

from engines.media import intake
from engines.requests import GradeClip
from engines.video.finish.color import Lut, Settings, white_balance
from engines.video.finish.grain import Grain
from errors import StudioError
from tests.engines.enhance.enhance_worker import Desk, asset_id
from tests.engines.video.delivery_files import Delivered, clicks, gray, plane, write

CLIP, LUT = asset_id(0), asset_id(1)
IDENTITY = "\n".join(f"{r / 4} {g / 4} {b / 4}" for b in range(5) for g in range(5) for r in range(5))


def cube(path: Path, rows: str = IDENTITY, size: int = 5) -> Path:
    path.write_text(f'TITLE "A look"\n# made by hand\nLUT_3D_SIZE {size}\nDOMAIN_MIN 0 0 0\n{rows}\n')
    return path


def colors() -> np.ndarray:
    """Return pixels of every kind of color."""
    levels = np.linspace(0, 1, 9, dtype=np.float32)
    return np.ascontiguousarray(np.stack(np.meshgrid(levels, levels, levels), -1).reshape(27, 27, 3))


def graded(pixels: np.ndarray, lut: Path | None = None, **fields: object) -> np.ndarray:
    strength = float(fields.pop("lut_strength", 1))  # type: ignore[arg-type]
    values = np.array(pixels, np.float32).reshape(-1, 1, 3)
    values = Settings(GradeClip(clip=CLIP, **fields)).apply(values)
    return (Lut(lut, strength).apply(values) if lut else values).reshape(np.shape(pixels))


def test_defaults_and_a_lut_of_identity_change_nothing(tmp_path: Path) -> None:
    pixels = colors()
    assert np.array_equal(graded(pixels), pixels)
    assert graded(pixels, cube(tmp_path / "i.cube")) == pytest.approx(pixels, abs=1e-6)


def test_a_known_lut_gives_known_values(tmp_path: Path) -> None:
    swapped = "\n".join(f"{b / 4} {g / 4} {1 - r / 4}" for b in range(5) for g in range(5) for r in range(5))
    lut = cube(tmp_path / "swap.cube", swapped)
    pixels = colors()
    wanted = np.stack([pixels[..., 2], pixels[..., 1], 1 - pixels[..., 0]], -1)
    assert graded(pixels, lut) == pytest.approx(wanted, abs=1e-5)
    half = graded(pixels, lut, lut_strength=0.25)
    assert half == pytest.approx(pixels + 0.25 * (wanted - pixels), abs=1e-5)
    assert np.array_equal(graded(pixels, lut, lut_strength=0), pixels)


def test_a_stop_doubles_the_light_of_a_monitor() -> None:
    stop = graded([[0.2, 0.4, 0.6]], exposure=1)
    assert stop == pytest.approx(np.array([[0.2, 0.4, 0.6]]) * 2 ** (1 / 2.4), rel=2e-3)
    assert graded(stop, exposure=-1) == pytest.approx(np.array([[0.2, 0.4, 0.6]]), rel=4e-3)


def test_contrast_turns_around_middle_gray_and_saturation_around_luma() -> None:
    middle = 0.18 ** (1 / 2.4)
    low, same, high = graded([[[v] * 3] for v in (0.3, middle, 0.7)], contrast=1.5)[:, 0, 0]
    assert (low < 0.3, same, high > 0.7) == (True, pytest.approx(middle, abs=2e-3), True)
    gray_of = graded([[0.2, 0.5, 0.8]], saturation=0)
    assert gray_of == pytest.approx(0.2126 * 0.2 + 0.7152 * 0.5 + 0.0722 * 0.8, abs=1e-4)


def test_white_balance_goes_the_way_it_says() -> None:
    assert white_balance(0, 0) == pytest.approx(np.eye(3), abs=1e-9)
    white = np.ones(3)
    red, green, blue = white_balance(50, 0) @ white
    assert red > green > blue
    red, green, blue = white_balance(-50, 0) @ white
    assert red < green < blue
    red, green, blue = white_balance(0, 50) @ white
    assert green < min(red, blue)
    for setting in ((100, 100), (-100, -100), (100, -100)):
        assert (white_balance(*setting) @ white) @ [0.2126, 0.7152, 0.0722] == pytest.approx(1, abs=1e-3)


def test_grain_is_seeded_and_strongest_below_the_middle() -> None:
    def noise(value: float, **changes: float) -> np.ndarray:
        settings = {"amount": 50.0, "size": 1.5, "seed": 7} | changes
        number = int(settings.pop("number", 0))
        pixels = np.full((128, 128, 3), value, np.float32)
        return Grain(**settings).apply(pixels, number) - pixels  # type: ignore[arg-type]

    assert np.array_equal(noise(0.3), noise(0.3))
    assert not np.array_equal(noise(0.3), noise(0.3, seed=8))
    assert not np.array_equal(noise(0.3), noise(0.3, number=1))
    strength = [float(noise(value).std()) for value in (0, 0.1, 0.33, 0.7, 1)]
    assert strength[2] == max(strength) == pytest.approx(0.08, rel=0.05)
    assert strength[0] == strength[4] == 0
    assert strength[1] > strength[3]
    fine, coarse = noise(0.3, size=1)[..., 0], noise(0.3, size=6)[..., 0]
    assert np.corrcoef(fine[:, 1:].ravel(), fine[:, :-1].ravel())[0, 1] < 0.1
    assert np.corrcoef(coarse[:, 1:].ravel(), coarse[:, :-1].ravel())[0, 1] > 0.8
    assert float(coarse.std()) == pytest.approx(float(fine.std()), rel=0.1)
    assert np.array_equal(Grain(0, 2, 1).apply(np.ones((2, 2, 3), np.float32), 0), np.ones((2, 2, 3)))


def test_a_ten_bit_clip_stays_as_it_is_without_changes(desk: Desk, tmp_path: Path) -> None:
    ramp = np.add.outer(3 * np.arange(48), 10 * np.arange(64)) + 64
    clip = write(tmp_path / "deep.mov", [gray(ramp)] * 3, clicks=(0.05,))
    came = desk.do(GradeClip(clip=CLIP, lut=LUT), clip, cube(tmp_path / "i.cube"))
    found = Delivered.of(came.path)
    assert (found.pixels, found.rate, len(found.frames)) == ("yuv422p10le", 25, 3)
    assert np.abs(plane(found.frames[1]).astype(int) - ramp).max() <= 3  # what ProRes loses
    assert np.abs(plane(found.frames[1]).astype(int) - ramp).mean() < 0.8
    assert clicks(came.path) == pytest.approx([0.05], abs=0.001)


def test_exposure_reaches_the_file(desk: Desk, tmp_path: Path) -> None:
    clip = write(tmp_path / "c.mov", [gray(np.full((48, 64), 16 + 88), "yuv420p")] * 2)
    found = Delivered.of(desk.do(GradeClip(clip=CLIP, exposure=1), clip).path)
    assert found.pixels == "yuv420p"
    assert float(plane(found.frames[0]).mean()) == pytest.approx(16 + 219 * 88 / 219 * 2 ** (1 / 2.4), abs=1)


@pytest.mark.parametrize(
    ("rows", "size", "why"),
    [
        (IDENTITY.rpartition("\n")[0], 5, "124 colors instead of 125"),
        (IDENTITY + "\nnan 0 0", 5, "neither a keyword nor three numbers"),
        (IDENTITY, 500, "LUT_3D_SIZE must be from 2 to 129"),
        ("<script>", 5, "Line 5 is neither"),
    ],
)
def test_a_broken_lut_is_refused_on_arrival(tmp_path: Path, rows: str, size: int, why: str) -> None:
    with pytest.raises(StudioError) as refused:
        intake.inspect(cube(tmp_path / "broken.cube", rows, size), "broken.cube")
    assert refused.value.problem.code == "bad_lut"
    assert why in refused.value.problem.why


def test_a_lut_is_recognized_by_its_content(tmp_path: Path) -> None:
    assert intake.inspect(cube(tmp_path / "look.txt"), "look.txt").facts.kind == "lut"
    shaper = "LUT_1D_SIZE 2\nLUT_3D_SIZE 2\n" + "\n".join(["0 0 0", "1 1 1"] + ["0 0 0"] * 8)
    (tmp_path / "resolve.cube").write_text(shaper)
    assert intake.inspect(tmp_path / "resolve.cube", "").suffix == ".cube"
    (tmp_path / "notes.cube").write_text("The LUT_3D_SIZE keyword starts a table.")
    assert intake.inspect(tmp_path / "notes.cube", "").facts.kind == "document"
