"""Getting people: who is paged and when, what answers a page, whom silence brings in, and the circle ring by ring."""

from __future__ import annotations

from datetime import timedelta

import pytest
from incidents import ANN, BOB, JON, LEAH, MIA, Case, person, policy

from core.incident import commands as c
from core.incident.cards import cards
from core.incident.document import plain
from core.incident.events import Ask, Asked, PageAnswered, PageTried, PageUnanswered, Settled, Widened
from core.incident.newcomers import IN_PRIVATE
from core.incident.on_call import Cover
from core.incident.policy import Policy, Service
from core.incident.state import Prompt
from core.incident.vocabulary import Account, ItemKind, ItemStatus, Path, Person, Ring, Role, Severity

ZOE, TIM, MAX = person("Zoe"), person("Tim"), person("Max")

MINUTE = timedelta(minutes=1)


def house(*reachable: Person) -> Policy:
    """Bob is on call after Ann; checkout is Mia's and Jon's, search beside it Leah's, and Zoe and Tim respond."""
    return policy().model_copy(
        update={
            "services": (
                Service(name="checkout", team=(MIA, JON), backup=MAX, neighbours=("search", "gone")),
                Service(name="search", team=(LEAH, MIA)),
            ),
            "leadership": (TIM,),
            "groups": {"leadership": (TIM,), "dba": (ZOE, TIM), "nobody": ()},
            "responders": (ANN, ZOE, TIM),
            "reachable": tuple(one.key for one in reachable),
        }
    )


def pages(case: Case) -> list[Prompt]:
    return [one for one in case.incident.prompts.values() if one.asked.ask is Ask.PAGE]


def names(case: Case) -> list[list[str]]:
    return [[who.name for who in page.asked.to] for page in pages(case)]


def settled(case: Case) -> list[str]:
    return [page.settled for page in pages(case)]


def entries(case: Case) -> list[str]:
    return [entry.text for entry in case.incident.entries]


# --- who is paged -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("severity", "by", "called"),
    [
        (Severity.SEV1, ANN, [["Mia", "Jon", "Tim"]]),
        (Severity.SEV1, MIA, [["Jon", "Tim"]]),
        (Severity.SEV2, MIA, [["Ann"]]),
        (Severity.SEV2, ANN, []),
        (Severity.SEV3, MIA, [["Ann"]]),
    ],
)
def test_a_severity_pages_at_once_whom_more_than_the_chat_reaches(
    severity: Severity, by: Person, called: list[list[str]]
) -> None:
    declare = c.Declare(title="checkout fails", severity=severity)
    assert names(Case(by, declare, house(ANN, BOB, MIA, JON, TIM))) == called
    assert names(Case(by, declare, house())) == []


@pytest.mark.parametrize(("severity", "there"), [(Severity.SEV1, True), (Severity.SEV2, False)])
def test_whom_the_chat_alone_reaches_a_severity_brings_in(severity: Severity, *, there: bool) -> None:
    case = Case(ANN, c.Declare(title="checkout fails", severity=severity), house(MIA))
    assert case.incident.has_member(TIM) is there
    case.does(ANN, c.SetSeverity(severity=Severity.SEV1))
    assert case.incident.has_member(TIM)
    assert [text for text in entries(case) if "Tim" in text] == ([] if there else ["Tim was invited"])


def test_a_higher_severity_pages_who_was_not_called_yet_and_is_not_there() -> None:
    case = Case(ANN, c.Declare(title="checkout fails"), house(ANN, MIA, JON, TIM))
    case.does(JON, c.AddNote(text="I look at it"))
    case.does(ANN, c.SetSeverity(severity=Severity.SEV1))
    assert names(case) == [["Mia", "Tim"]]
    case.does(ANN, c.SetSeverity(severity=Severity.SEV2))
    case.does(ANN, c.SetSeverity(severity=Severity.SEV1))
    assert names(case) == [["Mia", "Tim"]]


def test_anybody_pages_somebody_with_a_reason() -> None:
    case = Case(house=house())
    case.does(MIA, c.Page(called=ZOE, why="the database is down"))
    assert names(case) == [["Zoe"]]
    assert ZOE in case.incident.people
    assert "paged Zoe: the database is down" in entries(case)


def test_a_group_is_one_page() -> None:
    case = Case(house=house())
    case.does(MIA, c.Page(called="dba"))
    case.does(ANN, c.Page(called="team"))
    assert names(case) == [["Zoe", "Tim"], ["Mia", "Jon"]]


