"""Circuit: qubits, clbits, variables, and operations on them in flat columns; built by methods that return it."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Self, TypeVar, overload

import numpy as np
import numpy.typing as npt

from qdock.circuits import circuit_facts, circuit_json
from qdock.circuits.builder import Builder
from qdock.circuits.gate_methods import Angle
from qdock.circuits.tail import Tail
from qdock.errors import CircuitError
from qdock.expr import Bit, Bits, Const, Expr, Parameter, lift
from qdock.expressions.arithmetic import shown
from qdock.gates import check_angle
from qdock.operations import OPERATION_NAMES, Code, Delay, Detail, Operation, Range, Register, Variable

__all__ = ["Circuit", "Operation", "Range", "Register", "Variable"]

_T = TypeVar("_T")
#: Of a circuit of more operations nothing is kept: it takes memory, and working it out is little beside running it.
_KEPT_OPERATIONS = 1000
_SNAPSHOT = "snapshot"
#: Longer circuits are shown in a notebook without a drawing.
_DRAWN_OPERATIONS = 500


class Circuit(Builder):
    """A quantum circuit with classical control.

    Parameters
    ----------
    num_qubits, num_clbits : int
        Sizes of the first registers, ``q`` and ``c``; more are added with `add_qreg` and `add_creg`.
    name : str
        For people and results.
    global_phase : float or Expr
        Angle in radians by whose phase the whole circuit is multiplied.

    Raises
    ------
    CircuitError
        By every method, for what has no meaning: a qubit that does not exist or stands twice, an angle that is
        not finite. The circuit is then unchanged.

    Examples
    --------
    >>> circuit = Circuit(2, 2).h(0).cx(0, 1).measure_all()
    >>> circuit.count_ops()
    {'measure': 2, 'h': 1, 'cx': 1}
    """

    def __init__(
        self, num_qubits: int = 0, num_clbits: int = 0, *, name: str = "circuit", global_phase: Angle = 0.0
    ) -> None:
        super().__init__(num_qubits, num_clbits, name, global_phase)

    def block(self) -> Circuit:
        """Return an empty circuit on the same bits and variables, for the body of a control-flow operation."""
        block = Circuit(name=self.name)
        block._qregs, block._cregs, block._variables = self._qregs, self._cregs, self._variables
        block._has_shared_names = self._has_shared_names = True
        block._num_qubits, block._num_clbits = self._num_qubits, self._num_clbits
        return block

    # --- the whole circuit

    @property
    def parameters(self) -> frozenset[Parameter]:
        """The parameters that `bind` must give values before the circuit can run, blocks included."""
        return self.once(circuit_facts.parameters)

    def bind(self, values: Mapping[Parameter | str, Angle]) -> Circuit:
        """Return the circuit with parameters replaced by numbers or other expressions.

        Parameters
        ----------
        values : mapping of Parameter or str to float or Expr
            By parameter or by its name.

        Raises
        ------
        CircuitError
            For a parameter that the circuit does not have, or a value that is not finite.
        """
        if not isinstance(values, Mapping):
            raise CircuitError(f"'bind' takes a mapping from parameters to values, but {shown(values)} was given.")
        given: dict[Any, Expr] = {}
        known = self.parameters
        for key, value in values.items():
            parameter = Parameter(key) if isinstance(key, str) else key
            if parameter not in known:
                names = ", ".join(sorted(item.name for item in known)) or "none"
                raise CircuitError(f"The circuit has no parameter '{parameter}'. It has: {names}.")
            given[parameter] = lift(self._checked_angle(parameter.name, value))
        bound = self._mapped(self, lambda node: given.get(node, node) if isinstance(node, Parameter) else node)
        circuit_facts.check_delays(bound)
        return bound

    def compose(self, other: Circuit, qubits: Sequence[int] | None = None, clbits: Sequence[int] | None = None) -> Self:
        """Append all operations of another circuit.

        Parameters
        ----------
        other : Circuit
            A variable of the same name and type as one here is the same variable; its initial value is the one here.
        qubits, clbits : sequence of int, optional
            Where its qubits and clbits go, in order. None: to those of the same index.
        """
        if not isinstance(other, Circuit):
            raise CircuitError(f"'compose' appends a Circuit, but {shown(other)} was given.")
        qubit_map = self._bit_map("qubit", qubits, other.num_qubits, self._num_qubits)
        clbit_map = self._bit_map("clbit", clbits, other.num_clbits, self._num_clbits)
        check_angle("global phase", self._global_phase + other._global_phase)
        new = {name: variable for name, variable in other._variables.items() if self._is_new(variable)}
        self._own_names()
        self._variables.update(new)
        self._extend(other, qubit_map, clbit_map, _bit_leaf(clbit_map))
        return self

    def _is_new(self, variable: Variable) -> bool:
        """Whether a variable of another circuit is none of this one's; of the same name it must be the same."""
        name = variable.var.name
        known = self._variables.get(name)
        if known is None and self._has_name(name):
            raise CircuitError(f"The other circuit has a variable '{name}', which is the name of a register here.")
        if known is not None and known.var != variable.var:
            raise CircuitError(f"Both circuits have a variable '{name}', but of different types.")
        return known is None

    def append_operation(self, operation: Operation) -> Self:
        """Append an operation of a circuit on the same bits and variables, as iteration returns it."""
        if operation.is_gate:
            return self._append_gate(operation.gate, operation.qubits)
        qubits = self._qubit_list(operation.name, operation.qubits)
        clbits = self._clbit_list(operation.name, operation.clbits)
        self._record(Code[operation.name.upper()], qubits, clbits, operation.params, operation.detail)
        return self

    def select(self, operations: npt.ArrayLike, qubits: Sequence[int]) -> Circuit:
        """Return a circuit of some of the operations on some of the qubits; its clbits and variables are the same.

        Parameters
        ----------
        operations : (m,) array_like of int
            Which, ascending.
        qubits : sequence of int
            Qubit i of the new circuit is `qubits[i]` of this one. The operations touch no others.

        Raises
        ------
        CircuitError
            If an operation touches a qubit that is not selected.
        """
        chosen, columns = np.asarray(operations, np.intp), self.columns()
        places = np.full(self._num_qubits, -1, np.int32)
        places[self._qubit_list("select", qubits)] = np.arange(len(qubits), dtype=np.int32)
        on = places[columns.qubits[_inside(columns.qubit_start, chosen)]]
        if on.size and on.min() < 0:
            raise CircuitError("An operation that was selected touches a qubit that was not.")
        angles = _inside(columns.param_start, chosen)
        made = Circuit(len(qubits), name=self.name)
        made._cregs, made._variables, made._num_clbits = dict(self._cregs), dict(self._variables), self._num_clbits
        made._details = {
            new: made._mapped_detail(columns.details[old], places, None, None)
            for new, old in enumerate(chosen.tolist() if columns.details else ())
            if old in columns.details
        }
        made._expressions = {
            new: columns.expressions[old]
            for new, old in enumerate(angles.tolist() if columns.expressions else ())
            if old in columns.expressions
        }
        made._nesting = self._nesting
        clbits, params = columns.clbits[_inside(columns.clbit_start, chosen)], columns.params[angles]
        made._record_all(columns.code[chosen], on, clbits, params)
        return made

    def inverse(self) -> Circuit:
        """Return the circuit that undoes this one; measurement, reset and classical control have no inverse."""
        undone = self._emptied(self)
        undone.global_phase = -self.global_phase
        for operation in reversed(list(self)):
            if operation.name == "barrier":
                undone.barrier(operation.qubits)
            elif operation.name == "delay":
                undone.delay(operation.params[0], operation.qubits, _unit(operation.detail))
            elif operation.is_gate:
                undone._append_gate(operation.gate.inverse(), operation.qubits)
            else:
                raise CircuitError(f"'{operation.name}' has no inverse; only gates, barriers and delays have.")
        return undone

    def copy(self) -> Circuit:
        """Return an independent copy; what has been appended so far they share."""
        if self._has_blocks:
            return self._mapped(self, None)
        columns = self.columns()
        made = object.__new__(Circuit)
        self._has_shared_names = True
        made.__dict__ = self.__dict__.copy()
        made._tail, made._details, made._expressions = Tail(columns), self._details.copy(), self._expressions.copy()
        made.metadata = copy.deepcopy(self.metadata) if self.metadata else {}
        # What has been worked out about the one holds for the other, until either changes.
        made._known = self._known.copy()
        return made

    @property
    def _has_blocks(self) -> bool:
        return bool(self._details) and any(detail.blocks for detail in self._details.values())

    def snapshot(self) -> Circuit:
        """Return a copy for whoever changes nothing: the same one each time until this circuit changes."""
        known = self._knowledge()
        kept: Circuit | None = known.get(_SNAPSHOT)
        if kept is None or self.metadata or kept.name != self.name:
            kept = self.copy()
            # Blocks are circuits themselves, which could be changed without this one's knowledge.
            if not self.metadata and not self._has_blocks:
                known[_SNAPSHOT] = kept
        return kept

    def once(self, function: Callable[..., _T], *arguments: Any) -> _T:
        """Return ``function(circuit, *arguments)``, worked out only once as long as the circuit stays as it is.

        Parameters
        ----------
        function : callable
            Takes a circuit, of which it may keep what it likes, as nobody changes that one. Name and metadata must
            not matter to it.
        *arguments
            Hashable, and of a few values only: whatever comes back is kept beside the circuit.
        """
        known, key = self._knowledge(), (function, *arguments) if arguments else function
        if key in known:
            found, versions = known[key]
            if not versions or all(block._knowledge() is version for block, version in versions):
                return found  # type: ignore[no-any-return]  # what this function returned
        if len(self._tail.columns.code) > _KEPT_OPERATIONS:
            return function(self, *arguments)
        # Not of this circuit itself: it would refer to itself by what is kept, and outlive its last user.
        kept = self.snapshot()
        found = function(kept, *arguments)
        versions = tuple(self._versions()) if self._details else ()
        # Whoever works with the snapshot need not work it out again.
        known[key] = kept._known[key] = found, versions
        return found

    def _knowledge(self) -> dict[Any, Any]:
        """Return what has been worked out about the circuit as it is now."""
        if self._tail.code:
            self.columns()
        return self._known

    def _versions(self) -> Iterator[tuple[Circuit, dict[Any, Any]]]:
        """Yield the blocks, which are circuits that can be changed themselves, each with what changes when it does."""
        for detail in self._details.values():
            for block in detail.blocks:
                yield block, block._knowledge()
                yield from block._versions()

    def depth(self) -> int:
        """Return the length of the longest path through operations that share a bit or variable, barriers left out."""
        return circuit_facts.depth(self)

    def count_ops(self) -> dict[str, int]:
        """Return how often each operation stands in the circuit, the most frequent first; blocks count as one."""
        return circuit_facts.count_ops(self)

    def features(self) -> frozenset[str]:
        """Return what a backend must be able to do to run this, in the vocabulary of `qdock.spec.FEATURES`."""
        return self.once(circuit_facts.features)

    def draw(self, width: int | None = None) -> str:
        """Return a drawing in text, time from left to right, folded at `width` characters if given."""
        from qdock.circuits.drawing import draw

        return draw(self, width)

    def to_json(self) -> str:
        """Return the circuit as a JSON text; `from_json` is the inverse."""
        return circuit_json.dumps(self)

    @classmethod
    def from_json(cls, text: str) -> Circuit:
        """Return the circuit that `to_json` wrote; anything else is a `CircuitError`."""
        return circuit_json.loads(text, cls)

    def __len__(self) -> int:
        return len(self._tail)

    @overload
    def __getitem__(self, index: int) -> Operation: ...
    @overload
    def __getitem__(self, index: slice) -> list[Operation]: ...
    def __getitem__(self, index: int | slice) -> Operation | list[Operation]:
        position = range(len(self))[index]
        if isinstance(position, range):
            return [self[place] for place in position]
        columns = self.columns()
        qubits = slice(columns.qubit_start[position], columns.qubit_start[position + 1])
        clbits = slice(columns.clbit_start[position], columns.clbit_start[position + 1])
        angles = range(columns.param_start[position], columns.param_start[position + 1])
        return Operation(
            OPERATION_NAMES[int(columns.code[position])],
            tuple(columns.qubits[qubits].tolist()),
            tuple(columns.clbits[clbits].tolist()),
            tuple(columns.expressions.get(place, float(columns.params[place])) for place in angles),
            columns.details.get(position),
        )

    def __iter__(self) -> Iterator[Operation]:
        columns = self.columns()
        qubits, clbits = columns.qubits.tolist(), columns.clbits.tolist()
        params: list[float | Expr] = columns.params.tolist()
        for place, expression in columns.expressions.items():
            params[place] = expression
        starts = (columns.qubit_start.tolist(), columns.clbit_start.tolist(), columns.param_start.tolist())
        details = columns.details
        q = c = p = 0
        for index, (code, *ends) in enumerate(
            zip(columns.code.tolist(), *(start[1:] for start in starts), strict=True)
        ):
            on, to, angles = tuple(qubits[q : ends[0]]), tuple(clbits[c : ends[1]]), tuple(params[p : ends[2]])
            q, c, p = ends
            yield Operation(OPERATION_NAMES[code], on, to, angles, details.get(index))

    def __eq__(self, other: object) -> bool:
        """Whether both have the same bits, variables, operations and global phase; names don't matter."""
        if not isinstance(other, Circuit):
            return NotImplemented
        names = (self.qregs, self.cregs, self.variables) == (other.qregs, other.cregs, other.variables)
        return names and circuit_facts.has_same_operations(self, other)

    __hash__ = None  # type: ignore[assignment]  # A circuit can change.

    def __repr__(self) -> str:
        return f"<Circuit '{self.name}': {self._num_qubits} qubits, {self._num_clbits} clbits, {len(self)} operations>"

    def __str__(self) -> str:
        return self.draw()

    def _repr_html_(self) -> str:
        from html import escape

        # A notebook would hang on the drawing of a long one.
        text = self.draw() if len(self) <= _DRAWN_OPERATIONS else repr(self)
        return f'<pre style="line-height: 1.15; overflow-x: auto; white-space: pre">{escape(text)}</pre>'

    def __getstate__(self) -> dict[str, Any]:
        columns = self.columns()
        flat = [column.tobytes() for column in (columns.code, columns.qubits, columns.clbits, columns.params)]
        return {**self.__dict__, "_tail": flat, "_known": {}}

    def __setstate__(self, state: dict[str, Any]) -> None:
        code, qubits, clbits, params = state["_tail"]
        tail = Tail().with_arrays(code, qubits, clbits, params, state["_details"], state["_expressions"])
        self.__dict__.update(state, _tail=tail)

    def __copy__(self) -> Circuit:
        return self.copy()

    def __deepcopy__(self, memo: dict[int, Any]) -> Circuit:
        return self.copy()

    # --- copies

    def _emptied(self, other: Circuit) -> Circuit:
        """Return a circuit with the bits, variables, name and metadata of another, and no operation."""
        made = other.block()
        made.name, made.metadata = other.name, copy.deepcopy(other.metadata)
        return made

    def _mapped(self, other: Circuit, leaf: Callable[[Expr], Expr] | None) -> Circuit:
        """Return a copy of another circuit with `leaf` applied to the leaves of its expressions."""
        made = self._emptied(other)
        made._extend(other, None, None, leaf)
        return made

    def _extend(
        self,
        other: Circuit,
        qubit_map: npt.NDArray[np.int32] | None,
        clbit_map: npt.NDArray[np.int32] | None,
        leaf: Callable[[Expr], Expr] | None,
    ) -> None:
        """Append another circuit's columns, with its bits renumbered and the leaves of its expressions replaced."""
        phase, columns = other._global_phase, other.columns()
        self.gphase(phase if leaf is None or not isinstance(phase, Expr) else phase.replace(leaf))
        first_operation, first_param = len(self._tail), self._tail.num_params
        self._nesting = max(self._nesting, other._nesting)
        for index, detail in columns.details.items():
            self._details[first_operation + index] = self._mapped_detail(detail, qubit_map, clbit_map, leaf)
        params = columns.params
        if columns.expressions and leaf is not None:
            params = params.copy()
        for place, expression in columns.expressions.items():
            mapped = expression if leaf is None else expression.replace(leaf)
            if isinstance(mapped, Const):
                params[place] = float(mapped.value)
            else:
                self._expressions[first_param + place] = mapped
        qubits, clbits = _renumbered(columns.qubits, qubit_map), _renumbered(columns.clbits, clbit_map)
        self._record_all(columns.code, qubits, clbits, params)

    def _mapped_detail(
        self, detail: Detail, qubit_map: Any, clbit_map: Any, leaf: Callable[[Expr], Expr] | None
    ) -> Detail:
        """Return a detail with its blocks copied to this circuit's bits and its expressions mapped."""

        def expression(node: Expr) -> Any:
            return node if leaf is None else node.replace(leaf)

        def block(inner: Circuit) -> Circuit:
            made = self.block()
            made._extend(inner, qubit_map, clbit_map, leaf)
            return made

        return detail.mapped(expression, block)

    def _bit_map(self, kind: str, given: Sequence[int] | None, needed: int, available: int) -> Any:
        if given is None:
            if needed > available:
                raise CircuitError(f"The circuit to compose has {needed} {kind}s, but this one has {available}.")
            return None
        found = self._qubit_list("compose", given) if kind == "qubit" else self._clbit_list("compose", given)
        if len(found) != needed or len(set(found)) != needed:
            raise CircuitError(
                f"The circuit to compose has {needed} {kind}s; give as many different ones, not {found}."
            )
        return np.array(found, dtype=np.int32)


def _renumbered(column: npt.NDArray[np.int32], places: npt.NDArray[np.int32] | None) -> npt.NDArray[np.int32]:
    return column if places is None else places[column]


def _inside(starts: npt.NDArray[np.int64], chosen: npt.NDArray[np.intp]) -> npt.NDArray[np.int64]:
    """Return the positions, in a flat column, of what belongs to the chosen operations."""
    sizes = starts[chosen + 1] - starts[chosen]
    ends = np.cumsum(sizes)
    return np.repeat(starts[chosen] - ends + sizes, sizes) + np.arange(ends[-1] if len(ends) else 0)


def _unit(detail: Detail | None) -> str:
    assert isinstance(detail, Delay)
    return detail.unit


def _bit_leaf(clbit_map: npt.NDArray[np.int32] | None) -> Callable[[Expr], Expr] | None:
    """Return what renumbers the clbits of an expression, or None if they keep their numbers."""
    if clbit_map is None:
        return None

    def leaf(node: Expr) -> Expr:
        if isinstance(node, Bit):
            return Bit(int(clbit_map[node.index]))
        if isinstance(node, Bits):
            return Bits(tuple(int(clbit_map[index]) for index in node.indices))
        return node

    return leaf
