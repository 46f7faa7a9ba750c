"""A card that carries a text file: sent once with it, left alone by edits, brought back with it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stage import Stage

from core.incident import postmortem
from core.incident.document import Document, File, Post
from core.incident.state import Incident
from core.incident.vocabulary import ChannelRef, MessageRef
from core.port import Forbidden, Permanent, Temporary, TransportFailure
from transports.sandbox.server import Server
from transports.sandbox.transport import SandboxTransport
from transports.sandbox.world import FILE_LIMIT


async def _closed(stage: Stage) -> None:
    await stage.ann.types("declare checkout fails sev1", stage.triage)
    await _closing(stage)


async def _closing(stage: Stage) -> None:
    await stage.ann.types("close cause=tax rounding fixed=rolled back next=a test for rounding")
    stage.expect_everything()


async def test_the_postmortem_and_the_course_are_files_in_the_channel(stage: Stage) -> None:
    await _closed(stage)
    name = stage.incident.name
    assert stage.expect_file("postmortem", f"{name}.md", "# Postmortem: checkout fails") == postmortem.markdown(
        stage.incident
    )
    stage.expect_file("course", f"{name}.svg", "<svg")
    assert stage.find("postmortem").file != stage.find("course").file


async def test_an_edit_of_the_words_leaves_the_file(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    await _closed(stage)
    sent = stage.find("postmortem").file
    made: list[Incident] = []

    def anew(incident: Incident) -> str:
        made.append(incident)
        return "anew"

    monkeypatch.setattr(postmortem, "markdown", anew)
    await stage.ann.types("postmortem published https://wiki.example.org/7")
    stage.expect_card("postmortem", "https://wiki.example.org/7")
    assert stage.find("postmortem").file == sent
    assert made == [], "the text was made for an edit"


async def test_a_deleted_card_comes_back_with_its_file(stage: Stage) -> None:
    await _closed(stage)
    first = stage.find("postmortem")
    await stage.kim.deletes("postmortem")
    assert stage.find("postmortem").ref != first.ref
    assert stage.find("postmortem").file == first.file
    stage.expect_everything()


class Losing(SandboxTransport):
    """The answer to each first send of a file is lost."""

    def __init__(self, server: Server) -> None:
        super().__init__(server)
        self.lost: set[str] = set()

    async def send(self, channel: ChannelRef, post: Post, key: str) -> MessageRef:
        said = await super().send(channel, post, key)
        if post.file is not None and key not in self.lost:
            self.lost.add(key)
            raise Temporary("the answer was lost")
        return said


@pytest.mark.parametrize("window", [timedelta(hours=24), timedelta()])
async def test_a_lost_answer_sends_no_second_file(stage: Stage, window: timedelta) -> None:
    """Within the time for which the chat knows a repeat, and beyond it, where the card is found by its mark."""
    stage.server.resend_window = window
    chat = Losing(stage.server)
    stage.chat = lambda: chat
    await stage.restart()
    await _closed(stage)
    await stage.fast_forward(minutes=1)
    assert len(chat.lost) == 2
    assert sorted(card for *_, card in stage.standing() if card in ("postmortem", "course")) == ["course", "postmortem"]
    stage.expect_file("postmortem", f"{stage.incident.name}.md")


async def test_a_start_from_the_log_alone_finds_the_card_and_sends_no_second_file(stage: Stage) -> None:
    await _closed(stage)
    sent = stage.find("postmortem")
    await stage.restart(away=timedelta(days=2), forget=True)
    assert stage.find("postmortem") == sent
    stage.expect_everything()


class Choosy(SandboxTransport):
    """A chat that takes no files for as long as it has a reason."""

    reason: TransportFailure | None = None
    asked = 0

    async def send(self, channel: ChannelRef, post: Post, key: str) -> MessageRef:
        if post.file is not None:
            type(self).asked += 1
            if self.reason is not None:
                raise self.reason
        return await super().send(channel, post, key)


async def _choosy(stage: Stage, reason: TransportFailure | None) -> type[Choosy]:
    class This(Choosy):
        pass

    def chat() -> Choosy:
        return This(stage.server)

    This.reason = reason
    stage.chat = chat
    await stage.restart()
    return This


@pytest.mark.parametrize(
    "reason", [Permanent("it is too large"), Temporary("the media store is away"), Temporary("", 90)]
)
async def test_a_file_that_the_chat_will_not_have_holds_up_no_other_card(
    stage: Stage, reason: TransportFailure
) -> None:
    chat = await _choosy(stage, reason)
    await _closed(stage)
    await stage.fast_forward(seconds=30)
    stage.expect_no_card("postmortem")
    stage.expect_card("debrief", "Debrief")
    await stage.ann.types("followup a test for rounding owner=@Mia due=2026-06-01 priority=P1")
    stage.expect_card("followups", "a test for rounding")
    assert chat.asked < 30
    chat.reason = None
    await stage.fast_forward(minutes=6)
    stage.expect_file("postmortem", f"{stage.incident.name}.md")
    stage.expect_file("course", f"{stage.incident.name}.svg")
    stage.expect_everything()


async def test_the_right_to_attach_files_is_named_and_the_files_come_once_it_is_there(stage: Stage) -> None:
    chat = await _choosy(stage, Forbidden("Attach Files in #inc"))
    await _closed(stage)
    await stage.fast_forward(seconds=3)
    stage.expect_card("board", "Attach Files in #inc")
    chat.reason = None
    await stage.fast_forward(minutes=6)
    stage.expect_card("board", lacks="Attach Files")
    stage.expect_file("postmortem", f"{stage.incident.name}.md")
    stage.expect_everything()


async def test_a_file_that_is_too_large_for_the_sandbox_is_refused_for_good(stage: Stage) -> None:
    bot = SandboxTransport(stage.server)
    large = File("large.md", "text/markdown", lambda: "x" * (FILE_LIMIT + 1))
    with pytest.raises(Permanent, match=r"8,388,608 bytes at most; large.md has 8,388,609"):
        await bot.send(stage.triage, Post(Document(()), "inc", "card", file=large), "key")
    assert stage.of_tocsin(stage.triage) == []


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("inc-7.md", "inc-7.md"),
        ("Zahlung schlägt fehl 🔥.md", "Zahlung schlägt fehl 🔥.md"),
        ("../../etc/passwd", "-..-etc-passwd"),
        ('a"b\r\nX: y.md', "a-b-X- y.md"),
        ("\u202egnp.exe", "-gnp.exe"),
        (" .. ", "file"),
        ("", "file"),
    ],
)
def test_a_files_name_is_one_files_wherever_it_is_put(typed: str, name: str) -> None:
    assert File(typed, "text/plain", str).name == name


@given(st.text(alphabet=st.characters()))
def test_whatever_a_file_says_it_can_be_sent(text: str) -> None:
    file = File("a.md", "text/markdown", lambda: text)
    assert file.data().decode() == text.encode("utf-8", "replace").decode()
