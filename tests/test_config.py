"""The config: what is needed, what overrides what, and one clear line for everything that is wrong."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from bot.config import ConfigError, Settings, idle, load, policy, responders, roster, secrets, zone
from bot.config.answers import leaves
from bot.config.idle import IDLE, PAGE
from bot.config.settings import LATER
from bot.doctor import examine
from core.incident.emoji import THRESHOLDS
from core.incident.policy import RESPONSES, Check, Names, Policy, Postmortems, Service, Times, Weekly
from core.incident.vocabulary import Account, ChannelRef, Severity
from core.incident.wording import WORDING

EXAMPLE = Path(__file__).parent.parent / "config.example.toml"
CANARY = "canary-5f2a9c"

MATRIX = """
[transports.matrix]
homeserver = "https://matrix.example.org"
user_id = "@tocsin:example.org"
password = "canary-5f2a9c"
triage = ["#triage:example.org"]
"""

PEOPLE = """
[[people]]
name = "Ann"
matrix = "@ann:example.org"
discord = "42"
[[people]]
name = "Bob Olsen"
matrix = "@bob:example.org"
"""

CHECKOUT = """
[[services]]
name = "checkout"
"""

Reading = Callable[[str], Settings]
Answers = Callable[[str], tuple[str, ...]]


@pytest.fixture(autouse=True)
def _no_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    import os

    for name in [name for name in os.environ if name.upper().startswith("TOCSIN_")]:
        monkeypatch.delenv(name)


@pytest.fixture
def config(tmp_path: Path) -> Reading:
    def read(text: str) -> Settings:
        (tmp_path / "config.toml").write_text(text, encoding="utf-8")
        return load(tmp_path / "config.toml")

    return read


@pytest.fixture
def answers(config: Reading, tmp_path: Path) -> Answers:
    def ask(text: str) -> tuple[str, ...]:
        with pytest.raises(ConfigError) as refused:
            config(text)
        file = f"{tmp_path / 'config.toml'}: "
        assert all(line.startswith(file) and "\n" not in line for line in refused.value.lines)
        assert CANARY not in str(refused.value)
        assert CANARY not in repr(refused.value)
        assert refused.value.__suppress_context__ or refused.value.__context__ is None
        return tuple(line.removeprefix(file) for line in refused.value.lines)

    return ask


def test_a_database_and_one_transport_with_its_triage_are_enough(config: Reading, tmp_path: Path) -> None:
    settings = config(f'database = "t.db"\n{MATRIX}')
    assert settings.database == tmp_path / "t.db"
    assert settings.transports.matrix is not None
    assert settings.transports.matrix.triage == ("#triage:example.org",)
    house = policy(settings, roster(settings), 2026)
    assert house == Policy(weekly=Weekly(weekday=0, at=time(9)))
    assert responders(settings, roster(settings)) is None


def test_the_sandbox_alone_needs_nothing(config: Reading) -> None:
    sandbox = config("[transports.sandbox]").transports.sandbox
    assert sandbox is not None
    assert sandbox.port == 8322


# What overrides what


def test_the_environment_overrides_the_file(config: Reading, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOCSIN_WEB__INTERNAL_PORT", "9000")
    monkeypatch.setenv("TOCSIN_TIMES__WATCH", "3m")
    monkeypatch.setenv("TOCSIN_TIMES__NO_COMMANDER", '["1m", "90s"]')
    monkeypatch.setenv("TOCSIN_TRANSPORTS__MATRIX__TRIAGE", "#a:example.org, #b:example.org")
    monkeypatch.setenv("TOCSIN_GROUPS__RESPONDERS", '["@ann:example.org"]')
    monkeypatch.setenv("TOCSIN_AUDIENCES__SUPPORT__INTERNAL", "false")
    settings = config(f'{MATRIX}\n[web]\ninternal_port = 1\nport = 2\n[times]\nwatch = "1h"')
    assert (settings.web.internal_port, settings.web.port) == (9000, 2)
    assert settings.times.watch == timedelta(minutes=3)
    assert settings.times.no_commander == (timedelta(minutes=1), timedelta(seconds=90))
    assert settings.transports.matrix is not None
    assert settings.transports.matrix.triage == ("#a:example.org", "#b:example.org")
    assert settings.groups == {"responders": ("@ann:example.org",)}
    assert settings.audiences["support"].internal is False


def test_a_secret_may_come_from_the_environment_alone(config: Reading, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOCSIN_TRANSPORTS__MATRIX__PASSWORD", "from-outside")
    settings = config(MATRIX.replace(f'password = "{CANARY}"\n', ""))
    assert secrets(settings) == ("from-outside",)


def test_a_secret_may_come_from_a_file_beside_the_config(config: Reading, tmp_path: Path) -> None:
    (tmp_path / "pw").write_text(f"  {CANARY}\n")
    settings = config(MATRIX.replace(f'password = "{CANARY}"', 'password_file = "pw"'))
    assert secrets(settings) == (CANARY,)


def test_the_environment_wins_over_a_secret_file(
    config: Reading, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "pw").write_text("from-file")
    monkeypatch.setenv("TOCSIN_TRANSPORTS__MATRIX__PASSWORD", "from-outside")
    settings = config(MATRIX.replace(f'password = "{CANARY}"', 'password_file = "pw"'))
    assert secrets(settings) == ("from-outside",)


def test_paths_are_relative_to_the_config_wherever_it_is_read_from(
    config: Reading, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir("/")
    monkeypatch.setenv("TOCSIN_DATA_DIR", "kept")
    settings = config(f'database = "/srv/t.db"\n{MATRIX}')
    assert (settings.database, settings.data_dir) == (Path("/srv/t.db"), tmp_path / "kept")


# What the core gets


def test_the_policy_is_the_house_rules_with_people_resolved(config: Reading) -> None:
    settings = config(f"""{MATRIX}{PEOPLE}
