"""The keys of a device and their file: what is damaged, full, repeated or another's, and that nothing is lost by it."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import nio
import pytest
from nio.crypto import OlmDevice

from core.port import Fatal, Temporary
from transports.matrix_chat.key_file import Absent, path_of
from transports.matrix_chat.keys import Keys, Unreadable

BOT, ANN = "@tocsin:example.org", "@ann:example.org"
ROOM = "!room:example.org"


class Two:
    """The bot's keys, and Ann's, whose device can reach the bot's."""

    def __init__(self, home: Path) -> None:
        self.folder = home / "bot"
        self.bot = Keys(self.folder, BOT, "BOTDEVICE")
        self.ann = Keys(home / "ann", ANN, "ANNDEVICE")
        self.bot.olm.uploaded_key_count = 0
        with self.bot.atomic():
            self.bot.olm.share_keys()
            self.bot.olm.save_account()
        once = next(iter(self.bot.olm.account.one_time_keys["curve25519"].values()))
        self.ann.olm.create_session(once, self.bot.olm.account.identity_keys["curve25519"])
        self.path = path_of(self.folder, BOT, "BOTDEVICE")

    def key(self) -> Any:
        """A message from Ann's device with the key of a new session of hers."""
        session = self.ann.rotate(ROOM)
        device = OlmDevice(BOT, "BOTDEVICE", self.bot.olm.account.identity_keys)
        content = self.ann.wrapped(device, ROOM, session.id, session.session_key)
        return nio.ToDeviceEvent.parse_event({"type": "m.room.encrypted", "sender": ANN, "content": content})

    def again(self) -> Keys:
        """The bot as the next process."""
        known = self.bot.identity
        self.bot.close()
        self.bot = Keys(self.folder, BOT, "BOTDEVICE", known)
        return self.bot

    def sessions(self) -> set[str]:
        """What Ann wrote in, as far as the bot can read it."""
        hers = self.ann.sessions(ROOM)
        return {each.id for each in self.bot.olm.inbound_group_store if each.id in hers}


@pytest.fixture
def two(tmp_path: Path) -> Two:
    return Two(tmp_path)


def test_a_message_that_the_next_process_is_given_again_is_known(two: Two, caplog: pytest.LogCaptureFixture) -> None:
    first, second = two.key(), two.key()
    two.bot.take([first])
    two.again().take([first, second])
    assert two.sessions() == {*two.ann.sessions(ROOM)}
    # Olm reads nothing twice, and complains of it.
    assert [line for line in caplog.records if line.levelname == "ERROR"] == []


def test_what_a_stranger_made_up_is_left_out_and_what_follows_is_taken(two: Two) -> None:
    odd = nio.RoomKeyRequest({"odd": 1}, ANN, ["x"], "request", "algorithm", ROOM, "key", {"not": "an id"})
    two.bot.take([odd, two.key()])
    assert len(two.sessions()) == 1


def test_keys_for_which_there_is_no_room_are_taken_once_there_is_and_outlive_the_process(two: Two) -> None:
    def limit(pages: str) -> None:
        two.bot._database.execute_sql(f"PRAGMA max_page_count={pages}")

    refused = 0
    for _ in range(20):
        limit("1")
        key = two.key()
        try:
            two.bot.take([key])
        except Temporary:
            refused += 1
            assert "cannot be used now (SQLITE_FULL)" in two.bot.trouble
            limit("10000")
            two.bot.take([key])
            assert two.bot.trouble == ""
    assert refused
    two.again()
    assert two.sessions() == {*two.ann.sessions(ROOM)}


def test_words_that_cannot_be_kept_apart_from_others_wait_until_there_is_room(two: Two) -> None:
    said = [
        {
            "type": "m.room.encrypted",
            "event_id": f"${number}",
            "sender": BOT,
            "content": two.bot.seal(ROOM, "m.room.message", {"body": str(number)}),
        }
        for number in range(90)
    ]
    two.bot._database.execute_sql("PRAGMA max_page_count=1")  # as many as there are
    unread = [each for each in said if not _reads(two.bot, each)]
    assert unread
    assert "SQLITE_FULL" in two.bot.trouble
    two.bot._database.execute_sql("PRAGMA max_page_count=10000")
    assert all(_reads(two.bot, each) for each in said)


def _reads(keys: Keys, event: dict[str, Any]) -> bool:
    try:
        return bool(keys.open(ROOM, event)["content"]["body"] == event["event_id"][1:])
    except Unreadable:
        return False


def test_a_file_that_is_spoilt_while_the_bot_runs_ends_it_with_the_same_line(two: Two) -> None:
    key = two.key()
    two.path.write_bytes(b"x" * two.path.stat().st_size)
    with pytest.raises(Fatal, match="are damaged; put them back from the backup"):
        two.bot.take([key])


def _flipped(whole: bytes) -> bytes:
    chance, found = Random(1), bytearray(whole)
    for _ in range(20):
        found[chance.randrange(len(found))] ^= 1 << chance.randrange(8)
    return bytes(found)


@pytest.mark.parametrize(
    "damage",
    [lambda whole: whole[: len(whole) // 2], lambda whole: whole[:512], lambda _: b"no keys\n" * 999, _flipped],
    ids=["half", "head", "another file", "bits"],
)
def test_damaged_keys_are_named_in_one_line_and_left_as_they_are(two: Two, damage: Callable[[bytes], bytes]) -> None:
    two.bot.close()
    two.path.write_bytes(found := damage(two.path.read_bytes()))
    with pytest.raises(Fatal) as failure:
        two.again()
    assert str(failure.value) == (
        f"Matrix: the keys in {two.path} are damaged; put them back from the backup, or move the file away and Tocsin "
        "signs in as a new device"
    )
    assert two.path.read_bytes() == found


@pytest.mark.parametrize("there", ["another device's", "another's of that name", "nothing in it", "nothing"])
def test_keys_that_are_not_the_ones_that_others_know_are_absent_and_stay_as_they_are(two: Two, there: str) -> None:
    known = two.bot.identity
    two.bot.close()
    match there:
        case "another device's":
            shutil.copy(path_of(two.folder.parent / "ann", ANN, "ANNDEVICE"), two.path)
        case "another's of that name":
            two.path.unlink()
            Keys(two.folder, BOT, "BOTDEVICE").close()
        case "nothing in it":
            two.path.write_bytes(b"")
        case _:
            two.path.unlink()
    found = two.path.read_bytes() if two.path.exists() else None
    with pytest.raises(Absent):
        Keys(two.folder, BOT, "BOTDEVICE", known)
    assert (two.path.read_bytes() if two.path.exists() else None) == found


def test_a_folder_that_cannot_be_had_is_named(tmp_path: Path) -> None:
    (tmp_path / "keys").write_text("")
    with pytest.raises(Fatal, match=r"the keys in .*keys/.* cannot be used \(.*\); give this user write access there"):
        Keys(tmp_path / "keys", BOT, "BOTDEVICE")
