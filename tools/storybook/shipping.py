"""Export from a training folder, and load the exported model."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import load_file
from torch.nn import functional

from tools.storybook import autoencoder, card, dataset, models, pipeline, skill
from tools.storybook.drawing import SIDE
from tools.storybook.judge import Eye
from tools.storybook.loop import load_mean, step_of, write_atomically
from tools.storybook.picture import scaling
from tools.storybook.training import TrainingRecipe

ASSETS = Path(__file__).resolve().parents[2] / "assets" / "starter"
MODEL = ASSETS / "storybook-image"
EYE = ASSETS / "storybook-judge" / "eye.safetensors"
ASKED = 500
_FITTED_ON = 400


def export(folder: Path, target: Path) -> None:
    """Save the model for release: half precision, safetensors. Prints the preview factors for its catalog entry."""
    trained = pipeline.build_pipeline(folder).to(torch.float16)
    trained.save_pretrained(target, safe_serialization=True, variant="fp16")
    print(json.dumps({"latent_rgb": preview_factors(folder)}))


def preview_factors(folder: Path) -> list[list[float]]:
    """The red, green and blue (-1 to 1) that each latent channel adds, by least squares over drawn scenes."""
    drawn = dataset.pictures(range(dataset.HELD_OUT, dataset.HELD_OUT + _FITTED_ON), 1)
    latents = autoencoder.encoded(autoencoder.trained(folder), drawn, "cpu").float() * scaling(folder)
    return fitted(latents, drawn)


def fitted(latents: torch.Tensor, drawn: np.ndarray) -> list[list[float]]:
    """Fit the factors from latents to ``drawn`` (bytes; count, 3, side, side), reduced to the latents' size."""
    small = functional.interpolate(torch.from_numpy(drawn).float() / 127.5 - 1, latents.shape[-2:], mode="area")
    known, wanted = (part.movedim(1, -1).flatten(0, 2).double() for part in (latents, small))
    factors: list[list[float]] = torch.linalg.lstsq(known, wanted).solution.mul(1000).round().div(1000).tolist()
    return factors


def keep_eye(folder: Path, target: Path) -> None:
    """Save the judge for release."""
    eye = Eye()
    load_mean(folder / "judge.safetensors", {"eye": eye})
    target.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(target, {name: weight.half() for name, weight in eye.state_dict().items()})


def shipped_eye(file: Path = EYE) -> Eye:
    eye = Eye()
    eye.load_state_dict({name: weight.float() for name, weight in load_file(file).items()})
    return eye.eval()


def shipped(folder: Path = MODEL) -> Any:
    """The exported model, loaded the standard way."""
    from diffusers import StableDiffusionPipeline

    loaded = StableDiffusionPipeline.from_pretrained(
        folder, variant="fp16", dtype=torch.float32, safety_checker=None, local_files_only=True
    )
    loaded.set_progress_bar_config(disable=True)
    return loaded


def measured(loaded: Any, eye: Eye, scenes: int, count: int = ASKED) -> tuple[skill.Skill, skill.Skill]:
    """The model's skill on unseen captions, and the judge's skill on the same scenes as drawn."""
    asked = skill.unseen(count, scenes)

    def draw(captions: list[str]) -> np.ndarray:
        return (pipeline.drawn(loaded, captions, seed=1) * 255).round().astype(np.uint8)

    by_caption = {text: scene for scene, text in asked}
    by_hand = skill.measure(asked, lambda captions: skill.as_drawn([by_caption[text] for text in captions]), eye)
    return skill.measure(asked, draw, eye), by_hand


def write_card(folder: Path, target: Path, recipe: TrainingRecipe, machine: str) -> None:
    """Measure the exported model, and write its card and contact sheet."""
    loaded = shipped(target)
    by_model, by_hand = measured(loaded, shipped_eye(), recipe.scenes)
    facts = {
        "millions": models.millions(loaded.unet, loaded.text_encoder, loaded.vae),
        "unet_millions": models.millions(loaded.unet),
        "side": SIDE,
        "samples": recipe.samples,
        "samples_seen": step_of(folder / "picture.safetensors") * recipe.batch,
        "scenes": recipe.scenes,
        "batch": recipe.batch,
        "machine": machine,
        "asked": ASKED,
        "steps": pipeline.STEPS,
        "guidance": pipeline.GUIDANCE,
    }
    card.write(target / "README.md", facts, folder / "picture.jsonl", by_model, by_hand)
    pipeline.sheet(pipeline.drawn(loaded, list(pipeline.PROMPTS))).save(target / "sheet.png")
