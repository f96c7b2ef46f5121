"""Pages that are made from the code say what the code says."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

from qdock.discovery.hookcheck import HOOKS

DOCS = Path(__file__).parent.parent / "docs"


def load() -> ModuleType:
    spec = importlib.util.spec_from_file_location("generate", DOCS / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


GENERATE = load()


@pytest.mark.parametrize("page", GENERATE.PAGES)
def test_a_page_is_what_the_code_makes_of_it(page: str) -> None:
    assert (DOCS / page).read_text() == GENERATE.PAGES[page](), "run `python docs/generate.py` and commit the pages"


def test_the_page_of_hooks_has_each_with_its_signature() -> None:
    page = (DOCS / "reference/hooks.md").read_text()
    assert all(f"`{signature}` returns" in page for signature in HOOKS.values())
