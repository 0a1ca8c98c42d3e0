"""The file formats of deliveries: container, codec, pixels and sound."""

from typing import Literal, NamedTuple

from engines.requests.deliver import DeliveryFormat


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

FORMATS: dict[DeliveryFormat, FileFormat] = {
    "prores_hq": FileFormat("mov", "prores_ks", "yuv422p10le", "pcm_s24le", {"profile": "hq", **_VENDOR}),
    "prores_4444": FileFormat(
        "mov", "prores_ks", "yuv444p10le", "pcm_s24le", {"profile": "4444", **_VENDOR}, alpha="yuva444p10le"
    ),
    "h265": FileFormat("mp4", "libx265", "yuv420p10le", "aac", _GOOD, tag="hvc1"),  # Apple's players need hvc1
    "h264": FileFormat("mp4", "libx264", "yuv420p", "aac", _GOOD),
}
