"""Generate clips: from a request to finished files, for every model family."""

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from engines.diffusion import lora, planning, prompt_embeds, registry
from engines.diffusion.generate import SeededInputs, generate
from engines.diffusion.runner import StageRunner
from engines.diffusion.stages import Workload
from engines.diffusion.video_family import VideoFamily
from engines.families.storybook.prompts import enlarger
from engines.host.context import Context
from engines.media.sound_track import SoundTrack
from engines.provenance import model
from engines.requests import Request
from engines.requests.prompt import one_of
from engines.requests.video import VideoRequest
from engines.video.clip_file import ClipFile, to_frame
from engines.video.joins import Join
from engines.video.long_clip import LongClip
from engines.video.shots import Shots, prepare_shots
from engines.video.window_sounds import joined_sound


def generate_clip(request: Request, context: Context) -> None:
    """Generate the clips of a request and add them to the results."""
    assert isinstance(request, VideoRequest)
    family = registry.of(context.entry)
    assert isinstance(family, VideoFamily)
    shots = prepare_shots(request, context, family)
    runner = StageRunner(context, family, shots.inputs[0], _workload(shots, request, context))
    loras = lora.merge_weights(request.all_loras)
    takes = [SeededInputs(one, (request.seed or 0) + number) for number, one in enumerate(shots.inputs)]
    job = _Job(request, context, shots, loras)
    if shots.at_once:
        _at_once(job, runner, takes)
    else:
        _in_windows(job, runner, takes)


class _Job:
    """A request and what its clips are made from."""

    def __init__(self, request: VideoRequest, context: Context, shots: Shots, loras: lora.Loras) -> None:
        self.request, self.context, self.shots, self.loras = request, context, shots, loras

    @contextmanager
    def file(self, number: int, folder: Path) -> Iterator[ClipFile]:
        """Yield the file of take ``number``, written in a folder."""
        begun = self.shots.continuation
        with enlarger(self.context) as enlarge:
            begun = begun if begun and begun.joined else None
            file = ClipFile(folder, self.shots.inputs[number], self.context, enlarge, begun, self.shots.source)
            try:
                yield file
            finally:
                file.abandon()

    def add(
        self, file: ClipFile, number: int, sound: SoundTrack | None, truncated: str, joins: Sequence[Join] = ()
    ) -> None:
        """Finish a file with its own provenance, as if it had been requested alone, and add it to the results."""
        request, context, shots = self.request, self.context, self.shots
        left_out = shots.unknown or truncated
        more: dict[str, object] = {"picture_seen": shots.shown} if shots.shown else {}
        if left_out:
            context.note(prompt_embeds.truncation_note(left_out))
        if shots.shown:
            context.note("The picture and the clip have different shapes, so only part of the picture is used.")
        if shots.continuation and shots.continuation.wanted and not shots.continuation.joined:
            context.note(f"This is only the new part: {shots.continuation.obstacle}.")
        for note in shots.source.notes if shots.source else ():
            context.note(note)
        if joins:
            more["joins"] = [one._asdict() for one in joins]
            context.note(_joins_note(joins))
        record = context.provenance(
            request.model_copy(update=one_of(request, number)),
            words_left_out=left_out,
            loras=lora.record(context, self.loras),
            helpers=[model(shots.image_model)] if shots.image_model else [],
            **more,
        )
        context.add(file.finish(sound, record))


def _workload(shots: Shots, request: VideoRequest, context: Context) -> Workload:
    """Return the workload of one window, now that its size is known."""
    inputs = shots.inputs[0]
    facts = {id: one.facts for id, one in context.inputs.items()}
    known = planning.workload(request, context.entry, context.catalog, facts, inputs.auxiliary_models)
    frames = max(one.frames for one in shots.windows)
    known = replace(known, width=inputs.width, height=inputs.height, frames=frames, pictures=inputs.pictures)
    return replace(known, source_frames=frames if shots.source else 0)


def _at_once(job: _Job, runner: StageRunner, takes: Sequence[SeededInputs]) -> None:
    """Generate clips that the model makes at once: denoise all, then decode and write one after the other."""
    encoded = prompt_embeds.encode_prompt(runner, lora.text_encoder_loras(job.context, job.loras))
    with closing(generate(runner, encoded.prompt_embeds, takes, job.loras)) as outputs:
        for number, output in enumerate(outputs):
            with (
                TemporaryDirectory(dir=job.context.checkpoint_dir) as folder,
                job.file(number, Path(folder)) as file,
            ):
                source = job.shots.source
                for index, frame in enumerate(source.finished(output.frames) if source else output.frames):
                    file.write(frame, index)
                job.add(file, number, output.audio, encoded.truncated)


def _in_windows(job: _Job, runner: StageRunner, takes: Sequence[SeededInputs]) -> None:
    """Generate clips in windows. All are finished at the end: an interrupted attempt then continues where it was."""
    shots, context = job.shots, job.context
    finished: list[tuple[LongClip, tuple[Join, ...]]] = []
    for number, take in enumerate(takes):
        first = take.inputs.conditioning.first
        tail = to_frame(first) if shots.continuation and first is not None else None
        clip = LongClip(runner, shots.windows, take, job.loras, shots.last, tail)
        with job.file(number, _folder(context, number)) as file:
            file.copy_begun()
            finished.append((clip, clip.write(file, _folder(context, number), number, len(takes))))
    for number, (clip, joins) in enumerate(finished):
        with job.file(number, _folder(context, number)) as file:
            sound = joined_sound(_folder(context, number), file.rate, file.begun)
            job.add(file, number, sound, clip.truncated, joins)


def _folder(context: Context, number: int) -> Path:
    folder = context.checkpoint_dir / f"take-{number}"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _joins_note(joins: Sequence[Join]) -> str:
    """Return the note about how visible the joins are."""
    worst = max(joins, key=lambda one: one.delta_e)
    if not worst.seconds:
        return f"Color changes by ΔE {worst.delta_e:.1f} from the clip that it continues."
    return f"Made in parts. Color changes by at most ΔE {worst.delta_e:.1f}, {worst.seconds:.1f} s into the clip."
