"""What somebody writes to stall the bot: markup without an end, and more names than can be asked for."""

from __future__ import annotations

import time
from typing import Any

import pytest

from core.incident.vocabulary import Account
from transports.matrix_chat.hearing import Hearing, text_of
from transports.signals import MessageSent

SIZE = 60_000
"""Characters: all that an event can hold."""

PILL = '<a href="https://matrix.to/#/@x'


def filled(with_: str) -> str:
    return (with_ * (SIZE // len(with_) + 1))[:SIZE]


MARKUP = {
    "anchors never ended": filled("<a "),
    "hrefs never ended": filled(PILL),
    "pills never ended": filled(f'{PILL}">'),
    "pills that show nothing": filled(f'{PILL}"></a>'),
    "pills of one letter": filled(f'{PILL}">a</a>'),
    "pills all but found": filled(f'{PILL}">{"a" * 99}b</a>'),
    "endings alone": filled("</a>"),
    "beginnings alone": filled("<"),
    "one name": "<" + filled("a"),
    "one tag of spaces": "<a" + filled(" "),
    "hrefs in one tag": "<a" + filled(" href="),
    "comments never ended": filled("<!--"),
    "declarations": filled("<!"),
    "instructions": filled("<?"),
    "references": f'{PILL}">&#{filled("9")}</a>',
    "escapes": '<a href="https://matrix.to/#/@' + filled("%40"),
    "one long name": f'{PILL}">{filled("a")}</a>',
}
WORDS = {
    "ids": filled("@a:b "),
    "beginnings of ids": filled("@"),
    "beginnings with colons": filled("@a:"),
    "one id without an end": "@a:" + filled("."),
    "one id of colons": "@a" + filled(":"),
    "one local part": "@" + filled("a"),
    "letters": filled("a"),
    "spaces": filled(" "),
    "quotation": filled("> \n"),
    "brackets": filled("<@1"),
}


class Accounts:
    """Counts whom it is asked for."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    async def __call__(self, account_id: str) -> Account:
        self.asked.append(account_id)
        return Account(transport="matrix", id=account_id, name=account_id)


async def look(_room: str, _event: str) -> dict[str, Any] | None:
    return None


async def heard(accounts: Accounts, **content: Any) -> MessageSent:
    event = {"type": "m.room.message", "event_id": "$1", "sender": "@ann:x", "origin_server_ts": 1}
    signal = await Hearing("matrix", "@bot:x", look, accounts).signal(
        "!r", {**event, "content": {"msgtype": "m.text", **content}}
    )
    assert isinstance(signal, MessageSent)
    return signal


@pytest.mark.parametrize("rich", MARKUP.values(), ids=MARKUP)
@pytest.mark.parametrize("body", ["!inc note x", "!inc note " + "a" * SIZE], ids=["short", "long"])
async def test_no_markup_takes_long_to_read(body: str, rich: str) -> None:
    began = time.perf_counter()
    signal = await heard(Accounts(), body=body, formatted_body=rich)
    assert time.perf_counter() - began < 0.5
    assert signal.text.startswith("!inc note ")


@pytest.mark.parametrize("words", WORDS.values(), ids=WORDS)
async def test_no_words_take_long_to_read(words: str) -> None:
    began = time.perf_counter()
    for body in (words, f"!inc note {words}", f"> {words}"):
        await heard(Accounts(), body=body, **{"m.relates_to": {"m.in_reply_to": {"event_id": "$0"}}})
    assert time.perf_counter() - began < 0.5


async def test_a_pasted_log_names_nobody() -> None:
    """Thousands of what looks like an account id, each of which would be asked of a server that is nobody's."""
    rows = "\n".join(f"Accepted publickey for deploy@10.0.{at // 250}.{at % 250}:22" for at in range(800))
    accounts = Accounts()
    assert (await heard(accounts, body=rows)).mentions == ()
    assert accounts.asked == ["@ann:x"]
    # Not even where it is a command are more asked for than a command can name.
    assert len((await heard(accounts, body=f"!inc note {rows}")).mentions) == 20
    called = {"user_ids": [f"@p{at}:x" for at in range(800)]}
    assert [each.id for each in (await heard(accounts, body="all!", **{"m.mentions": called})).mentions] == [
        f"@p{at}:x" for at in range(20)
    ]


def test_a_pill_may_show_any_name() -> None:
    for shown, written in {
        "Bob B": "Bob B",
        "Bob <&> Co": "Bob &lt;&amp;&gt; Co",
        'O\'Neill "N"': "O&#39;Neill &quot;N&quot;",
        "Jo": "<b>Jo</b>",
        "two\nlines": "two\nlines",
    }.items():
        rich = f"x <A class=\"pill\" href='https://matrix.to/#/%40bob%3Ac?via=c'>{written}</A>: it"
        text = text_of({"body": f"!inc assign ic {shown}: it", "formatted_body": rich})
        assert text == "!inc assign ic @bob:c: it"


def test_however_a_command_begins_its_pills_are_read() -> None:
    rich = '<a href="https://matrix.to/#/@bob:c">Bob B</a>'
    assert text_of({"body": " /inc assign ic Bob B", "formatted_body": rich}) == " /inc assign ic @bob:c"
