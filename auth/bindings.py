"""Gradio's session hashes, event ids and upload ids belong to the first person who uses them."""

from collections import OrderedDict

from errors import StudioError, not_found

_MANY = 20_000
_LONGEST = 200


class Bindings:
    """Remembers whose is what while the studio runs; Gradio forgets them at a restart too.

    All kinds share one book: Gradio takes an event id for the session hash of an event that came without one.
    """

    def __init__(self) -> None:
        self._owners: OrderedDict[str, str] = OrderedDict()

    def claim(self, kind: str, value: object, user_id: str) -> None:
        """Take ``value`` for this person, or raise StudioError (404) when it is somebody else's."""
        if not isinstance(value, str) or not 0 < len(value) <= _LONGEST:
            raise StudioError("bad_id", f"This is not an id of a {kind}.", status=400)
        owner = self._owners.setdefault(value, user_id)
        if owner != user_id:
            raise not_found(kind)
        self._owners.move_to_end(value)
        if len(self._owners) > _MANY:
            self._owners.popitem(last=False)
