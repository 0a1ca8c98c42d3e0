"""How visible the joins of a clip in parts are, ours and those of plain chaining: animating each clip's last frame.

Storybook Motion makes clips of four parts. ``drift_*``: the color difference (ΔE, CIE 1976) of the first and the last
frame of a clip in which nothing moves. ``color_*`` and ``motion_*``: color difference and change at the joins of clips
with motion, the latter as a multiple of the change around it. Medians; ``*_chained`` is plain chaining.
"""

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from PIL import Image

from bench.report import median, report
from engines import protocol
from engines.catalog import Catalog
from engines.host.config import EngineConfig
from engines.host.worker import Worker
from engines.media.clip import ClipReader, frame_at
from engines.memory import Cpu, Swapper
from engines.requests import AssetFacts, parse
from engines.video.clip_file import to_frame
from engines.video.joins import Join, JoinMeter, Pixels, delta_e

PARTS, PART_FRAMES, FPS = 4, 17, 8
PICTURES = (
    "a red house in a meadow at noon",
    "a yellow boat on the sea at sunset",
)
STILL, MOVING = "nothing moves", "the camera pans to the left"


def run(bench: str = "joins") -> None:
    """Measure both ways with the same pictures, prompts and seeds."""
    from tests.starter_pack import ensure

    with tempfile.TemporaryDirectory() as folder:
        engine = _Engine(ensure(), Path(folder))
        pictures = [engine.picture(prompt) for prompt in PICTURES]
        for name, make in (("", engine.in_parts), ("_chained", engine.chained)):
            still = [make(picture, STILL) for picture in pictures]
            joins = [join for picture in pictures for join in _joins(make(picture, MOVING))]
            drift = median([delta_e(frames[0], frames[-1]) for frames in still])
            report(bench, f"drift{name}", drift, "ΔE", None if name else "<= 2", len(still))
            report(bench, f"color{name}", median([join.delta_e for join in joins]), "ΔE", runs=len(joins))
            report(bench, f"motion{name}", median([join.motion for join in joins]), "ratio", runs=len(joins))


class _Engine:
    """Runs requests on the CPU, each in a folder of its own."""

    def __init__(self, starter: Path, folder: Path) -> None:
        config = EngineConfig(starter=starter, catalog=folder / "catalog")
        self._catalog, self._folder = Catalog(config.starter, config.catalog), folder
        self._ends: list[protocol.Result] = []
        self._worker = Worker("device", config, self._hear, Swapper(Cpu()), self._catalog)
        self._jobs = 0

    def picture(self, prompt: str) -> Path:
        """Make a picture."""
        return self._run({"task": "create_image", "model": "storybook-image", "prompt": prompt})

    def in_parts(self, picture: Path, prompt: str) -> list[Pixels]:
        """Make a clip as the studio does."""
        return _frames(self._animate(picture, prompt, ((PART_FRAMES - 1) * PARTS + 1) / FPS))

    def chained(self, picture: Path, prompt: str) -> list[Pixels]:
        """Make the parts alone, each from the last frame of the file before, and put them one after the other."""
        frames: list[Pixels] = []
        for _ in range(PARTS):
            clip = self._animate(picture, prompt, PART_FRAMES / FPS)
            frames += _frames(clip)[1 if frames else 0 :]
            picture = clip.with_suffix(".last.png")
            frame_at(clip, PART_FRAMES / FPS).save(picture)
        return frames

    def _animate(self, picture: Path, prompt: str, seconds: float) -> Path:
        with Image.open(picture) as image:
            width, height = image.size
        id = f"{self._jobs:032x}"
        facts = AssetFacts(kind="image", mime="image/png", bytes=1, width=width, height=height)
        request = {"task": "animate_image", "model": "storybook-motion", "image": id, "prompt": prompt}
        return self._run({**request, "seconds": seconds}, {id: protocol.Input(path=str(picture), facts=facts)})

    def _run(self, request: dict[str, Any], inputs: dict[str, protocol.Input] | None = None) -> Path:
        self._jobs += 1
        out, facts = self._folder / str(self._jobs), {id: one.facts for id, one in (inputs or {}).items()}
        ready = self._catalog.prepare(parse({**request, "seed": 1}), facts).model_dump(mode="json")
        checkpoint, given = str(out / "checkpoint"), inputs or {}
        self._worker.run(
            protocol.Envelope(
                job="join", attempt=1, request=ready, inputs=given, out_dir=str(out), checkpoint_dir=checkpoint
            )
        )
        return out / self._ends.pop().files[0].file

    def _hear(self, event: protocol.Event) -> None:
        if isinstance(event, protocol.Failed):
            raise SystemExit(event.problem.sentence)
        if isinstance(event, protocol.Result):
            self._ends.append(event)


def _frames(clip: Path) -> list[Pixels]:
    with ClipReader(clip) as reader:
        return [to_frame(Image.fromarray(frame.pixels)) for frame in reader.read()]


def _joins(frames: list[Pixels]) -> Iterator[Join]:
    meter = JoinMeter(FPS, 0, (), None, None)
    for number, frame in enumerate(frames):
        meter.see(frame, joins=number > 0 and number % (PART_FRAMES - 1) == 1 and number > 1)
    return iter(meter.finish())
