"""One promise, one check: the mark that makes a method of a suite a check, and what is raised where it breaks.

A check is a method whose name begins with ``test_`` and whose docstring begins with the promise, so that pytest finds
it in a subclass as it finds any test, and `qdock.testing.runner` finds it without pytest.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import wraps
from typing import TYPE_CHECKING, Any, TypeVar
from unittest import SkipTest

from qdock.work.worker import describe

if TYPE_CHECKING:
    from qdock.testing.suite import Suite

__all__ = ["GROUPS", "SUITE_VERSION", "BrokenPromise", "Check", "Seen", "SkipTest", "check", "expect", "find_checks"]

#: The newest version of the suites: that of the qdock in which checks were last added.
SUITE_VERSION = "0.1"

#: The groups, in the order in which they run.
GROUPS: dict[str, str] = {
    "plugin": "It is found, it is light, and it says what it can do.",
    "numbers": "What comes back is right.",
    "jobs": "Its jobs keep the promises of every job.",
    "secrets": "What must not be seen is nowhere, and nothing is left behind.",
    "input": "What must be refused is, before there is a job.",
}

#: Where the promises are written.
PAGE = "docs/reference/promises.md"

_S = TypeVar("_S", bound="Suite")
#: Returns why a check does not apply, or an empty text.
Need = Callable[[Any], str]


class Seen(AssertionError):
    """What a check saw instead of what is promised."""


class BrokenPromise(AssertionError):
    """A promise that was not kept: which, what was seen, and where it is written."""

    def __init__(self, promise: str, seen: str, written: str) -> None:
        super().__init__(promise, seen, written)
        self.promise, self.seen, self.written = promise, seen, written

    def __str__(self) -> str:
        return f"Promised: {self.promise}\nSeen: {self.seen}\nWritten: {self.written}"


@dataclass(frozen=True)
class Check:
    """What is known of a check without running it.

    Parameters
    ----------
    group : str
        One of `GROUPS`.
    name : str
        The method's name without ``test_``.
    promise : str
        The first paragraph of its docstring.
    features : tuple of str
        Features that it tests; it runs only where they are declared.
    needs : tuple of callable
        Each is called with the suite, and returns why the check does not apply, or an empty text.
    since : str
        The version of the suite that it came with.
    """

    group: str
    name: str
    promise: str
    features: tuple[str, ...] = ()
    needs: tuple[Need, ...] = ()
    since: str = "0.1"

    @property
    def written(self) -> str:
        """The place in the documentation that explains the promise."""
        return f"{PAGE}#{self.name.replace('_', '-')}"


def check(
    group: str, *, features: Iterable[str] = (), needs: Iterable[Need] = (), since: str = SUITE_VERSION
) -> Callable[[Callable[[_S], None]], Callable[[_S], None]]:
    """Make a method of a suite a check; see `Check` for the parameters.

    Examples
    --------
    A plugin's own feature, tested beside those that qdock knows::

        class TestCoin(BackendSuite):
            backend = "coin/coin"

            @check("numbers", features=("x-bias",))
            def test_bias(self):
                \"\"\"A bias of 1 gives ones only.\"\"\"
                self.expect(self.counts(self.coin(), bias=1.0) == {"1": 100}, "there were zeros")
    """
    if group not in GROUPS:
        raise ValueError(f"A check's group is one of {', '.join(GROUPS)}, but {group!r} was given.")

    def mark(method: Callable[[_S], None]) -> Callable[[_S], None]:
        promise = " ".join((method.__doc__ or "").strip().partition("\n\n")[0].split())
        name = method.__name__.removeprefix("test_")
        about = Check(group, name, promise, tuple(features), tuple(needs), since)

        @wraps(method)
        def run(self: _S) -> None:
            __tracebackhide__ = True
            if reason := self.reason_to_skip(about):
                raise SkipTest(reason)
            with self.session():
                _keep(about, method, self)

        run.about = about  # type: ignore[attr-defined]  # how `find_checks` knows it
        return run

    return mark


def _keep(about: Check, method: Callable[[_S], None], suite: _S) -> None:
    """Run a check; whatever goes wrong is a promise that was not kept."""
    __tracebackhide__ = True
    try:
        method(suite)
    except (BrokenPromise, SkipTest):
        raise
    except Seen as error:
        raise BrokenPromise(about.promise, str(error), about.written) from None
    except Exception as error:
        seen = f"{describe(error)}{_where(error)}"
        raise BrokenPromise(about.promise, seen, about.written) from error


def _where(error: BaseException) -> str:
    """Return the last line of code that is neither qdock's own nor Python's, where there is one."""
    from traceback import extract_tb

    frames = [frame for frame in extract_tb(error.__traceback__) if not _is_known(frame.filename)]
    return f" ({frames[-1].filename}, line {frames[-1].lineno})" if frames else ""


def _is_known(file: str) -> bool:
    import os
    import sysconfig

    import qdock

    library = sysconfig.get_path("stdlib")
    # What is installed lies in a folder of the library.
    python = file.startswith(library) and "-packages" not in file[len(library) :]
    return python or file.startswith((str(qdock.__path__[0]) + os.sep, "<frozen "))


def expect(condition: object, seen: str) -> None:
    """Raise what was seen, unless the condition holds.

    Raises
    ------
    Seen
    """
    if not condition:
        raise Seen(seen)


def find_checks(suite: type[Suite]) -> dict[str, Check]:
    """Return the checks of a suite by the name of their method, group after group."""
    found = {name: getattr(getattr(suite, name), "about", None) for name in dir(suite) if name.startswith("test_")}
    checks = {name: about for name, about in found.items() if isinstance(about, Check)}
    order = list(GROUPS)
    return dict(sorted(checks.items(), key=lambda item: (order.index(item[1].group), _place(suite, item[0]))))


def _place(suite: type[Suite], name: str) -> tuple[int, str, int]:
    """Return what sorts checks as they are read: of general classes first, then by file and line."""
    owner = next(kind for kind in suite.__mro__ if name in vars(kind))
    code = getattr(suite, name).__wrapped__.__code__
    return len(owner.__mro__), code.co_filename, code.co_firstlineno
