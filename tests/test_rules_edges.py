"""What comes late, twice or from nowhere: commands of the clock and the chats that no longer apply change nothing."""

from __future__ import annotations

import unicodedata
from dataclasses import replace
from datetime import timedelta

import pytest
from incidents import ANN, JON, LEAH, MIA, ROOM, Case, message, person

from core.incident import commands as c
from core.incident.cards import cards, told
from core.incident.document import plain
from core.incident.events import ImpactSet, Origin, Refused, SourceEdited, Told
from core.incident.evolve import begin, evolve, replay
from core.incident.policy import Audience
from core.incident.times import spell
from core.incident.verbs import spelled
from core.incident.vocabulary import ChannelRef, ItemKind, ItemStatus, Path, Phase, Role


@pytest.mark.parametrize(
    "command",
    [
        c.AskForCommander(step=0),
        c.AskToClose(),
        c.AskAboutFreeze(),
        c.LockChannel(),
        c.RemindUpdate(due=Case().now, step=0),
        c.SettleSameOrNew(ask=3, new=True),
        c.Nudge(row="checklist 1"),
        c.Nudge(row="undecided D9"),
        c.NoteChannel(channel=ROOM),
        c.LoseChannel(channel=message("x").channel.model_copy(update={"id": "another"})),
        c.NoteDelivery(card="update/1", channel=ROOM, state="delivered"),
        c.NoteRightGiven(right="pin messages"),
    ],
    ids=lambda command: type(command).__name__,
)
def test_it_was_so_already(command: c.AnyCommand) -> None:
    assert Case().decides(None, command) == ()


def test_a_stream_begins_with_a_declaration() -> None:
    case = Case()
    with pytest.raises(ValueError, match="inc-1 does not begin with a declaration"):
        begin(case.records[1])
    assert replay([]) is None


def test_a_role_on_offer_is_still_refused_to_others() -> None:
    case = Case()
    case.does(ANN, c.HandOff(who=MIA, role=Role.IC))
    refusal = case.refusal(JON, c.Claim(role=Role.IC))
    assert refusal is not None
    assert refusal.rule == "one-holder"


def test_two_messages_make_two_items() -> None:
    case = Case()
    for name in ("m1", "m2", "m1"):
        quote = c.Quote(message=message(name), by=MIA, at=case.now)
        case.does(MIA, c.AddItem(kind=ItemKind.HYPOTHESIS, text=name, quote=quote))
    assert [item.text for item in case.incident.items.values()] == ["m1", "m2"]


def test_each_who_raises_another_alarm_is_asked() -> None:
    case = Case()
    quote = c.Quote(message=message("other"), by=MIA, at=case.now)
    for who in (MIA, JON, MIA):
        case.does(who, c.AskSameOrNew(title="search is empty", quote=quote))
    assert [prompt.asked.to[0].name for prompt in case.incident.open_prompts("same")] == ["Mia", "Jon"]


def test_old_finished_items_fold_into_a_count() -> None:
    case = Case()
    for number in range(1, 10):
        case.does(ANN, c.AddItem(kind=ItemKind.HYPOTHESIS, text=f"theory {number}"))
        if number < 9:
            case.does(ANN, c.EndItem(item=f"H{number}", status=ItemStatus.RULED_OUT))
    board = next(card for card in cards(case.incident) if card.key == "board")
    line = next(row for row in board.post.document.lines if row.label == "Hypotheses")
    text = "".join(getattr(span, "text", "") for span in line.spans)
    assert "theory 2" not in text
    assert text.endswith("H9 theory 9: free · and 2 finished before")


def test_copies_for_audiences_need_no_channel_of_the_incident() -> None:
    case = Case()
    case.does(ANN, c.Draft(impact="some users cannot pay"))
    case.does(ANN, c.Publish())
    case.does(ANN, c.HandOff(who=MIA))
    case.does(None, c.LoseChannel(channel=ROOM))
    shown = [(card.channel.id, card.key) for card in cards(case.incident)]
    assert ("support", "update/1") in shown
    assert "room" not in [channel for channel, _ in shown]