def test_who_is_paged_already_is_not_paged_twice() -> None:
    case = Case(house=house())
    case.does(ANN, c.Page(called=ZOE))
    refusal = case.refusal(ANN, c.Page(called=ZOE))
    assert refusal is not None
    assert refusal.rule == "paged-already"
    case.does(ANN, c.Page(called="dba"))
    assert names(case) == [["Zoe"], ["Tim"]]


@pytest.mark.parametrize("group", ["nobody", "unheard-of"])
def test_a_group_of_nobody_is_told(group: str) -> None:
    refusal = Case(house=house()).refusal(ANN, c.Page(called=group))
    assert refusal is not None
    assert refusal.answer == f"Nobody is in the group {group}. `page @who` calls one person."


def test_without_a_service_there_is_no_team() -> None:
    case = Case(ANN, c.Declare(title="search and checkout fail"), house())
    refusal = case.refusal(ANN, c.Page(called="team"))
    assert refusal is not None
    assert refusal.rule == "nobody-in-group"


# --- covers ---------------------------------------------------------------------------------------------------------


def covered(case: Case, who: Person, by: Person) -> None:
    """From now on `by` takes the pages of `who`, whenever the incident was declared."""
    one = Cover(who=who, by=by, since=case.now, until=case.now + timedelta(hours=2))
    case.policy = case.policy.model_copy(update={"covers": (*case.policy.covers, one)})


def whys(case: Case) -> list[str]:
    return [page.asked.why for page in pages(case)]


def test_a_page_to_somebody_who_is_covered_goes_to_who_covers_them() -> None:
    case = Case(house=house())
    covered(case, ZOE, LEAH)
    case.does(MIA, c.Page(called=ZOE, why="the database is down"))
    case.does(MIA, c.Page(called="dba"))
    assert names(case) == [["Leah"], ["Tim"]]
    assert whys(case) == ["in place of Zoe; the database is down", "in place of Zoe"]
    assert "paged Leah: in place of Zoe; the database is down" in entries(case)


def test_a_cover_is_over_when_its_time_is() -> None:
    case = Case(house=house())
    covered(case, ZOE, LEAH)
    case.now += timedelta(hours=2)
    case.does(MIA, c.Page(called=ZOE))
    assert names(case) == [["Zoe"]]


def test_who_covers_somebody_and_calls_them_wants_them() -> None:
    case = Case(house=house())
    covered(case, ZOE, LEAH)
    case.does(LEAH, c.Page(called=ZOE))
    assert (names(case), whys(case)) == ([["Zoe"]], [""])


def test_who_covers_somebody_since_they_were_paged_is_called_when_they_are_silent() -> None:
    case = Case(house=house())
    case.does(ANN, c.Page(called=ZOE))
    covered(case, ZOE, LEAH)
    case.passes(10 * MINUTE)
    assert names(case) == [["Zoe"], ["Leah"]]


def test_a_backup_who_is_covered_is_called_as_who_covers_them() -> None:
    case = Case(house=house())
    covered(case, BOB, LEAH)
    case.policy = case.policy.model_copy(update={"on_call": (ANN, LEAH)})
    case.does(ANN, c.Page(called=ZOE))
    case.passes(10 * MINUTE)
    assert names(case) == [["Zoe"], ["Leah"]]


def test_a_severity_and_a_wider_circle_call_who_covers_them() -> None:
    case = Case(ANN, c.Declare(title="checkout fails"), house(ANN, JON, LEAH, TIM))
    covered(case, MIA, LEAH)
    case.does(ANN, c.SetSeverity(severity=Severity.SEV1))
    assert names(case) == [["Leah", "Jon", "Tim"]]
    case = Case(ANN, c.Declare(title="checkout fails"), house())
    covered(case, MIA, ZOE)
    case.does(ANN, c.Widen())
    case.does(ANN, c.Widen())
    assert names(case) == [["Bob"], ["Zoe", "Jon"]]
    assert whys(case)[1] == "the circle is widened: the service's team, in place of Mia"


def test_who_covers_somebody_is_not_let_into_a_private_incident_in_their_place() -> None:
    case = _private()
    covered(case, ZOE, LEAH)
    case.does(ANN, c.Page(called=ZOE))
    case.passes(timedelta(hours=1))
    assert names(case) == [["Zoe"]]
    assert not case.incident.has_member(LEAH)


