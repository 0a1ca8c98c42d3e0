"""Real pictures, sound and clips, cut small from those that ship inside the gradio package."""

import importlib.metadata
from pathlib import Path

# found without importing gradio, which takes seconds
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

    with av.open(str(MEDIA / "videos" / "b.mp4")) as source, av.open(str(path), "w") as target:
        picture, sound = source.streams.video[0], source.streams.audio[0]
        height = round(width * picture.height / picture.width / 2) * 2
        video = target.add_stream("libx264", rate=fps, width=width, height=height, pix_fmt="yuv420p")
        audio = target.add_stream("aac", rate=sound.rate)
        step = round(picture.average_rate / fps)
        for index, frame in enumerate(source.decode(picture)):
            if frame.time >= seconds:
                break
            if index % step == 0:
                small = frame.reformat(width, height)
                small.pts = None
                target.mux(video.encode(small))
        target.mux(video.encode())
        source.seek(0)
        for heard in source.decode(sound):
            if heard.time >= seconds:
                break
            heard.pts = None
            target.mux(audio.encode(heard))
        target.mux(audio.encode())
    return path
