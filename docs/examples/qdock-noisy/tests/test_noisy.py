"""Every promise of a backend, checked, and those of its own feature."""

from __future__ import annotations

from qdock import Circuit
from qdock.testing import BackendSuite, check


class TestLine(BackendSuite):
    backend = "noisy/line"

    @check("numbers", features=("x-pauli-errors",))
    def test_noise_is_what_is_asked_for(self) -> None:
        """Without noise nothing is wrong, with more noise more is, and the seed fixes it."""
        flip = Circuit(1, 1).x(0).measure(0, 0)
        wrong = [self.result(flip, noise=noise).get_counts().get("0", 0) for noise in (0.0, 1.0, 10.0, 10.0)]
        self.expect(wrong[0] == 0, f"without noise {wrong[0]} shots were wrong")
        self.expect(wrong[0] < wrong[1] < wrong[2], f"at 0, 1 and 10 times the noise {wrong[:3]} shots were wrong")
        self.expect(wrong[2] == wrong[3], "the same seed gave other errors")
