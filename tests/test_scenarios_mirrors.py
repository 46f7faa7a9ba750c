"""Mirrors: one text in every audience's room, whatever becomes of the audiences while the incident goes on."""

from __future__ import annotations

from collections.abc import Sequence

from stage import AUDIENCES, Stage

from core.incident.policy import Audience
from core.incident.vocabulary import ChannelRef
from transports.sandbox.places import Kind

TEXT = "[10:02 UTC] Some users cannot pay. Next update 10:32 UTC."


def room(name: str) -> ChannelRef:
    return ChannelRef(transport="sandbox", id=name)


async def published(stage: Stage, words: str = "impact=Some users cannot pay") -> None:
    """An incident with one update, which Ann published."""
    await stage.ann.types("declare checkout fails sev2", stage.triage)
    await stage.ann.types(f"update {words}")
    await stage.ann.types("publish")
    stage.expect_card("draft/1", "published")
    stage.expect_card("update/1")


async def comes_back_with(stage: Stage, audiences: Sequence[Audience]) -> None:
    """A new process on another config."""
    await stage.stop()
    stage.policy = stage.policy.model_copy(update={"audiences": tuple(audiences)})
    await stage.again()
    await stage.fast_forward(seconds=3)


async def test_a_room_that_is_added_gets_the_update_that_stands_in_its_frame(stage: Stage) -> None:
    await published(stage)
    sales = stage.world.create_channel("sales", Kind.AUDIENCE)
    support = AUDIENCES[0].model_copy(update={"rooms": (room("support"), room("sales"))})
    await comes_back_with(stage, (support, AUDIENCES[1]))
    stage.expect_updates(1)
    stage.expect_card("update/1", "For support: reuse the text as it stands.", TEXT, where=sales)
    assert stage.post("update/1", sales).text == TEXT
    assert stage.incident.entries[-1].text == "updates go to other rooms now: support also in sandbox:sales"
    # What is no news is not on the record again.
    await stage.restart()
    assert (await stage.kinds()).count("audiences_set") == 1


async def test_an_audience_that_is_added_gets_the_update_that_stands_and_the_summary(stage: Stage) -> None:
    await published(stage)
    await stage.ann.types("unchanged")
    sales = stage.world.create_channel("sales", Kind.AUDIENCE)
    await comes_back_with(stage, (*AUDIENCES, Audience(name="sales", rooms=(room("sales"),), internal=True)))
    stage.expect_updates(1, 2)
    stage.expect_card("update/2", "Impact is unchanged", where=sales)
    assert [card for where, _, card in stage.standing() if where == sales.id] == ["update/2"]
    await stage.ann.types("close cause=tax fixed=rolled back next=no postmortem")
    stage.expect_summaries()
    stage.expect_card("summary", "Closed: ", where=sales)


async def test_a_room_that_is_removed_keeps_its_copies_true_and_gets_no_new_ones(stage: Stage) -> None:
    await published(stage)
    await comes_back_with(stage, AUDIENCES[1:])
    await stage.ann.types("correct impact=All users cannot pay")
    stage.expect_updates(1)
    stage.expect_card("update/1", "All users cannot pay", "Corrected 10:02 UTC", where=stage.support)
    await stage.ann.types("unchanged")
    for where in (stage.channel, stage.leadership):
        stage.expect_card("update/2", where=where)
    await stage.restart(forget=True)
    await stage.ann.types("withdraw it was wrong")
    await stage.ann.types("withdraw that as well")
    for number in (1, 2):
        for where in (stage.channel, stage.leadership):
            stage.expect_card(f"update/{number}", "Withdrawn", where=where)
    stage.expect_card("update/1", "Withdrawn: that as well", where=stage.support)
    assert [card for where, _, card in stage.standing() if where == stage.support.id] == ["update/1"]


async def test_a_frame_that_is_changed_stands_around_later_updates_alone(stage: Stage) -> None:
    await published(stage)
    await comes_back_with(stage, (AUDIENCES[0].model_copy(update={"frame": "Ask Sam."}), AUDIENCES[1]))
    stage.expect_card("update/1", "For support: reuse the text", lacks="Ask Sam", where=stage.support)
    await stage.ann.types("unchanged")
    stage.expect_updates(1, 2)
    stage.expect_card("update/2", "Ask Sam.", where=stage.support)
    assert "updates go to other rooms" not in " ".join(entry.text for entry in stage.incident.entries)


