"""Random circuits with all kinds of classical control, for property tests."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from qdock.circuit import Circuit, Range
from qdock.expr import FLOAT, Uint, cast, lift

NUM_BITS = 3


@st.composite
def conditions(draw: Any, circuit: Circuit) -> Any:
    """A condition on bits, a register or the circuit's variable."""
    bit, other = (circuit.bit(draw(st.integers(0, NUM_BITS - 1))) for _ in range(2))
    value = circuit.value("c")
    number = draw(st.integers(0, 7))
    kinds = [
        bit,
        ~bit,
        bit ^ other,
        value.eq(number),
        value.lt(number),
        (value + 3).ge(number),
        cast(circuit.variables[0].var, Uint(4)).ne(value),
    ]
    return draw(st.sampled_from(kinds))


def _turn(draw: Any, circuit: Circuit, *_: Any) -> None:
    circuit.u(*(draw(st.floats(-3, 3)) for _ in range(3)), draw(qubits(circuit)))


def _late_turn(draw: Any, circuit: Circuit, *_: Any) -> None:
    angle = cast(circuit.value("c"), FLOAT) * draw(st.floats(-1, 1)) + cast(circuit.variables[0].var, FLOAT)
    circuit.ry(angle, draw(qubits(circuit)))


def _cx(draw: Any, circuit: Circuit, *_: Any) -> None:
    if circuit.num_qubits > 1:
        circuit.cx(*draw(st.permutations(range(circuit.num_qubits)))[:2])


def _measure(draw: Any, circuit: Circuit, *_: Any) -> None:
    circuit.measure(draw(qubits(circuit)), draw(clbits))


def _reset(draw: Any, circuit: Circuit, *_: Any) -> None:
    circuit.reset(draw(qubits(circuit)))


def _assign(draw: Any, circuit: Circuit, *_: Any) -> None:
    variable = circuit.variables[0].var
    target = draw(st.sampled_from([variable, circuit.bit(draw(clbits)), circuit.value("c")]))
    circuit.assign(target, cast(draw(st.sampled_from([variable + 3, circuit.value("c") ^ 5])), target.type))


def _jump(draw: Any, circuit: Circuit, _: int, in_loop: bool) -> None:
    block = circuit.block()
    draw(st.sampled_from([block.end, *([block.break_, block.continue_] if in_loop else [])]))()
    circuit.if_(draw(conditions(circuit)), block)


def _if(draw: Any, circuit: Circuit, depth: int, in_loop: bool) -> None:
    other = draw(blocks(circuit, depth, in_loop)) if draw(st.booleans()) else None
    circuit.if_(draw(conditions(circuit)), draw(blocks(circuit, depth, in_loop)), other)


def _switch(draw: Any, circuit: Circuit, depth: int, in_loop: bool) -> None:
    first, second, default = (draw(blocks(circuit, depth, in_loop)) for _ in range(3))
    circuit.switch(circuit.value("c"), {1: first, (0, 4): second}, default)


def _for(draw: Any, circuit: Circuit, depth: int, _: bool) -> None:
    variable = circuit.variables[0].var
    late = Range(lift(0), cast(variable, Uint(4)) & 1, lift(1))
    values = draw(st.sampled_from([range(2), range(3, 0, -2), [5, 1], late]))
    circuit.for_(draw(st.sampled_from([None, variable])), values, draw(blocks(circuit, depth, True)))


def _while(draw: Any, circuit: Circuit, depth: int, _: bool) -> None:
    """Each round ends with a fair coin, so the loop ends by itself."""
    body, inner = circuit.block(), circuit.block()
    draw(operations(inner, depth - 1, False))
    circuit.while_(circuit.bit(0), body.if_(circuit.bit(1), inner).reset(0).h(0).measure(0, 0))


_PLAIN = [_turn, _turn, _late_turn, _cx, _measure, _reset, _assign, _jump]
_FLOWS = [_if, _if, _switch, _for, _while]
clbits = st.integers(0, NUM_BITS - 1)


def qubits(circuit: Circuit) -> Any:
    return st.integers(0, circuit.num_qubits - 1)


@st.composite
def operations(draw: Any, circuit: Circuit, depth: int, in_loop: bool) -> None:
    """Append one operation, with blocks as deep as `depth` allows."""
    draw(st.sampled_from([*_PLAIN, *(_FLOWS if depth > 0 else [])]))(draw, circuit, depth, in_loop)


@st.composite
def blocks(draw: Any, circuit: Circuit, depth: int, in_loop: bool) -> Circuit:
    block = circuit.block()
    if draw(st.booleans()):
        block.gphase(draw(st.floats(-3, 3)))
    for _ in range(draw(st.integers(1, 2))):
        draw(operations(block, depth - 1, in_loop))
    return block


@st.composite
def dynamic_circuits(draw: Any) -> Circuit:
    circuit = Circuit(draw(st.integers(1, 3)), NUM_BITS)
    circuit.add_var("v", Uint(4), draw(st.integers(0, 3)))
    for qubit in range(circuit.num_qubits):
        circuit.ry(draw(st.floats(0.3, 2.8)), qubit)
    for _ in range(draw(st.integers(2, 5))):
        draw(operations(circuit, 2, False))
    return circuit.measure(0, 1)
