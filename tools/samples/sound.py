"""Write a sound as small AAC, which every browser plays."""

from pathlib import Path

import av

_BIT_RATE = 40_000
_RATE = 24_000


def save_aac(sound: Path, path: Path) -> None:
    """Write the sound in a file as mono AAC in MP4, without its metadata."""
    with av.open(str(sound)) as source, av.open(str(path), "w", format="mp4") as target:
        stream = target.add_stream("aac", rate=_RATE, layout="mono")
        stream.bit_rate = _BIT_RATE
        resampler = av.AudioResampler("fltp", "mono", _RATE, frame_size=1024)
        for frame in source.decode(audio=0):
            for part in resampler.resample(frame):
                target.mux(stream.encode(part))
        for part in resampler.resample(None):
            target.mux(stream.encode(part))
        target.mux(stream.encode(None))
