"""Control maps: edges, soft lines and skeletons are where they should be, and finished maps stay unchanged."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFilter

from engines import protocol
from engines.controls.control_maps import edges, read_control_map, sketch
from engines.controls.pose import Joint, draw_skeletons
from engines.requests import parse
from engines.tasks import obstacle
from errors import Problem
from tests.engines.image.image_worker import Desk, noise

KINDS = ("edges", "sketch", "depth", "pose")


@pytest.fixture
def photograph(photo: Path) -> Image.Image:
    return Image.open(photo).convert("RGB").resize((480, 360))


def disc(size: int = 200, radius: int = 60) -> Image.Image:
    picture = Image.new("RGB", (size, size), (40, 60, 90))
    middle = size / 2
    box = (middle - radius, middle - radius, middle + radius, middle + radius)
    ImageDraw.Draw(picture).ellipse(box, fill=(200, 180, 120))
    return picture


def ramp(width: int = 256, height: int = 128) -> Image.Image:
    """A depth map: a floor that comes nearer, and a round object on it."""
    plane = np.tile(np.linspace(20, 200, height)[:, None], (1, width))
    y, x = np.mgrid[:height, :width]
    plane[(x - 90) ** 2 + (y - 60) ** 2 < 900] = 230
    return Image.fromarray(plane.astype(np.uint8)).convert("RGB")


def standing(size: int = 256) -> list[Joint]:
    """A person standing upright and facing the camera, in COCO's order."""
    places = [(0.5, 0.15), (0.52, 0.13), (0.48, 0.13), (0.55, 0.14), (0.45, 0.14), (0.6, 0.28), (0.4, 0.28)]
    places += [(0.65, 0.42), (0.35, 0.42), (0.66, 0.55), (0.34, 0.55), (0.56, 0.55), (0.44, 0.55)]
    places += [(0.56, 0.74), (0.44, 0.74), (0.56, 0.93), (0.44, 0.93)]
    return [Joint(x * size, y * size, 0.9) for x, y in places]


def test_edges_are_thin_and_where_the_edge_is() -> None:
    found = np.asarray(edges(disc()).convert("L"))
    assert set(np.unique(found)) == {0, 255}
    y, x = np.nonzero(found)
    far = np.hypot(x - 100, y - 100)
    assert np.abs(far - 60).max() < 2.5
    # All the way around, and hardly more than one px wide.
    assert len(set(np.rint(np.degrees(np.arctan2(y - 100, x - 100)) / 5).astype(int))) >= 72
    assert len(x) < 2 * 2 * np.pi * 60


def test_noise_and_flat_pictures_have_no_edges() -> None:
    grain = np.random.default_rng(1).normal(128, 2, (100, 100, 3)).clip(0, 255).astype(np.uint8)
    for flat in (Image.fromarray(grain), Image.new("RGB", (100, 100), (90, 120, 60)), Image.new("RGB", (1, 1))):
        assert np.asarray(edges(flat)).mean() < 3
        assert np.asarray(sketch(flat)).mean() < 25


def test_a_soft_edge_is_still_found() -> None:
    found = np.asarray(edges(disc().filter(ImageFilter.GaussianBlur(3))).convert("L"))
    assert (found > 0).sum() > 300


def test_a_sketch_is_broad_soft_and_large_pictures_look_like_small_ones(photograph: Image.Image) -> None:
    small = np.asarray(sketch(photograph).convert("L"), float)
    assert len(np.unique(small)) > 100
    large = sketch(photograph.resize((960, 720), Image.Resampling.LANCZOS)).convert("L").resize((480, 360))
    assert np.corrcoef(small.ravel(), np.asarray(large, float).ravel())[0, 1] > 0.9


def test_photos_are_not_control_maps(photograph: Image.Image) -> None:
    night = photograph.point(lambda value: max(0, value - 170))
    for picture in (photograph, photograph.convert("L").convert("RGB"), night, noise(200, 150), disc()):
        assert [kind for kind in KINDS if read_control_map(kind, picture)] == []


