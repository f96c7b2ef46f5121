"""From Qobj to circuits, one for each experiment, so that any backend runs an old file."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from msgspec import UNSET

from qdock.circuit import Circuit
from qdock.errors import CircuitError
from qdock.expr import Bit, Bits, Expr, Uint, cast
from qdock.expressions.nodes import Const
from qdock.gates import GATES
from qdock_legacy.arrays import matrix_of
from qdock_legacy.errors import error_at
from qdock_legacy.program import check_matrix_given
from qdock_legacy.qobj import Condition, Experiment, Instruction, Qobj
from qdock_legacy.qobj_rules import check
from qdock_legacy.start import STARTS, start_matrix

__all__ = ["CONFIG", "REGISTER", "to_circuit", "to_circuits"]

#: The scratch register of a converted circuit that stands for the Qobj's register.
REGISTER = "register"
#: Where a converted circuit's metadata keep what the Qobj's config says about a run.
CONFIG = "qobj_config"

#: What of a config decides how an experiment is run.
_KEPT = (
    "shots",
    "memory",
    "seed",
    "seed_simulator",
    "allows_measure_sampling",
    *STARTS,
    "chop_threshold",
)
_IDENTIFIER = re.compile(r"[A-Za-z_]\w*", re.ASCII)


def to_circuits(program: str | Qobj, options: Mapping[str, Any] | None = None) -> list[Circuit]:
    """Return the circuits of a Qobj, or of the JSON text of one.

    Names, registers, global phase and headers are kept; what the config says about a run is in the metadata under
    ``"qobj_config"``. Where it asks for a start, the circuit begins with a ``unitary`` that makes it.

    Parameters
    ----------
    program : str or Qobj
    options : mapping, optional
        In place of what the config says.

    Raises
    ------
    QobjError
        If the Qobj is invalid, or has an instruction that is no part of a circuit: a snapshot, a copy.
    """
    qobj = Qobj.loads(program) if isinstance(program, str) else program
    check(qobj)
    config = {**({} if qobj.config is UNSET else qobj.config.to_dict()), **(options or {})}
    return [to_circuit(item, index, config) for index, item in enumerate(qobj.experiments)]


def to_circuit(experiment: Experiment, index: int, config: Mapping[str, Any]) -> Circuit:
    """Return the circuit of an experiment that has been checked; `config` is the Qobj's."""
    header = {} if experiment.header is UNSET else experiment.header.to_dict()
    own = {} if experiment.config is UNSET else experiment.config.to_dict()
    circuit = Circuit(name=header.get("name", f"circuit-{index}"), global_phase=float(header.get("global_phase", 0.0)))
    _add_registers(circuit.add_qreg, header.get("qreg_sizes"), own["n_qubits"], "q", circuit)
    memory, register = _slots(experiment)
    _add_registers(circuit.add_creg, header.get("creg_sizes"), max(own["memory_slots"], memory), "c", circuit)
    slots = circuit.num_clbits
    if register:
        circuit.add_creg(circuit._free_name(REGISTER), register, output=False)
    kept = {**config, **own}
    if "seed_simulator" not in own and "seed" in own:
        kept.pop("seed_simulator", None)
    circuit.metadata = {**header, CONFIG: {name: kept[name] for name in _KEPT if name in kept}}
    if (start := start_matrix(circuit.metadata[CONFIG], circuit.num_qubits)) is not None:
        circuit.unitary(start, list(range(circuit.num_qubits)))
    reader = _Reader(circuit, slots)
    for number, instruction in enumerate(experiment.instructions):
        reader.add(instruction, f"experiments[{index}].instructions[{number}]")
    return circuit


def _add_registers(add: Callable[[str, int], Any], sizes: Any, number: int, name: str, circuit: Circuit) -> None:
    """Add registers as the header has them, where it has them right; and one more for what they leave out."""
    given = [(str(item[0]), item[1]) for item in sizes] if _are_sizes(sizes) else []
    if sum(size for _, size in given) > number:
        given = []
    for label, size in given:
        add(label if _IDENTIFIER.fullmatch(label) and not circuit._has_name(label) else circuit._free_name(name), size)
    rest = number - sum(size for _, size in given)
    if rest:
        add(circuit._free_name(name), rest)


def _are_sizes(sizes: Any) -> bool:
    return isinstance(sizes, list) and all(
        isinstance(item, list) and len(item) == 2 and isinstance(item[1], int) and item[1] > 0 for item in sizes
    )


