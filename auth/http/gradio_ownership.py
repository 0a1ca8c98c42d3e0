"""Assigns Gradio's session hashes, event ids and upload ids to the first person who uses them."""

from collections import OrderedDict

from errors import StudioError, not_found

_MOST_ENTRIES = 20_000
_LONGEST = 200


class GradioOwnership:
    """Remembers the owner of each id while the studio runs; Gradio forgets them at a restart too.

    All kinds share one table: Gradio uses the event id as session hash of an event that came without one.
    """

    def __init__(self) -> None:
        self._owners: OrderedDict[str, str] = OrderedDict()

    def claim(self, kind: str, value: object, user_id: str) -> None:
        """Claim ``value`` for this person. Raises StudioError (404) if it is someone else's, 400 if it is invalid."""
        if not isinstance(value, str) or not 0 < len(value) <= _LONGEST:
            raise StudioError("bad_id", f"This is not a valid {kind} id.", status=400)
        owner = self._owners.setdefault(value, user_id)
        if owner != user_id:
            raise not_found(kind)
        self._owners.move_to_end(value)
        if len(self._owners) > _MOST_ENTRIES:
            self._owners.popitem(last=False)
