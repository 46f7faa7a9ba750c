"""The command line: what is typed wrong, or too early for this version, is one plain line and a status that says so."""

from __future__ import annotations

import sys
from collections.abc import Callable
from importlib.metadata import version

import pytest

from bot.cli import main

Typed = Callable[..., tuple[int, str, str]]


@pytest.fixture
def tocsin(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Typed:
    def typed(*words: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["tocsin", *words])
        with pytest.raises(SystemExit) as ended:
            main()
        out, err = capsys.readouterr()
        return int(ended.value.code or 0), out, err

    return typed


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["timelin"], "no such command 'timelin'. Did you mean 'timeline'?"),
        (["xyzzy"], "no such command 'xyzzy'; `tocsin --help` lists what there is"),
        (["verify", "--jsn"], "no such option: --jsn (Possible options: --json)"),
        (["doctor", "a", "b"], "got unexpected extra argument(s) (a b); `tocsin doctor --help` lists what there is"),
        (["export", "--witness", "x"], "no such option: --witness; `tocsin export --help` lists what there is"),
        (["restore"], "missing argument 'FROM'; `tocsin restore --help` lists what there is"),
        (["--vers"], "no such option: --vers (Possible options: --version)"),
    ],
)
def test_what_is_typed_wrong_is_one_plain_line(tocsin: Typed, words: list[str], line: str) -> None:
    assert tocsin(*words) == (2, "", f"tocsin: {line}\n")


def test_the_version(tocsin: Typed) -> None:
    assert tocsin("--version") == (0, f"tocsin {version('tocsin')}\n", "")


def test_the_help_lists_what_there_is(tocsin: Typed) -> None:
    status, out, _ = tocsin("--help")
    assert status == 0
    assert "timeline" in out
    assert "insights" in out
    assert tocsin()[:2] == (2, out)


def test_a_config_that_is_not_there_is_one_line(tocsin: Typed) -> None:
    status, out, said = tocsin("timeline", "-c", "/nowhere/config.toml")
    assert (status, out) == (1, "")
    assert said.startswith("tocsin: /nowhere/config.toml: cannot be read")
    assert said.count("\n") == 1
