"""What a page may ask for, as JSON: each act is one model, checked whole before anything is done."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from core.incident.vocabulary import Account, ChannelRef, MessageRef
from transports.sandbox.places import NAME, Turned
from transports.sandbox.views import message_view, person_view
from transports.sandbox.world import World


class Asked(BaseModel):
    """An act of one person's; `by` is an account id. Raises `Turned` with the answer to that person."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    by: str

    def person(self, world: World) -> Account:
        account = world.account(self.by)
        if account == world.bot:
            raise Turned("Nobody speaks for the bot.")
        return account


class OnMessage(Asked):
    channel: str
    message: str

    @property
    def ref(self) -> MessageRef:
        return _message(self.channel, self.message)


class Arrive(BaseModel):
    """Somebody new, or somebody of that name."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    act: Literal["arrive"]
    name: str

    def carry_out(self, world: World) -> dict[str, Any]:
        return person_view(world.create_person(self.name))


class Say(Asked):
    act: Literal["say"]
    channel: str
    text: str
    thread: str | None = None
    reply_to: str | None = None

    def carry_out(self, world: World) -> dict[str, Any]:
        said = world.say(
            self.person(world),
            _channel(self.channel),
            self.text,
            thread=_message(self.channel, self.thread) if self.thread else None,
            reply_to=_message(self.channel, self.reply_to) if self.reply_to else None,
        )
        return message_view(world.look(said))


class Form(Asked):
    """Whether there is something to fill in before this is said."""

    act: Literal["form"]
    channel: str
    text: str

    def carry_out(self, world: World) -> dict[str, Any] | None:
        return world.form(_channel(self.channel), self.person(world), self.text)


class Direct(Asked):
    """The channel in which somebody talks to the bot alone, made if there is none."""

    act: Literal["direct"]

    def carry_out(self, world: World) -> dict[str, Any]:
        return {"channel": world.direct(self.person(world)).id}


class Edit(OnMessage):
    act: Literal["edit"]
    text: str

    def carry_out(self, world: World) -> dict[str, Any]:
        world.edit(self.person(world), self.ref, self.text)
        return {}


class Delete(OnMessage):
    act: Literal["delete"]

    def carry_out(self, world: World) -> dict[str, Any]:
        world.delete(self.person(world), self.ref)
        return {}


class React(OnMessage):
    act: Literal["react"]
    emoji: str

    def carry_out(self, world: World) -> dict[str, Any]:
        world.react(self.person(world), self.ref, self.emoji)
        return {}


class Unreact(OnMessage):
    act: Literal["unreact"]
    emoji: str

    def carry_out(self, world: World) -> dict[str, Any]:
        world.unreact(self.person(world), self.ref, self.emoji)
        return {}


Act = Annotated[Arrive | Say | Form | Direct | Edit | Delete | React | Unreact, Field(discriminator="act")]

ACTS: TypeAdapter[Arrive | Say | Form | Direct | Edit | Delete | React | Unreact] = TypeAdapter(Act)
"""Reads any act; raises pydantic's `ValidationError` on anything else."""


def _channel(name: str) -> ChannelRef:
    return ChannelRef(transport=NAME, id=name)


def _message(channel: str, name: str) -> MessageRef:
    return MessageRef(channel=_channel(channel), id=name)