def test_who_is_put_out_of_a_private_incident_is_waited_for_no_more() -> None:
    case = _private()
    case.does(ANN, c.Page(called=ZOE))
    case.does(ANN, c.Page(called="dba"))
    case.does(ANN, c.Uninvite(who=ZOE))
    assert settled(case) == ["Zoe was put out", ""]
    case.passes(timedelta(hours=1))
    [told] = case.incident.open_prompts(Ask.UNANSWERED)
    assert told.asked.why == "Tim"


def test_on_call_of_an_incident_is_its_services() -> None:
    rules = house()
    search = rules.services[1].model_copy(update={"on_call": (TIM, ZOE)})
    case = Case(
        MIA, c.Declare(title="search fails"), rules.model_copy(update={"services": (rules.services[0], search)})
    )
    case.does(MIA, c.Page(called="oncall"))
    assert names(case) == [["Tim", "Zoe"]]
    case.does(TIM, c.Confirm(prompt="prompt/page-1"))
    case.does(MIA, c.Widen())
    assert names(case)[1] == ["Leah"]


def test_while_nobody_commands_the_backup_on_call_is_paged() -> None:
    case = Case(MIA, c.Declare(title="it fails", severity=Severity.SEV3), house(ANN, BOB))
    assert names(case) == [["Ann"]]
    case.passes(5 * MINUTE)
    assert names(case) == [["Ann"], ["Bob"]]
    assert whys(case)[1] == "nobody has taken command"
    case.passes(10 * MINUTE)
    assert settled(case)[0] == "nobody answered"
    assert not case.incident.open_prompts(Ask.UNANSWERED), "Bob has some time left"
    case.passes(5 * MINUTE)
    [told] = case.incident.open_prompts(Ask.UNANSWERED)
    assert (told.asked.to, told.asked.why) == ((MIA,), "Ann, Bob")
    case = Case(MIA, c.Declare(title="it fails"), house())
    case.passes(5 * MINUTE)
    assert names(case) == []


# --- answers ----------------------------------------------------------------------------------------------------------


def test_a_yes_answers_and_is_on_the_timeline() -> None:
    case = Case(house=house())
    case.does(ANN, c.Page(called="dba"))
    case.does(TIM, c.Confirm(prompt="prompt/page-1"))
    assert settled(case) == ["Tim answered"]
    assert (case.incident.entries[-1].by, case.incident.entries[-1].text) == (TIM, "answered the page")
    case.passes(timedelta(hours=1))
    assert names(case) == [["Zoe", "Tim"]]


def test_nobody_else_answers_for_somebody() -> None:
    case = Case(house=house())
    case.does(ANN, c.Page(called=ZOE))
    refusal = case.refusal(TIM, c.Confirm(prompt="prompt/page-1"))
    assert refusal is not None
    assert refusal.rule == "not-asked-of-you"


@pytest.mark.parametrize("does", [c.AddNote(text="here"), c.Claim(role=Role.SCRIBE), c.NoteArrival()])
def test_whoever_does_anything_has_answered(does: c.AnyCommand) -> None:
    case = Case(house=house())
    case.does(ZOE, c.AddNote(text="I was here before"))
    case.does(ANN, c.Page(called=ZOE))
    case.does(ZOE, does)
    assert settled(case) == ["Zoe answered"]


def test_what_was_done_before_the_page_answers_nothing() -> None:
    case = Case(house=house())
    before = case.now
    case.does(ANN, c.Page(called=ZOE))
    case.does(ZOE, c.AddNote(text="said earlier"), before - MINUTE)
    assert settled(case) == [""]


def test_whoever_leaves_has_not_answered() -> None:
    case = Case(house=house())
    case.does(ZOE, c.AddNote(text="bye"))
    case.does(ANN, c.Page(called=ZOE))
    case.does(ZOE, c.NoteLeft())
    assert settled(case) == [""]


def test_a_no_calls_the_next_at_once() -> None:
    case = Case(MIA, c.Declare(title="it fails"), house(ANN))
    case.does(ANN, c.Decline(prompt="prompt/page-1"))
    assert settled(case) == ["Ann cannot come", ""]
    assert names(case) == [["Ann"], ["Bob"]]


def test_a_no_leaves_it_to_the_others() -> None:
    case = Case(house=house())
    case.does(ANN, c.Page(called="dba", why="now"))
    case.does(ZOE, c.Decline(prompt="prompt/page-1"))
    assert names(case) == [["Zoe", "Tim"], ["Tim"]]
    assert pages(case)[1].asked.why == "now"


