"""What holds for every test: seeds are fixed, and neither the user's settings nor the terminal take part."""

from __future__ import annotations

import itertools
import os
import signal
from collections.abc import Iterator

import pytest
from hypothesis import settings

# `ci` is what everybody runs; `deep` (HYPOTHESIS_PROFILE=deep) looks further when there is time.
settings.register_profile("ci", derandomize=True, deadline=None, print_blob=True)
settings.register_profile("deep", deadline=None, max_examples=2_000, print_blob=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))

#: Of the tests of this process.
_numbers = itertools.count()
_TERMINAL = ("CLICOLOR_FORCE", "COLORTERM", "COLUMNS", "FORCE_COLOR", "LINES", "NO_COLOR", "TTY_COMPATIBLE")


def pytest_configure() -> None:
    """Listen to Ctrl-C: what runs in the background of a script ignores it, and so would the processes of tests."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session", autouse=True)
def _settings_of_nobody(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Point the settings at an empty folder; the processes that tests start inherit it."""
    empty = str(tmp_path_factory.mktemp("settings"))
    with pytest.MonkeyPatch.context() as patch:
        for name in list(os.environ):
            if name in _TERMINAL or (name.startswith("QDOCK_") and not name.startswith("QDOCK_TEST_")):
                patch.delenv(name)
        for name in ("XDG_CONFIG_HOME", "XDG_CONFIG_DIRS", "XDG_DATA_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME"):
            patch.setenv(name, empty)
        yield


@pytest.fixture(autouse=True)
def _store_of_nobody(
    monkeypatch: pytest.MonkeyPatch, _settings_of_nobody: None, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Have each test find, and leave, no jobs: its folder for data is its own, and made when it is written to."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path_factory.getbasetemp() / "data" / str(next(_numbers))))