[[services]]
name = "checkout"
team = ["payments", "@ann:example.org"]
[groups]
oncall = ["ann", "Bob Olsen"]
leadership = ["Bob Olsen"]
payments = ["Bob Olsen", "Ann"]
responders = ["triage", "discord-role:7", "Ann", "@cy:example.org", "99", "sandbox:42", "matrix:@bob:example.org"]
[roles]
tie_breaker = "Bob Olsen"
[audiences.support]
rooms = ["matrix:#support:example.org"]
frame = "For support"
[audiences.partners]
rooms = ["matrix:!abc"]
[times]
takeover = "0s"
[severities.sev3]
update_every = "2h"
pages = []
""")
    people = roster(settings)
    house = policy(settings, people, 2026)
    ann, bob = people.people
    assert (house.on_call, house.leadership, house.tie_breaker) == ((ann, bob), (bob,), bob)
    assert house.services[0].team == (bob, ann), "groups are spelt out, and nobody is there twice"
    assert house.audiences[0].rooms == (ChannelRef(transport="matrix", id="#support:example.org"),)
    assert [(each.name, each.internal) for each in house.audiences] == [("support", True), ("partners", False)]
    assert house.times == Times(takeover=timedelta(0))
    assert house.responses[Severity.SEV1] == RESPONSES[Severity.SEV1]
    sev3 = house.responses[Severity.SEV3]
    assert (sev3.update_every, sev3.pages, sev3.means) == (timedelta(hours=2), (), RESPONSES[Severity.SEV3].means)
    assert responders(settings, people) == frozenset(
        {
            "triage",
            "discord-role:7",
            "person:Ann",
            "person:Bob Olsen",
            "matrix:@cy:example.org",
            "discord:99",
            "sandbox:42",
        }
    )


def test_a_service_says_who_rolls_back_when_and_when_not(config: Reading) -> None:
    settings = config(f"""{MATRIX}{PEOPLE}{CHECKOUT}
