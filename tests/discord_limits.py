"""Every limit and refusal of Discord that the fake knows, each with where it comes from.

Sources: `docs/` is Discord's own documentation (docs.discord.com/developers), `issue` a thread of discord/discord-api-docs
or of discord.py with an answer by staff or a maintainer, `seen` what people measured and nobody documents.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Problem:
    """A refusal as Discord words it: the HTTP status, the JSON error code, the sentence; and where that is written."""

    status: int
    code: int
    message: str
    source: str = "docs/topics/opcodes-and-status-codes#json"


class Refused(Exception):
    """Discord said no. `code` is its JSON error code, 0 where there is none."""

    def __init__(
        self, problem: Problem, errors: dict[str, Any] | None = None, retry_after: float | None = None
    ) -> None:
        super().__init__(f"{problem.status} {problem.code}: {problem.message} {errors or ''}".strip())
        self.problem = problem
        self.code = problem.code
        self.errors = errors
        self.retry_after = retry_after


UNAUTHORIZED = Problem(401, 0, "401: Unauthorized", "docs/topics/opcodes-and-status-codes#http")
NOT_FOUND = Problem(404, 0, "404: Not Found", "docs/topics/opcodes-and-status-codes#http")
TOO_FAST = Problem(429, 0, "You are being rate limited.", "docs/topics/rate-limits")
UNKNOWN_APPLICATION = Problem(404, 10002, "Unknown Application")
UNKNOWN_CHANNEL = Problem(404, 10003, "Unknown Channel")
UNKNOWN_GUILD = Problem(404, 10004, "Unknown Guild")
UNKNOWN_MEMBER = Problem(404, 10007, "Unknown Member")
UNKNOWN_MESSAGE = Problem(404, 10008, "Unknown Message")
UNKNOWN_OVERWRITE = Problem(404, 10009, "Unknown Overwrite")
UNKNOWN_ROLE = Problem(404, 10011, "Unknown Role")
UNKNOWN_USER = Problem(404, 10013, "Unknown User")
UNKNOWN_EMOJI = Problem(400, 10014, "Unknown Emoji", "seen: a name that is no emoji is answered with 400 and 10014")
UNKNOWN_WEBHOOK = Problem(404, 10015, "Unknown Webhook", "seen: a follow-up before the first answer")
UNKNOWN_INTERACTION = Problem(
    404, 10062, "Unknown interaction", "docs/interactions/receiving-and-responding: 3 seconds"
)
OLD_EDITS = Problem(
    429,
    30046,
    "Maximum number of edits to messages older than 1 hour reached. Try again later.",
    "docs/topics/opcodes-and-status-codes#json; the figures: userdoccers PR 551",
)
UNKNOWN_COMMAND = Problem(404, 10063, "Unknown application command")
UNKNOWN_COMPONENT = Problem(404, 0, "This interaction failed", "what a client shows where there is nothing to press")
PINS_FULL = Problem(400, 30003, "Maximum number of pins reached (250)")
REACTIONS_FULL = Problem(400, 30010, "Maximum number of reactions reached (20)")
CHANNELS_FULL = Problem(400, 30013, "Maximum number of server channels reached (500)")
THREAD_MEMBERS_FULL = Problem(400, 30033, "Maximum number of thread participants has been reached (1000)")
TOO_LARGE = Problem(413, 40005, "Request entity too large", "docs/reference#uploading-files; issue 6058")
ALREADY_ANSWERED = Problem(400, 40060, "Interaction has already been acknowledged.")
NO_ACCESS = Problem(403, 50001, "Missing Access")
NOT_THE_AUTHOR = Problem(403, 50005, "Cannot edit a message authored by another user")
CLOSED = Problem(403, 50007, "Cannot send messages to this user")
EMPTY = Problem(400, 50006, "Cannot send an empty message")
NO_PERMISSION = Problem(403, 50013, "Missing Permissions")
SYSTEM_MESSAGE = Problem(403, 50021, "Cannot execute action on a system message")
WRONG_CHANNEL = Problem(400, 50024, "Cannot execute action on this channel type")
TOKEN_EXPIRED = Problem(401, 50027, "Invalid Webhook Token", "docs/interactions/receiving-and-responding: 15 minutes")
INVALID_FORM = Problem(400, 50035, "Invalid Form Body")
NO_RECIPIENT = Problem(400, 50033, "Invalid Recipient(s)")
ARCHIVED = Problem(400, 50083, "Thread is archived", "docs/topics/threads#active-archived-threads")
THREAD_EXISTS = Problem(400, 160004, "A thread has already been created for this message", "docs/resources/channel")
LOCKED = Problem(400, 160005, "This thread is locked", "docs/topics/threads#locked-threads")
THREADS_FULL = Problem(400, 160006, "Maximum number of active threads reached")


def invalid(path: str, code: str, message: str) -> Refused:
    """50035 that names a field by its path, `embeds.0.title`."""
    errors: dict[str, Any] = {"_errors": [{"code": code, "message": message}]}
    for part in reversed(path.split(".")):
        errors = {part: errors}
    return Refused(INVALID_FORM, errors)


@dataclass
class Caps:
    """How much fits. A test may lower one to come near it."""

    content: int = 2000  # docs/resources/message#create-message
    embeds: int = 10  # docs/resources/message#create-message
    embed_total: int = 6000  # docs/resources/message#embed-object-embed-limits, over all embeds of a message
    embed_title: int = 256
    embed_description: int = 4096
    embed_fields: int = 25
    embed_field_name: int = 256
    embed_field_value: int = 1024
    embed_footer: int = 2048
    embed_author: int = 256
    files: int = 10  # docs/reference#uploading-files
    file_bytes: int = 10 * 2**20  # of each: docs/reference#uploading-files
    request_bytes: int = 25 * 2**20  # docs/resources/message#create-message
    nonce: int = 25  # docs/resources/message#create-message
    reactions: int = 20  # distinct emoji of one message
    pins: int = 250
    guild_channels: int = 500  # categories count, threads do not: docs/topics/threads
    category_channels: int = 50  # docs/resources/channel, parent_id
    active_threads: int = 1000  # seen; the docs give no number
    thread_members: int = 1000
    channel_name: int = 100
    topic: int = 1024
    components: int = 40  # docs/components/reference: of a message with IS_COMPONENTS_V2
    action_rows: int = 5  # docs/components/reference#legacy-message-component-behavior
    custom_id: int = 100
    label: int = 80  # of a button: docs/components/reference#button
    select_options: int = 25
    modal_title: int = 45  # docs/interactions/receiving-and-responding: modal
    modal_components: int = 5
    modal_text: int = 4000
    choices: int = 25  # of an autocomplete and of an option
    command_options: int = 25
    global_commands: int = 100  # slash commands: docs/interactions/application-commands
    menu_commands: int = 15  # message menus: docs/interactions/application-commands, raised from 5
    command_text: int = 8000  # docs/interactions/application-commands: name, description and value of one command


@dataclass
class Windows:
    """How long things last, in seconds of the fake's own clock. A test may shorten one instead of waiting."""

    nonce: float = 180.0  # "the past few minutes": docs/resources/message, enforce_nonce
    acknowledge: float = 3.0  # docs/interactions/receiving-and-responding
    token: float = 15 * 60.0  # docs/interactions/receiving-and-responding
    old_message: float = 3600.0  # from when on an edit counts towards 30046
    signed: float = (
        24 * 3600.0
    )  # how long an attachment's address is good: seen; docs/reference#signed-attachment-cdn-urls
    session: float = 90.0  # how long a gateway session outlives its connection: issue 1619
    replayed: int = 75  # events that a RESUME can bring back, at the least 100 on Discord: issue 24
    heartbeat: float = 41.25  # docs/events/gateway


