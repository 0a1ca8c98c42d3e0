"""How accurately Storybook, the studio's own picture and clip models, follows prompts, and how fast.

A separate judge model rates one picture for each of 500 captions that neither model has seen. ``*_judge`` is its score
for the same scenes as drawn by hand-written code, which is the upper limit.
"""

import statistics
from random import Random
from typing import TYPE_CHECKING, Any

from bench.report import report, seconds

if TYPE_CHECKING:
    import numpy as np

    from tools.storybook.judge import Eye
    from tools.storybook.scene import Scene

SEEN_SCENES = 32_000
"""The number of training scenes: their captions are not used here."""

SEEN_CLIPS = 10_000
EDITED = 40
TIMED = 7


def run(bench: str = "storybook") -> None:
    """Measure the shipped models. Raises SystemExit if their weights are missing."""
    from engines import torch_setup

    torch_setup.use_threads(None)
    torch_setup.import_heavy("diffusers", "transformers")
    from tools.storybook import shipping, skill

    if not (shipping.MODEL / "unet").is_dir():
        raise SystemExit("Storybook's weights are not in assets/starter/storybook-image.")
    loaded, eye = shipping.shipped(), shipping.shipped_eye()
    by_model, by_hand = shipping.measured(loaded, eye, SEEN_SCENES)
    for case, aim in skill.AIMS.items():
        report(bench, case, by_model.share(case), "share", f">= {aim}", by_model.asked[case])
        report(bench, f"{case}_judge", by_hand.share(case), "share", runs=by_hand.asked[case])
    _edits(bench, loaded, eye)
    _time(bench, loaded)
    _motion(bench)


def _time(bench: str, loaded: Any) -> None:
    from tools.storybook import pipeline

    def one() -> None:
        pipeline.drawn(loaded, ["a red house by the sea at sunset"])

    one()
    times = [seconds(one) for _ in range(TIMED)]
    report(bench, "seconds_per_picture", statistics.median(times), "s", "<= 4", TIMED)


def _motion(bench: str) -> None:
    from tools.storybook.moving import shipping, skill
    from tools.storybook.shipping import shipped as picture_model

    if not (shipping.MODEL / "transformer").is_dir():
        raise SystemExit("Storybook's weights are not in assets/starter/storybook-motion.")
    loaded = shipping.shipped()
    by_model, by_hand = shipping.measured(loaded, SEEN_CLIPS)
    for case, aim in skill.AIMS.items():
        report(
            bench,
            case if "motion" in case else f"clip_{case}",
            by_model.share(case),
            "share",
            f">= {aim}",
            by_model.asked[case],
        )
    for case in ("motion", "kept", "position"):
        report(
            bench,
            f"{case}_judge" if case == "motion" else f"clip_{case}_judge",
            by_hand.share(case),
            "share",
            runs=by_hand.asked[case],
        )
    film, (asked, *_) = skill.from_words(loaded, picture_model()), skill.unseen(1, SEEN_CLIPS)
    times = [seconds(lambda: film(*asked, 1)) for _ in range(TIMED)]
    report(bench, "seconds_per_clip", statistics.median(times), "s", "<= 60", TIMED)


def _edits(bench: str, loaded: Any, eye: "Eye") -> None:
    """Edits of a drawn scene: with a low strength, its thing and place must stay; with another thing inpainted in a
    box, that thing must appear, and nothing outside the box may change."""
    import numpy as np
    from PIL import Image

    from tools.storybook import editing, skill
    from tools.storybook.judge import look, place_of

    kept, filled, beside = 0, 0, 0
    for number, (scene, text) in enumerate(_single(skill.unseen(EDITED * 8, SEEN_SCENES))):
        thing = scene.things[0]
        drawn = skill.as_drawn([scene])[0]
        changed = editing.changed(loaded, Image.fromarray(drawn), text, strength=0.3, seed=number)
        (sight,) = look(eye, np.asarray(changed)[None])
        kept += thing.kind in sight.kinds and place_of(sight, thing.kind) == thing.place
        new = Random(number).choice([kind for kind in ("house", "tree", "cat", "person") if kind != thing.kind])
        wish = f"a red {new} {' '.join(part[scene_part][0] for part, scene_part in _around(scene))}"
        mask = _box(scene)
        made = np.asarray(editing.filled(loaded, Image.fromarray(drawn), Image.fromarray(mask), wish, seed=number))
        filled += new in look(eye, made[None])[0].kinds
        beside = max(beside, int(np.abs(made.astype(int) - drawn)[mask == 0].max()))
    report(bench, "image_to_image", kept / EDITED, "share", ">= 0.9", EDITED)
    report(bench, "inpaint", filled / EDITED, "share", runs=EDITED)
    report(bench, "inpaint_changes_outside", beside, "levels", "<= 0", EDITED)


def _single(asked: list[Any]) -> list[Any]:
    """The scenes with a single thing at medium size, in clear weather."""
    return [
        (scene, text)
        for scene, text in asked
        if (scene.relation, scene.framing, scene.weather) == ("alone", "medium", "clear")
    ][:EDITED]


def _around(scene: "Scene") -> list[tuple[dict[str, tuple[str, ...]], str]]:
    from engines.families.storybook import words

    return [(words.PLACES, scene.things[0].place), (words.GROUNDS, scene.ground), (words.TIMES, scene.time)]


def _box(scene: "Scene") -> "np.ndarray":
    """A mask, white around the scene's thing with a margin, black elsewhere."""
    import numpy as np

    from tools.storybook.drawing import marks

    there = marks(scene)[0] > 0
    rows, columns = np.flatnonzero(there.any(1)), np.flatnonzero(there.any(0))
    mask = np.zeros(there.shape, np.uint8)
    mask[max(0, rows[0] - 10) : rows[-1] + 10, max(0, columns[0] - 10) : columns[-1] + 10] = 255
    return mask
