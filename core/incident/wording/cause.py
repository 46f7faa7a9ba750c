"""A cause in the text, stated or guessed, while no hypothesis is confirmed.

Rule: naming what fails is no cause ("search and the login page fail"), nor is what comes of the outage itself ("late
because of this outage"), nor saying what is not known, not the case, or being checked.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import chain

from core.incident.wording.reading import Reading, Sentence, pattern

_TECH = (
    r"(?:database|db|dns|network(?:ing)?|servers?|cach(?:e|ing)|deploy(?:ment)?s?|release|roll-?out|config(?:uration)?"
    r"|misconfiguration|certificates?|hardware|disks?|memory|load balancers?|firewall|ddos|attack|bug|regression|code"
    r"|capacity|traffic|upstream|third[- ]party|vendor|provider|cloud|aws|azure|gcp|cdn|queue|storage|migration|script"
    r"|power|overload|leak|routing|software|kubernetes|cluster)\b"
)
"""What causes are made of."""

_A_TECH = rf"(?:(?:an?|the|our|some|another) (?:[\w-]+ ){{0,2}})?{_TECH}"

_IT = (
    r"\b(?:this|it|that|these|cause|issues?|problems?|outage|incident|failures?|errors?|delays?|slowness|disruption)"
    r"(?: (?:is|was|are|were))?"
)

_TROUBLE = (
    r"(?:incidents?|outage|issues?|problems?|disruption|downtime|interruption|delays?|failures?|slowdown)\b"
    r"(?! (?:at|of|in|with|on|from|affecting|by)\b)"
)
_REPAIR = (
    r"(?:backlog|rollback|roll-back|restarts?|failover|maintenance|recovery|mitigation|restoration|repairs?|fix)\b"
)
_WHICH = (
    r"(?:(?:the|this|that|these|those|today's|yesterday's|our|earlier|ongoing|current|an?|previous|any|such|technical"
    r"|unexpected|planned|scheduled|emergency|resulting) ){0,4}"
)
_CALLS = r"(?:the |a )?(?:(?:high|large|increased|unusual) )?(?:number|volume) of (?:calls|tickets|messages|emails|enquiries|inquiries|questions|support)"
_REST = r"(?:(?:the|a|today's|public|bank|national) ){0,3}(?:holidays?|weekend|season)\b"
_ITSELF = rf"(?:(?:this|that|it|which|these)(?= *(?:[,.;:!?)]|$))|{_WHICH}(?:{_TROUBLE}|{_REPAIR})|{_CALLS}|{_REST})"
"""What stands after "because of" and is no cause of the incident: the incident, or what is done about it."""

_TO_COME = (
    r"(?:appear|arrive|be|begin|close|come|complete|deliver|depart|end|expire|finish|get|go|happen|land|launch|leave|open"
    r"|pay|process|publish|reach|receive|renew|resume|return|run|send|settle|ship|start|stop|take)\b"
)
_OWED = (
    r"(?:(?:our|the|all|your|some|affected|each|every) ){0,2}(?:you|us|them|customers?|users?|merchants?|sellers?|suppliers?"
    r"|staff|employees|people|drivers|partners|creators|hosts|members|artists|authors|landlords|contractors)\b"
)

STATED = (
    pattern(rf"\b(?:due|owing) to (?!{_TO_COME}|{_OWED}|{_ITSELF})[\w'\"-]+(?: [\w'-]+){{0,4}}", "due to", "owing to"),
    pattern(
        rf"\b(?:because of|caused by|as a (?:direct )?result of|result(?:ing|ed) from|stem(?:s|med|ming)? from"
        rf"|brought down by) (?!{_ITSELF})[\w'\"-]+(?: [\w'-]+){{0,4}}",
        "because of", "caused by", "result", "stem", "brought down",
    ),
    pattern(r"\btraced (?:(?:it|this|them|the \w+) )?(?:back |down )?to [\w'-]+(?: [\w'-]+){0,4}", "traced"),
    pattern(
        r"\bcause (?:of (?:[\w'-]+ ){1,4}?)?(?:is|was|seems to be|appears to be) "
        r"(?:(?:most|very|likely|probably|possibly|believed to be|thought to be|suspected to be) ){0,2}"
        r"(?:an?|the|our|that|in|with|one)\b(?! (?:subject|focus|topic|same|question))(?: [\w'-]+){0,4}",
        "cause ",
    ),
    pattern(r"\bcause: (?!unknown|not|under|being|unclear|still|tb[cd]|to be)[\w'-]+(?: [\w'-]+){0,4}", "cause:"),
    pattern(rf"{_IT} (?:[\w'-]+ ){{0,2}}triggered by (?!{_ITSELF})[\w'-]+(?: [\w'-]+){{0,4}}", "triggered by"),
    pattern(
        r"\b(?:bad|faulty|buggy|botched) (?:\w+ )?(?:deploy(?:ment)?|release|roll-?out|config(?:uration)?(?: change)?|push"
        r"|commit|patch|migration|upgrade)\b",
        "bad ", "faulty ", "buggy ", "botched ",
    ),
    pattern(
        rf"\bbecause (?:the|our|an?) (?:[\w-]+ ){{0,2}}{_TECH} (?:is|was|are|were|has|had|went|ran|fail\w*|crash\w*|broke"
        r"|stopped)\b(?! (?:being|stopped|paused|rolled|taken|reverted|turned|switched|put|moved)\b)",
        "because ",
    ),
)  # fmt: skip
"""A cause as a fact."""

_PERHAPS = r"(?:may|might|could|must) (?:(?:well|also|just) )?"
_SEEMS = r"(?:(?:appears?|seems?) to (?:be|have been)|looks? like)"

GUESSED = (
    pattern(rf"{_IT} {_PERHAPS}(?:be|have been) {_A_TECH}(?: \w+)?", "may", "might", "could", "must"),
    pattern(
        rf"{_IT} (?:{_PERHAPS}be |(?:appears?|seems?) to be |(?:(?:most|very) )?(?:likely|probably|possibly) (?:to be )?"
        r"|(?:believed|thought|suspected) to be )(?:related|linked|connected|tied|down) to "
        rf"(?!{_ITSELF})[\w'-]+(?: [\w'-]+){{0,4}}",
        "related to", "linked to", "connected to", "tied to", "down to",
    ),
    pattern(rf"(?:^|{_IT} ){_SEEMS} {_A_TECH}(?: \w+)?", "appear", "seem", "look"),
    pattern(
        rf"\b(?:we|engineers|team|i|they)(?: (?:currently|now|still|strongly|also))? suspects? (?:that )?"
        rf"(?:[\w'-]+ ){{0,4}}{_TECH}(?: \w+)?|\ba suspected (?:[\w'-]+ ){{0,2}}{_TECH}(?: \w+)?",
        "suspect",
    ),
    pattern(
        r"\b(?:believe|think|assume|guess)s? (?:that )?(?:this|it|that|these|the (?:\w+ )?(?:issues?|problems?|outage|cause"
        r"|errors?|failures?|delays?)) (?:is|was|are|were|comes from|came from) "
        rf"(?:(?:in|with|from|at|on|related to|linked to) )?{_A_TECH}(?: \w+)?",
        "believe", "think", "assume", "guess",
    ),
    pattern(
        r"\b(?:likely|probably|possibly|perhaps|maybe|presumably|apparently) (?:(?:from|in|with|related to|linked to) )?"
        rf"(?:an?|the|our) (?:[\w-]+ ){{0,2}}{_TECH}(?: \w+)?",
        "likely", "probably", "possibly", "perhaps", "maybe", "presumably", "apparently",
    ),
)  # fmt: skip
"""A cause as a guess."""

_NO_CAUSE = re.compile(
    r"\bwhether\b|\bunknown\b|\bunclear\b|\bunrelated\b|\bneither\b|\brul(?:e|ed|es|ing) (?:\w+ ){0,3}out\b"
    r"|\bno(?:t| any)? (?:\w+ )?(?:evidence|indications?|signs?|reason|suggestion|proof)\b"
    r"|(?:\bnot|\bcannot|n't) (?:\w+ )?(?:believed?|think|thought|know|known|suspect(?:ed)?|confirm(?:ed)?|established"
    r"|sure|certain|clear|say|tell|aware)\b"
    r"|\b(?:see|say|check|checking|know|tell|find out|confirm|confirming|verify|testing|asking) (?:\w+ )?(?:if|what|how)\b"
)
"""A sentence that says what is not known, or not the case."""

_NOT_SO = re.compile(
    r"(?:\bnot|n't|\bnever|\bnot a|\bnot the)(?: (?:yet|currently|directly|itself|be|been|being|to be))? $"
)


def causes(reading: Reading) -> Iterator[str]:
    """The words that name a cause; once a hypothesis is confirmed there is nothing against them."""
    if reading.incident.confirmed is None:
        for sentence in reading.sentences:
            yield from _named(sentence)


def _named(sentence: Sentence) -> Iterator[str]:
    matches = (match for one in (*STATED, *GUESSED) for match in one.among(sentence))
    first = next(matches, None)
    if first is None or _NO_CAUSE.search(sentence.plain):
        return
    for match in chain([first], matches):
        if not _NOT_SO.search(sentence.plain[: match.start()][-40:]):
            yield sentence.text[match.start() : match.end()]
