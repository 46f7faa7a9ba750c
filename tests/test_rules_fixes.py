"""What an item's words say is being done: a table of sentences, since a false alarm is the worse mistake."""

from __future__ import annotations

import re

import pytest
from incidents import ANN

from core.incident.fixes import ANSWERS, FIXES, OTHER_MOVES, PATCHES, ROLLBACKS, SAFE_MOVES, speaks_of, untried
from core.incident.state import Item
from core.incident.vocabulary import ItemKind

MOVES = dict(SAFE_MOVES)

SAYS: tuple[tuple[re.Pattern[str], str], ...] = (
    (FIXES, "hotfix for the tax rounding"),
    (FIXES, "patch the tax rounding"),
    (FIXES, "Fix the config on the second node"),
    (FIXES, "put back the old value of tax.rounding"),
    (FIXES, "restart the payment workers"),
    (FIXES, "ship a fix for the rounding"),
    (FIXES, "raise the connection limit to 200"),
    (ROLLBACKS, "roll back release 214"),
    (ROLLBACKS, "Rolling back the schema"),
    (ROLLBACKS, "revert commit 3fa91"),
    (ROLLBACKS, "rollback of payments to 213"),
    (ROLLBACKS, "undo the deploy of 10:02"),
    (ANSWERS, "answer the customers on the forum"),
    (ANSWERS, "reply to the support tickets"),
    (ANSWERS, "write to the big clients"),
    (MOVES["flip the flag"], "turn the new_tax flag off"),
    (MOVES["scale up"], "scale the workers to 12"),
    (MOVES["scale up"], "add capacity in eu-west"),
    (MOVES["block"], "rate-limit the crawler"),
    (MOVES["block"], "block 203.0.113.7 at the edge"),
    (MOVES["fail over"], "fail over to the standby"),
    (MOVES["fail over"], "switch to the replica"),
    (FIXES, "clear the cache and restart the workers"),
    (FIXES, "restart the workers once the rollback is done"),
    (PATCHES, "we fix the tax rounding"),
    (PATCHES, "ship the fix"),
    (ANSWERS, "email the affected users"),
    (ANSWERS, "answer the phones"),
    (ANSWERS, "reply on twitter"),
    (MOVES["flip the flag"], "disable the new checkout"),
    (OTHER_MOVES, "redeploy 213"),
    (OTHER_MOVES, "take node 3 out of the pool"),
)

SAYS_NOT: tuple[tuple[re.Pattern[str], str], ...] = (
    (FIXES, "compare config with 09:55"),
    (FIXES, "call the payment provider"),
    (FIXES, "is there a fix?"),
    (FIXES, "check whether the fix of Tuesday is out"),
    (FIXES, "ask Kim who can restart it"),
    (FIXES, "do not patch anything yet"),
    (FIXES, "look at the dispatch queue"),
    (FIXES, "find the prefix of the failing keys"),
    (FIXES, "errors since the restart"),
    (ROLLBACKS, "can we roll back?"),
    (ROLLBACKS, "check what a rollback would lose"),
    (ROLLBACKS, "find out whether 213 can be reverted"),
    (ROLLBACKS, "don't roll back before the backup is done"),
    (ROLLBACKS, "back up the database"),
    (ANSWERS, "ask customers for a screenshot?"),
    (ANSWERS, "see which customers are hit"),
    (ANSWERS, "tell the provider's support"),
    (MOVES["block"], "see who holds the block storage"),
    (MOVES["scale up"], "compare the scales of both graphs"),
    (FIXES, "raise a ticket with the payment provider"),
    (FIXES, "raise the severity with Ann"),
    (FIXES, "increase the log level on checkout"),
    (FIXES, "bump the ticket with AWS"),
    (FIXES, "fix the dashboard so that we see payments"),
    (FIXES, "fix my VPN"),
    (FIXES, "write up the fix for the postmortem"),
    (FIXES, "review Mia's patch"),
    (FIXES, "wait for the vendor's hotfix"),
    (FIXES, "watch the graphs during the restart"),
    (FIXES, "restart my laptop"),
    (PATCHES, "restart the workers once the rollback is done"),
    (ROLLBACKS, "restart the workers once the rollback is done"),
    (ROLLBACKS, "monitor the rollback"),
    (ROLLBACKS, "write the rollback plan"),
    (ROLLBACKS, "dry-run the rollback on staging"),
    (ROLLBACKS, "find the last good release to roll back to"),
    (ROLLBACKS, "revert to the runbook's step 3"),
    (ANSWERS, "tell Jon which customers are hit"),
    (ANSWERS, "tell support how many users are affected"),
    (ANSWERS, "write a query that counts affected users"),
    (ANSWERS, "reply to Kim about the customers' invoices"),
    (ANSWERS, "write to the users table"),
    (MOVES["flip the flag"], "flag this to the vendor"),
)


def _item(text: str) -> Item:
    return Item("A1", ItemKind.ACTION, text, ANN)


@pytest.mark.parametrize(("words", "text"), SAYS, ids=lambda value: value if isinstance(value, str) else "")
def test_it_says_so(words: re.Pattern[str], text: str) -> None:
    assert speaks_of(_item(text), words)


@pytest.mark.parametrize(("words", "text"), SAYS_NOT, ids=lambda value: value if isinstance(value, str) else "")
def test_it_does_not_say_so(words: re.Pattern[str], text: str) -> None:
    assert not speaks_of(_item(text), words)


def test_what_somebody_speaks_of_is_not_offered_again() -> None:
    assert untried(()) == ("roll back", "flip the flag", "scale up", "block", "fail over")
    assert untried((_item("flip the new_tax flag"), _item("could we roll back?"))) == ("scale up", "block", "fail over")
