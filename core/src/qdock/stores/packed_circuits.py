"""Circuits as a few arrays: the plain operations of all of them in columns, and what is left as JSON values.

What the columns alone say of an operation stands in arrays, one circuit after the other: gates of the table whose
angles are numbers, measurements, resets. Operations with expressions, blocks, modifiers or other details are rows of
JSON as `Circuit.to_json` has them, each with the number of plain operations before it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import msgspec
import numpy as np
import numpy.typing as npt

from qdock.circuit import Circuit
from qdock.circuits import circuit_json as form
from qdock.errors import CircuitError, LimitExceeded
from qdock.expr import Expr
from qdock.operations import NUM_CLBITS, NUM_PARAMS, NUM_QUBITS, OPERATION_NAMES, Code, Columns

__all__ = ["MAX_CIRCUITS", "pack_circuits", "unpack_circuits"]

VERSION = 1
MAX_CIRCUITS = 100_000

_Array = npt.NDArray[Any]
#: Of each circuit the number of its head, how many plain operations it has, and its global phase; and the columns.
_ARRAYS = {"head": "u", "length": "u", "phase": "f", "code": "u", "qubits": "u", "clbits": "u", "params": "f"}
_SIZES = np.array([NUM_QUBITS, NUM_CLBITS, NUM_PARAMS])
#: Names of the operations of which the columns say everything if their angles are numbers, and their codes.
_CODES = {
    name: code
    for code, name in OPERATION_NAMES.items()
    if code < Code.MODIFIED or code in (Code.MEASURE, Code.RESET, Code.BREAK, Code.CONTINUE, Code.END)
}


class _Flat(NamedTuple):
    """Plain operations; how many qubits, clbits and angles each has, its code says."""

    code: _Array
    qubits: _Array
    clbits: _Array
    params: _Array


# --- write


def pack_circuits(circuits: Sequence[Circuit]) -> tuple[dict[str, Any], dict[str, _Array]]:
    """Return circuits as JSON values and arrays.

    Raises
    ------
    CircuitError, LimitExceeded
        If the metadata of one can't be written as JSON, or there are too many.
    """
    _check_number(len(circuits))
    heads, flats, rest = _Heads(), list[Columns | _Flat](), list[Any]()
    phases = [circuit.global_phase for circuit in circuits]
    for number, (circuit, phase) in enumerate(zip(circuits, phases, strict=True)):
        heads.add(circuit)
        columns = circuit.columns()
        if columns.details or columns.expressions or type(phase) is not float:
            flat, more = _apart(circuit)
            flats.append(flat)
            rest.append([number, more])
        else:
            flats.append(columns)
    # Made in the type in which they are kept: large arrays that go again at once cost more than what is in them.
    joined = {
        name: np.concatenate([getattr(flat, name) for flat in flats], dtype=kind, casting="unsafe")
        for name, kind in heads.kinds().items()
    }
    names = [[code, OPERATION_NAMES[code]] for code in _codes(joined["code"])]
    arrays = {
        "head": _narrow(np.array(heads.places, np.int64)),
        "length": _narrow(np.array([len(flat.code) for flat in flats], np.int64)),
        "phase": np.array([_number(phase) for phase in phases], np.float64),
        **joined,
    }
    return {"version": VERSION, "heads": heads.documents, "names": names, "rest": rest}, arrays


def _check_number(circuits: int) -> None:
    if circuits > MAX_CIRCUITS:
        raise LimitExceeded(f"There are {circuits:,} packed circuits; the limit is {MAX_CIRCUITS:,}.")


class _Heads:
    """What circuits are besides their operations, which is the same for most circuits of a list."""

    def __init__(self) -> None:
        self.documents: list[dict[str, Any]] = []
        self.places: list[int] = []
        self._known: dict[Any, int] = {}
        self._last: Any = None
        self._place = 0

    def add(self, circuit: Circuit) -> None:
        """Note the head of the next circuit."""
        head = (circuit.name, circuit.qregs, circuit.cregs, circuit.variables, form.checked_metadata(circuit))
        # Comparing costs less than looking it up.
        if head != self._last:
            self._last, self._place = head, self._known.setdefault(head, len(self.documents))
            if self._place == len(self.documents):
                self.documents.append(form.head_to_dict(circuit))
        self.places.append(self._place)

    def kinds(self) -> dict[str, np.dtype[Any]]:
        """Return the columns' types: bits in the smallest in which the number of any of them can be."""
        most = {
            name: max((sum(size for _, size, *_ in head[registers]) for head in self.documents), default=0)
            for name, registers in (("qubits", "qregs"), ("clbits", "cregs"))
        }
        bits = {name: np.min_scalar_type(number) for name, number in most.items()}
        return {"code": np.dtype(np.uint8), **bits, "params": np.dtype(np.float64)}