rollback_owner = "@ann"
backup = "@bob:example.org"
thresholds = [" errors above 5 %, for 5 minutes ", '''
carts
are lost''', "{"x" * 200}"]
unsafe_if = '''
a migration of the last release
{"y" * 268}'''
[[services]]
name = "search"
rollback_owner = "Bob Olsen"
thresholds = []
[[services]]
name = "mail"
""")
    people = roster(settings)
    ann, bob = people.people
    assert policy(settings, people, 2026).services == (
        Service(
            name="checkout",
            rollback_owner=ann,
            backup=bob,
            thresholds=("errors above 5 %, for 5 minutes", "carts are lost", "x" * 200),
            unsafe_if=f"a migration of the last release {'y' * 268}",
        ),
        Service(name="search", rollback_owner=bob),
        Service(name="mail"),
    )


def test_a_service_has_as_many_thresholds_as_there_are_emoji_for(config: Reading) -> None:
    sentences = tuple(f"alarm {number} is on" for number in THRESHOLDS.values())
    assert len(sentences) == 9
    (service,) = config(f"{MATRIX}{CHECKOUT}thresholds = {list(sentences)}").services
    assert service.thresholds == sentences


def test_a_step_of_the_checklist_may_be_off(config: Reading) -> None:
    times = config(MATRIX + "[times]\nchecklist = ['2m', '0s', '7m', '10m', '0s']").times
    assert times.checklist == tuple(timedelta(minutes=minutes) for minutes in (2, 0, 7, 10, 0))


def test_accounts_in_two_chats_are_one_person(config: Reading) -> None:
    people = roster(config(f"{MATRIX}{PEOPLE}[transports.discord]\ntoken = 't'\nguild = '1'\ntriage = ['2']"))
    on_matrix = people.person(Account(transport="matrix", id="@ann:example.org", name="ann"))
    on_discord = people.person(Account(transport="discord", id="42", name="Ann K."))
    ann = people.named("Ann")
    assert ann is not None
    assert ann.is_(on_matrix)
    assert ann.is_(on_discord)
    assert not ann.is_(people.person(Account(transport="discord", id="43", name="Ann"))), "a name proves nothing"
    assert {(one.transport, one.id) for one in ann.others} == {("matrix", "@ann:example.org"), ("discord", "42")}


# What is wrong, in one line each

WRONG: Mapping[str, tuple[str, str]] = {
    "an unknown key": ("datbase = 'x'" + MATRIX, "datbase is unknown; did you mean database?"),
    "an unknown table": (MATRIX + "[tranports.matrix]", "tranports is unknown; did you mean transports?"),
    "an unknown nested key": (
        MATRIX + "pasword = 'canary-5f2a9c'",
        "transports.matrix.pasword is unknown; did you mean transports.matrix.password?",
    ),
    "an unknown key in a list": (
        MATRIX + PEOPLE + "initals = 'BO'",
        "people[2].initals is unknown; did you mean people[2].initials?",
    ),
    "an unknown key under a free name": (
        MATRIX + "[audiences.support]\nroom = []",
        "audiences.support.room is unknown; did you mean audiences.support.rooms?",
    ),
    "an unknown severity": (
        MATRIX + "[severities.sev4]",
        "severities.sev4 is unknown; did you mean severities.sev3?",
    ),
    "an unknown time": (
        MATRIX + "[times]\nreopen_day = 7",
        "times.reopen_day is unknown; did you mean times.reopen_days?",
    ),
    "nothing alike": (MATRIX + "[roles]\nqqq = 1", "roles.qqq is unknown; known here: tie_breaker"),
    "an unknown chat": (
        "[transports.slack]\ntoken = 'canary-5f2a9c'",
        "transports.slack is unknown; known here: discord, matrix, sandbox",
    ),
    "no transport": (
        "database = 'x'",
        "transports is missing; set up a chat: [transports.discord], [transports.matrix] or [transports.sandbox]",
    ),
    "a missing key": (
        MATRIX.replace('user_id = "@tocsin:example.org"', ""),
        "transports.matrix.user_id is missing; set it here or in TOCSIN_TRANSPORTS__MATRIX__USER_ID",
    ),
    "a missing password": (
        MATRIX.replace("password =", "device_id ="),
        (
            "transports.matrix.password is missing; put it into TOCSIN_TRANSPORTS__MATRIX__PASSWORD or a password_file"
            " (or give access_token with device_id)"
        ),
    ),
    "an empty password": (
        MATRIX.replace(CANARY, ""),
        (
            "transports.matrix.password is missing; put it into TOCSIN_TRANSPORTS__MATRIX__PASSWORD or a password_file"
            " (or give access_token with device_id)"
        ),
    ),
    "a token without its device": (
        MATRIX.replace("password =", "access_token ="),
        (
            "transports.matrix.device_id is missing; it belongs to the access token; set it here or in"
            " TOCSIN_TRANSPORTS__MATRIX__DEVICE_ID"
        ),
    ),
    "a calendar that is none": (
        MATRIX + "[postmortem]\ncalendar = 'Bavaria'",
        "postmortem.calendar: this is no calendar; write a country's code, as in DE, or with its part, as in DE-BY",
    ),
    "a part that a country has not": (
        MATRIX + "[postmortem]\ncalendar = 'DE-BYY'",
        "postmortem.calendar: DE has no such part; did you mean DE-BY?",
    ),
    "a part of a country that has none": (
        MATRIX + "[postmortem]\ncalendar = 'JP-Q'",
        "postmortem.calendar: JP has no such part; JP alone will do",
    ),
    "a week's moment that is none": (
        MATRIX + "[followups]\nweekly = 'Monday morning'",
        'followups.weekly: write it as "Mon 09:00"; "" turns it off',
    ),
    "a week's moment on no day": (
        MATRIX + "[followups]\nweekly = 'Xyz 09:00'",
        'followups.weekly: write it as "Mon 09:00"; "" turns it off',
    ),
    "a missing Discord token": (
        "[transports.discord]\nguild = '1'\ntriage = ['2']",
        "transports.discord.token is missing; put it into TOCSIN_TRANSPORTS__DISCORD__TOKEN or a token_file",
    ),
    "a Discord server by its name": (
        "[transports.discord]\ntoken = 't'\nguild = 'Acme'\ntriage = ['2']",
        "transports.discord.guild must look like a number: right-click the server, Copy Server ID",
    ),
    "a person's name on Discord": (
        MATRIX + "[[people]]\nname = 'Cy'\ndiscord = '@cy'",
        "people[1].discord must look like a number: right-click the person, Copy User ID",
    ),
    "a password that is a number": (
        MATRIX.replace(f'"{CANARY}"', "5"),
        "transports.matrix.password must be text in quotes",
    ),
    "a password that is a table": (
        MATRIX.replace(f'"{CANARY}"', f'{{ x = "{CANARY}" }}'),
        "transports.matrix.password must be text in quotes",
    ),
    "no triage": (
        MATRIX.replace('["#triage:example.org"]', "[]"),
        "transports.matrix.triage must not be empty",
    ),
    "an address that is none": (
        MATRIX.replace("https://matrix", "matrix"),
        "transports.matrix.homeserver must be an address: https://…",
    ),
    "an account that is none": (
        MATRIX.replace("@tocsin", "tocsin"),
        "transports.matrix.user_id must look like @name:server",
    ),
    "a length of time that is none": (
        MATRIX + "[times]\nwatch = 'soon'",
        "times.watch: 'soon' is not a length of time; write 60s, 15m, 2h or 7d",
    ),
    "a checklist with a step missing": (
        MATRIX + "[times]\nchecklist = ['2m', '4m', '7m', '10m']",
        "times.checklist must have 5 lengths of time, one for each step",
    ),
    "a checklist with a step too many": (
        MATRIX + "[times]\nchecklist = ['2m', '4m', '7m', '10m', '15m', '20m']",
        "times.checklist must have 5 lengths of time, one for each step",
    ),
    "a checklist that is empty": (
        MATRIX + "[times]\nchecklist = []",
        "times.checklist must have 5 lengths of time, one for each step",
    ),
    "a checklist switched off in one go": (MATRIX + "[times]\nchecklist = '0s'", "times.checklist must be a list"),
    "a checklist with a time that is none": (
        MATRIX + "[times]\nchecklist = ['2m', '4m', 'soon', '10m', '15m']",
        "times.checklist[3]: 'soon' is not a length of time; write 60s, 15m, 2h or 7d",
    ),
    "a port that is none": (MATRIX + "[web]\nport = 70000", "web.port: input should be less than or equal to 65535"),
    "one port for two": (
        MATRIX + "[web]\nport = 8323",
        "web: port and internal_port must differ: health and metrics are not for the public",
    ),
    "a flag that is none": (
        MATRIX + "[audiences.x]\ninternal = 'perhaps'",
        "audiences.x.internal must be true or false",
    ),
    "a value where a table stands": ("web = 5" + MATRIX, "web must be a table"),
    "a value where a list stands": (MATRIX + "[groups]\nx = 5", "groups.x must be a list"),
    "another database": (
        "database = 'postgresql://tocsin:canary-5f2a9c@db/tocsin'" + MATRIX,
        "database must be a path to an SQLite file in this version; other databases come later",
    ),
    "a secret file that is not there": (
        MATRIX.replace(f'password = "{CANARY}"', 'password_file = "/nowhere/pw"'),
        "transports.matrix.password_file: /nowhere/pw cannot be read: no such file or directory",
    ),
    "a secret file that is empty": (
        MATRIX.replace(f'password = "{CANARY}"', 'password_file = "/dev/null"'),
        "transports.matrix.password_file: /dev/null is empty",
    ),
    "a tie-breaker whom nobody knows": (
        MATRIX + PEOPLE + "[roles]\ntie_breaker = 'Anne'",
        "roles.tie_breaker: Anne is nobody in [[people]] (did you mean Ann?)",
    ),
    "an on-call whom nobody knows": (
        MATRIX + PEOPLE + "[groups]\noncall = ['Zoltan']",
        "groups.oncall: Zoltan is nobody in [[people]]",
    ),
    "a responder who is nothing": (
        MATRIX + PEOPLE + "[groups]\nresponders = ['discord-role:x']",
        (
            "groups.responders: discord-role:x is nobody in [[people]], and neither `triage`, `discord-role:ID` nor an"
            " account id"
        ),
    ),
    "a team whom nobody knows": (
        MATRIX + PEOPLE + "[[services]]\nname = 'checkout'\nteam = ['Bob Olson']",
        "services, team of checkout: Bob Olson is nobody in [[people]] (did you mean Bob Olsen?), and no group",
    ),
    "a service twice": (
        MATRIX + "[[services]]\nname = 'Checkout'\n[[services]]\nname = 'checkout'",
        "services: Checkout is there twice",
    ),
    "a rollback owner whom nobody knows": (
        MATRIX + PEOPLE + CHECKOUT + "rollback_owner = 'Bob Olson'",
        "services, rollback_owner of checkout: Bob Olson is nobody in [[people]] (did you mean Bob Olsen?)",
    ),
    "a group for a rollback owner": (
        MATRIX + PEOPLE + "[groups]\npayments = ['Ann']\n" + CHECKOUT + "rollback_owner = 'payments'",
        "services, rollback_owner of checkout: payments is nobody in [[people]]",
    ),
    "a rollback owner's backup whom nobody knows": (
        MATRIX + PEOPLE + CHECKOUT + "rollback_owner = 'Ann'\nbackup = '@anne'",
        "services, backup of checkout: @anne is nobody in [[people]] (did you mean Ann?)",
    ),
    "a backup who is the rollback owner": (
        MATRIX + PEOPLE + CHECKOUT + "rollback_owner = 'Ann'\nbackup = 'Ann'",
        "services, backup of checkout: Ann is the rollback_owner; name somebody else, or leave it out",
    ),
    "a backup who is the rollback owner by another name": (
        MATRIX + PEOPLE + CHECKOUT + "rollback_owner = 'discord:42'\nbackup = '@ANN'",
        "services, backup of checkout: Ann is the rollback_owner; name somebody else, or leave it out",
    ),
    "a backup without a rollback owner": (
        MATRIX + PEOPLE + CHECKOUT + "backup = 'Ann'",
        "services, backup of checkout: there is no rollback_owner whose backup this is; name one, or leave it out",
    ),
    "a rollback owner who is empty": (
        MATRIX + PEOPLE + CHECKOUT + "rollback_owner = ' '\nbackup = 'Ann'",
        "services[1].rollback_owner must not be empty",
    ),
    "two rollback owners": (
        MATRIX + PEOPLE + CHECKOUT + "rollback_owner = ['Ann', 'Bob Olsen']",
        "services[1].rollback_owner must be text in quotes",
    ),
    "more thresholds than emoji": (
        MATRIX + CHECKOUT + f"thresholds = {[f'alarm {number} is on' for number in range(10)]}",
        "services[1].thresholds must have at most 9 sentences: people mark them with 1️⃣ to 9️⃣",
    ),
    "a threshold that is blank": (
        MATRIX + CHECKOUT + "thresholds = ['errors above 5 %', ' ']",
        "services[1].thresholds[2] must not be empty",
    ),
    "a threshold that is a story": (
        MATRIX + CHECKOUT + f"thresholds = ['{'x' * 201}']",
        "services[1].thresholds[1] must have at most 200 characters",
    ),
    "a threshold that is a number": (
        MATRIX + CHECKOUT + "thresholds = [5]",
        "services[1].thresholds[1] must be text in quotes",
    ),
    "a threshold that stands alone": (
        MATRIX + CHECKOUT + "thresholds = 'errors above 5 %, for 5 minutes'",
        "services[1].thresholds must be a list",
    ),
    "a threshold twice": (
        MATRIX + CHECKOUT + "thresholds = ['Errors above 5 %', 'carts are lost', ' errors  above 5 % ']",
        "services[1].thresholds: 1 and 3 are the same sentence",
    ),
    "an unsafe_if that is blank": (MATRIX + CHECKOUT + "unsafe_if = ''", "services[1].unsafe_if must not be empty"),
    "an unsafe_if that is a story": (
        MATRIX + CHECKOUT + f"unsafe_if = '{'x' * 301}'",
        "services[1].unsafe_if must have at most 300 characters",
    ),
    "a room without its chat": (
        MATRIX + "[audiences.support]\nrooms = ['#support:example.org']",
        "audiences.support.rooms: #support:example.org needs its chat in front, as in matrix:#support:example.org",
    ),
    "a room on a chat that is not set up": (
        MATRIX + "[audiences.support]\nrooms = ['discord:456']",
        "audiences.support.rooms: discord:456 is on discord, and [transports.discord] is not set up",
    ),
    "a person twice": (
        MATRIX + PEOPLE + "[[people]]\nname = 'ann'\nsandbox = 'ann'",
        "people: Ann is there twice; each person has one entry",
    ),
    "an account twice": (
        MATRIX + PEOPLE + "[[people]]\nname = 'Cy'\nmatrix = '@ann:example.org'",
        "people: the matrix account @ann:example.org belongs to two people",
    ),
    "initials twice": (
        MATRIX + PEOPLE + "initials = 'xx'\n[[people]]\nname = 'Cy'\nsandbox = 'cy'\ninitials = 'XX'",
        "people: the initials XX belong to two people; initials stand beside what a person grabs",
    ),
    "a person without an account": (
        MATRIX + "[[people]]\nname = 'Cy'",
        "people[1]: an account is missing; give one of matrix, discord or sandbox",
    ),
    "a caller who is none": (
        MATRIX + "[severities.sev1]\npages = ['everyone']",
        "severities.sev1.pages[1] must be one of 'commander', 'oncall', 'team' or 'leadership'",
    ),
    "a reaction of no act": (
        MATRIX + "[reactions]\ngrabb = '🙌'",
        "reactions.grabb is no act; did you mean grab?",
    ),
    "two acts with one emoji in one place": (
        MATRIX + "[reactions]\ngrab = '✅'",
        "reactions: grab and done stand in one place and cannot both be ✅",
    ),
    "a zone that is none": (
        "zone = 'Europe/Berlim'" + MATRIX,
        "zone: this is no time zone that this computer knows; did you mean Europe/Berlin?",
    ),
    "a zone by its city alone": (
        "zone = 'new york'" + MATRIX,
        "zone: this is no time zone that this computer knows; did you mean America/New_York?",
    ),
    "a path for a zone": (
        "zone = '../../etc/passwd'" + MATRIX,
        "zone: this is no time zone that this computer knows, as in Europe/Berlin",
    ),
    "a role by another name": (
        MATRIX + "[roles.ic]\nname = 'Chief'",
        "roles.ic is not in this version yet; leave it out",
    ),
    "no TOML": ("database = ", "is not TOML: Invalid value (at end of document)"),
}


@pytest.mark.parametrize(("text", "line"), WRONG.values(), ids=WRONG)
def test_what_is_wrong_is_said_in_one_line(answers: Answers, text: str, line: str) -> None:
    assert answers(text) == (line,)


def test_all_that_is_wrong_is_said_at_once(answers: Answers) -> None:
    lines = answers(
        f"datbase = 'x'\n{MATRIX.replace('password', 'pasword')}[roles]\ntie_breaker = 'Ann'\n[web]\nport = 'x'"
    )
    assert len(lines) == 5
    for part in ("datbase is unknown", "pasword is unknown", "password is missing", "roles.tie_breaker", "web.port"):
        assert sum(part in line for line in lines) == 1, part


@pytest.mark.parametrize("path", LATER)
def test_what_a_later_version_brings_is_not_called_unknown(answers: Answers, path: str) -> None:
    parts = path.split(".")
    text = {
        "people": MATRIX + PEOPLE + f"{parts[-1]} = ['x']",
        "services": MATRIX + f"[[services]]\nname = 'checkout'\n{parts[-1]} = 'x'",
    }.get(parts[0], MATRIX + f"[[{path}]]\nname = 'x'")
    (line,) = answers(text)
    assert re.sub(r"\[\d\]", "", line) == f"{path} is not in this version yet; leave it out"


def test_a_variable_that_means_nothing_is_named(answers: Answers, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOCSIN_DATABSE", CANARY)
    monkeypatch.setenv("TOCSIN_WEB__PROT", CANARY)
    assert set(answers(MATRIX)) == {
        "environment variable TOCSIN_DATABSE is unknown; did you mean TOCSIN_DATABASE?",
        "web.prot is unknown; did you mean web.port?",
    }


@pytest.mark.parametrize("value", [CANARY, f'{{"x": "{CANARY}"', f'["{CANARY}"]', "{}", ""])
def test_a_variable_with_nonsense_is_one_line_without_its_words(
    answers: Answers, monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    monkeypatch.setenv("TOCSIN_TIMES__NO_COMMANDER", "2m")
    monkeypatch.setenv("TOCSIN_TRANSPORTS__MATRIX", value)
    assert answers("")


def test_a_variable_with_half_a_list_says_how_lists_are_written(
    answers: Answers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOCSIN_GROUPS__ONCALL", f'["{CANARY}')
    (line,) = answers(MATRIX)
    assert line == 'groups.oncall: a list is written ["a", "b"], in a variable also a, b'


def test_a_config_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as refused:
        load(tmp_path / "config.toml")
    (line,) = refused.value.lines
    assert line == (
        f"{tmp_path / 'config.toml'}: cannot be read: no such file or directory; config.example.toml is a good beginning"
    )


def test_a_config_that_is_no_text(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigError, match="cannot be read: it is not text"):
        load(tmp_path / "config.toml")


def test_secrets_do_not_show_in_the_settings(config: Reading) -> None:
    settings = config(MATRIX)
    assert secrets(settings) == (CANARY,)
    for shown in (repr(settings), str(settings), settings.model_dump_json(), str(settings.model_dump())):
        assert CANARY not in shown


# The example


def uncommented(text: str) -> str:
    """The example with everything optional switched on."""
    return re.sub(r"^# (?=\[|[a-z_-]+ = )", "", text, flags=re.MULTILINE)


def flat(data: Mapping[str, Any], above: str = "") -> Iterator[str]:
    for key, value in data.items():
        entries = value if isinstance(value, list) and value and isinstance(value[0], dict) else [value]
        for inner in entries:
            if isinstance(inner, dict):
                yield from flat(inner, f"{above}{key}.")
            else:
                yield f"{above}{key}"


def test_the_example_is_a_config_that_works(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOCSIN_TRANSPORTS__MATRIX__PASSWORD", CANARY)
    settings = load(EXAMPLE)
    house = policy(settings, roster(settings), 2026)
    assert [person.name for person in house.on_call] == ["Ann", "Mia"]
    checkout, search = house.services
    assert checkout.neighbours == (search.name,)
    assert [person.name for person in checkout.team] == ["Mia", "Leah"]
    assert checkout.rollback_owner is not None
    assert checkout.backup is not None
    assert (checkout.rollback_owner.name, checkout.backup.name) == ("Leah", "Mia")
    assert checkout.thresholds
    assert checkout.unsafe_if


def test_the_example_shows_the_defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOCSIN_TRANSPORTS__MATRIX__PASSWORD", CANARY)
    settings = load(EXAMPLE)
    bare = Settings()
    assert (settings.times, settings.web) == (bare.times, bare.web)
    assert policy(settings, roster(settings), 2026).responses == RESPONSES


def test_the_example_with_everything_on_works_too(config: Reading) -> None:
    settings = config(uncommented(EXAMPLE.read_text(encoding="utf-8")))
    assert settings.transports.discord is not None
    assert settings.transports.sandbox is not None


def test_the_example_has_every_rule_of_the_wording_check_at_its_default(config: Reading) -> None:
    shown = tomllib.loads(uncommented(EXAMPLE.read_text(encoding="utf-8")))["wording"]
    assert shown == {rule.name: rule.check for rule in WORDING}
    assert list(shown) == [rule.name for rule in WORDING]


def test_the_wording_check_is_set_by_file_and_by_variable(config: Reading, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOCSIN_WORDING__FILLER", "off")
    monkeypatch.setenv("TOCSIN_WORDING__REPAIR_TIME", "warn")
    settings = config(f'{MATRIX}\n[wording]\ncause = "block"\nrepair-time = "block"\nfiller = "block"')
    assert policy(settings, roster(settings), 2026).wording == {
        "cause": Check.BLOCK,
        "repair-time": Check.WARN,
        "filler": Check.OFF,
    }
    assert idle(settings) == []


@pytest.mark.parametrize(
    ("written", "line"),
    [
        ("filer = 'off'", "wording.filer is unknown; did you mean wording.filler?"),
        ("missing_impct = 'off'", "wording.missing-impct is unknown; did you mean wording.missing-impact?"),
        ("filler = 'loud'", "wording.filler must be one of 'block', 'warn' or 'off'"),
        ("filler = false", "wording.filler must be one of 'block', 'warn' or 'off'"),
    ],
)
def test_a_rule_that_is_not_there_or_set_to_nonsense_is_named(answers: Answers, written: str, line: str) -> None:
    assert answers(f"{MATRIX}\n[wording]\n{written}") == (line,)


def test_the_wording_check_is_a_table(answers: Answers) -> None:
    assert answers(f"wording = 'off'\n{MATRIX}") == ("wording must be a table",)


def test_the_example_names_every_key_and_no_other() -> None:
    shown = set(flat(tomllib.loads(uncommented(EXAMPLE.read_text(encoding="utf-8")))))
    free = {"groups", "reactions", "wording"}
    patterns = {re.sub(r"^(audiences)\.\w+\.", r"\1.*.", key) for key in shown if key.split(".")[0] not in free}
    assert patterns == {key for key, _ in leaves() if key.split(".")[0] not in free}
    assert {key.split(".")[0] for key in shown} >= free


def test_every_key_of_the_example_follows_a_comment() -> None:
    lines = uncommented(EXAMPLE.read_text(encoding="utf-8")).splitlines()
    explained: set[str] = set()
    section, commented, bare = "", False, []
    for line in lines:
        if line.startswith("["):
            section = re.sub(r"\.(sev\d|\w+)$", "", line.strip("[]")) if "." in line else line.strip("[]")
            section = line.strip("[]") if section == "transports" else section
        elif line.startswith("#"):
            commented = True
            continue
        elif match := re.match(r"([\w-]+) =", line):
            key = f"{section}.{match[1]}"
            if not commented and key not in explained:
                bare.append(key)
            explained.add(key)
        elif not line:
            commented = False
    assert bare == []


# What nothing acts upon yet


CONTRACT = f"""
database = "tocsin.db"
data_dir = "data"
{MATRIX}
[audiences.customers]
status_page = true
[times]
decision_step = "60s"
nudge_gap = "5m"
[web]
host = "127.0.0.1"
port = 8321
internal_port = 8323
public_url = "https://status.example.org"
"""
"""The contract's own example (spec, section 13), as far as it is about this."""


