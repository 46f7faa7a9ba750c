"""Scenes in which the calls are made, and what a rule is: in one of them, an act that it allows and one that it refuses."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from incidents import ANN, BOB, JON, LEAH, MIA, Case, message, team

from core.incident import commands as c
from core.incident.on_call import Rotated, Stretch
from core.incident.policy import Policy, Service
from core.incident.runbook import Page, Runbook, RunbookLine, Shelf
from core.incident.vocabulary import ItemKind, ItemStatus, Path, Person, Role

MINUTE = timedelta(minutes=1)

Act = tuple[Person | None, c.AnyCommand | Callable[[Case], c.AnyCommand]] | timedelta
"""Somebody's command, which may depend on the case, or time that passes."""


def act(case: Case, one: Act) -> tuple[Person | None, c.AnyCommand]:
    """The command as it is given now."""
    assert isinstance(one, tuple)
    by, command = one
    return by, command(case) if callable(command) else command


def play(case: Case, *acts: Act) -> Case:
    for one in acts:
        if isinstance(one, timedelta):
            case.passes(one)
        else:
            case.does(*act(case, one))
    return case


@dataclass(frozen=True)
class Row:
    """In `scene`, the last of the acts in `allows` makes an event `happens`; the last in `refuses` is refused by `rule`,
    or, where that is empty, changes nothing.
    """

    says: str
    scene: Callable[[], Case]
    allows: tuple[Act, ...]
    happens: str
    refuses: tuple[Act, ...]
    rule: str = ""


def holds(row: Row) -> None:
    """Asserts both halves of a rule."""
    allowed = play(row.scene(), *row.allows[:-1])
    happened = [event.kind for event in allowed.does(*act(allowed, row.allows[-1]))]
    assert row.happens in happened, happened
    refused = play(row.scene(), *row.refuses[:-1])
    by, command = act(refused, row.refuses[-1])
    refusal = refused.refusal(by, command)
    assert (refusal.rule if refusal else "") == row.rule
    assert refusal or refused.decides(by, command) == ()


def named(row: Row) -> str:
    return row.says


def answer(prompt: str, path: Path = Path.ROLLBACK) -> c.AnyCommand:
    return c.AnswerDecision(prompt=f"prompt/{prompt}", path=path)


def yes(prompt: str) -> c.AnyCommand:
    return c.Confirm(prompt=f"prompt/{prompt}")


def decide_by(minutes: int, condition: str = "roll back") -> Callable[[Case], c.AnyCommand]:
    return lambda case: c.DecideBy(at=case.now + minutes * MINUTE, condition=condition)


def calm() -> Case:
    """Ann commands; Mia has diagnosis, Jon updates, Leah recovery with Bob as backup."""
    return play(team(), (LEAH, c.NameBackup(role=Role.RECOVERY, who=BOB)))


def unled() -> Case:
    """Ann commands, with Bob as backup, and nobody holds anything else; Mia and Jon are there."""
    return play(Case(), (ANN, c.NameBackup(role=Role.IC, who=BOB)), (MIA, c.NoteArrival()), (JON, c.NoteArrival()))


def coming() -> Case:
    """D1 is to be decided in ten minutes."""
    return play(calm(), (ANN, decide_by(10)))


def due() -> Case:
    """Leah was asked about D1 just now."""
    return play(coming(), 10 * MINUTE)


def tied() -> Case:
    """Leah and Bob are silent about D1, and Ann is asked as tie-breaker."""
    return play(due(), MINUTE, MINUTE)


def shipping() -> Case:
    """Leah ships a fix."""
    return play(calm(), (LEAH, c.ChoosePath(path=Path.FIX, why="put back the config")))


def stopping() -> Case:
    """Leah ships a fix, and is asked whether to stop it for a rollback."""
    return play(shipping(), (LEAH, c.ChoosePath(path=Path.ROLLBACK)))


def rolled_back() -> Case:
    """A rollback is done, and Leah is asked for its signal."""
    done = c.EndItem(item="R1", status=ItemStatus.DONE)
    return play(calm(), (LEAH, c.ChoosePath(path=Path.ROLLBACK)), (LEAH, done))


