"""Result: what comes back from a job, one entry for each of its circuits."""

from __future__ import annotations

import io
import os
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, BinaryIO, ClassVar, Protocol, Self, overload

import numpy as np
from numpy.typing import NDArray

from qdock.common.counting import count_of
from qdock.common.suggest import did_you_mean
from qdock.errors import ResultError, ResultFormatError
from qdock.results import result_io
from qdock.results.circuit_result import CircuitResult
from qdock.results.count_columns import CountColumns, all_counts
from qdock.results.counts import Counts
from qdock.results.result_checks import check_header
from qdock.results.result_io import MAX_ARRAY_BYTES, ArrayWriter
from qdock.results.result_records import are_columns, read_entries, write_entries
from qdock.results.result_sum import add_entries, shared
from qdock.results.svg import escape

__all__ = ["CircuitResult", "Counts", "Result"]

_SHOWN = 8


class _Named(Protocol):
    @property
    def name(self) -> str: ...


@dataclass(frozen=True, init=False, repr=False)
class Result:
    """What came back from a job: one entry for each circuit, in order.

    Where a method takes a `circuit`, that is an index, a name, or the Circuit itself (looked up by its name);
    it may be left out if there is only one.

    Parameters
    ----------
    entries : iterable of CircuitResult, or CountColumns
        Of columns the entries are made when somebody asks for one.
    metadata : mapping
        JSON values about the job: job_id, backend, seed...

    Examples
    --------
    >>> result = Result([CircuitResult(name="bell", shots=10, registers=[("c", 2)], outcomes=[0, 3], counts=[4, 6])])
    >>> result.get_counts()
    {'00': 4, '11': 6}
    """

    entries: tuple[CircuitResult, ...]
    metadata: dict[str, Any]

    #: What the entries are made of, where they are alike.
    _columns: ClassVar[CountColumns | None] = None

    def __init__(
        self, entries: Iterable[CircuitResult] | CountColumns = (), metadata: Mapping[str, Any] | None = None
    ) -> None:
        # Nothing can be set on what is frozen in another way but by its `__dict__`, which is made when it is asked for.
        if isinstance(entries, CountColumns):
            object.__setattr__(self, "_columns", entries)
        else:
            object.__setattr__(self, "entries", _checked(entries))
        object.__setattr__(self, "metadata", check_header("metadata", {} if metadata is None else metadata))

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            """Make the entries of columns when they are asked for the first time."""
            if name != "entries" or self._columns is None:
                raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
            return self.__dict__.setdefault("entries", tuple(self._columns))

    @property
    def _content(self) -> Sequence[CircuitResult] | CountColumns:
        """The entries; as long as nobody has one, and may have changed its header, what they are made of."""
        columns = self._columns
        return self.entries if columns is None or "entries" in self.__dict__ else columns

    @classmethod
    def empty(cls) -> Result:
        """Return the result that changes nothing when it is added to another."""
        return cls()

    def with_metadata(self, **metadata: Any) -> Self:
        """Return this result with more, or other, metadata."""
        return self._with(check_header("metadata", metadata))

    def _with(self, metadata: dict[str, Any]) -> Self:
        """Do as `with_metadata` does, of values that are known to be JSON."""
        made = object.__new__(type(self))
        if self._columns is None:
            object.__setattr__(made, "entries", self.entries)
        else:
            made.__dict__.update(self.__dict__)
        object.__setattr__(made, "metadata", {**self.metadata, **metadata})
        return made

    @property
    def success(self) -> bool:
        """Whether no circuit failed."""
        columns = self._columns
        if columns is not None:
            return not any(columns.of_each("error"))
        return not any(entry.error for entry in self.entries)

    @property
    def is_exact(self) -> bool:
        """Whether `from_bytes(to_bytes())` is the same in type too: whatever a function returned is of such types."""
        from qdock.results.values import is_exact

        return self._columns is not None or all(is_exact(entry._returned) for entry in self.entries)

    # --- a sequence of entries

    def __len__(self) -> int:
        return len(self.entries) if self._columns is None else len(self._columns)

    def __iter__(self) -> Iterator[CircuitResult]:
        return iter(self.entries)

    def __getitem__(self, circuit: int | str | _Named) -> CircuitResult:
        return self.get_entry(circuit)

    def get_entry(self, circuit: int | str | _Named | None = None) -> CircuitResult:
        """Return the entry of a circuit.

        Raises
        ------
        ResultError
            If there is no such circuit, or none is named and there are several.
        TypeError
            If `circuit` is neither an index, a name nor a circuit.

        Warns
        -----
        UserWarning
            If several circuits have that name; the first is returned.
        """
        if circuit is None:
            return self._only()
        if isinstance(circuit, (int, np.integer)) and not isinstance(circuit, bool):
            return self._by_index(int(circuit))
        name = getattr(circuit, "name", circuit)
        if not isinstance(name, str):
            raise TypeError(f"A circuit of a result is named by index, name or Circuit, but {circuit!r} was given.")
        return self._by_name(name)

    def _only(self) -> CircuitResult:
        if len(self.entries) == 1:
            return self.entries[0]
        if not self.entries:
            raise ResultError("This result is of no circuits, so it holds nothing.")
        raise ResultError(
            f"This result is of {len(self.entries)} circuits ({self._names()}). Say which one is meant, by index, "
            f"name or Circuit."
        )

    def _by_index(self, index: int) -> CircuitResult:
        if not -len(self.entries) <= index < len(self.entries):
            circuits = count_of(len(self.entries), "circuit")
            raise ResultError(f"This result is of {circuits}, so there is none with index {index}.")
        return self.entries[index]

    def _by_name(self, name: str) -> CircuitResult:
        found = [entry for entry in self.entries if entry.name == name]
        if not found:
            hint = did_you_mean(name, {entry.name for entry in self.entries})
            raise ResultError(f"This result has no circuit named {name!r}. It is of {self._names()}.{hint}")
        if len(found) > 1:
            warnings.warn(
                f"This result is of {len(found)} circuits named {name!r}; the first of them is taken. Use the index "
                f"for another.",
                UserWarning,
                stacklevel=4,  # whoever called the method that called `get_entry`
            )
        return found[0]

    def _names(self) -> str:
        names = [repr(entry.name) for entry in self.entries[:_SHOWN]]
        rest = len(self.entries) - len(names)
        return ", ".join(names) + (f" and {rest:,} more" if rest else "") or "no circuits"

    # --- what came back

    @overload
    def get_counts(self, circuit: int | str | _Named) -> Counts: ...
    @overload
    def get_counts(self, circuit: None = None) -> Any: ...
    def get_counts(self, circuit: int | str | _Named | None = None) -> Any:
        """Return the counts of a circuit, or, if none is named, of the only one, or a list for several.

        Returns
        -------
        Counts or list of Counts
            A dict from bit string to number: clbit 0 rightmost, the last declared register first.

        Raises
        ------
        ResultError
            If there are no counts, or no such circuit.
        """
        if circuit is not None:
            return self.get_entry(circuit).get_counts()
        columns = self._columns
        if columns is not None and len(columns) != 1:
            return columns.get_counts()
        return self.entries[0].get_counts() if len(self.entries) == 1 else all_counts(self.entries)

    def get_memory(self, circuit: int | str | _Named | None = None) -> list[str]:
        """Return the bit string of every shot, in order; run with ``memory=True`` to have it."""
        return self.get_entry(circuit).get_memory()

    def get_statevector(self, circuit: int | str | _Named | None = None, decimals: int | None = None) -> NDArray[Any]:
        """Return the final statevector; run with ``output="statevector"`` to have it."""
        return self.get_entry(circuit).get_statevector(decimals)

    def get_unitary(self, circuit: int | str | _Named | None = None, decimals: int | None = None) -> NDArray[Any]:
        """Return the circuit's matrix; run with ``output="unitary"`` to have it."""
        return self.get_entry(circuit).get_unitary(decimals)

    def get_probabilities(self, circuit: int | str | _Named | None = None) -> NDArray[np.float64]:
        """Return the exact probability of every outcome; run with ``output="probabilities"`` to have it."""
        return self.get_entry(circuit).get_probabilities()

    def get_probabilities_dict(self, circuit: int | str | _Named | None = None) -> dict[str, float]:
        """Return the exact probabilities that are not zero by bit string."""
        return self.get_entry(circuit).get_probabilities_dict()

    def get_value(self, call: int | str | None = None) -> Any:
        """Return what the function of a `Call` returned; of several, if none is named, a list of what they did."""
        if call is None and len(self.entries) != 1:
            return [entry.get_value() for entry in self.entries]
        return self.get_entry(call).get_value()

    def data(self, circuit: int | str | _Named | None = None) -> dict[str, Any]:
        """Return everything that came back for a circuit by name; counts and memory in hex."""
        return self.get_entry(circuit).get_data()

    def marginal(self, *which: str | int) -> Result:
        """Return the result over some registers or clbits only; see `CircuitResult.marginal`."""
        return Result([entry.marginal(*which) for entry in self.entries], self.metadata)

    # --- adding up

    def __add__(self, other: Result) -> Result:
        """Return the result with the shots of both; see `qdock.results.result_sum.add_entries`."""
        if not isinstance(other, Result):
            return NotImplemented
        if not other.entries and not other.metadata:
            return self
        if not self.entries and not self.metadata:
            return other
        if len(self.entries) != len(other.entries):
            circuits = count_of(len(self.entries), "circuit")
            raise ResultError(
                f"Only results of the same circuits can be added, but one is of {circuits} and the other of "
                f"{len(other.entries)}."
            )
        entries = [add_entries(left, right) for left, right in zip(self.entries, other.entries, strict=True)]
        return Result(entries, shared(self.metadata, other.metadata))

    def __radd__(self, other: object) -> Result:
        # `sum(results)` begins with 0.
        return self if other == 0 else NotImplemented

    # --- to text, JSON and files

    def to_dict(self) -> dict[str, Any]:
        """Return ``{"success", "metadata", "results"}`` as JSON values; see `CircuitResult.to_dict`."""
        results = [entry.to_dict() for entry in self.entries]
        return {"success": self.success, "metadata": dict(self.metadata), "results": results}

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the result to a file that `load` reads. An existing file is replaced, as a whole or not at all.

        Raises
        ------
        LimitExceeded
            If an array is over 4 GiB, or all that is no array is over 64 MiB of JSON.
        """
        result_io.save_file(path, self._write)

    @classmethod
    def load(cls, path: str | os.PathLike[str], *, limit: int = MAX_ARRAY_BYTES) -> Result:
        """Return the result in a file, which need not be trusted: nothing in it is executed.

        Parameters
        ----------
        path : path
        limit : int
            Bytes of the largest array to accept.

        Raises
        ------
        ResultFormatError
            If the file is damaged, cut short, or no result. It is a ValueError too.
        LimitExceeded
            If an array or the JSON in it is too large.
        """
        with result_io.open_file(path) as file:
            return cls._read(file, limit)

    def to_bytes(self) -> bytes:
        """Return what `save` would write. Equal results give equal bytes."""
        return b"".join(result_io.archive_pieces(*self._at_rest()))

    @classmethod
    def from_bytes(cls, data: bytes, *, limit: int = MAX_ARRAY_BYTES) -> Result:
        """Return the result that `to_bytes` wrote; it refuses what `load` refuses."""
        return cls._read(io.BytesIO(data), limit)

    @property
    def _is_packed(self) -> bool:
        """Whether it is written as columns, which earlier versions of qdock can't read."""
        return are_columns(self._content)

    def _write(self, file: BinaryIO) -> None:
        result_io.write_archive(file, *self._at_rest())

    def _at_rest(self) -> tuple[dict[str, Any], ArrayWriter]:
        """Return the result as JSON values, and its arrays."""
        writer = ArrayWriter()
        return {**write_entries(self._content, writer), "metadata": self.metadata}, writer

    @classmethod
    def _read(cls, file: BinaryIO, limit: int) -> Result:
        document, reader = result_io.read_archive(file, limit)
        entries = read_entries(document, reader)
        reader.finish()
        try:
            return cls(entries, document.get("metadata", "none"))
        except (TypeError, ValueError) as error:
            raise ResultFormatError(f"The file is damaged: {error}") from error

    # --- for people

    def __repr__(self) -> str:
        facts = [f"{key} {value}" for key, value in self.metadata.items() if key in ("backend", "seed", "job_id")]
        failed = [] if self.success else ["not all succeeded"]
        circuits = count_of(len(self.entries), "circuit")
        return f"<Result of {circuits}: {'; '.join([self._names(), *facts, *failed])}>"

    def _repr_html_(self) -> str:
        shown = "".join(f"<div>{entry._repr_html_()}</div>" for entry in self.entries[:_SHOWN])
        rest = len(self.entries) - _SHOWN
        more = f"<p>and {rest:,} more circuits</p>" if rest > 0 else ""
        return f"<div>{shown or escape(repr(self))}{more}</div>"


def _checked(entries: Iterable[CircuitResult]) -> tuple[CircuitResult, ...]:
    given = tuple(entries)
    for entry in given:
        if not isinstance(entry, CircuitResult):
            raise TypeError(f"The entries of a Result are CircuitResults, but {entry!r} was given.")
    return given
