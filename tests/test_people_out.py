"""Calls beyond the chat: what reaches a phone, what becomes of a call that fails, and that nothing waits for one."""

from __future__ import annotations

import asyncio
import contextlib
import threading
import traceback
from collections.abc import AsyncIterator
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from pydantic import ValidationError
from receivers import Mail, Ntfy, mail, ntfy
from running import until
from stage import Stage, open_stage
from structlog.testing import capture_logs
from test_logs import logs_as_before
from test_scenarios_private import declares

from bot.config.house import roster
from bot.config.settings import Settings
from bot.logs import set_up
from bot.pagers import AT_ONCE, Address, pagers
from core.incident.policy import Policy
from core.pagers import Call
from core.port import Fatal, Temporary
from core.roster import Roster


def _settings(**notify: list[str]) -> Settings:
    people = [{"name": name.title(), "sandbox": name, "notify": words} for name, words in notify.items()]
    return Settings.model_validate({"transports": {"sandbox": {}}, "people": people})


def _out(**notify: list[str]) -> dict[str, Any]:
    """Ann is on call and then Bob; these people have these addresses."""
    settings = _settings(**notify)

    def policy(known: Roster) -> Policy:
        people = {name: person for name in ("Ann", "Bob") if (person := known.named(name))}
        reachable = [person.key for name in notify if (person := known.named(name.title()))]
        return Policy(on_call=tuple(people.values()), reachable=tuple(reachable))

    return {"policy": policy, "pagers": pagers(settings, roster(settings))}


@pytest_asyncio.fixture
async def phone() -> AsyncIterator[Ntfy]:
    async with ntfy() as there:
        yield there


@pytest_asyncio.fixture
async def post() -> AsyncIterator[Mail]:
    async with mail() as there:
        yield there


async def _on_record(stage: Stage, text: str, times: int = 1) -> None:
    """Until the timeline has it, however long a network takes."""

    def there() -> bool:
        [(_, incident)] = stage.tocsin.post.awake()
        return sum(text in entry.text for entry in incident.entries) >= times

    await until(there)
    await stage.settle()


async def test_a_page_rings_at_every_address_and_says_what_is_known(tmp_path: Path, phone: Ntfy, post: Mail) -> None:
    async with open_stage(tmp_path, **_out(bob=[phone.address("bob"), post.address("bob@example.org")])) as stage:
        await stage.ann.types("declare checkout fails", stage.triage)
        await stage.ann.types("impact nobody can pay")
        await stage.ann.types("page @Bob the database is down")
        stage.expect_card("prompt/page-1", "Bob: you are paged by Ann: the database is down. Will you come?")
        await _on_record(stage, "called Bob by ntfy")
        await _on_record(stage, "called Bob by mailto")
        await stage.fast_forward(seconds=1)
        [message] = phone.received
        assert message["title"] == "SEV2 checkout fails"
        assert "nobody can pay" in message["message"]
        [letter] = post.received
        assert "bob@example.org" in str(letter["To"])
        stage.expect_told(stage.bob, "the database is down", "nobody can pay")
        await stage.bob.reacts("prompt/page-1", "👍")
        stage.expect_card("prompt/page-1", "A page: Bob answered.")
        await stage.fast_forward(minutes=20)
        assert len(phone.received) == 1


async def test_a_letter_reads_as_it_was_typed_and_its_markup_is_none(tmp_path: Path, post: Mail) -> None:
    async with open_stage(tmp_path, **_out(bob=[post.address("bob@example.org")])) as stage:
        await stage.ann.types("declare <b>checkout</b> fails", stage.triage)
        await stage.ann.types("impact <img src=//evil.example> *nobody* can pay & sell")
        await stage.ann.types("page @Bob")
        await _on_record(stage, "called Bob by mailto")
        stage.expect_card("prompt/page-1")
        stage.expect_told(stage.bob)
        [letter] = post.received
        parts = [part for part in letter.walk() if not part.is_multipart()]
        words = [part.get_payload(decode=True) for part in parts]
        assert [part.get_content_type() for part in parts] == ["text/plain"]
        assert b"<img src=//evil.example> *nobody* can pay & sell\r\n" in words[0]


