"""What is checked of a circuit with its options, for all circuits of a job before any of them runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from qdock.circuit import Circuit
from qdock.errors import OptionError
from qdock_basic.batch import are_sampled
from qdock_basic.limits import Limits
from qdock_basic.programs.analysis import facts_of
from qdock_basic.programs.methods import check_method, method_of
from qdock_basic.programs.straight import parts_of, straight_of
from qdock_basic.shapes import shape_of
from qdock_basic.simulate import check_parts, check_size, check_tableau, without_idle_qubits
from qdock_basic.states.state import check_initial_state

__all__ = ["check_programs"]

# Whatever is done with so few qubits fits in memory, so nothing has to be known about it.
_FEW_QUBITS = 16


def check_programs(circuits: Sequence[Circuit], options: Mapping[str, Any], limits: Limits) -> None:
    """Check the circuits of a job; see `check_program`."""
    together = are_sampled(options)
    for circuit in circuits:
        # What can be run with others is small, and is read.
        if not together or circuit.once(shape_of) is None:
            check_program(circuit, options, limits)


def check_program(circuit: Circuit, options: Mapping[str, Any], limits: Limits) -> None:
    """Check that a circuit can be run with some options.

    Raises
    ------
    OptionError
        If it has nothing that the output asked for could show, or the initial state is none of its qubits.
    LimitExceeded
        If not even one state of it fits in memory.
    """
    output = options["output"]
    if output == "counts":
        _check_readings(circuit)
    if output == "unitary":
        _check_reversible(circuit)
    if options["memory"] and output != "counts":
        raise OptionError(f"Option `memory` is the order of shots and goes with output='counts', not with {output!r}.")
    check_method(circuit, options)
    if output != "counts" or circuit.num_qubits <= _FEW_QUBITS or options["initial_state"] is not None:
        check_size(circuit, options, limits)
    else:
        _check_wide(circuit, options, limits)
    if options["initial_state"] is not None:
        _check_initial_state(circuit, options)


def _check_wide(circuit: Circuit, options: Mapping[str, Any], limits: Limits) -> None:
    """Look at how a circuit would be run before it is refused: its whole state may not be needed."""
    straight = circuit.once(straight_of)
    method = method_of(circuit, options, straight)
    if method == "sampling" and straight is not None:
        check_parts(circuit, options, limits, parts_of(straight))
    elif method == "stabilizer":
        check_tableau(circuit, limits)
    else:
        check_size(without_idle_qubits(circuit), options, limits)


def _check_readings(circuit: Circuit) -> None:
    columns = circuit.columns()
    if len(columns.clbits) and all(register.output for register in circuit.cregs):
        return
    facts = circuit.once(facts_of)
    if facts.written.isdisjoint(circuit.output_clbits):
        done = "measures only into registers that results don't show" if facts.measures else "measures nothing"
        raise OptionError(
            f"Circuit {circuit.name!r} {done}, so it has no counts. Measure its qubits, as measure_all() does, "
            "or ask for output='probabilities' or output='statevector'."
        )


def _check_reversible(circuit: Circuit) -> None:
    facts = circuit.once(facts_of)
    if facts.measures or facts.resets:
        raise OptionError(
            f"Circuit {circuit.name!r} has no unitary: it has a {'measurement' if facts.measures else 'reset'}. Leave "
            "that out, or ask for output='statevector', 'probabilities' or 'counts'."
        )


def _check_initial_state(circuit: Circuit, options: Mapping[str, Any]) -> None:
    if options["output"] == "unitary":
        raise OptionError("Option `initial_state` does not go with output='unitary', which is the same for all states.")
    try:
        check_initial_state(np.asarray(options["initial_state"]), circuit.num_qubits)
    except ValueError as error:
        raise OptionError(f"Circuit {circuit.name!r}: {error}") from None
