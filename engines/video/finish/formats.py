"""The file formats of deliveries: container, codec, pixels and sound."""

from typing import Literal, NamedTuple

import av

from engines.requests.deliver import FileFormatName
from engines.requests.finish import FinishFormat


class FileFormat(NamedTuple):
    """A container with FFmpeg's names of its video codec, its pixel format and its sound codec.

    ``tag`` replaces the container's own tag of the codec, ``alpha`` is the pixel format for clips with transparency.
    """

    container: Literal["mp4", "mov"]
    codec: str
    pixels: str
    sound: Literal["aac", "pcm_s24le"]
    options: dict[str, str]
    tag: str | None = None
    alpha: str | None = None

    def encoder_options(self, threads: int) -> dict[str, str]:
        """Return the options of the encoder; libx265 takes its threads as one."""
        return self.options | ({"x265-params": f"log-level=error:pools={threads}"} if self.codec == "libx265" else {})

    def pixels_for(self, source: av.VideoFormat) -> str:
        """Return the pixel format for a source: with transparency if both can have it."""
        has_alpha = any(part.is_alpha for part in source.components)
        return (self.alpha if has_alpha else None) or self.pixels

    @property
    def needs_proxy(self) -> bool:
        """Whether few browsers play it."""
        return self.codec != "libx264"

    @property
    def suffix(self) -> str:
        return f".{self.container}"

    @property
    def mime(self) -> str:
        return "video/mp4" if self.container == "mp4" else "video/quicktime"


_GOOD = {"crf": "16", "preset": "medium"}
_VENDOR = {"vendor": "apl0"}  # some programs refuse ProRes of an unknown vendor

PROXY = FileFormat("mp4", "libx264", "yuv420p", "aac", {"crf": "23", "preset": "veryfast"})
PROXY_SIDE = 1280
"""The longest side of a proxy in px."""

FORMATS: dict[FileFormatName, FileFormat] = {
    "prores_hq": FileFormat("mov", "prores_ks", "yuv422p10le", "pcm_s24le", {"profile": "hq", **_VENDOR}),
    "prores_4444": FileFormat(
        "mov", "prores_ks", "yuv444p10le", "pcm_s24le", {"profile": "4444", **_VENDOR}, alpha="yuva444p10le"
    ),
    "h265": FileFormat("mp4", "libx265", "yuv420p10le", "aac", _GOOD, tag="hvc1"),  # Apple's players need hvc1
    "h264": FileFormat("mp4", "libx264", "yuv420p", "aac", _GOOD),
}


def format_for(name: FinishFormat, source: av.VideoFormat) -> FileFormat:
    """Return the format with this name. “auto” is H.264, or ProRes for pixels that have more than it can hold."""
    if name != "auto":
        return FORMATS[name]
    if any(part.is_alpha for part in source.components):
        return FORMATS["prores_4444"]
    return FORMATS["prores_hq" if source.components[0].bits > 8 else "h264"]
