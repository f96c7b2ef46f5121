"""The suites of executors and converters catch wrong ones; a suite is pinned, extended and run by name."""

from __future__ import annotations

import json
import re
import sys
import time
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest
from click.testing import CliRunner

from qdock.cli import cli
from qdock.errors import ConfigError, OptionError
from qdock.spec import ConverterSpec, ExecutorSpec
from qdock.testing import BackendSuite, BrokenPromise, ConverterSuite, ExecutorSuite, check, run_suite, runner
from qdock.testing.checks import GROUPS, SkipTest, find_checks
from qdock.testing.statistics import difference, far_from

HERE = Path(__file__).parent

EXECUTORS = {
    "LyingStop": ("cancel_tells_the_truth", "while the work went on|`stop` lied"),
    "DeafStop": ("cancel_stops_the_work", r"cancel\(wait=10\) returned False"),
    "TwoEnds": ("events", r"the events were \[.*'Finished', 'Finished'\]"),
    "NoStart": ("events", "the first event is no Started"),
    "OtherArguments": ("methods", "method `start` does not fit: .* Write `def start"),
    "OpenAfterClose": ("close", "returned while a job was|a closed executor took a job"),
    "Crossed": ("fifty_jobs_at_once", "got the value of another one"),
}
CONVERTERS = {
    ("bare", "dumps"): ("garbage", "raised (KeyError|IndexError|.*Error).* Refuse it with a ProgramError"),
    ("reordered", "dumps"): ("there_and_back", "state after writing and reading"),
    ("right", "changing"): ("leaves_circuits_alone", "was changed"),
}


@pytest.fixture(autouse=True)
def _path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(HERE))


def seen_by(suite: type, name: str) -> str:
    (outcome,) = run_suite(suite, "", [name]).outcomes
    assert outcome.outcome == "broken", outcome
    return outcome.seen


@pytest.mark.parametrize("name", EXECUTORS)
def test_a_wrong_executor_is_caught_and_the_cause_is_named(name: str) -> None:
    spec = ExecutorSpec(name, f"wrong_provider.executors:{name}")
    suite = type("TestWrong", (ExecutorSuite,), {"executor": spec})
    found, message = EXECUTORS[name]
    assert re.search(message, seen_by(suite, found))


def converter(reader: str, writer: str, target: str = "circuit") -> type[ConverterSuite]:
    specs = (
        ConverterSpec("json", "circuit", f"wrong_provider.converters:{reader}", (".cj",), pattern="^#json"),
        ConverterSpec("circuit", "json", f"wrong_provider.converters:{writer}"),
    )
    source, target = ("json", target) if target == "circuit" else ("circuit", target)
    return type("TestWrong", (ConverterSuite,), {"specs": specs, "source": source, "target": target})


@pytest.mark.parametrize("names", CONVERTERS)
def test_a_wrong_converter_is_caught_and_the_cause_is_named(names: tuple[str, str]) -> None:
    found, message = CONVERTERS[names]
    suite = converter(*names, target="json" if found == "leaves_circuits_alone" else "circuit")
    seen = seen_by(suite, found)
    assert re.search(message, seen), seen


def test_right_converters_keep_every_promise() -> None:
    for target in ("circuit", "json"):
        assert [(item.name, item.seen) for item in run_suite(converter("right", "dumps", target)).broken] == []


# --- suites


class Own(BackendSuite):
    """A suite with checks of its own."""

    backend = "basic/basic_simulator"
    calls: ClassVar[list[str]] = []

    @check("numbers", since="7.5")
    def test_of_later(self) -> None:
        """It came later."""
        self.calls.append("later")

    @check("numbers", features=("x-own",))
    def test_of_a_feature(self) -> None:
        """It needs a feature."""

    @check("input")
    def test_that_breaks(self) -> None:
        """Two is one."""
        self.expect(2 == 1, "two is two")

    @check("input")
    def test_that_raises(self) -> None:
        """It does not raise."""
        raise KeyError("what")


def test_a_check_that_came_later_than_the_pinned_version_is_skipped() -> None:
    with pytest.raises(SkipTest, match=r"it came with version 7\.5 of the suite, and 0\.1 is asked for"):
        Own().test_of_later()
    assert Own.calls == []
    newer = type("Newer", (Own,), {"version": "8.0"})
    newer().test_of_later()
    assert Own.calls == ["later"]


def test_a_version_that_is_none_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"A version of the suite is like '0.1', but 'newest' was given"):
        type("Wrong", (Own,), {"version": "newest"})().test_of_later()


def test_a_check_of_a_feature_that_is_not_declared_is_skipped() -> None:
    with pytest.raises(SkipTest, match="x-own is not declared"):
        Own().test_of_a_feature()


def test_a_broken_promise_says_what_was_promised_seen_and_where_it_is_written() -> None:
    with pytest.raises(BrokenPromise) as caught:
        Own().test_that_breaks()
    assert str(caught.value).splitlines() == [
        "Promised: Two is one.",
        "Seen: two is two",
        "Written: docs/reference/promises.md#that-breaks",
    ]


