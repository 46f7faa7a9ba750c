"""Every row of the emoji table, and its twin in words: both leave the same events on the record."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest
from stage import AUDIENCES, Stage, open_stage

from bot.runbooks.markdown import runbook
from core.activity_log import stream_of
from core.incident.events import Ask, Recorded
from core.incident.policy import Policy, Service
from core.incident.runbook import Shelf
from core.incident.vocabulary import MessageRef
from core.roster import Roster
from transports.reactions import REACTIONS, Where


@dataclass(frozen=True)
class Twin:
    """How to come to where the emoji is, what it is put on, and the same act in words.

    What is done before is Ann's, unless it says whose it is. `service` is the one that is hit.
    """

    action: str
    target: str
    words: str
    before: tuple[str, ...] = ()
    wait: float = 0
    service: str = ""


DECISION = ("decide-by 10m roll back if errors stay",)
OBJECTION = ("Leah: claim recovery", "Mia: claim diagnosis", "Leah: path fix", "Mia: object it takes too long")
WATCHED = ("path rollback", "done R1", "watch payments 10m")
DRAFT = "update impact=Some users cannot pay next=We test a rollback every=15m"

STEPS = b"".join(b"- turn off node %d\n" % number for number in range(1, 10))
SHELF = Shelf((runbook("shop", b"# Shop\n## Fix\n" + STEPS + b"## After\n\nbreathe"),))

TWINS = (
    Twin("claim_ic", "board", "claim ic", ("handoff @Leah ic",)),
    Twin("claim_diagnosis", "board", "claim diagnosis"),
    Twin("claim_updates", "board", "claim updates"),
    Twin("claim_recovery", "board", "claim recovery"),
    Twin("claim_scribe", "board", "claim scribe"),
    Twin("freeze", "board", "freeze"),
    Twin("widen", "board", "widen"),
    Twin("hypothesis", "", "hypothesis tax rounding"),
    Twin("action", "", "action tax rounding"),
    Twin("decision", "", "decide tax rounding"),
    Twin("pin", "", "note tax rounding"),
    Twin("draft", "", "draft impact=tax rounding"),
    Twin("grab", "item/H1", "grab h1", ("hypothesis cache",)),
    Twin("done", "item/H1", "done H1", ("hypothesis cache",)),
    Twin("done", "item/H1", "confirm H1", ("hypothesis cache",)),
    Twin("done", "item/A1", "done A1", ("action call them",)),
    Twin("done", "item/R1", "done R1", ("path rollback",)),
    Twin("cross_off", "item/H1", "drop H1", ("hypothesis cache",)),
    Twin("cross_off", "item/H1", "rule-out H1", ("hypothesis cache",)),
    Twin("cross_off", "item/A1", "drop A1", ("action call them",)),
    Twin("cross_off", "item/R1", "drop R1", ("path rollback",)),
    Twin("publish", "draft/1", "publish", (DRAFT,)),
    Twin("discard", "draft/1", "discard", (DRAFT,)),
    Twin("unchanged", "prompt/update-1", "unchanged", (DRAFT, "publish"), wait=13),
    Twin("close", "prompt/close-1", "close cause=x fixed=y", ("resolve", "close cause=x fixed=y"), wait=0),
    Twin("yes", "prompt/handoff-1", "yes handoff-1", ("handoff @Ann",)),
    Twin("yes", "prompt/takeover-1", "yes takeover-1", ("takeover ic",)),
    Twin("path_rollback", "prompt/decision-1", "path rollback", DECISION, wait=11),
    Twin("path_fix", "prompt/decision-1", "path fix", DECISION, wait=11),
    Twin("path_pause", "prompt/decision-1", "path pause", DECISION, wait=11),
    Twin("path_dig", "prompt/decision-1", "path dig", DECISION, wait=11),
    Twin("path_rollback", "prompt/objection-1", "path rollback", OBJECTION),
    Twin("path_dig", "prompt/objection-1", "path dig", OBJECTION),
    Twin("yes", "prompt/objection-1", "yes objection-1", OBJECTION),
    Twin("no", "prompt/objection-1", "no objection-1", OBJECTION),
    Twin("no", "prompt/objection-1", "no", OBJECTION),
    Twin("yes", "prompt/worked-1", "yes worked-1", WATCHED, wait=11),
    Twin("no", "prompt/worked-1", "no worked-1", WATCHED, wait=11),
    *(Twin(f"met_{number}", "thresholds", f"met {number}", service="shop") for number in range(1, 10)),
    *(Twin(f"step_{number}", "runbook/1", f"step {number}", ("runbook shop 1",)) for number in range(1, 10)),
    Twin("next_page", "runbook/1", "runbook shop 2", ("runbook shop 1",)),
    Twin("came_back", "prompt/watch-1", "came-back", ("resolve",)),
    Twin("published", "postmortem", "postmortem published", ("close cause=x fixed=y owner=@Ann",)),
)


def test_every_row_of_the_table_has_a_twin_here() -> None:
    rows = {row.action for row in REACTIONS} - {"declare"}
    assert {twin.action for twin in TWINS} == rows
    assert [row.emoji for row in REACTIONS if row.where is Where.TRIAGE] == ["🚨"]


def _bare(records: list[Recorded]) -> list[dict[str, object]]:
    """What the events say, but for the message that the one way quotes and the other does not, and the moment."""
    gone = {"message", "said_by", "said_at", "text" if records[0].event.kind == "published" else ""}
    return [record.event.model_dump(exclude=gone | {"promised_at"}) for record in records]


def _policy(roster: Roster) -> Policy:
    """Ann is on call, and Bob responds; the shop has nine sentences that call for a rollback."""
    thresholds = tuple(f"sentence {number} of the shop" for number in range(1, 10))
    on_call = [person for person in (roster.named("Ann"),) if person]
    further = tuple(person for person in (roster.named("Bob"),) if person)
    services = (Service(name="shop", thresholds=thresholds),)
    return Policy(on_call=tuple(on_call), responders=further, audiences=AUDIENCES, services=services)


async def _scene(stage: Stage, twin: Twin) -> None:
    """Ann commands, except where somebody else must for the emoji to mean something."""
    service = f" service={twin.service}" if twin.service else ""
    await stage.ann.types(f"declare checkout fails sev3{service}", stage.triage)
    people = {one.name: one for one in (stage.ann, stage.mia, stage.leah)}
    for said in twin.before:
        name, _, words = said.rpartition(": ")
        who = people[name or "Ann"]
        if words == "handoff @Ann":
            await stage.mia.types("claim scribe")
            who = stage.mia
        elif words.startswith("takeover"):
            who = stage.mia
        if twin.action == "close" and words.startswith("close"):
            await stage.ann.types("action call them @Ann")
        await who.says(f"!inc {words}")
    await stage.fast_forward(minutes=twin.wait)


@pytest.mark.parametrize("twin", TWINS, ids=lambda twin: f"{twin.action}-{twin.words}")
async def test_an_emoji_and_its_words_do_the_same(twin: Twin, tmp_path: Path) -> None:
    emoji = next(row.emoji for row in REACTIONS if row.action == twin.action)
    done: list[list[dict[str, object]]] = []
    for way in ("emoji", "words"):
        folder = tmp_path / way
        folder.mkdir()
        async with open_stage(folder, policy=_policy, shelf=lambda: SHELF) as stage:
            await _scene(stage, twin)
            actor = stage.leah if twin.action == "claim_ic" else stage.ann
            target = stage.find(twin.target).ref if twin.target else await stage.ann.says("tax rounding")
            before = stage.incident.version
            if way == "emoji":
                await actor.reacts(target, emoji)
            else:
                await actor.says(f"!inc {twin.words}")
            records = await stage.tocsin.log.load(stream_of(1), before)
            assert records, "something came of it"
            assert not any(record.event.kind in ("refused", "heard") for record in records)
            done.append(_bare(records))
            await stage.fast_forward(seconds=1)
            stage.expect_everything()
    assert done[0] == done[1]


@pytest.mark.parametrize("emoji", ["📣", "📢", "📣🏽", "📣\ufe0f"])
async def test_near_twins_and_skin_tones_are_the_same(stage: Stage, emoji: str) -> None:
    await stage.ann.types("declare checkout fails sev3", stage.triage)
    await stage.jon.reacts("board", emoji)
    stage.expect_card("board", "Updates Jon")


async def test_doing_the_same_twice_changes_nothing(stage: Stage) -> None:
    await stage.ann.types("declare checkout fails sev3", stage.triage)
    message = await stage.mia.says("tax rounding")
    for one in (stage.mia, stage.jon):
        for emoji in ("💡", "🛠️", "⚖️", "📌"):
            await one.reacts(message, emoji)
    kinds = await stage.kinds()
    assert [kinds.count(kind) for kind in ("item_added", "decision_marked", "noted")] == [2, 1, 1]
    stage.expect_card("item/H1", "tax rounding", "from Mia")
    stage.expect_card("item/A1", "tax rounding", "from Mia")


async def test_a_message_in_an_items_thread_makes_a_child(stage: Stage) -> None:
    await stage.ann.types("declare checkout fails sev3", stage.triage)
    await stage.mia.types("hypothesis release 214")
    stage.expect_card("item/H1", "release 214")
    evidence = await stage.mia.says("totals differ by a cent", thread=stage.find("item/H1").ref)
    await stage.mia.reacts(evidence, "🔧")
    stage.expect_card("item/A1", "totals differ by a cent", "under H1")
    await stage.mia.types("done it was so", thread=stage.find("item/H1").ref)
    stage.expect_card("item/H1", "Confirmed by Mia: it was so")


async def test_an_emoji_that_means_nothing_on_a_card_is_answered_with_what_does(stage: Stage) -> None:
    await stage.ann.types("declare checkout fails sev3", stage.triage)
    await stage.mia.reacts_in_vain("board", "🎉", "That emoji means nothing here", "🧭 claim commander")
    message = await stage.mia.says("found it")
    await stage.jon.reacts(message, "🎉")


async def test_the_emoji_of_the_config_are_the_ones_that_count(tmp_path: Path) -> None:
    async with open_stage(tmp_path, reactions={"claim_ic": "👑"}) as stage:
        await stage.mia.types("declare checkout fails sev3", stage.triage)
        assert stage.post("board").seeds[0] == "👑"
        await stage.mia.reacts("board", "👑")
        stage.expect_card("board", "Commander Mia")


async def _raised(stage: Stage) -> MessageRef:
    """Sam tells of it and Ann, who is on call, declares."""
    alarm = await stage.sam.says("Checkout fails")
    await stage.ann.reacts(alarm, "🚨")
    return alarm


@pytest.mark.parametrize("emoji", ["💡", "🛠️", "📌", "⚖️"])
async def test_the_board_is_no_hypothesis(stage: Stage, emoji: str) -> None:
    await _raised(stage)
    before = len(stage.incident.entries)
    await stage.kim.reacts("board", emoji)
    stage.expect_everything()
    assert len(stage.incident.entries) == before


async def test_a_freeze_that_somebody_else_asks_to_lift_waits_for_each_ones_yes(stage: Stage) -> None:
    await _raised(stage)
    await stage.ann.types("backup ic @Bob")
    await stage.ann.reacts("board", "🧊")
    await stage.bob.reacts("board", "🧊")
    await stage.ann.takes_back("board", "🧊")
    await stage.bob.takes_back("board", "🧊")
    stage.expect_everything()
    assert stage.incident.frozen is not None
    assert len(stage.incident.open_prompts(Ask.UNFREEZE)) == 2


async def test_taking_the_ice_back_twice_lifts_the_freeze(stage: Stage) -> None:
    await _raised(stage)
    for _ in range(2):
        await stage.ann.reacts("board", "🧊")
        await stage.ann.takes_back("board", "🧊")
    stage.expect_everything()
    assert stage.incident.frozen is None


async def test_command_is_taken_on_the_notice_that_says_that_nobody_has(stage: Stage) -> None:
    await stage.mia.types("declare checkout fails", stage.triage)
    notice = stage.find("notice", stage.triage).ref
    stage.expect_card("notice", "Nobody has taken command yet")
    await stage.kim.reacts(notice, "👀")
    await stage.kim.reacts(notice, "🧭")
    stage.expect_card("notice", "Commander Kim")
