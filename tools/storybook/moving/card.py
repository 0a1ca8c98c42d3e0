"""The model card: the model, its training data and its measured quality. All figures are read from files."""

from pathlib import Path
from typing import Any

from engines.families.storybook.words import MOTIONS
from tools.storybook.drawing import SIDE
from tools.storybook.moving.dataset import FRAMES
from tools.storybook.moving.models import FPS, SHIFT
from tools.storybook.moving.skill import AIMS
from tools.storybook.skill import Skill

_TEXT = """# Storybook-motion

A clip model of {millions} million parameters, trained by this project from drawn scenes only. It animates a picture for
{frames} frames of {side} × {side} pixels, {fps} per second, for trying out the studio, not for client work. No
pictures, clips, captions or weights from third parties were used. It is under the studio's own license.

## What it knows

{motions}. It animates any picture; for a clip from a prompt, Storybook draws the first frame.

## How it was trained

`python -m tools.storybook.moving --samples {samples} --clips {clips} train FOLDER` on {machine}.

- Data: {clips:,} clips drawn by `tools/storybook/motion.py`, four captions each, all with fixed seeds. About
  a third of the captions only describe the motion.
- Components: Wan 2.2's classes, small. AutoencoderKLWan (8 × 8 pixels per latent, 8 channels, no compression over time,
  trained on single pictures), WanTransformer3DModel ({transformer_millions} million), CLIPTextModel (3 layers,
  width 192), which was first trained to predict the motion from the caption.
- Flow matching, shift {shift:g}. The first frame is clean, as with `expand_timesteps`. Most steps see four frames
  of a clip, some all of them; moving parts have up to four times the weight. Muon and AdamW, batch {batch}, running
  mean of the weights.
- {samples_seen:,} clips, counting repeats.

| clips | loss |
|---|---|
{curve}

## Quality

{asked} unseen captions, each motion equally often, one clip each, {steps} steps, no guidance. The judges are
small networks trained on other drawn scenes and clips only. The right-hand column is their score on drawn clips.

| | measured | target | judges on drawn clips |
|---|---|---|---|
{skill}

`motion` and `position` are for clips from a prompt, `motion_from_picture` for clips that start from a drawn picture;
`kept` is whether the thing is still there halfway.
"""


def write(path: Path, facts: dict[str, Any], skill: Skill, judges: Skill) -> None:
    """Write the card; ``facts`` are the values about the training."""
    rows = [
        f"| {case} | {skill.share(case):.3f} | ≥ {aim} | {judges.share(case.partition('_')[0]):.3f} |"
        for case, aim in AIMS.items()
    ]
    known = {"frames": FRAMES, "side": SIDE, "fps": FPS, "shift": SHIFT, "motions": ", ".join(MOTIONS).capitalize()}
    path.write_text(_TEXT.format(**known, **facts, skill="\n".join(rows)))
