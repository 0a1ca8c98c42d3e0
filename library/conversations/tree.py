"""The tree of a conversation: branches, siblings, and the ends of branches."""

from collections import defaultdict
from collections.abc import Iterable, Sequence

from library.conversations.tables import Message


class Tree:
    """The messages of one conversation as a tree. Children are in order of creation."""

    def __init__(self, messages: Iterable[Message]) -> None:
        self._known: dict[str, Message] = {}
        self._children: defaultdict[str | None, list[Message]] = defaultdict(list)
        for message in sorted(messages, key=lambda one: (one.created_at, one.id)):
            self._known[message.id] = message
            self._children[message.parent_id].append(message)

    def get(self, message_id: str | None) -> Message | None:
        """The message with an id; None if it is not in this conversation."""
        return self._known.get(message_id or "")

    def branch(self, end: str | None) -> list[Message]:
        """The turns from the first one down to ``end``."""
        turns: list[Message] = []
        here = self.get(end)
        while here is not None:
            turns.append(here)
            here = self.get(here.parent_id)
        return turns[::-1]

    def siblings(self, message: Message) -> Sequence[Message]:
        """The turns with the same parent, including this one."""
        return self._children[message.parent_id]

    def end(self, message: Message) -> Message:
        """The end of the branch through a message, following the newest turn at each fork."""
        while children := self._children.get(message.id):
            message = children[-1]
        return message
