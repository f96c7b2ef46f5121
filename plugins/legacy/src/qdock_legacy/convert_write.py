"""From circuits to Qobj: gates in the old names, conditions as the old `assemble` wrote them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from msgspec import UNSET

from qdock.circuit import Circuit
from qdock.errors import ConversionError
from qdock.expr import Bit, Bits, Expr
from qdock.expressions.nodes import Binary, Cast, Const, Unary
from qdock.lower import lower
from qdock.operations import Assign, If, Operation, Switch
from qdock_legacy.arrays import as_pairs
from qdock_legacy.convert_read import CONFIG, REGISTER
from qdock_legacy.qobj import Condition, Experiment, Fields, Instruction, Qobj
from qdock_legacy.start import is_start

__all__ = ["BASIS", "circuits_to_qobj", "from_circuit", "to_experiment"]

#: Gates that every release of the old simulators ran, and those that some did.
BASIS = ("u1", "u2", "u3", "cx", "id", "unitary")
_KEPT = frozenset((*BASIS, "U", "CX", "u0", "u", "p", "h", "rz", "sx", "x"))
_OPPOSITE = {"==": "!=", "!=": "==", "<": ">=", ">=": "<", ">": "<=", "<=": ">"}


def from_circuit(circuit: Circuit) -> Qobj:
    """Return the Qobj of one circuit.

    Raises
    ------
    ConversionError
        If it has what a Qobj can't say: loops, variables, unbound parameters.
    """
    return circuits_to_qobj([circuit])


def circuits_to_qobj(
    circuits: Sequence[Circuit],
    *,
    shots: int | None = None,
    memory: bool | None = None,
    seed: int | None = None,
    backend: str = "qasm_simulator",
    qobj_id: str | None = None,
    exact_names: bool = False,
    seeds: Sequence[int | None] | None = None,
    **config: Any,
) -> Qobj:
    """Return the Qobj with an experiment for each circuit.

    Parameters
    ----------
    circuits : sequence of Circuit
        At least one.
    shots, memory, seed : optional
        For the config; those of circuits that came from a Qobj are kept unless they are given.
    backend : str
        For the header.
    qobj_id : str, optional
        A new one if not given.
    exact_names : bool
        Whether gates that only the last of the old simulators knew may stay: ``h``, ``u``, ``p``.
    seeds : sequence of int or None, optional
        For each experiment its own seed, before that which its circuit came with.
    **config
        What else is to stand in the config.

    Raises
    ------
    ConversionError
        If a circuit has what a Qobj can't say.
    """
    from qdock_legacy.simulators import SIMULATORS

    own = [None] * len(circuits) if seeds is None else seeds
    experiments = tuple(to_experiment(circuit, exact_names, seed) for circuit, seed in zip(circuits, own, strict=True))
    kept = circuits[0].metadata.get(CONFIG, {}) if circuits else {}
    given = {"shots": shots, "memory": memory, "seed_simulator": seed, **config}
    sizes = [experiment.config for experiment in experiments]
    version = SIMULATORS[backend].version if backend in SIMULATORS else "1.0.0"
    return Qobj(
        qobj_id=qobj_id or os.urandom(16).hex(),
        schema_version=Qobj.SCHEMA_VERSION,
        type="QASM",
        header=Fields({"backend_name": backend, "backend_version": version}),
        config=Fields(
            {
                "shots": 1024,
                "memory": False,
                **{name: value for name, value in kept.items() if name != "allows_measure_sampling"},
                "n_qubits": max((size["n_qubits"] for size in sizes), default=1),  # type: ignore[index]  # made above
                "memory_slots": max((size["memory_slots"] for size in sizes), default=0),  # type: ignore[index]  # too
                **{name: value for name, value in given.items() if value is not None},
            }
        ),
        experiments=experiments,
    )


def to_experiment(circuit: Circuit, exact_names: bool = False, seed: int | None = None) -> Experiment:
    """Return the experiment of a circuit, with its own seed if one is given."""
    if circuit.parameters:
        names = ", ".join(sorted(parameter.name for parameter in circuit.parameters))
        raise _refused(circuit, f"parameters without a value: {names}. Bind them first")
    if circuit.num_qubits == 0:
        raise _refused(circuit, "no qubits")
    known = _KEPT if exact_names else _KEPT - {"h", "u", "p"}
    lowered = lower(circuit, known) if _has_others(circuit, known) else circuit
    writer = _Writer(lowered)
    writer.add_all(lowered, None)
    kept = circuit.metadata.get(CONFIG, {})
    own = {name: kept[name] for name in ("seed_simulator", "seed", "allows_measure_sampling") if name in kept}
    own = own if seed is None else {**{name: own[name] for name in own if name != "seed"}, "seed_simulator": seed}
    config = {"n_qubits": circuit.num_qubits, "memory_slots": len(writer.memory), **own}
    return Experiment(tuple(writer.instructions), Fields(_header(lowered)), Fields(config))


def _has_others(circuit: Circuit, known: Iterable[str]) -> bool:
    return any(operation.is_gate and operation.label not in known for operation in _walk(circuit))


def _walk(circuit: Circuit) -> Iterable[Operation]:
    for operation in circuit:
        yield operation
        for block in operation.blocks:
            yield from _walk(block)


def _refused(circuit: Circuit, what: str) -> ConversionError:
    return ConversionError(f"Circuit {circuit.name!r} can't be written as Qobj: it has {what}.")


def _header(circuit: Circuit) -> dict[str, Any]:
    """Return the header of a circuit, with that of the Qobj that it came from, if it did."""
    cregs = [register for register in circuit.cregs if register.output]
    came = CONFIG in circuit.metadata
    kept = {name: value for name, value in circuit.metadata.items() if name != CONFIG}
    made = {
        "name": circuit.name,
        "n_qubits": circuit.num_qubits,
        "memory_slots": sum(register.size for register in cregs),
        "qreg_sizes": [[register.name, register.size] for register in circuit.qregs],
        "creg_sizes": [[register.name, register.size] for register in cregs],
        "qubit_labels": [[register.name, i] for register in circuit.qregs for i in range(register.size)],
        "clbit_labels": [[register.name, i] for register in cregs for i in range(register.size)],
        "global_phase": circuit.global_phase,
    }
    # A header of old may say less or other than the circuit; it is what its owner knows it by.
    return {**made, **kept} if came else {**made, "metadata": kept}


class _Comparison(NamedTuple):
    """A comparison that a bfunc can make: of the masked clbits with a value."""

    mask: int
    relation: str
    value: int


class _Writer:
    """Collects the instructions of a circuit.

    A circuit that came from a Qobj may have a scratch register that stands for the Qobj's; of any other the register
    begins with a copy of the memory, as the old `assemble` wrote it, and conditions get slots behind that.
    """

    def __init__(self, circuit: Circuit) -> None:
        self.circuit = circuit
        self.memory = {clbit: slot for slot, clbit in enumerate(circuit.output_clbits)}
        self.scratch = self._scratch()
        self.mirrors = self.scratch is None and any(
            operation.blocks or operation.name == "assign" for operation in _walk(circuit)
        )
        self.next_slot = len(self.memory)
        self.started = False
        self.instructions: list[Instruction] = []

    def _scratch(self) -> dict[int, int] | None:
        registers = [register for register in self.circuit.cregs if not register.output]
        if not registers:
            return {} if CONFIG in self.circuit.metadata else None
        if len(registers) > 1 or not registers[0].name.startswith(REGISTER):
            raise _refused(self.circuit, f"the scratch register {registers[0].name!r}")
        return {clbit: slot for slot, clbit in enumerate(registers[0])}

    def add_all(self, block: Circuit, condition: Any) -> None:
        """Write the operations of a block, which all wait for one condition."""
        operations = list(block)
        if block is not self.circuit and block.global_phase:
            raise _refused(self.circuit, "a global phase that depends on a condition")
        while operations:
            operation = operations.pop(0)
            make = self._MAKERS.get(operation.name)
            if make is not None:
                make(self, operation, operations, condition)
            elif operation.is_gate:
                self._gate(operation, condition)
            else:
                raise _refused(self.circuit, f"the operation {operation.name!r}")

    def _add(self, name: str, condition: Any, **fields: Any) -> None:
        conditional = UNSET if condition is None else condition
        self.instructions.append(Instruction(name, conditional=conditional, **fields))

    def _gate(self, operation: Operation, condition: Any) -> None:
        if operation.detail is None:
            params: Any = tuple(map(float, operation.params)) or UNSET
            self._add(operation.name, condition, qubits=operation.qubits, params=params)
            self.started = True
            return
        matrix = operation.gate.matrix()
        if self.started or not is_start(matrix, self.circuit.metadata.get(CONFIG, {})):
            self._add("unitary", condition, qubits=operation.qubits, params=(as_pairs(matrix),))
        # The config says it already, of the first gate.
        self.started = True

    def _measure(self, operation: Operation, rest: list[Operation], condition: Any) -> None:
        clbit = operation.clbits[0]
        if clbit not in self.memory:
            raise _refused(self.circuit, "a measurement into a scratch register")
        slot = self.memory[clbit]
        register: Any = UNSET
        follower = rest[0].detail if rest else None
        if self.mirrors:
            register = (slot,)
        elif isinstance(follower, Assign) and self.scratch and follower.value == Bit(clbit):
            target = self.scratch.get(_index(follower.target))
            if target is not None:
                register = (target,)
                del rest[0]
        self._add("measure", condition, qubits=operation.qubits, memory=(slot,), register=register)

    def _reset(self, operation: Operation, rest: list[Operation], condition: Any) -> None:
        self._add("reset", condition, qubits=operation.qubits)

    def _barrier(self, operation: Operation, rest: list[Operation], condition: Any) -> None:
        self._add("barrier", condition, qubits=operation.qubits)

    def _delay(self, operation: Operation, rest: list[Operation], condition: Any) -> None:
        unit = getattr(operation.detail, "unit", "dt")
        self._add("delay", condition, qubits=operation.qubits, params=operation.params, label=unit)

    # --- classical

    def _assign(self, operation: Operation, rest: list[Operation], condition: Any) -> None:
        """Write a bfunc: of a circuit that came from a Qobj, or one that sets a clbit and its copy."""
        detail, scratch = operation.detail, self.scratch or {}
        assert isinstance(detail, Assign)
        if self.mirrors:
            self._set(detail, condition)
            return
        slot, found = scratch.get(_index(detail.target)), _comparison(detail.value, scratch)
        if slot is None or found is None:
            raise _refused(self.circuit, "an assignment")
        memory: Any = UNSET
        follower = rest[0].detail if rest else None
        if isinstance(follower, Assign) and follower.value == detail.target and _index(follower.target) in self.memory:
            memory = self.memory[_index(follower.target)]
            del rest[0]
        self._bfunc(found, slot, condition, memory)

    def _set(self, detail: Assign, condition: Any) -> None:
        slot, value = self.memory.get(_index(detail.target)), _constant(detail.value)
        found = _comparison(detail.value, self.memory)
        if found is None and value is not None:
            # Of no bits at all both sides are 0.
            found = _Comparison(0, "==" if value else "!=", 0)
        if slot is None or found is None:
            raise _refused(self.circuit, "an assignment")
        self._bfunc(found, slot, condition, slot)

    def _bfunc(self, found: _Comparison, slot: int, condition: Any, memory: Any = UNSET) -> None:
        mask, relation, value = found
        self._add(
            "bfunc", condition, mask=f"0x{mask:X}", relation=relation, val=f"0x{value:X}", register=slot, memory=memory
        )

    def _if(self, operation: Operation, rest: list[Operation], condition: Any) -> None:
        detail = operation.detail
        assert isinstance(detail, If)
        if not self.mirrors:
            self._known_condition(detail, condition)
            return
        found = _comparison(detail.condition, self.memory)
        if found is None:
            raise _refused(self.circuit, f"the condition {detail.condition}")
        # Both are decided before either branch can change what they read.
        relations = (found.relation, *([_OPPOSITE[found.relation]] if detail.otherwise is not None else []))
        slots = [self._decide(found._replace(relation=relation), condition) for relation in relations]
        for block, slot in zip(detail.blocks, slots, strict=True):
            self.add_all(block, slot)

    def _decide(self, found: _Comparison, condition: Any) -> int:
        """Write a comparison into a slot of its own, and return the slot."""
        slot = self.next_slot
        self._bfunc(found, slot, condition)
        self.next_slot += 1
        return slot

    def _switch(self, operation: Operation, rest: list[Operation], condition: Any) -> None:
        """Write a comparison for each value; the default's is that none of them held."""
        detail = operation.detail
        assert isinstance(detail, Switch)
        branches: list[tuple[int, Circuit]] = []
        for values, block in detail.cases:
            for value in values:
                found = _word(detail.target, "==", value, self.memory)
                if found is None or not self.mirrors:
                    raise _refused(self.circuit, f"a switch on {detail.target}")
                branches.append((self._decide(found, condition), block))
        if detail.default is not None:
            mask = sum(1 << slot for slot, _ in branches)
            branches.append((self._decide(_Comparison(mask, "==", 0), condition), detail.default))
        for slot, block in branches:
            self.add_all(block, slot)

    def _known_condition(self, detail: If, condition: Any) -> None:
        """Write an instruction whose condition came from a Qobj."""
        scratch = self.scratch or {}
        given: Any = scratch.get(_index(detail.condition))
        if given is None:
            found = _comparison(detail.condition, self.memory)
            if found is not None and found.relation == "==":
                # A mask of nothing would mean no condition; the slot behind the memory is always 0.
                mask = found.mask or 1 << len(self.memory)
                value = found.value >> (mask & -mask).bit_length() - 1 if found.mask else int(found.value != 0)
                given = Condition(mask=hex(mask), val=hex(value), type="equals")
        if given is None or condition is not None or detail.otherwise is not None:
            raise _refused(self.circuit, f"the condition {detail.condition}")
        self.add_all(detail.then, given)

    _MAKERS: Mapping[str, Callable[[_Writer, Operation, list[Operation], Any], None]] = {
        "measure": _measure,
        "reset": _reset,
        "barrier": _barrier,
        "delay": _delay,
        "assign": _assign,
        "if": _if,
        "switch": _switch,
    }


