"""The model card: the model, its training data and its measured quality. All figures are read from files."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from engines.families.storybook import words
from tools.storybook.skill import AIMS, Skill

_CURVE_POINTS = 24
_TEXT = """# Storybook-image

A picture model of {millions} million parameters, trained by this project from drawn scenes only. It makes sketches
of {side} × {side} pixels, for trying out the studio, not for client work. No pictures, captions or weights from third
parties were used. It is under the studio's own license.

## What it knows

Things: {things}. Colors: {colors}. Places: {grounds}. Hours: {times}. Weather: {weathers}; sun and moon. Left,
middle, right; small and big; close-up and wide; flat, line drawing, watercolor; one thing beside, in front of or above
another. It ignores every other word, and the page says so.

## How it was trained

`python -m tools.storybook train FOLDER --samples {samples} --scenes {scenes}` on {machine}.

- Data: {scenes:,} scenes drawn by `tools/storybook/drawing.py`, four captions each, all with fixed seeds.
- Components: AutoencoderTiny (8 × 8 pixels per latent, 4 channels), CLIPTextModel (3 layers, width 192),
  UNet2DConditionModel ({unet_millions} million). The text encoder was first trained to predict each scene from its
  caption, without pictures.
- Velocity prediction with zero terminal SNR, loss weighted min(SNR + 1, 5) / (SNR + 1), AdamW, batch {batch}, running
  mean of the weights, a tenth of the captions left out for guidance. Latents that show a thing have triple weight. The
  pooled caption also scales and shifts every block (`addition_embed_type="text"`).
- {samples_seen:,} samples.

| samples | loss |
|---|---|
{curve}

## Quality

{asked} unseen captions, one picture each, {steps} steps, guidance {guidance}. The judge is a small network
trained on other drawn scenes only; place and color are read from the pixels. The right-hand column is its score on
drawn scenes.

| | measured | target | judge on drawn scenes |
|---|---|---|---|
{skill}

Background means that both the place and the hour are right. Two things in one picture are harder for it than one.
"""


def write(path: Path, facts: dict[str, Any], log: Path, skill: Skill, judge: Skill) -> None:
    """Write the card; ``facts`` are the values about the training."""
    rows = [f"| {case} | {skill.share(case):.3f} | ≥ {aim} | {judge.share(case):.3f} |" for case, aim in AIMS.items()]
    known = {
        "things": ", ".join(words.THINGS),
        "colors": ", ".join(words.COLORS),
        "grounds": ", ".join(words.GROUNDS),
        "times": ", ".join(words.TIMES),
        "weathers": ", ".join(words.WEATHERS),
    }
    path.write_text(_TEXT.format(**known, **facts, curve=curve(log), skill="\n".join(rows)))


def curve(log: Path) -> str:
    """The rows of a Markdown table of samples and loss."""
    return "\n".join(f"| {samples:,} | {loss:.4f} |" for samples, loss in _points(log))


def _points(log: Path) -> Iterator[tuple[int, float]]:
    """Evenly spaced points of a loss curve."""
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    latest = {line["samples"]: line["loss"] for line in lines}  # a resumed run repeats some of its lines
    points = sorted(latest.items())
    step = max(1, len(points) // _CURVE_POINTS)
    yield from points[step - 1 :: step]