def _slots(experiment: Experiment) -> tuple[int, int]:
    """Return how many slots of the memory and of the register the instructions name."""
    memory, register = 0, 0
    for instruction in experiment.instructions:
        memory = max(memory, 1 + _first(instruction.memory))
        register = max(register, 1 + _first(instruction.register))
        if isinstance(instruction.conditional, int):
            register = max(register, 1 + instruction.conditional)
    return memory, register


def _first(slots: Any) -> int:
    if slots is UNSET:
        return -1
    return int(slots[0] if isinstance(slots, tuple) else slots)


class _Reader:
    """Appends instructions to a circuit whose first clbits are the memory, the rest the register."""

    def __init__(self, circuit: Circuit, slots: int) -> None:
        self.circuit = circuit
        self.slots = slots

    def add(self, instruction: Instruction, path: str) -> None:
        """Append an instruction, in a block of its own if it is conditional."""
        make: Callable[..., None] = self._MAKERS.get(instruction.name, _Reader._gate)
        try:
            if instruction.conditional is UNSET:
                make(self, self.circuit, instruction, path)
            else:
                block = self.circuit.block()
                make(self, block, instruction, path)
                condition = self.condition(instruction.conditional)
                if condition is None:
                    make(self, self.circuit, instruction, path)
                else:
                    self.circuit.if_(condition, block)
        except CircuitError as error:
            raise error_at(path, f"{error}") from error

    def condition(self, given: Any) -> Expr | None:
        """Return the condition; None for one that always holds."""
        if not isinstance(given, Condition):
            return Bit(self.slots + given)
        mask, value = int(given.mask, 16), int(given.val, 16)
        if mask == 0:
            return None
        shift = (mask & -mask).bit_length() - 1
        return _masked(range(self.slots), mask, value << shift, "==")

    def assigned(self, instruction: Any) -> Expr:
        """Return what a bfunc computes."""
        register = range(self.slots, self.circuit.num_clbits)
        return _masked(register, int(instruction.mask, 16), int(instruction.val, 16), instruction.relation)

    # --- what each kind of instruction is in a circuit

    def _gate(self, circuit: Circuit, instruction: Any, path: str) -> None:
        if instruction.name not in GATES:
            raise error_at(f"{path}.name", f"{instruction.name!r} was given; a circuit has no such operation.")
        params = () if instruction.params is UNSET else instruction.params
        if instruction.name == "u0" and not params:
            params = (1,)
        circuit.append(instruction.name, list(instruction.qubits), () if instruction.name == "id" else params)

    def _unitary(self, circuit: Circuit, instruction: Any, path: str) -> None:
        check_matrix_given(instruction, path)
        circuit.unitary(matrix_of(instruction.params[0], f"{path}.params[0]"), list(instruction.qubits))

    def _measure(self, circuit: Circuit, instruction: Any, path: str) -> None:
        slot = instruction.memory[0]
        circuit.measure(instruction.qubits[0], slot)
        if instruction.register is not UNSET:
            circuit.assign(Bit(self.slots + instruction.register[0]), Bit(slot))

    def _reset(self, circuit: Circuit, instruction: Any, path: str) -> None:
        circuit.reset(list(instruction.qubits))

    def _barrier(self, circuit: Circuit, instruction: Any, path: str) -> None:
        # What else stands there nobody looked at.
        qubits = [q for q in instruction.qubits or () if 0 <= q < circuit.num_qubits]
        circuit.barrier(*([qubits] if qubits else []))

    def _delay(self, circuit: Circuit, instruction: Any, path: str) -> None:
        length = instruction.params[0] if instruction.params else 0
        circuit.delay(length, list(instruction.qubits or ()))

    def _bfunc(self, circuit: Circuit, instruction: Any, path: str) -> None:
        target = Bit(self.slots + instruction.register)
        circuit.assign(target, self.assigned(instruction))
        if instruction.memory is not UNSET:
            circuit.assign(Bit(instruction.memory), target)

    _MAKERS: Mapping[str, Callable[..., None]] = {
        "unitary": _unitary,
        "measure": _measure,
        "reset": _reset,
        "barrier": _barrier,
        "delay": _delay,
        "bfunc": _bfunc,
    }


def _masked(bits: range, mask: int, value: int, relation: str) -> Expr:
    """Return the comparison of some bits under a mask with a value."""
    width = max(len(bits), mask.bit_length(), value.bit_length(), 1)
    kind = Uint(width)
    word = cast(Bits(tuple(bits)), kind) if len(bits) else Const(0, kind)
    masked = word & Const(mask, kind)
    compare = {"==": "eq", "!=": "ne", "<": "lt", "<=": "le", ">": "gt", ">=": "ge"}[relation]
    compared: Expr = getattr(masked, compare)(Const(value, kind))
    return compared
