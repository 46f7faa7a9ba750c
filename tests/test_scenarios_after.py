"""After the close, in the chat: the record posted, the postmortem reminded of, follow-ups listed weekly, one change carried on."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from stage import AUDIENCES, Stage, open_stage

from core import activity_log
from core.activity_log import HOUSE
from core.incident.policy import Policy
from core.roster import Roster

CLOSE = "close cause=tax rounding fixed=rolled back"


async def _closed(stage: Stage, more: str = "") -> None:
    await stage.ann.types("declare checkout fails", stage.triage)
    await stage.ann.types(f"{CLOSE} {more}".strip())
    stage.expect_summaries()


def _lists(stage: Stage) -> list[str]:
    return [card for where, _, card in stage.standing() if card.startswith("digest/") and where == stage.triage.id]


async def test_the_close_says_what_comes_next(stage: Stage) -> None:
    await _closed(stage)
    stage.expect_card("summary", "Postmortem   Ann, due Fri 8 May 2026", where=stage.support)
    stage.expect_card(
        "postmortem", "Postmortem: Ann, due Fri 8 May 2026", "as of 10:02 UTC", "`postmortem published LINK`"
    )
    stage.expect_card("course")
    stage.expect_card("debrief", "One change, not ten", "1. When did everybody know who was in command?")


async def test_the_postmortem_is_posted_anew_when_asked_for_and_the_old_one_folds(stage: Stage) -> None:
    await _closed(stage)
    await stage.fast_forward(minutes=60)
    await stage.mia.types("postmortem")
    stage.expect_card("postmortem", "as of 10:02 UTC", lacks="Ann")
    stage.expect_card("postmortem/2", "Postmortem: Ann", "as of 11:02 UTC")
    stage.expect_card("course/2")
    await stage.mia.types("postmortem @Leah due=2026-05-11")
    stage.expect_card("postmortem/2", "Postmortem: Leah, due Mon 11 May 2026")
    stage.expect_card("summary", "Postmortem   Leah, due Mon 11 May 2026")


async def test_reminders_come_in_triage_and_one_press_says_that_it_is_out(stage: Stage) -> None:
    await _closed(stage)
    await stage.fast_forward(days=4, hours=23)
    asked = stage.expect_card(
        "prompt/postmortem-1", "Ann: the postmortem of inc 1, checkout fails, is due", where=stage.triage
    )
    assert "Fri 8 May 2026" in asked
    await stage.mia.reacts_in_vain("prompt/postmortem-1", "✅", "its owner or the commander")
    await stage.ann.reacts("prompt/postmortem-1", "✅")
    stage.expect_card("prompt/postmortem-1", "The postmortem: it is out.", where=stage.triage)
    stage.expect_card("postmortem", "Postmortem: out since")
    assert stage.incident.locked
    await stage.fast_forward(days=14)
    assert _lists(stage) == []


async def test_a_late_one_is_asked_for_after_the_channel_is_read_only_and_a_restart_forgets_nothing(
    stage: Stage,
) -> None:
    await _closed(stage, "owner=@Mia")
    await stage.fast_forward(days=7, hours=1)
    stage.expect_card("prompt/postmortem-1", "asked again", where=stage.triage)
    stage.expect_card("prompt/postmortem-2", "Mia: the postmortem", where=stage.triage)
    assert stage.incident.locked
    await stage.restart(forget=True)
    await stage.fast_forward(days=4)
    stage.expect_card("prompt/postmortem-3", "was due Fri 8 May 2026", where=stage.triage)
    await stage.mia.types("postmortem published 1 https://wiki.example.org/7", stage.triage)
    stage.expect_card("postmortem", "out since", "https://wiki.example.org/7")
    stage.expect_everything()


async def test_none_is_a_word_too_also_from_triage(stage: Stage) -> None:
    await _closed(stage)
    await stage.ann.types("postmortem none 1 incident 6 covers it", stage.triage)
    stage.expect_card("postmortem", "Postmortem: none, since incident 6 covers it")
    await stage.fast_forward(days=14)
    stage.expect_no_card("prompt/postmortem-1")


async def test_in_triage_the_answer_says_where_the_number_goes(stage: Stage) -> None:
    await _closed(stage)
    await stage.ann.is_told("followup-done F1", "`followup-done 7.F1` for incident 7", where=stage.triage)
    await stage.ann.is_told("followup-drop F1 it is old", "`followup-drop 7.F1 WHY`", where=stage.triage)
    await stage.ann.is_told("followup-move F1 friday", "`followup-move 7.F1 due=DATE`", where=stage.triage)
    await stage.ann.is_told("postmortem published", "`postmortem published 7 LINK`", where=stage.triage)
    await stage.ann.is_told("postmortem none it is old", "`postmortem none 7 WHY`", where=stage.triage)
    for words in ("followup-done 9.F1", "followup-move 9.F1 friday", "postmortem published 9", "postmortem none 9 old"):
        await stage.ann.is_told(words, "There is no incident 9.", where=stage.triage)


async def test_follow_ups_are_one_list_that_is_edited(stage: Stage) -> None:
    await stage.ann.types("declare checkout fails", stage.triage)
    await stage.mia.types("action call the provider @Mia")
    stage.expect_card("item/A1")
    await stage.ann.says(f"!inc {CLOSE} next=none")
    await stage.ann.reacts("prompt/close-1", "🏁")
    stage.expect_card("prompt/close-1", "closed")
    stage.expect_summaries()
    stage.expect_card("item/A1", "Carried over")
    stage.expect_card("followups", "F1 · P2 · call the provider · Mia · due Fri 8 May 2026")
    await stage.jon.types("followup alert on failing payments owner=@Leah due=2026-05-12 priority=P1")
    await stage.mia.types("followup-done F1 they answered")
    await stage.jon.types("followup-move 2 due=2026-05-13")
    stage.expect_card(
        "followups", "F1 · P2 · call the provider · Mia · done (they answered)", "F2 · P1", "Wed 13 May 2026"
    )
    await stage.jon.is_told("followup write it down", "has an owner, a day and a priority", "owner=@who due=DATE")
    await stage.jon.is_told("followup-drop F2", "followup-drop")
    assert [card for *_, card in stage.standing()].count("followups") == 1


async def test_what_is_open_is_listed_every_monday_with_the_one_before_folded(stage: Stage) -> None:
    await _closed(stage)
    await stage.jon.types("followup alert on failing payments owner=@Leah due=2026-05-12")
    await stage.fast_forward(days=1, hours=22)
    assert _lists(stage) == [], "Sunday"
    await stage.fast_forward(days=1)
    said = stage.expect_card(
        "digest/2026-05-04",
        "Still open",
        "1.F1 · P2 · alert on failing payments · Leah · due Tue 12 May 2026",
        where=stage.triage,
    )
    assert "postmortem" not in said, "it is not late"
    await stage.restart(forget=True)
    await stage.fast_forward(days=7)
    stage.expect_card("digest/2026-05-04", "What was open on Mon 4 May 2026.", where=stage.triage)
    stage.expect_card(
        "digest/2026-05-11", "1.F1", "postmortem of inc 1 checkout fails · Ann · was due Fri 8 May", where=stage.triage
    )
    await stage.leah.types("followup-done 1.F1", stage.triage)
    await stage.ann.types("postmortem published 1", stage.triage)
    stage.expect_card("followups", "done")
    await stage.fast_forward(days=7)
    assert _lists(stage) == ["digest/2026-05-04", "digest/2026-05-11"], "nothing is open, so nothing is said"
    stage.expect_everything()


async def test_a_monday_without_the_bot_is_made_up_for_once(stage: Stage) -> None:
    await _closed(stage, "next=none")
    await stage.jon.types("followup alert owner=@Leah due=2026-06-12")
    stage.expect_card("followups")
    await stage.restart(away=timedelta(days=5))
    await stage.fast_forward(minutes=1)
    assert _lists(stage) == ["digest/2026-05-04"]
    stage.expect_card("digest/2026-05-04", "1.F1", where=stage.triage)
    # What is added after a week's moment waits for the next.
    await stage.jon.types("followup runbook owner=@Leah due=2026-06-12")
    await stage.restart()
    await stage.fast_forward(minutes=1)
    stage.expect_card("digest/2026-05-04", "1.F1", lacks="runbook", where=stage.triage)
    digests = [record for record in await stage.tocsin.log.load(HOUSE) if record.event.kind == "digest_posted"]
    assert len(digests) == 1


async def test_a_house_that_wants_no_list_gets_none(tmp_path: Path) -> None:
    def quiet(roster: Roster) -> Policy:
        return Policy(audiences=AUDIENCES)

    async with open_stage(tmp_path, policy=quiet) as stage:
        await stage.ann.types("declare checkout fails sev3", stage.triage)
        await stage.ann.types("claim ic")
        await stage.ann.types(CLOSE)
        stage.expect_summaries()
        await stage.jon.types("followup alert owner=@Leah due=2026-06-12")
        stage.expect_card("followups")
        await stage.fast_forward(days=8)
        assert _lists(stage) == []


async def test_one_change_is_chosen_and_the_next_board_says_it(stage: Stage) -> None:
    await _closed(stage)
    await stage.mia.types("debrief the commander says aloud who has recovery")
    stage.expect_card("debrief", "Debrief: next time the commander says aloud who has recovery (Mia)")
    await stage.fast_forward(minutes=11)
    await stage.restart()
    await stage.ann.types("declare search is empty", stage.triage)
    stage.expect_card("board", "Last time    we said: the commander says aloud who has recovery (inc 1)")
    await stage.ann.types(f"{CLOSE} next=none")
    stage.expect_card("board", lacks="Last time")
    stage.expect_summaries()


async def test_what_is_in_a_debrief_of_a_reopened_incident_begins_anew(stage: Stage) -> None:
    await _closed(stage)
    await stage.mia.types("debrief say it aloud")
    await stage.mia.types("reopen payments fail again")
    stage.expect_card("postmortem", "none, since it was reopened")
    for room in (stage.channel, stage.triage, stage.support, stage.leadership):
        stage.expect_card("summary", "reopened", where=room)
    await stage.ann.types(CLOSE)
    stage.expect_summaries(2)
    stage.expect_card("debrief", "next time say it aloud (Mia)")
    stage.expect_card("debrief/2", "One change, not ten")
    stage.expect_card("postmortem/2", "Postmortem: Ann")


async def test_the_watch_says_what_is_watched(stage: Stage) -> None:
    await stage.ann.types("declare checkout fails sev3", stage.triage)
    await stage.ann.types("path rollback")
    await stage.ann.types("done R1")
    await stage.ann.types("watch payment success above 99 % @Mia 20m")
    await stage.ann.types("resolve")
    stage.expect_card("prompt/watch-1", "Watching payment success above 99 % (Mia) until 10:12 UTC.")
    stage.expect_everything()


async def test_an_incident_that_cannot_be_read_keeps_no_list_from_being_posted(stage: Stage) -> None:
    for number, title in enumerate(("checkout fails", "search is empty"), 1):
        await stage.ann.types(f"declare {title} sev3", stage.triage)
        await stage.ann.types(f"{CLOSE} next=none")
        await stage.jon.types(f"followup alert {number} owner=@Leah due=2026-06-12")
        await stage.fast_forward(minutes=11)
    await stage.fast_forward(days=8)
    assert not stage.tocsin.post.awake()
    here = "stream = 'inc-1' AND version = 3"
    [(body,)] = await stage.database.rows(f"SELECT body FROM events WHERE {here}")
    await stage.database.write(f"UPDATE events SET body = '5' WHERE {here}")
    await stage.fast_forward(days=7)
    await stage.database.write(f"UPDATE events SET body = ? WHERE {here}", (body,))
    stage.expect_card("digest/2026-05-11", "2.F1 · P3 · alert 2", lacks="alert 1", where=stage.triage)
    stage.expect_everything()


async def test_the_last_reminder_is_said_by_a_process_that_was_away_at_its_moment(stage: Stage) -> None:
    await _closed(stage)
    await stage.fast_forward(days=7)
    for number in (1, 2):
        stage.expect_card(f"prompt/postmortem-{number}", where=stage.triage)
    await stage.restart(away=timedelta(days=5))
    await stage.fast_forward(minutes=1)
    stage.expect_card("prompt/postmortem-3", "was due Fri 8 May 2026", where=stage.triage)
    stage.expect_card("digest/2026-05-11", "postmortem of inc 1", where=stage.triage)
    stage.expect_everything()


async def test_a_number_that_is_no_incident_is_said_to_be_none(stage: Stage) -> None:
    for line in ("postmortem published 9 https://wiki.example.org/7", "postmortem none 9 moot", "followup-done 9.F1"):
        await stage.ann.is_told(line, "There is no incident 9", where=stage.triage)


async def test_what_comes_after_is_given_to_those_who_can_say_that_it_is_done(stage: Stage) -> None:
    await _closed(stage)
    for line in ("postmortem @Zoe", "followup alert owner=@Zoe due=2026-05-12"):
        await stage.ann.is_told(line, "Zoe is no responder")


async def test_who_owes_a_postmortem_is_reminded_however_much_was_recorded_since(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(activity_log, "LATEST", 0)
    await _closed(stage)
    await stage.fast_forward(days=7, hours=1)
    await stage.restart()
    await stage.fast_forward(days=4)
    stage.expect_card("prompt/postmortem-3", "was due Fri 8 May 2026", where=stage.triage)
    stage.expect_everything()


async def test_a_postmortem_of_another_incident_does_not_end_this_ones(stage: Stage) -> None:
    await stage.ann.types("declare checkout fails sev3", stage.triage)
    first = stage.channel
    await stage.ann.types(f"{CLOSE} owner=@Ann")
    await stage.ann.is_told(
        "postmortem published 9 https://wiki.example.org/9", "not the channel of incident 9", where=first
    )
    assert not stage.incident.locked
    await stage.ann.types("postmortem published 1 https://wiki.example.org/1", first)
    stage.expect_card("postmortem", "out since", "https://wiki.example.org/1")
    stage.expect_everything()


async def test_what_was_open_at_a_false_alarm_is_in_nobodys_hands(stage: Stage) -> None:
    await stage.ann.types("declare checkout fails sev3", stage.triage)
    await stage.mia.types("action call the provider @Mia")
    await stage.mia.types("hypothesis the cache")
    await stage.ann.types("close false-alarm the probe was down")
    stage.expect_card("item/A1", "open at the close", lacks="is on it")
    stage.expect_card("item/H1", "open at the close", lacks="free to grab")
    stage.expect_card("board", "A1 call the provider: open at the close", "H1 the cache: open at the close")
    stage.expect_summaries()
