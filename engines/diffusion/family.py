"""The interface of a model family: which pipeline runs each task, and how it is called."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from engines.catalog import Entry
from engines.diffusion.conditioning import Conditioning, Latents
from engines.diffusion.deferred_decode import decode_image, deferred_decode
from engines.diffusion.stages import DECODE, DENOISE, TEXT_ENCODE, VOCODE, Stage, Workload, expert_stage

if TYPE_CHECKING:
    import torch

    from engines.diffusion.conditioning import Frames
    from engines.media.sound_track import SoundTrack

PromptEmbeds = dict[str, Any]
"""The encoded prompt (and the pictures encoded with it) as keyword arguments of the pipeline's call, for one picture.
Its tensors are cached in main memory between jobs."""

LatentRgb = list[list[float]]
"""Factors (red, green, blue) for each latent channel."""


@dataclass(frozen=True)
class GenerationInputs:
    """A request as a family receives it: prompt resolved, files opened, size legal for the model.

    ``strength`` says how much a picture changes, 0 to 1; ``auxiliary_models`` are the installed models that help.
    """

    task: str
    entry: Entry
    prompt: str
    negative_prompt: str
    width: int
    height: int
    steps: int
    guidance: float
    conditioning: Conditioning
    strength: float = 1.0
    auxiliary_models: tuple[Entry, ...] = ()

    @property
    def pictures(self) -> int:
        """The number of pictures that the denoiser reads as tokens in addition to those it generates."""
        return len(self.conditioning.references) + (self.task == "edit_image")


class Family:
    """Calls the pipelines of one model family. Stateless; subclasses override what differs.

    A job runs in ``stages``, whose parts are never in memory together: encode the prompt, denoise latents, decode
    them. Parts that an entry does not have are skipped (None in the pipeline).
    """

    name: ClassVar[str]
    pipelines: ClassVar[Mapping[str, str]]
    """The pipeline class of each task: its name in diffusers, or ``module:Name`` of a class of this project."""
    controlled: ClassVar[str] = ""
    """The ControlNet pipeline class for new pictures; empty if there is none."""
    encoders: ClassVar[tuple[str, ...]] = ("tokenizer", "text_encoder")
    """The parts that encode the prompt."""
    denoisers: ClassVar[tuple[str, ...]] = ("transformer", "vae")
    """The parts of the pipeline's call; the autoencoder encodes its input pictures."""
    experts: ClassVar[tuple[str, ...]] = ()
    """The denoisers that one call uses one after the other, in order; they are leased in turn."""
    vocoders: ClassVar[tuple[str, ...]] = ()
    """The parts that decode audio latents, in families whose clips have sound."""
    encodes_images: ClassVar[bool] = True
    """Whether the prompt embeds depend on the pictures and the task; if not, they are shared between tasks."""
    text_tokens: ClassVar[int]
    """The maximum prompt length in tokens, including special tokens and the system prompt, unless the entry sets
    another; 0 for no limit."""
    multiple: ClassVar[int] = 16
    """Width and height must be multiples of this, in px."""
    working_bytes_per_pixel: ClassVar[int] = 3000
    """The peak memory of denoising in addition to the weights, per pixel, in float32."""
    encoding_share: ClassVar[float] = 0.05
    """The memory of encoding the longest prompt in addition to the encoders' weights, as a share of these: the hidden
    states of every layer if they are kept, and the logits if they are computed. Calculated from the layers' widths in
    half precision, not measured."""
    encoding_share_per_image: ClassVar[float] = 0
    """What each picture that is encoded with the prompt adds to that share."""
    reference_bytes_per_pixel: ClassVar[int] = 0
    """The memory of a reference picture in a step, for each pixel of the model's best area, in half precision: its
    tokens are appended to those of the new picture. 0 if they are not."""
    tile_pixels: ClassVar[int] = 1024 * 1024
    """The largest default tile of its autoencoder in diffusers, in px."""
    vae_dtype: ClassVar[str] = ""
    """The precision that its autoencoder requires, torch's name; empty if it uses the denoiser's."""
    vocoder_dtype: ClassVar[str] = ""
    """The precision that its part ``vocoder`` requires, torch's name; empty if it uses its own."""
    reference_tasks: ClassVar[tuple[str, ...]] = ("create_image", "edit_image")
    """The tasks that accept reference pictures, if the model accepts any; the picture to change does not count."""
    numbers_references: ClassVar[bool] = True
    """Whether a prompt can refer to reference pictures by their number."""
    reference_encoder: ClassVar[str] = ""
    """The role of the helper model that reference pictures need; empty if they need none."""

    def pipeline(self, inputs: GenerationInputs) -> str:
        """Return the pipeline class for these inputs."""
        return self.controlled if inputs.conditioning.control else self.pipelines[inputs.task]

    def stages(self, workload: Workload) -> tuple[Stage, ...]:
        """Return the stages of a workload, in order."""
        share = self.encoding_share + workload.pictures * self.encoding_share_per_image
        working = self.working_bytes(workload) + workload.denoiser_bytes
        shared = tuple(part for part in self.denoisers if part not in self.experts)
        experts = [part for part in self.experts if part in workload.entry.parts]
        denoising = [
            Stage(expert_stage(number), (expert, *shared), working) for number, expert in enumerate(experts)
        ] or [Stage(DENOISE, self.denoisers, working)]
        return (
            Stage(TEXT_ENCODE, self.encoders, workload.encoder_bytes, share),
            *denoising,
            Stage(DECODE, ("vae",), self.decoding_bytes(workload), tiled_bytes=self.tiled_decoding_bytes(workload)),
            *([Stage(VOCODE, self.vocoders, self.vocoding_bytes(workload))] if self.vocoders else []),
        )

    def working_bytes(self, workload: Workload) -> int:
        """Return the bytes that denoising one picture or clip needs in addition to the weights."""
        references = workload.pictures * (workload.entry.pixels or workload.pixels) * self.reference_bytes_per_pixel
        return workload.pixels * self.working_bytes_per_pixel + references

    def decoding_bytes(self, workload: Workload) -> int:
        """Return the bytes that decoding one picture or clip needs in addition to the autoencoder's weights."""
        return workload.pixels * self.working_bytes_per_pixel

    def tiled_decoding_bytes(self, workload: Workload) -> int:
        """Return the bytes that decoding needs with the autoencoder's own tiling; 0 if it has none, or if it always
        decodes in tiles."""
        return min(self.tile_pixels * self.decoding_bytes(workload) // workload.pixels, self.decoding_bytes(workload))

    def vocoding_bytes(self, workload: Workload) -> int:
        """Return the bytes that generating the sound of one clip needs in addition to the vocoders' weights."""
        return 0

    def options(self, inputs: GenerationInputs) -> dict[str, Any]:
        """Return the arguments of the pipeline's constructor in addition to its parts."""
        return dict(inputs.entry.options.get("pipeline", {}))

    def encode_prompt(self, pipeline: Any, inputs: GenerationInputs) -> PromptEmbeds:
        """Encode the prompt. ``pipeline`` has only the encoders."""
        raise NotImplementedError

    def call_kwargs(self, inputs: GenerationInputs) -> dict[str, Any]:
        """Return the call's arguments other than prompt embeds, pictures, generators, steps and callbacks."""
        raise NotImplementedError

    def image_kwargs(self, inputs: GenerationInputs, count: int) -> dict[str, Any]:
        """Return the pictures as arguments of the call for a batch of ``count``."""
        return inputs.conditioning.init_images(count)

    def denoise(
        self,
        pipeline: Any,
        inputs: GenerationInputs,
        prompt_embeds: PromptEmbeds,
        generators: "Sequence[torch.Generator]",
        **call: Any,
    ) -> list[Latents]:
        """Return one take for each generator, ready for ``decode``. ``pipeline`` has the denoisers."""
        with deferred_decode(pipeline.vae) as latents:
            pipeline(
                **prompt_embeds,
                **self.call_kwargs(inputs),
                **self.image_kwargs(inputs, len(generators)),
                num_inference_steps=inputs.steps,
                num_images_per_prompt=len(generators),
                generator=list(generators),
                output_type="np",
                **call,
            )
        return [Latents(one) for one in latents]

    def decode(
        self, vae: Any, pipeline: Any, latents: "torch.Tensor", inputs: GenerationInputs, scratch: Path
    ) -> "Frames":
        """Decode latents and yield the picture, or the frames of a clip: (height, width, 3), 0 to 1; 4 channels with
        transparency. ``pipeline`` only has its parts without weights; large clips may use the folder ``scratch`` for
        temporary files."""
        yield decode_image(vae, pipeline.image_processor, latents)

    def vocode(self, models: Mapping[str, Any], latents: "torch.Tensor", inputs: GenerationInputs) -> "SoundTrack":
        """Decode audio latents to sound; ``models`` are the vocoders by part."""
        raise NotImplementedError

    @contextmanager
    def with_adapters(self, pipeline: Any, inputs: GenerationInputs, files: Mapping[str, Path]) -> Iterator[None]:
        """Add the helpers' adapters (``files`` by part) to the denoisers for the duration of the block, then restore
        them."""
        yield

    def preview_latents(self, latents: "torch.Tensor", inputs: GenerationInputs) -> "torch.Tensor":
        """Return the first picture's latents as (channels, height, width), for the preview."""
        return latents[0]

    def latent_rgb(self, pipeline: Any, inputs: GenerationInputs) -> LatentRgb:
        """Return how much red, green and blue (-1 to 1) each latent channel adds to the preview; empty if unknown."""
        known: LatentRgb = inputs.entry.options.get("latent_rgb", [])
        return known

    def truncated_prompt(self, pipeline: Any, inputs: GenerationInputs) -> str:
        """Return the end of a prompt that exceeds the model's limit; ``pipeline`` has the encoders."""
        return ""
