"""The emoji table: what each emoji means where, however it is dressed."""

from __future__ import annotations

import pytest
from hostile import words as attacks
from hypothesis import example, given
from hypothesis import strategies as st

from core.incident.commands import Misread
from core.incident.emoji import EMOJI
from transports.phrases import Context, read
from transports.reactions import REACTIONS, TWINS, Reaction, Table, Where, fold, together

TABLE = Table()


@pytest.mark.parametrize("row", REACTIONS, ids=[row.action for row in REACTIONS])
def test_every_row_is_found_however_it_is_dressed(row: Reaction) -> None:
    assert TABLE.action(row.where, row.emoji) == row.action
    assert TABLE.action(row.where, row.emoji.removesuffix("\ufe0f")) == row.action
    assert TABLE.action(row.where, row.emoji.removesuffix("\ufe0f") + "\U0001f3fd") == row.action
    assert TABLE.emoji(row.action) == row.emoji


@pytest.mark.parametrize("row", REACTIONS, ids=[row.action for row in REACTIONS])
def test_every_row_has_a_twin_in_words(row: Reaction) -> None:
    from datetime import UTC, datetime

    # The forms of the table, with something in the place of what is to be filled in.
    words = row.command.replace("ITEM", "H2").replace("[why]", "why").replace("…", "x")
    assert not isinstance(read(words, Context(now=datetime(2026, 5, 2, tzinfo=UTC))), Misread)


def test_actions_are_named_once_in_a_place_and_look_alike_everywhere() -> None:
    assert len({(row.where, row.action) for row in REACTIONS}) == len(REACTIONS)
    assert len({(row.action, row.emoji) for row in REACTIONS}) == len({row.action for row in REACTIONS})


@pytest.mark.parametrize(
    ("where", "emoji", "action"),
    [
        (Where.BOARD, "📢", "claim_updates"),
        (Where.MESSAGE, "📣", "draft"),
        (Where.MESSAGE, "🔧", "action"),
        (Where.BOARD, "🔍", "claim_diagnosis"),
        (Where.ITEM, "✔️", "done"),
        (Where.ITEM, "✖️", "cross_off"),
        (Where.PROMPT, "👍🏿", "yes"),
        (Where.MESSAGE, "🚨", None),
        (Where.ITEM, "🦄", None),
        (Where.TRIAGE, "", None),
        (Where.DRAFT, "❌", "discard"),
        (Where.DECISION, "⏸", "path_pause"),
        (Where.DECISION, "🛠️", "path_fix"),
        (Where.DECISION, "👍", None),
        (Where.BOARD, "⏪", "claim_recovery"),
        (Where.TIE, "✖", "no"),
        (Where.TIE, "🔍", "path_dig"),
        (Where.WORKED, "👍🏿", "yes"),
        (Where.WORKED, "⏪", None),
        (Where.THRESHOLDS, "9️⃣", "met_9"),
        (Where.THRESHOLDS, "1\u20e3", "met_1"),
        (Where.THRESHOLDS, "0️⃣", None),
        (Where.MESSAGE, "1️⃣", None),
    ],
)
def test_near_twins_mean_the_same_in_one_place(where: Where, emoji: str, action: str | None) -> None:
    assert TABLE.action(where, emoji) == action


def test_another_emoji_for_an_act() -> None:
    table = Table({"declare": "🔥", "action": "🪓", "claim_ic": "<:boss:42>"})
    assert table.action(Where.TRIAGE, "🔥") == "declare"
    assert table.action(Where.TRIAGE, "🚨") is None
    assert table.action(Where.MESSAGE, "🛠️") is None
    assert table.action(Where.BOARD, "<:boss:42>") == "claim_ic"
    assert table.emoji("declare") == "🔥"
    assert table.seeds(Where.BOARD) == ("<:boss:42>", "🔎", "📣", "⏪", "✍️", "🧊", "🆘")


def test_the_emoji_are_those_that_the_cards_show() -> None:
    assert {row.action: row.emoji for row in REACTIONS} == EMOJI


@pytest.mark.parametrize("keycap", ["#️⃣", "*️⃣", "7⃣"])
def test_a_keycap_is_an_emoji_too(keycap: str) -> None:
    assert Table({"declare": keycap}).action(Where.TRIAGE, keycap) == "declare"


def test_rows_that_say_the_same_are_told_as_one() -> None:
    assert TABLE.meanings(Where.THRESHOLDS) == (
        "On the thresholds' card: 1️⃣ 2️⃣ … that sentence is met; taking it back unmarks it."
    )
    assert TABLE.meanings(Where.WORKED) == (
        "On the question whether the path worked: 👍 it worked, ❌ it did not help."
    )
    assert [row for rows in together(REACTIONS) for row in rows] == list(REACTIONS)


def test_a_row_of_its_own_goes_before_a_likeness() -> None:
    table = Table({"hypothesis": "🔧"})
    assert table.action(Where.MESSAGE, "🔧") == "hypothesis"
    assert table.action(Where.MESSAGE, "🛠") == "action"


@pytest.mark.parametrize(
    ("overrides", "answer"),
    [
        ({"declair": "🔥"}, "reactions.declair is no act; did you mean declare?"),
        ({"qqqq": "🔥"}, "claim_scribe, freeze, widen, hypothesis"),
        ({"pin": "💡"}, "reactions: hypothesis and pin stand in one place and cannot both be 💡"),
        ({"pin": "💡\ufe0f"}, "cannot both be"),
        ({"pin": ":pushpin:"}, "reactions.pin must be one emoji, not ':pushpin:'"),
        ({"pin": "📍 📌"}, "must be one emoji"),
        ({"pin": "!"}, "must be one emoji"),
        ({"pin": ""}, "must be one emoji"),
        ({"pin": "\ufe0f"}, "must be one emoji"),
        ({"pin": "1"}, "must be one emoji"),
        ({"pin": "1️⃣2️⃣"}, "must be one emoji"),
        ({"no": "👍"}, "yes and no stand in one place"),
        ({"met_2": "1⃣"}, "met_1 and met_2 stand in one place"),
    ],
)
def test_a_wrong_override_is_named(overrides: dict[str, str], answer: str) -> None:
    with pytest.raises(ValueError, match=r"^reactions") as wrong:
        Table(overrides)
    assert answer in str(wrong.value)


def test_joined_sequences_stay_whole() -> None:
    assert fold("👩🏽\u200d🚒") == "👩\u200d🚒"
    assert fold(" ❤️ ") == "❤"


def test_twins_are_written_folded() -> None:
    assert all(fold(emoji) == emoji for group in TWINS for emoji in group)


@example("0 \ufe0e")  # found by `poe fuzz`
@example("\ufe0f 👍")
@given(st.text() | attacks())
def test_folding_twice_is_folding_once(text: str) -> None:
    assert fold(fold(text)) == fold(text)
