"""What people typed in a postmortem: it comes out as that text, whatever reads the file, and makes no markup."""

from __future__ import annotations

import re
from datetime import timedelta
from xml.etree import ElementTree as ET

import pytest
import yaml
from hostile import words as attacks
from hypothesis import given, settings
from hypothesis import strategies as st
from incidents import ANN, BOB, JON, LEAH, MIA, Case, message, policy
from markdown_it import MarkdownIt
from markdown_it.token import Token

from core.incident import commands as c
from core.incident import postmortem
from core.incident.policy import Names, Postmortems
from core.incident.postmortem.escaping import flat, words
from core.incident.postmortem.escaping import yaml as scalar
from core.incident.vocabulary import Account, ItemKind, ItemStatus, Path, Person, Priority, Role

READER = MarkdownIt("commonmark").enable("table")

NASTY = (
    "# heading", "- list", "+ list", "1. list", "2) list", "> quote", "***", "---", "===", "```fence", "~~~", "    code", "\tcode",
    "*em* **strong** _em_ `code`", "[a](javascript:x)", "![a](b)", "[a]: http://x", "<script>alert(1)</script>", "<!-- a",
    "<http://a.b>", "http://a.b www.a.b a@b.c", "&amp; &#x41; &", "a | b", "| --- |", "\\| \\", "\\", "a\nb\r\nc\u2028d", "\x00",
    "---\nkey: value", '"quoted": \'x\'', "{{a}} %TAG", "a  b ", "``", "<b", "#", "a #", "~~gone~~", "$x$", ":---", "</details>",
    "\u202eabc", "!", "![", "😀 決済", "<a href='x'>", "]]>", "Setext\n===", "…", "!inc x", "\ud800", "null", "~", "=",
)  # fmt: skip

typed = st.one_of(
    st.sampled_from(NASTY),
    st.text(st.sampled_from("\\`*_[]()<>#~|-+=.:!&1aA \n\t\"'{}$@/;w"), min_size=1, max_size=30),
    st.text(min_size=1, max_size=20),
    attacks(4).filter(bool),
)

WHOLE = st.one_of(st.sampled_from(NASTY), typed).filter(
    lambda text: len(flat(text)) > 3 and text == text.encode(errors="replace").decode()
)
"""What is kept of it makes something to say, and no half of a letter, which a command does not let through."""


def visible(tokens: list[Token]) -> str:
    """What a reader sees of an inline's children."""
    return "".join(one.content for token in tokens for one in (token.children or []))


@settings(max_examples=400)
@given(typed)
def test_typed_text_is_that_text_wherever_it_stands(text: str) -> None:
    wanted = flat(text)
    for before, after in (("", ""), ("- ", ""), ("# ", ""), ("> ", ""), ("- **10:05** ", " (late)")):
        inline = [one for one in READER.parse(f"{before}{words(text)}{after}\n") if one.type == "inline"]
        kinds = {child.type for one in inline for child in one.children or []}
        assert kinds <= {"text", "text_special", "strong_open", "strong_close"}, (text, kinds)
        lead = "10:05 " if "10:05" in before else ""
        assert visible(inline) == f"{lead}{wanted}{after}".strip()
        plain_kinds = [one.type for one in READER.parse(f"{before}x{after}\n")]
        if wanted:
            assert [one.type for one in READER.parse(f"{before}{words(text)}{after}\n")] == plain_kinds


@settings(max_examples=300)
@given(typed, typed)
def test_typed_text_stays_in_its_cell(one: str, other: str) -> None:
    tokens = READER.parse(f"| a | b |\n| --- | --- |\n| {words(one)} | {words(other)} |\n")
    cells = [token for token in tokens if token.type == "inline"]
    assert [visible([cell]) for cell in cells] == ["a", "b", flat(one), flat(other)]


@settings(max_examples=300)
@given(typed)
def test_typed_text_in_the_front_matter_is_that_text_to_yaml_and_no_markup_to_others(text: str) -> None:
    assert yaml.safe_load(f"a: {scalar(text)}\n") == {"a": flat(text)}
    inline = [one for one in READER.parse(f"a: {scalar(text)}\n") if one.type == "inline"]
    assert {child.type for one in inline for child in one.children or []} <= {"text", "text_special"}


