"""CircuitResult: all that came back for one circuit of a job."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from functools import cached_property
from typing import Any, ClassVar, Protocol, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from qdock.errors import ResultError
from qdock.results import outcomes as _outcomes
from qdock.results import result_checks as checks
from qdock.results.counts import Counts, parse_counts
from qdock.results.histogram import LIMIT, WIDTH, plain_histogram
from qdock.results.outcomes import Registers, Words
from qdock.results.svg import escape, svg_histogram

__all__ = ["CircuitResult"]

# Of what an entry may lack: how to run the circuit so that it has it.
_REMEDIES = {
    "counts": "output='counts'",
    "memory": "memory=True",
    "statevector": "output='statevector'",
    "unitary": "output='unitary'",
    "probabilities": "output='probabilities'",
}
_STATES = ("statevector", "unitary")
_PROBABILITIES = ("probabilities", "probability_outcomes")
ARRAYS = ("outcomes", "counts", "memory", *_STATES, *_PROBABILITIES)
# As many probabilities as are made dense, or drawn, without being asked to be economical.
_MAX_DENSE_BITS = 26
_MAX_DRAWN = 1 << 20

# Where `data` has what a function returned, once it was stored, and beside it the arrays.
STORED_VALUE = "$value"

_T = TypeVar("_T")


class HasRegister(Protocol):
    """What a result needs to know of a classical register."""

    @property
    def name(self) -> str: ...
    @property
    def size(self) -> int: ...
    @property
    def output(self) -> bool: ...


class HasRegisters(Protocol):
    """What a result needs to know of a circuit: its name and its classical registers."""

    @property
    def name(self) -> str: ...
    @property
    def cregs(self) -> Sequence[HasRegister]: ...


@dataclass(frozen=True, eq=False, repr=False)
class CircuitResult:
    """What came back for one circuit. Backends make it with `from_counts`, `from_outcomes` or `from_circuit`.

    Arrays are taken over, not copied, and made read-only with the arrays that they are views of.
    Two entries are equal if all but `seconds` is.

    Parameters
    ----------
    name : str
        The circuit's name.
    shots : int
        How often it was run; 0 if what came back is exact.
    seed : int, optional
        Of the generator, ``0 <= seed < 2**64``.
    seconds : float, optional
        How long it took.
    registers : sequence of (name, size)
        Classical registers that are shown, first declared first. Clbits beyond the last form a group of their own.
    num_clbits : int, optional
        Clbits that are shown. Default: those of the registers.
    outcomes : (k, words) uint64 array, optional
        Outcomes seen, 64 clbits a word, word 0 least significant. Kept distinct and ascending.
    counts : (k,) int64 array, optional
        How often each was seen; in all at most `shots`.
    memory : (shots,) integer array, optional
        For every shot, in order, the index of its outcome.
    statevector : (2**num_qubits,) complex array, optional
    unitary : (2**num_qubits, 2**num_qubits) complex array, optional
    probabilities : (2**n,) float64 array or mapping from outcome to number, optional
        Exact probabilities of the outcomes of all clbits, or of all qubits. With `probability_outcomes`, or from a
        mapping, ``(k,)``: those of the clbits' possible outcomes only.
    probability_outcomes : (k, words) uint64 array, optional
    header : mapping
        JSON values that came with the circuit.
    data : mapping
        Whatever else a backend returns: JSON values and numeric arrays by name.
    error : str
        Why this circuit failed, where others of its job did not.

    Raises
    ------
    TypeError, ValueError
        If a value is of a wrong type or shape, or does not fit the others.
    """

    name: str = "circuit"
    shots: int = 0
    seed: int | None = None
    seconds: float | None = None
    registers: Registers = ()
    num_clbits: int = -1
    outcomes: Words | None = None
    counts: NDArray[np.int64] | None = None
    memory: NDArray[Any] | None = None
    statevector: NDArray[Any] | None = None
    unitary: NDArray[Any] | None = None
    probabilities: NDArray[np.float64] | None = None
    probability_outcomes: Words | None = None
    header: dict[str, Any] = field(default_factory=dict)
    data: dict[str, Any] = field(default_factory=dict)
    error: str = ""

    def __post_init__(self) -> None:
        registers, num_clbits = _outcomes.check_registers(
            self.registers, None if self.num_clbits == -1 else self.num_clbits
        )
        shots = checks.check_integer("shots", self.shots, 63)
        outcomes, counts, memory = checks.check_counts(num_clbits, shots, self.outcomes, self.counts, self.memory)
        likely, possible = checks.check_probabilities(num_clbits, self.probabilities, self.probability_outcomes)
        self._set(
            name=checks.check_text("name", self.name),
            shots=shots,
            seed=None if self.seed is None else checks.check_integer("seed", self.seed, 64),
            seconds=checks.check_seconds(self.seconds),
            registers=registers,
            num_clbits=num_clbits,
            outcomes=outcomes,
            counts=counts,
            memory=memory,
            statevector=checks.check_state("statevector", self.statevector),
            unitary=checks.check_state("unitary", self.unitary),
            probabilities=likely,
            probability_outcomes=possible,
            header=checks.check_header("header", self.header),
            data=checks.check_data(self.data),
            error=checks.check_text("error", self.error),
        )

    @classmethod
    def _of_checked(cls, values: dict[str, Any]) -> CircuitResult:
        """Return an entry of all its fields, which have been checked; its arrays are read-only."""
        made = object.__new__(cls)
        # Nothing can be set on what is frozen, one by one or all at once, in another way.
        object.__setattr__(made, "__dict__", values)
        return made

    def _set(self, **values: Any) -> None:
        """Set the fields; the arrays become read-only."""
        self.__dict__.update(values)
        for key in ARRAYS:
            if values[key] is not None:
                checks.freeze(values[key])
        for value in values["data"].values():
            checks.freeze(value)

    # --- for authors of backends

    @classmethod
    def from_circuit(cls, circuit: HasRegisters, **fields: Any) -> CircuitResult:
        """Return an entry for `circuit` without counts: ``statevector=...``, ``probabilities=...``, ``data=...``.

        Registers with ``output=False`` are not part of a result.
        """
        registers = tuple([(register.name, register.size) for register in circuit.cregs if register.output])
        return cls(**{"name": circuit.name, "registers": registers, **fields})

    @classmethod
    def from_counts(cls, circuit: HasRegisters, counts: Mapping[Any, int], **fields: Any) -> CircuitResult:
        """Return an entry for `circuit` with counts from a mapping.

        Parameters
        ----------
        circuit : Circuit
            Gives the name and the registers.
        counts : mapping of (str or int) to int
            Keys are bit strings, with spaces between registers or not, hex strings or integers.
        **fields
            Other fields. `shots` is the sum of the counts unless it is given.

        Raises
        ------
        TypeError, ValueError
            If a key is no outcome of the circuit's clbits, or a number is no count.
        """
        num_clbits = fields.get("num_clbits")
        if num_clbits is None:
            num_clbits = sum(register.size for register in circuit.cregs if register.output)
        words, numbers = parse_counts(counts, num_clbits)
        return cls.from_outcomes(circuit, words, numbers, **fields)

    @classmethod
    def from_outcomes(
        cls,
        circuit: HasRegisters,
        outcomes: ArrayLike,
        counts: ArrayLike | None = None,
        memory: ArrayLike | None = None,
        **fields: Any,
    ) -> CircuitResult:
        """Return an entry for `circuit` with counts from arrays.

        Parameters
        ----------
        circuit : Circuit
            Gives the name and the registers.
        outcomes : (k, words) or, for up to 64 clbits, (k,) integer array
            They need not be sorted, and may repeat: equal ones are added up.
        counts : (k,) integer array, optional
            Default: as often as each is in `memory`, or else 1, so that `outcomes` may hold one row a shot.
        memory : (shots,) integer array, optional
            The index in `outcomes` of every shot's outcome, in order.
        **fields
            Other fields. `shots` is the sum of the counts unless it is given.
        """
        rows = np.asarray(outcomes)
        if counts is None:
            counts = checks.count_rows(len(rows), memory)
        shots = int(np.sum(counts, dtype=np.int64))
        return cls.from_circuit(circuit, **{"shots": shots, **fields}, outcomes=rows, counts=counts, memory=memory)

    @classmethod
    def from_value(cls, name: str, value: Any, **fields: Any) -> CircuitResult:
        """Return an entry for a `Call`: the name of its function, and what that returned, whatever it is."""
        entry = cls(name=name, **fields)
        entry.__dict__["_returned"] = (value,)
        return entry

    # --- what it holds

    @property
    def holds(self) -> list[str]:
        """The names of what there is: counts, memory, statevector, unitary, probabilities, value, or keys of `data`."""
        return [name for name in _REMEDIES if getattr(self, name) is not None] + list(self._named_data())

    @cached_property
    def bit_strings(self) -> tuple[str, ...]:
        """The outcomes as text; made once."""
        words = self._get("outcomes", self.outcomes)
        return tuple(_outcomes.bit_strings(words, self.num_clbits, self.registers))

    def get_counts(self) -> Counts:
        """Return how often each outcome was seen, by bit string, the smallest outcome first; {} without clbits.

        Raises
        ------
        ResultError
            If there are no counts.
        """
        counts = self._get("counts", self.counts)
        strings: Sequence[str]
        # Of few clbits the texts are there already.
        if self.outcomes is not None and self.num_clbits <= _outcomes.FEW_BITS:
            strings = _outcomes.bit_strings(self.outcomes, self.num_clbits, self.registers)
        else:
            strings = self.bit_strings
        pairs = zip(strings, counts.tolist(), strict=True)
        return Counts._from_pairs(pairs, self.registers, self.num_clbits)

    def get_memory(self) -> list[str]:
        """Return the bit string of every shot, in order, or raise `ResultError` if they were not kept."""
        memory = self._get("memory", self.memory)
        strings: list[str] = np.array(self.bit_strings, dtype=object)[memory].tolist()
        return strings

    def get_statevector(self, decimals: int | None = None) -> NDArray[Any]:
        """Return the final statevector, ``(2**num_qubits,)``, read-only, or rounded to so many decimals.

        Raises
        ------
        ResultError
            If there is none.
        """
        return _rounded(self._get("statevector", self.statevector), decimals)

    def get_unitary(self, decimals: int | None = None) -> NDArray[Any]:
        """Return the circuit's matrix, ``(2**n, 2**n)``, read-only, or rounded; or raise `ResultError`."""
        return _rounded(self._get("unitary", self.unitary), decimals)

    def get_probabilities(self) -> NDArray[np.float64]:
        """Return the exact probability of every outcome, ``(2**n,) float64``.

        Raises
        ------
        ResultError
            If there are none, or of more than 26 clbits, of which `get_probabilities_dict` gives the likely.
        """
        values = self._get("probabilities", self.probabilities)
        if self.probability_outcomes is None:
            return values
        if self.num_clbits > _MAX_DENSE_BITS:
            raise ResultError(
                f"Circuit {self.name!r} has {len(values):,} outcomes of {self.num_clbits} clbits; an array of all that "
                f"are possible would be too large. Ask for get_probabilities_dict()."
            )
        dense = np.zeros(1 << self.num_clbits)
        dense[_outcomes.ints_from_words(self.probability_outcomes)] = values
        return dense

    def get_probabilities_dict(self, threshold: float = 1e-15) -> dict[str, float]:
        """Return the exact probabilities by bit string, those of at most `threshold` left out."""
        values = self._get("probabilities", self.probabilities)
        dense = self.probability_outcomes is None
        bits = checks.bit_length(values) if dense else self.num_clbits
        values, words = checks.likely_outcomes(values, self.probability_outcomes)
        likely = values > threshold
        strings = _outcomes.bit_strings(words[likely], bits, self.registers if bits == self.num_clbits else ())
        return dict(zip(strings, values[likely].tolist(), strict=True))

    def get_data(self) -> dict[str, Any]:
        """Return all that came back, by name, as users of other frameworks know it: counts and memory in hex."""
        found: dict[str, Any] = {}
        if self.counts is not None and self.outcomes is not None:
            names = [hex(number) for number in _outcomes.ints_from_words(self.outcomes)]
            found["counts"] = dict(zip(names, self.counts.tolist(), strict=True))
            if self.memory is not None:
                found["memory"] = np.array(names, dtype=object)[self.memory].tolist()
        if self.probability_outcomes is not None:
            found["probabilities"] = self.get_probabilities_dict()
        exact = {name: getattr(self, name) for name in (*_STATES, "probabilities") if getattr(self, name) is not None}
        return {**self._named_data(), **exact, **found}

    #: What a function returned, where it did so.
    _returned: ClassVar[tuple[Any, ...]] = ()

    def get_value(self) -> Any:
        """Return what the function of a `Call` returned: in its process the object itself, from a store what equals it.

        A store has a namespace with its fields for a dataclass, and Python's numbers for numpy's.

        Raises
        ------
        ResultError
            If the call failed, or this is of no call.
        """
        if self._returned:
            return self._returned[0]
        if STORED_VALUE in self.data:
            from qdock.results.values import decode

            return decode(self.data[STORED_VALUE], self.data)
        return self._get("value", None)

    def _named_data(self) -> dict[str, Any]:
        return {"value": self.get_value()} if self._returned or STORED_VALUE in self.data else self.data

    def _stored_data(self) -> dict[str, Any]:
        """Return `data`, with what a function returned in it, or raise `Unstorable`."""
        if not self._returned:
            return self.data
        from qdock.results.values import encode

        arrays: dict[str, NDArray[Any]] = {}
        return {STORED_VALUE: encode(self._returned[0], arrays), **arrays}

    def _get(self, name: str, value: _T | None) -> _T:
        """Return `value`, or raise: what is missing, what there is, and how to get it."""
        if value is not None:
            return value
        if self.error:
            raise ResultError(f"Circuit {self.name!r} has no {name}, because it failed: {self.error}")
        held = ", ".join(self.holds) or "nothing"
        advice = f" Run it with {_REMEDIES[name]} to get it." if name in _REMEDIES else ""
        raise ResultError(f"Circuit {self.name!r} has no {name}; its result holds {held}.{advice}")

    # --- from one to another

    def marginal(self, *which: str | int) -> CircuitResult:
        """Return the result over some clbits or registers only: counts, memory and probabilities.

        What describes the whole circuit, its statevector, unitary and `data`, is left out.

        Parameters
        ----------
        *which : str or int
            Names of registers, which stay registers, or indices of clbits; the first listed becomes the rightmost.

        Raises
        ------
        ValueError
            If one of them is unknown or listed twice, or names and indices are mixed.
        """
        from qdock.results.marginal import marginal_of

        return marginal_of(self, which)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, CircuitResult):
            return NotImplemented
        names = [item.name for item in fields(self) if item.name not in ("seconds", "data")]
        same = all(checks.is_same(getattr(self, name), getattr(other, name)) for name in names)
        return same and checks.is_same(self._named_data(), other._named_data())

    __hash__ = None  # type: ignore[assignment]  # as of every class that is equal by its content

    def __getstate__(self) -> dict[str, Any]:
        return {"_returned": self._returned, **{item.name: getattr(self, item.name) for item in fields(self)}}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self._set(**state)

    # --- to text and pictures

    def to_dict(self) -> dict[str, Any]:
        """Return what there is as JSON values, for people and programs: a complex number is ``[re, im]``."""
        from qdock.results.values import as_plain

        found: dict[str, Any] = {"name": self.name, "shots": self.shots, "seed": self.seed}
        found |= {name: as_plain(get(self)) for name, get in _JSON.items() if getattr(self, name) is not None}
        data = {name: as_plain(value) for name, value in self._named_data().items()}
        extra = {"seconds": self.seconds, "header": self.header, "data": data, "error": self.error}
        return found | {name: value for name, value in extra.items() if value not in (None, "", {})}

    def histogram(self, limit: int = LIMIT, width: int = WIDTH, *, ascii_only: bool = False) -> str:
        """Return a histogram of counts, or else of probabilities, as plain text; "" if there is nothing to draw."""
        values = self._drawn()
        return (
            ""
            if values is None
            else plain_histogram(values, limit=limit, width=width, ascii_only=ascii_only, title=self.summary)
        )

    @property
    def summary(self) -> str:
        """A line of text: the name, the shots, the seed."""
        shots = [f"{self.shots:,} shots"] if self.shots else []
        seed = [] if self.seed is None else [f"seed {self.seed}"]
        details = ", ".join([*shots, *seed])
        return f"{self.name}: {details}" if details else self.name

    def __repr__(self) -> str:
        seen = [] if self.outcomes is None else [f"{len(self.outcomes):,} outcomes"]
        held = [
            self.summary,
            *seen,
            *(["failed"] if self.error else []),
            "holds " + (", ".join(self.holds) or "nothing"),
        ]
        return f"<CircuitResult {'; '.join(held)}>"

    def _drawn(self) -> Mapping[str, float] | None:
        """Return the numbers that a histogram of this entry shows, or None if it has none."""
        if self.counts is not None:
            return self.get_counts()
        if self.probabilities is not None and len(self.probabilities) <= _MAX_DRAWN:
            return self.get_probabilities_dict()
        return None

    def _repr_svg_(self) -> str | None:
        values = self._drawn()
        return None if values is None else svg_histogram(values, title=self.summary)

    def _repr_html_(self) -> str:
        values = self._drawn()
        if values is not None:
            return svg_histogram(values, title=self.summary, card=False)
        return f"<pre>{escape(repr(self))}</pre>"


# What `to_dict` has of each thing that there may be.
_JSON: dict[str, Callable[[CircuitResult], Any]] = {
    "counts": CircuitResult.get_counts,
    "memory": CircuitResult.get_memory,
    "statevector": CircuitResult.get_statevector,
    "unitary": CircuitResult.get_unitary,
    "probabilities": CircuitResult.get_probabilities_dict,
}


def _rounded(array: NDArray[Any], decimals: int | None) -> NDArray[Any]:
    return array if decimals is None else np.round(array, decimals)
