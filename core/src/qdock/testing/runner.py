"""A suite run without pytest: which checks apply, what became of each, and which declared features were tested."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection
from dataclasses import asdict, dataclass
from time import perf_counter
from typing import Any

from qdock.errors import OptionError
from qdock.spec import FEATURES
from qdock.testing.checks import BrokenPromise, Check, SkipTest, find_checks
from qdock.testing.suite import Suite

__all__ = ["Outcome", "Report", "find_untested", "run_suite"]

#: Seconds after which a check that has not ended is taken to hang.
CHECK_SECONDS = 300.0


@dataclass(frozen=True)
class Outcome:
    """What became of one check.

    Parameters
    ----------
    group, name, promise, written : str
        As `qdock.testing.checks.Check` has them.
    outcome : str
        ``"kept"``, ``"broken"`` or ``"skipped"``.
    seen : str
        What was seen instead of what is promised, or why it was skipped.
    seconds : float
        How long it took.
    features : tuple of str
        What it tests.
    """

    group: str
    name: str
    promise: str
    written: str
    outcome: str
    seen: str = ""
    seconds: float = 0.0
    features: tuple[str, ...] = ()


@dataclass(frozen=True)
class Report:
    """What became of a suite.

    Parameters
    ----------
    name : str
        What was checked.
    version : str
        Of the suite.
    outcomes : tuple of Outcome
    features : dict of str to str
        Every declared feature -> ``"tested"``, or why it was not.
    """

    name: str
    version: str
    outcomes: tuple[Outcome, ...]
    features: dict[str, str]

    @property
    def broken(self) -> list[Outcome]:
        """The promises that were not kept."""
        return [item for item in self.outcomes if item.outcome == "broken"]

    @property
    def untested(self) -> list[str]:
        """The declared features of the vocabulary that no check tested."""
        return [name for name, state in self.features.items() if state != "tested" and is_ours(name)]

    @property
    def ok(self) -> bool:
        """Whether every promise was kept and every declared feature tested."""
        return not self.broken and not self.untested

    def count(self, outcome: str) -> int:
        """Return how many checks ended so."""
        return sum(item.outcome == outcome for item in self.outcomes)

    def to_dict(self) -> dict[str, Any]:
        """Return the report as JSON values."""
        counts = {name: self.count(name) for name in ("kept", "broken", "skipped")}
        checks = [asdict(item) | {"features": list(item.features)} for item in self.outcomes]
        about = {"name": self.name, "suite": self.version, "ok": self.ok, **counts}
        return {**about, "features": self.features, "untested": self.untested, "checks": checks}


def is_ours(feature: str) -> bool:
    """Whether a feature is of the vocabulary, rather than a plugin's own, which its own tests know."""
    return feature in FEATURES or feature == "x-noisy"


def run_suite(
    suite: type[Suite],
    name: str = "",
    only: Collection[str] = (),
    watch: Callable[[Check], None] = lambda _: None,
) -> Report:
    """Run the checks of a suite, one after the other.

    Parameters
    ----------
    suite : type
        A subclass of `BackendSuite`, `ExecutorSuite` or `ConverterSuite`.
    name : str
        What is checked, for the report.
    only : collection of str
        Names of groups and checks; none: all.
    watch : callable
        Called with each check before it runs.

    Raises
    ------
    OptionError
        If one of `only` is neither a group nor a check.
    """
    checks = _chosen(find_checks(suite), only)
    case = suite()
    outcomes = []
    for method, about in checks.items():
        watch(about)
        outcomes.append(_outcome(case, method, about))
    whole = not only
    return Report(name, case.version, tuple(outcomes), _tested(case, outcomes) if whole else {})


def _chosen(checks: dict[str, Check], only: Collection[str]) -> dict[str, Check]:
    known = {about.group for about in checks.values()} | {about.name for about in checks.values()}
    unknown = [name for name in only if name not in known]
    if unknown:
        raise OptionError(f"There is no group and no check {unknown[0]!r}. There are {', '.join(sorted(known))}.")
    return {method: about for method, about in checks.items() if not only or {about.group, about.name} & set(only)}


def _outcome(case: Suite, method: str, about: Check) -> Outcome:
    begin = perf_counter()
    state, seen = _try_for(getattr(case, method), CHECK_SECONDS)
    fixed = (about.group, about.name, about.promise, about.written)
    return Outcome(*fixed, state, seen, round(perf_counter() - begin, 3), about.features)


def _try_for(call: Callable[[], None], seconds: float) -> tuple[str, str]:
    """Run a check in a thread, so that one that hangs does not stop the rest."""
    found: list[tuple[str, str]] = []
    thread = threading.Thread(target=lambda: found.append(_try(call)), name="qdock-check", daemon=True)
    thread.start()
    thread.join(seconds)
    return found[0] if found else ("broken", f"the check had not ended after {seconds:g} s: something hangs")


def _try(call: Callable[[], None]) -> tuple[str, str]:
    try:
        call()
    except SkipTest as reason:
        return "skipped", str(reason)
    except BrokenPromise as error:
        return "broken", error.seen
    # What even the check did not foresee, such as a sys.exit in a backend, is a finding like any other.
    except BaseException as error:  # noqa: BLE001
        return "broken", f"{type(error).__name__}: {error}"
    return "kept", ""


def _tested(case: Suite, outcomes: list[Outcome]) -> dict[str, str]:
    """Return for each declared feature whether a check that ran tests it, or why none did."""
    ran = {feature for item in outcomes if item.outcome != "skipped" for feature in item.features}
    return {name: "tested" if name in ran else _why_not(name, outcomes) for name in sorted(case.features())}


def _why_not(feature: str, outcomes: list[Outcome]) -> str:
    if not is_ours(feature):
        return "the plugin's own: its own tests know it"
    reasons = [item.seen for item in outcomes if feature in item.features]
    return f"not tested: {reasons[0]}" if reasons else "not tested: no check of this version of the suite knows it"


def find_untested(suite: type[Suite]) -> dict[str, str]:
    """Return the declared features that no check of a suite would test, each with the reason; nothing is run."""
    case = suite()
    reasons: dict[str, str] = {}
    tested: set[str] = set()
    for about in find_checks(suite).values():
        reason = case.reason_to_skip(about)
        for feature in about.features:
            if reason:
                reasons.setdefault(feature, reason)
            else:
                tested.add(feature)
    missing = [name for name in sorted(case.features()) if name not in tested and is_ours(name)]
    return {name: reasons.get(name, "no check of this version of the suite knows it") for name in missing}
