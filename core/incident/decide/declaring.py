"""Declaring: one alarm makes one incident, however many people raise it (spec, section 4)."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime

from core.incident import refusals
from core.incident.audience import open_to_all
from core.incident.code_names import code_name
from core.incident.commands import AskSameOrNew, Declare, Join, SettleSameOrNew
from core.incident.decide import paging
from core.incident.decide.act import Act, Events
from core.incident.decide.covering import called_for
from core.incident.decide.runbooks import on_shelf
from core.incident.events import (
    Alarm,
    Ask,
    Asked,
    BackupNamed,
    Debriefed,
    Declared,
    How,
    Joined,
    Recorded,
    RoleTaken,
    Settled,
)
from core.incident.on_call import once
from core.incident.policy import Policy, Service, practised
from core.incident.runbook import Shelf
from core.incident.state import Incident
from core.incident.vocabulary import ChannelRef, MessageRef, Person, Role, Severity

NAME_LIMIT = 80
"""Characters of a channel's name (spec, section 4; Slack's cap, which FireHydrant documents too)."""

SHIFTS = 40
"""Stretches on call that are written into an incident at most, the next first."""


@dataclass(frozen=True, slots=True)
class Sibling:
    """What the house knows of another incident without opening it."""

    number: int
    name: str
    title: str
    declared_at: datetime
    open: bool
    message: MessageRef | None = None
    private: bool = False
    alarm: Alarm | None = None
    drill: bool = False


@dataclass(frozen=True, slots=True)
class House:
    """What a declaration is decided on: the next number, the incidents that might be meant by it, and the last debrief."""

    next_number: int
    siblings: tuple[Sibling, ...] = ()
    taken: frozenset[str] = frozenset()
    debriefed: Recorded | None = None

    @property
    def last_time(self) -> tuple[str, int]:
        """What the last debrief chose, and the number of its incident."""
        if self.debriefed is None or not isinstance(self.debriefed.event, Debriefed):
            return "", 0
        return self.debriefed.event.change, int(self.debriefed.stream.removeprefix("inc-"))


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """The declaration belongs to the incident `number`, as this command."""

    number: int
    command: Join | AskSameOrNew


def slug(title: str) -> str:
    """The title in the letters that every chat allows in a name: `checkout-down`."""
    letters = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", letters).strip("-") or "incident"


def channel_name(title: str, at: datetime, taken: frozenset[str]) -> str:
    """`inc-2026-05-02-checkout-down`, with `-2` and so on when the name is taken."""
    stem = f"inc-{at:%Y-%m-%d}-{slug(title)}"
    name, count = stem[:NAME_LIMIT].rstrip("-"), 1
    while name in taken:
        count += 1
        tail = f"-{count}"
        name = stem[: NAME_LIMIT - len(tail)].rstrip("-") + tail
    return name


def same_title(one: str, other: str) -> bool:
    """Alike but for case and punctuation; a title that is nothing else is compared as it stands."""

    def bare(text: str) -> str:
        return "".join(re.findall(r"\w+", text.casefold())) or text.strip()

    return bare(one) == bare(other)


def declare(
    house: House, command: Declare, act: Act, policy: Policy, triage: ChannelRef, *, source: str = ""
) -> Events | Elsewhere:
    """A new incident's first events, or the one that is there already. `source` names the act, as the log has it."""
    scenario = command.scenario
    if scenario is not None:
        policy = _for_practice(policy)
    if command.private:
        return _declared_in_private(house, command, act, policy, triage, source=source)
    quote = command.quote
    # A real alarm is never taken for a drill that is open, nor the other way round.
    # Nobody is told by a title or an alarm that a private one is there, nor led into it.
    siblings = [one for one in house.siblings if open_to_all(one) and one.drill is (scenario is not None)]
    young = [one for one in siblings if one.open and act.at - one.declared_at < policy.times.declare_window]
    for one in siblings:
        if (quote is not None and one.message == quote.message) or _same_alarm(one, command.alarm):
            return Elsewhere(one.number, Join(title=command.title))
    for one in young:
        if same_title(one.title, command.title):
            return Elsewhere(one.number, Join(title=command.title))
    if quote is not None and young and not command.anew:
        return Elsewhere(young[-1].number, AskSameOrNew(title=command.title, quote=quote))
    by = act.person
    hit = f"{scenario.service} {scenario.title}" if scenario else command.title
    service = _service(command.service, hit, policy)
    last_time, of = house.last_time
    policy = _called_for(policy, service, act.shelf)
    declared = Declared(
        number=house.next_number,
        name=channel_name(command.title, act.at, house.taken),
        title=command.title,
        severity=command.severity or Severity.SEV2,
        policy=policy,
        triage=triage,
        message=quote.message if quote else command.typed,
        reported_by=quote.by if quote and not quote.by.is_(by) else None,
        service=service.name if service else command.service,
        last_time=last_time,
        last_time_of=of,
        alarm=command.alarm,
        drill=scenario,
    )
    on_call = any(by.is_(person) for person in policy.on_call)
    response = policy.responses[declared.severity]
    called = [
        *policy.on_call,
        *(service.team if service else ()),
        *_rolls_back(service),
        *paging.invited(response, policy, service, act),
    ]
    return (
        declared,
        *(Joined(who=person) for person in once(called) if not person.is_(by)),
        *([RoleTaken(role=Role.IC, who=by, how=How.DECLARED)] if on_call else []),
        *_prefilled(service),
        *_paged(policy, declared.severity, service, act),
    )


