"""How Discord's ids stand in the core's references, and back.

    a message in a channel      its id
    a message in a thread       the thread's id, a slash, its own id; the channel is the one that the thread belongs to
    where a person is answered  "@" and the interaction's id; with a slash and an id, one of the answers there

Rule: a thread's id is that of the message it hangs on, so the root of a thread is found without asking.
"""

from __future__ import annotations

from core.incident.vocabulary import ChannelRef, MessageRef

NAME = "discord"
"""The transport's name."""

ANSWER = "@"


def channel_ref(channel: int) -> ChannelRef:
    return ChannelRef(transport=NAME, id=str(channel))


def message_ref(channel: int, message: int, thread: int | None = None) -> MessageRef:
    """A message of a channel, or of a thread of that channel."""
    name = str(message) if thread is None else f"{thread}/{message}"
    return MessageRef(channel=channel_ref(channel), id=name)


def address(message: MessageRef) -> tuple[int, int]:
    """The channel or thread where Discord has a message, and its id there. Raises `ValueError` for no such id."""
    thread, _, own = message.id.rpartition("/")
    return int(thread or message.channel.id), int(own)


def answer_ref(channel: int, interaction: int, message: int | None = None) -> MessageRef:
    """Where a person is answered who used a command, a menu or a button; or one of the answers."""
    own = "" if message is None else f"/{message}"
    return MessageRef(channel=channel_ref(channel), id=f"{ANSWER}{interaction}{own}")


def answered(message: MessageRef) -> tuple[int, int | None] | None:
    """The interaction of such a place, and the answer there; `None` for an ordinary message."""
    if not message.id.startswith(ANSWER):
        return None
    interaction, _, own = message.id[1:].partition("/")
    return int(interaction), int(own) if own else None