def _index(expression: Any) -> int:
    return expression.index if isinstance(expression, Bit) else -1


def _comparison(expression: Expr, slots: Mapping[int, int]) -> _Comparison | None:
    """Return the bfunc that computes a condition, if there is one."""
    if isinstance(expression, Bit):
        slot = slots.get(expression.index)
        return None if slot is None else _Comparison(1 << slot, "==", 1 << slot)
    if isinstance(expression, Unary) and expression.op in ("!", "~") and expression.type.kind == "bool":
        inner = _comparison(expression.operand, slots)
        return None if inner is None else inner._replace(relation=_OPPOSITE[inner.relation])
    if not isinstance(expression, Binary) or expression.op not in _OPPOSITE:
        return None
    left, right = expression.left, _constant(expression.right)
    return None if right is None else _word(left, expression.op, right, slots)


def _constant(expression: Expr) -> int | None:
    while isinstance(expression, Cast):
        expression = expression.operand
    return int(expression.value) if isinstance(expression, Const) else None


def _word(left: Expr, relation: str, value: int, slots: Mapping[int, int]) -> _Comparison | None:
    """Return the comparison of some clbits, which stand in the order of their slots, with a value."""
    mask = -1
    if isinstance(left, Binary) and left.op == "&":
        given = _constant(left.right)
        if given is None:
            return None
        left, mask = left.left, given
    while isinstance(left, Cast):
        left = left.operand
    indices = left.indices if isinstance(left, Bits) else (left.index,) if isinstance(left, Bit) else ()
    found = [slots[index] for index in indices if index in slots]
    if not indices or len(found) < len(indices) or found != list(range(found[0], found[0] + len(found))):
        return None
    mask &= (1 << len(found)) - 1
    return _Comparison(mask << found[0], relation, value << found[0])
