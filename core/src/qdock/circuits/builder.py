"""What a circuit can be told to do besides the gates of the table: bits, variables, measurement, control flow."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from itertools import chain
from typing import TYPE_CHECKING, Any, Self

import numpy.typing as npt

from qdock.circuits import circuit_facts
from qdock.circuits.gate_methods import Angle, GateMethods
from qdock.circuits.recorder import Qubits, items
from qdock.errors import CircuitError, LimitExceeded
from qdock.expr import BOOL, Bit, Bits, Const, Expr, Number, Type, Var, cast, lift
from qdock.expressions.arithmetic import shown, whole
from qdock.gates import GATES, Gate
from qdock.operations import Assign, Barrier, Code, Delay, For, If, Range, Register, Switch, Variable, While

if TYPE_CHECKING:
    from qdock.circuit import Circuit

__all__ = ["Builder"]

MAX_BITS = 1_000_000
_NAME = re.compile(r"[^\W\d]\w{0,1023}")
_RESET = int(Code.RESET)
_DELAY_UNITS = ("dt", "ns", "us", "ms", "s")


class Builder(GateMethods):
    """A circuit's registers and variables, and the methods that append what is no row of the table of gates."""

    def __init__(self, num_qubits: int, num_clbits: int, name: str, global_phase: Angle) -> None:
        super().__init__(_checked_size("qubit", num_qubits), _checked_size("clbit", num_clbits))
        if not isinstance(name, str):
            raise CircuitError(f"The name of a circuit is a text, but {shown(name)} was given.")
        self.name = name
        self.metadata: dict[str, Any] = {}
        self._qregs = _first_registers("q", self._num_qubits)
        self._cregs = _first_registers("c", self._num_clbits)
        self._variables: dict[str, Variable] = {}
        # All circuits of one size begin with the same registers.
        self._has_shared_names = True
        self.global_phase = global_phase

    # --- bits and variables

    @property
    def num_qubits(self) -> int:
        """How many qubits there are."""
        return self._num_qubits

    @property
    def num_clbits(self) -> int:
        """How many clbits there are."""
        return self._num_clbits

    @property
    def qregs(self) -> tuple[Register, ...]:
        """The quantum registers in order of declaration."""
        return tuple(self._qregs.values())

    @property
    def cregs(self) -> tuple[Register, ...]:
        """The classical registers in order of declaration."""
        return tuple(self._cregs.values())

    @property
    def variables(self) -> tuple[Variable, ...]:
        """The classical variables in order of declaration."""
        return tuple(self._variables.values())

    @property
    def output_clbits(self) -> tuple[int, ...]:
        """The clbits that results show, in order."""
        return tuple(chain.from_iterable(register for register in self._cregs.values() if register.output))

    @property
    def global_phase(self) -> float | Expr:
        """Angle in radians by whose phase the circuit is multiplied each time it runs."""
        return self._global_phase

    @global_phase.setter
    def global_phase(self, angle: Angle) -> None:
        self._global_phase = self._checked_angle("global phase", angle)
        self._known = {}

    def add_qreg(self, name: str, size: int) -> Register:
        """Add qubits at the end and return them as a register."""
        size = _checked_size("qubit", size, self._num_qubits)
        register = Register(self._checked_name(name), self._num_qubits, size)
        self._own_names()
        self._qregs[name] = register
        self._num_qubits += register.size
        return register

    def add_creg(self, name: str, size: int, output: bool = True) -> Register:
        """Add clbits at the end and return them as a register; `output` is whether results show them."""
        size = _checked_size("clbit", size, self._num_clbits)
        register = Register(self._checked_name(name), self._num_clbits, size, bool(output))
        self._own_names()
        self._cregs[name] = register
        self._num_clbits += register.size
        return register

    def add_var(self, name: str, type: Type, initial: Const | Number = 0) -> Var:
        """Declare a classical variable, which has the value `initial`, cast to its type, when a shot begins."""
        if not isinstance(type, Type):
            raise CircuitError(
                f"The type of a variable is BOOL, FLOAT, Uint(n), Int(n) or Angle(n), not {shown(type)}."
            )
        var = Var(self._checked_name(name), type)
        value = cast(lift(initial, type), type)
        if not isinstance(value, Const):
            raise CircuitError(f"The initial value of '{name}' must be a number, but is '{value}'. Use assign for it.")
        self._own_names()
        self._variables[name] = Variable(var, value.value)
        return var

    def bit(self, clbit: int) -> Bit:
        """Return the value of a clbit, for conditions and assignments."""
        found = self._clbit_list("bit", clbit)
        if len(found) != 1:
            raise CircuitError(
                f"'bit' is the value of one clbit, but {shown(clbit)} was given; use 'value' for several."
            )
        return Bit(found[0])

    def value(self, register: Register | Sequence[int] | str) -> Bits:
        """Return the value of a classical register as an unsigned integer, its first clbit least significant."""
        if isinstance(register, str):
            if register not in self._cregs:
                names = ", ".join(self._cregs) or "none"
                raise CircuitError(f"There is no classical register named '{register}'. The circuit has: {names}.")
            register = self._cregs[register]
        return Bits(tuple(self._clbit_list("value", register)))

    # --- gates that are no row of the table

    def append(self, gate: str | Gate, qubits: Qubits, params: Sequence[Angle] = ()) -> Self:
        """Append a gate by name, or one with controls or a power.

        Parameters
        ----------
        gate : str or Gate
            A name of `qdock.gates.GATES`, or a `Gate`, which has its angles already.
        qubits : int or sequence
            As many as the gate takes, controls first; each may be a list, which applies the gate to each in turn.
        params : sequence of float or Expr
            The angles, with a name.
        """
        row = _ROWS.get(gate) if type(gate) is str else None
        if row is not None and type(qubits) in _LISTS and type(params) in _LISTS:
            code, num_qubits, num_params = row
            on: Any = qubits
            if len(on) == num_qubits and len(params) == num_params:
                # Nearly all gates are of these three forms.
                if num_qubits == 1 and num_params == 1:
                    return self._turn(code, params[0], on[0])
                if num_qubits == 2 and not num_params:
                    return self._two(code, on[0], on[1])
                if num_qubits == 1 and not num_params:
                    return self._one(code, on[0])
                return self._broadcast(code, on, params)
        arguments = qubits if isinstance(qubits, (list, tuple)) else list(items(qubits))
        return self._append_gate(_gate(gate, params, len(arguments)), arguments)

    def mcx(self, controls: Qubits, target: Qubits) -> Self:
        """X with any number of controls."""
        found = self._qubit_list("mcx", controls)
        return self._append_gate(_gate("mcx", (), len(found) + 1), [*found, target])

    def mcp(self, theta: Angle, controls: Qubits, target: Qubits) -> Self:
        """Phase with any number of controls."""
        found = self._qubit_list("mcp", controls)
        return self._append_gate(_gate("mcp", (theta,), len(found) + 1), [*found, target])

    def unitary(self, matrix: npt.ArrayLike, qubits: Qubits) -> Self:
        """Append a gate given by its (2^k, 2^k) unitary matrix on k qubits, the first least significant."""
        return self.append(Gate("unitary", array=matrix), qubits)  # type: ignore[arg-type]  # Gate makes the array

    def gphase(self, theta: Angle) -> Self:
        """Multiply the circuit by the phase of an angle in radians."""
        angle = self._checked_angle("gphase", theta)
        if angle != 0:
            self.global_phase = angle if self._global_phase == 0 else self._global_phase + angle
        return self

    # --- what is no gate

    def measure(self, qubits: Qubits, clbits: Qubits) -> Self:
        """Measure qubits into as many clbits."""
        if (
            type(qubits) is int
            and type(clbits) is int
            and 0 <= qubits < self._num_qubits
            and 0 <= clbits < self._num_clbits
        ):
            self._record_measurements([qubits], [clbits])
            return self
        sources, targets = self._qubit_list("measure", qubits), self._clbit_list("measure", clbits)
        if len(sources) != len(targets):
            raise CircuitError(
                f"'measure' was given {len(sources)} qubits and {len(targets)} clbits; give as many of each."
            )
        self._record_measurements(sources, targets)
        return self

    def measure_all(self) -> Self:
        """Measure every qubit.

        The outcomes go to the circuit's clbits if there are as many as qubits, results show them all and no
        operation has touched them, otherwise to a new register ``meas``.
        """
        if not self._num_qubits:
            return self
        shown = self._num_clbits == self._num_qubits and all(register.output for register in self.cregs)
        if not shown or self._touches_clbits():
            self.add_creg(self._free_name("meas"), self._num_qubits)
        first = self._num_clbits - self._num_qubits
        self._record_measurements([*range(self._num_qubits)], [*range(first, self._num_clbits)])
        return self

    def _touches_clbits(self) -> bool:
        if self._details or self._expressions:
            return bool(circuit_facts.bits_used(self)[1])
        return len(self._tail.clbits) + len(self._tail.columns.clbits) > 0

    def reset(self, qubits: Qubits) -> Self:
        """Set qubits to zero."""
        return self._one(_RESET, qubits)

    def barrier(self, *qubits: Qubits) -> Self:
        """Keep what stands before apart from what stands after, on these qubits or on all."""
        found = [index for item in qubits or (range(self._num_qubits),) for index in self._qubit_list("barrier", item)]
        unique = list(dict.fromkeys(found))
        self._record(Code.BARRIER, unique, detail=Barrier(len(unique)))
        return self

    def delay(self, duration: Angle, qubits: Qubits, unit: str = "dt") -> Self:
        """Wait for a duration in dt (the device's time step), ns, us, ms or s."""
        if not isinstance(unit, str) or unit not in _DELAY_UNITS:
            raise CircuitError(f"The unit of a delay is one of {', '.join(_DELAY_UNITS)}, but {shown(unit)} was given.")
        length = self._checked_angle("delay", duration)
        if not isinstance(length, Expr) and length < 0:
            raise CircuitError(f"A delay must not be negative, but {length} was given.")
        for qubit in self._qubit_list("delay", qubits):
            self._record(Code.DELAY, (qubit,), params=(length,), detail=Delay(unit))
        return self

    def assign(self, target: Var | Bit | Bits | Register, value: Expr | Number) -> Self:
        """Set a variable, a clbit or a register to the value of an expression, cast to its type."""
        place = self.value(target) if isinstance(target, Register) else target
        if not isinstance(place, (Var, Bit, Bits)):
            raise CircuitError(f"'assign' sets a variable, a clbit or a register, but {shown(target)} was given.")
        self._checked_value(place)
        if isinstance(place, Bits) and len(set(place.indices)) != len(place.indices):
            raise CircuitError(f"'assign' sets each clbit once, but '{place}' has one twice.")
        detail = Assign(place, cast(self._checked_value(lift(value, place.type)), place.type))
        self._record(Code.ASSIGN, detail=detail)
        return self

    # --- control flow

    def if_(self, condition: Expr | bool, then: Circuit, otherwise: Circuit | None = None) -> Self:
        """Run a block if a condition holds, and another one, if given, if it does not."""
        detail = If(self._condition("if_", condition), self._own_block(then), self._optional_block(otherwise))
        self._record(Code.IF, detail=detail)
        return self

    def while_(self, condition: Expr | bool, body: Circuit) -> Self:
        """Run a block as long as a condition holds before it."""
        self._record(Code.WHILE, detail=While(self._condition("while_", condition), self._own_block(body)))
        return self

    def for_(self, variable: Var | None, values: range | Range | Sequence[Number], body: Circuit) -> Self:
        """Run a block once for each value, which `variable`, if given, holds meanwhile.

        Parameters
        ----------
        variable : Var, optional
            Declared with `add_var`.
        values : range, Range or sequence of numbers
            A `Range` has expressions as bounds; they are evaluated once, when the loop begins.
        body : Circuit
            Made with `block`.
        """
        if not isinstance(variable, (Var, type(None))):
            raise CircuitError(
                f"The variable of 'for_' is one made with add_var, or None, but {shown(variable)} was given."
            )
        if variable is not None:
            self._checked_value(variable)
        kind = None if variable is None else variable.type
        self._record(Code.FOR, detail=For(variable, self._loop_values(values, kind), self._own_block(body)))
        return self

    def switch(
        self, target: Expr, cases: Mapping[int | tuple[int, ...], Circuit], default: Circuit | None = None
    ) -> Self:
        """Run the block of the first case that lists the target's value, or the default block if none does."""
        if not isinstance(cases, Mapping):
            raise CircuitError(
                f"The cases of 'switch' are a mapping from values to blocks, but {shown(cases)} was given."
            )
        checked = self._checked_value(lift(target))
        if checked.type.kind == "float":
            raise CircuitError(f"'switch' chooses by a whole number, but '{target}' is a float.")
        rows = tuple((_case_values(values), self._own_block(block)) for values, block in cases.items())
        listed = [value for values, _ in rows for value in values]
        if len(set(listed)) != len(listed):
            twice = next(value for value in listed if listed.count(value) > 1)
            raise CircuitError(f"'switch' has two cases for the value {twice}; only the first could ever run.")
        self._record(Code.SWITCH, detail=Switch(checked, rows, self._optional_block(default)))
        return self

    def break_(self) -> Self:
        """Leave the innermost loop."""
        self._record(Code.BREAK)
        return self

    def continue_(self) -> Self:
        """Go on with the next round of the innermost loop."""
        self._record(Code.CONTINUE)
        return self

    def end(self) -> Self:
        """End the shot."""
        self._record(Code.END)
        return self

    def _condition(self, method: str, condition: Expr | bool) -> Expr:
        if not isinstance(condition, Expr):
            raise CircuitError(
                f"'{method}' takes a condition on classical values, but {shown(condition)} was given. "
                "Comparisons in a circuit are methods: circuit.bit(0).eq(1), not circuit.bit(0) == 1."
            )
        return cast(self._checked_value(condition), BOOL)

    def _checked_value(self, value: Expr) -> Expr:
        """Return an expression whose clbits and variables all exist."""
        for var in value.variables:
            known = self._variables.get(var.name)
            if known is None or known.var != var:
                raise CircuitError(f"The circuit has no variable '{var.name}' of type {var.type}; add it with add_var.")
        return super()._checked_expression(value)

    def _checked_expression(self, expression: Expr) -> Expr:
        return self._checked_value(expression)

    def _own_block(self, block: Circuit) -> Circuit:
        if not isinstance(block, Builder):
            raise CircuitError(
                f"The body of a control-flow operation is a Circuit, but {type(block).__name__} was given."
            )
        if block is self:
            raise CircuitError("A circuit can't be a block of itself; make the body with circuit.block().")
        if block.num_qubits > self._num_qubits or block.num_clbits > self._num_clbits:
            raise CircuitError(
                f"A block may use the circuit's {self._num_qubits} qubits and {self._num_clbits} clbits, "
                f"but has {block.num_qubits} and {block.num_clbits}. Make it with circuit.block()."
            )
        if block._variables is not self._variables:
            for variable in block._variables.values():
                self._checked_value(variable.var)
        return block.copy()

    def _optional_block(self, block: Circuit | None) -> Circuit | None:
        return None if block is None else self._own_block(block)

    def _loop_values(self, values: Any, kind: Type | None) -> Range | tuple[Number, ...]:
        """Return what a loop runs over; listed values are cast to the type of its variable."""
        if isinstance(values, (range, Range)):
            start, stop, step = (self._checked_value(lift(item)) for item in (values.start, values.stop, values.step))
            return _checked_range(start, stop, step, kind)
        if isinstance(values, (str, bytes)) or not isinstance(values, Iterable):
            raise CircuitError(
                f"'for_' runs over a range, a Range or a list of numbers, but {shown(values)} was given."
            )
        found = [lift(value, kind) if kind is None else cast(lift(value, kind), kind) for value in values]
        for value in found:
            if not isinstance(value, Const):
                raise CircuitError(f"'for_' lists numbers, but '{value}' is known only at run time; use a Range.")
        return tuple(value.value for value in found if isinstance(value, Const))

    # --- names

    def _own_names(self) -> None:
        """Copy the registers and variables before a change if others share them."""
        self._known = {}
        if self._has_shared_names:
            self._qregs, self._cregs = dict(self._qregs), dict(self._cregs)
            self._variables = dict(self._variables)
            self._has_shared_names = False

    def _qubit_list(self, name: str, argument: Any) -> list[int]:
        if isinstance(argument, Register) and self._cregs.get(argument.name) == argument:
            raise CircuitError(f"'{name}' takes qubits here, but '{argument.name}' is a register of clbits.")
        return super()._qubit_list(name, argument)

    def _clbit_list(self, name: str, argument: Any) -> list[int]:
        if isinstance(argument, Register) and self._qregs.get(argument.name) == argument:
            raise CircuitError(f"'{name}' takes clbits here, but '{argument.name}' is a register of qubits.")
        return super()._clbit_list(name, argument)

    def _checked_name(self, name: str) -> str:
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            raise CircuitError(
                f"A register or variable has an identifier for a name, such as 'q', but {shown(name)} was given."
            )
        if self._has_name(name):
            raise CircuitError(f"The name '{name}' is taken; registers and variables need names of their own.")
        return name

    def _has_name(self, name: str) -> bool:
        return name in self._qregs or name in self._cregs or name in self._variables

    def _free_name(self, stem: str) -> str:
        # One by one: there may be as many names as bits, and the first one is nearly always free.
        names = (f"{stem}{number}" for number in range(MAX_BITS))
        return next(name for name in chain((stem,), names) if not self._has_name(name))


