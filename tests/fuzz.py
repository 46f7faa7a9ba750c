"""`poe fuzz`: the properties of every surface on which somebody's text is shown or read, for as long as one likes.

    uv run poe fuzz --seconds 600                   from a seed of its own, which it prints
    uv run poe fuzz --surface csv --seed 7 --rounds 1   one surface, one round: what a failure says to type

Rule: a property is a test of the suite, taken from there and never copied. Ends with 1 when any surface failed.
"""

from __future__ import annotations

import argparse
import asyncio
import inspect
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import SystemRandom
from typing import Any

import test_composing
import test_discord_render as discord
import test_hostile_surfaces as surfaces
import test_insights_page as insights
import test_matrix_posts as matrix
import test_matrix_strange_events as events
import test_phrases as phrases
import test_postmortem_typed as postmortem
import test_reactions as reactions
import test_sandbox_files as files
import test_status_text as status
import test_timeline_formats as timeline
import test_wording as wording
from hostile import NAMES, words
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from insights_samples import ANY

EXAMPLES = 50
"""Examples of one surface in one round."""


@dataclass(frozen=True)
class Surface:
    """A name to ask for, the test that holds the property, and what it is given, in the order of its parameters."""

    name: str
    test: Callable[..., Any]
    given: tuple[st.SearchStrategy[Any], ...]
    examples: int = EXAMPLES


ANY_TEXT = words() | st.text()
SERVICE = status.TYPED.filter(str.strip)

SURFACES: tuple[Surface, ...] = (
    Surface("discord", discord.test_whatever_is_typed_reads_as_typed_and_does_only_what_was_asked, (discord.documents,)),
    Surface("discord-long", discord.test_what_is_too_long_ends_early_and_says_so, (discord.documents, st.sampled_from((1, 20, 200))), 5),
    Surface("discord-calls", discord.test_only_who_is_named_may_be_called, (discord.documents, discord.people, discord.people)),
    Surface("discord-clean", discord.test_what_the_rules_keep_of_a_text_is_not_changed, (ANY_TEXT,)),
    Surface("matrix", matrix.test_whatever_is_typed_is_read_as_typed_and_makes_no_markup, (ANY_TEXT,)),
    Surface("matrix-heard", surfaces.test_what_is_heard_on_matrix_is_text, (words(), words())),
    Surface("matrix-events", events.test_no_event_is_too_strange, (events.EVENT, st.none() | events.EVENT)),
    Surface("cards", surfaces.test_every_card_of_an_incident_full_of_it_can_be_shown, (words(),), 5),
    Surface("channel-names", surfaces.test_a_channel_is_named_in_plain_letters, (words(),)),
    Surface("file-names", files.test_any_name_is_one_header_in_ascii_that_reads_back, (ANY_TEXT,)),
    Surface("logs", surfaces.test_no_line_of_a_log_steers_whatever_it_tells, (words(), st.booleans())),
    Surface("terminal", timeline.test_nothing_that_is_printed_steers_a_terminal, (timeline.INCIDENTS,)),
    Surface("terminal-kept", timeline.test_what_people_type_is_harmless_as_the_record_keeps_it, (ANY_TEXT,)),
    Surface("csv", timeline.test_the_csv_read_back_is_the_json, (timeline.INCIDENTS,)),
    Surface("timeline-json", timeline.test_the_json_read_back_is_what_was_said, (timeline.INCIDENTS,)),
    Surface("timeline-text", timeline.test_every_entry_is_one_line_of_the_text, (timeline.INCIDENTS,)),
    Surface("timeline-markdown", timeline.test_every_entry_is_one_item_of_the_markdown_and_its_words_are_words, (timeline.INCIDENTS,)),
    Surface("postmortem-words", postmortem.test_typed_text_is_that_text_wherever_it_stands, (postmortem.typed,)),
    Surface("postmortem-cells", postmortem.test_typed_text_stays_in_its_cell, (postmortem.typed, postmortem.typed)),
    Surface("postmortem-yaml", postmortem.test_typed_text_in_the_front_matter_is_that_text_to_yaml_and_no_markup_to_others, (postmortem.typed,)),
    Surface("postmortem", postmortem.test_a_whole_file_has_the_same_structure_whatever_was_typed, (postmortem.WHOLE,), 5),
    Surface("status-page", status.test_the_page_says_what_was_typed, (*[status.TYPED] * 4, SERVICE), 10),
    Surface("status-feed", status.test_the_feed_says_what_was_typed, (status.TYPED,) * 4, 10),
    Surface("status-json", status.test_the_json_says_what_was_typed, (*[status.TYPED] * 3, SERVICE), 10),
    Surface("insights", insights.test_any_figures_make_a_page_that_a_strict_parser_takes, (ANY,), 5),
    Surface("phrases", phrases.test_any_text_is_a_command_or_an_answer, (phrases.TEXTS, st.booleans())),
    Surface("help", phrases.test_help_on_anything_is_help, (phrases.TEXTS,)),
    Surface("composing", test_composing.test_anything_can_be_said, (ANY_TEXT,)),
    Surface("reactions", reactions.test_folding_twice_is_folding_once, (ANY_TEXT,)),
    Surface("wording", wording.test_any_text_is_read_and_what_is_found_stands_in_it, (ANY_TEXT, ANY_TEXT)),
    Surface("intake", surfaces.test_whatever_is_typed_is_on_the_record_or_answered_and_no_bug, (surfaces.TYPED, st.lists(NAMES, min_size=1, max_size=3)), 2),
)  # fmt: skip
"""Every surface. A row's strategies may be wider than its test's own, never its property."""


