"""Who may do what, as people type it: one table for every chat, written from the spec, section 3, and from nothing else.

A row is an act, who may, and what makes it possible again for the next of them. `permission_play` tries every cell.
"""

from __future__ import annotations

from dataclasses import dataclass

KINDS: dict[str, str] = {
    "commander": "Ann",
    "commander's backup": "Bob",
    "diagnosis": "Mia",
    "diagnosis' backup": "Dan",
    "updates": "Jon",
    "updates' backup": "Kim",
    "recovery": "Leah",
    "recovery's backup": "Sam",
    "scribe": "Pip",
    "scribe's backup": "Eli",
    "responder": "Zoe",
    "tie-breaker": "Tia",
    "author": "Una",
    "assignee": "Vic",
    "former holder": "Wes",
    "left": "Xav",
    "stranger": "Ned",
}
"""One person of every kind. Xav wrote an entry and has an item in his hands, and is no responder any more."""

OUTSIDE = frozenset({"left", "stranger"})
ANYONE = frozenset(KINDS) - OUTSIDE
COMMAND = frozenset({"commander", "commander's backup"})
DIAGNOSIS = frozenset({"diagnosis", "diagnosis' backup"})
UPDATES = frozenset({"updates", "updates' backup"})
RECOVERY = frozenset({"recovery", "recovery's backup"})
SCRIBE = frozenset({"scribe", "scribe's backup"})
HOLDERS = COMMAND | DIAGNOSIS | UPDATES | RECOVERY | SCRIBE

Turn = tuple[str, str]
"""A kind of person and what they type."""

SETUP: tuple[Turn, ...] = (
    ("commander", "claim ic"),
    ("diagnosis", "claim diagnosis"),
    ("former holder", "claim updates"),
    ("commander", "assign updates {updates}"),
    ("recovery", "claim recovery"),
    ("scribe", "claim scribe"),
    ("commander", "backup ic {commander's backup}"),
    ("commander", "backup diagnosis {diagnosis' backup}"),
    ("commander", "backup updates {updates' backup}"),
    ("commander", "backup recovery {recovery's backup}"),
    ("commander", "backup scribe {scribe's backup}"),
    ("author", "note errors began at ten, says the author"),
    ("left", "note errors began before ten"),
    ("assignee", "hypothesis held by the assignee"),
    ("assignee", "grab {H}"),
    ("left", "hypothesis held by who left"),
    ("left", "grab {H}"),
    ("recovery", "path fix a patch of release 214"),
    ("recovery", "drop {R}"),
    ("responder", "runbook checkout"),
    ("updates", "draft impact=some users cannot pay next=we test a rollback every=15m"),
    ("updates", "publish"),
)
"""All roles held, with backups, and one of everything that an act can be about."""


@dataclass(frozen=True)
class Row:
    """`makes` is the event that an allowed act puts on the record; `before` and `after` are typed around each of them.

    Where it names more than one, a repeat is one of them. `moot`: who may, and for whom there is nothing in it just now (the
    scribe takes over the scribe).
    """

    words: str
    may: frozenset[str]
    makes: str
    before: tuple[Turn, ...] = ()
    after: tuple[Turn, ...] = ()
    moot: frozenset[str] = frozenset()


def ends(words: str, kind: str) -> Row:
    return Row(words, ANYONE, "item_ended", (("{me}", f"{kind} for {{me}} {{n}}"),))


def owed(words: str, makes: str) -> Row:
    return Row(words, ANYONE, makes, (("{me}", "followup for {me} {n} owner={responder} due=2027-05-01"),))


SCRIBE_AGAIN: tuple[Turn, ...] = (
    ("commander", "assign scribe {scribe}"),
    ("commander", "backup scribe {scribe's backup}"),
)
CLOSED: tuple[Turn, ...] = (("commander", "close false-alarm the probe was down"),)
REOPENED: tuple[Turn, ...] = (("responder", "reopen it is real after all"),)
PATH_OVER: tuple[Turn, ...] = (("recovery", "drop {R}"),)
DRAFTED: tuple[Turn, ...] = (("updates", "draft impact=draft {n} of the updates next=we test a rollback every=15m"),)