_ROWS = {name: (row.code, row.num_qubits, row.num_params) for name, row in GATES.items()}
_LISTS = (tuple, list)

#: Gates with as many controls as they are given qubits, and what they do to the last one.
_MANY_CONTROLS = {"mcx": "x", "mcp": "p", "mcphase": "p"}


def _gate(gate: str | Gate, params: Any, num_qubits: int) -> Gate:
    """Return what `append` was asked for as a gate."""
    if isinstance(gate, Gate):
        if not isinstance(params, (list, tuple)) or params:
            raise CircuitError(
                f"'{gate.label}' was given with the angles {shown(params)}, but a Gate has its angles already."
            )
        return gate
    if not isinstance(gate, str) or gate not in _MANY_CONTROLS:
        return Gate(gate, params)
    base = Gate(_MANY_CONTROLS[gate], params)
    return base.control(num_qubits - 1) if num_qubits > 1 else base


def _case_values(values: Any) -> tuple[int, ...]:
    listed = values if isinstance(values, tuple) else (values,)
    found = [int(value) if isinstance(value, bool) else whole(value) for value in listed]
    if None in found:
        raise CircuitError(f"A case of 'switch' is a whole number or a tuple of them, but {shown(values)} was given.")
    return tuple(value for value in found if value is not None)


def _checked_range(start: Expr, stop: Expr, step: Expr, kind: Type | None) -> Range:
    for bound in (start, stop, step):
        if not (bound.type.is_integer or bound.type == BOOL):
            raise CircuitError(
                f"The bounds of a Range are integers, but '{bound}' is of type {bound.type}; use a cast."
            )
    if isinstance(step, Const) and not step.value:
        raise CircuitError("A loop can't go in steps of 0.")
    if kind is not None and kind.kind in ("bool", "angle"):
        raise CircuitError(f"A loop over a range counts in an integer or a float, but its variable is of type {kind}.")
    return Range(start, stop, step)


@lru_cache(maxsize=64)
def _first_registers(name: str, size: int) -> dict[str, Register]:
    return {name: Register(name, 0, size)} if size else {}


def _checked_size(kind: str, size: Any, present: int = 0) -> int:
    count = size if type(size) is int else whole(size)
    if count is None or count < 0:
        raise CircuitError(f"The number of {kind}s must be 0 or more, but is {shown(size)}.")
    if present + count > MAX_BITS:
        raise LimitExceeded(f"A circuit may have {MAX_BITS} {kind}s, but {shown(present + count)} were asked for.")
    return count
