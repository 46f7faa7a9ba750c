"""What people use: commands, menus, buttons, forms. Each becomes one signal, and everybody is answered.

Rule: an interaction is acknowledged at once, whatever else goes on, for Discord gives three seconds; its signal waits in its
channel's queue from the moment it came. What could not be acknowledged is not done: Discord has told the person so.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any

import discord
import structlog
from discord import app_commands

from core.incident.document import Document, Post, line
from core.incident.forms import Argument, Verb
from core.incident.vocabulary import Account, MessageRef
from core.port import Clock, Fatal, Headquarters, Inbox, Temporary, TransportFailure
from transports.discord_chat import forms
from transports.discord_chat.answers import Answers
from transports.discord_chat.commands import Interaction
from transports.discord_chat.ears import Work
from transports.discord_chat.places import Places
from transports.discord_chat.refs import NAME, channel_ref, message_ref
from transports.discord_chat.render import embed
from transports.discord_chat.requests import Acknowledged, Lapsed, Requests
from transports.discord_chat.words import Targets, words
from transports.signals import CommandGiven, ReactionAdded, Signal

log = structlog.get_logger(__name__)

Signalled = Callable[[MessageRef], Signal]
"""The signal of an interaction, given the place where its person is answered."""

PATIENCE = timedelta(seconds=10)
"""How long the first answer is tried. Discord waits three seconds for it (receiving-and-responding); then it says so."""

TRY = 1.0
"""Seconds that one try may take: an answer that is lost must not cost the three."""

AGAIN = 0.1
"""Seconds between two tries."""

SILENCE = 12 * 60.0
"""Seconds after which who still waits is told so, while Discord still lets us."""

LAST_CALL = 1.0
"""Seconds for telling them so when the process ends."""

UNKNOWN = "This version of Tocsin has no such command or button; look again at what there is."
FAILED = "Something went wrong in Tocsin; look whether it was done. Its log has it."
SILENT = "No answer came in time; the channel shows what came of it."
ENDING = "Tocsin is restarting; look in a minute whether it was done."


class Interactions:
    """`tell` takes work for the queue of a channel or thread, `give` a signal."""

    def __init__(
        self,
        places: Places,
        requests: Requests,
        answers: Answers,
        headquarters: Headquarters,
        *,
        targets: Targets,
        clock: Clock,
        tell: Callable[[int, Work], None],
        give: Inbox,
    ) -> None:
        self._places = places
        self._requests = requests
        self._answers = answers
        self._headquarters = headquarters
        self._targets = targets
        self._clock = clock
        self._tell = tell
        self._give = give
        self._tasks: set[asyncio.Task[Any]] = set()

    async def end(self) -> None:
        """The connection ends: who still waits is told so."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        with suppress(TimeoutError):
            async with asyncio.timeout(LAST_CALL):
                await asyncio.gather(*(self._say(answer, ENDING) for answer in self._answers.waiting()))
        self._answers.forget()

    # --- what was used ------------------------------------------------------------------------------------------------

    async def asked(self, interaction: Interaction, verb: Verb, options: Mapping[str, Any]) -> None:
        given = _said(verb, options)
        mentions = tuple(self._places.account(person) for person in _people(options))
        if forms.opens(verb, given):
            channel, _ = _where(interaction)
            by = self._places.account(interaction.user)
            known = self._headquarters.form(channel_ref(channel), verb.path, by)
            if known is not None:
                modal = forms.window(verb, given, known)
                await self._respond(lambda: interaction.response.send_modal(modal))
                return
        self._take(interaction, partial(self._command, interaction, verb, given, mentions), thinking=True)

    async def chosen(self, interaction: Interaction, action: str, message: discord.Message) -> None:
        def signal(answer: MessageRef) -> Signal:
            ref = _message(interaction, message)
            self._targets.note(ref, words(message))
            by, emoji = self._places.account(interaction.user), self._headquarters.emoji(action)
            return ReactionAdded(ref, emoji, by, interaction.created_at, _source(interaction), answer, action=action)

        self._take(interaction, signal, thinking=True)

    async def pressed(self, interaction: Interaction, emoji: str) -> None:
        message = interaction.message
        assert message is not None, "a button stands on a message"

        def signal(answer: MessageRef) -> Signal:
            by = self._places.account(interaction.user)
            ref = _message(interaction, message)
            return ReactionAdded(ref, emoji, by, interaction.created_at, _source(interaction), answer)

        self._take(interaction, signal, thinking=False)

    async def sent_off(self, interaction: Interaction) -> None:
        """A form was."""
        found = forms.filled({**(interaction.data or {})})
        if found is None:
            await self.unknown(interaction)
            return
        verb, given = found
        self._take(interaction, partial(self._command, interaction, verb, given, ()), thinking=True)

    async def unknown(self, interaction: Interaction) -> None:
        await self._refuse(interaction, UNKNOWN)

    async def misunderstood(self, interaction: Interaction, error: Exception) -> None:
        """One that Discord still shows though this version has it not, or a bug."""
        if isinstance(error, app_commands.CommandNotFound | app_commands.CommandSignatureMismatch):
            await self.unknown(interaction)
        else:
            log.error("an interaction was not handled", exc_info=error)
            await self._refuse(interaction, FAILED)

    def offered(self, interaction: Interaction, verb: Verb, slot: Argument, typed: str) -> Sequence[tuple[str, str]]:
        channel, _ = _where(interaction)
        return self._headquarters.suggest(channel_ref(channel), verb.path, slot.name, typed)

    def _command(
        self,
        interaction: Interaction,
        verb: Verb,
        given: Mapping[str, str],
        mentions: tuple[Account, ...],
        answer: MessageRef,
    ) -> CommandGiven:
        channel, thread = _where(interaction)
        return CommandGiven(
            channel_ref(channel),
            self._places.account(interaction.user),
            verb.path,
            given,
            interaction.created_at,
            _source(interaction),
            answer,
            mentions,
            None if thread is None else message_ref(channel, thread),
            aside=True,
        )

    # --- what comes of it ---------------------------------------------------------------------------------------------

    def _take(self, interaction: Interaction, signal: Signalled, *, thinking: bool) -> None:
        """Acknowledges, and queues the signal; returns at once."""
        acknowledging = self._begin(self._acknowledge(interaction, thinking=thinking))
        self._tell(interaction.channel_id or 0, lambda: self._hand_on(interaction, acknowledging, signal))

    def _begin(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _hand_on(
        self, interaction: Interaction, acknowledging: asyncio.Task[MessageRef | None], signal: Signalled
    ) -> None:
        # It is cancelled when the connection ends, and the queue is not.
        await asyncio.wait([acknowledging])
        answer = None if acknowledging.cancelled() else acknowledging.result()
        if answer is None:
            return
        if isinstance(interaction.user, discord.Member):
            self._places.remember(interaction.user)
        try:
            made = signal(answer)
            if isinstance(made, CommandGiven):
                people = await self._places.mentioned(made.options.values(), made.mentions)
                made = replace(made, mentions=people)
            await self._give(made)
        except Fatal:
            raise
        except Exception:  # a loop's edge, design law 7: who used it is told, and the next act is handled
            log.exception("an interaction was not handled", interaction=interaction.id)
            await self._say(answer, FAILED)

    async def _acknowledge(self, interaction: Interaction, *, thinking: bool) -> MessageRef | None:
        """Where its person is answered; `None` when it came to nothing, and Discord has told them."""
        if not await self._respond(lambda: interaction.response.defer(ephemeral=True, thinking=thinking)):
            return None
        answer = self._answers.begin(interaction, thinking=thinking)
        if thinking:
            self._begin(self._last_word(answer))
        return answer

    async def _respond(self, answer: Callable[[], Awaitable[object]]) -> bool:
        """Whether Discord took the first answer."""
        until = self._clock.now() + PATIENCE
        while True:
            try:
                async with asyncio.timeout(TRY):
                    await self._requests.ask(answer)
            except Acknowledged:
                return True  # an earlier try of ours, whose answer was lost
            except (Temporary, TimeoutError) as failure:
                wait = getattr(failure, "retry_after", None) or AGAIN
                if self._clock.now() + timedelta(seconds=wait) > until:
                    log.warning("an interaction could not be acknowledged", reason=str(failure))
                    return False
                await self._clock.sleep(wait)
            except Lapsed as failure:
                log.warning("an interaction was acknowledged too late", reason=str(failure))
                return False
            else:
                return True

    async def _last_word(self, answer: MessageRef) -> None:
        await self._clock.sleep(SILENCE)
        await self._say(answer, SILENT)

    async def _say(self, answer: MessageRef, text: str) -> None:
        """A sentence of the chat's own, to somebody who still waits."""
        if answer in self._answers.waiting():
            try:
                await self._answers.say(answer, _sentence(text))
            except (LookupError, TransportFailure) as failure:
                log.warning("somebody could not be answered", reason=str(failure))

    async def _refuse(self, interaction: Interaction, text: str) -> None:
        """The same as the first answer."""
        if not interaction.response.is_done():
            await self._respond(lambda: interaction.response.send_message(embed=_sentence(text), ephemeral=True))


def _sentence(text: str) -> discord.Embed:
    return embed(Post(Document((line(text),)), "house", "answer"), "")


def _said(verb: Verb, options: Mapping[str, Any]) -> dict[str, str]:
    """The options in words: a person as a mention, a flag by its word."""
    flags = {slot.name: slot.shown for slot in (*verb.arguments, *verb.fields)}
    said: dict[str, str] = {}
    for name, value in options.items():
        match value:
            case bool():
                said |= {name: flags[name]} if value else {}
            case discord.User() | discord.Member():
                said[name] = f"<@{value.id}>"
            case _:
                said[name] = str(value)
    return said


def _people(options: Mapping[str, Any]) -> list[discord.User | discord.Member]:
    people = [value for value in options.values() if isinstance(value, discord.User | discord.Member)]
    return [person for person in people if not person.bot]


def _source(interaction: Interaction) -> str:
    return f"{NAME}:i/{interaction.id}"


def _where(interaction: Interaction) -> tuple[int, int | None]:
    """The channel, and the thread of it in which this was used."""
    place = interaction.channel
    if isinstance(place, discord.Thread):
        return place.parent_id, place.id
    return interaction.channel_id or 0, None


def _message(interaction: Interaction, message: discord.Message) -> MessageRef:
    channel, thread = _where(interaction)
    # What a thread hangs on is shown in it, and stands in the channel.
    return message_ref(channel, message.id, thread if thread != message.id else None)
