"""What travels between the queue and an engine, the same in a thread and through a pipe to a child.

Down go commands, up come events; all are frozen models, sent as JSON, and every text in an event is valid
UTF-8, wherever an engine got it from. Between ``Run`` and one of the ``Ended`` events (Result, Failed, Cancelled,
Yielded) come any number of the others, all with the job and attempt they belong to, so that nothing of an earlier
attempt is ever taken for the current one.
"""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from engines.loras.facts import LoraFacts
from engines.requests.base import AssetFacts, Kind
from errors import Problem
from utf8 import ValidJson, ValidText

Lane = Literal["device", "cpu", "talk", "net", "fetch"]
"""``device`` torch models; ``cpu`` the others; ``talk`` language models on the processor (no chat waits behind a clip);
``net`` a language server; ``fetch`` downloads."""

PREVIEW_BYTES = 64 * 1024
PREVIEW_SECONDS = 0.5


class Message(BaseModel):
    """A frozen message."""

    model_config = ConfigDict(frozen=True, ser_json_bytes="base64", val_json_bytes="base64")


class Input(Message):
    """An authorised input: where it lies, what it is."""

    path: str
    facts: AssetFacts
    title: str = ""


class Pinned(Message):
    """In which precision a model was kept while it read and while it painted, and which smaller version was taken: what
    is to be made again comes out the same only in these."""

    reading: str = ""
    painting: str = ""
    version: str = ""


class Envelope(Message):
    """A job as an engine gets it: everything it needs, nothing about whose it is."""

    job: str
    attempt: int
    request: dict[str, Any]
    inputs: dict[str, Input] = {}
    out_dir: str
    checkpoint_dir: str
    """Where a job that yields keeps its state; holds an earlier attempt's when there is one."""
    pinned: Pinned = Pinned()
    """How the model was kept for what is made again here."""


class LoadedComponent(Message):
    """A component in memory."""

    key: str
    bytes: int
    leased: bool
    idle_seconds: float


# -- down


class Run(Message):
    """Do this job; one at a time a lane."""

    type: Literal["run"] = "run"
    envelope: Envelope


class Cancel(Message):
    """Stop the job if it is the one under way."""

    type: Literal["cancel"] = "cancel"
    job: str


class Yield(Message):
    """Write a checkpoint and stop, if the job can; otherwise go on."""

    type: Literal["yield"] = "yield"
    job: str


class Free(Message):
    """Drop every component that no job holds."""

    type: Literal["free"] = "free"


class Stop(Message):
    """End: cancel what runs, then leave."""

    type: Literal["stop"] = "stop"


Command = Annotated[Run | Cancel | Yield | Free | Stop, Field(discriminator="type")]


# -- up


class OfJob(Message):
    """Something about one attempt at one job."""

    job: str
    attempt: int


class Loading(OfJob):
    """A model is being brought in. ``note`` names it as a person would."""

    type: Literal["loading"] = "loading"
    note: ValidText


class Progress(OfJob):
    """Work done so far: ``step`` of ``total`` in ``noun``s (“step”, “frame”, “sentence”)."""

    type: Literal["progress"] = "progress"
    step: int
    total: int
    noun: str = "step"


class Text(OfJob):
    """More of a growing text: of the answer, or of what a model thinks before it."""

    type: Literal["text"] = "text"
    delta: ValidText
    thinking: bool = False


class TextWasThinking(OfJob):
    """What the text held until now was thinking before an answer that begins now."""

    type: Literal["text_was_thinking"] = "text_was_thinking"


class TextVoid(OfJob):
    """All text, thoughts and facts so far are void: the attempt begins again from its start."""

    type: Literal["text_void"] = "text_void"


class Told(OfJob):
    """Facts about the work, for whoever looks at it (tokens a second, bytes a second); newer ones replace older."""

    type: Literal["told"] = "told"
    facts: ValidJson


class Preview(OfJob):
    """How the result looks now: a JPEG of at most 64 KB, at most twice a second."""

    type: Literal["preview"] = "preview"
    jpeg: bytes


class Measured(OfJob):
    """What the attempt took: what future estimates are learned from."""

    type: Literal["measured"] = "measured"
    load_seconds: float
    run_seconds: float
    working_bytes: int
    device: str


class ResultFile(Message):
    """A finished, tagged file in ``out_dir``, with its thumbnail beside it.

    ``content_sha256`` is over the pixels, frames or samples that went into the encoder. ``title`` is for a file that
    has a name of its own, ``source`` for one that was made elsewhere; ``family`` and ``lora`` tell what a LoRA is;
    ``notes`` are sentences on what of an input is not in it.
    """

    file: str
    thumb: str | None = None
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
    """Done: the files, the main one first; none where the text is the result."""

    type: Literal["result"] = "result"
    files: tuple[ResultFile, ...]


class Failed(OfJob):
    """Not done, and why. ``detail`` is the traceback, for the log alone."""

    type: Literal["failed"] = "failed"
    problem: Problem
    detail: ValidText = ""


class Cancelled(OfJob):
    """Stopped because it was asked to."""

    type: Literal["cancelled"] = "cancelled"


class Yielded(OfJob):
    """Stopped with its state kept in ``checkpoint_dir``; the next attempt goes on from there."""

    type: Literal["yielded"] = "yielded"


class DeviceState(Message):
    """What a lane's device holds. Sent when it changes.

    ``beside_bytes`` is the main memory beside a device with memory of its own; else it is the main memory itself.
    """

    type: Literal["device"] = "device"
    lane: Lane
    name: str
    total_bytes: int
    used_bytes: int
    beside_bytes: int = 0
    components: tuple[LoadedComponent, ...] = ()


Ended = Result | Failed | Cancelled | Yielded
Event = Annotated[
    Loading
    | Progress
    | Text
    | TextWasThinking
    | TextVoid
    | Told
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
