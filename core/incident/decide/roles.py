"""Roles: claimed, assigned, handed off, taken over; one holder each, and never three calls in one hand (spec, 3)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from core.incident import refusals
from core.incident.commands import Assign, Claim, HandOff, NameBackup, PassRole, Release, TakeOver, Vacate
from core.incident.decide.act import Act, Events, answered
from core.incident.events import (
    Arrived,
    Ask,
    Asked,
    BackupNamed,
    Event,
    How,
    ItemLetGo,
    Left,
    RoleTaken,
    RoleVacated,
    Settled,
)
from core.incident.state import Incident, Prompt
from core.incident.vocabulary import THREE_CALLS, Person, Role

THEIRS = (
    *(Ask.HANDOFF, Ask.SHIFT, Ask.SECOND, Ask.STOP, Ask.UNSAFE, Ask.UNFREEZE, Ask.WORKED, Ask.UNANSWERED, Ask.WIDEN),
)
"""Questions that nobody but the one who was asked can answer."""


def _two_of_three(incident: Incident, who: Person, wanted: Sequence[Role], *, by: Person | None = None) -> None:
    """Raises `Refusal` when `who` would hold all three; `by` is who wants that, when it is somebody else."""
    held = [role for role in incident.roles_of(who) if role in THREE_CALLS]
    if len({*held, *wanted} & THREE_CALLS) == len(THREE_CALLS):
        raise refusals.three_calls(held or list(wanted), wanted[-1], None if by is None or by.is_(who) else who)


def _about(incident: Incident, role: Role) -> tuple[Prompt, ...]:
    """Open prompts that a change of this role settles."""
    asked = (*incident.open_prompts(Ask.TAKEOVER), *incident.open_prompts(Ask.HANDOFF))
    about = [prompt for prompt in asked if role in prompt.asked.roles]
    # Whoever has nothing left to hand over is asked no more.
    about += [one for one in incident.open_prompts(Ask.SHIFT) if incident.roles_of(one.asked.to[0]) == (role,)]
    return tuple(about)


def _take(incident: Incident, role: Role, who: Person, how: How, others: tuple[Person, ...] = ()) -> Events:
    """The role changes hands, and whatever was asked about it is settled."""
    vacant = [one for one in incident.open_prompts(Ask.VACANT) if role in one.asked.roles]
    asked = (*_about(incident, role), *vacant, *(incident.open_prompts(Ask.COMMANDER) if role is Role.IC else ()))
    over = [Settled(prompt=prompt.key, how=f"{who.name} is {role.title}") for prompt in asked]
    return (RoleTaken(role=role, who=who, how=how, before=incident.holder(role), others=others), *over)


def claim(incident: Incident, command: Claim, act: Act) -> Events:
    role, me = command.role, act.person
    holding = incident.holding(role)
    if holding.holder is not None and holding.holder.is_(me):
        # "I am here": whoever asked to take it over has the answer.
        return tuple(
            Settled(prompt=prompt.key, how=f"{me.name} keeps it")
            for prompt in _about(incident, role)
            if prompt.asked.ask is Ask.TAKEOVER
        )
    if holding.holder is not None:
        for prompt in incident.open_prompts(Ask.HANDOFF):
            if role in prompt.asked.roles and me.is_(prompt.asked.to[0]):
                return accept(incident, prompt)
        if holding.backup is None or not holding.backup.is_(me):
            raise refusals.role_held(role, holding.holder)
    _two_of_three(incident, me, [role])
    if holding.holder is not None:
        return _take(incident, role, me, How.TOOK_OVER)
    return _take(incident, role, me, How.AMONG if command.others else How.CLAIMED, command.others)


def release(incident: Incident, command: Release, act: Act) -> Events:
    holder = incident.holder(command.role)
    if holder is None or not holder.is_(act.person):
        raise refusals.not_held(command.role, holder)
    if command.role is Role.IC:
        raise refusals.command_is_handed_off()
    return _vacate(incident, command.role, holder, How.RELEASED)


def _vacate(incident: Incident, role: Role, holder: Person, how: How) -> Events:
    over = tuple(Settled(prompt=prompt.key, how=f"nobody is {role.title}") for prompt in _about(incident, role))
    return (RoleVacated(role=role, who=holder, how=how), *over)


def assign(incident: Incident, command: Assign, act: Act) -> Events:
    """The commander gives a call to somebody; command itself is handed off, and accepted."""
    holder = incident.holder(command.role)
    if holder is not None and holder.is_(command.who):
        return ()
    if command.role is Role.IC:
        return hand_off(incident, HandOff(who=command.who, role=Role.IC), act)
    _two_of_three(incident, command.who, [command.role], by=act.person)
    return _take(incident, command.role, command.who, How.ASSIGNED)


def vacate(incident: Incident, command: Vacate) -> Events:
    if command.role is Role.IC:
        raise refusals.command_is_handed_off()
    holder = incident.holder(command.role)
    return () if holder is None else _vacate(incident, command.role, holder, How.VACATED)


def name_backup(incident: Incident, command: NameBackup, act: Act) -> Events:
    """The holder names their own backup; the commander may name any."""
    role, holding = command.role, incident.holding(command.role)
    mine = holding.holder is not None and holding.holder.is_(act.person)
    if not mine and not incident.may(act.person, Role.IC):
        people = tuple(person for person in (holding.holder, incident.commander) if person is not None)
        raise refusals.not_yours(f"name the backup {role.title}", people, "holder or the commander")
    if holding.holder is not None and holding.holder.is_(command.who):
        raise refusals.backup_is_holder(command.who, role)
    if holding.backup is not None and holding.backup.is_(command.who):
        return ()
    return (BackupNamed(role=role, who=command.who),)


def hand_off(incident: Incident, command: HandOff, act: Act) -> Events:
    """Offers one role or all; the giver holds them until the receiver accepts."""
    giver, mine = act.person, incident.roles_of(act.person)
    roles = mine if command.role is None else (command.role,)
    if not roles:
        raise refusals.holds_nothing()
    for role in roles:
        if role not in mine:
            raise refusals.not_held(role, incident.holder(role))
    if command.who.is_(giver):
        raise refusals.to_yourself("hand off to")
    _two_of_three(incident, command.who, roles, by=act.person)
    _not_crossing(incident, giver, command.who)
    if asked := _asks_for(incident, command.who, roles):
        # Who offers it to whoever asks for it has answered.
        return tuple(event for prompt in asked for event in pass_now(incident, prompt))
    offers = [prompt for role in roles for prompt in incident.open_prompts(Ask.HANDOFF) if role in prompt.asked.roles]
    if any(prompt.asked.roles == roles and command.who.is_(prompt.asked.to[0]) for prompt in offers):
        return ()
    number = incident.next_number(Ask.HANDOFF)
    shift = [one for one in incident.open_prompts(Ask.SHIFT) if giver.is_(one.asked.to[0]) and roles == mine]
    return (
        *(Settled(prompt=one.key, how=f"offered to {command.who.name}") for one in shift),
        *(Settled(prompt=key, how="offered anew") for key in dict.fromkeys(prompt.key for prompt in offers)),
        Asked(ask=Ask.HANDOFF, number=number, to=(command.who,), by=giver, roles=roles),
    )


def _not_crossing(incident: Incident, giver: Person, receiver: Person) -> None:
    """Two hand-offs that cross would leave both waiting for each other. Raises `Refusal`."""
    for prompt in incident.open_prompts(Ask.HANDOFF):
        if receiver.is_(prompt.asked.by) and giver.is_(prompt.asked.to[0]):
            raise refusals.hand_offs_cross(receiver, prompt.key.removeprefix("prompt/"))


def _asks_for(incident: Incident, who: Person, roles: Sequence[Role]) -> list[Prompt]:
    """The takeovers by which somebody asks for all of these roles; none where they ask for some."""
    asked = [prompt for prompt in incident.open_prompts(Ask.TAKEOVER) if who.is_(prompt.asked.by)]
    mine = [prompt for prompt in asked if prompt.asked.roles[0] in roles]
    return mine if len(mine) == len(roles) else []


def accept(incident: Incident, prompt: Prompt) -> Events:
    """The receiver says yes: every role that the giver still holds passes."""
    giver, receiver = prompt.asked.by, prompt.asked.to[0]
    roles = [role for role in prompt.asked.roles if giver is not None and giver.is_(incident.holder(role))]
    _two_of_three(incident, receiver, roles)
    events = tuple(event for role in roles for event in _take(incident, role, receiver, How.HANDED_OFF))
    return answered(events, prompt.key, f"{receiver.name} accepted")


def take_over(incident: Incident, command: TakeOver, act: Act) -> Events:
    """The backup takes it at once; anybody else asks the holder, whose silence passes it."""
    role, me, holding = command.role, act.person, incident.holding(command.role)
    if holding.holder is None or (holding.backup is not None and holding.backup.is_(me)):
        return claim(incident, Claim(role=role), act)
    if holding.holder.is_(me):
        return ()
    _two_of_three(incident, me, [role])
    if not incident.policy.times.takeover:
        return _take(incident, role, me, How.TOOK_OVER)
    if any(prompt.asked.ask is Ask.TAKEOVER and me.is_(prompt.asked.by) for prompt in _about(incident, role)):
        return ()
    number = incident.next_number(Ask.TAKEOVER)
    return (Asked(ask=Ask.TAKEOVER, number=number, to=(holding.holder,), by=me, roles=(role,)),)


def pass_role(incident: Incident, command: PassRole) -> Events:
    """The holder was silent for the whole time: the role passes to who asked."""
    prompt = incident.prompts[command.prompt]
    return () if prompt.settled else pass_now(incident, prompt)


def pass_now(incident: Incident, prompt: Prompt) -> Events:
    role, who = prompt.asked.roles[0], prompt.asked.by
    assert who is not None, "a takeover is asked by somebody"
    try:
        _two_of_three(incident, who, [role])
    except refusals.Refusal:
        return (Settled(prompt=prompt.key, how=f"{who.name} holds two calls already"),)
    return _take(incident, role, who, How.TOOK_OVER)


def arrive(incident: Incident, act: Act) -> Events:
    """Whoever says anything in the incident's channel is there."""
    there = any(act.person.is_(person) for person in incident.present)
    over = incident.closed or incident.channel is None
    return () if there or over or incident.left_after(act.person, act.at) else (Arrived(),)