TABLE: tuple[Row, ...] = (
    # Any responder.
    Row("hypothesis a guess, {n}", ANYONE, "item_added"),
    Row("action a task, {n}", ANYONE, "item_added"),
    Row("note this is {n}", ANYONE, "noted"),
    Row("changed release {n}", ANYONE, "change_recorded"),
    Row("decide that we wait, {n}", ANYONE, "decision_marked"),
    Row("followup alert {n} owner={responder} due={day}", ANYONE, "follow_up_added"),
    Row("board", ANYONE, "told"),
    Row("timeline", ANYONE, "told"),
    Row("help close", ANYONE, "told"),
    Row("oncall", ANYONE, "on_call_told"),
    Row("runbook checkout", ANYONE, "runbook_shown"),
    Row("step 1", ANYONE, "item_added|heard"),
    Row("met 1", ANYONE, "threshold_met|heard"),
    Row("watch success rate, {n}", ANYONE, "signal_named"),
    # Whoever is no responder may be brought in, and may do no more by it.
    Row("invite {stranger}", ANYONE, "joined|heard"),
    # Whoever says anything has answered it.
    Row("page {responder}", ANYONE, "asked", after=(("responder", "note I have it, {n}"),)),
    # There are two rings to call, and so two who may call one.
    Row("widen", ANYONE, "widened", moot=ANYONE - {"commander", "responder"}),
    Row("cover {author}", ANYONE, "cover_begun", moot=frozenset({"author"})),
    Row("grab {H}", ANYONE, "item_grabbed|asked", (("{me}", "hypothesis for {me} {n}"),), (("{me}", "drop {H}"),)),
    ends("drop {A}", "action"),
    ends("done {A}", "action"),
    ends("confirm {H}", "hypothesis"),
    ends("rule-out {H}", "hypothesis"),
    owed("followup-done {F}", "follow_up_ended"),
    owed("followup-drop {F} it is of no use", "follow_up_ended"),
    owed("followup-move {F} due={day}", "follow_up_moved"),
    Row(
        "claim scribe", ANYONE, "role_taken", (("commander", "vacate scribe"),), SCRIBE_AGAIN,
    ),
    Row("takeover scribe", ANYONE, "asked|role_taken", after=SCRIBE_AGAIN, moot=frozenset({"scribe"})),
    Row("came-back it fails", ANYONE, "came_back", (("recovery", "resolve rolled back"),)),
    Row(
        "reopen it is real after all", ANYONE, "reopened", CLOSED,
    ),
    # The commander.
    Row("assign scribe {responder}", COMMAND, "role_taken", after=SCRIBE_AGAIN),
    Row("vacate scribe", COMMAND, "role_vacated", after=SCRIBE_AGAIN),
    Row("sev {other}", COMMAND, "severity_set"),
    Row("status {phase}", COMMAND, "phase_set"),
    # What is in somebody's hands is asked about first; `permission_asks` has the yes to it.
    Row("close cause=tax fixed=rolled back", COMMAND, "asked", after=(("commander", "no"),)),
    Row("close false-alarm the probe was down", COMMAND, "closed", after=REOPENED),
    Row("close duplicate-of {sibling}", COMMAND, "closed", after=REOPENED),
    # The commander or the recovery owner.
    Row("resolve rolled back", COMMAND | RECOVERY, "resolved", after=(("responder", "came-back it fails"),)),
    Row("freeze until payments work", COMMAND | RECOVERY, "frozen", after=(("commander", "unfreeze"),)),
    Row("unfreeze", COMMAND | RECOVERY, "unfrozen", (("commander", "freeze"),)),
    # The calls.
    Row("impact nobody can pay, {n}", COMMAND | DIAGNOSIS | UPDATES, "impact_set"),
    Row(
        "decide-by 2h roll back if payments fail", COMMAND | DIAGNOSIS | RECOVERY, "decision_point_set",
        after=(("commander", "withdraw-decision"),),
    ),
    Row(
        "move-decision 3h", COMMAND | DIAGNOSIS | RECOVERY, "decision_point_moved",
        (("commander", "decide-by 2h roll back"),), (("commander", "withdraw-decision"),),
    ),
    Row(
        "withdraw-decision", COMMAND | DIAGNOSIS | RECOVERY, "decision_point_withdrawn",
        (("commander", "decide-by 2h roll back"),),
    ),
    Row("path rollback release {n}", RECOVERY, "path_chosen", after=PATH_OVER),
    # The words outside.
    Row("draft impact=few can pay, {n} next=we test a rollback", UPDATES, "drafted", after=(("updates", "discard"),)),
    Row("publish", UPDATES, "published", DRAFTED),
    Row("discard", UPDATES, "draft_discarded", DRAFTED),
    Row("unchanged 15m", UPDATES, "published"),
    Row("snooze 20m", UPDATES, "reminders_snoozed", (("updates", "unchanged {minutes}m"),)),
    Row("correct impact=all users cannot pay, {n}", UPDATES, "corrected"),
    Row("correct headline=Payments fail, {n}", UPDATES, "corrected"),
    Row("withdraw it was wrong", UPDATES, "update_withdrawn", (*DRAFTED, ("updates", "publish"))),
    # The record and one's own role.
    Row("hide {entry}", COMMAND | SCRIBE | {"author"}, "entry_hidden", after=(("commander", "unhide {entry}"),)),
    Row("unhide {entry}", COMMAND | SCRIBE | {"author"}, "entry_hidden", (("commander", "hide {entry}"),)),
    Row("release {held}", COMMAND | {"assignee"}, "item_let_go", after=(("assignee", "grab {held}"),)),
    Row("amend {entry} errors began at {n}", COMMAND | SCRIBE | {"author"}, "entry_amended"),
    Row("handoff {responder} scribe", frozenset({"scribe"}), "asked", after=(("responder", "no"),)),
    Row("release scribe", frozenset({"scribe"}), "role_vacated", after=SCRIBE_AGAIN),
    Row(
        "backup scribe {responder}", COMMAND | {"scribe"}, "backup_named",
        after=(("commander", "backup scribe {scribe's backup}"),),
    ),
    # Last: after an objection the tie-breaker is asked, and then may choose the path.
    Row(
        "object we lose orders", HOLDERS, "objected", (("recovery", "path rollback release {n}"),), PATH_OVER,
        moot=frozenset({"recovery"}),
    ),
)  # fmt: skip

ONCE_CLOSED: tuple[Turn, ...] = (*CLOSED, ("author", "postmortem"))

AFTER: tuple[Row, ...] = (
    Row("debrief we say who has recovery, {n}", ANYONE, "debriefed"),
    Row("postmortem", ANYONE, "postmortem_drafted"),
    Row("postmortem none the one of {n} covers it", COMMAND | {"author"}, "postmortem_waived"),
    # Last, and by its owner alone: the channel is read-only then.
    Row("postmortem published", COMMAND | {"author"}, "postmortem_published", moot=COMMAND),
)
"""What there is to do after the close: the author of the entry owes the postmortem."""

ELSEWHERE: dict[str, str] = {
    "declare": "test_permissions_triage.py",
    "drill": "test_permissions_triage.py",
    "uninvite": "test_rules_private.py",
    "yes": "permission_presses.py",
    "no": "permission_presses.py",
}
"""The verbs that are tried in another file, since an open incident's channel is no place for them."""
