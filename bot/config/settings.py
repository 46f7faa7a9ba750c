"""Every setting of this version, as models; what each means is in `config.example.toml`, beside its default.

Rule: a key is here only if something acts upon it, or if it stands in `idle.IDLE`, and then its use is told. Keys that the
contract has and this version refuses are in `LATER`.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, tzinfo
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Literal, TypeVar
from zoneinfo import ZoneInfo, available_timezones

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    HttpUrl,
    SecretStr,
    StringConstraints,
    WebsocketUrl,
    model_validator,
)
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from bot.config.calendars import free_day, known_calendar, known_handover, known_week
from bot.config.hooks import Hook
from bot.config.table import Address, Gateway, Table, Words, listed
from core.incident.emoji import THRESHOLDS
from core.incident.policy import Check, Times
from core.incident.policy import Names as NamesShown
from core.incident.times import Length
from core.incident.vocabulary import Role

LATER = (*(f"roles.{role}" for role in Role),)
"""Settings of the contract that a later version brings, by dotted path without list indexes."""


D = TypeVar("D", bound=date)


def one_line(value: object) -> object:
    """Text without its line breaks: a long sentence may be written on several lines, and is shown on one."""
    return " ".join(value.split()) if isinstance(value, str) else value


def dashed(value: object) -> object:
    """A table whose names have dashes; a variable of the environment, which cannot, has underscores in their place.

    What comes later wins, and that is the environment.
    """
    return {name.replace("_", "-"): inner for name, inner in value.items()} if isinstance(value, dict) else value


def next_or_names(value: object) -> object:
    """The word `next`, or a list of names."""
    return value if value == "next" else listed(value)


def whole_shifts(every: timedelta) -> timedelta:
    """The length of a shift. Raises `ValueError`."""
    if not timedelta(hours=4) <= every <= timedelta(weeks=52) or every % timedelta(hours=1):
        raise ValueError("write whole weeks, days or hours, from 4h to 52w: 1w, 2w, 1d or 12h")
    return every


def of_our_time(when: D) -> D:
    """A day or a moment that can be reckoned with in every zone. Raises `ValueError`."""
    if not 2000 <= when.year < 2100:
        raise ValueError("write a year from 2000 to 2099")
    return when


def different(sentences: tuple[str, ...]) -> tuple[str, ...]:
    """The sentences, no two alike. Raises `ValueError` with the numbers of two that are, never with their words."""
    first: dict[str, int] = {}
    for number, sentence in enumerate(sentences, 1):
        earlier = first.setdefault(sentence.casefold(), number)
        if earlier != number:
            raise ValueError(f"{earlier} and {number} are the same sentence")
    return sentences


def address(given: SecretStr) -> SecretStr:
    """An address outside of the chat, as Apprise writes it. Raises `ValueError` without repeating it."""
    scheme, found, rest = given.get_secret_value().partition("://")
    if not (found and rest and scheme.isalnum()):
        raise ValueError("this is no address that Apprise knows, as ntfy://topic or mailto://user:password@example.org")
    return given


Names = Annotated[tuple[Words, ...], BeforeValidator(listed)]
Threshold = Annotated[str, StringConstraints(min_length=1, max_length=200), BeforeValidator(one_line)]
Caution = Annotated[str, StringConstraints(min_length=1, max_length=300), BeforeValidator(one_line)]
Call = Literal["commander", "oncall", "team", "leadership"]
Snowflake = Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"^[0-9]{1,20}$")]
"""What Discord's *Copy ID* gives."""
Reached = Annotated[SecretStr, AfterValidator(address)]
"""Where Apprise calls somebody: `ntfy://…`, `mailto://…`; most hold a token or a password."""
Port = Annotated[int, Field(ge=0, le=65535)]


