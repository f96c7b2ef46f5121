"""A circuit rewritten in a given set of gates, exactly, global phase included."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterable, Sequence
from functools import lru_cache
from typing import Any

from qdock.circuit import Circuit
from qdock.errors import LimitExceeded, LoweringError
from qdock.expr import BOOL, Const, Expr
from qdock.gates import ALIASES, GATES, Gate
from qdock.lowering.equivalences import EQUIVALENCES
from qdock.lowering.multicontrol import controlled_phase, controlled_u, controlled_x
from qdock.lowering.synthesis import synthesize
from qdock.operations import Code, Modifier, Operation
from qdock.unitaries.decompositions import Step

__all__ = ["MAX_OPERATIONS", "lower"]

#: How many operations a lowered circuit may have.
MAX_OPERATIONS = 50_000_000
MAX_KEPT = 10_000

Rule = Callable[..., list[Step]]
Rules = dict[str, Rule]


def lower(circuit: Circuit, gates: Collection[str]) -> Circuit:
    """Return the circuit with every gate written in the given ones.

    Measurements, classical control and all else that is no gate stay as they are; blocks are lowered too.

    Parameters
    ----------
    circuit : Circuit
        Parameters need not be bound.
    gates : collection of str
        Names of `qdock.gates.GATES`; any set from which the circuit's gates can be made: ``{"rz", "sx", "cz"}``.
        ``"unitary"`` stands for matrices as they are, ``"modified"`` for any control and power of a given gate.

    Returns
    -------
    Circuit
        The same unitary, global phase included. The circuit itself if there is nothing to do.

    Raises
    ------
    LoweringError
        If a gate can't be made exactly from the given ones: a rotation by any angle from ``{"h", "t", "cx"}``.
    """
    known = _known(gates)
    return circuit if _is_lowered(circuit, known) else _Lowering(circuit, known).run()


def _known(gates: Collection[str]) -> frozenset[str]:
    if isinstance(gates, str):
        raise LoweringError(
            f"`gates` is a collection of names such as {{'rz', 'sx', 'cz'}}, but is the text {gates!r}."
        )
    if not isinstance(gates, Iterable):
        raise LoweringError(f"`gates` is a collection of names such as {{'rz', 'sx', 'cz'}}, but is {gates!r}.")
    found = frozenset(ALIASES.get(name, name) for name in gates)
    for name in sorted(found):
        if name not in GATES and name not in ("unitary", "modified"):
            raise LoweringError(f"A circuit can't be lowered to {name!r}: no gate of the table has that name.")
    return found


def _is_lowered(circuit: Circuit, known: frozenset[str]) -> bool:
    columns = circuit.columns()
    codes = {GATES[name].code for name in known if name in GATES}
    if any(code < Code.MODIFIED and code not in codes for code in set(columns.code.tolist())):
        return False
    return all(
        _keeps(detail, known) if isinstance(detail, Modifier) else all(_is_lowered(b, known) for b in detail.blocks)
        for detail in columns.details.values()
    )


def _keeps(detail: Modifier, known: frozenset[str]) -> bool:
    """Whether the target set takes a gate with modifiers as it is."""
    plain = not detail.controls and detail.power == 1
    return detail.name in known and (plain or "modified" in known)


# --- which rule for which gate


def _cost(name: str) -> float:
    """What a gate weighs in the search: an interaction as much as ten turns of one qubit."""
    return 10.0 ** (GATES[name].num_qubits - 1)


@lru_cache(maxsize=64)
def find_rules(known: frozenset[str]) -> Rules:
    """Return the cheapest rule for each gate that can be made from `known`; these themselves have none.

    Costs only fall, and each is a sum over the gates of a rule, so the chains of rules that are chosen end.
    """
    table = [(name, row.steps) for name, row in GATES.items() if row.steps is not None]
    rules = [(name, rule, _gates_of(name, rule)) for name, rule in [*table, *EQUIVALENCES]]
    cost = {name: _cost(name) for name in known if name in GATES}
    chosen: Rules = {}
    changed = True
    while changed:
        changed = False
        for name, rule, parts in rules:
            price = sum(cost.get(part, math.inf) for part in parts)
            if name not in known and price < cost.get(name, math.inf) - 1e-9:
                cost[name], chosen[name], changed = price, rule, True
    return chosen


def _gates_of(name: str, rule: Rule) -> list[str]:
    """Return the gates of a rule, which do not depend on the angles; even nothing costs a little."""
    return [step[0] for step in rule(*[0.1] * GATES[name].num_params) if step[0] != "gphase"]


# --- one circuit


class _Lowering:
    """One circuit on its way to a lowered copy."""

    def __init__(self, circuit: Circuit, known: frozenset[str]) -> None:
        self._circuit = circuit
        self._known = known
        self._rules = find_rules(known)
        self._made = circuit.block()
        self._made.name, self._made.metadata = circuit.name, dict(circuit.metadata)
        self._made.global_phase = circuit.global_phase
        # Kept within a turn, since a sum of thousands of phases would lose digits.
        self._phase = 0.0
        self._expansions: dict[tuple[str, tuple[Any, ...]], list[Step]] = {}

    def run(self) -> Circuit:
        """Return the lowered copy."""
        for operation in self._circuit:
            if isinstance(operation.detail, Modifier):
                self._modified(operation, operation.detail)
            elif operation.is_gate:
                self._step((operation.name, operation.params, operation.qubits))
            else:
                self._other(operation)
        if self._phase:
            self._made.gphase(self._phase)
        return self._made

    def _other(self, operation: Operation) -> None:
        """Keep what is no gate, its blocks lowered."""
        detail = operation.detail
        if detail is not None and detail.blocks:
            detail = detail.mapped(lambda node: node, lambda block: lower(block, self._known))
        self._made.append_operation(
            Operation(operation.name, operation.qubits, operation.clbits, operation.params, detail)
        )

    def _step(self, step: Step) -> None:
        """Append one gate in the gates that are known."""
        name, params, qubits = step
        for part, angles, places in _placed(self._expand(name, params), qubits):
            if part == "gphase":
                self._gphase(angles[0])
            else:
                self._made.append(part, places, angles)
        if len(self._made) > MAX_OPERATIONS:
            raise LimitExceeded(f"The lowered circuit has over {MAX_OPERATIONS} operations, which is the limit.")

    def _expand(self, name: str, params: tuple[Any, ...]) -> list[Step]:
        """Return a gate in the gates that are known and the global phase; what was worked out once is kept."""
        found = self._expansions.get((name, params))
        if found is None:
            found = self._worked_out(name, params)
            if len(self._expansions) < MAX_KEPT:
                self._expansions[name, params] = found
        return found

    def _worked_out(self, name: str, params: tuple[Any, ...]) -> list[Step]:
        if name == "gphase":
            return [(name, params, ())]
        if name in self._known:
            return [(name, params, tuple(range(GATES[name].num_qubits)))]
        steps = self._rules[name](*params) if name in self._rules else self._quarter_turns(name, params)
        return [made for part, angles, places in steps for made in _placed(self._expand(part, angles), places)]

    def _gphase(self, angle: float | Expr) -> None:
        """Multiply by a phase; one that is known only at run time must be where its values are known."""
        if isinstance(angle, Expr) and (angle.bits or angle.variables):
            self._made.if_(Const(True, BOOL), self._made.block().gphase(angle))
        elif isinstance(angle, Expr):
            self._made.gphase(angle)
        else:
            self._phase = math.remainder(self._phase + angle, math.tau)

    def _quarter_turns(self, name: str, params: tuple[Any, ...]) -> list[Step]:
        """Return a phase by a multiple of pi/4 as S, T and Z, for sets that have no gate with an angle."""
        if name in ("p", "u1", "rz") and not isinstance(params[0], Expr):
            count = round(params[0] / (math.pi / 4))
            names = [part for bit, part in ((4, "z"), (2, "s"), (1, "t")) if count % 8 & bit]
            exact = abs(params[0] - count * math.pi / 4) < 1e-12
            if exact and all(part in self._known or part in self._rules for part in names):
                phase: list[Step] = [("gphase", (-params[0] / 2,), ())] if name == "rz" else []
                return [*phase, *((part, (), (0,)) for part in names)]
        given = ", ".join(sorted(self._known)) or "no gates"
        raise LoweringError(
            f"Gate '{Gate(name, params).label}' can't be made exactly from {given}. "
            "Add a gate that turns by any angle, such as 'rz', or one that entangles, such as 'cx'."
        )

    # --- controls, powers and matrices

    def _modified(self, operation: Operation, detail: Modifier) -> None:
        if _keeps(detail, self._known):
            self._made.append(operation.gate, operation.qubits)
            return
        count = len(detail.controls)
        controls, targets = operation.qubits[:count], operation.qubits[count:]
        zeros: list[Step] = [
            ("x", (), (qubit,)) for qubit, bit in zip(controls, detail.controls, strict=True) if not bit
        ]
        base = Gate(detail.name, operation.params, (), detail.power, detail.array)
        for step in (*zeros, *self._controlled(self._expanded(base, targets), controls), *zeros):
            self._step(step)

    def _expanded(self, gate: Gate, qubits: Sequence[int]) -> list[Step]:
        """Return a gate without controls as steps on `qubits`, its power worked out."""
        if gate.power == 1 and gate.array is None:
            return [(gate.name, gate.params, tuple(qubits))]
        if gate.power == -1 and gate.array is None:
            return _inverted(gate, qubits)
        if gate.power == int(gate.power) and any(isinstance(param, Expr) for param in gate.params):
            once = Gate(gate.name, gate.params, (), math.copysign(1, gate.power))
            return self._expanded(once, qubits) * int(abs(gate.power))
        return _placed(synthesize(gate.matrix()), qubits)

    def _controlled(self, steps: list[Step], controls: Sequence[int]) -> list[Step]:
        """Return steps each of which happens only if all controls are one."""
        if not controls:
            return steps
        return [made for step in steps for made in self._controlled_step(step, controls)]

    def _controlled_step(self, step: Step, controls: Sequence[int]) -> list[Step]:
        name, params, qubits = step
        busy = {*controls, *qubits}
        spare = [qubit for qubit in range(self._circuit.num_qubits) if qubit not in busy]
        if name == "gphase":
            return controlled_phase(params[0], controls, spare)
        if name == "x":
            return controlled_x(controls, qubits[0], spare)
        if name == "p":
            return controlled_phase(params[0], (*controls, qubits[0]), spare)
        if name == "u":
            return controlled_u(params[0], params[1], params[2], controls, qubits[0], spare)
        own = GATES[name].num_controls
        return self._controlled(_within(name, params, qubits), (*controls, *qubits[:own]))


#: What a controlled row does to its targets, where its name less the leading c's does not say so.
_TARGET_ROWS = {"CX": "x", "c3x": "x", "c4x": "x", "c3sqrtx": "sx"}


def _within(name: str, params: tuple[Any, ...], qubits: Sequence[int]) -> list[Step]:
    """Return a row's steps, or for a controlled row what it does to its targets."""
    row = GATES[name]
    targets = tuple(qubits[row.num_controls :])
    if name == "cu":
        return [("gphase", (params[3],), ()), ("u", params[:3], targets)]
    if row.num_controls:
        return [(_TARGET_ROWS.get(name, name[row.num_controls :]), params, targets)]
    assert row.steps is not None, "u and cx are handled by themselves"
    return _placed(row.steps(*params), qubits)


def _placed(steps: Iterable[Step], qubits: Sequence[int]) -> list[Step]:
    """Return steps with the qubit i of each replaced by `qubits[i]`."""
    return [(name, params, tuple(qubits[place] for place in places)) for name, params, places in steps]


def _inverted(gate: Gate, qubits: Sequence[int]) -> list[Step]:
    """Return the steps that undo a row of the table."""
    row = GATES[gate.name]
    if row.inverse is not None:
        name, params = row.inverse(*gate.params)
        return [(name, params, tuple(qubits))]
    assert row.steps is not None, "u and cx have an inverse"
    steps = reversed(_placed(row.steps(*gate.params), qubits))
    return [undone for name, params, places in steps for undone in _inverted(Gate(name, params), places)]
