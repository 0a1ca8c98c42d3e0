"""IP-Adapter (Ye et al. 2023, arXiv:2308.06721): reference pictures for a UNet, for the duration of one job."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engines import torch_setup
from engines.diffusion.crop import pad_to
from engines.memory.component import load_errors

if TYPE_CHECKING:
    import torch
    from PIL.Image import Image

ROLE = "ip_adapter"


def image_embeds(pipeline: Any, pictures: "Sequence[Image]", guided: bool) -> "torch.Tensor":
    """Encode pictures for the pipelines: (1, pictures, patches, channels), or 2 with negative embeds first if
    ``guided``. ``pipeline`` has the image encoder; *plus* adapters use its second-to-last layer.

    The encoder takes squares. Other shapes are padded: a center crop would cut off a tall person's head and feet.
    """
    import torch
    from transformers import CLIPImageProcessor

    side = pipeline.image_encoder.config.image_size
    pipeline.feature_extractor = CLIPImageProcessor(size=side, crop_size=side)
    squares = [pad_to(picture, max(picture.size), max(picture.size)) for picture in pictures]
    something, nothing = pipeline.encode_image(squares, pipeline.image_encoder.device, 1, True)
    return torch.stack([nothing, something]) if guided else something[None]


@contextmanager
def apply_ip_adapter(pipeline: Any, weights: Path, scale: float) -> Iterator[None]:
    """Add the adapter to the pipeline's UNet for the duration of the block, then restore it and its processors."""
    unet = pipeline.unet
    before, device, dtype = unet.attn_processors, unet.device, unet.dtype
    try:
        # Loading monkey-patches torch for the whole process.
        with torch_setup.LOADING, load_errors(weights):
            pipeline.load_ip_adapter(
                str(weights.parent), subfolder="", weight_name=weights.name, image_encoder_folder=None
            )
        for one in (unet.encoder_hid_proj, *unet.attn_processors.values()):
            if hasattr(one, "parameters"):  # the pipeline does not move these if the UNet is streamed
                one.to(device=device, dtype=dtype)
        pipeline.set_ip_adapter_scale(scale)
        yield
    finally:
        pipeline.unload_ip_adapter()
        unet.set_attn_processor(before)