async def test_a_room_of_two_audiences_has_one_copy_in_the_frame_of_the_first(stage: Stage) -> None:
    both = (AUDIENCES[0], Audience(name="everyone", rooms=(room("support"), room("leadership")), frame="For all."))
    await comes_back_with(stage, both)
    await published(stage)
    stage.expect_card("update/1", "For support", lacks="For all.", where=stage.support)
    stage.expect_card("update/1", "For all.", TEXT, where=stage.leadership)


async def test_two_names_of_one_channel_have_one_copy(stage: Stage) -> None:
    names = (room("support"), room("#support"), room(stage.support.id))
    twice = [Audience(name=f"a{number}", rooms=(name,), frame=f"Frame {number}") for number, name in enumerate(names)]
    await comes_back_with(stage, twice)
    await published(stage)
    stage.expect_card("update/1", "Frame 0", TEXT, where=stage.support)
    await stage.fast_forward(minutes=2)
    await stage.ann.types("correct impact=All users cannot pay")
    stage.expect_card("update/1", "Frame 0", "All users cannot pay", where=stage.support)
    await stage.fast_forward(minutes=2)
    # Neither name of it is missed, and they do not take turns.
    assert stage.incident.deliveries == ()
    assert len(stage.find("update/1", stage.support).versions) == 2


async def test_an_audience_in_triage_and_the_incident_have_one_summary_each(stage: Stage) -> None:
    await comes_back_with(stage, (Audience(name="everyone", rooms=(room("triage"),), internal=True),))
    await published(stage)
    stage.expect_card("update/1", TEXT, where=stage.triage)
    await stage.ann.types("close cause=tax fixed=rolled back next=no postmortem")
    await stage.fast_forward(seconds=5)
    stage.expect_card("summary", where=stage.triage)
    stage.expect_card("summary")


async def test_without_an_update_a_new_room_gets_nothing(stage: Stage) -> None:
    await stage.ann.types("declare checkout fails sev2", stage.triage)
    sales = stage.world.create_channel("sales", Kind.AUDIENCE)
    await comes_back_with(stage, (*AUDIENCES, Audience(name="sales", rooms=(room("sales"),))))
    assert stage.of_tocsin(sales) == []
    await stage.ann.types("update impact=Some users cannot pay")
    await stage.ann.types("publish")
    stage.expect_card("draft/1", "published")
    stage.expect_updates(1)
    stage.expect_card("update/1", TEXT, where=sales)


async def test_what_is_withdrawn_is_not_told_to_a_new_room(stage: Stage) -> None:
    await published(stage)
    stage.expect_updates(1)
    await stage.ann.types("withdraw it was meant for another incident")
    sales = stage.world.create_channel("sales", Kind.AUDIENCE)
    await comes_back_with(stage, (*AUDIENCES, Audience(name="sales", rooms=(room("sales"),))))
    assert stage.of_tocsin(sales) == []


async def test_what_is_closed_gets_no_new_audience_until_it_is_reopened(stage: Stage) -> None:
    await published(stage)
    stage.expect_updates(1)
    await stage.ann.types("close cause=tax fixed=rolled back next=no postmortem")
    stage.expect_summaries()
    sales = stage.world.create_channel("sales", Kind.AUDIENCE)
    await comes_back_with(stage, (AUDIENCES[1], Audience(name="sales", rooms=(room("sales"),), internal=True)))
    assert stage.of_tocsin(sales) == []
    await stage.ann.types("reopen it is back again")
    await stage.fast_forward(seconds=3)
    stage.expect_card("update/1", TEXT, where=sales)
    # Who was told that it is over is told that it is not; who was not is not.
    for where in (stage.channel, stage.triage, stage.support, stage.leadership):
        stage.expect_card("summary", "and reopened", where=where)
    assert [card for where, _, card in stage.standing() if where == sales.id] == ["update/1"]
    await stage.ann.types("close cause=tax fixed=rolled back next=no postmortem")
    for where in (stage.channel, stage.triage, stage.leadership, sales):
        stage.expect_card("summary/2", "Closed: ", where=where)
    assert "summary/2" not in [card for where, _, card in stage.standing() if where == stage.support.id]