@dataclass(frozen=True)
class Rate:
    """So many requests in so many seconds for each channel, guild or webhook."""

    limit: int
    seconds: float
    source: str = ""


@dataclass
class Rates:
    """The buckets by name, and the ones hidden inside them. `pace` scales every window: 1 is Discord's own speed."""

    pace: float = 0.01
    buckets: dict[str, Rate] = field(
        default_factory=lambda: {
            "message-send": Rate(5, 5, "seen: Javacord's wiki"),
            "message-edit": Rate(5, 5, "seen: Javacord's wiki"),
            "message-delete": Rate(5, 1, "seen: Javacord's wiki"),
            "message-read": Rate(10, 5, "seen"),
            "reaction": Rate(1, 0.25, "issue 182; one bucket for every reaction route of a channel"),
            "pin": Rate(5, 5, "seen"),
            "channel-edit": Rate(10, 15, "discord.py issue 9073"),
            "channel-create": Rate(20, 10, "a guess: the docs give none"),
            "thread-create": Rate(50, 300, "a guess: the docs give none"),
            "overwrite": Rate(10, 15, "seen"),
            "commands": Rate(5, 20, "seen; docs/interactions/application-commands has 200 creations a day"),
            "interaction": Rate(5, 5, "docs/topics/rate-limits: not under the global limit"),
            "other": Rate(30, 10, "a guess"),
        }
    )
    everything: Rate = Rate(50, 1, "docs/topics/rate-limits#global-rate-limit")
    rename: Rate = Rate(2, 600, "discord.py issues 9073 and 9626; name and topic count apart")
    old_edits: Rate = Rate(3, 6, "userdoccers PR 551")


INVALID_REQUESTS = Rate(10_000, 600, "docs/topics/rate-limits#invalid-request-limit-aka-cloudflare-bans")
