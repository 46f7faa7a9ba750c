"""Getting people: paging somebody or a group, what their silence brings about, and widening the circle a ring at a time.

Rule: a page is a question to somebody ("will you come?"), so it has a card, a time, an answer and an entry like any other.
Nothing waits for it.
"""

from __future__ import annotations

from collections.abc import Sequence

from core.incident import on_call, refusals
from core.incident.commands import EscalatePage, NotePageTried, OfferWidening, Page
from core.incident.decide.act import Act, Events, settle
from core.incident.decide.covering import called_for
from core.incident.events import Ask, Asked, Event, Joined, PageAnswered, PageTried, PageUnanswered, Settled, Widened
from core.incident.newcomers import briefing
from core.incident.policy import Policy, Response, Service
from core.incident.state import Incident, Prompt
from core.incident.vocabulary import Person, Phase, Ring, Role

ONCALL, TEAM = "oncall", "team"
"""The groups that no `[groups]` has to name: who is on call, and the team of the service that is hit."""


# --- who is called ----------------------------------------------------------------------------------------------------


def wanted(response: Response, policy: Policy, service: Service | None, act: Act) -> tuple[Person, ...]:
    """Whom a severity pages at once (spec, section 2): those of its groups whom anything but the chat reaches.

    Who cannot be reached elsewhere is invited and mentioned as everybody called is, and who declared is there.
    """
    takers = _whom(response, policy, service, act)
    return tuple(one for one in takers if one.key in policy.reachable and not one.is_(act.by))


def invited(response: Response, policy: Policy, service: Service | None, act: Act) -> tuple[Person, ...]:
    """Those of a severity's groups whom nothing but the chat reaches: they are brought in there."""
    return tuple(one for one in _whom(response, policy, service, act) if one.key not in policy.reachable)


def _whom(response: Response, policy: Policy, service: Service | None, act: Act) -> tuple[Person, ...]:
    """The people of a severity's groups, or who covers them now."""
    called = [person for group in response.pages for person in _members(policy, service, group)]
    return on_call.called(called, policy.covers, act.now)


def _members(policy: Policy, service: Service | None, group: str) -> tuple[Person, ...]:
    match group:
        case "commander":
            # Nobody commands yet: whoever is on call first is the one to.
            return policy.on_call[:1]
        case "oncall":
            return policy.on_call[:1]
        case "team":
            return service.team if service else ()
        case _:
            return policy.groups.get(group, ())


def _group(incident: Incident, act: Act, name: str) -> tuple[Person, ...]:
    if name == TEAM:
        return incident.catalogue.team if incident.catalogue else ()
    return called_for(act.policy, incident.service) if name == ONCALL else act.policy.groups.get(name, ())


def on_call_now(incident: Incident, act: Act) -> tuple[Person, ...]:
    """Who is called by themselves, first the primary: they may be others than when it was declared.

    Into a private incident nobody comes but by name, and in a drill nobody is called who did not join.
    """
    return () if incident.private or incident.drill is not None else called_for(act.policy, incident.service)


def _takers(incident: Incident, people: Sequence[Person], act: Act) -> tuple[tuple[Person, ...], str]:
    """Who takes the pages of these people now, and in whose place, in words.

    Whoever calls a person that they cover wants that person; and who covers somebody was not let into a private incident.
    """
    covers = () if incident.private else act.policy.covers
    pairs = [(person, on_call.covering(person, covers, act.now)) for person in people]
    pairs = [(person, person if taker.is_(act.by) else taker) for person, taker in pairs]
    instead = [person.name for person, taker in pairs if taker is not person]
    words = f"in place of {' and '.join(instead)}" if instead else ""
    return on_call.once(taker for _, taker in pairs), words


def _among(person: Person, people: Sequence[Person]) -> bool:
    return any(person.is_(one) for one in people)


# --- paging -----------------------------------------------------------------------------------------------------------


def page(incident: Incident, command: Page, act: Act) -> Events:
    called = command.called
    people = (called,) if isinstance(called, Person) else _group(incident, act, called)
    if not people:
        raise refusals.nobody_in_group(str(called))
    people, instead = _takers(incident, people, act)
    open_ones = [person for prompt in incident.open_prompts(Ask.PAGE) for person in prompt.asked.to]
    new = [person for person in people if not _among(person, open_ones)]
    if not new:
        raise refusals.is_paged_already(people)
    strangers = [person for person in new if incident.private and not incident.has_member(person)]
    if strangers and not incident.may(act.by, Role.IC):
        raise refusals.guests_of_the_commander(strangers[0])
    return (
        *(Joined(who=person, invited=True, trusted=True) for person in strangers),
        *settle(incident, [Ask.UNANSWERED], f"{act.person.name} paged"),
        *_asked(incident, new, act.person, "; ".join(filter(None, (instead, command.why)))),
    )


