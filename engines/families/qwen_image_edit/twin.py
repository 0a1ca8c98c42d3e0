"""The twin of Qwen-Image-Edit and of Qwen-Image-Edit-Plus, which only differ in their weights."""

from pathlib import Path

from engines.families.qwen_image.twin import save_with, tiny_vae
from engines.twins import qwen
from engines.twins.twin import SMALLEST, Twin


def save(folder: Path) -> None:
    """Save it with the narrowest possible autoencoder and few latents, because it encodes every picture at a
    megapixel."""
    down = [False, True, True, False]
    save_with(folder, tiny_vae(2, dim_mult=[1, 1, 1, 1, 1], num_res_blocks=0, temperal_downsample=down))
    qwen.processor("Qwen2VLProcessor", 14).save_pretrained(folder / "processor")


TWINS = {"qwen-image-edit": Twin(save, SMALLEST)}
"""The twins by the names that entries use."""
