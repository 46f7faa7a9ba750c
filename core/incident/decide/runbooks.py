"""Runbooks: which one is meant, which page is next, and a step as an action (spec, section 10)."""

from __future__ import annotations

import re

from core.incident import refusals
from core.incident.commands import AddItem, FollowUp, ShowRunbook, TakeStep, TurnPage
from core.incident.decide import followups, items
from core.incident.decide.act import Act, Events
from core.incident.events import Ask, Asked, RunbookShown
from core.incident.policy import Service
from core.incident.runbook import Runbook, Shelf
from core.incident.state import Incident, Prompt
from core.incident.vocabulary import ItemKind
from core.incident.workdays import business_day, day_of

_PAGE = re.compile(r"(?:(?P<name>.*?)\s+)?(?:page |section )?(?P<page>[0-9]{1,3})")


def show(command: ShowRunbook, shelf: Shelf, incident: Incident | None) -> RunbookShown:
    """The contents, or a page. Raises `Refusal` that names what there is."""
    name, page = command.name, None
    if (book := shelf.named(name) if name else None) is None and (numbered := _PAGE.fullmatch(name)):
        name, page = numbered["name"] or "", int(numbered["page"])
        book = shelf.named(name) if name else None
    if not name:
        service = incident.catalogue if incident is not None else None
        if incident is not None and incident.runbooks and page is not None:
            name = incident.runbooks[-1].name
            book = shelf.named(name)
        elif service is not None:
            book = shelf.for_service(service.name, service.runbook)
            if book is None and service.runbook_link:
                return RunbookShown(name=service.name, title=f"Runbook of {service.name}", link=service.runbook_link)
    if book is None:
        raise refusals.no_runbook(name, [one.name for one in shelf.books])
    return opened(book, page)


def opened(book: Runbook, page: int | None) -> RunbookShown:
    """A page of a runbook; without one its contents, or the only page that it has. Raises `Refusal`."""
    count = len(book.pages)
    number = (1 if count == 1 else 0) if page is None else page
    if number > count:
        raise refusals.no_such_page(book.name, number, count)
    return RunbookShown(
        name=book.name,
        title=book.title,
        digest=book.digest,
        page=number,
        contents=tuple(one.heading for one in book.pages),
        shown=book.pages[number - 1] if number else None,
    )


def turn(incident: Incident, command: TurnPage, act: Act) -> Events:
    """The next page, once from each card."""
    at, shown = _showing(incident, command.card)
    after = incident.runbooks[at + 1 :]
    if any((one.name, one.page) == (shown.name, shown.page + 1) for one in after) or shown.page >= len(shown.contents):
        return ()
    book = act.shelf.named(shown.name)
    if book is None:
        raise refusals.no_runbook(shown.name, [one.name for one in act.shelf.books])
    return (opened(book, shown.page + 1),)


def take(incident: Incident, command: TakeStep, act: Act) -> Events:
    """A step of a page becomes an action in its own words, once; whose it is is grabbed as ever."""
    if command.card:
        _, shown = _showing(incident, command.card)
    else:
        with_steps = [one for one in incident.runbooks if one.shown is not None and one.shown.steps]
        if not with_steps:
            raise refusals.no_steps()
        shown = with_steps[-1]
    steps = shown.shown.steps if shown.shown is not None else ()
    if not 1 <= command.step <= len(steps):
        raise refusals.no_such_step(command.step, len(steps))
    text = steps[command.step - 1]
    if any(item.text == text for item in incident.items_of(ItemKind.ACTION)):
        return ()
    return items.add(incident, AddItem(kind=ItemKind.ACTION, text=text), act)


def _showing(incident: Incident, card: str) -> tuple[int, RunbookShown]:
    number = int(card.removeprefix("runbook/"))
    return number - 1, incident.runbooks[number - 1]


# --- a runbook that is not there -------------------------------------------------------------------------------------


def on_shelf(service: Service, shelf: Shelf) -> Service:
    """The service as it is written into an incident: with the runbook that there is."""
    book = shelf.for_service(service.name, service.runbook)
    return service.model_copy(update={"runbook": book.name if book else ""})


def suggested(incident: Incident, act: Act) -> Events:
    """Where the house has runbooks and this service has none, the commander is asked whether to write one."""
    service, commander = incident.catalogue, incident.commander
    if service is None or commander is None or service.runbook_link or not act.shelf.books:
        return ()
    written = next((one.runbook for one in act.policy.services if one.name == service.name), "")
    if act.shelf.for_service(service.name, written) is not None:
        return ()
    number = incident.next_number(Ask.RUNBOOK)
    return (Asked(ask=Ask.RUNBOOK, number=number, to=(commander,), title=service.name),)


def wanted(incident: Incident, prompt: Prompt, act: Act) -> Events:
    """The follow-up of a yes: whoever said it owns it, by the day of the postmortem, until it is moved."""
    rules = act.policy.postmortems
    due = business_day(day_of(act.at, act.policy.zone), rules.days, rules.holidays)
    text = f"write a runbook for {prompt.asked.title}"
    return followups.add(incident, FollowUp(text=text, owner=act.person, due=due), act)