def test_who_asked_from_no_message_is_answered_by_the_chat_itself() -> None:
    """A slash command stands on no message: its refusal has no card, and neither have the words that it asks for."""
    case = Case()
    last, origin = case.records[-1], Origin(kind="chat")
    asked = {"version": last.version + 1, "by": MIA, "source": "slash/1", "origin": origin, "about": "Claim"}
    refused = last.model_copy(update={**asked, "event": Refused(rule="one-holder", answer="Ann is commander.")})
    after = evolve(case.incident, refused)
    assert [letter.answer for letter in after.letters.values()] == ["Ann is commander."]
    assert not [card for card in cards(after) if card.key.startswith("letter/")]
    event = Told(what="board")
    assert told(after, last.model_copy(update={**asked, "event": event}), event) is None


def test_the_last_of_several_missed_reminders_is_the_one_that_is_said() -> None:
    case = Case()
    case.does(JON, c.Claim(role=Role.UPDATES))
    due = case.incident.update_due
    assert due is not None
    case.now = due + timedelta(minutes=6)
    assert case.decides(None, c.RemindUpdate(due=due, step=0)) == ()
    assert case.decides(None, c.RemindUpdate(due=due, step=2)) == (), "there is no backup"
    assert case.decides(None, c.RemindUpdate(due=due, step=3)) != ()


def test_a_person_is_one_whatever_account_they_act_under() -> None:
    other = person("Ann").model_copy(update={"name": "ann (work)"})
    assert Case().refusal(other, c.Close(cause="x", fixed="y")) is None


def test_a_close_ends_a_promise_and_a_reopening_begins_the_clock_anew() -> None:
    case = Case()
    case.does(ANN, c.Draft(impact="some users cannot pay"))
    case.does(ANN, c.Publish())
    promised = case.incident.promised_at
    assert case.incident.update_due == promised
    case.does(ANN, c.Close(cause="x", fixed="y"))
    assert case.incident.update_due is None
    case.now += timedelta(days=1)
    case.does(MIA, c.Reopen(why="it fails again"))
    assert case.incident.promised_at is None
    assert case.incident.update_due == case.incident.begun_at + case.incident.response.update_every
    case.does(ANN, c.Draft(impact="some users cannot pay"))
    case.does(ANN, c.Publish())
    # A promise that a close had ended is neither kept nor broken.
    assert (case.incident.promises.kept, case.incident.promises.broken) == (0, 0)


def test_an_edit_changes_what_was_taken_from_the_message_and_nothing_else_that_stands_there() -> None:
    case = Case()
    typed = case.records[-1].model_copy(
        update={
            "version": case.incident.version + 1,
            "origin": Origin(kind="typed", message=message("m1")),
            "event": ImpactSet(text="some users cannot pay"),
        }
    )
    after = evolve(case.incident, typed)
    edited = typed.model_copy(
        update={
            "version": after.version + 1,
            "origin": None,
            "event": SourceEdited(message=message("m1"), text="nobody can pay", kept=False),
        }
    )
    assert evolve(after, edited).entries == after.entries
    assert after.entries[-1].message == message("m1")


def test_combining_marks_beyond_what_any_script_has_are_left_out() -> None:
    # Each mark is compared with all before it when they are put in order: 60 kB of them took five seconds.
    assert len(c.one_line("a" + "\u0323\u0301" * 30_000)) <= 1 + c.MARKS_LIMIT
    assert c.one_line("nhỏ की त्रुटि שָׁלוֹם") == unicodedata.normalize("NFC", "nhỏ की त्रुटि שָׁלוֹם")


def test_a_reason_that_came_with_the_phase_is_not_noted_again() -> None:
    case = Case()
    change = c.SetPhase(phase=Phase.IDENTIFIED, why="tax rounding")
    case.does(ANN, change)
    assert case.decides(ANN, change) == ()
    # Another one is.
    assert len(case.decides(ANN, c.SetPhase(phase=Phase.IDENTIFIED, why="the cache"))) == 1


def test_an_edit_of_what_nothing_was_made_from_changes_nothing() -> None:
    assert Case().decides(ANN, c.EditSource(message=message("elsewhere"), text="other words")) == ()


def test_a_command_is_spelled_as_it_is_typed() -> None:
    assert spelled(c.PublishUnchanged(every=timedelta(minutes=15))) == f"unchanged {spell(timedelta(minutes=15))}"
    assert spelled(c.Assign(role=Role.SCRIBE, who=MIA)) == "assign scribe @Mia"


