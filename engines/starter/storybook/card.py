"""The model card: what the model is, what it learnt from, how well it does. Figures come from files, as measured."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from engines.starter.storybook import words
from engines.starter.storybook.skill import AIMS, Skill

_CURVE_POINTS = 24
_TEXT = """# Storybook-image

A picture model of {millions} million parameters that this project trained itself, from nothing but drawn scenes. It
makes sketches of {side} x {side} pixels: good for trying, not for clients. No pictures, captions or weights of anybody
else went in. It is under the studio's own licence.

## What it knows

Things: {things}. Colours: {colours}. Places: {grounds}. Hours: {times}. Weather: {weathers}; sun and moon. Left,
middle, right; small and big; close-up and wide; flat, line drawing, watercolour; one thing beside, before or above
another. Every other word is left out, and the page says so.

## How it was trained

`python -m engines.starter.storybook train FOLDER --samples {samples} --scenes {scenes}` on {machine}.

- Data: {scenes:,} scenes drawn by `engines/starter/storybook/drawing.py`, four captions each, all by fixed seeds.
- Parts: AutoencoderTiny (8 x 8 pixels a latent, 4 channels), CLIPTextModel (3 layers, 192 wide), UNet2DConditionModel
  ({unet_millions} million). The text encoder first learnt to tell each scene from its caption, without pictures.
- Velocity prediction with zero terminal SNR, loss weighted min(SNR + 1, 5) / (SNR + 1), AdamW, batch {batch}, running
  mean of the weights, a tenth of the captions left out for guidance. What shows a thing counts three times. The caption
  as a whole also scales and shifts every block (`addition_embed_type="text"`).
- {samples_seen:,} samples.

| samples | loss |
|---|---|
{curve}

## How well it does

{asked} captions that it never saw, one picture each, {steps} steps, guidance {guidance}. The judge is a small network
that only ever saw drawn scenes, other ones; place and colour are read from the pixels. Its own score on drawn scenes is
the right-hand column.

| | measured | aim | judge on drawn scenes |
|---|---|---|---|
{skill}

Background is the place and the hour, both right. Two things in one picture are harder for it than one.
"""


def write(path: Path, facts: dict[str, Any], log: Path, skill: Skill, judge: Skill) -> None:
    """Write the card; ``facts`` fills in what is said of the training."""
    rows = [f"| {case} | {skill.share(case):.3f} | ≥ {aim} | {judge.share(case):.3f} |" for case, aim in AIMS.items()]
    known = {
        "things": ", ".join(words.THINGS),
        "colours": ", ".join(words.COLOURS),
        "grounds": ", ".join(words.GROUNDS),
        "times": ", ".join(words.TIMES),
        "weathers": ", ".join(words.WEATHERS),
    }
    path.write_text(_TEXT.format(**known, **facts, curve=curve(log), skill="\n".join(rows)))


def curve(log: Path) -> str:
    """The rows of a table of samples and loss."""
    return "\n".join(f"| {samples:,} | {loss:.4f} |" for samples, loss in _points(log))


def _points(log: Path) -> Iterator[tuple[int, float]]:
    """Some points of a loss curve, evenly spread."""
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    latest = {line["samples"]: line["loss"] for line in lines}  # a resumed run writes some of its lines again
    points = sorted(latest.items())
    step = max(1, len(points) // _CURVE_POINTS)
    yield from points[step - 1 :: step]