def everything(text: str, names: Names = Names.PEOPLE) -> Case:
    """An incident in which people typed this wherever they can."""
    house = policy().model_copy(update={"postmortems": Postmortems(names=names)})
    who = Person(key="x", name=text, initials="X", account=Account(transport="sandbox", id="9", name=text))
    case = Case(ANN, c.Declare(title=text), house)
    case.does(JON, c.Claim(role=Role.UPDATES))
    case.does(ANN, c.Assign(role=Role.DIAGNOSIS, who=who))
    case.does(ANN, c.SetImpact(text=text))
    case.does(ANN, c.AddNote(text=text))
    case.does(ANN, c.RecordChange(what=text))
    case.does(MIA, c.AddItem(kind=ItemKind.HYPOTHESIS, text=text))
    case.does(who, c.Grab(item="H1"))
    quote = c.Quote(message=message("said"), by=who, at=case.now)
    case.does(who, c.GiveEvidence(item="H1", text=text, quote=quote))
    case.does(who, c.EndItem(item="H1", status=ItemStatus.CONFIRMED, result=text))
    case.does(
        JON,
        c.Draft(
            impact=f"Some users cannot pay {text}", next=f"We look {text}", working=text, every=timedelta(minutes=5)
        ),
    )
    case.does(JON, c.Publish())
    case.does(ANN, c.DecideBy(at=case.now + timedelta(minutes=5), condition=text))
    case.does(ANN, c.ChoosePath(path=Path.FIX, why=text))
    case.does(ANN, c.MarkDecision(text=text))
    case.passes(timedelta(minutes=20))
    case.does(ANN, c.EndItem(item="R1", status=ItemStatus.DONE, result=text))
    case.does(ANN, c.Close(cause=text, fixed=text, next=text))
    due = case.now.date() + timedelta(days=3)
    case.does(ANN, c.FollowUp(text=text, owner=who, due=due, priority=Priority.P1))
    case.does(ANN, c.Debrief(change=text))
    assert case.incident.closed, [one.event for one in case.records if one.event.kind == "refused"]
    return case


def body(text: str) -> str:
    return text.split("\n---\n", 1)[1]


@settings(max_examples=25, deadline=None)
@given(WHOLE)
def test_a_whole_file_has_the_same_structure_whatever_was_typed(text: str) -> None:
    if not text.strip() or not text.isprintable():
        text = f"x{flat(text)}x"
    told, plainly = everything(text).incident, everything("nothing of note").incident
    ours, theirs = (READER.parse(body(postmortem.markdown(one))) for one in (told, plainly))
    assert [one.type for one in ours] == [one.type for one in theirs]
    marks = [[child.type for child in one.children or [] if "text" not in child.type] for one in ours]
    assert marks == [[child.type for child in one.children or [] if "text" not in child.type] for one in theirs]
    front = yaml.safe_load(postmortem.markdown(told).split("---\n")[1])
    assert front["title"] == flat(told.title)
    ET.fromstring(postmortem.picture(told))


@pytest.mark.parametrize("text", [one for one in NASTY if len(flat(one)) > 1 and "\ud800" not in one])
def test_a_picture_holds_no_markup_of_theirs(text: str) -> None:
    drawn = postmortem.picture(everything(f"x{text}").incident)
    root = ET.fromstring(drawn)
    kinds = {one.tag.rpartition("}")[2] for one in root.iter()}
    assert kinds <= {
        "svg",
        "title",
        "desc",
        "defs",
        "pattern",
        "rect",
        "line",
        "path",
        "circle",
        "polygon",
        "text",
        "g",
    }
    assert not {key for one in root.iter() for key in one.attrib if key.startswith("on") or "href" in key}
    assert "http" not in drawn.replace("http://www.w3.org/2000/svg", "") or "http" in text


PEOPLE = ("Ann", "Bob", "Mia", "Jon", "Leah")


def test_with_roles_nobody_is_named_in_the_file_or_the_picture() -> None:
    words = "Ann told Mia, and @Jon asked <@9> or Leah; Anna and Miami are no people"
    case = Case(
        ANN,
        c.Declare(title="checkout fails"),
        policy().model_copy(update={"postmortems": Postmortems(names=Names.ROLES)}),
    )
    for who, role in ((MIA, Role.DIAGNOSIS), (JON, Role.UPDATES), (LEAH, Role.RECOVERY)):
        case.does(who, c.Claim(role=role))
    case.does(BOB, c.AddNote(text=words))
    case.does(ANN, c.HandOff(role=Role.IC, who=BOB))
    case.does(BOB, c.Confirm(prompt="prompt/handoff-1"))
    case.does(BOB, c.AddItem(kind=ItemKind.HYPOTHESIS, text="did Mia's change do it?"))
    for who in (MIA, BOB):
        case.does(MIA, c.LetGo(item="H1"))
        case.does(who, c.Grab(item="H1"))
    case.does(BOB, c.Close(cause="tax", fixed="rolled back", next="Mia writes"))
    for told in (postmortem.markdown(case.incident), postmortem.picture(case.incident)):
        assert not [name for name in PEOPLE if re.search(rf"\b{name}\b", told)]
    told = postmortem.markdown(case.incident)
    assert "responder B: the incident commander told the diagnosis lead, and the update owner asked" in told
    assert "Anna and Miami" in told
    assert "| incident commander | first holder |" in told
    assert "| incident commander | second holder |" in told
    assert "did the diagnosis lead's change do it?" in told
