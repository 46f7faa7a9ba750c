"""Who may answer what Tocsin asks: one table for every chat, from the spec, sections 3, 5 and 8, and from nothing else.

A row brings a question about and says who may press each of its buttons. `permission_presses` presses all of them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta

from incidents import TRIAGE, message
from permission_doors import RulesDoor
from permission_table import (
    ANYONE,
    COMMAND,
    DRAFTED,
    ONCE_CLOSED,
    PATH_OVER,
    RECOVERY,
    REOPENED,
    SCRIBE_AGAIN,
    UPDATES,
    Turn,
)

from core.incident import commands as c
from core.incident.events import Ask
from core.incident.parts import Prompt
from core.incident.runbook import Runbook, Shelf
from core.incident.state import Incident
from core.incident.vocabulary import ItemKind, Path, Person, Role


@dataclass(frozen=True)
class Given:
    """A command that is not typed: the clock's and the chat's own (by nobody), a reaction taken back, an act heard late."""

    command: Callable[[Incident], c.AnyCommand]
    by: str = ""
    late: bool = False


MESSAGE = message("alarm", TRIAGE)

OTHER_SHELF = Shelf((Runbook(name="search", title="Search", digest="x"),))

Stage = Callable[[RulesDoor], object]
"""What only the rules alone can be put into: hours later, another shelf."""

RULES_ALONE = (Ask.SAME, Ask.SHIFT)
"""Asked in triage (`test_permissions_triage.py`), and of who is on call: the chats of the table have nobody who is."""

Who = tuple[frozenset[str], str]
"""Who may press a button, and one of the events that it then makes."""


@dataclass(frozen=True)
class Question:
    """`steps` bring it about, `answers` are its card's buttons by their action, `after` makes it possible once more."""

    ask: Ask
    steps: tuple[Turn | Given | Stage, ...]
    answers: Mapping[str, Who]
    after: tuple[Turn | Given, ...] = ()
    about: str = ""

    @property
    def in_chats(self) -> bool:
        """Whether it can be brought about and answered in the channel of an incident on a chat, in no time."""
        return self.ask not in RULES_ALONE and all(isinstance(step, tuple | Given) for step in self.steps)


def _only(kind: str, makes: str) -> Who:
    return frozenset({kind}), makes


def _paths(who: frozenset[str], makes: str = "path_chosen", *paths: str) -> dict[str, Who]:
    return {f"path_{path}": (who, makes) for path in paths or tuple(Path)}


def newest(incident: Incident, ask: Ask) -> Prompt:
    """The question that was asked last. Raises `IndexError`."""
    return incident.open_prompts(ask)[-1]


def _last_point(incident: Incident) -> c.AnyCommand:
    return c.AskDecision(point=incident.open_points[-1].key)


def _last_path(incident: Incident) -> c.AnyCommand:
    return c.AskWhetherItWorked(item=incident.items_of(ItemKind.RECOVERY)[-1].key)


def _last_page(incident: Incident) -> c.AnyCommand:
    return c.EscalatePage(prompt=newest(incident, Ask.PAGE).key)


def _second_alarm(incident: Incident) -> c.AnyCommand:
    quote = c.Quote(message=MESSAGE, by=incident.declared_by, at=incident.declared_at)
    return c.AskSameOrNew(title="search is slow", quote=quote)


def _goes(kind: str) -> Given:
    return Given(lambda _: c.NoteLeft(), kind)


def _hours(length: timedelta) -> Stage:
    return lambda door: door.case.passes(length)


_GRABBED: tuple[Turn, ...] = (("assignee", "hypothesis for {assignee} {n}"), ("assignee", "grab {H}"))
_DUE: tuple[Turn | Given, ...] = (("commander", "decide-by 2h roll back, {n}"), Given(_last_point))
_ROLLED_BACK: tuple[Turn, ...] = (("recovery", "path rollback release {n}"), ("recovery", "done {R}"))
_SUSPECT: tuple[Turn, ...] = (("responder", "changed release {n} 30m ago"), ("responder", "met 1"))
_UNMET = Given(lambda _: c.UnmeetThreshold(threshold="1"), "responder")


def _shelve(door: RulesDoor) -> None:
    door.case.shelf = OTHER_SHELF


def _off_call(incident: Incident) -> c.AnyCommand:
    holder = incident.holder(Role.DIAGNOSIS)
    assert isinstance(holder, Person)
    return c.OfferShift(who=holder, rotation="primary", at=incident.declared_at)


