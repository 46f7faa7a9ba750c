"""Private incidents: declared where nobody else reads, by invitation only, under a code name, and answered to nobody else."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from cast import Someone
from elsewhere import Elsewhere
from stage import AUDIENCES, Stage, open_stage

from core.incident.policy import Audience, Policy, Service
from core.incident.public import public
from core.incident.vocabulary import MessageRef, Role
from core.roster import Roster

TITLE = "Root credentials leaked on a forum"
SECRETS = ("credential", "Root", "forum", "payroll")
"""Words of it that nobody outside may read."""


async def declares(who: Someone, title: str = TITLE, more: str = "") -> MessageRef:
    """In a direct message; the answer is expected. Returns the message."""
    stage = who.stage
    typed = await who.says(f"/inc declare {title} private {more}".strip(), stage.world.direct(who.account))
    who.told(typed, f"Incident {stage.incident.number} is private", stage.incident.name)
    return typed


def outside(stage: Stage) -> str:
    """Everything that stands where others than members read, names and topics with it."""
    rooms = [room for room in stage.rooms() if room.kind != "direct" and (room.kind != "incident" or room.beside)]
    names = [f"{room.name} {room.topic}" for room in stage.world.channels.values() if room.kind != "direct"]
    said = [message.text for room in rooms for message in stage.world.said(room.ref)]
    return "\n".join([*names, *said])


def leaks(stage: Stage) -> list[str]:
    """The lines in which a word of it stands where others read."""
    return [row for row in outside(stage).splitlines() if any(word in row for word in SECRETS)]


def members(stage: Stage) -> list[str]:
    return stage.world.room(stage.channel).members


async def test_a_direct_message_begins_one_that_nobody_else_sees(stage: Stage) -> None:
    await declares(stage.ann)
    incident = stage.incident
    assert incident.private
    assert incident.title == TITLE
    assert re.fullmatch(r"inc-2026-05-02-[a-z]+-[a-z]+", incident.name)
    room = stage.world.room(stage.channel)
    assert (room.name, room.topic, room.members) == (incident.name, "Incident 1", [stage.ann.account.id])
    assert stage.incident.commander is not None
    assert stage.incident.commander.name == "Ann"
    assert not any(stage.world.sees(one.account, room) for one in (stage.bob, stage.mia, stage.sam, stage.zoe))
    assert not leaks(stage)
    # Neither a notice, nor anything else, in any other channel.
    assert {where for where, *_ in stage.standing()} == {stage.channel.id, stage.world.direct(stage.ann.account).id}


async def test_where_others_read_it_is_refused_and_none_of_its_words_repeated(stage: Stage) -> None:
    told = await stage.ann.is_told(f"declare {TITLE} private", "delete it", "direct message", where=stage.triage)
    answer = stage.ann.told(told)
    stage.expect_everything()
    assert not any(word in answer for word in SECRETS)
    assert not stage.tocsin.post.awake()
    # Corrected in place it is no more private than before.
    await stage.ann.edits(told, f"!inc declare {TITLE} sev1 private")
    assert not stage.tocsin.post.awake()
    await stage.ann.types("declare checkout fails", stage.triage)
    await stage.ann.is_told(f"declare {TITLE} private", "delete it", where=stage.channel)
    await stage.ann.is_told(f"declare {TITLE} private", "delete it", where=stage.support)
    assert stage.incident.number == 1
    stage.expect_everything()


async def test_alone_with_tocsin_a_command_needs_no_sign_before_it(stage: Stage) -> None:
    direct = stage.world.direct(stage.ann.account)
    asked = await stage.ann.says("help me", direct)
    stage.ann.told(asked, "Commands")
    talk = await stage.ann.says("thanks a lot", direct)
    assert all(one.reply_to != talk for one in stage.world.messages.values())
    typed = await stage.ann.says(f"Declare {TITLE} private", direct)
    stage.ann.told(typed, "is private")
    assert stage.incident.title == TITLE
    assert not leaks(stage)
    # In a channel the same words are talk.
    await stage.ann.says("help me", stage.triage)
    stage.expect_everything()


async def test_an_open_one_is_still_declared_in_triage(stage: Stage) -> None:
    direct = stage.world.direct(stage.ann.account)
    await stage.ann.is_told("declare checkout fails", "declared in the triage channel", where=direct)


async def test_nobody_comes_in_but_by_name(tmp_path: Path) -> None:
    def house(roster: Roster) -> Policy:
        people = {name: roster.named(name) for name in ("Ann", "Bob", "Jon", "Leah")}
        ann, bob, jon, leah = (one for one in people.values() if one is not None)
        shop = Service(name="shop", team=(jon,), rollback_owner=leah, backup=bob)
        return Policy(on_call=(ann, bob), leadership=(jon,), tie_breaker=leah, services=(shop,), audiences=AUDIENCES)

    async with open_stage(tmp_path, policy=house) as stage:
        await declares(stage.mia, more="sev1 service=shop")
        stage.expect_everything()
        await stage.mia.types("decide-by 5m rotate the payroll keys")
        await stage.fast_forward(minutes=30)
        assert members(stage) == [stage.mia.account.id]
        assert [one.name for one in stage.incident.people] == ["Mia"]
        assert not leaks(stage)
        stage.expect_everything()


@pytest.mark.parametrize(
    ("words", "who"),
    [
        ("assign recovery @Mia", "mia"),
        ("backup ic @Mia", "mia"),
        ("handoff @Mia ic", "mia"),
        ("action rotate the keys @Mia", "mia"),
        ("followup rotate again owner=@Mia due=tomorrow", "mia"),
        ("invite @Mia", "mia"),
    ],
)
async def test_whoever_a_member_names_is_a_member(stage: Stage, words: str, who: str) -> None:
    await declares(stage.ann)
    assert members(stage) == ["ann"]
    await stage.ann.types(words)
    stage.expect_everything()
    assert members(stage) == ["ann", who]
    assert "Mia" in [one.name for one in stage.incident.people]
    await stage.mia.types("note payroll is hit too")
    assert "Mia was invited" in await stage.mia.asks("timeline")
    stage.expect_everything()


async def test_the_commander_puts_somebody_out_and_invites_them_again(stage: Stage) -> None:
    await declares(stage.ann)
    await stage.ann.types("invite @Mia")
    await stage.mia.types("claim diagnosis")
    await stage.mia.is_told("uninvite @Ann", "call of the incident commander")
    await stage.ann.is_told("uninvite @Bob", "Bob is no member")
    await stage.ann.is_told("uninvite @Ann", "Hand command over first")
    await stage.ann.types("uninvite @Mia")
    stage.expect_everything()
    assert members(stage) == ["ann"]
    assert stage.incident.holder(Role.DIAGNOSIS) is None
    assert not stage.world.sees(stage.mia.account, stage.world.room(stage.channel))
    assert "Mia was put out" in await stage.ann.asks("timeline")
    await stage.restart(forget=True)
    assert members(stage) == ["ann"]
    await stage.ann.types("invite @Mia")
    assert members(stage) == ["ann", "mia"]
    await stage.mia.leaves(stage.channel)
    stage.expect_everything()
    assert members(stage) == ["ann"]
    await stage.ann.types("invite @Mia")
    assert members(stage) == ["ann", "mia"]
    stage.expect_everything()


async def test_whom_the_commander_invites_counts_as_a_responder_there_and_nowhere_else(stage: Stage) -> None:
    await declares(stage.ann)
    await stage.ann.types("invite @Mia")
    stage.world.direct(stage.zoe.account)
    await stage.mia.is_told("invite @Zoe", "the commander alone")
    await stage.ann.types("invite @Zoe")
    await stage.zoe.types("note I saw the forum post first", stage.channel)
    await stage.ann.types("assign scribe @Zoe")
    await stage.ann.types("uninvite @Zoe")
    room = stage.world.room(stage.channel)
    room.members.append("zoe")
    await stage.zoe.is_told("note once more", "none of its members", where=stage.channel)
    stage.world.room(stage.triage).members.append("zoe")
    await stage.zoe.is_told("note once more", "none of its members", where=stage.channel)
    stage.expect_everything()


async def test_an_open_incident_takes_guests_and_puts_nobody_out(stage: Stage) -> None:
    await stage.ann.types("declare checkout fails", stage.triage)
    await stage.ann.types("invite @Zoe")
    assert "zoe" in members(stage)
    stage.expect_everything()
    await stage.zoe.is_told("note payments fail", "Only responders may do that", where=stage.channel)
    await stage.ann.is_told("uninvite @Zoe", "open to everybody in triage")


# --- who is no member ---------------------------------------------------------------------------------------------------

NAMING = (
    "reopen {} it has come back to us",
    "postmortem published {} https://wiki.example.org/7",
    "postmortem none {} it was nothing at all",
    "followup-done {}.F1",
    "followup-drop {}.F1 no need",
    "followup-move {}.F1 due=tomorrow",
)


async def test_a_stranger_who_names_it_hears_what_they_hear_of_one_that_never_was(stage: Stage) -> None:
    await declares(stage.ann)
    name = stage.incident.name
    for words in NAMING:
        there = stage.kim.told(await stage.kim.is_told(words.format(1), where=stage.triage))
        nowhere = stage.kim.told(await stage.kim.is_told(words.format(9), where=stage.triage))
        assert there.replace("incident 1", "incident 9") == nowhere, words
    by_name = stage.kim.told(await stage.kim.is_told(f"reopen {name} it has come back", where=stage.triage))
    nothing = "inc-2026-05-02-nothing-here"
    unknown = stage.kim.told(await stage.kim.is_told(f"reopen {nothing} it has come back", where=stage.triage))
    assert by_name.replace(name, nothing) == unknown
    kinds = await stage.kinds()
    assert "refused" not in kinds


async def test_one_who_sees_it_all_the_same_is_refused_plainly(stage: Stage) -> None:
    await declares(stage.ann)
    stage.world.room(stage.channel).members.append(stage.kim.account.id)
    await stage.kim.is_told("claim recovery", "none of its members", where=stage.channel)
    await stage.kim.reacts_in_vain("board", "🔎", "none of its members")
    said = await stage.kim.says("what is this?", stage.channel)
    await stage.kim.edits(said, "what is this now?")
    await stage.kim.leaves(stage.channel)
    assert [one.name for one in stage.incident.people] == ["Ann"]
    assert [one.name for one in stage.incident.present] == ["Ann"]


async def test_nobody_comes_in_by_taking_pages_or_by_giving_them(stage: Stage) -> None:
    await declares(stage.ann)
    stage.world.room(stage.channel).members.append(stage.kim.account.id)
    await stage.kim.is_told("cover @Ann 2h", "Type it in triage", where=stage.channel)
    await stage.ann.is_told("cover @Bob 2h", "Type it in triage", where=stage.channel)
    assert [one.name for one in stage.incident.people] == ["Ann"]
    assert members(stage) == ["ann", "kim"]


async def test_the_same_title_in_triage_begins_another_and_tells_nothing(stage: Stage) -> None:
    await declares(stage.ann)
    private = stage.incident
    await stage.kim.types(f"declare {TITLE}", stage.triage)
    assert stage.incident.number == 2
    assert [one.name for one in stage.incident.people] == ["Kim", "Ann", "Bob"]
    alarm = await stage.sam.says("another thing", stage.triage)
    await stage.kim.types("claim ic")
    await stage.kim.types("close false-alarm nothing of it")
    stage.expect_summaries()
    await stage.kim.reacts(alarm, "🚨")
    # Not asked whether it is the private one, which is young.
    assert stage.incident.number == 3
    assert [one.name for one in (await stage.tocsin.post.incident("inc-1") or private).people] == ["Ann"]


async def test_an_open_one_is_no_duplicate_of_it_and_it_takes_nobody_along(stage: Stage) -> None:
    await declares(stage.ann)
    await stage.ann.types("declare checkout fails", stage.triage)
    await stage.ann.is_told("close duplicate-of 1", "There is no incident 1", where=stage.channel)
    here = (await stage.tocsin.post.incident("inc-1") or stage.incident).channel
    await stage.ann.types("close duplicate-of 2", here)
    assert "ann" in members(stage)
    assert [one.name for one in stage.incident.people] == ["Ann", "Bob"]
    stage.expect_everything()


async def test_it_is_reopened_from_triage_by_a_member_and_by_nobody_else(stage: Stage) -> None:
    await declares(stage.ann)
    await stage.ann.is_told("reopen 1 too soon by half", "Not done", where=stage.triage)
    await stage.ann.types("close cause=a forum post fixed=rotated next=postmortem")
    await stage.ann.types("postmortem published https://wiki.example.org/1")
    assert stage.incident.locked
    await stage.kim.is_told("reopen 1 the keys work again", "There is no incident 1", where=stage.triage)
    await stage.ann.types("reopen 1 the keys work again", stage.triage)
    assert not stage.incident.closed
    stage.expect_everything()
    assert "rotated" not in outside(stage)


# --- what goes on outside of it -----------------------------------------------------------------------------------------


async def test_leaked_credentials_from_declaration_to_close_with_a_kill_in_the_middle(stage: Stage) -> None:
    await declares(stage.ann, more="sev1")
    await stage.ann.types("invite @Mia")
    await stage.ann.types("assign updates @Jon")
    await stage.mia.types("hypothesis the payroll server was open")
    await stage.mia.types("grab H1")
    await stage.restart(forget=True)
    await stage.mia.types("confirm H1 the log shows it")
    await stage.ann.types("changed payroll keys rotated")
    await stage.jon.types("draft impact=Sign-in is off for everybody. next=we replace keys every=15m")
    await stage.jon.types("publish")
    await stage.ann.types("resolve credentials rotated")
    await stage.jon.types("draft impact=Sign-in works again. next=nothing is left to do")
    await stage.jon.types("publish")
    await stage.restart()
    await stage.ann.types("followup audit the forum owner=@Mia due=tomorrow")
    await stage.ann.types("close cause=payroll server open to all fixed=rotated credentials next=postmortem")
    await stage.ann.types("debrief payroll is not on the internet")
    stage.expect_everything()
    stage.expect_updates(1, 2)
    stage.expect_card("summary", TITLE, "payroll server open to all", where=stage.channel)
    assert not leaks(stage)
    assert {card for where, _, card in stage.standing() if where in (stage.support.id, stage.leadership.id)} == {
        "update/1",
        "update/2",
    }
    # The next open incident's board does not show what this one's debrief chose, and triage lists nothing of it.
    await stage.fast_forward(days=14)
    stage.expect_everything()
    await stage.ann.types("declare checkout fails", stage.triage)
    assert not leaks(stage)
    stage.expect_card("board", lacks="payroll")
    assert not [card for where, _, card in stage.standing() if where == stage.triage.id and card.startswith("digest")]


async def test_a_channel_that_was_deleted_comes_back_as_private_as_it_was(stage: Stage) -> None:
    await declares(stage.ann)
    await stage.ann.types("invite @Mia")
    before = stage.channel
    await stage.mia.deletes_channel(before)
    assert stage.channel != before
    room = stage.world.room(stage.channel)
    assert room.name == stage.incident.name
    assert sorted(room.members) == ["ann", "mia"]
    assert not stage.world.sees(stage.bob.account, room)
    assert not leaks(stage)
    stage.expect_everything()


async def test_in_another_chat_stands_what_was_published_and_nothing_else(tmp_path: Path) -> None:
    matrix = Elsewhere("#leadership")

    def house(roster: Roster) -> Policy:
        rooms = (matrix.room("#leadership"),)
        return Policy(on_call=roster.people[:1], audiences=(Audience(name="leadership", rooms=rooms, internal=True),))

    async with open_stage(tmp_path, policy=house) as stage:
        await stage.stop()
        stage.others["matrix"] = matrix
        await stage.again()
        await declares(stage.ann)
        await stage.ann.types("draft impact=Sign-in is off for everybody. next=we replace keys every=15m")
        await stage.ann.types("publish")
        await stage.ann.types("close cause=a forum post fixed=rotated credentials next=no postmortem")
        await stage.fast_forward(minutes=1)
        stage.expect_everything()
        assert list(matrix.texts("#leadership")) == ["update/1"]
        [post] = matrix.rooms["#leadership"].values()
        assert post.incident == stage.incident.name
        assert not any(word in repr(post) for word in SECRETS)


async def test_the_public_reads_a_headline_of_the_update_owners_or_a_neutral_one(tmp_path: Path) -> None:
    def house(roster: Roster) -> Policy:
        public_too = Audience(name="customers", rooms=(), status_page=True)
        return Policy(services=(Service(name="payroll"),), audiences=(*AUDIENCES, public_too))

    async with open_stage(tmp_path, policy=house) as stage:
        await declares(stage.ann, "payroll keys leaked")
        assert stage.incident.service == ""
        await stage.ann.types("draft impact=Sign-in is off for everybody. next=we replace keys every=15m")
        await stage.ann.types("publish")
        stage.expect_everything()
        shown = public(stage.incident)
        assert shown is not None
        assert (shown.headline, shown.service) == ("Service incident", "")
        await stage.ann.types("correct headline=Sign-in is off")
        shown = public(stage.incident)
        assert shown is not None
        assert shown.headline == "Sign-in is off"
        stage.expect_everything()


async def test_two_of_them_bear_two_names_and_the_same_words_are_no_reason_to_be_one(stage: Stage) -> None:
    await declares(stage.ann)
    first = stage.incident.name
    await declares(stage.ann)
    assert stage.incident.number == 2
    assert stage.incident.name != first


async def test_what_it_is_called_is_offered_to_nobody_who_types_elsewhere(stage: Stage) -> None:
    await declares(stage.ann)
    headquarters = stage.world.form.args[0]  # type: ignore[attr-defined]
    await stage.ann.types("declare checkout fails", stage.triage)
    offered = headquarters.suggest(stage.channel, "close duplicate-of", "n", "")
    assert offered == ()
