"""One frozen request per task: form state, API schema, queue row and file metadata."""

from engines.requests.base import AssetFacts, Kind, Request, asset_fields
from engines.requests.deliver import DeliverClip
from engines.requests.enhance import CutOut, StylizeImage, UpscaleImage
from engines.requests.finish import AddSound, CutClip, GradeClip, JoinClips
from engines.requests.hub import FetchLora, FetchModel
from engines.requests.image import ChangeImage, CreateImage, EditImage, ExtendImage, FillImage
from engines.requests.prompt import LoraUse, Mention, PromptRequest
from engines.requests.registry import REQUESTS, from_storage, parse
from engines.requests.speech import CheckSpeech, Speak, Take
from engines.requests.video import AnimateImage, ContinueClip, CreateClip, InterpolateClip, UpscaleClip, VideoRequest
from engines.requests.writing import Turn, Write

__all__ = [
    "REQUESTS",
    "AddSound",
    "AnimateImage",
    "AssetFacts",
    "ChangeImage",
    "CheckSpeech",
    "ContinueClip",
    "CreateClip",
    "CreateImage",
    "CutClip",
    "CutOut",
    "DeliverClip",
    "EditImage",
    "ExtendImage",
    "FetchLora",
    "FetchModel",
    "FillImage",
    "GradeClip",
    "InterpolateClip",
    "JoinClips",
    "Kind",
    "LoraUse",
    "Mention",
    "PromptRequest",
    "Request",
    "Speak",
    "StylizeImage",
    "Take",
    "Turn",
    "UpscaleClip",
    "UpscaleImage",
    "VideoRequest",
    "Write",
    "asset_fields",
    "from_storage",
    "parse",
]