def test_a_setting_that_does_nothing_yet_is_told(config: Reading) -> None:
    assert idle(config(CONTRACT)) == []
    assert idle(config(CONTRACT.replace("status_page = true", "status_page = false"))) == [
        "web.public_url does nothing while no audience has status_page = true",
    ]


@pytest.mark.parametrize(
    ("key", "text"),
    [
        ("severities.sev3.means", MATRIX + "[severities.sev3]\nmeans = 'meh'"),
    ],
)
def test_each_such_setting_is_told_by_its_key(config: Reading, key: str, text: str) -> None:
    assert idle(config(text)) == [f"{key} does nothing in this version yet"]


@pytest.mark.parametrize(
    ("key", "text"),
    [
        ("severities.sev1.status_page", MATRIX + "[severities.sev1]\nstatus_page = false"),
        ("web.host", MATRIX + "[web]\nhost = '0.0.0.0'"),
        ("web.name", MATRIX + "[web]\nname = 'Example Shop'"),
        ("web.port", MATRIX + "[web]\nport = 80"),
    ],
)
def test_what_is_about_the_status_page_does_nothing_without_one(config: Reading, key: str, text: str) -> None:
    assert idle(config(text)) == [f"{key} does nothing while no audience has status_page = true"]
    assert idle(config(text + "\n[audiences.customers]\nstatus_page = true")) == []