async def test_a_severity_pages_at_once_and_silence_calls_the_backup(tmp_path: Path, phone: Ntfy) -> None:
    async with open_stage(tmp_path, **_out(ann=[phone.address("ann")], bob=[phone.address("bob")])) as stage:
        await stage.mia.types("declare checkout fails", stage.triage)
        stage.expect_card("prompt/page-1", "Ann: you are paged. Will you come?")
        await _on_record(stage, "called Ann by ntfy")
        await stage.fast_forward(minutes=10)
        stage.expect_card("prompt/page-1", "A page: nobody answered.")
        stage.expect_card("prompt/page-2", "Bob: you are paged")
        await _on_record(stage, "called Bob by ntfy")
        assert [one["topic"] for one in phone.received] == ["ann", "bob"]
        await stage.bob.says("on my way")
        stage.expect_told(stage.bob, page=2)
        stage.expect_card("prompt/page-2", "Bob answered")
        stage.expect_card("prompt/commander-1")
        stage.expect_card("prompt/commander-2")


async def test_a_call_that_fails_is_tried_again_and_each_try_is_told(tmp_path: Path, phone: Ntfy) -> None:
    phone.failing = 2
    async with open_stage(tmp_path, **_out(bob=[phone.address("bob")])) as stage:
        await stage.ann.types("declare checkout fails", stage.triage)
        await stage.ann.types("page @Bob")
        await _on_record(stage, "called Bob by ntfy, which failed")
        await stage.fast_forward(seconds=6)
        await _on_record(stage, "called Bob by ntfy, which failed", 2)
        await stage.fast_forward(seconds=31)
        await until(lambda: len(phone.received) == 1)
        await _on_record(stage, "called Bob by ntfy", 3)
        stage.expect_told(stage.bob)
        stage.expect_card("prompt/page-1")


async def test_who_answered_between_two_tries_is_not_tried_again(tmp_path: Path, phone: Ntfy) -> None:
    phone.failing = 1
    async with open_stage(tmp_path, **_out(bob=[phone.address("bob")])) as stage:
        await stage.ann.types("declare checkout fails", stage.triage)
        await stage.ann.types("page @Bob")
        await _on_record(stage, "called Bob by ntfy, which failed")
        await stage.bob.reacts("prompt/page-1", "👍")
        stage.expect_card("prompt/page-1", "Bob answered")
        stage.expect_card("newcomer/1")
        await stage.fast_forward(minutes=2)
        assert (phone.asked, phone.received) == (1, [])


async def test_an_address_that_never_works_is_let_be_and_holds_up_nobody(tmp_path: Path, phone: Ntfy) -> None:
    phone.failing = 99
    async with open_stage(tmp_path, **_out(bob=[phone.address("bob"), "ntfy://127.0.0.1:1/nobody"])) as stage:
        await stage.ann.types("declare checkout fails", stage.triage)
        await stage.ann.types("page @Bob")
        await stage.ann.types("hypothesis cache")
        for times, seconds in enumerate((6, 31, 600), 1):
            await _on_record(stage, "called Bob by ntfy, which failed: ntfy did not take it", times)
            await _on_record(stage, "called Bob by ntfy 2, which failed: ntfy 2 did not take it", times)
            await stage.fast_forward(seconds=seconds)
        assert phone.asked == 3
        stage.expect_card("item/H1")
        stage.expect_told(stage.bob)
        stage.expect_card("prompt/page-1", "nobody answered")
        stage.expect_card("prompt/unanswered-1", "Ann: no answer in 10 min from Bob. Who else?")


async def test_services_that_hang_keep_nobody_waiting_for_a_name(tmp_path: Path) -> None:
    held: list[asyncio.StreamWriter] = []
    there = await asyncio.start_server(lambda _, writer: held.append(writer), "127.0.0.1", 0)
    port = there.sockets[0].getsockname()[1]
    settings = _settings(bob=[f"json://127.0.0.1:{port}/{number}" for number in range(40)])
    known = roster(settings)
    bob = known.named("Bob")
    assert bob is not None
    calls = [asyncio.create_task(one.call(Call("SEV1", "come"))) for one in pagers(settings, known)(bob)]
    before = threading.active_count()
    await until(lambda: len(held) == AT_ONCE)
    async with asyncio.timeout(1):
        await asyncio.get_running_loop().getaddrinfo("localhost", 80)
    assert threading.active_count() - before <= AT_ONCE + 1, "and there is an end to the threads"
    for call in calls:
        call.cancel()
    there.close()
    for writer in held:
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()


