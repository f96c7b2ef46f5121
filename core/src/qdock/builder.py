"""What a circuit can be told to do besides the gates of the table: bits, variables, measurement, control flow."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Self

import numpy.typing as npt

from qdock.errors import CircuitError, LimitExceeded
from qdock.expr import BOOL, Bit, Bits, Const, Expr, Number, Type, Var, cast, lift
from qdock.gate_methods import Angle, GateMethods
from qdock.gates import Gate, check_angle
from qdock.operations import Assign, Barrier, Code, Delay, For, If, Range, Register, Switch, Variable, While
from qdock.recorder import Qubits

if TYPE_CHECKING:
    from qdock.circuit import Circuit

__all__ = ["Builder"]

MAX_BITS = 1_000_000
_NAME = re.compile(r"[^\W\d]\w{0,1023}")
_DELAY_UNITS = ("dt", "ns", "us", "ms", "s")


class Builder(GateMethods):
    """A circuit's registers and variables, and the methods that append what is no row of the table of gates."""

    def __init__(self, num_qubits: int, num_clbits: int, name: str, global_phase: Angle) -> None:
        super().__init__(0, 0)
        self.name = name
        self.metadata: dict[str, Any] = {}
        self._qregs: list[Register] = []
        self._cregs: list[Register] = []
        self._variables: dict[str, Variable] = {}
        self.global_phase = global_phase
        if _checked_size("qubit", num_qubits):
            self.add_qreg("q", num_qubits)
        if _checked_size("clbit", num_clbits):
            self.add_creg("c", num_clbits)

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
        return tuple(self._qregs)

    @property
    def cregs(self) -> tuple[Register, ...]:
        """The classical registers in order of declaration."""
        return tuple(self._cregs)

    @property
    def variables(self) -> tuple[Variable, ...]:
        """The classical variables in order of declaration."""
        return tuple(self._variables.values())

    @property
    def output_clbits(self) -> tuple[int, ...]:
        """The clbits that results show, in order."""
        return tuple(index for register in self._cregs if register.output for index in register)

    @property
    def global_phase(self) -> float | Expr:
        """Angle in radians by whose phase the circuit is multiplied each time it runs."""
        return self._global_phase

    @global_phase.setter
    def global_phase(self, angle: Angle) -> None:
        self._global_phase = check_angle("global phase", angle)

    def add_qreg(self, name: str, size: int) -> Register:
        """Add qubits at the end and return them as a register."""
        register = Register(self._checked_name(name), self._num_qubits, _checked_size("qubit", size, self._num_qubits))
        self._qregs.append(register)
        self._num_qubits += size
        return register

    def add_creg(self, name: str, size: int, output: bool = True) -> Register:
        """Add clbits at the end and return them as a register; `output` is whether results show them."""
        size = _checked_size("clbit", size, self._num_clbits)
        register = Register(self._checked_name(name), self._num_clbits, size, output)
        self._cregs.append(register)
        self._num_clbits += size
        return register

    def add_var(self, name: str, type: Type, initial: Number = 0) -> Var:
        """Declare a classical variable, which has the value `initial` when a shot begins."""
        var = Var(self._checked_name(name), type)
        value = cast(lift(initial), type)
        assert isinstance(value, Const)
        self._variables[name] = Variable(var, value.value)
        return var

    def bit(self, clbit: int) -> Bit:
        """Return the value of a clbit, for conditions and assignments."""
        return Bit(self._clbit_list("bit", clbit)[0])

    def value(self, register: Register | str) -> Bits:
        """Return the value of a classical register as an unsigned integer, its first clbit least significant."""
        if isinstance(register, str):
            found = next((item for item in self._cregs if item.name == register), None)
            if found is None:
                names = ", ".join(item.name for item in self._cregs) or "none"
                raise CircuitError(f"There is no classical register named '{register}'. The circuit has: {names}.")
            register = found
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
        arguments = [qubits] if hasattr(qubits, "__index__") else list(qubits)
        return self._append_gate(gate if isinstance(gate, Gate) else Gate(gate, tuple(params)), arguments)

    def mcx(self, controls: Sequence[int], target: Qubits) -> Self:
        """X with any number of controls."""
        return self._append_gate(_controlled(Gate("x"), len(controls)), [*controls, target])

    def mcp(self, theta: Angle, controls: Sequence[int], target: Qubits) -> Self:
        """Phase with any number of controls."""
        return self._append_gate(_controlled(Gate("p", (theta,)), len(controls)), [*controls, target])

    def unitary(self, matrix: npt.ArrayLike, qubits: Qubits) -> Self:
        """Append a gate given by its (2^k, 2^k) unitary matrix on k qubits, the first least significant."""
        return self.append(Gate("unitary", array=matrix), qubits)  # type: ignore[arg-type]  # Gate makes the array

    def gphase(self, theta: Angle) -> Self:
        """Multiply the circuit by the phase of an angle in radians."""
        angle = self._checked_angle("gphase", theta)
        self.global_phase = self.global_phase + angle
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
            self._record(Code.MEASURE, (qubits,), (clbits,))
            return self
        sources, targets = self._qubit_list("measure", qubits), self._clbit_list("measure", clbits)
        if len(sources) != len(targets):
            raise CircuitError(
                f"'measure' was given {len(sources)} qubits and {len(targets)} clbits; give as many of each."
            )
        for qubit, clbit in zip(sources, targets, strict=True):
            self._record(Code.MEASURE, (qubit,), (clbit,))
        return self

    def measure_all(self) -> Self:
        """Measure every qubit.

        The outcomes go to the circuit's clbits if there are as many as qubits and none of them has been measured
        into, otherwise to a new register ``meas``.
        """
        if self._num_clbits != self._num_qubits or len(self._clbits):
            self.add_creg(self._free_name("meas"), self._num_qubits)
        first = self._num_clbits - self._num_qubits
        return self.measure(range(self._num_qubits), range(first, self._num_clbits))

    def reset(self, qubits: Qubits) -> Self:
        """Set qubits to zero."""
        for qubit in self._qubit_list("reset", qubits):
            self._record(Code.RESET, (qubit,))
        return self

    def barrier(self, *qubits: Qubits) -> Self:
        """Keep what stands before apart from what stands after, on these qubits or on all."""
        found = [index for item in qubits for index in self._qubit_list("barrier", item)] or range(self._num_qubits)
        unique = list(dict.fromkeys(found))
        self._record(Code.BARRIER, unique, detail=Barrier(len(unique)))
        return self

    def delay(self, duration: Angle, qubits: Qubits, unit: str = "dt") -> Self:
        """Wait for a duration in dt (the device's time step), ns, us, ms or s."""
        if unit not in _DELAY_UNITS:
            raise CircuitError(f"The unit of a delay is one of {', '.join(_DELAY_UNITS)}, but {unit!r} was given.")
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
            raise CircuitError(f"'assign' sets a variable, a clbit or a register, but {target!r} was given.")
        self._checked_value(place)
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
        if variable is not None:
            self._checked_value(variable)
        self._record(Code.FOR, detail=For(variable, self._loop_values(values), self._own_block(body)))
        return self

    def switch(
        self, target: Expr, cases: Mapping[int | tuple[int, ...], Circuit], default: Circuit | None = None
    ) -> Self:
        """Run the block of the first case that lists the target's value, or the default block if none does."""
        rows = tuple((_case_values(values), self._own_block(block)) for values, block in cases.items())
        checked = self._checked_value(lift(target))
        if checked.type.kind == "float":
            raise CircuitError(f"'switch' chooses by a whole number, but '{target}' is a float.")
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
                f"'{method}' takes a condition on classical values, but {condition!r} was given. "
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
        for variable in block._variables.values():
            self._checked_value(variable.var)
        return block.copy()

    def _optional_block(self, block: Circuit | None) -> Circuit | None:
        return None if block is None else self._own_block(block)

    def _loop_values(self, values: Any) -> Range | tuple[Number, ...]:
        if isinstance(values, range):
            return Range(lift(values.start), lift(values.stop), lift(values.step))
        if isinstance(values, Range):
            bounds = (lift(values.start), lift(values.stop), lift(values.step))
            return Range(*(self._checked_value(bound) for bound in bounds))
        constants = [lift(value) for value in values]
        return tuple(item.value for item in constants if isinstance(item, Const))

    # --- names

    def _checked_name(self, name: str) -> str:
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            raise CircuitError(
                f"A register or variable has an identifier for a name, such as 'q', but {name!r} was given."
            )
        if name in self._names():
            raise CircuitError(f"The name '{name}' is taken; registers and variables need names of their own.")
        return name

    def _names(self) -> set[str]:
        return {register.name for register in (*self._qregs, *self._cregs)} | set(self._variables)

    def _free_name(self, stem: str) -> str:
        names = self._names()
        return next(name for name in (stem, *(f"{stem}{i}" for i in range(len(names) + 1))) if name not in names)


def _controlled(gate: Gate, num_controls: int) -> Gate:
    return gate.control(num_controls) if num_controls else gate


def _case_values(values: int | tuple[int, ...]) -> tuple[int, ...]:
    return tuple(int(value) for value in (values if isinstance(values, tuple) else (values,)))


def _checked_size(kind: str, size: int, present: int = 0) -> int:
    if isinstance(size, bool) or not hasattr(size, "__index__") or size < 0:
        raise CircuitError(f"The number of {kind}s must be 0 or more, but is {size!r}.")
    if present + size > MAX_BITS:
        raise LimitExceeded(f"A circuit may have {MAX_BITS} {kind}s, but {present + size} were asked for.")
    return int(size)
