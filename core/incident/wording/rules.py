"""`WORDING`, the rules of the wording check: a row has a name, a reason, a default, examples, and the better form it offers.

The reasons are the field's: Atlassian, "Incident communication tips" (communicate precisely, in layman's terms; own the
problem, a provider's too); PagerDuty, Incident Response, "External Communication Guidelines"; Google, Site Reliability
Workbook, "Incident Response" and "Postmortem Culture" (blameless).

Rule: a row must be right far more often than wrong, since a good sentence held back is the worse mistake. Every mistake
becomes a sentence of tests/wording_corpus.py. The rules read English; in other languages they find nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from core.incident.events import Wording
from core.incident.policy import Check
from core.incident.wording import cause, empty, others, repair
from core.incident.wording.reading import Reading


@dataclass(frozen=True, slots=True)
class Rule:
    """One row. `finds` gives the words at fault; `says` what is wrong with them, read after the words themselves.

    `better` is the better form. `lacks` is the field that is missing, for the rules about what is not there.
    """

    name: str
    reason: str
    check: Check
    finds: Callable[[Reading], Iterator[str]]
    says: str
    better: str
    fails: tuple[Wording, ...]
    passes: tuple[Wording, ...]
    lacks: str = ""


def _says(*impacts: str) -> tuple[Wording, ...]:
    return tuple(Wording(impact=impact) for impact in impacts)


WORDING: tuple[Rule, ...] = (
    Rule(
        "missing-impact",
        "What users see is what they come to read, and how they know that it is about them.",
        Check.BLOCK,
        others.no_impact,
        "it does not say what users see",
        "Some users cannot log in.",
        (Wording(next="We are testing a rollback."), Wording(impact="…")),
        _says("Some users cannot log in."),
        lacks="impact=…",
    ),
    Rule(
        "missing-next-time",
        "Whoever knows when the next word comes does not have to ask. The severity's own interval counts; once resolved, and "
        "for a SEV3, none is needed.",
        Check.BLOCK,
        others.no_next_time,
        "it does not say when the next update comes",
        "every=15m",
        (Wording(impact="Some users cannot log in.", every=0),),
        (Wording(impact="Some users cannot log in.", every=900),),
        lacks="every=15m",
    ),
    Rule(
        "filler",
        "That somebody works on it goes without saying; what they do, and what that means for users, does not.",
        Check.WARN,
        empty.filler,
        "tells nobody anything",
        "say what is being done: We are testing a rollback.",
        _says("We are looking into it.", "Some users cannot log in. Please bear with us."),
        _says("Some users cannot log in. We are testing a rollback.", "We are looking into failed card payments."),
    ),
    Rule(
        "cause",
        "A cause that turns out wrong has to be taken back in front of everybody. Once a hypothesis is confirmed, it may be said.",
        Check.WARN,
        cause.causes,
        "names a cause, and no hypothesis is confirmed",
        "say what users see, and what is being checked: We are checking the 10:02 release.",
        _says("This may be a database issue.", "Payments fail due to a bad deploy."),
        _says("We do not know the cause yet.", "The database export page shows an error."),
    ),
    Rule(
        "repair-time",
        "A repair that is late is a second failure. Promise the next update, which can be kept.",
        Check.WARN,
        repair.promises,
        "promises when it will be repaired",
        "promise the next update instead: every=15m",
        _says("Search will be fixed by 11:00.", "Sign-in should be resolved soon."),
        _says("Some users cannot log in. We decide at 10:15 whether to roll back.", "Next update in 15 minutes."),
    ),
    Rule(
        "vague-impact",
        "It could be anything: users cannot tell whether it is about them, and ask.",
        Check.WARN,
        empty.vague,
        "could be anything",
        "say who cannot do what: Some users cannot log in.",
        _says("Site issues.", "We are experiencing a service disruption."),
        _says("Some users cannot log in.", "Search is slow in Europe."),
    ),
    Rule(
        "blame",
        "It helps no user, and in the house it ends the telling of what happened. A provider's outage is ours to our users.",
        Check.WARN,
        others.blame,
        "blames somebody",
        "say what happens to users, and what you do about it.",
        _says("Cam broke the checkout.", "Card payments fail. It is our provider's fault."),
        _says("Card payments fail. We are sending them to a second provider."),
    ),
    Rule(
        "inside-name",
        "A channel, an item or a severity of the incident means nothing to whoever is not in it.",
        Check.WARN,
        others.inside,
        "means nothing outside the incident",
        "say it in the users' words.",
        _says("Some users cannot log in (SEV1)."),
        _says("Some users cannot log in with version H2 of the app."),
    ),
    Rule(
        "unfilled",
        "A template that goes out with a hole in it says that nobody has read it.",
        Check.WARN,
        others.unfilled,
        "still has to be filled in",
        "fill it in, or take it out.",
        _says("Users of [service name] cannot log in."),
        _says("Users of the [beta] page cannot log in."),
    ),
    Rule(
        "too-long",
        "It is read in a hurry and on a phone; the next update has room for the rest.",
        Check.WARN,
        others.too_long,
        "is more than is read in a hurry",
        f"keep to {others.LONGEST}: what users see, what works, what comes next.",
        _says("Some users in one region cannot log in with a password. " * 20),
        _says("Some users cannot log in. Existing sessions still work. We are testing a rollback."),
    ),
)

NAMES = tuple(rule.name for rule in WORDING)