async def test_a_failing_address_is_one_line_in_the_log_and_stands_in_no_text(tmp_path: Path, phone: Ntfy) -> None:
    """Refused by whoever is there, and unreachable; also where all is logged."""
    phone.failing, out = 99, StringIO()
    addresses = [f"json://canary:canary@127.0.0.1:{phone.port}/canary", "json://127.0.0.1:1/canary"]
    with logs_as_before():
        set_up(out, (), verbose=True)
        async with open_stage(tmp_path, **_out(bob=addresses)) as stage:
            with capture_logs() as logged:
                await stage.ann.types("declare checkout fails", stage.triage)
                await stage.ann.types("page @Bob")
                for times, seconds in enumerate((6, 31, 60), 1):
                    await _on_record(stage, "called Bob by json, which failed: json did not take it", times)
                    await _on_record(stage, "called Bob by json 2, which failed: json 2 did not take it", times)
                    await stage.fast_forward(seconds=seconds)
            assert phone.asked == 3
            assert sorted(one["via"] for one in logged if one["event"] == "a call failed") == ["json", "json 2"]
            said = [message.text for message in stage.world.messages.values()]
            assert "canary" not in f"{out.getvalue()}{logged}{said}{await stage.ann.asks('timeline')}"
            stage.expect_everything()


class Broken:
    """A service's own library with a bug in it, which tells what it was given."""

    def notify(self, **_: object) -> bool:
        raise ValueError("json://127.0.0.1/canary")


async def test_a_library_that_breaks_is_a_call_that_failed_and_says_no_more() -> None:
    with pytest.raises(Temporary, match="json failed: ValueError") as failure:
        await Address("json", Broken()).call(Call("subject", "words"))  # type: ignore[arg-type]
    assert "canary" not in "".join(traceback.format_exception(failure.value))


async def test_after_a_death_who_was_called_is_not_called_again_and_who_was_not_is(tmp_path: Path, phone: Ntfy) -> None:
    phone.failing = 1
    async with open_stage(tmp_path, **_out(bob=[phone.address("bob")])) as stage:
        await stage.ann.types("declare checkout fails", stage.triage)
        await stage.ann.types("page @Bob")
        await _on_record(stage, "which failed")
        await stage.restart(away=timedelta(seconds=10))
        await stage.fast_forward(seconds=6)
        await _on_record(stage, "called Bob by ntfy", 2)
        await stage.restart(away=timedelta(seconds=10))
        await stage.fast_forward(seconds=60)
        assert (phone.asked, len(phone.received)) == (2, 1)
        stage.expect_told(stage.bob)
        stage.expect_card("prompt/page-1")


async def test_who_answered_while_nobody_heard_it_is_not_called(tmp_path: Path, phone: Ntfy) -> None:
    phone.failing = 1
    async with open_stage(tmp_path, **_out(bob=[phone.address("bob")])) as stage:
        await stage.ann.types("declare checkout fails", stage.triage)
        await stage.ann.types("page @Bob")
        await _on_record(stage, "which failed")
        await stage.stop()
        stage.world.say(stage.bob.account, stage.channel, "I am here")
        await stage.again(away=timedelta(minutes=1))
        await stage.fast_forward(minutes=2)
        assert phone.asked == 1
        stage.expect_told(stage.bob)
        stage.expect_card("prompt/page-1", "Bob answered")


async def test_the_circle_is_widened_with_one_reaction(tmp_path: Path, phone: Ntfy) -> None:
    async with open_stage(tmp_path, **_out(bob=[phone.address("bob")])) as stage:
        await stage.ann.types("declare checkout fails", stage.triage)
        await stage.mia.says("I look at it")
        await stage.mia.reacts("board", "🆘")
        stage.expect_card("prompt/page-1", "Bob: you are paged by Mia: the circle is widened: who is on call")
        await _on_record(stage, "called Bob")
        await stage.fast_forward(seconds=1)
        stage.expect_told(stage.bob, "who is on call", lacks="private")
        await stage.ann.is_told(
            "widen", "Everybody the config knows has been called. `page @who` calls somebody by name."
        )


async def test_a_call_about_a_private_incident_says_its_name_and_none_of_its_words(tmp_path: Path, phone: Ntfy) -> None:
    async with open_stage(tmp_path, **_out(bob=[phone.address("bob")])) as stage:
        await declares(stage.ann, "canary in the keys")
        await stage.ann.types("impact the canary sings")
        await stage.ann.types("page @Bob a canary, come")
        await _on_record(stage, "called Bob")
        [call] = phone.received
        assert "canary" not in str(call)
        await stage.fast_forward(seconds=1)
        stage.expect_told(stage.bob, "private", stage.incident.name, lacks="canary")
        assert stage.incident.name in call["title"]
        stage.expect_card("prompt/page-1", "canary")


@pytest.mark.parametrize("word", ["nonsense://secret-canary", "ntfy://"])
def test_an_address_that_means_nothing_is_one_line_without_it(word: str) -> None:
    with pytest.raises((Fatal, ValidationError)) as wrong:
        _out(bob=["ntfy://ntfy.example.org/bob", word])
    assert "canary" not in str(wrong.value)
    if isinstance(wrong.value, Fatal):
        assert "notify of Bob: Apprise does not know address 2" in str(wrong.value)
