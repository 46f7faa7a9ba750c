"""`tocsin …`: every command, its options, and one clear line when something is wrong.

Rule: what goes wrong for a reason is one line on standard error and a non-zero status; a traceback is a bug.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
from collections.abc import Coroutine
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.exceptions import TyperException

from bot.harmless import harmless

app = typer.Typer(
    name="tocsin",
    help="Incident command in the chat a team already uses.",
    pretty_exceptions_enable=False,
    add_completion=False,
)

Config = Annotated[Path, typer.Option("--config", "-c", help="The config file.", show_default=True)]
Number = Annotated[str, typer.Argument(metavar="[INCIDENT]", help="Its number or name; all when none is given.")]
Json = Annotated[bool, typer.Option("--json", help="As JSON.")]

CONFIG = Path("config.toml")


def fail(*lines: str) -> typer.Exit:
    """Says what is wrong, one line each, and ends with status 1."""
    from core.redaction import redact

    for line in lines:
        typer.echo(f"tocsin: {harmless(redact(line))}", err=True)
    return typer.Exit(1)


def finish(work: Coroutine[Any, Any, int]) -> None:
    """Runs a command to its exit status."""
    try:
        status = asyncio.run(work)
    except KeyboardInterrupt:
        status = 0
    raise typer.Exit(status)


@app.callback(invoke_without_command=True)
def tocsin(
    context: typer.Context,
    show_version: Annotated[bool, typer.Option("--version", help="Print the version.", is_eager=True)] = False,
) -> None:
    """Incident command in the chat a team already uses."""
    if show_version:
        typer.echo(f"tocsin {version('tocsin')}")
        raise typer.Exit
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())
        raise typer.Exit(2)


@app.command()
def demo(
    headless: Annotated[
        bool, typer.Option("--headless", help="Play it whole, print the timeline and the summary.")
    ] = False,
    speed: Annotated[
        float | None, typer.Option("--speed", min=0.1, max=100_000, help="How many times real time.")
    ] = None,
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="The page's port; 0 takes a free one.")] = 8322,
    data: Annotated[
        Path | None, typer.Option("--data", help="Keep the database here, not in a temporary folder.")
    ] = None,
    drill: Annotated[
        str,
        typer.Option(
            "--drill", metavar="SCENARIO", help="Practise this drill alone with a played cast, as in checkout."
        ),
    ] = "",
) -> None:
    """Play the checkout outage in a chat in your browser, no account needed."""
    from bot.demo import play
    from bot.running import explained, quiet

    quiet()
    with explained(fail):
        if data is not None:
            data.mkdir(parents=True, exist_ok=True)
            finish(play(headless=headless, speed=speed, port=port, data=data, drill=drill))
        with tempfile.TemporaryDirectory(prefix="tocsin-demo-") as folder:
            finish(play(headless=headless, speed=speed, port=port, data=Path(folder), drill=drill))


@app.command()
def run(
    config: Config = CONFIG,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Log every act that is handled, too.")] = False,
    despite_damage: Annotated[
        bool, typer.Option("--despite-damage", help="Run on a damaged record, without what is lost of it.")
    ] = False,
) -> None:
    """Run the bot."""
    from bot.private import mask
    from bot.running import explained, start

    mask()
    with explained(fail):
        finish(start(config, verbose=verbose, despite_damage=despite_damage))


@app.command()
def timeline(
    incident: Number = "",
    config: Config = CONFIG,
    *,
    since: Annotated[str, typer.Option("--since", metavar="TIME", help="From this time on.")] = "",
    until: Annotated[str, typer.Option("--until", metavar="TIME", help="Until this day or minute, and with it.")] = "",
    by: Annotated[str, typer.Option("--by", metavar="NAME", help="Who said or did it, or marked it.")] = "",
    kind: Annotated[
        list[str] | None, typer.Option("--kind", metavar="KIND", help="Of this kind; may be given more than once.")
    ] = None,
    item: Annotated[str, typer.Option("--item", metavar="ITEM", help="About this item, as in H2.")] = "",
    hidden: Annotated[bool, typer.Option("--hidden", help="Also what is hidden from the postmortem.")] = False,
    form: Annotated[str, typer.Option("--format", metavar="text|markdown|csv|json", help="text without it.")] = "",
    as_json: Json = False,
) -> None:
    """Print the timeline of an incident, or of all, beside a running bot or without one.

    TIME is 2026-05-02T10:05, 2026-05-02 or, for one incident of one day, 10:05; in the config's zone, or UTC with a Z behind
    it. What is printed is UTC. Entries that were withdrawn are shown and say so; those hidden from the postmortem are left out.
    """
    from bot.filters import Asked, Unclear
    from bot.running import explained
    from bot.timeline import format_of, print_timeline

    with explained(fail):
        try:
            asked = Asked(since, until, by, tuple(kind or ()), item, hidden)
            finish(print_timeline(config, incident, asked, format_of(form, json=as_json)))
        except Unclear as wrong:
            raise fail(str(wrong)) from None


@app.command()
def postmortem(
    incident: Number = "",
    config: Config = CONFIG,
    as_json: Json = False,
    picture: Annotated[
        Path | None, typer.Option("--picture", metavar="FILE", help="Write the picture of its course here, as SVG.")
    ] = None,
) -> None:
    """Print the postmortem of an incident as Markdown, prefilled from the record, or of all."""
    from bot.printing import print_postmortem
    from bot.running import explained

    with explained(fail):
        if picture is not None and not incident:
            raise fail("a picture is of one incident: name it, as in `tocsin postmortem 7 --picture course.svg`")
        finish(print_postmortem(config, incident, as_json=as_json, picture=picture))


@app.command()
def verify(
    incident: Number = "",
    config: Config = CONFIG,
    as_json: Json = False,
    witness: Annotated[
        Path | None,
        typer.Option(
            "--witness", metavar="FILE", help="An earlier export or backup, which the log must hold unchanged."
        ),
    ] = None,
) -> None:
    """Prove the log whole: the file, every hash chain, every record readable. Non-zero when it is broken.

    The newest records taken away leave a log that is whole; a witness tells.
    """
    from bot.records import verify_log
    from bot.running import explained

    with explained(fail):
        finish(verify_log(config, incident, as_json=as_json, witness=witness))


@app.command()
def export(incident: Number = "", config: Config = CONFIG, as_json: Json = False) -> None:
    """Write the log as JSON Lines, one record a line, with its place in the chain."""
    from bot.records import export_log
    from bot.running import explained

    del as_json  # it is JSON either way; the option is understood so that scripts need not know
    with explained(fail):
        finish(export_log(config, incident))


@app.command()
def backup(
    to: Annotated[
        Path | None,
        typer.Argument(metavar="[TO]", help="The file, or a folder for a dated one; beside the database without it."),
    ] = None,
    config: Config = CONFIG,
) -> None:
    """Write the database and all that is kept beside it into one file, beside a running bot or without one."""
    from bot.backup import back_up
    from bot.running import explained

    with explained(fail):
        finish(back_up(config, to))


@app.command()
def restore(
    backup: Annotated[Path, typer.Argument(metavar="FROM", help="A file that `tocsin backup` wrote.")],
    config: Config = CONFIG,
) -> None:
    """Put a backup in the place of what is there, which is kept aside. The bot must not run."""
    from bot.restore import restore_from
    from bot.running import explained

    with explained(fail):
        finish(restore_from(config, backup))


@app.command()
def insights(
    incident: Number = "",
    *,
    config: Config = CONFIG,
    as_json: Json = False,
    as_csv: Annotated[
        bool, typer.Option("--csv", help="As CSV (RFC 4180); an apostrophe stands before what looks like a formula.")
    ] = False,
    since: Annotated[str, typer.Option(help="From this month on, as 2026-01.")] = "",
    until: Annotated[str, typer.Option(help="Up to this month and with it, as 2026-12.")] = "",
    severity: Annotated[str, typer.Option(help="sev1, sev2 or sev3.")] = "",
    service: Annotated[str, typer.Option(help="Of this service alone.")] = "",
) -> None:
    """Count how long things took: to a commander, the first update, mitigation, the fix and the close."""
    from bot.insights import print_insights
    from bot.running import explained, quiet

    quiet()
    given = {"since": since, "until": until, "severity": severity, "service": service}
    asked = [(name, words) for name, words in given.items() if words]
    with explained(fail):
        finish(print_insights(config, incident, asked, as_data=as_json, as_sheet=as_csv))


@app.command()
def doctor(config: Config = CONFIG) -> None:
    """Say what is missing and how to mend it: config, database, accounts, rooms, rights."""
    from bot.doctor import examine
    from bot.private import mask
    from bot.running import explained

    mask()
    with explained(fail):
        finish(examine(config))


def main() -> None:
    """The entry point. What was typed wrong is one line, as everything that is wrong."""
    try:
        status = app(prog_name="tocsin", standalone_mode=False)
    except TyperException as error:
        words = error.format_message()
        if "Did you mean" not in words and "Possible options" not in words:
            # What an option is asked of knows which there are: `tocsin export --help`.
            at = getattr(getattr(error, "ctx", None), "command_path", "tocsin")
            words = f"{words.rstrip('.')}; `{at} --help` lists what there is"
        fail(f"{words[:1].lower()}{words[1:]}")
        status = error.exit_code
    sys.exit(status)