def test_an_error_in_a_check_is_a_broken_promise_with_its_place() -> None:
    with pytest.raises(BrokenPromise, match=r"KeyError: 'what' \(.*test_provider_suites.py, line \d+\)"):
        Own().test_that_raises()


def test_a_check_of_no_group_is_refused() -> None:
    with pytest.raises(ValueError, match="A check's group is one of plugin, numbers, jobs, secrets, input"):
        check("colours")


def test_a_check_that_hangs_stops_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    class Hanging(BackendSuite):
        backend = "basic/basic_simulator"

        @check("input")
        def test_that_hangs(self) -> None:
            """It ends."""
            time.sleep(3)

    monkeypatch.setattr(runner, "CHECK_SECONDS", 0.2)
    assert "the check had not ended after 0.2 s" in seen_by(Hanging, "that_hangs")


def test_an_unknown_check_is_refused() -> None:
    with pytest.raises(OptionError, match="There is no group and no check 'colours'"):
        run_suite(Own, "", ["colours"])


@pytest.mark.parametrize("suite", [BackendSuite, ExecutorSuite, ConverterSuite])
def test_every_check_says_its_promise_in_a_sentence_and_has_a_group(suite: type) -> None:
    for about in find_checks(suite).values():
        assert about.promise.endswith(".")
        assert about.group in GROUPS
        assert about.since


# --- statistics


def test_right_counts_pass_and_counts_that_are_slightly_off_do_not() -> None:
    rng = np.random.default_rng(1)
    likely = rng.dirichlet(np.ones(8))
    assert all(difference(rng.multinomial(4096, likely), likely) is None for _ in range(500))
    off = np.roll(likely, 1) * 0.2 + likely * 0.8
    assert sum(difference(rng.multinomial(4096, off), likely) is not None for _ in range(100)) > 95


def test_what_is_impossible_may_not_happen_once() -> None:
    assert difference(np.array([4095, 1]), np.array([1.0, 0.0])) is not None
    assert difference(np.array([4096, 0]), np.array([1.0, 0.0])) is None
    assert difference(np.array([0, 0]), np.array([0.5, 0.5])) is None


def test_a_distance_is_seen_only_where_it_is_larger_than_what_is_declared() -> None:
    rng = np.random.default_rng(2)
    exact, noisy = np.array([1.0, 0, 0, 0]), np.array([0.85, 0.05, 0.05, 0.05])
    counts = rng.multinomial(100_000, noisy)
    assert far_from(counts, exact, 0.2) is None
    assert far_from(counts, exact, 0.05) == pytest.approx(0.15, abs=0.01)


# --- the command line


def call(*arguments: str) -> tuple[int, str, str]:
    done = CliRunner().invoke(cli, arguments)
    return done.exit_code, done.stdout, done.stderr


def test_check_prints_a_line_for_each_check_and_ends_with_0() -> None:
    status, out, _ = call("check", "inline", "--only", "history", "--only", "plugin")
    assert (status, out.splitlines()) == (0, [
        "plugin\tlight_import\tskipped\tno plugin brings it", "plugin\tmethods\tkept\t", "jobs\thistory\tkept\t",
    ])  # fmt: skip


def test_a_broken_promise_ends_check_with_1_and_is_in_the_json(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "made_up_suite", sys.modules[__name__])
    options = ("--with", "made_up_suite:Own", "--only", "that_breaks", "--json")
    status, out, _ = call("check", "basic/basic_simulator", *options)
    report = json.loads(out)
    assert status == 1
    assert (report["ok"], report["broken"], report["suite"]) == (False, 1, "0.1")
    assert report["checks"][0] | {"seconds": 0} == {
        "group": "input", "name": "that_breaks", "promise": "Two is one.", "outcome": "broken", "seen": "two is two",
        "written": "docs/reference/promises.md#that-breaks", "seconds": 0, "features": [],
    }  # fmt: skip


@pytest.mark.parametrize(
    "arguments, message",
    [
        (("check", "coim"), "No backend named 'coim'"),
        (("check", "thread", "--only", "colours"), "There is no group and no check 'colours'"),
        (("check", "thread", "--with", "json:dumps"), "'json:dumps' is no suite"),
        (("new", "My Coin"), "is no name for a provider"),
    ],
)
def test_what_can_not_be_checked_or_made_is_refused(arguments: tuple[str, ...], message: str) -> None:
    done = CliRunner().invoke(cli, arguments, standalone_mode=False)
    assert done.exit_code == 2 or done.return_value == 2
    assert message in done.stderr


def test_new_says_what_to_do_next(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    status, out, _ = call("new", "coin", "--json")
    assert status == 0
    assert json.loads(out)["check"] == "coin/coin"
    assert (tmp_path / "qdock-coin" / "pyproject.toml").is_file()
