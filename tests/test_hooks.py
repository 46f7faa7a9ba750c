"""The hooks' door: who sends is proved, 2xx is stored, and everything that is wrong has one answer."""

from __future__ import annotations

import asyncio
import gzip
import json
import sqlite3
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from alert_hooks import SECRET, STARTS, alert, body
from hook_gate import GENERIC, HOOKS, OLDER, Gate, Trouble, open_gate
from structlog.testing import capture_logs

from bot.web.hooks import door
from core.port import Fatal

GRAFANA = Path(__file__).parent / "grafana"
TURNED_AWAY = (401, "401 Unauthorized\n")


@pytest.fixture
async def gate(tmp_path: Path) -> AsyncIterator[Gate]:
    async with open_gate(tmp_path) as one:
        yield one


def _recorded(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((GRAFANA / f"{name}.json").read_text(encoding="utf-8"))
    return found


async def test_what_is_answered_with_200_is_on_the_record(gate: Gate) -> None:
    answer = await gate.alertmanager(body(alert(), alert(instance="b")))
    assert (answer.status, answer.text) == (200, "stored\n")
    assert await gate.kinds() == ["alerts_begun", "alert_fired", "alert_fired"]


async def test_a_repeat_is_stored_once_and_answered_as_the_first_was(gate: Gate) -> None:
    answers = await asyncio.gather(*(gate.alertmanager(body(alert(), alert(instance="b"))) for _ in range(8)))
    assert {(one.status, one.text) for one in answers} == {(200, "stored\n")}
    assert await gate.kinds() == ["alerts_begun", "alert_fired", "alert_fired"]


async def test_an_alert_twice_in_a_body_is_one(gate: Gate) -> None:
    assert (await gate.alertmanager(body(alert(), alert()))).status == 200
    assert await gate.kinds() == ["alerts_begun", "alert_fired"]


async def test_what_is_heard_to_fire_after_it_cleared_begins_nothing(gate: Gate) -> None:
    assert (await gate.alertmanager(body(alert(firing=False)))).status == 200
    assert (await gate.alertmanager(body(alert()))).status == 200
    assert "alerts_begun" not in await gate.kinds()
    assert (await gate.alertmanager(body(alert(at=STARTS + timedelta(minutes=5))))).status == 200
    assert "alerts_begun" in await gate.kinds()


async def test_who_is_not_the_sender_is_told_nothing_more(gate: Gate) -> None:
    found = body(alert())
    wrong = [
        await gate.alertmanager(found, secret="x" * 40),
        await gate.alertmanager(found, secret=""),
        await gate.alertmanager(found, Authorization="Basic cHJvZDpwcm9k"),
        await gate.alertmanager(found, Authorization=f"Token {SECRET}"),
        # A name that nobody has is no other answer than a wrong secret.
        await gate.alertmanager(found, name="no-such-hook"),
        await gate.alertmanager(found, name="boards"),
        await gate.sends("grafana/boards", found, {}),
        await gate.sends("grafana/boards", found, {"X-Grafana-Alerting-Signature": "ä"}),
        await gate.grafana(_recorded("firing"), secret="x" * 40),
        await gate.generic({"title": "backup failed"}, secret="whsec_" + "A" * 32),
        await gate.sends("generic/cron", {"title": "x"}, {}),
    ]
    assert {(one.status, one.text) for one in wrong} == {TURNED_AWAY}
    assert await gate.kinds() == []


async def test_a_signature_that_is_no_signature_is_a_wrong_one(gate: Gate) -> None:
    now = str(int(time.time()))
    for signature in ("v1", "v1,", "v1,%%%", "nonsense", "v2,AAAA", "v1,AAAA v1"):
        for at in (now, "nan", "inf", "x", "-1"):
            headers = {"webhook-id": "1", "webhook-timestamp": at, "webhook-signature": signature}
            answer = await gate.sends("generic/cron", {"title": "x"}, headers)
            assert (answer.status, answer.text) == TURNED_AWAY, (signature, at)


async def test_an_old_timestamp_is_turned_away(gate: Gate) -> None:
    now = datetime.now(UTC)
    for late in (timedelta(minutes=-6), timedelta(minutes=6)):
        assert (await gate.generic({"title": "x"}, at=now + late)).status == 401
        assert (await gate.grafana(_recorded("firing"), at=int((now + late).timestamp()))).status == 401
    assert (await gate.generic({"title": "x"}, at=now - timedelta(minutes=4))).status == 200
    assert (await gate.grafana(_recorded("firing"), at=int(now.timestamp()) - 240)).status == 200


async def test_a_replay_changes_nothing(gate: Gate) -> None:
    sent = datetime.now(UTC) - timedelta(minutes=4)
    for _ in range(3):
        assert (await gate.generic({"title": "backup failed"}, at=sent)).status == 200
    assert await gate.kinds() == ["alerts_begun", "alert_fired"]
    for _ in range(2):
        assert (await gate.grafana(_recorded("firing"))).status == 200
    assert (await gate.kinds()).count("alert_fired") == 3


async def test_while_a_secret_is_changed_both_are_good(gate: Gate) -> None:
    for number, secret in enumerate((GENERIC, OLDER)):
        assert (await gate.generic({"title": "x"}, name=f"msg_{number}", secret=secret)).status == 200


async def test_grafanas_bodies_are_read_as_its_documentation_has_them(gate: Gate) -> None:
    assert (await gate.grafana(_recorded("firing"))).status == 200
    (group,) = gate.post.alarms.groups.values()
    assert [one.name for one in group.firing] == ["High memory usage", "High CPU usage"]
    assert group.runbook == "https://runbooks.example.org/memory"
    assert group.labels == {"team": "blue"}
    assert (await gate.grafana(_recorded("resolved"))).status == 200
    (group,) = gate.post.alarms.groups.values()
    assert [one.name for one in group.firing] == ["High CPU usage"]


async def test_the_generic_hook_is_one_alert_by_its_key_in_a_message_by_its_service(gate: Gate) -> None:
    found = {
        "title": "Backup failed",
        "key": "backup-db1",
        "service": "db",
        "severity": "high",
        "link": "https://ci.example.org/7",
    }
    await gate.generic(found)
    await gate.generic({**found, "title": "Backup failed again", "key": "backup-db2"}, name="msg_2")
    (group,) = gate.post.alarms.groups.values()
    assert [(one.name, one.level) for one in group.firing] == [
        ("Backup failed", "high"),
        ("Backup failed again", "high"),
    ]
    await gate.generic({**found, "status": "resolved"}, name="msg_3", at=datetime.now(UTC) + timedelta(seconds=2))
    (group,) = gate.post.alarms.groups.values()
    assert (len(group.firing), group.cleared) == (1, 1)


WRONG: list[tuple[Any, int, str]] = [
    (b"{", 400, "the body is no JSON"),
    (b"", 400, "the body is no JSON"),
    (b"\xff\xfe", 400, "the body is no JSON"),
    (b"[" * 100_000, 400, "the body is no JSON: recursion limit"),
    (b'{"a":' * 20_000 + b"1" + b"}" * 20_000, 400, "the body is no JSON: recursion limit"),
    (b'{"version": NaN}', 400, "the body is no JSON"),
    (b"7", 400, "the body: "),
    ({}, 400, "version: field required (and 2 more)"),
    (body(alert()) | {"version": "3"}, 400, "version: input should be '4'"),
    (body(), 400, "alerts: list should have at least 1 item"),
    (body(alert() | {"startsAt": "yesterday"}), 400, "alerts[1].startsAt: input should be a valid datetime"),
    (body(alert() | {"startsAt": "2026-05-02T10:00:00"}), 400, "alerts[1].startsAt: input should have timezone info"),
    (
        body(alert() | {"startsAt": "0001-01-01T00:00:00+02:00"}),
        400,
        "alerts[1].startsAt: value error, it is out of range",
    ),
    (
        body(alert() | {"startsAt": "9999-12-31T23:59:59-02:00"}),
        400,
        "alerts[1].startsAt: value error, it is out of range",
    ),
    (b'{"version": "\\ud800"}', 400, "the body is no JSON"),
    (body(alert() | {"status": "odd"}), 400, "alerts[1].status: input should be 'firing' or 'resolved'"),
    (body(alert() | {"labels": {str(number): "x" for number in range(65)}}), 400, "alerts[1].labels: "),
    (body(*[{}] * 10_000), 400, "alerts: list should have at most 1000 items"),
    (b" " * (256 * 1024 + 1), 413, "413 Request Entity Too Large"),
    (b'"' + b"x" * 10_000_000 + b'"', 413, "413 Request Entity Too Large"),
    (body(*(alert(instance=f"{number}") for number in range(10_000))), 413, "413 Request Entity Too Large"),
]


@pytest.mark.parametrize(("found", "status", "says"), WRONG, ids=[str(number) for number in range(len(WRONG))])
async def test_a_body_that_is_wrong_is_one_line_that_names_what_is(
    gate: Gate, found: Any, status: int, says: str
) -> None:
    answer = await gate.alertmanager(found)
    assert answer.status == status
    assert answer.text.startswith(says), answer.text
    assert answer.text.count("\n") == 1
    assert len(answer.text) < 400
    assert await gate.kinds() == []
    assert gate.looks == ["prod"], "a sender that is told 4xx does not try again, so what is active is looked up"
    assert (await gate.alertmanager(body(alert()))).status == 200


async def test_only_json_is_read(gate: Gate) -> None:
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"):
        assert (await gate.alertmanager(body(alert()), **{"Content-Type": kind})).status == 415
    packed = gzip.compress(json.dumps(body(alert())).encode())
    assert (await gate.alertmanager(packed, **{"Content-Encoding": "gzip"})).status == 415
    assert (await gate.alertmanager(body(alert()), **{"Content-Type": "application/json; charset=utf-8"})).status == 200


async def test_an_endless_body_without_a_length_is_cut_off(gate: Gate) -> None:
    async def endless() -> AsyncIterator[bytes]:
        while True:
            yield b" " * 65536

    headers = {"Content-Type": "application/json"}
    async with gate.client.post(f"{gate.base}/hooks/alertmanager/prod", data=endless(), headers=headers) as answer:
        assert answer.status == 413


async def test_a_body_that_does_not_come_is_given_up(gate: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("transports.bodies.PATIENCE", 0.05)
    reader, writer = await asyncio.open_connection("127.0.0.1", int(gate.base.rpartition(":")[2]))
    head = "POST /hooks/alertmanager/prod HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n"
    writer.write(head.encode())
    assert (await reader.readline()).startswith(b"HTTP/1.1 408")
    writer.close()


async def test_a_sender_that_goes_away_in_the_middle_is_no_bug(gate: Gate, caplog: pytest.LogCaptureFixture) -> None:
    _, writer = await asyncio.open_connection("127.0.0.1", int(gate.base.rpartition(":")[2]))
    head = "POST /hooks/alertmanager/prod HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n[1,"
    writer.write(head.encode())
    await writer.drain()
    await asyncio.sleep(0.05)
    writer.transport.abort()
    await asyncio.sleep(0.1)
    assert [one for one in caplog.records if one.levelname == "ERROR"] == []
    assert (await gate.alertmanager(body(alert()))).status == 200


async def test_a_key_that_is_there_twice_counts_as_it_stands_last(gate: Gate) -> None:
    text = json.dumps(body(alert())).replace(
        '"status": "firing", "labels"', '"status": "odd", "status": "firing", "labels"'
    )
    assert "odd" in text
    assert (await gate.alertmanager(text.encode())).status == 200


async def test_words_that_are_long_or_hostile_are_kept_short_and_plain(gate: Gate) -> None:
    nasty = alert("a\u202e@everyone\n" + "x" * 180)
    nasty["fingerprint"] = "a/../b\x00\n"
    nasty["annotations"] = {"summary": "y" * 9000, "runbook_url": "javascript:alert(1)"}
    nasty["generatorURL"] = "https://example.org/" + "z" * 3000
    assert (await gate.alertmanager(body(nasty))).status == 200
    (group,) = gate.post.alarms.groups.values()
    (one,) = group.firing
    assert one.name.startswith("a@everyone x")
    assert (len(one.summary), one.runbook, one.link) == (300, "", "")


async def test_an_address_with_words_behind_it_is_none(gate: Gate) -> None:
    odd = alert()
    odd["annotations"] = {"runbook_url": "https://example.org/ @everyone read this"}
    assert (await gate.alertmanager(body(odd))).status == 200
    (group,) = gate.post.alarms.groups.values()
    assert group.runbook == ""


@pytest.mark.parametrize(
    "error",
    [
        sqlite3.OperationalError("database is locked"),
        sqlite3.OperationalError("database or disk is full"),
        sqlite3.OperationalError("disk I/O error"),
        Fatal("the database is damaged"),
        RuntimeError("a bug"),
    ],
    ids=str,
)
async def test_trouble_of_ours_is_503_and_the_repeat_is_stored(gate: Gate, error: Exception) -> None:
    log: Any = gate.post.log
    with capture_logs() as logs:
        log._database = Trouble(gate.database, error)
        answers = [await gate.alertmanager(body(alert())) for _ in range(3)]
    assert {(one.status, one.text) for one in answers} == {(503, "not stored; try again\n")}
    assert sum(line["event"] == "a hook was turned away" for line in logs) == 1, "not a line with every try"
    log._database = gate.database
    assert await gate.kinds() == []
    assert (await gate.alertmanager(body(alert()))).status == 200
    assert await gate.kinds() == ["alerts_begun", "alert_fired"]
    assert "prod" in gate.looks


async def test_a_database_that_another_program_holds_is_503_until_it_is_free(gate: Gate, tmp_path: Path) -> None:
    await gate.database.rows("PRAGMA busy_timeout=50")
    with sqlite3.connect(tmp_path / "tocsin.db", isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")
        assert (await gate.alertmanager(body(alert()))).status == 503
        other.execute("COMMIT")
    other.close()
    assert (await gate.alertmanager(body(alert()))).status == 200


async def test_a_slow_database_is_503_and_what_was_under_way_is_stored_once(
    gate: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(door, "STORING", 0.05)
    goes_on, log = asyncio.Event(), gate.post.log
    append = log.append

    async def slow(records: Any) -> None:
        await goes_on.wait()
        await append(records)

    monkeypatch.setattr(log, "append", slow)
    assert (await gate.alertmanager(body(alert()))).status == 503
    goes_on.set()
    monkeypatch.setattr(door, "STORING", 8.0)
    assert (await gate.alertmanager(body(alert()))).status == 200
    assert await gate.kinds() == ["alerts_begun", "alert_fired"]
    assert [len(group.firing) for group in gate.post.alarms.groups.values()] == [1], "and it is known in memory"


async def test_an_end_that_is_no_moment_is_left_out(gate: Gate) -> None:
    for number, ends in enumerate(("9999-12-31T23:59:59-05:00", "0001-01-01T00:00:00+05:00", None)):
        one = alert(instance=f"{number}", firing=False) | {"endsAt": ends}
        assert (await gate.alertmanager(body(one))).status == 200


async def test_while_the_bot_starts_or_ends_it_is_503(gate: Gate) -> None:
    async def not_yet(_order: object) -> None:
        raise door.NotReady

    handle, gate.post.handle = gate.post.handle, not_yet  # type: ignore[method-assign, assignment]
    assert (await gate.alertmanager(body(alert()))).status == 503
    gate.post.handle = handle  # type: ignore[method-assign]
    assert (await gate.alertmanager(body(alert()))).status == 200


async def test_too_many_at_once_are_503(gate: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(door, "AT_ONCE", 0)
    assert (await gate.alertmanager(body(alert()))).status == 503


async def test_strangers_who_send_slowly_keep_no_sender_out(gate: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(door, "AT_ONCE", 1)
    head = b"POST /hooks/alertmanager/prod HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{"
    slow = [await asyncio.open_connection("127.0.0.1", int(gate.base.rpartition(":")[2])) for _ in range(3)]
    for _, writer in slow:
        writer.write(head)
        await writer.drain()
    await asyncio.sleep(0.1)
    assert (await gate.alertmanager(body(alert()))).status == 200
    for _, writer in slow:
        writer.close()
        await writer.wait_closed()


async def test_answers_have_the_headers_of_every_page(gate: Gate) -> None:
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {'s' * 40}"}
    for data, status in ((json.dumps(body(alert())), 200), ("{", 400)):
        async with gate.client.post(f"{gate.base}/hooks/alertmanager/prod", data=data, headers=headers) as answer:
            assert answer.status == status
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
            assert answer.headers["Cache-Control"] == "no-store"
    async with gate.client.get(f"{gate.base}/hooks/alertmanager/prod") as answer:
        assert answer.status == 405
    async with gate.client.post(f"{gate.base}/hooks/pigeon/prod", data="{}", headers=headers) as answer:
        assert answer.status == 404


async def test_no_secret_is_ever_in_the_log(tmp_path: Path) -> None:
    with capture_logs() as logs:
        async with open_gate(tmp_path, HOOKS) as gate:
            await gate.alertmanager(body(alert()), secret="wrong-secret-of-somebody-else-entirely-x")
            await gate.alertmanager(b"{")
            await gate.generic({"title": "x"}, secret="whsec_" + "B" * 32)
    assert len(logs) == 3
    assert not [line for line in logs if "wrong-secret" in str(line) or "s" * 40 in str(line) or "BBBB" in str(line)]
    assert {(line["hook"], line["reason"]) for line in logs} >= {
        ("prod", "the token is wrong"),
        ("cron", "no matching signature found"),
    }


async def test_news_of_one_alert_is_one_whoever_cuts_its_time_off(gate: Gate) -> None:
    """Alertmanager's webhook has nanoseconds, its API milliseconds; zones differ as well."""
    one = alert()
    for at in ("2026-05-02T10:00:00.123456789Z", "2026-05-02T10:00:00.123Z", "2026-05-02T12:00:00.123999+02:00"):
        await gate.alertmanager(body(one | {"startsAt": at}))
    assert (await gate.kinds()).count("alert_fired") == 1
    await gate.alertmanager(body(alert(at=STARTS + timedelta(seconds=1))))
    assert (await gate.kinds()).count("alert_fired") == 2
