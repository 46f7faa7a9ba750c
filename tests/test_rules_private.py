"""Private incidents by rules alone: who sees what, who is in, what is asked of whom, and which name it bears."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from incidents import ANN, BOB, JON, LEAH, MIA, ROOM, TRIAGE, Case, message, person, policy
from pushed_clock import START

from core.incident import commands as c
from core.incident.audience import Eyes, Sight, audience
from core.incident.authority import AUTHORITY
from core.incident.cards import CARDS, cards, seen
from core.incident.code_names import FIRST, SECOND, code_name
from core.incident.decide import Act, House, Sibling, declare
from core.incident.decide.declaring import sealed
from core.incident.decide.people import turned_away
from core.incident.digest import digest
from core.incident.events import Declared, Joined, PutOut, RoleVacated
from core.incident.figures import figures
from core.incident.policy import Policy, Service
from core.incident.public import public
from core.incident.refusals import Refusal
from core.incident.vocabulary import FollowUpRef, ItemKind, Person, Role, Severity

ZOE = person("Zoe")


def private(by: Person = ANN, house: Policy | None = None, **more: object) -> Case:
    return Case(by, c.Declare(title="keys leaked", private=True, aside=True).model_copy(update=more), house)


def members(case: Case) -> list[str]:
    return [one.name for one in case.incident.people]


def test_members_see_it_in_its_channel_and_everybody_else_what_was_published() -> None:
    incident = private().incident
    assert incident.channel == ROOM
    sights = {
        Eyes(ANN): Sight.WHOLE,
        Eyes(ANN, ROOM): Sight.WHOLE,
        Eyes(channel=ROOM): Sight.WHOLE,
        Eyes(ANN, TRIAGE): Sight.PUBLISHED,
        Eyes(BOB): Sight.PUBLISHED,
        Eyes(BOB, ROOM): Sight.PUBLISHED,
        Eyes(channel=TRIAGE): Sight.PUBLISHED,
        Eyes(): Sight.PUBLISHED,
    }
    assert {eyes: audience(incident, eyes) for eyes in sights} == sights
    assert {audience(Case().incident, eyes) for eyes in sights} == {Sight.WHOLE}


def test_it_begins_with_its_declarer_in_command_and_nobody_else() -> None:
    shop = Service(name="keys", team=(JON,), rollback_owner=LEAH, backup=MIA, thresholds=("a key is used",))
    case = private(BOB, policy().model_copy(update={"services": (shop,), "leadership": (JON,), "tie_breaker": LEAH}))
    assert members(case) == ["Bob"]
    assert case.incident.commander == BOB
    # A title that names a service is no word for it.
    assert case.incident.service == ""
    by_name = private(house=case.policy, service="KEYS").incident
    assert by_name.service == "keys"
    assert by_name.thresholds == ("a key is used",)
    assert by_name.holder(Role.RECOVERY) is None
    assert by_name.tie_breaker == ANN
    assert private(service="anything").incident.service == "anything"


def test_the_sealed_rules_keep_everything_but_people() -> None:
    house = policy()
    quiet = sealed(house)
    assert (quiet.on_call, quiet.leadership, quiet.tie_breaker) == ((), (), None)
    assert (quiet.audiences, quiet.times, quiet.responses) == (house.audiences, house.times, house.responses)


def test_where_others_read_along_it_is_refused_everywhere() -> None:
    command = c.Declare(title="keys leaked", private=True)
    act = Act(ANN, START, START, policy())
    with pytest.raises(Refusal) as turned:
        declare(House(1), command, act, policy(), TRIAGE)
    assert turned.value.rule == "private-in-public"
    assert "keys" not in turned.value.answer
    inside = Case().refusal(ANN, command)
    assert inside is not None
    assert inside.answer == turned.value.answer


def test_an_open_one_never_joins_a_private_one_nor_asks_about_it() -> None:
    hidden = Sibling(
        1, "inc-2026-05-02-amber-lantern", "keys leaked", START, open=True, message=message("m"), private=True
    )
    act = Act(BOB, START, START, policy())
    quote = c.Quote(message=message("m"), by=BOB, at=START)
    for command in (c.Declare(title="keys leaked"), c.Declare(title="other", quote=quote)):
        events = declare(House(2, (hidden,)), command, act, policy(), TRIAGE)
        assert isinstance(events, tuple)
        assert isinstance(events[0], Declared)
    known = Sibling(1, "inc-2026-05-02-keys-leaked", "keys leaked", START, open=True)
    own = declare(House(2, (known,)), c.Declare(title="keys leaked", private=True, aside=True), act, policy(), TRIAGE)
    assert isinstance(own, tuple)


def test_a_code_name_follows_from_the_act_alone() -> None:
    act = Act(ANN, START, START, policy())
    names = set()
    for title in ("keys leaked", "payroll", "<b>"):
        events = declare(
            House(1), c.Declare(title=title, private=True, aside=True), act, policy(), TRIAGE, source="sandbox:7"
        )
        assert isinstance(events, tuple)
        assert isinstance(events[0], Declared)
        names.add(events[0].name)
    assert names == {f"inc-2026-05-02-{code_name('sandbox:7', ())}"}


@given(st.text(), st.integers(0, 30))
def test_a_code_name_is_two_plain_words_that_nobody_bears(source: str, others: int) -> None:
    taken: list[str] = []
    for _ in range(others + 1):
        name = code_name(source, taken)
        first, second = name.split("-")
        assert first in FIRST
        assert second in SECOND
        assert f"inc-2026-05-02-{name}" not in taken
        taken.append(f"inc-2026-05-02-{name}")


def test_a_drills_code_name_is_borne_too() -> None:
    name = code_name("x", ())
    for kind in ("", "drill-"):
        assert code_name("x", [f"inc-2026-05-02-{kind}{name}"]) != name


def test_when_every_pair_is_borne_a_count_tells_them_apart() -> None:
    every = [f"inc-2026-05-02-{first}-{second}" for first in FIRST for second in SECOND]
    name = code_name("x", every)
    assert name.count("-") == 2
    assert f"inc-2026-05-02-{name}" not in every
    assert len(set(FIRST)) == len(FIRST)
    assert len(set(SECOND)) == len(SECOND)


GIVING: tuple[tuple[c.AnyCommand, str], ...] = (
    (c.Assign(role=Role.SCRIBE, who=MIA), "Mia"),
    (c.NameBackup(role=Role.IC, who=MIA), "Mia"),
    (c.HandOff(who=MIA, role=Role.IC), "Mia"),
    (c.AddItem(kind=ItemKind.ACTION, text="rotate", who=MIA), "Mia"),
    (c.FollowUp(text="audit", owner=MIA, due=START.date() + timedelta(days=3)), "Mia"),
    (c.Close(cause="a post", fixed="rotated", owner=MIA), "Mia"),
    (c.Invite(who=MIA), "Mia"),
)


@pytest.mark.parametrize(("command", "who"), GIVING, ids=[type(one).__name__ for one, _ in GIVING])
def test_who_is_named_is_in_and_it_is_on_the_record(command: c.AnyCommand, who: str) -> None:
    case = private()
    events = case.does(ANN, command)
    assert [one.who.name for one in events if isinstance(one, Joined)] == [who]
    assert who in members(case)
    # Once: who is in already is not brought in again.
    assert not [one for one in case.does(ANN, c.Assign(role=Role.SCRIBE, who=MIA)) if isinstance(one, Joined)]
    assert not [one for one in Case().does(ANN, command) if isinstance(one, Joined)] or isinstance(command, c.Invite)


def test_what_came_to_nothing_brings_nobody_in() -> None:
    case = private()
    case.does(ANN, c.Close(cause="a post", fixed="rotated", next="no postmortem"))
    case.does(ANN, c.Close(cause="a post", fixed="rotated", next="no postmortem", owner=None))
    assert members(case) == ["Ann"]


@pytest.mark.parametrize("command", [type_ for type_, right in AUTHORITY.items() if not right.tocsin])
def test_whoever_is_no_member_may_nothing(command: type[c.Command]) -> None:
    made = command.model_construct()
    facts = (c.EditSource, c.GiveEvidence, c.NoteTakenBack, c.NoteArrival, c.NoteLeft)
    if isinstance(made, facts):
        assert private().decides(BOB, made) == ()
    elif isinstance(made, c.DeleteSource):
        # That it was deleted is so, whoever did it.
        assert turned_away(made) is None
    else:
        refusal = private().refusal(BOB, made)  # type: ignore[arg-type]
        assert refusal is not None
        assert refusal.rule == "members-only"


def test_nobody_becomes_a_member_by_what_they_do() -> None:
    case = private()
    case.does(BOB, c.Claim(role=Role.UPDATES))
    case.does(BOB, c.DeleteSource(message=message("x")))
    case._write((Joined(who=ANN),), BOB, c.NoteTakenBack())  # as a silent act is kept
    assert members(case) == ["Ann"]
    assert case.incident.present == (ANN,)


def test_the_commander_alone_brings_in_one_who_is_no_responder() -> None:
    case = private()
    case.does(ANN, c.Invite(who=MIA))
    refusal = case.refusal(MIA, c.Invite(who=ZOE, guest=True))
    assert refusal is not None
    assert refusal.rule == "guest"
    assert case.incident.trusts(MIA)
    case.does(MIA, c.Invite(who=BOB))
    assert not case.incident.trusts(BOB)
    assert case.decides(MIA, c.Invite(who=BOB)) == ()
    # The commander's word makes more of it.
    case.does(ANN, c.Invite(who=BOB))
    assert case.incident.trusts(BOB)
    assert case.decides(ANN, c.Invite(who=BOB)) == ()
    case.does(ANN, c.Invite(who=ZOE, guest=True))
    assert case.incident.trusts(ZOE)
    open_one = Case()
    open_one.does(MIA, c.Invite(who=ZOE, guest=True))
    assert open_one.incident.has_member(ZOE)
    assert not open_one.incident.trusts(ZOE)


def test_the_trust_of_whoever_was_put_out_does_not_come_back_with_a_members_word() -> None:
    case = private()
    case.does(ANN, c.Invite(who=MIA))
    case.does(ANN, c.Invite(who=ZOE, guest=True))
    case.does(ANN, c.Uninvite(who=ZOE))
    case.does(MIA, c.Invite(who=ZOE))
    assert case.incident.has_member(ZOE)
    assert not case.incident.trusts(ZOE)


def test_who_is_put_out_holds_nothing_and_is_nobody_there() -> None:
    case = private()
    for who in (MIA, JON):
        case.does(ANN, c.Invite(who=who))
    case.does(MIA, c.Claim(role=Role.DIAGNOSIS))
    case.does(ANN, c.NameBackup(role=Role.IC, who=MIA))
    events = case.does(ANN, c.Uninvite(who=MIA))
    assert [type(one) for one in events if isinstance(one, RoleVacated | PutOut)] == [RoleVacated, PutOut]
    assert members(case) == ["Ann", "Jon"]
    assert [one.name for one in case.incident.put_out] == ["Mia"]
    assert not case.incident.trusts(MIA)
    assert case.incident.holding(Role.IC).backup is None
    assert case.refusal(MIA, c.AddNote(text="still here")) is not None
    case.does(ANN, c.Invite(who=MIA))
    assert not case.incident.put_out
    assert case.incident.invited[MIA.key] == 2
    case.does(MIA, c.NoteLeft())
    assert case.incident.has_left(MIA)
    # Who went by themselves may act from elsewhere, and is let in again when somebody asks them.
    case.does(JON, c.Invite(who=MIA))
    assert not case.incident.has_left(MIA)


def test_who_was_put_out_is_not_brought_back_by_what_is_still_theirs() -> None:
    case = private()
    case.does(ANN, c.Invite(who=MIA))
    case.does(ANN, c.FollowUp(text="turn the keys", owner=MIA, due=date(2026, 5, 9)))
    case.does(ANN, c.Uninvite(who=MIA))
    case.does(ANN, c.MoveFollowUp(follow_up=FollowUpRef(number=1), due=date(2026, 5, 16)))
    assert members(case) == ["Ann"]
    assert case.incident.put_out == (MIA,)
    # To give them something to do is to ask them in.
    case.does(ANN, c.Assign(role=Role.SCRIBE, who=MIA))
    assert members(case) == ["Ann", "Mia"]
    assert not case.incident.put_out


@pytest.mark.parametrize(
    ("case", "who", "rule"),
    [(private(), BOB, "no-member"), (private(), ANN, "commander-stays"), (Case(), BOB, "open-incident")],
)
def test_who_cannot_be_put_out(case: Case, who: Person, rule: str) -> None:
    refusal = case.refusal(ANN, c.Uninvite(who=who))
    assert refusal is not None
    assert refusal.rule == rule


def test_nobody_is_asked_who_is_no_member() -> None:
    case = private(MIA)
    case.does(MIA, c.DecideBy(at=case.now + timedelta(minutes=1), condition="rotate"))
    case.does(MIA, c.SetSeverity(severity=Severity.SEV1))
    case.passes(timedelta(hours=2))
    assert members(case) == ["Mia"]
    asked = {who.name for prompt in case.incident.prompts.values() for who in prompt.asked.to}
    assert asked <= {"Mia"}


def test_every_card_outside_of_its_channel_is_a_copy_of_an_update_or_an_empty_letter() -> None:
    case = private()
    case.does(ANN, c.Draft(impact="Sign-in is off for everybody", next="we replace keys"))
    case.does(ANN, c.Publish())
    case.does(ANN, c.FollowUp(text="audit keys", owner=ANN, due=START.date() + timedelta(days=3)))
    case.does(ANN, c.Close(cause="keys in a post", fixed="keys rotated"))
    elsewhere = [card for card in cards(case.incident) if card.channel != ROOM]
    assert [card.key for card in elsewhere] == ["update/1"]
    # All that an open one would say there is held back.
    every = [card for row in CARDS.values() for card in row(case.incident) if card.channel != ROOM]
    assert {card.key for card in every} == {"notice", "update/1", "summary"}
    assert [seen(case.incident, card) for card in every if card.key != "update/1"] == [None] * 3


def test_lists_and_figures_and_the_page_know_it_by_its_code_name_alone() -> None:
    case = private(service="keys")
    case.does(ANN, c.Draft(impact="Sign-in is off for everybody", next="we replace keys"))
    case.does(ANN, c.Publish())
    case.does(ANN, c.FollowUp(text="audit keys", owner=ANN, due=START.date()))
    incident = case.incident
    counted = figures(incident)
    assert (counted.title, counted.service, counted.commander) == (incident.name, "", None)
    assert digest([incident], START.date() + timedelta(days=7), START + timedelta(days=7)) is None
    assert public(incident) is None
