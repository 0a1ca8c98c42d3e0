"""Tasks that upscale, cut out or restyle a picture."""

import numpy as np
from PIL import Image, ImageChops

from engines.enhance.background_removal import feather, subject_mask
from engines.enhance.style_transfer import apply_style, apply_style_of
from engines.enhance.tile_checkpoint import Pixels, TileCheckpoint, Unfinished
from engines.enhance.upscaler import Upscaler, network
from engines.host.context import Context, JobYielded
from engines.media.picture import open_picture, save_picture
from engines.memory import OnnxSession
from engines.requests import CutOut, StylizeImage, UpscaleImage

_BACKGROUNDS = {"white": (255, 255, 255), "black": (0, 0, 0), "green": (0, 177, 64)}
_PREVIEW_STEP = 800


def upscale_image(request: UpscaleImage, context: Context) -> None:
    """Upscale a picture tile by tile, in as many passes as needed; transparency is kept.

    Raises JobYielded between two tiles, once the finished ones are saved; if they cannot be, it goes on.
    """
    picture = np.asarray(open_picture(context.input(request.image)))
    size = (picture.shape[1], picture.shape[0])
    target = request.target(*size)
    net = network(context, context.entry, request.network_scale(*size))
    with context.lease(net.component) as (model,):
        upscale = Upscaler(net, model, context.entry)
        total = upscale.tiles(size, target)
        checkpoint = TileCheckpoint(context.checkpoint_dir)
        begun = checkpoint.load()
        context.progress(begun.tiles if begun else 0, max(1, total), "tile")

        def done(so_far: Unfinished) -> None:
            context.progress(so_far.tiles, total, "tile")
            context.preview(lambda: _glimpse(so_far.result))
            if context.should_yield and so_far.tiles < total and checkpoint.save(so_far):
                raise JobYielded

        large = upscale.enlarge(picture, target, done, begun)
    _keep(Image.fromarray(large), context)


def cut_out(request: CutOut, context: Context) -> None:
    """Remove the background of a picture."""
    picture = open_picture(context.input(request.image))
    opaque = picture.convert("RGB")
    context.progress(0, 1)
    with context.lease(_session(context, "u2netp")) as (session,):
        mask = feather(subject_mask(session, opaque), request.feather)
    if picture.mode == "RGBA":
        mask = ImageChops.multiply(mask, picture.getchannel("A"))
    if request.background == "transparent":
        result = opaque.copy()
        result.putalpha(mask)
    else:
        result = Image.composite(opaque, Image.new("RGB", opaque.size, _BACKGROUNDS[request.background]), mask)
    context.progress(1, 1)
    _keep(result, context)


def stylize_image(request: StylizeImage, context: Context) -> None:
    """Give a picture a learned look or that of another picture; its size and transparency are kept."""
    picture = open_picture(context.input(request.image))
    opaque = picture.convert("RGB")
    context.progress(0, 1)
    if request.style_image:
        style = open_picture(context.input(request.style_image)).convert("RGB")
        with context.lease(_session(context, "predict"), _session(context, "transform")) as (predict, transform):
            styled = apply_style_of(predict, transform, opaque, style)
    else:
        with context.lease(_session(context, "styles")) as (session,):
            styled = apply_style(session, opaque, int(request.style.removeprefix("style-")))
    result = Image.blend(opaque, styled, request.strength)
    if picture.mode == "RGBA":
        result.putalpha(picture.getchannel("A"))
    context.progress(1, 1)
    _keep(result, context)


def _session(context: Context, part: str) -> OnnxSession:
    path = context.catalog.path(context.entry, part)
    return OnnxSession(f"{context.entry.id}:{part}", path, note=context.entry.name)


def _keep(picture: Image.Image, context: Context) -> None:
    path, record = context.new_file(".png"), context.provenance()
    context.later(lambda: save_picture(picture, path, record))


def _glimpse(pixels: Pixels) -> Image.Image:
    """Return a small copy of a large picture, quickly."""
    step = max(1, max(pixels.shape[:2]) // _PREVIEW_STEP)
    return Image.fromarray(np.ascontiguousarray(pixels[::step, ::step]))
