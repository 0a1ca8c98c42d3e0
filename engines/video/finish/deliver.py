"""Deliver a clip: trimmed, at a constant frame rate, in one size, in Rec.709, with all of its sound."""

from engines.host.context import Context
from engines.media.clip import ClipReader
from engines.media.clip_sound import Excerpt, carry_sound
from engines.media.timecode import carry_timecode
from engines.requests.deliver import DeliverClip
from engines.video.finish.checks import exact
from engines.video.finish.delivery import Delivery, networks
from engines.video.finish.formats import FORMATS
from engines.video.finish.picture import RecConverter
from engines.video.finish.result import Production, save_clip
from engines.video.finish.sequence import save_sequence
from engines.video.finish.writer import Output


def deliver_clip(request: DeliverClip, context: Context) -> None:
    """Write a clip in the format, frame rate, size and part that a request names; and a proxy, if browsers need one."""
    path, start = context.input(request.clip), exact(request.start or 0)
    with ClipReader(path) as reader, networks(request, context, reader) as nets:
        delivery = Delivery(request, context, reader, nets)
        if request.format == "png" or request.format == "exr":
            save_sequence(request, delivery, context)
            return
        format, framing = FORMATS[request.format], delivery.framing
        output = Output(format, format.pixels_for(reader.first.format), delivery.rate, framing.frame)
        excerpt = Excerpt(delivery.begin, delivery.end, format.sound)
        save_clip(
            Production(
                output,
                map(RecConverter(framing, output.pixels, delivery.color).convert, delivery.frames()),
                delivery.count,
                lambda out, files, digest: carry_sound(path, out, files, digest, excerpt),
                lambda stream: carry_timecode(path, stream, delivery.rate, start),
                delivery.notes,
            ),
            context,
        )