def test_whoever_is_put_out_is_called_no_more_and_the_others_are() -> None:
    case = Case(ANN, c.Declare(title="keys leaked", private=True, aside=True), house())
    for called in ("dba", MIA, JON):
        case.does(ANN, c.Page(called=called, why="now"))
    case.does(ANN, c.Uninvite(who=ZOE))
    case.does(ANN, c.Uninvite(who=MIA))
    assert names(case) == [["Zoe", "Tim"], ["Mia"], ["Jon"], ["Tim"]]
    assert settled(case) == ["Zoe was put out", "Mia was put out", "", ""]
    assert pages(case)[3].asked.why == "now"
    assert "no answer" not in str(entries(case))


# --- silence ----------------------------------------------------------------------------------------------------------


def test_silence_calls_the_backup_and_then_the_commander_is_told() -> None:
    case = Case(MIA, c.Declare(title="checkout fails"), house(ANN))
    case.does(MIA, c.Claim(role=Role.IC))
    case.passes(10 * MINUTE)
    assert (names(case), settled(case)) == ([["Ann"], ["Bob"]], ["nobody answered", ""])
    assert "no answer to the page from Ann" in entries(case)
    happened = case.passes(10 * MINUTE)
    assert [event.who for event in happened if isinstance(event, PageUnanswered)] == [(BOB,)]
    told = [event for event in happened if isinstance(event, Asked) and event.ask is Ask.UNANSWERED]
    assert [(event.to, event.why) for event in told] == [((MIA,), "Ann, Bob")]
    case.does(MIA, c.Page(called=ZOE))
    assert [one.settled for one in case.incident.prompts.values() if one.asked.ask is Ask.UNANSWERED] == ["Mia paged"]


def test_who_answered_and_who_has_time_left_is_not_called_silent() -> None:
    case = Case(house=policy())
    case.does(ANN, c.Page(called=ZOE))
    case.does(ZOE, c.Confirm(prompt="prompt/page-1"))
    case.does(ANN, c.Page(called=LEAH))
    case.passes(6 * MINUTE)
    case.does(ANN, c.Page(called=TIM))
    case.passes(5 * MINUTE)
    assert names(case) == [["Zoe"], ["Leah"], ["Tim"], ["Bob"]]
    case.does(BOB, c.AddNote(text="here"))
    case.passes(6 * MINUTE)
    [told] = case.incident.open_prompts(Ask.UNANSWERED)
    assert told.asked.why == "Leah, Tim"


def test_the_services_backup_comes_after_on_call() -> None:
    case = Case(house=house())
    case.does(ANN, c.Page(called=BOB))
    case.passes(10 * MINUTE)
    assert names(case) == [["Bob"], ["Max"]]


def test_where_nobody_is_left_the_commander_is_told_at_once() -> None:
    case = Case(house=policy())
    case.does(ANN, c.Page(called=BOB))
    case.passes(10 * MINUTE)
    assert [one.asked.to for one in case.incident.open_prompts(Ask.UNANSWERED)] == [(ANN,)]


def test_without_a_commander_whoever_is_there_is_told() -> None:
    case = Case(MIA, c.Declare(title="it fails"), policy().model_copy(update={"on_call": ()}))
    case.does(MIA, c.Page(called=ZOE))
    case.passes(10 * MINUTE)
    assert [one.asked.to for one in case.incident.open_prompts(Ask.UNANSWERED)] == [(MIA,)]


def test_who_is_there_after_all_was_not_silent() -> None:
    """Zoe was there when she was paged, and did something that was heard only after the page's time."""
    case = Case(house=house())
    case.does(ZOE, c.AddNote(text="here"))
    case.does(ANN, c.Page(called=ZOE))
    case.passes(10 * MINUTE)
    assert settled(case) == ["Zoe is there"]


@pytest.mark.parametrize(("severity", "minutes"), [(Severity.SEV1, 5), (Severity.SEV2, 10), (Severity.SEV3, 15)])
def test_the_time_is_the_severitys(severity: Severity, minutes: int) -> None:
    case = Case(ANN, c.Declare(title="x", severity=severity), house())
    case.does(ANN, c.Page(called=ZOE))
    case.passes((minutes - 0.5) * MINUTE)
    assert settled(case)[0] == ""
    case.passes(0.6 * MINUTE)
    assert settled(case)[0] == "nobody answered"


