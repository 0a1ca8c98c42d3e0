"""A frame of a clip as a picture of its own."""

from api.uploads import incoming
from auth.principal import Principal
from db import new_id
from errors import StudioError
from library.views import AssetView, NewAsset
from studio import Studio

SOURCE = "last frame"


def last_frame(studio: Studio, who: Principal, clip_id: str) -> AssetView:
    """The last frame of a clip as a picture, where a next clip can begin. It lies with the clip, and is a step on the
    way: it goes by itself when nothing comes of it. Raises StudioError not_found, wrong_kind, bad_media."""
    from engines.media.clip import frame_at
    from engines.media.picture import pixels_sha256, save_thumb

    clip = studio.library.get(who, clip_id)
    if clip.kind != "clip":
        raise StudioError("wrong_kind", "Only a clip has a last frame.", next="Choose a clip.", status=422)
    frame = frame_at(studio.library.file(who, clip_id), clip.seconds or 0)
    stem = incoming(studio.data) / new_id()
    file, thumb = stem.with_suffix(".png"), stem.with_suffix(".thumb.webp")
    try:
        frame.save(file, "PNG", compress_level=1)
        save_thumb(frame, thumb)
        new = NewAsset(
            file=file.name,
            thumb=thumb.name,
            kind="image",
            title=f"{clip.title} · last frame",
            mime="image/png",
            width=frame.width,
            height=frame.height,
            content_sha256=pixels_sha256(frame),
            parents=(clip.id,),
            source=SOURCE,
            step=True,
        )
        return studio.library.take_upload(who, file, new=new, project_id=clip.project_id)
    finally:
        file.unlink(missing_ok=True)
        thumb.unlink(missing_ok=True)
