"""LTX-2's pipeline for pictures at given times, with the last picture at the end of the clip."""

from typing import Any

from diffusers import LTX2ConditionPipeline


class LTX2LastFramePipeline(LTX2ConditionPipeline):  # type: ignore[misc]
    """diffusers counts a picture's place in latents, and takes it for the first of the latent's eight frames: a clip
    would reach its last picture seven frames before its end, and go on. Here it is the last of them, where the makers'
    own program has it."""

    def _prepare_keyframe_coords(self, *, pixel_frame_idx: int, **place: Any) -> Any:
        last = pixel_frame_idx + self.vae_temporal_compression_ratio - 1
        return super()._prepare_keyframe_coords(pixel_frame_idx=last, **place)