def _apart(circuit: Circuit) -> tuple[_Flat, dict[str, Any]]:
    """Return the plain operations of a circuit, and what is left of it as JSON values."""
    columns = circuit.columns()
    of_expressions = np.searchsorted(columns.param_start, list(columns.expressions), "right") - 1
    plain = np.ones(len(columns.code), bool)
    plain[[*columns.details, *of_expressions.tolist()]] = False
    flat = _Flat(
        columns.code[plain],
        columns.qubits[np.repeat(plain, np.diff(columns.qubit_start))],
        columns.clbits[np.repeat(plain, np.diff(columns.clbit_start))],
        columns.params[np.repeat(plain, np.diff(columns.param_start))],
    )
    blocks: list[Any] = []
    places, before = np.flatnonzero(~plain), np.cumsum(plain)
    operations = [[int(before[place]), form.write_row(circuit[place], blocks)] for place in places.tolist()]
    phase = form.write_angle(circuit.global_phase)
    return flat, {"global_phase": phase, "blocks": blocks, "operations": operations}


def _number(phase: float | Expr) -> float:
    return 0.0 if isinstance(phase, Expr) else phase


def _codes(column: _Array) -> list[int]:
    """Return the codes in a column: there are few, so removing one after the other takes less than counting them."""
    found, rest = list[int](), column.tobytes()
    while rest:
        found.append(rest[0])
        rest = rest.translate(None, rest[:1])
    return sorted(found)


def _narrow(array: _Array) -> _Array:
    """Return numbers of at least 0 in the smallest type that holds them all."""
    return array.astype(np.min_scalar_type(int(array.max(initial=0))))


# --- read


class _Rest(msgspec.Struct, forbid_unknown_fields=True):
    """What the arrays don't say of a circuit."""

    global_phase: float | form.Postfix
    blocks: list[form.Body]
    operations: list[tuple[int, list[Any]]]


class _Document(msgspec.Struct, forbid_unknown_fields=True):
    version: int
    heads: list[form.Head]
    names: list[tuple[int, str]]
    rest: list[tuple[int, _Rest]]


def unpack_circuits(value: Any, arrays: Mapping[str, _Array]) -> list[Circuit]:
    """Return the circuits that `pack_circuits` made these of.

    Raises
    ------
    CircuitError, LimitExceeded
        For anything else: every operation keeps the rules of the builder.
    """
    document = _checked_document(value)
    heads, lengths, phases, *columns = (_checked_array(name, kind, arrays) for name, kind in _ARRAYS.items())
    circuits = _empty_circuits(document.heads, heads)
    if not len(heads) == len(lengths) == len(phases):
        raise CircuitError(f"The packed circuits are {len(heads)}, {len(lengths)} and {len(phases)} at once.")
    operations = _Operations(document.names, _Flat(*columns))
    operations.check(circuits, lengths)
    rest, start = dict(document.rest), 0
    if len(rest) != len(document.rest):
        raise CircuitError("The packed circuits say something of a circuit twice.")
    for number, (circuit, phase, length) in enumerate(zip(circuits, phases.tolist(), lengths.tolist(), strict=True)):
        more = rest.pop(number, None) or _Rest(phase, [], [])
        _fill(circuit, f"circuit {number}", operations, range(start, start + length), more)
        start += length
    if rest:
        raise CircuitError(f"The packed circuits say something of circuit {min(rest)}, which is not there.")
    return circuits


def _checked_document(value: Any) -> _Document:
    version = value.get("version") if isinstance(value, dict) else None
    if version != VERSION:
        raise CircuitError(f"These are packed circuits of version {version!r}; what can be read is {VERSION}.")
    try:
        return msgspec.convert(value, _Document)
    except msgspec.ValidationError as error:
        raise CircuitError(f"These are no packed circuits: {error}.") from None


def _checked_array(name: str, kind: str, arrays: Mapping[str, _Array]) -> _Array:
    array = arrays.get(name)
    if array is None or array.ndim != 1 or array.dtype.kind != kind:
        raise CircuitError(f"The packed circuits have no '{name}', or one that is no list of numbers of its kind.")
    return array


def _empty_circuits(heads: Sequence[form.Head], places: _Array) -> list[Circuit]:
    """Return circuits without operations."""
    _check_number(len(places))
    if len(heads) > len(places):
        raise CircuitError(f"There are {len(heads)} heads of {len(places)} packed circuits.")
    if len(places) and places.max() >= len(heads):
        raise CircuitError(f"The packed circuits have {len(heads)} heads, but refer to number {places.max()}.")
    made = [form.read_head(head, Circuit) for head in heads]
    for circuit in made:
        # Copies of a circuit that has its columns cost least.
        circuit.columns()
    return [made[place].copy() for place in places.tolist()]


