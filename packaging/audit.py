"""`poe audit`: whether anything in the lock has a known vulnerability.

Rule: what could not be looked up was not audited, and that is a failure too; "none found among none" is no good news.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent


def verdict(report: Mapping[str, Any], locked: Collection[str]) -> tuple[int, list[str]]:
    """The exit status and its lines: 0 all looked up and sound, 1 something is vulnerable, 2 not audited."""
    entries: Sequence[Mapping[str, Any]] = report.get("dependencies", [])
    looked_up = {one["name"].lower() for one in entries if "vulns" in one and "skip_reason" not in one}
    bad = [
        f"{one['name']} {one['version']}: {found['id']}, mended in {', '.join(found['fix_versions']) or 'no version yet'}"
        for one in entries
        for found in one.get("vulns", ())
    ]
    missing = sorted({name.lower() for name in locked} - looked_up)
    if bad:
        return 1, bad
    if missing or not locked:
        return 2, [f"not audited: {len(missing)} of {len(locked)} packages could not be looked up"]
    return 0, [f"{len(looked_up)} packages audited, no known vulnerability"]


def audit() -> tuple[int, list[str]]:
    """Asks PyPI's advisories about every package of the lock."""
    with tempfile.TemporaryDirectory() as folder:
        lock = Path(folder) / "lock.txt"
        export = ("uv", "export", "--quiet", "--frozen", "--no-emit-project", "--all-groups", "--no-annotate")
        subprocess.run((*export, "--output-file", str(lock)), cwd=ROOT, check=True)
        rows = lock.read_text("utf-8").splitlines()
        # What another system than this needs is not looked up from here.
        locked = {row.partition("==")[0].strip() for row in rows if "==" in row and ";" not in row}
        command = ("--strict", "--disable-pip", "--require-hashes", "--requirement", str(lock), "--format", "json")
        asked = subprocess.run(
            (sys.executable, "-m", "pip_audit", *command, "--progress-spinner", "off", "--timeout", "10"),
            capture_output=True, text=True, check=False,
        )  # fmt: skip
    try:
        return verdict(json.loads(asked.stdout), locked)
    except ValueError:
        reason = (asked.stderr.strip().splitlines() or ["it said nothing"])[-1]
        return 2, [f"not audited: no advisory source answered ({reason[:200]})"]


if __name__ == "__main__":
    status, lines = audit()
    print(*lines, sep="\n", file=sys.stderr if status else sys.stdout)
    sys.exit(status)