def test_with_a_time_of_zero_silence_means_nothing() -> None:
    rules = house()
    quiet = {severity: one.model_copy(update={"page_within": timedelta()}) for severity, one in rules.responses.items()}
    case = Case(house=rules.model_copy(update={"responses": quiet}))
    case.does(ANN, c.Page(called=ZOE))
    case.passes(timedelta(hours=5))
    assert settled(case) == [""]


@pytest.mark.parametrize("over", [c.Resolve(), c.Close(cause="x", fixed="y")])
def test_what_is_over_calls_nobody(over: c.AnyCommand) -> None:
    case = Case(house=house())
    case.does(ANN, c.Page(called=ZOE))
    case.does(ANN, over)
    case.passes(timedelta(hours=1))
    assert len(pages(case)) == 1
    assert settled(case) != [""]
    assert case.decides(None, c.EscalatePage(prompt="prompt/page-1")) == ()


# --- calls outside ----------------------------------------------------------------------------------------------------


def test_each_call_is_on_the_timeline() -> None:
    case = Case(house=house())
    case.does(ANN, c.Page(called=ZOE))
    call = {"prompt": "prompt/page-1", "to": ZOE, "via": "ntfy"}
    case.does(None, c.NotePageTried.model_validate({**call, "sent": False, "why": "timed out"}))
    case.does(None, c.NotePageTried.model_validate({**call, "sent": True}))
    assert entries(case)[-2:] == ["called Zoe by ntfy, which failed: timed out", "called Zoe by ntfy"]
    assert [one.sent for one in case.incident.tries] == [False, True]
    stray = c.NotePageTried.model_validate({**call, "prompt": "prompt/page-9", "sent": True})
    assert case.decides(None, stray) == ()


# --- the circle -------------------------------------------------------------------------------------------------------


def test_each_widening_calls_the_next_ring_that_has_anybody_new() -> None:
    case = Case(ANN, c.Declare(title="checkout fails"), house())
    rings = []
    for _ in range(4):
        rings += [event.ring for event in case.does(ANN, c.Widen()) if isinstance(event, Widened)]
    assert rings == list(Ring)
    assert names(case) == [["Bob"], ["Mia", "Jon"], ["Leah"], ["Zoe", "Tim"]]
    assert "the circle is widened: the neighbouring teams" in entries(case)
    refusal = case.refusal(ANN, c.Widen())
    assert refusal is not None
    assert refusal.rule == "nobody-further-out"


def test_without_a_service_the_circle_goes_on_to_all_who_respond() -> None:
    case = Case(ANN, c.Declare(title="it fails"), house())
    case.does(ANN, c.Widen())
    case.does(ANN, c.Widen())
    assert names(case) == [["Bob"], ["Zoe", "Tim"]]


def test_at_fifteen_and_thirty_minutes_the_next_ring_is_offered() -> None:
    case = Case(ANN, c.Declare(title="checkout fails"), house())
    happened = case.passes(15 * MINUTE)
    offers = [event for event in happened if isinstance(event, Asked) and event.ask is Ask.WIDEN]
    assert [(event.to, event.why) for event in offers] == [((ANN,), "the neighbouring teams: Leah")]
    case.passes(15 * MINUTE)
    assert [one.settled for one in case.incident.prompts.values() if one.asked.ask is Ask.WIDEN] == ["asked again", ""]
    [offer] = [plain(card.post.document) for card in cards(case.incident) if card.key == "prompt/widen-2"]
    assert "Next would be the neighbouring teams: Leah." in offer
    case.does(ANN, c.Confirm(prompt="prompt/widen-2"))
    assert names(case) == [["Bob"]]
    case.passes(timedelta(hours=2))
    assert len([one for one in case.incident.prompts.values() if one.asked.ask is Ask.WIDEN]) == 2


@pytest.mark.parametrize("phase", [c.Resolve(), None])
def test_nothing_is_offered_where_it_is_over_or_everybody_is_called(phase: c.AnyCommand | None) -> None:
    case = Case(house=house() if phase else policy())
    if phase:
        case.does(ANN, phase)
    assert not [event for event in case.passes(9 * MINUTE) if isinstance(event, Asked) and event.ask is Ask.WIDEN]
    assert case.decides(None, c.OfferWidening(step=1)) == ()


