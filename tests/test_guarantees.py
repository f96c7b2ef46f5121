"""The page of guarantees names tests that there are."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parent.parent


def test_every_test_that_a_guarantee_names_exists() -> None:
    named = set(re.findall(r"`(test_\w+)`", (ROOT / "docs/explanation/jobs.md").read_text(encoding="utf-8")))
    sources = [*ROOT.glob("core/tests/**/test_*.py"), *ROOT.glob("tests/**/test_*.py")]
    defined = {name for path in sources for name in re.findall(r"def (test_\w+)", path.read_text(encoding="utf-8"))}
    assert named - defined == set()
    assert len(named) > 25
