"""The commands in words: `VERBS`, the one list behind the parser, the help, the README's table and slash commands.

Rule: a command that people can type is a row here and nowhere else. Words and names are those of the spec, section 6.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from difflib import get_close_matches

from core.incident import commands as c
from core.incident.forms import Argument, Group, Kind, Verb, argument, optional
from core.incident.times import spell
from core.incident.vocabulary import ItemKind, ItemStatus, Person

ROLE = argument("role", Kind.ROLE)
WHO = argument("who", Kind.WHO, "@who")
ITEM = argument("item", Kind.ITEM)
HYPOTHESIS = argument("item", Kind.ITEM, "H")
TEXT = argument("text", Kind.WORDS)
WHY = argument("why", Kind.WORDS, asks="why, in one sentence")
FOLLOW_UP = argument("n", Kind.FOLLOW_UP, into="follow_up")
EVIDENCE = optional(argument("evidence", Kind.WORDS, into="result", asks="what shows it"))
SEVERITY = argument("severity", Kind.SEVERITY, "1|2|3")
MOMENT = argument("time", Kind.MOMENT, into="at")
POINT = optional(argument("point", Kind.POINT, "D1"))
EVERY = argument("every", Kind.LENGTH, "15m", asks="when the next update comes, like 15m")

_UPDATE_FIELDS: tuple[Argument, ...] = (
    argument("headline", Kind.WORDS, "…", asks="the incident's public name", rare=True),
    argument("impact", Kind.WORDS, "…", asks="what users see"),
    argument("affected", Kind.WORDS, "…", asks="who is affected"),
    argument("working", Kind.WORDS, "…", asks="what still works"),
    argument("next", Kind.WORDS, "…", asks="what happens next"),
    EVERY,
)
_CLOSE_FIELDS: tuple[Argument, ...] = (
    argument("cause", Kind.WORDS, "…", asks="what caused it, or: unknown yet"),
    argument("fixed", Kind.WORDS, "…", asks="what fixed it"),
    argument("next", Kind.WORDS, "…", asks="what comes next: the postmortem, or why none"),
    argument("owner", Kind.WHO, "@who", asks="who owns the postmortem", rare=True),
)

VERBS: tuple[Verb, ...] = (
    Verb(
        "declare", Group.DIRECT, c.Declare, "begin an incident", "declare checkout fails after payment sev1",
        (argument("title", Kind.WORDS, asks="what is wrong, in one line"), optional(SEVERITY, "sev1|sev2|sev3"),
         optional(argument("private", Kind.FLAG, "private", asks="by invitation only; said to Tocsin alone", rare=True))),
        (argument("service", Kind.WORDS, "NAME", asks="the service that is hit"),),
    ),
    Verb(
        "drill", Group.DIRECT, c.Drill, "practise a made-up outage; alone, list them", "drill checkout",
        (optional(argument("scenario", Kind.WORDS, asks="which one; nothing lists them"), "SCENARIO"),
         optional(argument("private", Kind.FLAG, "private", asks="by invitation only; said to Tocsin alone", rare=True))),
    ),
    Verb("sev", Group.DIRECT, c.SetSeverity, "set the severity", "sev 1", (SEVERITY,), aliases=("severity",)),
    Verb(
        "status", Group.DIRECT, c.SetPhase, "set the phase: investigating, identified, monitoring, resolved",
        "status monitoring the rollback is out", (argument("phase", Kind.PHASE), optional(WHY)), aliases=("phase",),
    ),
    Verb("impact", Group.DIRECT, c.SetImpact, "say what users see", "impact some users cannot pay since 10:02", (TEXT,)),
    Verb("note", Group.DIRECT, c.AddNote, "put words on the timeline", "note the provider says that they are fine", (TEXT,)),
    Verb(
        "changed", Group.DIRECT, c.RecordChange, "record the latest change to the system, now or at a time (`10:02`, `5m ago`)",
        "changed release 214 5m ago",
        (argument("what", Kind.WORDS, asks="what was changed"), optional(argument("time", Kind.TIME, "time", into="at"))),
    ),
    Verb("board", Group.DIRECT, c.Show, "show the board", "board", fixed={"what": "board"}),
    Verb("timeline", Group.DIRECT, c.Show, "show the timeline", "timeline", fixed={"what": "timeline"}),
    Verb(
        "runbook", Group.DIRECT, c.ShowRunbook, "show the runbook, or another by its name; with a number, that section of it", "runbook checkout 2",
        (optional(argument("name", Kind.WORDS, asks="which runbook, and which section of it"), "NAME"),),
    ),
    Verb(
        "help", Group.DIRECT, c.Show, "list the commands, or explain one", "help close",
        (optional(argument("command", Kind.WORDS, into="topic", asks="which command"), "COMMAND"),), fixed={"what": "help"},
    ),
    Verb(
        "resolve", Group.DIRECT, c.Resolve, "users are served again; a watch begins", "resolve rolled back release 214",
        (optional(argument("fixed", Kind.WORDS, asks="what fixed it"), "what fixed it"),),
    ),
    Verb("came-back", Group.DIRECT, c.CameBack, "it came back: investigating again", "came-back payments fail again", (optional(WHY),)),
    Verb(
        "close", Group.DIRECT, c.Close, "declare it over: what happened, what fixed it, what comes next",
        "close cause=tax rounding in release 214 fixed=rolled back next=postmortem on Tuesday owner=@ann", fields=_CLOSE_FIELDS,
    ),
    Verb(
        "close false-alarm", Group.DIRECT, c.CloseFalseAlarm, "close: it was none",
        "close false-alarm the probe itself was down", (WHY,),
    ),
    Verb(
        "close duplicate-of", Group.DIRECT, c.CloseDuplicate, "close: another incident is the same, and goes on",
        "close duplicate-of 7", (argument("n", Kind.INCIDENT, into="of"),), aliases=("close duplicate",),
    ),
    Verb(
        "reopen", Group.DIRECT, c.Reopen, "open a closed incident again", "reopen payments fail again since 10:40",
        (optional(argument("n", Kind.INCIDENT, into="number")), WHY),
    ),
    Verb(
        "yes", Group.DIRECT, c.Confirm, "say yes to what Tocsin asked you", "yes handoff-1",
        (optional(argument("what", Kind.PROMPT, into="prompt")),), fixed={"prompt": ""}, aliases=("ok",),
    ),
    Verb(
        "no", Group.DIRECT, c.Decline, "say no to what Tocsin asked you", "no handoff-1",
        (optional(argument("what", Kind.PROMPT, into="prompt")),), fixed={"prompt": ""},
    ),
    Verb("claim", Group.ROLE, c.Claim, "take a role that nobody holds", "claim recovery", (ROLE,)),
    Verb("release", Group.ROLE, c.Release, "let go of your role", "release scribe", (ROLE,)),
    Verb(
        "page", Group.PEOPLE, c.Page, "call somebody, or a group, in the chat and wherever they said", "page @ann the database is down",
        (argument("who", Kind.CALLED, "@who|GROUP", "called", asks="who, or which group: oncall, team, …"), optional(WHY)),
    ),
    Verb("widen", Group.PEOPLE, c.Widen, "call the next group: on call, the team, its neighbours, all who respond", "widen"),
    Verb("assign", Group.ROLE, c.Assign, "give somebody a role", "assign recovery @ann", (ROLE, WHO)),
    Verb("vacate", Group.ROLE, c.Vacate, "take a role from its holder", "vacate scribe", (ROLE,)),
    Verb("backup", Group.ROLE, c.NameBackup, "name a role's backup", "backup ic @ann", (ROLE, WHO)),
    Verb("handoff", Group.ROLE, c.HandOff, "offer one of your roles, or all, to somebody", "handoff @ann ic", (WHO, optional(ROLE))),
    Verb("takeover", Group.ROLE, c.TakeOver, "ask for a role; after a minute of silence it is yours", "takeover ic", (ROLE,)),
    Verb(
        "hypothesis", Group.ITEM, c.AddItem, "add what may be the cause", "hypothesis tax rounding in release 214",
        (TEXT,), fixed={"kind": ItemKind.HYPOTHESIS},
    ),
    Verb(
        "action", Group.ITEM, c.AddItem, "add something to do", "action call the payment provider @ann",
        (TEXT, optional(WHO)), fixed={"kind": ItemKind.ACTION},
    ),
    Verb(
        "step", Group.ITEM, c.TakeStep, "make an action of a step of the runbook that was shown last, by its number", "step 2",
        (argument("n", Kind.ENTRY, into="step", asks="which step, by its number"),),
    ),
    Verb("grab", Group.ITEM, c.Grab, "take an item into your hands", "grab H2", (ITEM,)),
    Verb("release", Group.ITEM, c.LetGo, "let an item go", "release H2", (ITEM,)),
    Verb("drop", Group.ITEM, c.EndItem, "drop an item; a path: it did not help", "drop A3", (ITEM,), fixed={"status": ItemStatus.DROPPED}),
    Verb(
        "done", Group.ITEM, c.EndItem, "an item is done", "done A1 config is the same as at 09:55",
        (ITEM, optional(argument("result", Kind.WORDS, asks="what came of it"))), fixed={"status": ItemStatus.DONE},
    ),
    Verb(
        "confirm", Group.ITEM, c.EndItem, "a hypothesis is right", "confirm H2 the totals differ by a cent",
        (HYPOTHESIS, EVIDENCE), fixed={"status": ItemStatus.CONFIRMED},
    ),
    Verb(
        "rule-out", Group.ITEM, c.EndItem, "a hypothesis is wrong", "rule-out H1 the hit rate is normal",
        (HYPOTHESIS, EVIDENCE), fixed={"status": ItemStatus.RULED_OUT},
    ),
    Verb("decide", Group.CALL, c.MarkDecision, "record a decision word for word", "decide we roll back at 10:15 unless errors fall", (TEXT,)),
    Verb(
        "decide-by", Group.CALL, c.DecideBy, "set a decision point: at its time the recovery owner is asked",
        "decide-by 10:15 roll back if sign-in errors stay above 20 %",
        (MOMENT, argument("condition", Kind.WORDS, asks="what to do, and if what")),
    ),
    Verb("move-decision", Group.CALL, c.MoveDecision, "move the next decision point, or the one named", "move-decision 10:20", (POINT, MOMENT)),
    Verb(
        "withdraw-decision", Group.CALL, c.WithdrawDecision, "withdraw the next decision point, or the one named",
        "withdraw-decision errors fell by themselves", (POINT, optional(WHY)),
    ),
    Verb(
        "path", Group.CALL, c.ChoosePath, "choose the one recovery path", "path rollback release 214 is the latest change",
        (argument("path", Kind.PATH, "rollback|fix|pause|dig"), optional(WHY)),
    ),
    Verb(
        "watch", Group.CALL, c.WatchSignal, "say which signal will show that the path worked, and who watches it",
        "watch payment success above 99 % @ann 10m",
        (argument("signal", Kind.WORDS, asks="which signal"), optional(WHO), optional(argument("length", Kind.LENGTH, "10m"))),
    ),
    Verb("object", Group.CALL, c.Object, "object to the choice made last; the tie-breaker is asked", "object a rollback loses the new orders", (WHY,)),
    Verb(
        "met", Group.CALL, c.MeetThreshold, "say that a threshold of the service is met, by its number or its words", "met 1",
        (argument("threshold", Kind.WORDS, asks="which sentence, by its number or some of its words"),),
    ),
    Verb("freeze", Group.CALL, c.Freeze, "freeze changes", "freeze no deploys until payments work", (optional(WHY),)),
    Verb("unfreeze", Group.CALL, c.Unfreeze, "lift the freeze", "unfreeze the rollback is done", (optional(WHY),)),
    Verb(
        "draft", Group.UPDATE, c.Draft, "draft the next update (also just `update …`)",
        "draft impact=some users cannot pay next=we are testing a rollback every=15m", fields=_UPDATE_FIELDS, aliases=("update",),
    ),
    Verb("publish", Group.UPDATE, c.Publish, "publish the draft to every audience", "publish"),
    Verb("discard", Group.UPDATE, c.Discard, "throw the draft away", "discard"),
    Verb("unchanged", Group.UPDATE, c.PublishUnchanged, "publish that impact is unchanged, with a new time", "unchanged 15m", (optional(EVERY),)),
    Verb("correct", Group.UPDATE, c.CorrectUpdate, "correct the last update in every copy", "correct impact=all users cannot pay", fields=_UPDATE_FIELDS),
    Verb(
        "snooze", Group.UPDATE, c.Snooze, "put the reminders of the next update off for a while", "snooze 10m",
        (optional(argument("length", Kind.LENGTH, "10m", asks="for how long, like 10m")),),
    ),
    Verb("withdraw", Group.UPDATE, c.WithdrawUpdate, "withdraw the last update", "withdraw it was meant for another incident", (WHY,)),
    Verb("invite", Group.PEOPLE, c.Invite, "bring somebody into this channel", "invite @ann", (WHO,)),
    Verb("uninvite", Group.PEOPLE, c.Uninvite, "put somebody out of a private incident", "uninvite @ann", (WHO,)),
    Verb("oncall", Group.PEOPLE, c.ShowOnCall, "say who is on call now, who is next, and who covers whom", "oncall", aliases=("on-call",)),
    Verb(
        "cover", Group.PEOPLE, c.Cover, "take the pages of somebody on call for a while, or give them yours", "cover @ann 2h",
        (WHO, optional(argument("length", Kind.LENGTH, "2h", asks="for how long, like 2h"))),
    ),
    Verb(
        "followup", Group.AFTER, c.FollowUp, "add work that outlives the incident, with its owner and its day",
        "followup alert on failing payments owner=@ann due=Friday priority=P1", (TEXT,),
        (argument("owner", Kind.WHO, "@who", asks="who does it"), argument("due", Kind.DATE, "DATE", asks="by which day, like Friday"),
         argument("priority", Kind.PRIORITY, "P0..P3")),
        needs=("owner", "due"),
    ),
    Verb(
        "followup-done", Group.AFTER, c.EndFollowUp, "a follow-up is done", "followup-done F2 the alert is there",
        (FOLLOW_UP, optional(argument("result", Kind.WORDS, into="why", asks="what came of it"))), fixed={"done": True},
    ),
    Verb(
        "followup-drop", Group.AFTER, c.EndFollowUp, "drop a follow-up, with the reason", "followup-drop F2 the service is going away",
        (FOLLOW_UP, WHY), fixed={"done": False},
    ),
    Verb(
        "followup-move", Group.AFTER, c.MoveFollowUp, "move a follow-up to another day or person", "followup-move F2 due=Friday owner=@ann",
        (FOLLOW_UP, optional(WHY)),
        (argument("due", Kind.DATE, "DATE"), argument("owner", Kind.WHO, "@who", rare=True)),
    ),
    Verb(
        "postmortem", Group.AFTER, c.AskPostmortem, "post the record as a postmortem to fill in; or say who writes it, by when",
        "postmortem @ann due=Friday", (optional(argument("who", Kind.WHO, "@who", into="owner")),), (argument("due", Kind.DATE, "DATE", asks="by which day, like Friday"),),
    ),
    Verb(
        "postmortem published", Group.AFTER, c.PublishPostmortem, "the postmortem is out; the channel becomes read-only",
        "postmortem published https://wiki.example.org/inc-7",
        (optional(argument("n", Kind.INCIDENT, into="number")), optional(argument("where", Kind.WORDS, asks="where it is"))),
        aliases=("postmortem done", "postmortem out", "postmortem publish"),
    ),
    Verb(
        "postmortem none", Group.AFTER, c.WaivePostmortem, "there will be no postmortem, and why", "postmortem none the one of incident 6 covers it",
        (optional(argument("n", Kind.INCIDENT, into="number")), WHY),
    ),
    Verb(
        "debrief", Group.AFTER, c.Debrief, "choose the one change of the debrief; the next incident's board shows it",
        "debrief the commander says aloud who has recovery", (argument("change", Kind.WORDS, asks="the one thing to do otherwise next time"),),
    ),
    Verb(
        "amend", Group.AFTER, c.Amend, "correct a timeline entry, its text or its time", "amend 5 the release was number 214",
        (argument("entry", Kind.ENTRY), optional(TEXT, "TEXT")), (argument("time", Kind.WHEN, "10:02", into="at"),),
    ),
    Verb("hide", Group.AFTER, c.HideEntry, "leave a timeline entry out of the postmortem", "hide 5", (argument("entry", Kind.ENTRY),), fixed={"hidden": True}),
    Verb("unhide", Group.AFTER, c.HideEntry, "take an entry into the postmortem again", "unhide 5", (argument("entry", Kind.ENTRY),), fixed={"hidden": False}),
)  # fmt: skip

PATHS: dict[str, Verb] = {verb.path: verb for verb in VERBS}
"""Every row by its path."""


def fold(word: str) -> str:
    """A word as verbs are compared: `rule–out`, `Rule_Out` and `ruleout` are one."""
    return "".join(letter for letter in word.casefold() if letter.isalnum())


def _spellings() -> dict[str, tuple[Verb, ...]]:
    known: dict[str, tuple[Verb, ...]] = {}
    for verb in VERBS:
        for word in (verb.word, *verb.aliases):
            known[fold(word)] = (*known.get(fold(word), ()), verb)
    return known


SPELLINGS: dict[str, tuple[Verb, ...]] = _spellings()
"""Every folded spelling of a verb and the rows it may mean."""


def spelled(command: c.AnyCommand) -> str:
    """A command in the words that give it."""
    verb = next(row for row in VERBS if row.command is type(command))
    said = {slot: getattr(command, slot.into) for slot in (*verb.arguments, *verb.fields)}
    words = [_value(value) for slot, value in said.items() if slot in verb.arguments and value]
    fields = [f"{slot.name}={_value(value)}" for slot, value in said.items() if slot in verb.fields and value]
    return " ".join([verb.word, *words, *fields])


def _value(value: object) -> str:
    match value:
        case Person():
            return f"@{value.name}"
        case timedelta():
            return spell(value)
        case _:
            return str(value)


ALSO: dict[str, str] = {
    **dict.fromkeys(("rollback", "roll", "revert", "fix", "hotfix", "ship", "pause", "hold", "dig", "digging"), "path"),
    **dict.fromkeys(("decision", "decideat", "deadline"), "decide-by"),
    **dict.fromkeys(("threshold", "thresholds"), "met"),
    **dict.fromkeys(("thaw", "lift"), "unfreeze"),
    **dict.fromkeys(("signal", "monitor"), "watch"),
    **dict.fromkeys(("deployed", "released", "shipped"), "changed"),
    "move": "move-decision",
    "nope": "no",
    **dict.fromkeys(("lesson", "retro", "retrospective"), "debrief"),
    **dict.fromkeys(("pm", "rca", "review"), "postmortem"),
    **dict.fromkeys(("todo", "task", "ticket"), "followup"),
}
"""Words that no verb begins with, and the verb that whoever types them half asleep wants."""


def _close(word: str, known: Iterable[str]) -> list[str]:
    """The nearest of the folded words; to twenty thousand letters none is near, and comparing would take seconds."""
    return get_close_matches(fold(word), known, n=1) if len(word) <= 40 else []


def nearest_verb(word: str, group: Group | None = None) -> Verb | None:
    """The verb that was most likely meant, `None` when none is near."""
    known = [spelling for spelling, rows in SPELLINGS.items() if group in (None, rows[0].group)]
    start = fold(word)
    wanted = SPELLINGS.get(fold(ALSO.get(start, "")), ())
    if wanted and group in (None, wanted[0].group):
        return wanted[0]
    begun = {SPELLINGS[spelling][0].word for spelling in known if spelling.startswith(start)}
    if len(start) > 2 and len(begun) == 1:
        return SPELLINGS[fold(begun.pop())][0]
    # The first of a verb's rows: its plain form.
    return next((SPELLINGS[near][0] for near in _close(word, known)), None)
