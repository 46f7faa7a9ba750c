"""The command grammar: every verb reads its forms, and whatever it cannot read gets one clear answer."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta, timezone
from time import perf_counter
from typing import Any

import pytest
from hostile import words as attacks
from hypothesis import given
from hypothesis import strategies as st

from core.incident import commands as c
from core.incident.document import Code, Typed, plain
from core.incident.forms import Group, Kind, Verb
from core.incident.help import help_document, marked_words
from core.incident.verbs import SPELLINGS, VERBS, fold
from core.incident.vocabulary import (
    Account,
    FollowUpRef,
    ItemKind,
    ItemStatus,
    Path,
    Person,
    Phase,
    Priority,
    Role,
    Severity,
)
from transports.arguments import CHOICES, READERS, Context
from transports.phrases import TYPED_LIMIT, read
from transports.prefix import prefix

NOW = datetime(2026, 5, 2, 10, 30, tzinfo=UTC)


def person(name: str, account: str, shown: str = "") -> Person:
    return Person(
        key=f"person:{name}",
        name=name,
        initials=name[:2].upper(),
        account=Account(transport="chat", id=account, name=shown or name),
    )


ANN = person("Ann", "@ann:example.org")
BOB = person("Bob Olsen", "@bob:example.org")
ZOE = person("Zoe", "123", shown="Zoe (she/her)")


def named(words: str) -> Person | None:
    wanted = words.removeprefix("@").casefold()
    return next((p for p in (ANN, BOB) if wanted in (p.name.casefold(), p.account.id[1:], p.account.id)), None)


HERE = Context(now=NOW, named=named, mentions=(ZOE,), groups=("oncall", "team", "Data Base"))
EARLIER = Context(now=NOW.replace(hour=10, minute=5), named=named, mentions=(ZOE,))
IN_H2 = Context(now=NOW, named=named, item="H2")


FRIDAY, F2 = date(2026, 5, 8), FollowUpRef(number=2)


def at(hour: int, minute: int) -> datetime:
    return NOW.replace(hour=hour, minute=minute)


READS: list[tuple[str, c.Command]] = [
    ("declare Checkout fails", c.Declare(title="Checkout fails")),
    ("declare Checkout fails SEV1", c.Declare(title="Checkout fails", severity=Severity.SEV1)),
    ("declare x sev 3 private", c.Declare(title="x", severity=Severity.SEV3, private=True)),
    ("declare x private sev3", c.Declare(title="x", severity=Severity.SEV3, private=True)),
    ("declare x service=shop sev2", c.Declare(title="x", severity=Severity.SEV2, service="shop")),
    ("declare x sev2 service=web shop", c.Declare(title="x", severity=Severity.SEV2, service="web shop")),
    ("declare sev1 checkout is down", c.Declare(title="checkout is down", severity=Severity.SEV1)),
    ("declare severity 3 mail is late", c.Declare(title="mail is late", severity=Severity.SEV3)),
    ("declare 2 of 3 nodes are down", c.Declare(title="2 of 3 nodes are down")),
    (
        "declare two nodes are down sev2 private",
        c.Declare(title="two nodes are down", severity=Severity.SEV2, private=True),
    ),
    ("status fixed rolled back", c.SetPhase(phase=Phase.RESOLVED, why="rolled back")),
    ("declare private pages fail on shard 1", c.Declare(title="private pages fail on shard 1")),
    ('declare "all is private"', c.Declare(title="all is private")),
    ("declare env=prod is down", c.Declare(title="env=prod is down")),
    ("Declare\ncheckout\u00a0fails\u200b", c.Declare(title="checkout fails")),
    ("sev 1", c.SetSeverity(severity=Severity.SEV1)),
    ("severity SEV-2", c.SetSeverity(severity=Severity.SEV2)),
    ("sev3", c.SetSeverity(severity=Severity.SEV3)),
    ("status monitoring", c.SetPhase(phase=Phase.MONITORING)),
    ("Status Identified it is the release", c.SetPhase(phase=Phase.IDENTIFIED, why="it is the release")),
    ("status resolved", c.SetPhase(phase=Phase.RESOLVED)),
    ("impact “some users cannot pay”", c.SetImpact(text="some users cannot pay")),
    ("impact all users, next=unknown", c.SetImpact(text="all users, next=unknown")),
    ("note 'quoted' and \"more\"", c.AddNote(text="'quoted' and \"more\"")),
    ("changed release 214", c.RecordChange(what="release 214")),
    ("changed release 214 10:02", c.RecordChange(what="release 214", at=at(10, 2))),
    ("changed release 214 at 10:02 UTC", c.RecordChange(what="release 214", at=at(10, 2))),
    ("changed release 2.14 5m ago", c.RecordChange(what="release 2.14", at=at(10, 25))),
    ("changed release 2.14", c.RecordChange(what="release 2.14")),
    ("changed timeout to 30s", c.RecordChange(what="timeout to 30s")),
    ("changed flag 1 h 10 min ago", c.RecordChange(what="flag", at=at(9, 20))),
    ("board", c.Show(what="board")),
    ("timeline", c.Show(what="timeline")),
    ("help", c.Show(what="help")),
    ("help rule out", c.Show(what="help", topic="rule out")),
    ("", c.Show(what="help")),
    ("resolve", c.Resolve()),
    ("resolve rolled back", c.Resolve(fixed="rolled back")),
    ("came-back", c.CameBack()),
    ("came back it fails again", c.CameBack(why="it fails again")),
    ("close", c.Close()),
    (
        'close owner=@Bob Olsen cause="it was next=1" next=postmortem fixed=rolled back',
        c.Close(cause="it was next=1", fixed="rolled back", next="postmortem", owner=BOB),
    ),
    ("close CAUSE=dns fixed=", c.Close(cause="dns")),
    ("close false-alarm the probe was down", c.CloseFalseAlarm(why="the probe was down")),
    ("close false alarm nothing broke", c.CloseFalseAlarm(why="nothing broke")),
    ("close duplicate-of 7", c.CloseDuplicate(of=7)),
    ("close duplicate of #7", c.CloseDuplicate(of=7)),
    ("close duplicate 7", c.CloseDuplicate(of=7)),
    ("reopen it fails again", c.Reopen(why="it fails again")),
    ("reopen 7 it fails again", c.Reopen(why="it fails again", number=7)),
    ("yes", c.Confirm(prompt="")),
    ("ok handoff-1", c.Confirm(prompt="prompt/handoff-1")),
    ("yes prompt/same-or-new-2", c.Confirm(prompt="prompt/same-or-new-2")),
    ("no", c.Decline(prompt="")),
    ("No objection-1", c.Decline(prompt="prompt/objection-1")),
    ("claim ic", c.Claim(role=Role.IC)),
    ("role claim Comms", c.Claim(role=Role.UPDATES)),
    ("claim incident commander", c.Claim(role=Role.IC)),
    ("release Scribe", c.Release(role=Role.SCRIBE)),
    ("role release ops", c.Release(role=Role.DIAGNOSIS)),
    ("assign recovery @ann", c.Assign(role=Role.RECOVERY, who=ANN)),
    ("assign @ann:example.org rollback", c.Assign(role=Role.RECOVERY, who=ANN)),
    ("assign Bob Olsen update owner", c.Assign(role=Role.UPDATES, who=BOB)),
    ("assign <@123> tech", c.Assign(role=Role.DIAGNOSIS, who=ZOE)),
    ("assign recovery Zoe (she/her)", c.Assign(role=Role.RECOVERY, who=ZOE)),
    ("vacate recovery", c.Vacate(role=Role.RECOVERY)),
    ("role vacate lead", c.Vacate(role=Role.IC)),
    ("backup ic @Bob Olsen", c.NameBackup(role=Role.IC, who=BOB)),
    ("backup @ann scribe", c.NameBackup(role=Role.SCRIBE, who=ANN)),
    ("handoff @ann", c.HandOff(who=ANN)),
    ("hand-off Ann, recovery", c.HandOff(who=ANN, role=Role.RECOVERY)),
    ("hand off ic @ann:", c.HandOff(who=ANN, role=Role.IC)),
    ("invite @ann", c.Invite(who=ANN)),
    ("people invite @Bob Olsen", c.Invite(who=BOB)),
    ("uninvite @ann", c.Uninvite(who=ANN)),
    ("runbook", c.ShowRunbook()),
    ("runbook checkout 2", c.ShowRunbook(name="checkout 2")),
    ("step 2", c.TakeStep(step=2)),
    ("item step 3", c.TakeStep(step=3)),
    ("oncall", c.ShowOnCall()),
    ("on-call", c.ShowOnCall()),
    ("cover @ann", c.Cover(who=ANN)),
    ("cover @ann 2h", c.Cover(who=ANN, length=timedelta(hours=2))),
    ("cover 90 min Ann", c.Cover(who=ANN, length=timedelta(minutes=90))),
    ("people cover @ann 1m", c.Cover(who=ANN, length=timedelta(minutes=1))),
    ("takeover irc", c.TakeOver(role=Role.IC)),
    ("take over updates", c.TakeOver(role=Role.UPDATES)),
    ("hypothesis cache eviction", c.AddItem(kind=ItemKind.HYPOTHESIS, text="cache eviction")),
    ("item hypothesis ask @nobody-yet why", c.AddItem(kind=ItemKind.HYPOTHESIS, text="ask @nobody-yet why")),
    ("action call the provider", c.AddItem(kind=ItemKind.ACTION, text="call the provider")),
    ("action call Ann", c.AddItem(kind=ItemKind.ACTION, text="call Ann")),
    ("action call @ann", c.AddItem(kind=ItemKind.ACTION, text="call", who=ANN)),
    ("action call them @Bob Olsen", c.AddItem(kind=ItemKind.ACTION, text="call them", who=BOB)),
    ("action call them Zoe (she/her)", c.AddItem(kind=ItemKind.ACTION, text="call them", who=ZOE)),
    ('action "ask @payments"', c.AddItem(kind=ItemKind.ACTION, text="ask @payments")),
    ("action upgrade @types/node", c.AddItem(kind=ItemKind.ACTION, text="upgrade @types/node")),
    ("grab h2", c.Grab(item="H2")),
    ("item grab #A-3", c.Grab(item="A3")),
    ("release R1", c.LetGo(item="R1")),
    ("item release h2", c.LetGo(item="H2")),
    ("drop a3", c.EndItem(item="A3", status=ItemStatus.DROPPED)),
    ("item drop R1", c.EndItem(item="R1", status=ItemStatus.DROPPED)),
    ("done a1", c.EndItem(item="A1", status=ItemStatus.DONE)),
    ("done A1 all the same", c.EndItem(item="A1", status=ItemStatus.DONE, result="all the same")),
    ("confirm h2", c.EndItem(item="H2", status=ItemStatus.CONFIRMED)),
    ("confirm H2 a cent off", c.EndItem(item="H2", status=ItemStatus.CONFIRMED, result="a cent off")),
    ("rule–out h1 no", c.EndItem(item="H1", status=ItemStatus.RULED_OUT, result="no")),
    ("rule_out h1", c.EndItem(item="H1", status=ItemStatus.RULED_OUT)),
    ("rule out h1", c.EndItem(item="H1", status=ItemStatus.RULED_OUT)),
    ("RULEOUT H1", c.EndItem(item="H1", status=ItemStatus.RULED_OUT)),
    ("decide we roll back", c.MarkDecision(text="we roll back")),
    ("decide by noon at the latest", c.MarkDecision(text="by noon at the latest")),
    ("decide by 5 people", c.MarkDecision(text="by 5 people")),
    ("decide by 99.95 % we page", c.MarkDecision(text="by 99.95 % we page")),
    ("decide bye 10:45 x", c.MarkDecision(text="bye 10:45 x")),
    ("decide-by 10:45 roll back if it fails", c.DecideBy(at=at(10, 45), condition="roll back if it fails")),
    ("decide by 10:45 roll back", c.DecideBy(at=at(10, 45), condition="roll back")),
    ("Decide By in 15 minutes roll back", c.DecideBy(at=at(10, 45), condition="roll back")),
    ("call decide by 15m roll back", c.DecideBy(at=at(10, 45), condition="roll back")),
    ("decide-by at 10:45 UTC roll back", c.DecideBy(at=at(10, 45), condition="roll back")),
    ("decide-by 10:45z roll back", c.DecideBy(at=at(10, 45), condition="roll back")),
    ("decide-by at 10.45, roll back", c.DecideBy(at=at(10, 45), condition="roll back")),
    ("decide-by 10:45: roll back", c.DecideBy(at=at(10, 45), condition="roll back")),
    ("decide-by 15 min roll back", c.DecideBy(at=at(10, 45), condition="roll back")),
    ("decide-by 1 hour 30 minutes roll back", c.DecideBy(at=at(12, 0), condition="roll back")),
    ("decide-by 1h 30m roll back", c.DecideBy(at=at(12, 0), condition="roll back")),
    ("decide-by 1h30m roll back", c.DecideBy(at=at(12, 0), condition="roll back")),
    ("decide-by 15m 30 s of errors: roll back", c.DecideBy(at=at(10, 45), condition="30 s of errors: roll back")),
    ("decide-by 1h 30 min of errors, fix", c.DecideBy(at=at(11, 30), condition="30 min of errors, fix")),
    ("decide-by 15m 5m of errors, fix", c.DecideBy(at=at(10, 45), condition="5m of errors, fix")),
    ("decide-by 10:45 11:00 is too late", c.DecideBy(at=at(10, 45), condition="11:00 is too late")),
    ("decide-by 24h roll back", c.DecideBy(at=NOW + timedelta(hours=24), condition="roll back")),
    ("decide-by 10:45 “roll back”", c.DecideBy(at=at(10, 45), condition="roll back")),
    ("move-decision 10:45", c.MoveDecision(at=at(10, 45))),
    ("move decision in 15 minutes", c.MoveDecision(at=at(10, 45))),
    ("move-decision D1 10:45", c.MoveDecision(at=at(10, 45), point="D1")),
    ("call move-decision 10:45 UTC #d-2", c.MoveDecision(at=at(10, 45), point="D2")),
    ("withdraw-decision", c.WithdrawDecision()),
    ("withdraw decision", c.WithdrawDecision()),
    ("withdraw-decision d1", c.WithdrawDecision(point="D1")),
    ("withdraw decision d12 errors fell", c.WithdrawDecision(point="D12", why="errors fell")),
    ("call withdraw-decision errors fell", c.WithdrawDecision(why="errors fell")),
    ("watch payment success", c.WatchSignal(signal="payment success")),
    (
        "watch payment success above 99 % @ann 10m",
        c.WatchSignal(signal="payment success above 99 %", who=ANN, length=timedelta(minutes=10)),
    ),
    (
        "watch payments in 20 minutes <@123>",
        c.WatchSignal(signal="payments", who=ZOE, length=timedelta(minutes=20)),
    ),
    (
        "watch payments @Bob Olsen for 1 h 30 min",
        c.WatchSignal(signal="payments", who=BOB, length=timedelta(minutes=90)),
    ),
    ("call watch p99 below 2 s", c.WatchSignal(signal="p99 below 2 s")),
    ("watch logins after 30 days", c.WatchSignal(signal="logins after 30 days")),
    ("watch Ann", c.WatchSignal(signal="Ann")),
    ("object a rollback loses orders", c.Object(why="a rollback loses orders")),
    ("met 1", c.MeetThreshold(threshold="1")),
    ("call met payments fail", c.MeetThreshold(threshold="payments fail")),
    ("path rollback", c.ChoosePath(path=Path.ROLLBACK)),
    ("path roll back it is the latest", c.ChoosePath(path=Path.ROLLBACK, why="it is the latest")),
    ("call path DIG", c.ChoosePath(path=Path.DIG)),
    ("freeze", c.Freeze()),
    ("freeze no deploys", c.Freeze(why="no deploys")),
    ("unfreeze", c.Unfreeze()),
    ("call unfreeze all is well", c.Unfreeze(why="all is well")),
    ("draft", c.Draft()),
    ("update", c.Draft()),
    (
        "update impact=some users cannot pay NEXT=we roll back every=15m",
        c.Draft(impact="some users cannot pay", next="we roll back", every=timedelta(minutes=15)),
    ),
    ("update draft headline=“Payments fail” working=a=b holds", c.Draft(headline="Payments fail", working="a=b holds")),
    ("draft every=in 15 minutes affected=all", c.Draft(affected="all", every=timedelta(minutes=15))),
    ("draft impact=the “pay” button next=x", c.Draft(impact="the “pay” button", next="x")),
    ("publish", c.Publish()),
    ("update publish", c.Publish()),
    ("discard", c.Discard()),
    ("update discard", c.Discard()),
    ("unchanged", c.PublishUnchanged()),
    ("unchanged in 20 minutes", c.PublishUnchanged(every=timedelta(minutes=20))),
    ("correct impact=all users", c.CorrectUpdate(impact="all users")),
    ("update correct next=y", c.CorrectUpdate(next="y")),
    ("snooze", c.Snooze()),
    ("update snooze 5m", c.Snooze(length=timedelta(minutes=5))),
    ("withdraw it was wrong", c.WithdrawUpdate(why="it was wrong")),
    # Withdrawing an update reaches everybody outside, so in doubt it is the other one.
    ("withdraw decision texts by mistake", c.WithdrawDecision(why="texts by mistake")),
    ("amend 5 it was 214", c.Amend(entry=5, text="it was 214")),
    ("after amend T5 it was 214", c.Amend(entry=5, text="it was 214")),
    ("amend #5 it was 214", c.Amend(entry=5, text="it was 214")),
    ("amend 5 it was 214 time=10:02", c.Amend(entry=5, text="it was 214", at=time(10, 2, tzinfo=UTC))),
    ("amend 5 time=at 10:02", c.Amend(entry=5, at=time(10, 2, tzinfo=UTC))),
    ("amend T5 time=2026-05-01T10:02", c.Amend(entry=5, at=at(10, 2) - timedelta(days=1))),
    ("amend T5 time=2026-05-02 12:02+02:00", c.Amend(entry=5, at=at(10, 2))),
    ("amend 5 time=5m ago", c.Amend(entry=5, at=at(10, 25))),
    ("amend 5", c.Amend(entry=5)),
    ("hide 5", c.HideEntry(entry=5, hidden=True)),
    ("after hide T5", c.HideEntry(entry=5, hidden=True)),
    ("unhide #5", c.HideEntry(entry=5, hidden=False)),
    (
        "followup fix the alert owner=@ann due=Friday priority=p1",
        c.FollowUp(text="fix the alert", owner=ANN, due=FRIDAY, priority=Priority.P1),
    ),
    (
        "followup fix the alert @ann friday p1",
        c.FollowUp(text="fix the alert", owner=ANN, due=FRIDAY, priority=Priority.P1),
    ),
    ("follow-up fix it @ann, P1, by Friday", c.FollowUp(text="fix it", owner=ANN, due=FRIDAY, priority=Priority.P1)),
    ("follow up fix it @Bob Olsen 8 May", c.FollowUp(text="fix it", owner=BOB, due=FRIDAY)),
    ("followup fix it Zoe (she/her) in 6 days", c.FollowUp(text="fix it", owner=ZOE, due=FRIDAY)),
    ("followup fix it @ann due=friday", c.FollowUp(text="fix it", owner=ANN, due=FRIDAY)),
    ("followup fix it @ann", c.FollowUp(text="fix it", owner=ANN)),
    # No word of a text is taken for a day, a name or a priority.
    ("followup check what fails on friday", c.FollowUp(text="check what fails on friday")),
    ("followup check what fails on friday @ann", c.FollowUp(text="check what fails on friday", owner=ANN)),
    ("followup ask Ann friday", c.FollowUp(text="ask Ann friday")),
    ("followup ask @ann about friday", c.FollowUp(text="ask @ann about friday")),
    ("followup ask @ann friday p1 at once", c.FollowUp(text="ask @ann friday p1 at once")),
    ("followup upgrade @types/node to 5", c.FollowUp(text="upgrade @types/node to 5")),
    ('followup "ask @ann friday"', c.FollowUp(text="ask @ann friday")),
    ("followup fix it friday owner=@ann", c.FollowUp(text="fix it friday", owner=ANN)),
    ("followup fix p1 alerts @ann", c.FollowUp(text="fix p1 alerts", owner=ANN)),
    ("followup-done 2", c.EndFollowUp(follow_up=F2, done=True)),
    ("followup done F2 it is there", c.EndFollowUp(follow_up=F2, done=True, why="it is there")),
    ("after followup-done 7.F2", c.EndFollowUp(follow_up=FollowUpRef(number=2, incident=7), done=True)),
    ("done F2 it is there", c.EndFollowUp(follow_up=F2, done=True, why="it is there")),
    ("done 7.F2", c.EndFollowUp(follow_up=FollowUpRef(number=2, incident=7), done=True)),
    ("drop f2 it is going away", c.EndFollowUp(follow_up=F2, done=False, why="it is going away")),
    ("move F2 friday", c.MoveFollowUp(follow_up=F2, due=FRIDAY)),
    ("postmortem owner=@ann", c.AskPostmortem(owner=ANN)),
    ("postmortem owner=@ann due=friday", c.AskPostmortem(owner=ANN, due=FRIDAY)),
    ("followup-drop f-2 it is going away", c.EndFollowUp(follow_up=F2, done=False, why="it is going away")),
    ("followup-move F2 due=Friday owner=@ann", c.MoveFollowUp(follow_up=F2, due=FRIDAY, owner=ANN)),
    (
        "followup-move F2 the vendor is late due=Friday",
        c.MoveFollowUp(follow_up=F2, due=FRIDAY, why="the vendor is late"),
    ),
    ("followup-move 2 to friday", c.MoveFollowUp(follow_up=F2, due=FRIDAY)),
    (
        "followup move inc-7/F2 @ann friday",
        c.MoveFollowUp(follow_up=FollowUpRef(number=2, incident=7), due=FRIDAY, owner=ANN),
    ),
    ("followup-move F2 friday is a holiday", c.MoveFollowUp(follow_up=F2, why="friday is a holiday")),
    ("postmortem", c.AskPostmortem()),
    ("postmortem @ann due=Friday", c.AskPostmortem(owner=ANN, due=FRIDAY)),
    ("postmortem ann", c.AskPostmortem(owner=ANN)),
    ("postmortem @ann friday", c.AskPostmortem(owner=ANN, due=FRIDAY)),
    ("after postmortem friday", c.AskPostmortem(due=FRIDAY)),
    ("postmortem published", c.PublishPostmortem()),
    ("Postmortem Published https://wiki.example.org/7", c.PublishPostmortem(where="https://wiki.example.org/7")),
    (
        "postmortem published 7 https://wiki.example.org/7",
        c.PublishPostmortem(number=7, where="https://wiki.example.org/7"),
    ),
    ("postmortem published 7", c.PublishPostmortem(number=7)),
    ("postmortem out", c.PublishPostmortem()),
    ("after postmortem publish", c.PublishPostmortem()),
    ("postmortem none 6 covers it", c.WaivePostmortem(number=6, why="covers it")),
    ("postmortem none it was a test", c.WaivePostmortem(why="it was a test")),
    ("page @zoe the database is down", c.Page(called=ZOE, why="the database is down")),
    ("page oncall", c.Page(called="oncall")),
    ("people page Team: all hands", c.Page(called="team", why="all hands")),
    ("page data base now", c.Page(called="Data Base", why="now")),
    ("widen", c.Widen()),
    ("drill", c.Drill()),
    ("drill checkout", c.Drill(scenario="checkout")),
    ("drill credentials-leaked private", c.Drill(scenario="credentials-leaked", private=True)),
    ("debrief say who has recovery", c.Debrief(change="say who has recovery")),
    # Never an update that was published.
    ("withdraw D1", c.WithdrawDecision(point="D1")),
    ("withdraw d2 errors fell by themselves", c.WithdrawDecision(point="D2", why="errors fell by themselves")),
    ("call withdraw D1", c.WithdrawDecision(point="D1")),
    ("move D1 10:50", c.MoveDecision(point="D1", at=NOW.replace(minute=50))),
    ("withdraw D-Day came early", c.WithdrawUpdate(why="D-Day came early")),
    ("assign recovery to @ann", c.Assign(role=Role.RECOVERY, who=ANN)),
    ("assign @ann to recovery", c.Assign(role=Role.RECOVERY, who=ANN)),
    ("hand off to ann", c.HandOff(who=ANN)),
    ("move decision to 10:50", c.MoveDecision(at=NOW.replace(minute=50))),
]


@pytest.mark.parametrize(("text", "command"), READS, ids=[text or "nothing" for text, _ in READS])
def test_what_people_type_is_understood(text: str, command: c.Command) -> None:
    found = read(text, HERE)
    assert found == command
    assert type(found) is type(command)


MISREADS: list[tuple[str, str]] = [
    ("declare", "needs TITLE"),
    ("declare sev1 private", "needs TITLE"),
    ("declare " + "x" * 300, "TITLE has 300 characters; the limit is 200"),
    ("declare x serivce=shop", "did you mean `service=`?"),
    ("sev", "Which severity?"),
    ("sev 4", "`4` is no severity; there are sev1, sev2, sev3"),
    ("sev 1 because", "cannot place `because`"),
    ("status", "Which phase?"),
    ("status montoring", "did you mean `monitoring`?"),
    ("impact", "needs TEXT"),
    ("note " + "x" * 20_000, "TEXT has 20000 characters; the limit is 2000"),
    ("note \u200b", "needs TEXT"),
    ('note ""', "TEXT has no words in it"),
    ("changed", "needs WHAT"),
    ("changed 10:02", "needs WHAT"),
    ("changed release 10:40", "10:40 is still to come; it is 10:30 now"),
    ("changed release an hour ago", "cannot read that time"),
    ("board now", "`board` stands alone; I cannot place `now`"),
    ("timeline 5", "I cannot place `5`"),
    ("resolve " + "x" * 2001, "2001 characters"),
    ("came-back " + "x" * 2001, "2001 characters"),
    ("close it was dns", "put a key before it, as in `close cause=…`. Write `close [cause=… fixed=… next=… owner=@who]` or"),
    ("close caus=dns", "did you mean `cause=`?"),
    ("close cause=a cause=b", "`cause=` is there twice"),
    ("close owner=@zed", "I know nobody called `@zed`"),
    ("close fixed=" + "x" * 2001, "`fixed=` has 2001 characters"),
    ("close false-alarm", "needs WHY"),
    ("close duplicate-of", "Which incident's number?"),
    ("close duplicate-of it", "`it` is no incident's number"),
    ("reopen", "needs WHY"),
    ("reopen 7", "needs WHY"),
    ("yes please", "cannot place `please`"),
    ("claim", "Which role?"),
    ("claim recvry", "`recvry` is no role; did you mean `recovery`?"),
    ("claim qqqq", "there are ic, diagnosis, updates, recovery, scribe"),
    ("claim ic now", "cannot place `now`"),
    ("release", "`release ROLE` or `release ITEM`"),
    ("release foo", "`release ROLE` or `release ITEM`"),
    ("assign recovery", "Which person?"),
    ("assign recovery @zed", "I know nobody called `@zed`"),
    ("assign @ann", "`@ann` is no role"),
    ("vacate", "Which role?"),
    ("backup ic", "Which person?"),
    ("handoff", "Which person?"),
    ("handoff @ann tomorrow", "cannot place `tomorrow`"),
    ("runbook " + "x" * 3000, "the limit is 2000"),
    ("step", "`step N`"),
    ("oncall ann", "`oncall` stands alone"),
    ("cover", "Which person?"),
    ("cover @ann tomorrow", "cannot place `tomorrow`"),
    ("takeover", "Which role?"),
    ("invite", "Which person?"),
    ("uninvite", "Which person?"),
    ("hypothesis", "needs TEXT"),
    ("action", "needs TEXT"),
    ("action @ann", "needs TEXT"),
    ("action call them @zed", "I know nobody called `@zed`"),
    ("grab", "Which item?"),
    ("grab x2", "`x2` is no item"),
    ("drop", "Which item?"),
    ("drop a1 at once", "cannot place `at once`"),
    ("done", "Which item?"),
    ("confirm", "Which item?"),
    ("rule-out the cache", "`the` is no item"),
    ("decide", "needs TEXT"),
    (
        "decide-by roll back if errors stay",
        "`in 15 minutes`; `roll` is none. Write `decide-by TIME CONDITION`, for example `decide-by 10:15 roll back",
    ),
    ("decide-by noon roll back", "The time comes first, like `10:20`, `15m` or `in 15 minutes`; `noon` is none."),
    ("decide-by", "When? Write `decide-by TIME CONDITION`"),
    ("decide by", "When? Write `decide-by TIME CONDITION`"),
    ("decide-by 10:45", "needs CONDITION"),
    ("decide by 15m", "needs CONDITION"),
    ("decide-by 10:15 roll back", "10:15 has passed; it is 10:30 now"),
    ("decide by 10:15 roll back", "10:15 has passed; it is 10:30 now"),
    ("decide-by 25:00 roll back", "'25:00' is not a time; write `10:20`, `15m` or `in 15 minutes`"),
    ("decide by 10:75 roll back", "'10:75' is not a time; write `10:20`"),
    ("decide-by 10:45 pm roll back", "I do not read 10:45 pm: write the time by the 24-hour clock in UTC, like `22:15`"),
    ("decide-by 11pm roll back", "by the 24-hour clock"),
    ("decide-by 10:45 CEST roll back", "I do not read 10:45 CEST"),
    ("decide-by 25h roll back", "25h is too far ahead: a decision is set for the next 24 h"),
    ("decide-by 2 days roll back", "2 days is too far ahead"),
    ("decide-by 0m roll back", "0m is no time to come"),
    ("decide-by " + "1w" * 9000 + " x", "The time comes first"),
    ("decide-by 15m " + "x" * 2001, "CONDITION has 2001 characters"),
    ("move-decision", "When? Write `move-decision [D1] TIME`"),
    ("move-decision soon", "`soon` is no time like `10:20`, `15m` or `in 15 minutes`. Write `move-decision [D1] TIME`"),
    ("move-decision D1 soon", "`soon` is no time like"),
    ("move-decision D1", "When?"),
    ("move-decision 10:45 please", "cannot place `please`"),
    ("withdraw-decision D1 " + "x" * 2001, "WHY has 2001 characters"),
    ("watch", "needs SIGNAL"),
    ("watch @ann 10m", "needs SIGNAL"),
    ("watch payments @zed 10m", "I know nobody called `@zed`"),
    ("watch payments for 5s", "For 5s is too short: it can be 1 min to 7 days"),
    ("object", "needs WHY"),
    ("drill " + "x" * 2001, "2001 characters"),
    ("met", "needs THRESHOLD"),
    ("no please", "cannot place `please`"),
    ("path", "Which path?"),
    ("path rolback", "did you mean `rollback`?"),
    ("freeze " + "x" * 2001, "2001 characters"),
    ("unfreeze " + "x" * 2001, "2001 characters"),
    ("draft imapct=x", "did you mean `impact=`?"),
    ("update some users cannot pay", "put a key before it, as in `draft impact=…`"),
    ("update publsh", "Did you mean `publish`? Write `publish`."),
    ("draft every=15", "`15` is not a length of time"),
    ("draft every=5s", "5s is too short: it can be 1 min to 7 days"),
    ("draft every=" + "999999w" * 200, "is not a length of time"),
    ("publish now", "stands alone"),
    ("discard it", "stands alone"),
    ("unchanged 30d", "too long"),
    ("unchanged soon", "cannot place `soon`"),
    ("correct it was all users", "put a key before it, as in `correct impact=…`"),
    ("withdraw", "needs WHY"),
    ("amend", "Which timeline entry?"),
    ("amend 5 time=soon", "`soon` is no time like `10:02`, `2026-05-02T10:02` or `5m ago`. Write `amend ENTRY [TEXT] [time=10:02]`"),
    ("amend 5 time=10:75", "10:75 is no time"),
    ("amend 5 time=2026-13-02T10:02", "There is no 2026-13-02T10:02"),
    ("amend 5 tme=10:02", "did you mean `time=`?"),
    ("hide", "Which timeline entry? Write `hide ENTRY`, for example `hide 5`."),
    ("hide 5 now", "cannot place `now`"),
    ("unhide it", "`it` is no timeline entry"),
    ("followup", "`followup` needs TEXT. Write `followup TEXT owner=@who due=DATE [priority=P0..P3]`, for example"),
    ("followup @ann friday", "needs TEXT"),
    ("followup fix it @zed friday", "I know nobody called `@zed`"),
    ("followup fix it @ann 05/12", "I do not read 05/12: write the day as in `12 May` or `2026-05-12`"),
    ("followup fix it @ann next week", "Next week is no day: name one, as in `Friday` or `12 May`"),
    ("followup fix it @ann p7", "There is no p7; there are P0, P1, P2, P3"),
    ("followup fix it due=whenever", "`whenever` is no day like `Friday`, `12 May` or `2026-05-12`"),
    ("followup fix it priority=high", "`high` is no priority; there are P0, P1, P2, P3"),
    ("followup fix it owner=ann@ due=Friday", "I know nobody called"),
    ("followup fix it priorty=P1", "did you mean `priority=`?"),
    ("followup fix it @ann friday prio=p1", "has no `prio=`; did you mean `priority=`?"),
    ("followup-done", "Which follow-up? Write `followup-done N [result]`"),
    ("followup-done it", "`it` is no follow-up; they are called `F1`, `F2` and so on"),
    ("followup-drop F2", "needs WHY. Write `followup-drop N WHY`"),
    ("followup-move", "Which follow-up?"),
    ("followup-move F2 05/12", "I do not read 05/12"),
    ("postmortem soon @ann", "Soon is no day: name one"),
    ("postmortem @zed", "I know nobody called `@zed`"),
    ("postmortem 05/12", "I do not read 05/12"),
    ("postmortem published " + "x" * 2001, "WHERE has 2001 characters"),
    ("postmortem none", "needs WHY"),
    ("postmortem none 7", "needs WHY"),
    ("debrief", "needs CHANGE"),
    ("todo fix it", "Did you mean `followup`?"),
    ("followups", "Did you mean `followup`?"),
    ("rca", "Did you mean `postmortem`?"),
    ("amend foo bar", "`foo` is no timeline entry"),
    ("help " + "x" * 20_000, ""),
    ("clam recovery", "no command `clam`. Did you mean `claim`? Write `claim ROLE`, for example `claim recovery`."),
    ("qqqq", "no command `qqqq`. `help` lists them."),
    ("role", "`role` needs one of claim, release"),
    ("role clam ic", "`role` has no command `clam`. Did you mean `claim`?"),
    ("role grab h2", "`role` has no command `grab`"),
    ("people", "`people` needs one of page, widen, invite, uninvite, oncall, cover."),
    ("page", "Which person or group?"),
    ("page", "Write `page @who|GROUP [why]`"),
    ("page nobody-here now", "nobody I know, and no group of the config"),
    ("widen more", "cannot place `more`"),
    ("snooze soon", "cannot place `soon`"),
    ("rollback", "There is no command `rollback`. Did you mean `path`? Write `path rollback|fix|pause|dig [why]`"),
    ("roll back now", "Did you mean `path`?"),
    ("pause", "Did you mean `path`?"),
    ("fix put back the config", "Did you mean `path`?"),
    ("decision 10:50 fail over", "Did you mean `decide-by`? Write `decide-by TIME CONDITION`"),
    ("threshold 1", "Did you mean `met`?"),
    ("role rollback", "`role` has no command `rollback`."),
    ("handoff to", "I know nobody called `to`"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "answer"), MISREADS, ids=[text[:40] for text, _ in MISREADS])
def test_what_cannot_be_read_gets_the_nearest_form(text: str, answer: str) -> None:
    found = read(text, HERE)
    if not answer:
        assert isinstance(found, c.Show)
        return
    assert isinstance(found, c.Misread)
    assert answer in found.answer
    assert found.typed == text.replace("\u200b", "").strip()[:TYPED_LIMIT]
    assert len(found.answer) < 600


def test_every_verb_is_read_and_misread_somewhere_above() -> None:
    # What takes nothing, or anything, cannot be misread.
    anything = {"help"}
    for verb in VERBS:
        assert any(_is(verb, command) for _, command in READS), verb.word
        assert verb.word in anything or any(fold(text).startswith(fold(verb.word)) for text, _ in MISREADS), verb.word


def _is(verb: Verb, command: c.Command) -> bool:
    return type(command) is verb.command and all(getattr(command, k) == v for k, v in verb.fixed.items() if v)


@pytest.mark.parametrize("verb", VERBS, ids=[f"{verb.group} {verb.word}" for verb in VERBS])
def test_every_example_is_read_as_its_command(verb: Verb) -> None:
    plainly = read(verb.example, EARLIER)
    assert type(plainly) is verb.command
    assert all(getattr(plainly, key) == value for key, value in verb.fixed.items() if key != "prompt")
    if verb.group is not Group.DIRECT:
        assert read(f"{verb.group} {verb.example}", EARLIER) == plainly
    assert (
        read(verb.example.upper().split(" ")[0] + verb.example[len(verb.example.split(" ")[0]) :], EARLIER) == plainly
    )


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ("grab", c.Grab(item="H2")),
        ("release", c.LetGo(item="H2")),
        ("release scribe", c.Release(role=Role.SCRIBE)),
        ("done", c.EndItem(item="H2", status=ItemStatus.DONE)),
        ("done nothing odd there", c.EndItem(item="H2", status=ItemStatus.DONE, result="nothing odd there")),
        ("done a1 nothing odd", c.EndItem(item="A1", status=ItemStatus.DONE, result="nothing odd")),
        ("rule out the hit rate is normal", c.EndItem(item="H2", status=ItemStatus.RULED_OUT, result="the hit rate is normal")),
    ],
)  # fmt: skip
def test_in_an_items_thread_the_item_is_known(text: str, command: c.Command) -> None:
    assert read(text, IN_H2) == command


def test_in_an_items_thread_other_words_are_still_no_item() -> None:
    assert isinstance(read("grab x2", IN_H2), c.Misread)


def test_an_incident_is_known_by_what_the_context_knows() -> None:
    context = Context(now=NOW, numbered={"7": 7, "inc-2026-05-02-checkout-down": 7}.get)
    assert read("reopen inc-2026-05-02-checkout-down it fails", context) == c.Reopen(why="it fails", number=7)
    assert read("reopen 500 errors are back", context) == c.Reopen(why="500 errors are back")


def test_without_a_config_nobody_is_known_by_name() -> None:
    assert isinstance(read("assign ic @ann", Context(now=NOW)), c.Misread)


def test_clock_times_are_those_of_the_configured_zone() -> None:
    context = Context(now=NOW, zone=timezone(timedelta(hours=2)))
    assert read("changed x 12:02", context) == c.RecordChange(what="x", at=at(10, 2))
    assert read("changed x 10:02 UTC", context) == c.RecordChange(what="x", at=at(10, 2))


@pytest.mark.parametrize(
    ("now", "said", "meant"),
    [
        ("2026-05-02T23:50+00:00", "00:10", "2026-05-03T00:10+00:00"),
        ("2026-05-02T23:50+00:00", "23:55", "2026-05-02T23:55+00:00"),
        ("2026-05-02T23:50+00:00", "02:10 UTC", "2026-05-03T02:10+00:00"),
        ("2026-05-03T00:10+00:00", "in 15 minutes", "2026-05-03T00:25+00:00"),
    ],
)
def test_a_time_to_come_may_lie_past_midnight(now: str, said: str, meant: str) -> None:
    found = read(f"decide-by {said} roll back", Context(now=datetime.fromisoformat(now)))
    assert found == c.DecideBy(at=datetime.fromisoformat(meant), condition="roll back")


def test_a_time_to_come_is_one_of_the_configured_zone_unless_it_says_utc() -> None:
    context = Context(now=NOW, zone=timezone(timedelta(hours=2)))
    assert read("decide-by 12:45 x", context) == c.DecideBy(at=at(10, 45), condition="x")
    assert read("decide-by 10:45 UTC x", context) == c.DecideBy(at=at(10, 45), condition="x")
    passed = read("decide by 10:45 x", context)
    assert isinstance(passed, c.Misread)
    assert "10:45 has passed; it is 12:30 now in UTC+02:00, and cards show UTC: `10:45 UTC` is theirs." in passed.answer
    passed = read("decide by 10:15 utc x", context)
    assert isinstance(passed, c.Misread)
    assert "10:15 utc has passed; it is 10:30 now." in passed.answer
    early = read("changed release 12:40", context)
    assert isinstance(early, c.Misread)
    assert "it is 12:30 now in UTC+02:00, and cards show UTC: `12:40 UTC` is theirs. For yesterday's" in early.answer


@pytest.mark.parametrize(
    ("text", "rest"),
    [
        ("!inc claim ic", "claim ic"),
        ("/INC  claim ic ", "claim ic"),
        ("!incident board", "board"),
        ("/Incident\nnote a\nb", "note a\nb"),
        (" \u200b!inc board", "board"),
        ("!inc", ""),
        ("!incredible", None),
        ("!inc-board", None),
        ("/incidents", None),
        ("inc board", None),
        ("see !inc board", None),
        ("", None),
    ],
)
def test_the_prefix(text: str, rest: str | None) -> None:
    assert prefix(text) == rest


WORDS = st.sampled_from(
    [
        *(word for spelling in SPELLINGS.values() for verb in spelling for word in (verb.word, *verb.example.split())),
        *(group.value for group in Group),
        *(
            "impact=",
            "next=",
            "every=",
            "owner=",
            '"',
            "“",
            "”",
            "ago",
            "at",
            "in",
            "15m",
            "10:45",
            "25:00",
            "for",
            "d1",
            "@",
            "<@123>",
            "prompt/",
            "h2",
            "-",
            "=",
        ),
    ]
)
TEXTS = st.text() | attacks() | st.lists(WORDS | st.text(max_size=4), max_size=12).map(" ".join)


@given(text=TEXTS, inside=st.booleans())
def test_any_text_is_a_command_or_an_answer(text: str, inside: bool) -> None:
    found = read(text, IN_H2 if inside else HERE)
    assert isinstance(found, c.AnyCommand)
    if isinstance(found, c.Misread):
        assert found.answer.endswith((".", "?"))


@given(text=TEXTS)
def test_help_on_anything_is_help(text: str) -> None:
    assert 0 < len(plain(help_document(text))) < 1900


@pytest.mark.parametrize(
    "text",
    [
        "draft " + 'a="' * 6000,
        "draft " + "impct=x " * 2500,
        "x" * 20_000,
        "update " + "x " * 10_000,
        "note " + "@a " * 7000,
    ],
)
def test_a_hostile_text_takes_no_time(text: str) -> None:
    start = perf_counter()
    read(text, HERE)
    assert perf_counter() - start < 2


def test_help_lists_every_command_on_one_card() -> None:
    card = plain(help_document())
    for verb in VERBS:
        assert verb.word in card


@pytest.mark.parametrize(
    ("topic", "expected"),
    [
        ("claim", "claim ROLE\nTake a role that nobody holds.\nFor example: claim recovery"),
        ("Rule out", "rule-out H [evidence]"),
        ("role claim", "claim ROLE"),
        ("close", "close duplicate-of N"),
        ("close false-alarm", "close false-alarm WHY"),
        ("severity", "sev 1|2|3"),
        ("board", "board\nboard\nShow the board."),
        ("release", "release ITEM"),
        ("item", "• grab ITEM: take an item into your hands"),
        ("update", "• snooze [10m]: put the reminders of the next update off for a while"),
        ("people", "• widen: call the next group"),
        ("drill", "drill [SCENARIO] [private]"),
        ("clam", "There is no such command; this is the nearest.\nclaim ROLE"),
        ("qqqq", "`help COMMAND` explains one."),
        ("me", "`help COMMAND` explains one."),
    ],
)
def test_help_on_a_topic(topic: str, expected: str) -> None:
    assert expected in plain(help_document(topic))


def test_a_field_in_an_answer_is_no_command_to_type() -> None:
    found = read("draft impct=some users cannot pay", HERE)
    assert isinstance(found, c.Misread)
    words = marked_words(found.answer)
    assert Code("impact=") in words
    assert Typed("draft impact=some users cannot pay next=we are testing a rollback every=15m") in words


def test_every_kind_of_argument_can_be_read() -> None:
    used: set[Any] = {slot.kind for verb in VERBS for slot in (*verb.arguments, *verb.fields)}
    assert used == {*READERS, Kind.WORDS}
    assert set(CHOICES) <= used
