"""Whether what came back for a circuit is what the independent answer says, and what to say if it is not."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from qdock.circuit import Circuit
from qdock.testing.checks import Seen, expect
from qdock.testing.diagnose import cause
from qdock.testing.statistics import difference, far_from, total_variation

__all__ = ["judge_array", "judge_counts", "judge_probabilities"]

#: How far amplitudes may be off, in each precision.
TOLERANCE = {"complex128": 1e-9, "complex64": 1e-4}


def judge_counts(
    circuit: Circuit, counts: NDArray[np.int64], expected: NDArray[np.float64], noise: float, gate: str = ""
) -> None:
    """Raise `Seen` unless counts, ``(2**num_clbits,)``, can have come from a distribution.

    `noise` is the total variation that is allowed; `gate` is the label of the gate under test, if it is one.
    """
    shots = int(counts.sum())
    expect(shots, f"circuit {circuit.name!r} came back without counts")
    if noise:
        distance = far_from(counts, expected, noise)
        expect(
            distance is None,
            f"circuit {circuit.name!r}: counts are {distance or 0:.3f} (total variation) from the exact distribution, "
            f"but {noise:g} is declared",
        )
        return
    worst = difference(counts, expected)
    if worst is not None:
        name = format(worst, f"0{len(counts).bit_length() - 1}b")
        raise Seen(
            f"circuit {circuit.name!r}: outcome {name} was seen {counts[worst]:,} times in {shots:,} shots, but "
            f"{shots * expected[worst]:,.1f} are expected.{_explained(circuit, counts, gate)}"
        )


def _explained(circuit: Circuit, counts: NDArray[np.int64], gate: str) -> str:
    # Of a circuit with classical control nothing can be guessed: the independent answer does not run it.
    plain = all(operation.is_gate or operation.name in ("measure", "barrier") for operation in circuit)
    return cause(circuit, counts, gate) if plain and len(counts) == 2**circuit.num_clbits else ""


def judge_probabilities(
    circuit: Circuit, seen: NDArray[np.float64], expected: NDArray[np.float64], noise: float
) -> None:
    """Raise `Seen` unless exact probabilities agree."""
    expect(len(seen) == len(expected), f"circuit {circuit.name!r}: {len(seen)} probabilities, not {len(expected)}")
    distance = total_variation(seen, expected)
    expect(
        distance <= max(noise, 1e-9),
        f"circuit {circuit.name!r}: probabilities are {distance:.3g} (total variation) from the exact ones",
    )


def judge_array(
    name: str, what: str, seen: NDArray[np.complexfloating], expected: NDArray[np.complex128], single: bool = False
) -> None:
    """Raise `Seen` unless amplitudes agree up to a factor of modulus one, which nobody could measure."""
    expect(seen.shape == expected.shape, f"circuit {name!r}: the {what} has the shape {seen.shape}")
    overlap = complex(np.vdot(expected, seen))
    factor = overlap / abs(overlap) if abs(overlap) > 1e-6 else 1
    error = float(np.abs(seen - factor * expected).max())
    allowed = TOLERANCE["complex64" if single else "complex128"]
    expect(error <= allowed, f"circuit {name!r}: an entry of the {what} is off by {error:.3g}{_hint(seen, expected)}")


def _hint(seen: NDArray[np.complexfloating], expected: NDArray[np.complex128]) -> str:
    """Return what else the array would be right for."""
    size = len(expected).bit_length() - 1
    axes = tuple(range(size)[::-1])
    more = tuple(size + axis for axis in axes) if expected.ndim == 2 else ()
    turned = expected.reshape((2,) * (size * expected.ndim)).transpose(*axes, *more).reshape(expected.shape)
    for sentence, other in {
        "qubit 0 were the most significant bit": turned,
        "every amplitude were complex conjugated": expected.conj(),
        "rows and columns were exchanged": expected.T,
    }.items():
        overlap = abs(np.vdot(other, seen)) / max(float(np.vdot(other, other).real), 1e-12)
        if abs(overlap - 1) < 1e-6 and abs(np.vdot(seen, seen).real / np.vdot(other, other).real - 1) < 1e-6:
            return f". It would be right if {sentence}."
    return ""
