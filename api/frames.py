"""Saves frames of clips as pictures."""

from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

from api.uploads import incoming
from auth.accounts.principal import Principal
from db import new_id
from engines.requests.base import SEQUENCE_MIME
from errors import StudioError
from library.views import AssetView, NewAsset
from studio import Studio

if TYPE_CHECKING:
    from PIL import Image


def first_frame(studio: Studio, who: Principal, clip_id: str) -> bytes:
    """Return the first frame of a clip as a JPEG. Raises StudioError not_found, wrong_kind, bad_media."""
    from engines.media.clip import frame_at

    _, path = _clip(studio, who, clip_id)
    file = BytesIO()
    frame_at(path, 0).save(file, "JPEG", quality=90)
    return file.getvalue()


def last_frame(studio: Studio, who: Principal, clip_id: str) -> AssetView:
    """Save the last frame of a clip as a picture, from which a next clip can start. It is stored in the clip's project
    as an intermediate step, which is deleted automatically if unused.

    Raises StudioError not_found, wrong_kind, image_sequence, bad_media.
    """
    from engines.media.clip import frame_at

    clip, path = _clip(studio, who, clip_id)
    return _save(studio, who, clip, frame_at(path, clip.seconds or 0), "last frame", step=True)


def grab_still(studio: Studio, who: Principal, clip_id: str, seconds: float) -> AssetView:
    """Save the frame that a player shows at ``seconds`` as a picture in the clip's project.

    Raises StudioError not_found, wrong_kind, bad_media.
    """
    from engines.media.clip import frame_on_screen

    clip, path = _clip(studio, who, clip_id)
    number, frame = frame_on_screen(path, seconds)
    return _save(studio, who, clip, frame, f"frame {number}", step=False)


def _clip(studio: Studio, who: Principal, clip_id: str) -> tuple[AssetView, Path]:
    clip = studio.library.get(who, clip_id)
    if clip.kind != "clip":
        raise StudioError("wrong_kind", "Only a clip has frames.", next="Choose a clip.", status=422)
    if clip.mime == SEQUENCE_MIME:
        what = "An image sequence has no frames to save here."
        raise StudioError("image_sequence", what, next="Use the clip that it was made from.", status=422)
    return clip, studio.library.file(who, clip_id)


def _save(
    studio: Studio, who: Principal, clip: AssetView, frame: "Image.Image", source: str, *, step: bool
) -> AssetView:
    """Save a frame as a child of its clip; ``source`` says which one it is, also in its badge."""
    from engines.media.picture import pixels_sha256, save_thumb

    stem = incoming(studio.data) / new_id()
    file, thumb = stem.with_suffix(".png"), stem.with_suffix(".thumb.webp")
    try:
        frame.save(file, "PNG", compress_level=1)
        save_thumb(frame, thumb)
        new = NewAsset(
            file=file.name,
            thumb=thumb.name,
            kind="image",
            title=clip.title,
            badge=source.capitalize(),
            mime="image/png",
            width=frame.width,
            height=frame.height,
            content_sha256=pixels_sha256(frame),
            parents=(clip.id,),
            source=source,
            step=step,
        )
        return studio.library.take_upload(who, file, new=new, project_id=clip.project_id)
    finally:
        file.unlink(missing_ok=True)
        thumb.unlink(missing_ok=True)