def _paged(policy: Policy, severity: Severity, service: Service | None, act: Act) -> Events:
    """Whom the severity pages beyond the chat (spec, sections 2 and 10)."""
    people = paging.wanted(policy.responses[severity], policy, service, act)
    return (Asked(ask=Ask.PAGE, number=1, to=people),) if people else ()


def _declared_in_private(
    house: House, command: Declare, act: Act, policy: Policy, triage: ChannelRef, *, source: str
) -> Events:
    """Always a new one, under a code name, and nobody is called: whoever declares it commands until they hand it over."""
    if not command.aside:
        raise refusals.private_in_public()
    # By its name alone: what a title says would show in what the service's page and thresholds do.
    service = _service(command.service, "", policy)
    declared = Declared(
        number=house.next_number,
        name=f"inc-{act.at:%Y-%m-%d}-{'drill-' if command.scenario else ''}{code_name(source, house.taken)}",
        title=command.title,
        severity=command.severity or Severity.SEV2,
        policy=sealed(policy),
        triage=triage,
        service=service.name if service else command.service,
        last_time=house.last_time[0],
        last_time_of=house.last_time[1],
        private=True,
        drill=command.scenario,
    )
    return (declared, RoleTaken(role=Role.IC, who=act.person, how=How.PRIVATELY))


def sealed(policy: Policy) -> Policy:
    """The house rules without the people whom they would bring in by themselves: nobody comes in but by name."""
    nobody = {"team": (), "rollback_owner": None, "backup": None}
    return policy.model_copy(
        update={
            **dict.fromkeys(("on_call", "leadership", "shifts", "rotations", "covers", "responders", "reachable"), ()),
            "groups": {},
            "tie_breaker": None,
            "services": tuple(one.model_copy(update=nobody) for one in policy.services),
        }
    )


def _same_alarm(one: Sibling, alarm: Alarm | None) -> bool:
    """Whether an incident was made of this alert: of this very message, or while it is open of any of the same group."""
    if alarm is None or one.alarm is None:
        return False
    return one.alarm.number == alarm.number or (one.open and one.alarm.group == alarm.group)


def _called_for(policy: Policy, service: Service | None, shelf: Shelf) -> Policy:
    """The rules with those who are called for this service, and with the runbook that it has."""
    mine = service.name if service is not None and any(one.service == service.name for one in policy.rotations) else ""
    shifts = tuple(one for one in policy.shifts if one.service == mine)[:SHIFTS]
    on_call = called_for(policy, service.name if service else "")
    services = tuple(on_shelf(one, shelf) if one is service else one for one in policy.services)
    return policy.model_copy(update={"on_call": on_call, "shifts": shifts, "services": services})


def _for_practice(policy: Policy) -> Policy:
    """The house rules of a drill: whoever is in triage may join, and nobody is called in by itself."""
    responses = {severity: practised(response) for severity, response in policy.responses.items()}
    return sealed(policy).model_copy(update={"responses": responses, "reachable": ()})


def _rolls_back(service: Service | None) -> tuple[Person, ...]:
    owners = (service.rollback_owner, service.backup) if service else ()
    return tuple(person for person in owners if person is not None)


def _prefilled(service: Service | None) -> Events:
    """Who may roll this service back has the recovery call from the start (spec, section 8)."""
    if service is None or service.rollback_owner is None:
        return ()
    taken = RoleTaken(role=Role.RECOVERY, who=service.rollback_owner, how=How.CATALOGUE)
    return (taken, *([BackupNamed(role=Role.RECOVERY, who=service.backup)] if service.backup else []))


def _service(name: str, title: str, policy: Policy) -> Service | None:
    """The service of the config that is meant; without a name, the only one that the title names, since 🚨 says none.

    Raises `Refusal` where there are some, and none of that name.
    """
    if not name:
        words = re.findall(r"[\w.-]+", title.casefold())
        named = [one for one in policy.services if one.name.casefold() in (*words, title.casefold())]
        return named[0] if len(named) == 1 else None
    found = next((one for one in policy.services if one.name.casefold() == name.casefold()), None)
    if name and policy.services and found is None:
        raise refusals.no_such_service(name, [one.name for one in policy.services])
    return found


def join(incident: Incident, command: Join, act: Act) -> Events:
    if incident.closing is not None:
        raise refusals.raised_again(incident.number, incident.closing.of)
    if any(act.person.is_(person) for person in incident.people):
        return ()
    return (Joined(who=act.person, again=bool(command.title)),)


def ask_same_or_new(incident: Incident, command: AskSameOrNew, act: Act) -> Events:
    """Another alarm, another message: that person says whether it is the same, and in silence it is."""
    for prompt in incident.open_prompts(Ask.SAME):
        if prompt.asked.message == command.quote.message and act.person.is_(prompt.asked.to[0]):
            return ()
    number = incident.next_number(Ask.SAME)
    return (Asked(ask=Ask.SAME, number=number, to=(act.person,), title=command.title, message=command.quote.message),)


def settle_same_or_new(incident: Incident, command: SettleSameOrNew) -> Events:
    prompt = incident.prompts.get(f"prompt/{Ask.SAME}-{command.ask}")
    if prompt is None or prompt.settled:
        return ()
    if command.new:
        return (Settled(prompt=prompt.key, how="a new incident"),)
    who = prompt.asked.to[0]
    known = any(who.is_(person) for person in incident.people)
    return (
        Settled(prompt=prompt.key, how="the same incident"),
        *([] if known else [Joined(who=who, again=True)]),
    )
