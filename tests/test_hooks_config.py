"""`[[hooks]]` in the config: one clear line for everything that is wrong, and rules that fit as they are written."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from alert_hooks import SECRET, TRIAGE, alert, body, heard

from bot.config import ConfigError, Settings, load, secrets
from bot.hooks import first_triage
from bot.matchers import all_fit, matcher

BASE = """
[transports.sandbox]
port = 0
triage = ["triage", "alerts"]
[[services]]
name = "checkout"
"""


def _hook(more: str = "", *, kind: str = "alertmanager", name: str = "prod", secret: str = SECRET) -> str:
    return f"[[hooks]]\nkind = '{kind}'\nname = '{name}'\nsecret = '{secret}'\n{more}\n"


def _load(tmp_path: Path, text: str) -> Settings:
    (tmp_path / "config.toml").write_text(BASE + text, encoding="utf-8")
    return load(tmp_path / "config.toml")


WRONG = [
    (_hook(kind="pigeon"), "hooks[1].kind must be one of 'alertmanager', 'grafana' or 'generic'"),
    (_hook(name="Prod!"), "hooks[1].name must look like lower-case letters, figures and dashes, as in prod-alerts"),
    (_hook() + _hook(kind="grafana"), "hooks: prod is there twice; each hook has a name of its own, whatever its kind"),
    (_hook(secret=""), "hooks, prod: secret is missing; write it here, or its path as secret_file"),
    (_hook(secret="short"), "hooks[1]: secret must have at least 32 characters; `openssl rand -base64 32` makes one"),
    (_hook(secret=SECRET + " short"), "hooks[1]: secret must have at least 32 characters"),
    (_hook(kind="generic", secret="-" * 40), "hooks[1]: secret must be base64, as Standard Webhooks has it"),
    (_hook("url = 'http://x'", kind="grafana"), 'hooks[1]: url, token and receiver are for kind = "alertmanager"'),
    (_hook("timestamp_header = 'X-T'"), 'hooks[1]: timestamp_header is for kind = "grafana"'),
    (_hook("every = '1s'"), "hooks[1]: every must be between 10s and 1h"),
    (_hook("channel = 'sandbox:elsewhere'"), "hooks, channel of prod: sandbox:elsewhere is no triage channel; there are sandbox:triage, sandbox:alerts"),
    (_hook("[[hooks.rules]]\nservice = 'chekout'"), "hooks, service of rule 1 of prod: chekout is no service; there are checkout"),
    (_hook("[[hooks.rules]]\nchannel = 'triage'"), "hooks, channel of rule 1 of prod: triage is no triage channel"),
    (_hook("[[hooks.rules]]\nmatch = ['severity']"), 'hooks[1].rules[1].match: a matcher looks like severity="critical"'),
    (_hook("[[hooks.rules]]\nmatch = ['a=~\"(x+)+$\"']"), "hooks[1].rules[1].match: a pattern is words with .* and |"),
    (_hook("[[hooks.rules]]\ndeclare = 'sev4'"), "hooks[1].rules[1].declare must be one of 'sev1', 'sev2' or 'sev3'"),
    (_hook("sercet = 'x'"), "hooks[1].sercet is unknown; did you mean hooks[1].secret?"),
    ("[[hooks]]\nkind = 'alertmanager'\nname = 'prod'\nsecret_file = 'nowhere'", "hooks.secret_file: "),
]  # fmt: skip


@pytest.mark.parametrize(("text", "line"), WRONG, ids=[str(number) for number in range(len(WRONG))])
def test_what_is_wrong_is_one_line(tmp_path: Path, text: str, line: str) -> None:
    with pytest.raises(ConfigError) as raised:
        _load(tmp_path, text)
    [said] = raised.value.lines
    assert said.removeprefix(f"{tmp_path / 'config.toml'}: ").startswith(line), said
    assert SECRET not in said


def test_secrets_come_from_files_and_none_of_them_is_logged(tmp_path: Path) -> None:
    (tmp_path / "one").write_text(f"{'a' * 40}\n{'b' * 40}\n")
    settings = _load(
        tmp_path,
        "[[hooks]]\nkind = 'alertmanager'\nname = 'prod'\nsecret_file = 'one'\nurl = 'http://x:9093'\ntoken = 'letmein'",
    )
    assert settings.hooks[0].secrets == ("a" * 40, "b" * 40)
    assert {"a" * 40, "b" * 40, "letmein"} <= set(secrets(settings))
    assert load(tmp_path / "config.toml", with_secrets=False).hooks[0].name == "prod"
    assert first_triage(settings) == TRIAGE


@pytest.mark.parametrize(
    ("text", "fitting", "other"),
    [
        ("team=payments", ["payments"], ["", "payment", "payments2"]),
        ('team = "two words"', ["two words"], ["two"]),
        ('team!="payments"', ["", "search"], ["payments"]),
        ('team=~"payments|checkout-.*"', ["payments", "checkout-", "checkout-eu"], ["checkout", "xpayments", ""]),
        ('team=~".*"', ["", "anything"], []),
        ('team=~"a.*b.*c"', ["abc", "axbxc", "abbcc"], ["acb", "ab", "abcx"]),
        ('team=~"a.*a"', ["aa", "aba"], ["a"]),
        (r'team=~"v1\.2"', ["v1.2"], ["v1x2"]),
        ('team!~"a|b.*"', ["c", ""], ["a", "bee"]),
    ],
)
def test_a_matcher_fits_as_alertmanagers_does(text: str, fitting: list[str], other: list[str]) -> None:
    assert [value for value in fitting if not matcher(text).fits({"team": value})] == []
    assert [value for value in other if matcher(text).fits({"team": value})] == []


def test_a_pattern_costs_no_more_than_reading() -> None:
    one = matcher('x=~"' + "a.*" * 160 + 'b"')
    assert not one.fits({"x": "a" * 20_000})


def test_the_first_rule_that_fits_is_the_one() -> None:
    rules: list[dict[str, Any]] = [
        {"match": ["severity=critical", "team=~pay.*"], "severity": "sev1", "service": "checkout"},
        {"match": ["severity=critical"], "severity": "sev2", "channel": "sandbox:alerts"},
        {"severity": "sev3"},
    ]
    found = body(
        alert(severity="critical", team="payments"),
        alert(instance="b", severity="critical"),
        alert(instance="c"),
    )
    command = heard(found, rules=rules, services=("Checkout",))
    assert [one.severity for one in command.alerts] == ["sev1", "sev2", "sev3"]
    assert [one.service for one in command.alerts] == ["Checkout", "", ""]
    assert command.channel == TRIAGE
    assert heard(body(alert(severity="critical")), rules=rules).channel.id == "alerts"


def test_a_service_of_a_label_counts_where_the_house_knows_it() -> None:
    command = heard(body(alert(service="CHECKOUT"), alert(instance="b", service="unheard-of")), services=("checkout",))
    assert [one.service for one in command.alerts] == ["checkout", ""]
    assert all_fit([], {})
