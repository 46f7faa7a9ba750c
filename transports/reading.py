"""What a reaction means: the emoji, on the card or message it was put on, as a command; and what taking it back means.

Rule: a reaction ends as an ordinary command; its meaning is bound to what it was put on, so it outlives a restart.
"""

from __future__ import annotations

from core.incident import commands as c
from core.incident.emoji import CLAIMS, PATHS, STEPS, THRESHOLDS
from core.incident.events import Ask, Recorded
from core.incident.state import Incident
from core.incident.vocabulary import ItemKind, ItemStatus, Person, Role
from transports.reactions import Where

PLACES: tuple[tuple[str, Where | None], ...] = (
    ("board", Where.BOARD),
    ("notice", Where.NOTICE),
    ("item/", Where.ITEM),
    ("draft/", Where.DRAFT),
    ("thresholds", Where.THRESHOLDS),
    ("runbook/", Where.RUNBOOK),
    ("postmortem", Where.POSTMORTEM),
    (f"prompt/{Ask.POSTMORTEM}-", Where.POSTMORTEM),
    (f"prompt/{Ask.COMMANDER}-", Where.BOARD),
    (f"prompt/{Ask.VACANT}-", Where.BOARD),
    (f"prompt/{Ask.UPDATE}-", Where.UPDATE_REMINDER),
    (f"prompt/{Ask.CLOSE}-", Where.CLOSE_PROMPT),
    (f"prompt/{Ask.WATCH}-", Where.WATCH),
    (f"prompt/{Ask.DECISION}-", Where.DECISION),
    (f"prompt/{Ask.RULE}-", Where.DECISION),
    (f"prompt/{Ask.OBJECTION}-", Where.TIE),
    (f"prompt/{Ask.WORKED}-", Where.WORKED),
    # These two ask for words.
    (f"prompt/{Ask.UNSAFE}-", None),
    (f"prompt/{Ask.SIGNAL}-", None),
    (f"prompt/{Ask.UNANSWERED}-", None),
    (f"prompt/{Ask.PAGE}-", Where.PAGE),
    (f"prompt/{Ask.SAME}-", Where.PROMPT),
    ("prompt/", Where.PROMPT),
)
"""Which table of reactions a card obeys, by the first part of its key that fits."""


def place(card: str) -> Where | None:
    """Where a card stands in the table of reactions; `None` for one that asks for nothing."""
    return next((where for start, where in PLACES if card.startswith(start)), None)


PLAIN: dict[str, type[c.Freeze | c.Widen | c.CameBack | c.PublishPostmortem]] = {
    "freeze": c.Freeze,
    "widen": c.Widen,
    "came_back": c.CameBack,
    "published": c.PublishPostmortem,
}
"""What asks for nothing more than itself."""


def on_card(action: str, card: str, others: tuple[Person, ...] = ()) -> c.AnyCommand | None:
    """What an action on one of Tocsin's own cards asks for. `others` did the same at the same time."""
    name = card.partition("/")[2]
    match action:
        case "freeze" | "widen" | "came_back" | "published":
            return PLAIN[action]()
        case "grab":
            return c.Grab(item=name)
        case "done":
            return c.EndItem(item=name, status=ItemStatus.DONE)
        case "cross_off":
            return c.EndItem(item=name, status=ItemStatus.DROPPED)
        case "publish":
            return c.Publish(draft=int(name))
        case "discard":
            return c.Discard(draft=int(name))
        case "unchanged":
            return c.PublishUnchanged(reminder=card)
        case "close" | "yes":
            return c.Confirm(prompt=card)
        case "no":
            return c.Decline(prompt=card)
        case _:
            return _one_of_many(action, card, others)


def _one_of_many(action: str, card: str, others: tuple[Person, ...]) -> c.AnyCommand | None:
    """What an action asks for that is one choice of a list: a role, a path, a threshold, a step, a page."""
    if action in CLAIMS:
        return c.Claim(role=CLAIMS[action], others=others)
    if action in PATHS:
        return c.AnswerDecision(prompt=card, path=PATHS[action])
    if action == "next_page":
        return c.TurnPage(card=card)
    if action in STEPS:
        return c.TakeStep(step=STEPS[action], card=card)
    return c.MeetThreshold(threshold=str(THRESHOLDS[action])) if action in THRESHOLDS else None


def on_message(action: str, quote: c.Quote, text: str, parent: str) -> c.AnyCommand:
    """What an action on a message takes from it. `parent` is the item in whose thread it stands."""
    match action:
        case "hypothesis":
            return c.AddItem(kind=ItemKind.HYPOTHESIS, text=text, quote=quote, parent=parent)
        case "action":
            return c.AddItem(kind=ItemKind.ACTION, text=text, quote=quote, parent=parent)
        case "decision":
            return c.MarkDecision(text=text, quote=quote)
        case "draft":
            return c.Draft(impact=text, quote=quote)
        case _:
            return c.AddNote(text=text, quote=quote)


def taken_back(act: Recorded, incident: Incident, claimed: Role | None) -> c.AnyCommand | None:
    """What taking back the reaction of this act asks for; nothing where its effect stands on its own.

    `claimed` is the role that the emoji stands for.
    """
    by, message = act.by, act.origin.message if act.origin else None
    if by is None or message is None or act.event.kind == "refused":
        return None
    match act.about:
        case c.Grab.__name__:
            item = incident.items.get(getattr(act.event, "key", ""))
            return c.LetGo(item=item.key) if item and item.open and by.is_(item.holder) else None
        case c.AddNote.__name__ | c.MarkDecision.__name__ if act.event.kind != "heard":
            noted = act.about == c.AddNote.__name__
            return c.WithdrawEntry(message=message, kind="noted" if noted else "decision_marked")
        case c.MeetThreshold.__name__:
            # Who only said again what somebody had said unmarks nothing.
            number = getattr(act.event, "number", 0) if act.event.kind == "threshold_met" else 0
            return c.UnmeetThreshold(threshold=str(number)) if number else None
        case c.Freeze.__name__:
            return c.AskUnfreeze()
        case c.Claim.__name__:
            return c.KeepClaim(role=claimed)
        case c.Declare.__name__ | c.Join.__name__:
            return c.KeepClaim()
        case _:
            return None