def known_zone(name: str) -> str:
    """The name of a time zone, when this computer knows it. Raises `ValueError` with the nearest that it knows."""
    try:
        zone_of(name)
    except (LookupError, ValueError, OSError):
        known = {each.casefold(): each for each in sorted(available_timezones())}
        word = name.strip().casefold().replace(" ", "_")
        close = [each for each in known if each.rpartition("/")[2] == word] or get_close_matches(word, known, 1, 0.5)
        hint = f"; did you mean {known[close[0]]}?" if close else ", as in Europe/Berlin"
        raise ValueError(f"this is no time zone that this computer knows{hint}") from None
    return name


def zone_of(name: str) -> tzinfo:
    """The time zone of a name. UTC needs no list of zones on this computer."""
    return UTC if name == "UTC" else ZoneInfo(name)


class Matrix(Table):
    homeserver: Address
    user_id: Annotated[str, StringConstraints(pattern=r"^@[^:\s]+:\S+$")]
    password: SecretStr | None = None
    password_file: Path | None = None
    access_token: SecretStr | None = None
    access_token_file: Path | None = None
    device_id: Words | None = None
    triage: Annotated[Names, Field(min_length=1)]
    space: Words | None = None
    encrypted: bool = False
    allow_invites_from: Names = ()


class Discord(Table):
    token: SecretStr | None = None
    token_file: Path | None = None
    guild: Snowflake
    triage: Annotated[Names, Field(min_length=1)]
    category: Words | None = None
    archive_category: Words | None = None
    api_url: Address = HttpUrl("https://discord.com/api/v10")
    gateway_url: Gateway = WebsocketUrl("wss://gateway.discord.gg")
    ready_timeout: Length = timedelta(seconds=2)


class Sandbox(Table):
    port: Port = 8322
    triage: Annotated[Names, Field(min_length=1)] = ("triage",)


class Transports(Table):
    matrix: Matrix | None = None
    discord: Discord | None = None
    sandbox: Sandbox | None = None


class Roles(Table):
    tie_breaker: Words | None = None


class Audience(Table):
    rooms: Names = ()
    frame: str = ""
    internal: bool | None = None
    status_page: bool = False


class Web(Table):
    host: Words = "127.0.0.1"
    port: Port = 8321
    internal_port: Port = 8323
    public_url: Address | None = None
    name: Annotated[str, StringConstraints(min_length=1, max_length=60), BeforeValidator(one_line)] = "Status"

    @model_validator(mode="after")
    def _apart(self) -> Web:
        if self.port and self.port == self.internal_port:
            raise ValueError("port and internal_port must differ: health and metrics are not for the public")
        return self


class Drills(Table):
    """`folder` holds the house's own scenarios, a TOML file each; `length` is how long each drill lasts."""

    folder: Path | None = None
    length: Annotated[Length, Field(gt=timedelta(), le=timedelta(hours=4))] | None = None


class Person(Table):
    name: Words
    mail: Words | None = None
    initials: Annotated[str, StringConstraints(pattern=r"^\w{1,3}$")] | None = None
    discord: Snowflake | None = None
    matrix: Annotated[str, StringConstraints(pattern=r"^@[^:\s]+:\S+$")] | None = None
    sandbox: Words | None = None
    notify: Annotated[tuple[Reached, ...], BeforeValidator(listed)] = ()

    @property
    def accounts(self) -> dict[str, str]:
        """The account id in each chat, by transport."""
        pairs = {"matrix": self.matrix, "discord": self.discord, "sandbox": self.sandbox}
        return {transport: account_id for transport, account_id in pairs.items() if account_id}

    @model_validator(mode="after")
    def _reachable(self) -> Person:
        if not self.accounts:
            raise ValueError("an account is missing; give one of matrix, discord or sandbox")
        return self


class Service(Table):
    name: Words
    team: Names = ()
    rollback_owner: Words | None = None
    backup: Words | None = None
    # Not `Names`: one sentence that stands without its list has commas of its own, and is no list.
    thresholds: Annotated[tuple[Threshold, ...], Field(max_length=len(THRESHOLDS)), AfterValidator(different)] = ()
    unsafe_if: Caution | None = None
    neighbours: Names = ()
    runbook: Words | None = None


