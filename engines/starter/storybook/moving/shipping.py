"""From a training folder to what is shipped, and back from there."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import torch

from engines.starter.storybook import dataset as scenes
from engines.starter.storybook.card import curve
from engines.starter.storybook.loop import step_of
from engines.starter.storybook.models import millions
from engines.starter.storybook.motion import MOTIONS
from engines.starter.storybook.moving import autoencoder, card, clip, judge, pipeline, skill
from engines.starter.storybook.moving.training import Recipe
from engines.starter.storybook.shipping import ASSETS, EYE, fitted, shipped_eye
from engines.starter.storybook.shipping import shipped as picture_model
from engines.starter.storybook.skill import Skill

MODEL = ASSETS / "storybook-motion"
WATCHER = EYE.parent / "motion.safetensors"
ASKED = 63
_FITTED_ON = 200


def export(folder: Path, target: Path) -> None:
    """Save the model as it is shipped: half precision, safetensors. Prints the preview's factors for its entry."""
    assembled = pipeline.assembled(folder).to(torch.float16)
    assembled.save_pretrained(target, safe_serialization=True, variant="fp16")
    print(json.dumps({"latent_rgb": preview_factors(folder)}))


def preview_factors(folder: Path) -> list[list[float]]:
    """How much red, green and blue (-1 to 1) each latent channel adds, by least squares over drawn scenes."""
    drawn = scenes.pictures(range(scenes.HELD_OUT, scenes.HELD_OUT + _FITTED_ON), 1)
    spread = clip.scaling(folder)
    latents = autoencoder.encoded(autoencoder.trained(folder), drawn, "cpu").float()
    return fitted((latents - spread["mean"]) / spread["std"], drawn)


def shipped(folder: Path = MODEL) -> Any:
    """The shipped model as anyone would load it."""
    from diffusers import WanImageToVideoPipeline

    loaded = WanImageToVideoPipeline.from_pretrained(folder, variant="fp16", dtype=torch.float32, local_files_only=True)
    loaded.set_progress_bar_config(disable=True)
    return loaded


def measured(loaded: Any, clips: int, count: int = ASKED) -> tuple[Skill, Skill]:
    """The model's skill on unseen captions, and the judges' own on the same clips as they are drawn."""
    asked = skill.unseen(count, clips)
    eye, watcher = shipped_eye(), judge.shipped(WATCHER)
    by_hand = skill.measure(asked, skill.as_drawn, eye, watcher)
    from_words = skill.measure(asked, skill.from_words(loaded, picture_model()), eye, watcher)
    from_picture = skill.measure(asked, skill.from_picture(loaded), eye, watcher, "motion_from_picture")
    alone = "motion_from_picture"
    right = Counter({**from_words.right, alone: from_picture.right[alone]})
    return Skill(right, Counter({**from_words.asked, alone: from_picture.asked[alone]})), by_hand


def write_card(folder: Path, target: Path, recipe: Recipe, machine: str) -> None:
    """Measure the shipped model and write its card and its contact sheet."""
    loaded = shipped(target)
    by_model, by_hand = measured(loaded, recipe.clips)
    facts = {
        "millions": millions(loaded.transformer, loaded.text_encoder, loaded.vae),
        "transformer_millions": millions(loaded.transformer),
        "samples": recipe.samples,
        "samples_seen": step_of(folder / f"{clip.NAME}.safetensors") * recipe.batch,
        "clips": recipe.clips,
        "batch": recipe.batch,
        "machine": machine,
        "asked": ASKED,
        "steps": pipeline.STEPS,
        "curve": curve(folder / f"{clip.NAME}.jsonl"),
    }
    card.write(target / "README.md", facts, by_model, by_hand)
    shown = skill.unseen(len(MOTIONS), recipe.clips)
    film = skill.from_words(loaded, picture_model())
    clips: list[np.ndarray] = [film(moving, text, seed) for seed, (moving, text) in enumerate(shown)]
    pipeline.sheet(clips).save(target / "sheet.png")
