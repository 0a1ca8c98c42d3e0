"""SkyReels V2 with diffusion forcing: long clips from prompts and from a first frame, in windows that overlap."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from itertools import count
from typing import TYPE_CHECKING, Any, ClassVar

from engines.catalog import Entry
from engines.diffusion.conditioning import Latents
from engines.diffusion.family import GenerationInputs, PromptEmbeds
from engines.diffusion.stages import Workload
from engines.diffusion.video_family import VideoInputs
from engines.families.wan.family import Wan

if TYPE_CHECKING:
    import torch


class SkyReelsV2(Wan):
    """A Wan whose latent frames each have a noise level of their own: a window begins with the last latent frames of
    the one before, with little noise. The option ``call`` says how many frames a window has and how many it shares;
    ``flow_shift`` is the scheduler's by task."""

    name = "skyreels-v2"
    pipelines: ClassVar = {
        "create_clip": "SkyReelsV2DiffusionForcingPipeline",
        "animate_image": "SkyReelsV2DiffusionForcingImageToVideoPipeline",
    }
    denoisers = ("transformer", "vae")
    experts = ()

    def denoise(
        self,
        pipeline: Any,
        inputs: GenerationInputs,
        prompt_embeds: PromptEmbeds,
        generators: "Sequence[torch.Generator]",
        **call: Any,
    ) -> list[Latents]:
        (generator,) = generators
        after, done, steps = call.pop("callback_on_step_end"), count(), inputs.steps * _windows(inputs, self.temporal)
        scheduler, shift = pipeline.scheduler, inputs.entry.options["flow_shift"][inputs.task]
        pipeline.scheduler = type(scheduler).from_config(scheduler.config, flow_shift=shift)
        with _seeded(generator, pipeline.transformer.device):
            frames: torch.Tensor = pipeline(
                prompt=None,
                **prompt_embeds,
                **self.call_kwargs(inputs),
                num_inference_steps=inputs.steps,
                generator=generator,
                output_type="latent",
                callback_on_step_end=lambda pipe, _, timestep, values: after(pipe, next(done), timestep, values, steps),
                **call,
            ).frames
        return [Latents(frames)]

    def working_bytes(self, workload: Workload) -> int:
        return super().working_bytes(replace(workload, frames=min(workload.frames, _window(workload.entry))))


def _window(entry: Entry) -> int:
    """Return the number of frames in a window."""
    return int(entry.options["call"]["base_num_frames"])


def _windows(inputs: GenerationInputs, temporal: int) -> int:
    """Return the number of windows of a clip."""
    assert isinstance(inputs, VideoInputs)
    window, shared = _window(inputs.entry), int(inputs.entry.options["call"]["overlap_history"])
    more = (inputs.frames - window) // temporal
    return 1 + max(0, -(-more // ((window - shared) // temporal)))


@contextmanager
def _seeded(generator: "torch.Generator", device: "torch.device") -> Iterator[None]:
    """Seed torch's global noise, which the pipeline adds to the frames that windows share."""
    import torch

    with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
        torch.manual_seed(generator.initial_seed())
        yield
