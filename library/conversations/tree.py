"""The tree of a conversation: the branch in sight, what stands beside each of its turns, where a branch ends."""

from collections import defaultdict
from collections.abc import Iterable, Sequence

from library.conversations.tables import Message


class Tree:
    """The messages of one conversation, as a tree. Children are in the order in which they were made."""

    def __init__(self, messages: Iterable[Message]) -> None:
        self._known: dict[str, Message] = {}
        self._children: defaultdict[str | None, list[Message]] = defaultdict(list)
        for message in sorted(messages, key=lambda one: (one.created_at, one.id)):
            self._known[message.id] = message
            self._children[message.parent_id].append(message)

    def get(self, message_id: str | None) -> Message | None:
        """The message with an id; None where it is not of this conversation."""
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
        """The turns that stand in the same place, this one among them."""
        return self._children[message.parent_id]

    def end(self, message: Message) -> Message:
        """Where the branch through a message ends, taking the newest turn wherever it forks."""
        while children := self._children.get(message.id):
            message = children[-1]
        return message