class Override(Table):
    """Somebody is on instead, from one moment to another: of the rotation's zone, unless they say one."""

    who: Words
    since: Annotated[datetime, AfterValidator(of_our_time), Field(alias="from")]
    until: Annotated[datetime, AfterValidator(of_our_time), Field(alias="to")]

    @model_validator(mode="after")
    def _forward(self) -> Override:
        if (self.since.tzinfo is None) != (self.until.tzinfo is None):
            raise ValueError("give both times their offset from UTC, or neither")
        if self.since >= self.until:
            raise ValueError("it ends before it begins; write from before to")
        return self


class Rotation(Table):
    name: Words
    people: Names = ()
    backup: Annotated[Literal["next"] | Names, BeforeValidator(next_or_names)] = "next"
    every: Annotated[Length, AfterValidator(whole_shifts)] = timedelta(weeks=1)
    handover: Annotated[str, AfterValidator(known_handover)] = "Mon 09:00"
    start: Annotated[date, AfterValidator(of_our_time)] = date(2024, 1, 1)
    zone: Annotated[Words, AfterValidator(known_zone)] | None = None
    holidays: Annotated[tuple[Annotated[str, AfterValidator(free_day)], ...], BeforeValidator(listed)] = ()
    overrides: tuple[Override, ...] = ()
    calendar: Words | None = None
    service: Words | None = None


class Runbooks(Table):
    folder: Path = Path("runbooks")


class Postmortem(Table):
    days: Annotated[int, Field(ge=0, le=60)] = 5
    calendar: Annotated[Words, AfterValidator(known_calendar)] | None = None
    holidays: Annotated[tuple[date, ...], BeforeValidator(listed)] = ()
    remind: Annotated[tuple[Annotated[int, Field(ge=-30, le=30)], ...], BeforeValidator(listed)] = (1, 0, -2)
    names: NamesShown = NamesShown.PEOPLE


class FollowUps(Table):
    weekly: Annotated[str, AfterValidator(known_week)] = "Mon 09:00"


class Severity(Table):
    """What differs from the defaults of one severity; what is left out keeps its default."""

    means: Words | None = None
    update_every: Length | None = None
    pages: Annotated[tuple[Call, ...], BeforeValidator(listed)] | None = None
    status_page: bool | None = None
    postmortem: bool | None = None
    page_within: Length | None = None


class Severities(Table):
    sev1: Severity = Severity()
    sev2: Severity = Severity()
    sev3: Severity = Severity()


class Settings(BaseSettings):
    """All of it. Made by `bot.config.load`, which has already merged file and environment."""

    model_config = SettingsConfigDict(
        env_prefix="TOCSIN_", env_nested_delimiter="__", extra="forbid", frozen=True, hide_input_in_errors=True
    )

    database: Path = Path("tocsin.db")
    data_dir: Path = Path("data")
    zone: Annotated[Words, AfterValidator(known_zone)] = "UTC"
    transports: Transports = Transports()
    groups: dict[str, Names] = Field(default_factory=dict)
    roles: Roles = Roles()
    audiences: dict[str, Audience] = Field(default_factory=dict)
    times: Times = Times()
    web: Web = Web()
    drills: Drills = Drills()
    people: tuple[Person, ...] = ()
    services: tuple[Service, ...] = ()
    hooks: tuple[Hook, ...] = ()
    rotations: tuple[Rotation, ...] = ()
    runbooks: Runbooks = Runbooks()
    severities: Severities = Severities()
    postmortem: Postmortem = Postmortem()
    followups: FollowUps = FollowUps()
    reactions: dict[str, Words] = Field(default_factory=dict)
    wording: Annotated[dict[str, Check], BeforeValidator(dashed)] = Field(default_factory=dict)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Only what `load` hands over: it merges the sources itself, since paths and answers need both."""
        return (init_settings,)
