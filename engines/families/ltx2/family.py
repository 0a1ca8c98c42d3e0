"""LTX-2 and LTX-2.3: clips with their sound, from a prompt, a first frame, or a first and a last frame."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from engines.diffusion.conditioning import Latents
from engines.diffusion.deferred_decode import deferred_decode
from engines.diffusion.family import GenerationInputs, PromptEmbeds
from engines.diffusion.stages import Workload
from engines.diffusion.video_family import fps
from engines.families.ltx2.attention_skip import attention_skip
from engines.families.ltx_video.family import LTXVideo

if TYPE_CHECKING:
    import torch

    from engines.media.sound_track import SoundTrack

_LAST_FRAME = "engines.families.ltx2.last_frame_pipeline:LTX2LastFramePipeline"
_AUDIO_EMBEDS = "audio_prompt_embeds"
"""The name of the embeds that the sound follows: one row for the prompt, after one for the negative prompt if there is
guidance."""


class LTX2(LTXVideo):
    """Its connectors turn what Gemma reads into the embeds of the two streams, picture and sound. They run when the
    prompt is encoded: what they return takes a twenty-fifth of the memory of what they are given.

    An entry's option ``stg_blocks`` has the blocks whose attention is skipped for spatio-temporal guidance.
    """

    name = "ltx2"
    text_tokens = 1024
    pipelines: ClassVar = {"create_clip": "LTX2Pipeline", "animate_image": "LTX2ImageToVideoPipeline"}
    encoders = ("tokenizer", "text_encoder", "connectors")
    denoisers = ("transformer", "vae", "audio_vae")
    vocoders = ("audio_vae", "vocoder")
    vocoder_dtype = "float32"  # as its makers run it: in half precision, the errors of a hundred layers add up
    encoding_share = 0.16  # the states of all 49 layers, for both prompts, and two copies of them in the connectors
    token_bytes = 500_000  # counted from its shapes, for prompt and negative prompt in one batch; each token of a
    # picture to animate has its own timestep embedding
    vocoding_bytes_per_second = 50_000_000
    """The memory of a second of sound: the widest layer of LTX-2.3's vocoder, counted from its shapes."""

    def pipeline(self, inputs: GenerationInputs) -> str:
        return _LAST_FRAME if inputs.conditioning.last is not None else super().pipeline(inputs)

    def encode_prompt(self, pipeline: Any, inputs: GenerationInputs) -> PromptEmbeds:
        return _connect(pipeline, super().encode_prompt(pipeline, inputs))

    def call_kwargs(self, inputs: GenerationInputs) -> dict[str, Any]:
        kwargs = super().call_kwargs(inputs)
        kwargs["spatio_temporal_guidance_blocks"] = list(inputs.entry.options.get("stg_blocks", ()))
        if inputs.guidance <= 1:  # there is no negative prompt, for the sound neither
            kwargs["audio_guidance_scale"] = 1.0
        if inputs.conditioning.last is not None:
            from diffusers.pipelines.ltx2 import LTX2VideoCondition

            pictures = ((kwargs.pop("image"), 0), (inputs.conditioning.last, -1))
            kwargs["conditions"] = [LTX2VideoCondition(picture, index) for picture, index in pictures]
        return kwargs

    def denoise(
        self,
        pipeline: Any,
        inputs: GenerationInputs,
        prompt_embeds: PromptEmbeds,
        generators: "Sequence[torch.Generator]",
        **call: Any,
    ) -> list[Latents]:
        embeds = {name: one for name, one in prompt_embeds.items() if name != _AUDIO_EMBEDS}
        pipeline.connectors = lambda video, mask, **_: (video, prompt_embeds[_AUDIO_EMBEDS], mask)
        pipeline.vocoder = lambda spectrogram: spectrogram
        try:
            with attention_skip(pipeline.transformer), deferred_decode(pipeline.audio_vae) as sounds:
                # LTX-2.3 has no caption projection, and the two streams see each other's noise level.
                crossed = not pipeline.transformer.config.use_prompt_embeddings
                takes = super().denoise(pipeline, inputs, embeds, generators, use_cross_timestep=crossed, **call)
        finally:
            pipeline.connectors = pipeline.vocoder = None
        return [Latents(take.frames, sound) for take, sound in zip(takes, sounds, strict=True)]

    def vocode(self, models: Mapping[str, Any], latents: "torch.Tensor", inputs: GenerationInputs) -> "SoundTrack":
        import torch

        from engines.media.sound_track import SoundTrack

        audio_vae, vocoder = models["audio_vae"], models["vocoder"]
        with torch.no_grad():
            spectrogram = audio_vae.decode(latents.to(audio_vae.device, audio_vae.dtype), return_dict=False)[0]
            waves = vocoder(spectrogram.to(vocoder.device, vocoder.dtype))
        return SoundTrack(waves[0].T.float().cpu().numpy(), vocoder.config.output_sampling_rate)

    def vocoding_bytes(self, workload: Workload) -> int:
        return round(workload.frames / fps(workload.entry) * self.vocoding_bytes_per_second)


def _connect(pipeline: Any, embeds: PromptEmbeds) -> PromptEmbeds:
    """Return what the connectors make of the embeds of a prompt, and of its negative prompt if there is one."""
    import torch

    kinds = [kind for kind in ("negative_prompt", "prompt") if f"{kind}_embeds" in embeds]
    # In one batch, as the pipelines do: each alone would be rounded differently.
    states = torch.cat([embeds[f"{kind}_embeds"] for kind in kinds])
    masks = torch.cat([embeds[f"{kind}_attention_mask"] for kind in kinds])
    video, audio, mask = pipeline.connectors(states, masks, padding_side=pipeline.tokenizer.padding_side)
    connected = {f"{kind}_embeds": row for kind, row in zip(kinds, video.split(1), strict=True)}
    connected |= {f"{kind}_attention_mask": row for kind, row in zip(kinds, mask.split(1), strict=True)}
    return connected | {_AUDIO_EMBEDS: audio}