def _asked(incident: Incident, people: Sequence[Person], by: Person | None, why: str, step: int = 0) -> Events:
    """A page into an incident that goes on: whoever was not there is told how it stands."""
    number = incident.next_number(Ask.PAGE)
    new = [one for one in people if not _among(one, incident.present)]
    told = briefing(incident, new) if new else None
    return (Asked(ask=Ask.PAGE, number=number, to=tuple(people), by=by, why=why, step=step, briefing=told),)


def paged_at_once(incident: Incident, response: Response, act: Act) -> Events:
    """Whom a severity that was just set calls beside those who were called before."""
    before = _paged(incident)
    now = {"on_call": on_call_now(incident, act), "covers": act.policy.covers}
    policy = incident.policy.model_copy(update=now)
    silent = invited(response, policy, incident.catalogue, act)
    joined = tuple(Joined(who=one, invited=True) for one in silent if not incident.has_member(one))
    people = wanted(response, policy, incident.catalogue, act)
    new = [one for one in people if not _among(one, before) and not _among(one, incident.present)]
    return (*joined, *(_asked(incident, new, None, "") if new else ()))


def paged_to_command(incident: Incident, people: Sequence[Person], act: Act) -> Events:
    """Nobody took command: of those who are asked to, whom anything but the chat reaches is paged (spec, section 8)."""
    known = [*_paged(incident), *incident.present]
    new = [one for one in people if one.key in act.policy.reachable and not _among(one, known)]
    return _asked(incident, new, None, "nobody has taken command", step=1) if new else ()


def tried(incident: Incident, command: NotePageTried) -> Events:
    fields = command.model_dump(include={"prompt", "via", "sent", "why"})
    return (PageTried(to=command.to, **fields),) if command.prompt in incident.prompts else ()


# --- answers ----------------------------------------------------------------------------------------------------------


def answered(prompt: Prompt, act: Act) -> Events:
    """They have it: whoever was paged with them is called no more."""
    return (PageAnswered(prompt=prompt.key), Settled(prompt=prompt.key, how=f"{act.person.name} answered"))


def answered_by_acting(incident: Incident, act: Act) -> Events:
    """Whoever does anything in the incident is there: that answers every page to them, and needs no reaction."""
    return tuple(
        event
        for prompt in incident.open_prompts(Ask.PAGE)
        if act.by is not None and _among(act.by, prompt.asked.to) and act.at >= prompt.at
        for event in answered(prompt, act)
    )


def cannot(incident: Incident, prompt: Prompt, act: Act) -> Events:
    """No: where others were paged as well they are waited for, else the next is called at once."""
    left = [person for person in prompt.asked.to if not person.is_(act.person)]
    if left:
        number = incident.next_number(Ask.PAGE)
        settled = Settled(prompt=prompt.key, how=f"{act.person.name} cannot come")
        # They know from the page that it was how it stands.
        return (settled, prompt.asked.model_copy(update={"number": number, "to": tuple(left), "briefing": None}))
    return (
        PageUnanswered(prompt=prompt.key, who=(act.person,)),
        Settled(prompt=prompt.key, how=f"{act.person.name} cannot come"),
        *_next(incident, prompt, act),
    )


def called_off(incident: Incident, gone: Person) -> Events:
    """Whoever is put out of a private incident is called no more; those who were paged with them are, as after a no."""
    number, events = incident.next_number(Ask.PAGE), list[Event]()
    for prompt in incident.open_prompts(Ask.PAGE):
        if not _among(gone, prompt.asked.to):
            continue
        events.append(Settled(prompt=prompt.key, how=f"{gone.name} was put out"))
        if left := tuple(person for person in prompt.asked.to if not person.is_(gone)):
            events.append(prompt.asked.model_copy(update={"number": number, "to": left, "briefing": None}))
            number += 1
    return tuple(events)