def test_without_a_commander_nobody_is_offered_anything() -> None:
    case = Case(MIA, c.Declare(title="checkout fails"), house())
    case.passes(40 * MINUTE)
    assert not case.incident.open_prompts(Ask.WIDEN)
    assert case.decides(None, c.OfferWidening(step=1)) == ()


def test_a_wider_circle_settles_who_is_not_answering() -> None:
    case = Case(house=policy().model_copy(update={"responders": (ZOE,)}))
    case.does(ANN, c.Page(called=BOB))
    case.passes(10 * MINUTE)
    happened = case.does(ANN, c.Widen())
    assert [event.how for event in happened if isinstance(event, Settled)] == ["Ann widened the circle"]


def _private() -> Case:
    return Case(ANN, c.Declare(title="keys are out", private=True, aside=True), house(ZOE))


def test_into_a_private_incident_nobody_comes_but_by_name_of_the_commander() -> None:
    case = _private()
    case.does(ANN, c.Invite(who=MIA))
    refusal = case.refusal(ANN, c.Widen())
    assert refusal is not None
    assert refusal.rule == "by-name"
    assert case.refusal(MIA, c.Page(called=ZOE)) is not None
    case.passes(timedelta(hours=1))
    assert not case.incident.open_prompts(Ask.WIDEN)
    assert case.decides(None, c.OfferWidening(step=1)) == ()
    case.does(ANN, c.Page(called=ZOE))
    assert case.incident.has_member(ZOE)
    case.does(MIA, c.Page(called=ANN))
    assert names(case) == [["Zoe"], ["Ann"]]


# --- what they find ---------------------------------------------------------------------------------------------------


def test_whoever_comes_reads_the_impact_the_theory_the_path_and_what_is_free() -> None:
    case = Case(house=house())
    case.does(ANN, c.SetImpact(text="nobody can pay"))
    for text in ("tax rounding", "cache", "provider"):
        case.does(ANN, c.AddItem(kind=ItemKind.HYPOTHESIS, text=text))
    case.does(MIA, c.Grab(item="H1"))
    case.does(MIA, c.EndItem(item="H1", status=ItemStatus.CONFIRMED))
    case.does(ANN, c.ChoosePath(path=Path.ROLLBACK, why="release 214"))
    case.does(ANN, c.Page(called=ZOE))
    [page] = [plain(card.post.document) for card in cards(case.incident) if card.key == "prompt/page-1"]
    for words in (
        "Zoe: you are paged by Ann",
        "nobody can pay",
        "tax rounding, confirmed",
        "release 214",
        "H2 cache; H3",
    ):
        assert words in page


def told(case: Case) -> dict[tuple[str, str], str]:
    """What is said in private, by card and place."""
    return {
        (card.key, card.channel.id): plain(card.post.document)
        for card in cards(case.incident)
        if card.key.startswith("newcomer/")
    }


def test_who_is_called_into_what_goes_on_is_told_in_private_how_it_stood_then() -> None:
    case = Case(house=house())
    case.does(ANN, c.SetImpact(text="nobody can pay"))
    case.does(ZOE, c.AddNote(text="here"))
    case.does(ANN, c.Page(called="dba", why="the database"))
    case.does(ANN, c.SetImpact(text="all is well"))
    [(where, words)] = told(case).items()
    assert where == ("newcomer/1", f"direct:{TIM.account.id}")
    assert words.splitlines()[0] == "You are paged by Ann: the database."
    assert "nobody can pay" in words
    case.does(ANN, c.Page(called=LEAH, why="the network"))
    case.passes(10 * MINUTE)
    assert told(case)["newcomer/3", f"direct:{BOB.account.id}"].startswith("You are paged by Ann: the network.")
    case.does(ANN, c.Close(cause="x", fixed="y"))
    assert told(case) == {}, "it stands where it was sent, and nobody is told anew"


def test_who_is_called_by_the_declaration_itself_finds_no_more_than_the_call_says() -> None:
    case = Case(MIA, c.Declare(title="checkout fails"), house(ANN))
    assert names(case) == [["Ann"]]
    assert told(case) == {}
    case.passes(10 * MINUTE)
    [words] = told(case).values()
    assert words.startswith("You are paged.")
    assert words.endswith(f"where you answer: {case.incident.name}"), "its channel is not made yet"