def leave(incident: Incident, act: Act) -> Events:
    """Whoever leaves the channel leaves each role to its backup, else the commander is asked; and lets their items go."""
    gone = act.person
    if not incident.has_member(gone):
        return ()
    events = going(incident, gone)
    backs_up = any(gone.is_(holding.backup) for holding in incident.roles.values())
    if not events and not backs_up and incident.has_left(gone):
        return ()
    # Last, since whoever does something is there.
    return (*events, Left())


def going(incident: Incident, gone: Person) -> Events:
    """What becomes of the roles, the items and the questions of somebody who is not there any more."""
    passed = _passing(incident, gone)
    events: list[Event] = []
    for role in incident.roles_of(gone):
        backup = passed.get(role)
        events += _vacate(incident, role, gone, How.LEFT) if backup is None else _take(incident, role, backup, How.LEFT)
    mine = (item for item in incident.items.values() if item.open and gone.is_(item.holder))
    events += [ItemLetGo(key=item.key, who=gone) for item in mine]
    events += _vacancies(incident, gone, passed)
    # An offer to somebody who is gone waits for nobody, and no role passes to them for its holder's silence.
    settled = {event.prompt for event in events if isinstance(event, Settled)}
    moot = [
        *(one for ask in THEIRS for one in incident.open_prompts(ask) if gone.is_(one.asked.to[0])),
        *(one for one in incident.open_prompts(Ask.TAKEOVER) if gone.is_(one.asked.by)),
    ]
    events += [Settled(prompt=one.key, how=f"{gone.name} left") for one in moot if one.key not in settled]
    return tuple(events)


def _passing(incident: Incident, gone: Person) -> dict[Role, Person]:
    """The roles of somebody who left that a backup can have, who may not hold all three calls by it."""
    passed: dict[Role, Person] = {}
    for role in incident.roles_of(gone):
        backup = incident.holding(role).backup
        if backup is not None:
            already = [one for one, who in passed.items() if who.is_(backup)]
            try:
                _two_of_three(incident, backup, [*already, role])
            except refusals.Refusal:
                continue
            passed[role] = backup
    return passed


def _vacancies(incident: Incident, gone: Person, passed: Mapping[Role, Person]) -> list[Asked]:
    """The commander is asked who has each call that nobody has now; without a commander, one is asked for."""
    commander = passed.get(Role.IC, incident.commander)
    vacant = [role for role in incident.roles_of(gone) if role not in passed and role is not Role.IC]
    if commander is None or commander.is_(gone):
        return []
    first = incident.next_number(Ask.VACANT)
    return [
        Asked(ask=Ask.VACANT, number=first + index, to=(commander,), by=gone, roles=(role,))
        for index, role in enumerate(vacant)
    ]
