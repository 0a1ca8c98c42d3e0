"""One frozen request per task: the form's state, the API's schema, the queue's row, the file's metadata."""

from engines.requests.base import AssetFacts, Kind, Request, asset_fields
from engines.requests.drawing import Drawing, LoraUse, Mention
from engines.requests.enhance import CutOut, StylizeImage, UpscaleImage
from engines.requests.hub import FetchLora, FetchModel
from engines.requests.image import ChangeImage, CreateImage, EditImage, ExtendImage, FillImage
from engines.requests.registry import REQUESTS, from_storage, parse
from engines.requests.speech import CheckSpeech, Speak, Take
from engines.requests.video import AnimateImage, CreateClip, Filming, InterpolateClip, UpscaleClip
from engines.requests.writing import Turn, Write

__all__ = [
    "REQUESTS",
    "AnimateImage",
    "AssetFacts",
    "ChangeImage",
    "CheckSpeech",
    "CreateClip",
    "CreateImage",
    "CutOut",
    "Drawing",
    "EditImage",
    "ExtendImage",
    "FetchLora",
    "FetchModel",
    "FillImage",
    "Filming",
    "InterpolateClip",
    "Kind",
    "LoraUse",
    "Mention",
    "Request",
    "Speak",
    "StylizeImage",
    "Take",
    "Turn",
    "UpscaleClip",
    "UpscaleImage",
    "Write",
    "asset_fields",
    "from_storage",
    "parse",
]
