"""On call, played: who is asked, a cover and its end, a shift that ends in the middle of an incident."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from stage import Stage, open_stage

from bot.oncall.rotations import Rotation, stretches
from core.activity_log import HOUSE
from core.incident.on_call import Rotated, Stretch
from core.incident.policy import Policy, Service
from core.roster import Roster

BERLIN = ZoneInfo("Europe/Berlin")


def rules(roster: Roster) -> Policy:
    leah = roster.named("Leah")
    assert leah is not None
    return Policy(
        on_call=(leah,),
        services=(Service(name="search"),),
        rotations=(Rotated(name="house", zone="Europe/Berlin"), Rotated(name="search", service="search")),
    )


class Shifts:
    """Ann and Bob take turns of a day, from 13:00 in Berlin, which is 11:00 UTC; Mia has search until noon of the 2nd."""

    def __init__(self) -> None:
        self.roster: Roster | None = None

    def __call__(self, at: datetime) -> tuple[Stretch, ...]:
        assert self.roster is not None
        ann, bob, mia = (self.roster.named(name) for name in ("Ann", "Bob", "Mia"))
        assert ann is not None
        assert bob is not None
        assert mia is not None
        noon = datetime(2026, 5, 2, 12, tzinfo=UTC)
        house = Rotation(
            "house", BERLIN, "Europe/Berlin", (ann, bob), every=timedelta(days=1), weekday=None, at=time(13)
        )
        search = Stretch(rotation="search", who=mia, since=noon - timedelta(days=9), until=noon, service="search")
        around = datetime(2026, 5, 1, tzinfo=UTC)
        if not hasattr(self, "_kept"):
            self._kept = (*stretches(house, around, around + timedelta(days=9)), search)
        return self._kept


@pytest.fixture
def shifts() -> Shifts:
    return Shifts()


def primary(shifts: Shifts, stage: Stage) -> tuple[str, str]:
    """Who is on now, and who comes on."""
    now = stage.clock.now()
    here = [one for one in shifts(now) if one.rotation == "house" and one.holds(now)]
    return (here[0].who.name, here[1].who.name)


def told(shifts: Shifts, stage: Stage) -> None:
    shifts.roster = stage.roster


async def test_a_shift_that_ends_in_an_incident_is_handed_over_by_name(tmp_path: Path, shifts: Shifts) -> None:
    async with _open(tmp_path, shifts) as stage:
        on, next_ = primary(shifts, stage)
        first, second = (stage.ann, stage.bob) if on == "Ann" else (stage.bob, stage.ann)
        assert "house" in await stage.mia.asks("oncall", where=stage.triage)
        await first.types("declare checkout fails")
        assert stage.incident.commander is not None
        assert stage.incident.commander.name == on, "on call, and so commander at once"
        await stage.fast_forward(hours=2)
        stage.expect_everything()
        card = stage.expect_card("prompt/shift-1", f"{on}: your time on call ended at 11:00 UTC", f"{next_} is on now")
        assert f"handoff @{next_}" in card
        assert stage.incident.commander.name == on
        await first.reacts("prompt/shift-1", "👍")
        stage.expect_card("prompt/handoff-1", f"{on} hands over to you: incident commander")
        await second.reacts("prompt/handoff-1", "👍")
        assert stage.incident.commander.name == next_
        await stage.fast_forward(days=3)
        stage.expect_everything()
        asked = [one.asked.to[0].name for one in stage.incident.prompts.values() if one.asked.ask == "shift"]
        assert asked[:1] == [on]


async def test_a_shift_that_ended_while_tocsin_was_away_is_offered_when_it_is_back(
    tmp_path: Path, shifts: Shifts
) -> None:
    async with _open(tmp_path, shifts) as stage:
        on, next_ = primary(shifts, stage)
        first = stage.ann if on == "Ann" else stage.bob
        await first.types("declare checkout fails")
        await stage.restart(away=timedelta(hours=3))
        stage.expect_everything()
        stage.expect_card("prompt/shift-1", f"{next_} is on now")
        await stage.restart()
        stage.expect_everything()
        assert len([one for one in stage.incident.prompts.values() if one.asked.ask == "shift"]) == 1


async def test_a_cover_is_called_for_what_is_declared_meanwhile_and_ends_by_itself(
    tmp_path: Path, shifts: Shifts
) -> None:
    async with _open(tmp_path, shifts) as stage:
        on, next_ = primary(shifts, stage)
        first = stage.ann if on == "Ann" else stage.bob
        said = await stage.jon.asks(f"cover @{on} 30m", where=stage.triage)
        assert f"Jon takes {on}'s pages until 10:" in said
        assert f"For longer: `cover @{on} 4h`. To end it: `cover @{on} 1m`" in said
        assert [one.name for one in stage.tocsin.post.policy().on_call] == ["Jon", next_]
        await stage.restart()
        stage.expect_everything()
        assert [one.name for one in stage.tocsin.post.policy().on_call] == ["Jon", next_]
        assert f"Jon takes {on}'s pages" in await first.asks("oncall", where=stage.triage)
        await stage.mia.types("declare checkout fails", where=stage.triage)
        assert [one.name for one in stage.incident.policy.on_call] == ["Jon", next_]
        await stage.fast_forward(minutes=31)
        stage.expect_everything()
        assert [one.name for one in stage.tocsin.post.policy().on_call] == [on, next_]
        house = [record.event.kind for record in await stage.tocsin.log.load(HOUSE)]
        assert house.count("cover_begun") == house.count("cover_ended") == 1


async def test_a_cover_in_an_incident_tells_both_there(tmp_path: Path, shifts: Shifts) -> None:
    async with _open(tmp_path, shifts) as stage:
        on, _ = primary(shifts, stage)
        first = stage.ann if on == "Ann" else stage.bob
        await first.types("declare checkout fails")
        await first.types("cover @Leah 1h")
        stage.expect_card("cover/1", f"Leah takes {on}'s pages until 11:")
        assert [one.name for one in stage.post("cover/1").pings] == ["Leah"]
        assert stage.tocsin.post.policy().on_call[0].name == "Leah"
        await stage.jon.is_told("cover @Jon", "You cannot cover yourself.")
        await stage.jon.is_told("cover @Leah 3d", "24 h at most", "overrides")
        stage.expect_everything()


async def test_a_cover_takes_the_pages_of_an_incident_that_was_declared_before(tmp_path: Path, shifts: Shifts) -> None:
    async with _open(tmp_path, shifts) as stage:
        on, _ = primary(shifts, stage)
        first = stage.ann if on == "Ann" else stage.bob
        await stage.mia.types("declare checkout fails", where=stage.triage)
        await first.types("cover @Leah 1h")
        await stage.mia.types(f"page @{on} the database is down")
        await stage.fast_forward(seconds=1)
        stage.expect_card("prompt/page-1", f"Leah: you are paged by Mia: in place of {on}; the database is down.")
        stage.expect_told(stage.leah, "the database is down")
        await stage.restart(away=timedelta(hours=1))
        await stage.mia.types(f"page @{on} once more")
        await stage.fast_forward(seconds=1)
        assert stage.incident.open_prompts("page")[-1].asked.to[0].name == on, "it is over"
        stage.expect_everything()


async def test_where_nobody_is_on_the_houses_oncall_steps_in(tmp_path: Path, shifts: Shifts) -> None:
    async with _open(tmp_path, shifts) as stage:
        await stage.fast_forward(hours=3)
        said = await stage.jon.asks("oncall", where=stage.triage)
        assert "search" in said
        assert "nobody: " in said
        shifts._kept = ()
        await stage.fast_forward(seconds=1)
        assert [one.name for one in stage.tocsin.post.policy().on_call] == ["Leah"]


def _open(folder: Path, shifts: Shifts):  # type: ignore[no-untyped-def]
    def policy(roster: Roster) -> Policy:
        shifts.roster = roster
        return rules(roster)

    return open_stage(folder, policy=policy, rota=shifts)
