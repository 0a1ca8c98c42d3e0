"""The messages between the queue and an engine, the same in a thread and through a pipe to a child process.

Commands go down, events come up. All are frozen models sent as JSON, and every text in an event is valid UTF-8,
whatever its source. Between ``Run`` and one of the ``EndEvent`` events (Result, Failed, Cancelled, Yielded) come any
number of other events. Each names its job and attempt, so that events of an earlier attempt are never mistaken for
current ones.
"""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from engines.loras.facts import LoraFacts
from engines.requests.base import AssetFacts, Kind
from errors import Problem
from utf8 import ValidJson, ValidText

Lane = Literal["device", "cpu", "talk", "net", "fetch"]
"""``device``: torch models. ``cpu``: other models. ``talk``: language models on the CPU, so that chats do not wait for
clips. ``net``: a language server. ``fetch``: downloads."""

PREVIEW_BYTES = 64 * 1024
PREVIEW_SECONDS = 0.5


class Message(BaseModel):
    """A frozen message."""

    model_config = ConfigDict(frozen=True, ser_json_bytes="base64", val_json_bytes="base64")


class Input(Message):
    """An authorized input: its path and facts."""

    path: str
    facts: AssetFacts
    title: str = ""


class Pinned(Message):
    """The precision of each stage, the quantization and the tiled decoding of an earlier run: only these reproduce its
    result."""

    stages: dict[str, str] = {}
    version: str = ""
    tiled: bool = False


class Envelope(Message):
    """A job as an engine receives it: everything it needs, and nothing about its owner."""

    job: str
    attempt: int
    request: dict[str, Any]
    inputs: dict[str, Input] = {}
    out_dir: str
    checkpoint_dir: str
    """Where a job that yields saves its state; contains the state of an earlier attempt, if any."""
    pinned: Pinned = Pinned()
    """The precisions to reproduce, if the job reproduces an earlier result."""


class LoadedComponent(Message):
    """A component in memory."""

    key: str
    bytes: int
    leased: bool
    idle_seconds: float


# -- commands


class Run(Message):
    """Run this job. A lane runs one job at a time."""

    type: Literal["run"] = "run"
    envelope: Envelope


class Cancel(Message):
    """Stop the job if it is running."""

    type: Literal["cancel"] = "cancel"
    job: str


class Yield(Message):
    """Write a checkpoint and stop if the job supports it; otherwise continue."""

    type: Literal["yield"] = "yield"
    job: str


class Free(Message):
    """Unload every component that no job is using."""

    type: Literal["free"] = "free"


class Stop(Message):
    """Cancel the running job, then exit."""

    type: Literal["stop"] = "stop"


Command = Annotated[Run | Cancel | Yield | Free | Stop, Field(discriminator="type")]


# -- events


class OfJob(Message):
    """An event of one attempt at a job."""

    job: str
    attempt: int


class Loading(OfJob):
    """A model is being loaded. ``note`` is its display name."""

    type: Literal["loading"] = "loading"
    note: ValidText


class Progress(OfJob):
    """Progress: ``step`` of ``total`` ``noun``s (“step”, “frame”, “sentence”)."""

    type: Literal["progress"] = "progress"
    step: int
    total: int
    noun: str = "step"


class Text(OfJob):
    """More text: of the answer, or of the model's reasoning before it."""

    type: Literal["text"] = "text"
    delta: ValidText
    thinking: bool = False


class TextWasThinking(OfJob):
    """All text so far was reasoning; the answer starts now."""

    type: Literal["text_was_thinking"] = "text_was_thinking"


class TextVoid(OfJob):
    """All text, reasoning and facts so far are void: the attempt starts over."""

    type: Literal["text_void"] = "text_void"


class Facts(OfJob):
    """Facts about the work to display (tokens per second, bytes per second). Newer ones replace older ones."""

    type: Literal["facts"] = "facts"
    facts: ValidJson


class Preview(OfJob):
    """A preview of the result: a JPEG of at most 64 KB, at most twice a second."""

    type: Literal["preview"] = "preview"
    jpeg: bytes


class Measured(OfJob):
    """The time and memory an attempt took, from which future estimates are learned."""

    type: Literal["measured"] = "measured"
    load_seconds: float
    run_seconds: float
    working_bytes: int
    device: str


class ResultFile(Message):
    """A finished, tagged file in ``out_dir``, with its thumbnail; ``proxy`` is a small copy that browsers play.

    ``content_sha256`` is over the pixels, frames or samples that went into the encoder. ``title`` is set for a file
    with its own name, ``source`` for one that was made elsewhere. ``family`` and ``lora`` describe a LoRA. ``notes``
    are sentences about parts of the input that the file does not contain.
    """

    file: str
    thumb: str | None = None
    proxy: str | None = None
    title: ValidText = ""
    source: ValidText | None = None
    kind: Kind
    mime: str
    width: int | None = None
    height: int | None = None
    seconds: float | None = None
    fps: float | None = None
    frames: int | None = None
    family: str | None = None
    lora: LoraFacts | None = None
    content_sha256: str
    provenance: ValidJson
    notes: tuple[ValidText, ...] = ()


class Result(OfJob):
    """Done: the files, main one first; none if the result is text."""

    type: Literal["result"] = "result"
    files: tuple[ResultFile, ...]


class Failed(OfJob):
    """Failed, with the problem. ``detail`` is the traceback, for the log only."""

    type: Literal["failed"] = "failed"
    problem: Problem
    detail: ValidText = ""


class Cancelled(OfJob):
    """Stopped on request."""

    type: Literal["cancelled"] = "cancelled"


class Yielded(OfJob):
    """Stopped with its state saved in ``checkpoint_dir``; the next attempt resumes from it."""

    type: Literal["yielded"] = "yielded"


def device_label(name: str) -> str:
    """Return a device's name as people see it: a GPU's own name, or “CPU”."""
    return "CPU" if name == "processor" else name


class DeviceState(Message):
    """The state of a lane's device. Sent when it changes.

    ``host_bytes`` is the size of main memory if the device has its own memory, else 0: the device is main memory.
    """

    type: Literal["device"] = "device"
    lane: Lane
    name: str
    total_bytes: int
    used_bytes: int
    host_bytes: int = 0
    components: tuple[LoadedComponent, ...] = ()


EndEvent = Result | Failed | Cancelled | Yielded
Event = Annotated[
    Loading
    | Progress
    | Text
    | TextWasThinking
    | TextVoid
    | Facts
    | Preview
    | Measured
    | Result
    | Failed
    | Cancelled
    | Yielded
    | DeviceState,
    Field(discriminator="type"),
]

COMMAND: TypeAdapter[Command] = TypeAdapter(Command)
EVENT: TypeAdapter[Event] = TypeAdapter(Event)