def test_control_maps_are_recognized(photograph: Image.Image) -> None:
    for kind, drawing in {
        "edges": edges(photograph),
        "sketch": sketch(photograph),
        "depth": ramp(),
        "pose": draw_skeletons([standing()], (256, 256)),
    }.items():
        assert read_control_map(kind, drawing) is drawing, kind
    assert read_control_map("pose", edges(photograph)) is None
    assert read_control_map("depth", edges(photograph)) is None
    assert read_control_map("depth", draw_skeletons([standing()], (256, 256))) is None
    assert read_control_map("edges", ramp()) is None


def test_lines_on_white_paper_are_inverted() -> None:
    paper = Image.new("RGB", (200, 200), "white")
    ImageDraw.Draw(paper).line((20, 30, 180, 150), fill="black", width=3)
    for kind in ("edges", "sketch"):
        turned = read_control_map(kind, paper)
        assert turned is not None
        assert turned.getpixel((0, 0)) == (0, 0, 0)
        assert np.asarray(turned).max() == 255


def test_a_stick_figure_stands_as_the_person_did() -> None:
    drawing = np.asarray(draw_skeletons([standing()], (256, 256)))
    lit = drawing.max(axis=2) > 0
    assert lit[int(0.15 * 256), 128]  # the head
    assert lit[int(0.84 * 256), int(0.56 * 256)]  # a leg, between knee and ankle
    assert not lit[:, : int(0.3 * 256)].any()
    # The neck, which ViTPose does not detect, is between the shoulders.
    assert tuple(drawing[int(0.28 * 256), 128]) == (255, 85, 0)


def test_unseen_joints_are_not_drawn() -> None:
    unsure = [joint._replace(sure=0.1) if number > 10 else joint for number, joint in enumerate(standing())]
    assert np.asarray(draw_skeletons([unsure], (256, 256)))[int(0.6 * 256) :].max() == 0


# -- through the desk


@pytest.fixture
def desk(twin_folder: Path, tmp_path: Path) -> Desk:
    return Desk(twin_folder, tmp_path)


REQUEST_FIELDS: dict[str, Any] = {"task": "create_image", "prompt": "a fox", "steps": 2, "width": 64, "height": 64}


@pytest.mark.slow
def test_a_control_map_needs_no_helper(desk: Desk) -> None:
    model = desk.twin("stable-diffusion-1.5")
    for kind in ("depth", "pose"):
        desk.twin(f"controlnet-{kind}-sd15")
    depths, poses = desk.put(ramp()), desk.put(draw_skeletons([standing()], (256, 256)))
    assert desk.files(model=model, control="depth", control_image=depths, **REQUEST_FIELDS)
    assert desk.files(model=model, control="pose", control_image=poses, **REQUEST_FIELDS)
    photograph = {"model": model, "control": "depth", "control_image": desk.put(noise(64, 64)), **REQUEST_FIELDS}
    failed = desk.ask(**photograph)
    assert isinstance(failed, protocol.Failed)
    assert failed.problem.code == "needs_helper"
    assert "Depth Anything" in failed.problem.next

    def foreseen(**asked: Any) -> Problem | None:
        return obstacle(parse(asked), desk.catalog.get(model), desk.catalog, desk.inputs)

    assert foreseen(**photograph) == failed.problem
    assert foreseen(**{**photograph, "control_image": depths}) is None
    assert foreseen(**{**photograph, "control_strength": 0}) is None


@pytest.mark.slow
def test_a_picture_without_people_is_reported(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    model = desk.twin("stable-diffusion-1.5")
    for helper in ("controlnet-pose-sd15", "vitpose-base"):
        desk.twin(helper)
    monkeypatch.setattr("engines.controls.pose._SURE_PERSON", 1.0)
    failed = desk.ask(model=model, control="pose", control_image=desk.put(noise(64, 64)), **REQUEST_FIELDS)
    assert isinstance(failed, protocol.Failed)
    assert failed.problem.code == "nobody_seen"


@pytest.mark.slow
def test_the_structure_is_shown_before_the_picture(desk: Desk) -> None:
    model = desk.twin("stable-diffusion-1.5")
    desk.twin("controlnet-edges-sd15")
    desk.files(model=model, control="edges", control_image=desk.put(disc()), **REQUEST_FIELDS)
    previews = [number for number, event in enumerate(desk.events) if isinstance(event, protocol.Preview)]
    steps = [number for number, event in enumerate(desk.events) if isinstance(event, protocol.Progress)]
    assert previews[0] < steps[0]