QUESTIONS: tuple[Question, ...] = (
    # First, since a rollback that was tried is the rule no more.
    Question(
        Ask.RULE,
        _SUSPECT,
        {
            "path_fix": (RECOVERY, "asked"),
            "path_dig": (RECOVERY, "asked"),
            **_paths(RECOVERY, "path_chosen", "rollback", "pause"),
        },
        after=(_UNMET,),
    ),
    Question(Ask.UNSAFE, (*_SUSPECT, ("recovery", "path dig")), {}),
    Question(
        Ask.COMMANDER,
        (
            ("commander's backup", "note here, {n}"),
            _goes("commander's backup"),
            _goes("commander"),
            Given(lambda _: c.AskForCommander(step=0)),
        ),
        {"claim_ic": (ANYONE, "role_taken")},
        after=(
            ("{me}", "handoff {commander} ic"),
            ("commander", "yes"),
            ("commander", "backup ic {commander's backup}"),
        ),
    ),
    Question(
        Ask.UPDATE,
        (_hours(timedelta(minutes=15)),),
        {"unchanged": (UPDATES, "published")},
    ),
    Question(
        Ask.CLOSE,
        (
            ("assignee", "hypothesis for {assignee} {n}"),
            ("assignee", "drop {held}"),
            ("assignee", "grab {H}"),
            ("commander", "close cause=tax fixed=rolled back"),
        ),
        {"close": (COMMAND, "closed")},
        after=REOPENED,
    ),
    Question(
        Ask.WATCH,
        (("recovery", "resolve rolled back"),),
        {"came_back": (ANYONE, "came_back")},
    ),
    Question(
        Ask.HANDOFF,
        (("scribe", "handoff {responder} scribe"),),
        {"yes": _only("responder", "role_taken")},
        after=SCRIBE_AGAIN,
    ),
    Question(
        Ask.TAKEOVER,
        (("responder", "takeover scribe"),),
        {"yes": _only("scribe", "role_taken")},
        after=SCRIBE_AGAIN,
    ),
    Question(
        Ask.UNFREEZE,
        (("commander", "freeze"), Given(lambda _: c.AskUnfreeze(), "commander")),
        {"yes": _only("commander", "unfrozen")},
    ),
    # A new one is declared in triage: `test_permissions_triage.py`.
    Question(
        Ask.SAME,
        (Given(_second_alarm, "author"),),
        {"yes": _only("author", "settled"), "declare": (frozenset(), "")},
    ),
    Question(
        Ask.STALE,
        (*DRAFTED, Given(lambda _: c.Publish(), "updates", late=True)),
        {"yes": _only("updates", "published")},
    ),
    Question(Ask.DECISION, _DUE, _paths(RECOVERY), PATH_OVER, about="the owner is asked"),
    Question(
        Ask.DECISION,
        (*_DUE, Given(_last_point), Given(_last_point)),
        _paths(RECOVERY | {"tie-breaker"}),
        PATH_OVER,
        about="the tie-breaker is asked",
    ),
    Question(
        Ask.STOP,
        (("recovery", "path rollback release {n}"), ("recovery", "path fix a patch")),
        {"yes": _only("recovery", "path_chosen")},
        after=PATH_OVER,
    ),
    Question(Ask.SIGNAL, _ROLLED_BACK, {}),
    Question(
        Ask.WORKED,
        (*_ROLLED_BACK, ("responder", "watch success rate, {n}"), Given(_last_path)),
        {"yes": _only("responder", "signal_seen"), "no": _only("responder", "item_ended")},
    ),
    Question(
        Ask.OBJECTION,
        (("recovery", "path rollback release {n}"), ("scribe", "object we lose orders")),
        {
            "yes": _only("tie-breaker", "tie_broken"),
            "no": _only("tie-breaker", "tie_broken"),
            **_paths(frozenset({"tie-breaker"}), "tie_broken"),
        },
        after=PATH_OVER,
    ),
    Question(
        Ask.SECOND,
        (*_GRABBED, *_GRABBED),
        {"yes": _only("assignee", "item_grabbed")},
    ),
    Question(
        Ask.VACANT,
        (("scribe's backup", "note here, {n}"), _goes("scribe's backup"), _goes("scribe")),
        {"claim_scribe": (ANYONE, "role_taken")},
        after=SCRIBE_AGAIN,
    ),
    Question(
        Ask.POSTMORTEM,
        (*ONCE_CLOSED, _hours(timedelta(days=5))),
        {"published": (COMMAND | {"author"}, "postmortem_published")},
    ),
    Question(
        Ask.PAGE,
        (("commander", "page {responder}"),),
        {"yes": _only("responder", "page_answered"), "no": _only("responder", "page_unanswered")},
    ),
    Question(Ask.UNANSWERED, (("commander", "page {stranger}"), Given(_last_page), Given(_last_page)), {}),
    Question(
        Ask.WIDEN,
        (Given(lambda _: c.OfferWidening(step=0)),),
        {"yes": _only("commander", "widened")},
    ),
    Question(
        Ask.SHIFT,
        (Given(_off_call),),
        {"yes": _only("diagnosis", "asked")},
    ),
    Question(
        Ask.RUNBOOK,
        (_shelve, ("commander", "close cause=tax fixed=rolled back"), ("commander", "yes")),
        {"yes": _only("commander", "follow_up_added")},
    ),
)