@pytest.mark.parametrize(
    "text",
    [
        "data_dir = '/srv/tocsin'" + MATRIX,
        MATRIX + "[web]\nhost = '0.0.0.0'\nport = 80\npublic_url = 'https://t.example'\n"
        "[[people]]\nname = 'Ann'\nmatrix = '@ann:x'\nnotify = ['ntfy://ann']",
        MATRIX + "[web]\nhost = '0.0.0.0'\nport = 80\n"
        f"[[hooks]]\nkind = 'grafana'\nname = 'boards'\nsecret = '{'s' * 40}'",
    ],
    ids=["postmortems and keys", "links to answer a call", "hooks"],
)
def test_what_serves_more_than_the_status_page_is_not_told(config: Reading, text: str) -> None:
    assert idle(config(text)) == []


def test_what_the_calls_act_upon_is_not_told(config: Reading) -> None:
    calls = "[roles]\ntie_breaker = 'Ann'\n[times]\ndecision_step = '90s'\nnudge_gap = '90s'\nobjection = '90s'"
    assert idle(config(MATRIX + PEOPLE + calls)) == []


def test_what_is_as_it_would_be_anyway_is_not_told(config: Reading) -> None:
    assert idle(config(MATRIX)) == []


def test_the_table_of_idle_settings_has_keys_that_exist() -> None:
    known = {re.sub(r"severities\.\w+", "severities.*", key) for key, _ in leaves()}
    assert {*IDLE, *PAGE} <= known


