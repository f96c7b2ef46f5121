"""Which method runs a circuit: it follows from circuit and options alone, never from what is installed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from qdock.circuit import Circuit
from qdock.errors import OptionError
from qdock.operations import Code
from qdock_basic.programs.analysis import facts_of, read_last, splits_of
from qdock_basic.programs.clifford import is_clifford
from qdock_basic.programs.program import compile_circuit
from qdock_basic.programs.straight import Part, straight_of

__all__ = ["FEW_QUBITS", "METHODS", "check_method", "fits_tableau", "method_of"]

#: What `method` may be; each but the first forces one where a result is drawn or a distribution put together.
METHODS = ("auto", "sampling", "branching", "stabilizer")

#: Up to so many qubits a state is quicker than a tableau.
FEW_QUBITS = 12


def method_of(circuit: Circuit, options: Mapping[str, Any], straight: Part | None) -> str:
    """Return the method for a circuit that has been checked: a name of `METHODS`, or the output's own.

    Parameters
    ----------
    circuit : Circuit
    options : mapping
    straight : Part, optional
        What `straight_of` returns.
    """
    if options["output"] in ("statevector", "unitary"):
        return str(options["output"])
    if options["method"] != "auto":
        return str(options["method"])
    if (circuit.num_qubits > FEW_QUBITS or straight is None) and fits_tableau(circuit, options):
        return "stabilizer"
    return "branching" if straight is None else "sampling"


def fits_tableau(circuit: Circuit, options: Mapping[str, Any]) -> bool:
    """Whether what is asked for can be had from a tableau."""
    if options["initial_state"] is not None or not is_clifford(circuit):
        return False
    return not circuit.once(facts_of).written.isdisjoint(circuit.output_clbits)


def _splits(circuit: Circuit) -> bool:
    return splits_of(read_last(compile_circuit(circuit))) != 0


def check_method(circuit: Circuit, options: Mapping[str, Any]) -> None:
    """Raise `OptionError` if the method that was asked for can't give what was asked for."""
    method, output = options["method"], options["output"]
    if method == "auto":
        return
    name = f"Circuit {circuit.name!r} can't be run with method={method!r}"
    if output in ("statevector", "unitary"):
        raise OptionError(f"{name} for output={output!r}, which has one way to be made. Leave out `method`.")
    if method == "sampling" and circuit.once(straight_of) is None and _splits(circuit):
        raise OptionError(f"{name}: it measures or resets a qubit that it goes on with. Ask for method='branching'.")
    if method == "stabilizer" and not fits_tableau(circuit, options):
        raise OptionError(f"{name}: {_why_no_tableau(circuit, options)}. Leave out `method`.")


def _why_no_tableau(circuit: Circuit, options: Mapping[str, Any]) -> str:
    if options["initial_state"] is not None:
        return "`initial_state` is none that a tableau can hold"
    if not is_clifford(circuit):
        if any(code > Code.DELAY for code in circuit.columns().code.tolist()):
            return "it has classical control"
        return "it has a gate that is no Clifford gate"
    return "it writes no clbit that results show"
