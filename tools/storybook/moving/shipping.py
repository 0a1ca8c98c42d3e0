"""Export from a training folder, and load the exported model."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import torch

from engines.families.storybook.words import MOTIONS
from tools.storybook import dataset as scenes
from tools.storybook.card import curve
from tools.storybook.loop import step_of
from tools.storybook.models import millions
from tools.storybook.moving import autoencoder, card, clip, judge, pipeline, skill
from tools.storybook.moving.training import MovingTrainingRecipe
from tools.storybook.shipping import ASSETS, EYE, fitted, shipped_eye
from tools.storybook.shipping import shipped as picture_model
from tools.storybook.skill import Skill

MODEL = ASSETS / "storybook-motion"
WATCHER = EYE.parent / "motion.safetensors"
ASKED = 63
_FITTED_ON = 200


def export(folder: Path, target: Path) -> None:
    """Save the model for release: half precision, safetensors. Prints the preview factors for its catalog entry."""
    trained = pipeline.build_pipeline(folder).to(torch.float16)
    trained.save_pretrained(target, safe_serialization=True, variant="fp16")
    print(json.dumps({"latent_rgb": preview_factors(folder)}))


def preview_factors(folder: Path) -> list[list[float]]:
    """The red, green and blue (-1 to 1) that each latent channel adds, by least squares over drawn scenes."""
    drawn = scenes.pictures(range(scenes.HELD_OUT, scenes.HELD_OUT + _FITTED_ON), 1)
    spread = clip.scaling(folder)
    latents = autoencoder.encoded(autoencoder.trained(folder), drawn, "cpu").float()
    return fitted((latents - spread["mean"]) / spread["std"], drawn)


def shipped(folder: Path = MODEL) -> Any:
    """The exported model, loaded the standard way."""
    from diffusers import WanImageToVideoPipeline

    loaded = WanImageToVideoPipeline.from_pretrained(folder, variant="fp16", dtype=torch.float32, local_files_only=True)
    loaded.set_progress_bar_config(disable=True)
    return loaded


def measured(loaded: Any, clips: int, count: int = ASKED) -> tuple[Skill, Skill]:
    """The model's skill on unseen captions, and the judges' skill on the same clips as drawn."""
    asked = skill.unseen(count, clips)
    eye, watcher = shipped_eye(), judge.shipped(WATCHER)
    by_hand = skill.measure(asked, skill.as_drawn, eye, watcher)
    from_words = skill.measure(asked, skill.from_words(loaded, picture_model()), eye, watcher)
    from_picture = skill.measure(asked, skill.from_picture(loaded), eye, watcher, "motion_from_picture")
    alone = "motion_from_picture"
    right = Counter({**from_words.right, alone: from_picture.right[alone]})
    return Skill(right, Counter({**from_words.asked, alone: from_picture.asked[alone]})), by_hand


def write_card(folder: Path, target: Path, recipe: MovingTrainingRecipe, machine: str) -> None:
    """Measure the exported model, and write its card and contact sheet."""
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
