"""Real pictures, sounds and clips: small excerpts of those in the gradio package."""

import importlib.metadata
from fractions import Fraction
from itertools import islice
from pathlib import Path

# located without importing gradio, which takes seconds
MEDIA = Path(str(importlib.metadata.distribution("gradio").locate_file("gradio"))) / "media_assets"


def photo(path: Path, width: int = 160) -> Path:
    """A photograph of a cheetah, ``width`` px wide, at ``path`` (.jpg or .png)."""
    from PIL import Image

    with Image.open(MEDIA / "images" / "cheetah.jpg") as picture:
        picture.resize((width, round(width * picture.height / picture.width))).save(path)
    return path


def clip(path: Path, seconds: float = 1.0, width: int = 160, fps: int = 10) -> Path:
    """The first ``seconds`` of a real clip with its sound, ``width`` px wide, as H.264 and AAC at ``path`` (.mp4)."""
    import av

    source = str(MEDIA / "videos" / "b.mp4")
    with av.open(source) as pictures, av.open(source) as sounds, av.open(str(path), "w") as target:
        first, heard = pictures.streams.video[0], sounds.streams.audio[0]
        height = round(width * first.height / first.width / 2) * 2
        video = target.add_stream("libx264", rate=fps, width=width, height=height, pix_fmt="yuv420p")
        audio = target.add_stream_from_template(heard)
        step = round(first.average_rate / fps)
        for index, frame in enumerate(islice(pictures.decode(first), 0, round(seconds * fps) * step, step)):
            small = frame.reformat(width, height)
            small.pts, small.time_base = index, Fraction(1, fps)
            target.mux(video.encode(small))
        target.mux(video.encode())
        for packet in sounds.demux(heard):
            if packet.pts is None or packet.pts * packet.time_base >= seconds:
                break
            packet.stream = audio
            target.mux(packet)
    return path
