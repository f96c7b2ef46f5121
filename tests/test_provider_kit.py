"""The suites catch backends that break a promise, each with the right cause, and are content with a right one."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from qdock.testing import BackendSuite, run_suite

HERE = Path(__file__).parent

#: Wrong backend -> (the check that finds it, what it says).
CAUSES = {
    "ReversedBits": ("bit_order", "right if the bits of each outcome were read in the opposite order"),
    "WrongRz": ("gates", r"gate 'rz': .* if gate 'rz' turned the other way: the sign of its angle is wrong"),
    "HalvedRx": ("gates", r"gate 'rx': .* if gate 'rx' took half of its angle"),
    "SwappedControl": ("gates", r"gate 'cx': .* the other way round, such as control and target"),
    "ForgottenT": ("gates", r"gate 't': .* if gate 't' did nothing"),
    "ConjugatedState": ("statevector", "right if every amplitude were complex conjugated"),
    "SeedIgnored": ("same_seed", "seed 11 gave .* Draw from context.rng"),
    "OneSeedForAll": ("other_seeds", "six seeds gave the same counts: the seed is not used"),
    "SeedOfThread": ("same_seed", "seed 11 gave"),
    "ShotsOffByOne": ("shots_add_up", "2 shots were asked for, and the counts add up to 1"),
    "SortedMemory": ("memory", "the memory is sorted by outcome"),
    "IgnoredCondition": ("conditionals", "x if one was measured"),
    "IgnoredElse": ("conditionals", "z if zero was measured, else x"),
    "LeavingReset": ("reset", "x, reset, x"),
    "WrongClbit": ("measured_into", "crossed"),
    "LoopsOnceLess": ("for", "x three times"),
    "OneEntry": ("programs_in_order", "returned 1 entries for 3 programs"),
    "MissingFeature": ("unitary", "unitary is declared, but it is no choice of the option `output`"),
    "UntestableFeature": ("single_precision", "there is no option `precision`"),
    "NoFeatures": ("says_what_comes_back", 'write features={"counts"}'),
    "TooNoisy": ("bell_and_ghz", r"from the exact distribution, but 0.02 is declared"),
    "SilentNoise": ("noise_is_stated", r"write the largest total variation .* as params={'x-noisy': 0.05}"),
    "LyingCancel": ("cancel_stops_the_work", "returned True while the work went on"),
    "KillingTimeout": (
        "timeout_leaves_the_job_alone",
        r"after the timeout of `result\(timeout=0.05\)` the job is CANC",
    ),
    "Blocking": ("run_returns_at_once", "`run` had not returned after .* while its work was held"),
    "LyingEstimate": ("estimate", r"estimate\(\) said 1e-05 s for work that took 1.* s"),
    "UnorderedStatuses": ("statuses_in_order", "DONE -> RUNNING"),
    "UnorderedHistory": ("history", "DONE -> RUNNING -> QUEUED"),
    "DeafExecute": ("work_can_be_stopped", r"called context.check\(\) 0 times for 4 programs"),
    "SwallowedCancel": ("work_can_be_stopped", "went on after .* had raised JobCancelledError: don't catch it"),
    "LostResult": ("result_after_restart", "JobNotFoundError"),
    "UnpicklableResult": ("result_travels", "can't go through pickle: TypeError: cannot pickle this result"),
    "ChangedCircuit": ("program_is_left_alone", "the circuit that was run was changed"),
    "SharedState": ("fifty_jobs_at_once", "of 50 jobs gave another result than the same job alone"),
    "BackwardsProgress": ("progress", r"context.progress was called with \[50.0\]"),
    "SecretInLog": ("secrets_stay_secret", "a secret was found in .*a log message"),
    "SecretInError": ("secrets_stay_secret", "a secret was found in a repr, an error"),
    "SecretInResult": ("secrets_stay_secret", "a secret was found in .*the store's file"),
    "PrintingBackend": ("prints_nothing", "standard output got 'simulating 1 circuits"),
    "LeakedThread": ("leaves_nothing_behind", "threads are left .*: wrong-worker"),
    "LeakedProcess": ("leaves_nothing_behind", "processes are left .*time.sleep"),
    "LeakedFile": ("leaves_nothing_behind", "files are left .*: tmp/wrong-"),
    "ZeroShots": ("bad_shots", "shots=0 was accepted, and the job ended as DONE"),
    "BareError": ("no_program", "an empty list of programs raised KeyError"),
    "UndeclaredOption": ("options_work", "level 3 is not there yet"),
    "MisspeltMethod": ("methods", r"a method 'estimates', which nobody calls. Is it \['estimate'\]"),
    "WrongArguments": (
        "methods",
        r"`execute\(self, circuits, shots\)` does not fit: write `def execute\(self, programs,",
    ),
}


@pytest.fixture
def provider(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Install the wrong provider: its folder and its entry point are on the path."""
    info = tmp_path / "wrong_provider-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: wrong-provider\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[qdock.v1]\nwrong = wrong_provider.plugin\n")
    monkeypatch.syspath_prepend(str(HERE))
    monkeypatch.syspath_prepend(str(tmp_path))


def suite_of(name: str) -> type[BackendSuite]:
    # One of them never gives its caller back control, which a check waits out.
    patience = {"patience": 5.0} if name == "Blocking" else {}
    return type(f"Test{name}", (BackendSuite,), {"backend": f"wrong/{name}", **patience})


def seen_by(name: str, check: str) -> str:
    report = run_suite(suite_of(name), name, [check])
    (outcome,) = report.outcomes
    assert outcome.outcome == "broken", f"{check} is {outcome.outcome}: {outcome.seen}"
    assert outcome.promise
    assert outcome.written.startswith("docs/reference/promises.md#")
    return outcome.seen


@pytest.mark.usefixtures("provider")
@pytest.mark.parametrize("name", CAUSES)
def test_a_wrong_backend_is_caught_and_the_cause_is_named(name: str) -> None:
    check, message = CAUSES[name]
    seen = seen_by(name, check)
    assert re.search(message, seen), seen


@pytest.mark.usefixtures("provider")
def test_a_right_backend_keeps_every_promise_and_every_declared_feature_is_tested() -> None:
    report = run_suite(suite_of("Right"))
    assert [(item.name, item.seen) for item in report.broken] == []
    assert report.untested == []
    assert report.ok
    assert set(report.features.values()) == {"tested"}


@pytest.mark.usefixtures("provider")
def test_a_heavy_plugin_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WRONG_PROVIDER_IS_HEAVY", "1")
    sys.modules.pop("wrong_provider.plugin", None)
    assert "importing 'wrong_provider.plugin' imports numpy" in seen_by("Right", "light_import")
