"""The model card: what the model is, what it learnt from, how well it does. Figures come from files, as measured."""

from pathlib import Path
from typing import Any

from engines.starter.storybook.drawing import SIDE
from engines.starter.storybook.motion import MOTIONS
from engines.starter.storybook.moving.dataset import FRAMES
from engines.starter.storybook.moving.models import FPS, SHIFT
from engines.starter.storybook.moving.skill import AIMS
from engines.starter.storybook.skill import Skill

_TEXT = """# Storybook-motion

A clip model of {millions} million parameters that this project trained itself, from nothing but drawn scenes. It lets a
picture move for {frames} frames of {side} x {side} pixels, {fps} a second: good for trying, not for clients. No
pictures, clips, captions or weights of anybody else went in. It is under the studio's own licence.

## What it knows

{motions}. It animates whatever picture it is given; for a clip from words, Storybook draws the first frame.

## How it was trained

`python -m engines.starter.storybook.moving --samples {samples} --clips {clips} train FOLDER` on {machine}.

- Data: {clips:,} clips drawn by `engines/starter/storybook/motion.py`, four captions each, all by fixed seeds. Every
  third caption or so tells the motion alone.
- Parts: Wan 2.2's classes, small. AutoencoderKLWan (8 x 8 pixels a latent, 8 channels, nothing compressed over time,
  trained on single pictures), WanTransformer3DModel ({transformer_millions} million), CLIPTextModel (3 layers, 192
  wide), which first learnt to tell the motion from the caption.
- Flow matching, shift {shift:g}. The first frame is given clean, as `expand_timesteps` does. Most steps see four frames
  of a clip, some all of them; what moves counts up to four times. Muon and AdamW, batch {batch}, running mean of the
  weights.
- {samples_seen:,} clips seen.

| clips | loss |
|---|---|
{curve}

## How well it does

{asked} captions that it never saw, every motion as often, one clip each, {steps} steps, no guidance. The judges are
small networks that only ever saw drawn scenes and clips, other ones. Their own score on drawn clips is the right-hand
column.

| | measured | aim | judges on drawn clips |
|---|---|---|---|
{skill}

`motion` and `position` are of clips from words, `motion_from_picture` of clips that begin with a drawn picture; `kept`
is whether the thing is still there half-way.
"""


def write(path: Path, facts: dict[str, Any], skill: Skill, judges: Skill) -> None:
    """Write the card; ``facts`` fills in what is said of the training."""
    rows = [
        f"| {case} | {skill.share(case):.3f} | ≥ {aim} | {judges.share(case.partition('_')[0]):.3f} |"
        for case, aim in AIMS.items()
    ]
    known = {"frames": FRAMES, "side": SIDE, "fps": FPS, "shift": SHIFT, "motions": ", ".join(MOTIONS).capitalize()}
    path.write_text(_TEXT.format(**known, **facts, skill="\n".join(rows)))
