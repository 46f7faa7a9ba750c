"""What a postmortem holds, a row of the record at a time: what is in it, what is left out, how it says where it stands."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from typing import Literal
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st
from incidents import ANN, BOB, JON, LEAH, MIA, Case, message, policy, team

from core.incident import commands as c
from core.incident import postmortem
from core.incident.policy import Names, Policy, Postmortems, Service
from core.incident.postmortem.naming import Naming
from core.incident.postmortem.scale import EDGE, GAP, LEFT, RIGHT, Label, placed, scale_of
from core.incident.postmortem.seal import is_sealed
from core.incident.postmortem.svg import clipped, tag, width
from core.incident.vocabulary import Account, ItemKind, ItemStatus, Path, Person, Priority, Role, Severity

MINUTE = timedelta(minutes=1)
CLOSE = c.Close(cause="tax", fixed="rolled back", next="nothing")


def told(case: Case) -> str:
    return postmortem.markdown(case.incident)


def section(case: Case, title: str) -> str:
    return told(case).split(f"\n## {title}\n", 1)[1].split("\n## ", 1)[0]


def texts(case: Case) -> list[str]:
    root = ET.fromstring(postmortem.picture(case.incident))
    return [one.text or "" for one in root.iter("{http://www.w3.org/2000/svg}text")]


def by_roles() -> Policy:
    return policy().model_copy(update={"postmortems": Postmortems(names=Names.ROLES)})


# --- where it stands --------------------------------------------------------------------------------------------------


def test_an_open_incident_gives_the_same_file_marked_as_still_open() -> None:
    case = team()
    case.does(ANN, c.AddNote(text="hm"))
    assert "**This incident is still open.** What stands here is as of 10:02 UTC." in told(case)
    assert "users are not served again yet" in told(case)
    assert 'status: "open"' in told(case)
    assert "goes on" in section(case, "Roles and hand-offs")
    assert any("and still open" in one for one in texts(case))


def test_it_says_who_writes_it_that_it_is_out_or_that_there_will_be_none() -> None:
    case = team()
    case.does(ANN, CLOSE)
    assert "Written by Ann, due" in told(case)
    out, none = case.fork(), case.fork()
    out.does(ANN, c.PublishPostmortem(where="https://wiki.example.org/7"))
    assert "Published 10:02 UTC: https\\://wiki.example.org/7" in told(out)
    assert 'status: "published"' in told(out)
    bare = case.fork()
    bare.does(ANN, c.PublishPostmortem())
    assert "Published 10:02 UTC.\n" in told(bare)
    none.does(ANN, c.WaivePostmortem(why="nothing to learn"))
    assert "There will be none: nothing to learn" in told(none)
    assert 'status: "waived"' in told(none)


def test_where_none_was_asked_for_it_says_so() -> None:
    case = Case(ANN, c.Declare(title="one customer", severity=Severity.SEV3))
    case.does(ANN, CLOSE)
    assert 'status: "not asked for"' in told(case)
    assert "owner: null" in told(case)


@pytest.mark.parametrize("how", [c.CloseFalseAlarm(why="a test of the pager"), c.CloseDuplicate(of=2)])
def test_a_false_alarm_and_a_duplicate_are_told_in_short_and_whole(how: c.AnyCommand) -> None:
    case = team()
    case.does(ANN, how)
    assert case.incident.closed
    assert "## What raised it" in told(case)
    assert "## Hypotheses considered" not in told(case)
    assert "## Timeline (UTC)" in told(case)
    assert "None was published." in told(case)
    assert is_sealed(told(case))
    assert ("a false alarm: a test of the pager" in told(case)) != ("a duplicate of incident 2" in told(case))


def test_a_reopened_one_says_so() -> None:
    case = team()
    case.does(ANN, CLOSE)
    case.passes(3 * timedelta(days=1))
    case.does(ANN, c.Reopen(why="it came back once more"))
    assert "- **Reopened:** 5 May 10:02, closed before at 10:02: it came back once more" in told(case)
    assert "### Tue 5 May 2026" in section(case, "Timeline (UTC)")


# --- what is in it ----------------------------------------------------------------------------------------------------


def test_hidden_and_withdrawn_entries_are_left_out_and_corrected_ones_marked() -> None:
    case = team()
    for text in ("first", "second", "third"):
        case.does(ANN, c.AddNote(text=text, quote=c.Quote(message=message(text), by=ANN, at=case.now)))
    numbers = {one.text: one.number for one in case.incident.entries}
    case.does(ANN, c.HideEntry(entry=numbers["first"], hidden=True))
    case.does(ANN, c.WithdrawEntry(message=message("second"), kind="noted"))
    case.does(ANN, c.Amend(entry=numbers["third"], text="the third"))
    said = section(case, "Timeline (UTC)")
    assert "first" not in said
    assert "second" not in said
    assert "Ann: the third (amended)" in said
    case.does(ANN, c.HideEntry(entry=numbers["first"], hidden=False))
    assert "first" in section(case, "Timeline (UTC)")


def test_evidence_stands_with_its_item_and_deleted_evidence_is_left_out() -> None:
    case = team()
    case.does(MIA, c.AddItem(kind=ItemKind.HYPOTHESIS, text="the cache"))
    for text in ("flat", "gone"):
        quote = c.Quote(message=message(text), by=BOB, at=case.now)
        case.does(BOB, c.GiveEvidence(item="H1", text=f"{text} graph", quote=quote))
    case.does(BOB, c.DeleteSource(message=message("gone")))
    case.does(MIA, c.AddItem(kind=ItemKind.ACTION, text="compare configs", parent="H1"))
    case.does(MIA, c.AddItem(kind=ItemKind.ACTION, text="call the provider"))
    case.does(MIA, c.EndItem(item="H1", status=ItemStatus.RULED_OUT, result="no change"))
    said = section(case, "Hypotheses considered")
    assert "  - 10:02 Bob: flat graph" in said
    assert "gone" not in said
    assert "  - nobody took it" in said
    assert "**ruled out** 10:02 by Mia: no change" in said
    assert "  - **A1** compare configs (Mia, 10:02)" in said
    assert "call the provider" in section(case, "Other actions")
    assert "still open" in section(case, "Other actions")
    case.does(ANN, CLOSE)
    assert "left open at the close" in section(case, "Other actions")


def test_a_long_chain_of_items_is_told_whole() -> None:
    case = team()
    case.does(MIA, c.AddItem(kind=ItemKind.HYPOTHESIS, text="idea 1"))
    for number in range(1, 40):
        case.does(MIA, c.AddItem(kind=ItemKind.HYPOTHESIS, text=f"idea {number + 1}", parent=f"H{number}"))
    assert all(f"**H{number}** idea {number} " in section(case, "Hypotheses considered") for number in range(1, 41))


def test_decisions_say_what_became_of_them_also_where_the_choice_is_hidden() -> None:
    case = team()
    for why in ("old value", "new value"):
        case.does(LEAH, c.ChoosePath(path=Path.FIX, why=why))
        case.does(LEAH, c.EndItem(item=list(case.incident.items)[-1], status=ItemStatus.DROPPED))
    case.does(LEAH, c.ChoosePath(path=Path.DIG, why="we look again"))
    first = next(one for one in case.incident.entries if one.kind == "path_chosen")
    case.does(ANN, c.HideEntry(entry=first.number, hidden=True))
    said = section(case, "Decisions and recovery actions")
    assert said.count("it did not help") == 2
    assert "path: ship a fix: old value" not in said
    assert said.index("new value (R2)") < said.index("keep digging: we look again") < said.index("**R1**")


def test_objections_stand_with_how_they_ended() -> None:
    case = team()
    case.does(LEAH, c.ChoosePath(path=Path.FIX, why="a patch"))
    case.does(JON, c.Object(why="rolling back is faster"))
    case.does(ANN, c.Object(why="agreed"))
    said = section(case, "Decisions and recovery actions")
    assert "Jon: objects to “path: ship a fix: a patch (R1)”: rolling back is faster" in said
    assert "overturned" in said


def test_updates_are_marked_corrected_and_withdrawn() -> None:
    case = team()
    for command in (
        c.Draft(impact="Some users cannot pay", next="We look", every=5 * MINUTE, affected="Card payers"),
        c.Publish(),
        c.CorrectUpdate(impact="All users cannot pay"),
        c.WithdrawUpdate(why="wrong incident"),
    ):
        case.does(JON, command)
    said = section(case, "Updates as published")
    assert "corrected 10:02, and reads now; withdrawn 10:02: wrong incident" in said
    assert f"  > \\{case.incident.updates[0].text.replace(']', chr(92) + ']', 1)}" in said
    assert "2" not in texts(case), "one circle"


def test_follow_ups_are_a_table_and_the_debrief_is_its_one_change() -> None:
    case = team()
    case.does(ANN, CLOSE)
    due = case.now.date() + timedelta(days=3)
    case.does(ANN, c.FollowUp(text="a | test", owner=MIA, due=due, priority=Priority.P1))
    case.does(ANN, c.Debrief(change="page recovery too"))
    assert "| F1 | P1 | a \\| test | Mia | Tue 5 May 2026 | open |" in section(case, "Action items")
    assert "Next time: page recovery too (Ann)" in section(case, "Debrief")


def test_what_delayed_it_is_a_table_of_the_longest() -> None:
    case = team()
    for number in range(14):
        case.now += (11 + number) * MINUTE
        case.does(ANN, c.AddNote(text=f"{number}"))
    said = section(case, "What delayed us")
    assert said.count("nothing new came on the record") == 10
    assert "|  | 50 min | 4 more of this kind: silence on the record |" in said
    assert "14 delays: see" in section(case, "What went badly")
    assert "always after" in section(case, "What went well")


def test_what_went_well_says_no_more_than_the_record() -> None:
    case = Case(MIA)
    case.now += 5 * MINUTE
    case.does(MIA, c.AddNote(text="nobody leads"))
    assert section(case, "What went well").strip().startswith("*")
    assert "Nobody held a role." in told(case)
    assert "None is on the record." in section(case, "Decisions and recovery actions")
    other = Case(ANN)
    other.does(ANN, c.HandOff(role=Role.IC, who=BOB))
    other.does(BOB, c.Confirm(prompt="prompt/handoff-1"))
    assert "Roles were handed off, and nothing was handled twice." in section(other, "What went well")
    assert "1 hand-off." in section(other, "Roles and hand-offs")


def test_the_service_and_the_latest_change_are_in_it() -> None:
    house = policy().model_copy(update={"services": (Service(name="checkout", team=(LEAH,), rollback_owner=LEAH),)})
    case = Case(ANN, c.Declare(title="it fails", service="checkout"), house)
    case.does(ANN, c.RecordChange(what="release 214", at=case.now - 5 * MINUTE))
    assert "- **Service:** checkout" in told(case)
    assert "The latest change: release 214, 09:57" in told(case)


# --- names ------------------------------------------------------------------------------------------------------------


def test_a_name_that_is_nothing_is_found_nowhere() -> None:
    account = Account(transport="sandbox", id="nobody", name=" ")
    nobody = Person(key="n", name=" ", initials="N", account=account)
    case = Case(nobody, house=by_roles().model_copy(update={"on_call": ()}))
    assert Naming(case.incident).text("as it stands", case.now) == "as it stands"


def test_whom_the_catalogue_names_has_a_letter_too() -> None:
    catalogue = (Service(name="checkout", team=(LEAH,), rollback_owner=LEAH, backup=MIA),)
    case = Case(ANN, house=by_roles().model_copy(update={"services": catalogue}))
    case.does(ANN, c.AddNote(text="shall we ask Leah, or Mia?"))
    assert "shall we ask the recovery owner, or responder D?" in section(case, "Timeline (UTC)")


def test_a_mention_is_a_person_and_a_figure_is_none() -> None:
    account = Account(transport="matrix", id="7", name="Guest")
    other = Account(transport="matrix", id="@guest:example.org", name="Guest")
    guest = Person(key="g", name="Guest", initials="G", account=account, others=(other,))
    case = Case(ANN, house=by_roles())
    case.does(guest, c.AddNote(text="7 of 9 asked <@7>, <@!7> and @guest:example.org; Guests may wait"))
    who = "responder C"
    assert f"7 of 9 asked {who}, {who} and {who}; Guests may wait" in section(case, "Timeline (UTC)")


def test_letters_go_on_after_z() -> None:
    case = Case(ANN, house=by_roles())
    for number in range(30):
        account = Account(transport="sandbox", id=f"{number}", name=f"Guest{number}")
        who = Person(key=f"g{number}", name=f"Guest{number}", initials="G", account=account)
        case.does(who, c.AddNote(text=f"note {number}"))
    said = section(case, "Timeline (UTC)")
    assert "responder Z: note" in said
    assert "responder AA: note" in said


def test_who_hands_over_is_named_by_what_they_were_and_after_the_close_by_what_they_held_last() -> None:
    case = Case(ANN, house=by_roles())
    case.does(ANN, c.HandOff(role=Role.IC, who=BOB))
    case.does(BOB, c.Confirm(prompt="prompt/handoff-1"))
    case.now += MINUTE
    case.does(ANN, c.AddNote(text="Bob has it"))
    case.does(BOB, CLOSE)
    case.now += 60 * MINUTE
    case.does(BOB, c.AddNote(text="thanks"))
    said = section(case, "Timeline (UTC)")
    assert "responder B: is incident commander (handed off from the incident commander)" in said
    assert "responder A: the incident commander has it" in said
    assert "the incident commander: thanks" in said


def test_many_holders_of_one_role_are_counted() -> None:
    case = Case(ANN, house=by_roles())
    for number in range(11):
        account = Account(transport="sandbox", id=f"{number}", name=f"Guest{number}")
        who = Person(key=f"g{number}", name=f"Guest{number}", initials="G", account=account)
        case.does(ANN, c.Assign(role=Role.SCRIBE, who=who))
    said = section(case, "Roles and hand-offs")
    assert "| scribe | ninth holder |" in said
    assert "| scribe | 11th holder |" in said


# --- the picture ------------------------------------------------------------------------------------------------------


def _busy(minutes: int, count: int) -> Case:
    case = team()
    for number in range(count):
        who = (ANN, BOB, MIA, JON, LEAH)[number % 5]
        kind: Literal[ItemKind.HYPOTHESIS, ItemKind.ACTION] = ItemKind.ACTION if number % 2 else ItemKind.HYPOTHESIS
        case.does(who, c.AddItem(kind=kind, text=f"idea {number} 決済 {'long ' * (number % 9)}"))
        key = list(case.incident.items)[-1]
        for taker in (MIA, BOB)[: number % 3]:
            case.does(taker, c.LetGo(item=key))
            case.does(taker, c.Grab(item=key))
        if number % 4:
            case.does(who, c.EndItem(item=key, status=ItemStatus.RULED_OUT if number % 2 == 0 else ItemStatus.DONE))
        case.does(LEAH, c.ChoosePath(path=Path.FIX, why=f"patch {number} with a long reason for it"))
        case.does(LEAH, c.EndItem(item=list(case.incident.items)[-1], status=ItemStatus.DROPPED))
        case.does(ANN, c.Assign(role=Role.DIAGNOSIS, who=who))
        case.does(JON, c.Draft(impact=f"Some users cannot pay {number}", next="We look", every=2 * MINUTE))
        case.does(JON, c.Publish())
        if number % 7 == 3:
            case.does(JON, c.WithdrawUpdate(why="wrong words"))
        case.now += minutes * MINUTE / count
    case.does(LEAH, c.Freeze())
    case.does(LEAH, c.SetPhase(phase=case.incident.phase.MONITORING))
    case.does(LEAH, c.Resolve(fixed="x"))
    case.does(ANN, CLOSE)
    return case


@pytest.mark.parametrize(("minutes", "count"), [(5, 1), (5, 12), (60, 30), (3 * 24 * 60, 60)])
@pytest.mark.parametrize("names", Names)
def test_no_words_of_a_picture_lie_on_each_other_or_leave_it(minutes: int, count: int, names: Names) -> None:
    case = _busy(minutes, count)
    policy = case.incident.policy.model_copy(update={"postmortems": Postmortems(names=names)})
    root = ET.fromstring(postmortem.picture(replace(case.incident, policy=policy)))
    boxes = []
    for one in root.iter("{http://www.w3.org/2000/svg}text"):
        size, long = float(one.get("font-size", "11")), width(one.text or "", float(one.get("font-size", "11")))
        x, y = float(one.get("x", "0")), float(one.get("y", "0"))
        left = x - {"middle": long / 2, "end": long}.get(one.get("text-anchor", ""), 0)
        if one.text and one.get("font-weight") != "bold":
            boxes.append((left, left + long, y - size * 0.75, y, one.text))
    for index, (left, right, top, bottom, words) in enumerate(boxes):
        assert left >= 0, words
        assert right <= 900 + 40, words
        for other in boxes[:index]:
            apart = right <= other[0] or other[1] <= left or bottom <= other[2] or other[3] <= top
            assert apart, (words, other[4])
    shown = [one for one in boxes if "more:" in one[4]]
    assert bool(shown) == (len(case.incident.items) > 24)


def test_an_incident_of_a_moment_has_a_picture_too() -> None:
    assert "investigating" in texts(Case())


@given(st.lists(st.tuples(st.floats(LEFT, RIGHT), st.text("abc ", max_size=30)), max_size=40), st.integers(1, 8))
def test_labels_are_kept_apart_and_counted(given_: list[tuple[float, str]], levels: int) -> None:
    labels = [Label(x, text) for x, text in given_]
    found, lines, left_out = placed(labels, 10, levels)
    assert len(found) + left_out == len(labels)
    assert lines <= levels
    for level in range(lines):
        row = sorted((one.left, one.left + width(one.label.text, 10)) for one in found if one.level == level)
        assert all(before[1] + GAP <= after[0] + 1e-6 for before, after in pairwise(row))
        assert all(right <= EDGE + 1e-6 for _, right in row)


@given(st.integers(0, 4 * 10**8))
def test_an_axis_has_few_marks_in_order(seconds: int) -> None:
    case = Case()
    axis = scale_of(case.now, case.now + timedelta(seconds=seconds))
    marks = list(axis.marks())
    assert 1 <= len(marks) <= 10
    assert [at for at, *_ in marks] == sorted(at for at, *_ in marks)
    assert marks[0][2]
    assert all(words or day for _, words, day in marks)
    assert axis.x(axis.start) == LEFT
    assert axis.x(axis.end) == RIGHT


@given(st.text(max_size=60), st.floats(0, 300))
def test_clipped_text_fits(text: str, room: float) -> None:
    short = clipped(text, 11, room)
    assert width(short, 11) <= room or not text.split()


def test_an_element_escapes_what_it_holds() -> None:
    drawn = tag("text", text="<a href='x'>&\x00\u202e", x=1.0, font_size=2.25)
    assert drawn == '<text x="1" font-size="2.2">&lt;a href=&apos;x&apos;&gt;&amp;\ufffd\ufffd</text>'
    assert width("e\u0301", 10) == width("e", 10)
