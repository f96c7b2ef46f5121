"""The suite of backends: all of its checks, group after group."""

from __future__ import annotations

from qdock.testing.backend_control import ControlChecks
from qdock.testing.backend_elsewhere import ElsewhereChecks
from qdock.testing.backend_input import InputChecks
from qdock.testing.backend_jobs import JobChecks
from qdock.testing.backend_numbers import NumberChecks
from qdock.testing.backend_plugin import PluginChecks
from qdock.testing.checks import check
from qdock.testing.runner import find_untested

__all__ = ["BackendSuite"]


class BackendSuite(PluginChecks, NumberChecks, ControlChecks, JobChecks, ElsewhereChecks, InputChecks):
    """Every promise that a backend makes. Subclass it in a plugin's tests and name the backend.

    Which checks run follows from what the spec declares. `options` are given to every run, `version` pins the suite,
    `secrets` names what must not be seen.

    Examples
    --------
    ::

        class TestCoin(BackendSuite):
            backend = "coin/coin"
    """

    @check("plugin")
    def test_every_feature_is_tested(self) -> None:
        """Every feature that the spec declares is tested by a check that applies."""
        untested = find_untested(type(self))
        self.expect(
            not untested,
            "; ".join(f"feature {name!r} is declared, but {reason}" for name, reason in untested.items()),
        )
