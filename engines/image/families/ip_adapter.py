"""IP-Adapter (Ye et al. 2023, arXiv:2308.06721): a UNet that also goes by pictures, for the length of one job."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engines import runtime
from engines.image.frame import mounted
from engines.swapper.component import reading

if TYPE_CHECKING:
    import torch
    from PIL.Image import Image

ROLE = "ip_adapter"


def seen(pipeline: Any, pictures: "Sequence[Image]", guided: bool) -> "torch.Tensor":
    """What the image encoder sees in pictures, as the pipelines take it: (1 or 2 with nothing seen first, pictures,
    patches, channels). ``pipeline`` has the encoder; the adapters of the *plus* kind look at its last layer but one.

    It looks at squares. Others are mounted on one: cut to their middle, a tall person would lose head and feet.
    """
    import torch
    from transformers import CLIPImageProcessor

    side = pipeline.image_encoder.config.image_size
    pipeline.feature_extractor = CLIPImageProcessor(size=side, crop_size=side)
    squares = [mounted(picture, max(picture.size), max(picture.size)) for picture in pictures]
    something, nothing = pipeline.encode_image(squares, pipeline.image_encoder.device, 1, True)
    return torch.stack([nothing, something]) if guided else something[None]


@contextmanager
def added(pipeline: Any, weights: Path, scale: float) -> Iterator[None]:
    """While it lasts, the pipeline's UNet has the adapter; afterwards it is as it was, processors and all."""
    unet = pipeline.unet
    before, device, dtype = unet.attn_processors, unet.device, unet.dtype
    try:
        # Loading patches torch for the whole process.
        with runtime.LOADING, reading(weights):
            pipeline.load_ip_adapter(
                str(weights.parent), subfolder="", weight_name=weights.name, image_encoder_folder=None
            )
        for one in (unet.encoder_hid_proj, *unet.attn_processors.values()):
            if hasattr(one, "parameters"):  # of a UNet that is streamed the pipeline moves nothing, not even these
                one.to(device=device, dtype=dtype)
        pipeline.set_ip_adapter_scale(scale)
        yield
    finally:
        pipeline.unload_ip_adapter()
        unet.set_attn_processor(before)
