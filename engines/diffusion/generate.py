"""Generate frames from prompt embeds: denoise all takes of a job in one lease, then decode them in another."""

from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from engines.diffusion import lora
from engines.diffusion.accelerate import accelerated
from engines.diffusion.callbacks import StepCallback, cancellable
from engines.diffusion.conditioning import Latents, Output
from engines.diffusion.experts import ExpertSwitch
from engines.diffusion.family import GenerationInputs, PromptEmbeds
from engines.diffusion.pipeline import build_pipeline, to_denoiser
from engines.diffusion.runner import StageRunner
from engines.diffusion.seeded_scheduler import seeded_steps
from engines.diffusion.stages import DECODE, DENOISE, VOCODE
from errors import StudioError

if TYPE_CHECKING:
    import numpy as np

    from engines.media.sound_track import SoundTrack


class SeededInputs(NamedTuple):
    """One picture or clip of a job."""

    inputs: GenerationInputs
    seed: int


def generate(
    runner: StageRunner,
    embeds: PromptEmbeds,
    takes: Sequence[SeededInputs],
    loras: lora.Loras,
    batch_size: Callable[[Any], int] = lambda pipeline: 1,
) -> Generator[Output]:
    """Yield each take, decoded. Read its frames, (height, width, channels), 0 to 1, before you ask for the next take.

    ``batch_size`` returns how many takes a pipeline denoises at once; the takes of a batch must have the same inputs.
    Raises StudioError ``not_finite`` (422) if the model produced invalid values.
    """
    pipeline, latents = _denoise(runner, embeds, takes, loras, batch_size)
    sounds = _vocode(runner, takes, latents)
    with (
        runner.lease(DECODE) as models,
        cancellable(models.values(), runner.context),
        _accelerated(runner, DECODE, models),
    ):
        for take, one, sound in zip(takes, latents, sounds, strict=True):
            runner.context.check()
            scratch = runner.context.checkpoint_dir
            frames = runner.family.decode(models["vae"], pipeline, one.frames, take.inputs, scratch)
            yield Output(map(_finite, frames), sound)


def _denoise(
    runner: StageRunner,
    embeds: PromptEmbeds,
    takes: Sequence[SeededInputs],
    loras: lora.Loras,
    batch_size: Callable[[Any], int],
) -> tuple[Any, list[Latents]]:
    """Return the latents of each take, and their pipeline without its models."""
    import torch

    family, latents = runner.family, list[Latents]()
    with _denoiser(runner, loras) as pipeline:
        size = batch_size(pipeline)
        here = to_denoiser(embeds, [getattr(pipeline, name, None) for name in family.denoisers])
        for first in range(0, len(takes), size):
            batch = takes[first : first + size]
            # On the CPU, so that a seed gives the same noise on every computer.
            generators = [torch.Generator("cpu").manual_seed(take.seed) for take in batch]
            numbers = range(first, first + len(batch))
            callback = StepCallback(runner.context, family, batch[0].inputs, numbers, len(takes))
            with seeded_steps(pipeline, generators):
                latents += family.denoise(
                    pipeline, batch[0].inputs, here, generators, callback_on_step_end=callback.after
                )
    for name in family.denoisers:
        if hasattr(getattr(pipeline, name, None), "parameters"):  # parts without weights may stay
            setattr(pipeline, name, None)
    return pipeline, latents


@contextmanager
def _denoiser(runner: StageRunner, loras: lora.Loras) -> Iterator[Any]:
    """Yield the job's pipeline, ready to be called; if it has several experts, the active one is leased."""
    family, inputs = runner.family, runner.inputs
    with runner.lease(DENOISE) as models:
        pipeline = build_pipeline(family.pipeline(inputs), runner.context, models, family.options(inputs))
        if not runner.experts:
            with _prepared(runner, pipeline, loras, DENOISE, models):
                yield pipeline
            return
    with ExpertSwitch(pipeline, runner.experts, partial(_expert, runner, pipeline, loras)).ready():
        yield pipeline


@contextmanager
def _expert(runner: StageRunner, pipeline: Any, loras: lora.Loras, stage: str) -> Iterator[None]:
    """Lease one of several denoisers and put it into the pipeline."""
    with runner.lease(stage) as models:
        # It is set under the names of all experts: LoRAs and adapters are added to whatever the pipeline has.
        expert = next(models[name] for name in runner.experts if name in models)
        for name, model in (dict.fromkeys(runner.experts, expert) | models).items():
            setattr(pipeline, name, model)
        with _prepared(runner, pipeline, loras, stage, models):
            yield


@contextmanager
def _prepared(
    runner: StageRunner, pipeline: Any, loras: lora.Loras, stage: str, models: Mapping[str, Any]
) -> Iterator[None]:
    """Apply LoRAs, adapters, cancellation and accelerations to a stage's models while they are leased."""
    with (
        lora.apply_loras(pipeline, runner.context, loras),
        runner.family.with_adapters(pipeline, runner.inputs, runner.files(models)),
        cancellable(models.values(), runner.context),
        _accelerated(runner, stage, models, pipeline),
    ):
        yield


def _vocode(
    runner: StageRunner, takes: Sequence[SeededInputs], latents: Sequence[Latents]
) -> "list[SoundTrack | None]":
    """Return the sound of each take; None for takes without."""
    if all(one.audio is None for one in latents):
        return [None] * len(latents)
    with runner.lease(VOCODE) as models, cancellable(models.values(), runner.context):
        return [
            None if one.audio is None else runner.family.vocode(models, one.audio, take.inputs)
            for take, one in zip(takes, latents, strict=True)
        ]


@contextmanager
def _accelerated(runner: StageRunner, stage: str, models: Mapping[str, Any], pipeline: Any = None) -> Iterator[None]:
    """Apply a stage's accelerations, and record those that were really on."""
    with accelerated(models, runner.stage_plan(stage), pipeline) as active:
        if active:
            runner.context.planned.setdefault(stage, {})["accelerated"] = list(active)
        yield


def _finite(frame: "np.ndarray") -> "np.ndarray":
    import numpy as np

    if not np.isfinite(frame).all():
        raise StudioError(
            "not_finite",
            "The result is unusable.",
            "The model produced invalid values.",
            "Lower the guidance or use another seed, then try again.",
            status=422,
        )
    return frame
