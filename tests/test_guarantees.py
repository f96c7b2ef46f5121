"""The pages of guarantees name tests that there are, and every test of the faults of jobs."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "docs/explanation" / name for name in ("jobs.md", "executors.md")]


def found(pattern: str, paths: Iterable[Path]) -> set[str]:
    return {name for path in paths for name in re.findall(pattern, path.read_text(encoding="utf-8"))}


def named() -> set[str]:
    return found(r"`(test_\w+)`", PAGES)


def test_every_test_that_a_guarantee_names_exists() -> None:
    defined = found(r"def (test_\w+)", [*ROOT.glob("core/tests/**/test_*.py"), *ROOT.glob("tests/**/test_*.py")])
    assert named() - defined == set()
    assert len(named()) > 100


def test_every_fault_that_is_tested_is_a_guarantee() -> None:
    assert found(r"def (test_\w+)", ROOT.glob("tests/faults/test_*.py")) - named() == set()
