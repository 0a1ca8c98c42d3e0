"""Read pictures of any common format as upright 8-bit RGB(A), and write PNGs with embedded provenance."""

import hashlib
import io
import json
import threading
from pathlib import Path
from typing import Any

from PIL import Image, ImageOps, UnidentifiedImageError
from PIL.PngImagePlugin import PngInfo

from engines import protocol
from engines.media import cicp, decode_in_child
from engines.media.files import thumb_path, write_atomically
from engines.media.srgb import to_srgb
from engines.media.streams import still_format
from engines.provenance import parameters
from errors import StudioError

MAX_SIDE = 30_000
MAX_PIXELS = 100_000_000
THUMB_SIDE = 512
_MOST_JPEG = 200_000_000
FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF")

LARGE = threading.BoundedSemaphore(1)
"""Allows one picture to be decoded at a time: a file of a few KB may hold 100 megapixels. Those briefly take 0.8 GB, or
1.2 GB with transparency, or 1.6 GB as WebP, most of it in the decoder's child process."""

# Pillow warns above this number and refuses above twice this number; the check below comes first.
Image.MAX_IMAGE_PIXELS = MAX_PIXELS


def open_picture(path: Path) -> Image.Image:
    """Return the picture in a file as 8-bit sRGB: mode RGBA if it has transparency, else RGB.

    It is turned upright by its EXIF orientation. CMYK, 16-bit, gray and palette pictures are converted; only the first
    frame of an animation is used. Raises StudioError bad_picture (not a picture, or damaged), or picture_too_large
    before decoding.
    """
    image = load_picture(path)
    try:
        ImageOps.exif_transpose(image, in_place=True)
        return to_srgb(image)
    except Exception as error:  # decoders and profiles raise anything for malicious files
        raise _failed("It is damaged and cannot be decoded completely.", error) from error


def load_picture(path: Path) -> Image.Image:
    """Return the picture in a file, decoded but not converted; of an incomplete JPEG, the part that exists.

    The ``icc_profile`` in its ``info`` also covers the color codes of AVIF and HEIC.

    Raises like ``open_picture``, and StudioError too_slow or out_of_memory for a large picture.
    """
    try:
        image = open_upright(path)
    except Image.DecompressionBombError as error:
        raise _too_large("It has far more pixels than this.") from error
    except UnidentifiedImageError as error:
        raise _bad("It is not a PNG, JPEG, WebP, GIF, BMP, TIFF, AVIF or HEIC file.") from error
    except FileNotFoundError:
        raise
    except Exception as error:
        raise _failed("It is damaged, or its header is corrupt.", error) from error
    if max(image.size) > MAX_SIDE or image.width * image.height > MAX_PIXELS:
        raise _too_large(f"It has {image.width:,} × {image.height:,} pixels.")
    try:
        if decode_in_child.is_slow(image):
            image = decode_in_child.decode_in_child(image, path)
        else:
            image.load()
    except StudioError:
        raise
    except Exception as error:
        rest = _rest_of_jpeg(path) if image.format in ("JPEG", "MPO") else None
        if rest is None:
            raise _failed("It is damaged and cannot be decoded completely.", error) from error
        return rest
    # Pillow's WebP and AVIF decoders keep one or two copies of the picture for the next frame, which is never read.
    vars(image).pop("_decoder", None)
    if image.format in ("AVIF", "HEIF") and not image.info.get("icc_profile"):
        image.info["icc_profile"] = cicp.profile(path)
    return image


def _rest_of_jpeg(path: Path) -> Image.Image | None:
    """Return an incomplete JPEG with the missing part in gray, as viewers show it, and ``cut_off`` in its ``info``."""
    if path.stat().st_size > _MOST_JPEG:
        return None
    try:
        image = Image.open(io.BytesIO(path.read_bytes() + b"\xff\xd9"), formats=("JPEG",))
        image.load()
    except Exception:  # decoders raise anything for malicious files
        return None
    image.info["cut_off"] = True
    return image


def open_upright(path: Path) -> Image.Image:
    """Open the picture in a file without decoding it. Raises whatever its decoder raises."""
    still = still_format(path)
    if still == "HEIF":
        import pi_heif

        pi_heif.register_heif_opener(thumbnails=False)
    return Image.open(path, formats=(still,) if still else FORMATS)


def save_picture(
    image: Image.Image, path: Path, provenance: dict[str, Any], content_sha256: str | None = None
) -> protocol.ResultFile:
    """Write a PNG with embedded provenance (``c41`` as JSON, ``parameters`` for other tools), and its thumbnail.

    ``content_sha256`` defaults to the hash of the pixels.
    """
    tags = PngInfo()
    tags.add_itxt("c41", json.dumps(provenance, ensure_ascii=False))
    tags.add_itxt("parameters", parameters(provenance))
    with write_atomically(path) as part:
        image.save(part, "PNG", compress_level=1, pnginfo=tags)
    save_thumb(image, thumb_path(path))
    return protocol.ResultFile(
        file=path.name,
        thumb=thumb_path(path).name,
        kind="image",
        mime="image/png",
        width=image.width,
        height=image.height,
        content_sha256=content_sha256 or pixels_sha256(image),
        provenance=provenance,
    )


def save_thumb(image: Image.Image, path: Path) -> None:
    """Write a WebP thumbnail of at most 512 × 512 px."""
    small = _within(image, THUMB_SIDE, Image.Resampling.LANCZOS)
    with write_atomically(path) as part:
        small.save(part, "WEBP", quality=82, method=2)  # method 3: 3 % smaller, twice the time


def preview_jpeg(image: Image.Image) -> bytes:
    """Return the picture as a JPEG of at most 64 KB, on dark gray if it has transparency."""
    small = _within(image, 768, Image.Resampling.BILINEAR)
    if small.mode == "RGBA":
        small = Image.alpha_composite(Image.new("RGBA", small.size, (36, 36, 36, 255)), small)
    small = small.convert("RGB")
    while True:
        for quality in (80, 60, 40):
            out = io.BytesIO()
            small.save(out, "JPEG", quality=quality)
            if out.tell() <= protocol.PREVIEW_BYTES:
                return out.getvalue()
        small = small.resize((max(1, small.width // 2), max(1, small.height // 2)))


def _within(image: Image.Image, side: int, resample: Image.Resampling) -> Image.Image:
    """Return the picture with sides of at most ``side`` px, without copying it first as Pillow's ``thumbnail`` does."""
    scale = side / max(image.size)
    if scale >= 1:
        return image
    size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    return image.resize(size, resample, reducing_gap=2.0)


def pixels_sha256(image: Image.Image) -> str:
    """Return the hash of a picture's pixels, independent of the file format."""
    digest = hashlib.sha256(f"{image.mode} {image.width} {image.height} ".encode())
    digest.update(image.tobytes())
    return digest.hexdigest()


def _failed(why: str, error: Exception) -> StudioError:
    """Return the error for a picture that failed to load: out_of_memory, or bad_picture with ``why``."""
    return decode_in_child.no_memory(repr(error)) if isinstance(error, MemoryError) else _bad(why)


def _bad(why: str) -> StudioError:
    return StudioError("bad_picture", "The studio cannot read this file as a picture.", why, "Choose another file.")


def _too_large(why: str) -> StudioError:
    return StudioError(
        "picture_too_large",
        f"The picture is too large. The maximum is {MAX_SIDE:,} pixels per side and {MAX_PIXELS // 10**6} megapixels.",
        why,
        "Make it smaller first.",
    )