def failure(surface: Surface, number: int) -> str | None:
    """What one round of a surface says of its smallest failing example; `None` when the property holds."""
    inner = surface.test.hypothesis.inner_test  # type: ignore[attr-defined]
    names = list(inspect.signature(inner).parameters)
    run = _synchronous(inner) if inspect.iscoroutinefunction(inner) else inner
    held = seed(number)(
        settings(
            max_examples=surface.examples,
            deadline=None,
            database=None,
            print_blob=False,
            phases=(Phase.generate, Phase.shrink),
            suppress_health_check=list(HealthCheck),
        )(given(**dict(zip(names, surface.given, strict=True)))(run))
    )
    try:
        held()
    except Exception as error:  # noqa: BLE001 - any error at all is what is looked for
        notes = "\n".join(getattr(error, "__notes__", ()))
        what = str(error).partition("\n")[0]
        return f"{type(error).__name__}: {what}\n{notes}".encode("utf-8", "backslashreplace").decode()
    return None


def _synchronous(test: Callable[..., Any]) -> Callable[..., Any]:
    def run(*values: Any, **named: Any) -> None:
        asyncio.run(test(*values, **named))

    run.__signature__ = inspect.signature(test)  # type: ignore[attr-defined]
    return run


def fuzz(chosen: Sequence[Surface], first: int, seconds: float, rounds: int) -> list[str]:
    """Rounds over the surfaces until the seconds are over, and at least one; what each surface that failed says, once."""
    began, found, left = time.monotonic(), list[str](), list(chosen)
    number = first
    while left and (number == first or (time.monotonic() - began < seconds and number - first != rounds)):
        for surface in tuple(left):
            if (said := failure(surface, number)) is not None:
                again = f"uv run poe fuzz --surface {surface.name} --seed {number} --rounds 1"
                found.append(f"{surface.name} fails with seed {number}\n{said}\n  again: {again}")
                left.remove(surface)
            if number > first and time.monotonic() - began >= seconds:
                break
        number += 1
    print(f"seed {first}: {number - first} rounds over {len(chosen)} surfaces, {len(found)} failed")
    return found


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="poe fuzz", description=__doc__.partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--rounds", type=int, default=0, help="at most so many; 0: as many as there is time for")
    parser.add_argument("--surface", choices=[one.name for one in SURFACES], action="append")
    asked = parser.parse_args(arguments)
    first = SystemRandom().randrange(1_000_000) if asked.seed is None else asked.seed
    print(f"seed {first}")
    chosen = [one for one in SURFACES if asked.surface is None or one.name in asked.surface]
    found = fuzz(chosen, first, asked.seconds, asked.rounds)
    print("\n\n".join(found), end="\n" if found else "")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