def test_a_takeover_passes_for_its_own_silence_only() -> None:
    case = Case()
    case.does(MIA, c.Claim(role=Role.DIAGNOSIS))
    case.does(JON, c.TakeOver(role=Role.DIAGNOSIS))
    case.does(MIA, c.Claim(role=Role.DIAGNOSIS))
    case.does(LEAH, c.TakeOver(role=Role.DIAGNOSIS))
    # Jon's minute is over a moment later; Leah's has hardly begun.
    assert case.decides(None, c.PassRole(prompt="prompt/takeover-1")) == ()
    assert case.decides(None, c.PassRole(prompt="prompt/takeover-2"))


def test_an_incident_of_an_earlier_version_can_be_asked_for_a_decision() -> None:
    case = Case()
    case.does(ANN, c.DecideBy(at=case.now + timedelta(minutes=5), condition="roll back"))
    case.does(None, c.AskDecision(point="D1"))
    old = {action: emoji for action, emoji in case.incident.policy.emoji.items() if not action.startswith("path_")}
    earlier = replace(case.incident, policy=case.incident.policy.model_copy(update={"emoji": old}))
    asked = next(card for card in cards(earlier) if card.key == "prompt/decision-1")
    assert [choice.emoji for choice in asked.post.choices] == ["⏪", "🔧", "⏸️", "🔎"]


def test_nobody_is_there_in_a_channel_that_is_gone() -> None:
    case = Case()
    case.does(None, c.LoseChannel(channel=ROOM))
    assert case.decides(MIA, c.NoteArrival()) == ()


def test_where_nobody_may_correct_an_entry_anybody_may_come_to() -> None:
    case = Case()
    case.does(ANN, c.NoteLeft())
    refusal = case.refusal(MIA, c.Amend(entry=1, text="x"))
    assert refusal is not None
    assert "`claim scribe` takes it." in refusal.answer


def test_a_reminder_that_was_put_off_meanwhile_is_not_said_now() -> None:
    case = Case()
    case.does(ANN, c.Draft(impact="few can pay"))
    case.does(ANN, c.Publish())
    due = case.incident.update_due
    assert due is not None
    case.now = due - timedelta(minutes=1)
    case.does(ANN, c.Snooze(length=timedelta(minutes=5)))
    assert not case.decides(None, c.RemindUpdate(due=due, step=1))
    case.now = due + timedelta(minutes=5)
    assert case.decides(None, c.RemindUpdate(due=due, step=1))


def test_audiences_that_are_over_or_as_before_are_no_news() -> None:
    case, room = Case(), ChannelRef(transport="sandbox", id="more")
    assert not case.decides(None, c.NoteAudiences(audiences=case.incident.audiences))
    more = (*case.incident.audiences, Audience(name="leadership", rooms=(room,)))
    assert case.does(None, c.NoteAudiences(audiences=more))
    case.does(ANN, c.CloseFalseAlarm(why="the probe was down"))
    assert not case.decides(None, c.NoteAudiences(audiences=()))


def test_the_board_says_of_an_item_who_ended_it_as_its_card_does() -> None:
    case = Case()
    case.does(ANN, c.AddItem(kind=ItemKind.HYPOTHESIS, text="the provider is down"))
    case.does(MIA, c.Grab(item="H1"))
    case.does(JON, c.EndItem(item="H1", status=ItemStatus.RULED_OUT))
    shown = {card.post.card: plain(card.post.document) for card in cards(case.incident)}
    assert "Ruled out by Jon" in shown["item/H1"]
    assert "H1 the provider is down: ruled out (JO)" in shown["board"]


def test_nobody_watches_any_more_once_it_is_closed() -> None:
    case = Case()
    case.does(ANN, c.ChoosePath(path=Path.ROLLBACK))
    case.does(ANN, c.EndItem(item="R1", status=ItemStatus.DONE))
    case.does(MIA, c.WatchSignal(signal="payment success"))

    def board() -> str:
        return next(plain(card.post.document) for card in cards(case.incident) if card.post.card == "board")

    assert "R1 roll back: done · Mia watches payment success until" in board()
    case.does(ANN, c.CloseFalseAlarm(why="the probe itself was down"))
    assert "R1 roll back: done" in board()
    assert "watches" not in board()