def test_the_example_says_which_of_its_settings_do_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOCSIN_TRANSPORTS__MATRIX__PASSWORD", CANARY)
    text = EXAMPLE.read_text(encoding="utf-8")
    assert text.count("oes nothing in this version yet") == len(IDLE)


async def test_the_doctor_tells_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "config.toml").write_text("[transports.sandbox]\nport = 0\n[severities.sev3]\nmeans = 'meh'\n")
    assert await examine(tmp_path / "config.toml") == 0
    assert "hint  severities.sev3.means does nothing in this version yet\n" in capsys.readouterr().out


def test_the_zone_of_clock_times(config: Reading) -> None:
    assert zone(config(MATRIX)) is UTC
    assert zone(config("zone = 'Europe/Berlin'" + MATRIX)) == ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    "secret", ["", 'password_file = "/nowhere"', 'access_token_file = "/nowhere"\ndevice_id = "D"']
)
def test_the_record_is_read_without_the_secrets(tmp_path: Path, secret: str) -> None:
    config = tmp_path / "config.toml"
    config.write_text(
        '[transports.matrix]\nhomeserver = "https://matrix.example.org"\nuser_id = "@tocsin:example.org"\n'
        f'triage = ["#triage:example.org"]\n{secret}\n'
    )
    with pytest.raises(ConfigError):
        load(config)
    assert load(config, with_secrets=False).database == tmp_path / "tocsin.db"


def test_a_house_says_when_postmortems_are_due_and_what_is_listed_when(config: Reading) -> None:
    text = (
        MATRIX
        + "[postmortem]\ndays = 3\ncalendar = 'de-by'\nholidays = ['2026-12-24']\nremind = [1]\nnames = 'roles'\n"
    )
    settings = config(text + "[followups]\nweekly = 'fri 16:30'")
    house = policy(settings, roster(settings), 2026)
    assert house.postmortems.model_copy(update={"holidays": ()}) == Postmortems(days=3, remind=(1,), names=Names.ROLES)
    assert {date(2026, 1, 6), date(2026, 12, 24), date(2028, 1, 6)} < set(house.postmortems.holidays)
    assert date(2026, 1, 5) not in house.postmortems.holidays
    assert house.weekly == Weekly(weekday=4, at=time(16, 30))
    quiet = config(MATRIX + "[followups]\nweekly = ''")
    assert policy(quiet, roster(quiet), 2026).weekly is None