def test_somebody_with_accounts_in_both_chats_is_told_in_the_incidents() -> None:
    other = Account(transport="elsewhere", id="zoe", name="Zoe")
    case = Case(house=house())
    case.does(ANN, c.Page(called=ZOE.model_copy(update={"account": other, "others": (ZOE.account, other)})))
    assert list(told(case)) == [("newcomer/1", f"direct:{ZOE.account.id}")]
    case.does(ANN, c.Page(called=TIM.model_copy(update={"account": other})))
    assert ("newcomer/2", "direct:zoe") in told(case)


def test_who_could_not_be_told_is_named_on_the_page_until_they_are() -> None:
    case = Case(house=house())
    case.does(ANN, c.Page(called="dba"))

    def named() -> list[str]:
        [page] = [plain(card.post.document) for card in cards(case.incident) if card.key == "prompt/page-1"]
        return [row for row in page.splitlines() if "in private" in row]

    call = {"prompt": "prompt/page-1", "to": ZOE, "via": IN_PRIVATE}
    case.does(None, c.NotePageTried.model_validate({**call, "sent": False, "why": "they take none"}))
    assert named() == ["Zoe could not be told in private (they take none). What there is to know stands here."]
    assert entries(case)[-1] == "called Zoe by direct message, which failed: they take none"
    case.does(None, c.NotePageTried.model_validate({**call, "sent": True}))
    assert named() == []


def test_of_a_private_incident_nothing_is_told_but_that_it_calls_and_where() -> None:
    case = _private()
    case.does(ANN, c.SetImpact(text="keys are out"))
    case.does(ANN, c.Page(called=ZOE, why="keys are out"))
    [words] = told(case).values()
    assert (
        words == f"You are paged by Ann into a private incident. What it is stands in its channel: {case.incident.name}"
    )


def test_the_board_says_who_is_there_and_what_they_are_on_once_people_are_called() -> None:
    case = Case(house=house())

    def here() -> str:
        [board] = [plain(card.post.document) for card in cards(case.incident) if card.key == "board"]
        return next((row for row in board.splitlines() if row.startswith("Here")), "")

    case.does(ANN, c.AddItem(kind=ItemKind.HYPOTHESIS, text="cache"))
    case.does(MIA, c.Grab(item="H1"))
    assert here() == ""
    case.does(ANN, c.Page(called=ZOE))
    case.does(ZOE, c.Confirm(prompt="prompt/page-1"))
    assert here().endswith("Ann ic · Mia H1 · Zoe free")
    case.does(MIA, c.EndItem(item="H1", status=ItemStatus.RULED_OUT))
    case.does(ANN, c.Close(cause="x", fixed="y"))
    assert here() == ""


def test_a_page_has_one_answer() -> None:
    case = Case(house=house())
    case.does(ANN, c.Page(called="dba"))
    case.does(ZOE, c.Confirm(prompt="prompt/page-1"))
    assert case.does(TIM, c.Confirm(prompt="prompt/page-1")) == ()
    answers = [record for record in case.records if isinstance(record.event, PageAnswered)]
    assert [record.by for record in answers] == [ZOE]
    assert not [record for record in case.records if isinstance(record.event, PageTried)]


@pytest.mark.parametrize("command", [c.Page(called=MIA, why="look"), c.Page(called="dba"), c.Widen()], ids=str)
def test_a_call_of_long_ago_is_asked_again(command: c.Page | c.Widen) -> None:
    case = Case(house=house())
    [asked] = case.does(ANN, command, at=case.now - 11 * MINUTE)
    assert isinstance(asked, Asked)
    assert (asked.ask, asked.again and asked.again.command) == (Ask.STALE, type(command).__name__)
    assert any(
        one.ask is Ask.PAGE for one in case.does(ANN, c.Confirm(prompt="prompt/stale-1")) if isinstance(one, Asked)
    )


def test_a_yes_of_long_ago_to_an_offer_is_asked_again() -> None:
    case = Case(house=house())
    case.does(None, c.OfferWidening(step=1))
    [prompt] = case.incident.open_prompts(Ask.WIDEN)
    [asked] = case.does(ANN, c.Confirm(prompt=prompt.key), at=case.now - 11 * MINUTE)
    assert isinstance(asked, Asked)
    assert (asked.ask, asked.again and asked.again.command) == (Ask.STALE, "Widen")
    assert any(isinstance(one, Widened) for one in case.does(ANN, c.Confirm(prompt="prompt/stale-1")))
    assert not case.incident.open_prompts(Ask.WIDEN)
