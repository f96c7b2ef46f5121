"""What the tests of Qobj share: recorded cases, and a slow simulator that does each shot anew."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest


@pytest.fixture(scope="session")
def cases() -> Path:
    """The folder of recorded cases that lies beside the tests."""
    return Path(__file__).with_name("cases")


@pytest.fixture(scope="session")
def oracle() -> Path:
    """The folder of all recorded cases, where there is one."""
    folder = os.environ.get("QDOCK_TEST_ORACLE")
    if not folder:
        pytest.skip("QDOCK_TEST_ORACLE does not name the folder of all recorded cases.")
    return Path(folder)


@pytest.fixture
def read(cases: Path) -> Callable[[str], Any]:
    """Read a recorded case by its name: its Qobj."""
    return lambda name: json.loads((cases / f"{name}.json").read_text("utf-8"))["qobj"]


@pytest.fixture(scope="session")
def shot_by_shot() -> ModuleType:
    """The slow simulator."""
    spec = spec_from_file_location("shot_by_shot", Path(__file__).with_name("shot_by_shot.py"))
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module