def watched() -> Case:
    """Bob watched whether the rollback worked, and is asked."""
    return play(rolled_back(), (LEAH, c.WatchSignal(signal="errors fall", who=BOB)), 10 * MINUTE)


def objected() -> Case:
    """Jon objects to Leah's rollback, and Ann is asked."""
    return play(calm(), (LEAH, c.ChoosePath(path=Path.ROLLBACK)), (JON, c.Object(why="it loses orders")))


def shop() -> Case:
    """About a service of the catalogue, which Leah rolls back, and Bob after her."""
    service = Service(
        name="checkout",
        rollback_owner=LEAH,
        backup=BOB,
        thresholds=("payment errors stay above 20 %", "anybody is charged twice"),
    )
    case = Case(house=Policy(on_call=(ANN,), services=(service,)))
    return play(case, (MIA, c.NoteArrival()), (JON, c.NoteArrival()))


def ruled() -> Case:
    """Rolling back first is the rule: a threshold is met, and a release went out shortly before."""
    changed = c.RecordChange(what="release 214", at=shop().incident.declared_at - 5 * MINUTE)
    return play(shop(), (MIA, changed), (MIA, c.MeetThreshold(threshold="1")))


def unsafe() -> Case:
    """Leah wishes to dig instead, and is asked why a rollback is unsafe."""
    return play(ruled(), (LEAH, c.ChoosePath(path=Path.DIG)))


def busy() -> Case:
    """Mia is on H1, and H2 and A1 are free."""
    kinds: tuple[tuple[Literal[ItemKind.HYPOTHESIS, ItemKind.ACTION], str], ...] = (
        (ItemKind.HYPOTHESIS, "cache eviction"),
        (ItemKind.HYPOTHESIS, "tax rounding"),
        (ItemKind.ACTION, "call the provider"),
    )
    added = [(MIA, c.AddItem(kind=kind, text=text)) for kind, text in kinds]
    return play(calm(), *added, (MIA, c.Grab(item="H1")))


def crossing() -> Case:
    """Mia hands diagnosis over to Jon, who has not answered."""
    return play(calm(), (MIA, c.HandOff(who=JON)))


def relieved() -> Case:
    """Mia, who has diagnosis, was on call until a minute ago, and Jon is now."""
    start, day = Case().incident.declared_at, timedelta(days=1)
    until = start + 5 * MINUTE
    shifts = (
        Stretch(rotation="house", who=MIA, since=start - day, until=until),
        Stretch(rotation="house", who=JON, since=until, until=until + day),
    )
    case = Case(MIA, house=Policy(on_call=(MIA,), shifts=shifts, rotations=(Rotated(name="house"),)))
    play(case, (ANN, c.NoteArrival()))
    case.policy = case.policy.model_copy(update={"on_call": (JON,)})
    return play(case, 5 * MINUTE)


BOOK = Runbook(
    name="cache",
    title="Cache is full",
    digest="x",
    pages=(
        Page(heading="Symptoms", lines=(RunbookLine(text="slow"),)),
        Page(
            heading="Fix",
            lines=(
                RunbookLine(text="in this order", kind="strong"),
                RunbookLine(text="flush the cache", kind="bullet", step=1),
                RunbookLine(text="add a node", kind="bullet", step=2),
                RunbookLine(text="cachectl flush", kind="code"),
            ),
        ),
    ),
)


def unwritten() -> Case:
    """Ann closed an incident of a service that has no runbook, in a house that has some, and is asked for one."""
    house = Policy(on_call=(ANN,), services=(Service(name="search"),))
    case = Case(ANN, c.Declare(title="search is empty", service="search"), house, Shelf((BOOK,)))
    return play(case, (ANN, c.Close(cause="x", fixed="y")))


def taken_over() -> Case:
    """Bob asks for command."""
    return play(calm(), (BOB, c.TakeOver(role=Role.IC)))


def left() -> Case:
    """Mia left, nobody has diagnosis, and Ann is asked who shall."""
    return play(calm(), (MIA, c.NoteLeft()))


def alarmed() -> Case:
    """Jon raised another alarm, and is asked whether it is this one."""

    def again(case: Case) -> c.AnyCommand:
        quote = c.Quote(message=message("other"), by=JON, at=case.now)
        return c.AskSameOrNew(title="search is empty", quote=quote)

    return play(calm(), (JON, again))