def escalate(incident: Incident, command: EscalatePage, act: Act) -> Events:
    """Nobody answered in time: the backup is called, and then the commander is told (spec, section 10)."""
    prompt = incident.prompts[command.prompt]
    if prompt.settled or incident.closed:
        return ()
    here = [person for person in prompt.asked.to if _among(person, incident.present)]
    if here:
        return (Settled(prompt=prompt.key, how=f"{here[0].name} is there"),)
    return (
        PageUnanswered(prompt=prompt.key, who=prompt.asked.to),
        Settled(prompt=prompt.key, how="nobody answered"),
        *_next(incident, prompt, act),
    )


def _next(incident: Incident, prompt: Prompt, act: Act) -> Events:
    """Whom silence brings in: on call's backup and the service's, each once; then it is the commander's to know."""
    asked = _paged(incident)
    service = incident.catalogue
    # Whoever covers them since goes first.
    backups = [*prompt.asked.to, *on_call_now(incident, act), *([service.backup] if service and service.backup else [])]
    takers, _ = _takers(incident, backups, act)
    new = [one for one in takers if not _among(one, [*asked, *incident.present]) and not incident.has_left(one)]
    if new and prompt.asked.step == 0:
        return _asked(incident, new[:1], prompt.asked.by, prompt.asked.why, step=1)
    others = [one for one in incident.open_prompts(Ask.PAGE) if one.key != prompt.key]
    if any(one.asked.step for one in others):
        # Silence brought somebody else in already, and theirs is told.
        return ()
    waited_for = [person for one in others for person in one.asked.to]
    asked = [one for one in asked if incident.has_member(one)]
    silent = on_call.once(one for one in asked if not _among(one, [*waited_for, *incident.present]))
    told = incident.deciders(Role.IC)[:1] or incident.present[:1] or (incident.declared_by,)
    number = incident.next_number(Ask.UNANSWERED)
    return (Asked(ask=Ask.UNANSWERED, number=number, to=told, why=", ".join(one.name for one in silent)),)


# --- the circle -------------------------------------------------------------------------------------------------------


def ring_people(incident: Incident, ring: Ring, policy: Policy) -> tuple[Person, ...]:
    """Who stands in a ring by the house rules in force now."""
    service = next((one for one in policy.services if one.name == incident.service), None)
    match ring:
        case Ring.ON_CALL:
            return called_for(policy, incident.service)
        case Ring.TEAM:
            return service.team if service else ()
        case Ring.NEIGHBOURS:
            near = service.neighbours if service else ()
            return on_call.once(person for one in policy.services if one.name in near for person in one.team)
        case _:
            return policy.responders


def next_ring(incident: Incident, act: Act, known: Sequence[Person]) -> tuple[Ring, tuple[Person, ...], str] | None:
    """The first ring with somebody who is not known to have been called, and in whose place they are, in words."""
    for ring in Ring:
        people = [one for one in ring_people(incident, ring, act.policy) if not _among(one, known)]
        takers, instead = _takers(incident, people, act)
        if new := tuple(one for one in takers if not _among(one, known)):
            return ring, new, instead
    return None


def _paged(incident: Incident) -> list[Person]:
    """Whom any page was to."""
    return [one for prompt in incident.prompts.values() if prompt.asked.ask is Ask.PAGE for one in prompt.asked.to]


def widen(incident: Incident, act: Act) -> Events:
    """The next ring is called, all of it at once; where there is none, that is said."""
    if incident.private:
        raise refusals.nobody_but_by_name()
    found = next_ring(incident, act, [*_paged(incident), *incident.present])
    if found is None:
        raise refusals.nobody_further_out()
    ring, people, instead = found
    why = f"the circle is widened: {ring.words}" + (f", {instead}" if instead else "")
    return (
        Widened(ring=ring),
        *settle(incident, [Ask.WIDEN, Ask.UNANSWERED], f"{act.person.name} widened the circle"),
        *_asked(incident, people, act.person, why),
    )


def offer(incident: Incident, command: OfferWidening, act: Act) -> Events:
    """Asked of the commander, once a step, while nothing that users see got better and there is somebody to call."""
    if incident.private:
        return ()
    told = incident.deciders(Role.IC)[:1]
    # Who was invited when it was declared is no news to the commander.
    found = next_ring(incident, act, [*_paged(incident), *incident.people])
    if incident.phase not in (Phase.INVESTIGATING, Phase.IDENTIFIED) or not told or found is None:
        return ()
    number = incident.next_number(Ask.WIDEN)
    words = f"{found[0].words}: {', '.join(person.name for person in found[1])}"
    asked = Asked(ask=Ask.WIDEN, number=number, to=told, step=command.step, why=words)
    return (*settle(incident, [Ask.WIDEN], "asked again"), asked)
