"""Poses of people in photos: RT-DETR (Zhao et al. 2023, arXiv:2304.08069) finds the people, ViTPose (Xu et al. 2022,
arXiv:2204.12484) their joints, and they are drawn like OpenPose's skeletons."""

import colorsys
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from engines.catalog import Entry
from engines.host.context import Context
from engines.memory.component import load_errors
from engines.weights.pretrained import pretrained
from errors import StudioError

if TYPE_CHECKING:
    from PIL.Image import Image

_WORKING_BYTES = 1_000_000_000
_MOST_PEOPLE = 12
_SURE_PERSON, _SURE_JOINT = 0.4, 0.3

_JOINTS = (0, None, 6, 8, 10, 5, 7, 9, 12, 14, 16, 11, 13, 15, 2, 1, 4, 3)
"""The ViTPose joint for each of OpenPose's 18 joints; the neck is between the shoulders."""
_SHOULDERS = (5, 6)
_ARMS = ((1, 2), (1, 5), (2, 3), (3, 4), (5, 6), (6, 7))
_LEGS = ((1, 8), (8, 9), (9, 10), (1, 11), (11, 12), (12, 13))
_FACE = ((1, 0), (0, 14), (14, 16), (0, 15), (15, 17))
_LIMBS = (*_ARMS, *_LEGS, *_FACE)
"""The pairs of OpenPose joints that are connected, in the order of the colors."""
_HUES = 18
_LIMB_LIGHT = 0.6


class Joint(NamedTuple):
    """The position of a joint in px, and its confidence, 0 to 1."""

    x: float
    y: float
    sure: float


def find_poses(picture: "Image", entry: Entry, context: Context) -> "Image":
    """Return the people in an RGB picture as colored skeletons on black, at its size, from the models of ``entry``.

    Raises StudioError ``nobody_seen`` (422) if no people are found.
    """
    folders = {part: context.catalog.path(entry, part) for part in ("detector", "pose")}
    components = pretrained(folders, context.device, entry.name)
    with context.lease(*(components[part] for part in folders), working_bytes=_WORKING_BYTES) as (detector, model):
        from transformers import AutoImageProcessor

        processors = {}
        for part, folder in folders.items():
            with load_errors(folder):
                processors[part] = AutoImageProcessor.from_pretrained(folder, local_files_only=True)
        boxes = _people(picture, detector, processors["detector"])
        people = _joints(picture, boxes, model, processors["pose"]) if boxes else []
    if not people:
        raise StudioError(
            "nobody_seen",
            "No people were found in this picture.",
            "A pose can only be taken from people who are clearly visible.",
            "Use a picture that shows them larger, or keep the edges or the depth instead.",
            status=422,
        )
    return draw_skeletons(people, picture.size)


def draw_skeletons(people: Sequence[Sequence[Joint]], size: tuple[int, int]) -> "Image":
    """Draw people, each with 17 joints in ViTPose's (COCO's) order, as OpenPose skeletons on black."""
    from PIL import Image, ImageDraw

    canvas = Image.new("RGB", size)
    draw = ImageDraw.Draw(canvas)
    broad = max(2.0, 4 * max(size) / 512)
    for person in people:
        joints = [_openpose(person, which) for which in _JOINTS]
        for number, (start, end) in enumerate(_LIMBS):
            if min(joints[start].sure, joints[end].sure) >= _SURE_JOINT:
                draw.polygon(_spindle(joints[start], joints[end], broad), fill=_limb_color(number, _LIMB_LIGHT))
        for number, joint in enumerate(joints):
            if joint.sure >= _SURE_JOINT:
                around = (joint.x - broad, joint.y - broad, joint.x + broad, joint.y + broad)
                draw.ellipse(around, fill=_limb_color(number, 1))
    return canvas


def _people(picture: "Image", detector: Any, processor: Any) -> list[list[float]]:
    """Return boxes (left, top, width, height) around the people in a picture, largest first."""
    import torch

    given = processor(images=picture, return_tensors="pt").pixel_values.to(detector.device, detector.dtype)
    with torch.no_grad():
        outputs = detector(pixel_values=given)
    sizes = [(picture.height, picture.width)]
    detections = processor.post_process_object_detection(outputs, target_sizes=sizes, threshold=_SURE_PERSON)[0]
    name = {number: label.lower() for number, label in detector.config.id2label.items()}
    boxes = [
        [box[0], box[1], box[2] - box[0], box[3] - box[1]]
        for box, label in zip(detections["boxes"].float().tolist(), detections["labels"].tolist(), strict=True)
        if name[label] == "person" and box[2] > box[0] and box[3] > box[1]
    ]
    return sorted(boxes, key=lambda box: -box[2] * box[3])[:_MOST_PEOPLE]


def _joints(picture: "Image", boxes: list[list[float]], model: Any, processor: Any) -> list[list[Joint]]:
    import torch

    given = processor(images=picture, boxes=[boxes], return_tensors="pt").pixel_values
    with torch.no_grad():
        outputs = model(pixel_values=given.to(model.device, model.dtype))
    outputs.heatmaps = outputs.heatmaps.float().cpu()
    poses = processor.post_process_pose_estimation(outputs, boxes=[boxes])[0]
    people = [
        [Joint(x, y, sure) for (x, y), sure in zip(one["keypoints"].tolist(), one["scores"].tolist(), strict=True)]
        for one in poses
    ]
    return [person for person in people if any(joint.sure >= _SURE_JOINT for joint in person)]


def _limb_color(number: int, light: float) -> tuple[int, int, int]:
    """Return the rainbow color by which a ControlNet recognizes the limb."""
    red, green, blue = (round(255 * light * value) for value in colorsys.hsv_to_rgb(number / _HUES, 1, 1))
    return red, green, blue


def _openpose(person: Sequence[Joint], which: int | None) -> Joint:
    if which is not None:
        return person[which]
    left, right = (person[shoulder] for shoulder in _SHOULDERS)
    return Joint((left.x + right.x) / 2, (left.y + right.y) / 2, min(left.sure, right.sure))


def _spindle(start: Joint, end: Joint, broad: float) -> list[tuple[float, float]]:
    """Return an ellipse from joint to joint."""
    middle = ((start.x + end.x) / 2, (start.y + end.y) / 2)
    long, way = math.dist(start[:2], end[:2]) / 2, math.atan2(end.y - start.y, end.x - start.x)
    turns = [2 * math.pi * number / 24 for number in range(24)]
    return [
        (
            middle[0] + long * math.cos(turn) * math.cos(way) - broad * math.sin(turn) * math.sin(way),
            middle[1] + long * math.cos(turn) * math.sin(way) + broad * math.sin(turn) * math.cos(way),
        )
        for turn in turns
    ]