class _Operations:
    """The plain operations of all circuits."""

    def __init__(self, names: Sequence[tuple[int, str]], flat: _Flat) -> None:
        self._code = _translated(names, flat.code)
        self._flat = flat
        self._sizes = _SIZES.take(self._code, axis=1)
        self._starts = np.zeros((len(_SIZES), len(self._code) + 1), np.int64)
        self._sizes.cumsum(axis=1, out=self._starts[:, 1:])
        for name, start in zip(_Flat._fields[1:], self._starts, strict=True):
            if len(getattr(flat, name)) != start[-1]:
                raise CircuitError(f"The packed operations take {start[-1]} {name}, but there are more or fewer.")

    def check(self, circuits: Sequence[Circuit], lengths: _Array) -> None:
        """Raise what the builder says of the first operation that it would not take."""
        # Each first: the sum of what is damaged could be too large for its type, and be right by that.
        if lengths.max(initial=0) > len(self._code) or lengths.sum() != len(self._code):
            raise CircuitError(f"There are {len(self._code)} packed operations, but the circuits have more or fewer.")
        wrong = self._out_of_range(circuits, lengths) | self._has_twice() | self._is_infinite()
        if wrong.any():
            index = int(wrong.argmax())
            number = int(np.searchsorted(np.cumsum(lengths), index, "right"))
            place = index - int(lengths[:number].sum())
            _append_row(circuits[number], f"Plain operation {place} of circuit {number}", self._row(index), [])

    def _out_of_range(self, circuits: Sequence[Circuit], lengths: _Array) -> npt.NDArray[np.bool_]:
        counts = np.array([(circuit.num_qubits, circuit.num_clbits) for circuit in circuits]).reshape(-1, 2).T
        wrong = np.zeros(len(self._code), bool)
        for column, sizes, count in zip(self._flat[1:3], self._sizes, counts, strict=False):
            limits = np.repeat(np.repeat(count, lengths.astype(np.int64)), sizes)
            wrong[self._of(sizes)[column >= limits]] = True
        return wrong

    def _has_twice(self) -> npt.NDArray[np.bool_]:
        """Whether an operation has a qubit twice."""
        wrong = np.zeros(len(self._code), bool)
        for size in range(2, int(self._sizes[0].max(initial=0)) + 1):
            chosen = np.flatnonzero(self._sizes[0] == size)
            rows = np.sort(self._flat.qubits[self._starts[0][chosen, None] + np.arange(size)])
            wrong[chosen] = (rows[:, 1:] == rows[:, :-1]).any(axis=1)
        return wrong

    def _is_infinite(self) -> npt.NDArray[np.bool_]:
        wrong = np.zeros(len(self._code), bool)
        wrong[self._of(self._sizes[2])[~np.isfinite(self._flat.params)]] = True
        return wrong

    def _of(self, sizes: _Array) -> npt.NDArray[np.int64]:
        """Return the operation of each number in a column."""
        return np.repeat(np.arange(len(sizes)), sizes)

    def _parts(self, start: int, stop: int) -> list[_Array]:
        """Return the qubits, clbits and angles of some operations."""
        bounds = zip(self._starts[:, start].tolist(), self._starts[:, stop].tolist(), strict=True)
        return [column[slice(*bound)] for column, bound in zip(self._flat[1:], bounds, strict=True)]

    def _row(self, index: int) -> list[Any]:
        qubits, clbits, params = (part.tolist() for part in self._parts(index, index + 1))
        return [OPERATION_NAMES[int(self._code[index])], qubits, params, clbits]

    def append_to(self, circuit: Circuit, start: int, stop: int) -> None:
        """Append some operations, which have been checked, to a circuit."""
        qubits, clbits, params = self._parts(start, stop)
        circuit._record_all(self._code[start:stop], qubits, clbits, params)


def _translated(names: Sequence[tuple[int, str]], code: _Array) -> _Array:
    """Return codes as they are here: those of another version are known by the names of their operations."""
    table = np.full(256, -1)
    for number, name in names:
        if name not in _CODES or not 0 <= number < len(table):
            raise CircuitError(f"No operation that can stand in packed circuits is named '{name}' in this version.")
        table[number] = _CODES[name]
    found = table[code] if code.dtype == np.uint8 else np.full(1, -1)
    if (found < 0).any():
        raise CircuitError("The packed circuits have an operation that has no name in them.")
    return found.astype(np.uint8)


def _fill(circuit: Circuit, what: str, operations: _Operations, mine: range, more: _Rest) -> None:
    """Give an empty circuit its operations."""
    try:
        circuit.gphase(form.read_angle(more.global_phase))
    except form.INVALID as error:
        raise form.invalid(f"The global phase of {what}", error) from None
    blocks = form.read_blocks(more.blocks, circuit)
    done = 0
    for before, row in more.operations:
        if not done <= before <= len(mine):
            raise CircuitError(f"An operation of {what} stands after {before} of its {len(mine)} plain operations.")
        operations.append_to(circuit, mine.start + done, mine.start + before)
        _append_row(circuit, f"Operation {len(circuit)} of {what}", row, blocks)
        done = before
    operations.append_to(circuit, mine.start + done, mine.stop)


def _append_row(circuit: Circuit, what: str, row: list[Any], blocks: list[Circuit | None]) -> None:
    try:
        form.read_row(circuit, row, blocks)
    except form.INVALID as error:
        raise form.invalid(what, error) from None
