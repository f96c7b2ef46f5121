"""Result: what comes back from a job, one entry for each of its circuits."""

from __future__ import annotations

import io
import os
import warnings
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from operator import itemgetter
from typing import Any, BinaryIO, Protocol, Self, overload

import numpy as np
from numpy.typing import NDArray

from qdock.common.suggest import did_you_mean
from qdock.errors import ResultError, ResultFormatError
from qdock.results import result_io
from qdock.results.circuit_result import ARRAYS, CircuitResult
from qdock.results.counted import counts_of_each
from qdock.results.counts import Counts
from qdock.results.result_checks import check_finite, check_header
from qdock.results.result_io import MAX_ARRAY_BYTES, ArrayReader, ArrayWriter, check_array
from qdock.results.result_sum import add_entries, shared
from qdock.results.svg import escape

__all__ = ["CircuitResult", "Counts", "Result"]

_FORMAT, _VERSION = "qdock-result", 1
_VALUES = tuple(item.name for item in fields(CircuitResult) if item.name not in (*ARRAYS, "data"))
_get_values = itemgetter(*_VALUES)
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
    entries : iterable of CircuitResult
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

    def __init__(self, entries: Iterable[CircuitResult] = (), metadata: Mapping[str, Any] | None = None) -> None:
        given = tuple(entries)
        for entry in given:
            if not isinstance(entry, CircuitResult):
                raise TypeError(f"The entries of a Result are CircuitResults, but {entry!r} was given.")
        object.__setattr__(self, "entries", given)
        object.__setattr__(self, "metadata", check_header("metadata", {} if metadata is None else metadata))

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
        # Nothing can be set on what is frozen in another way.
        made.__dict__.update(self.__dict__, metadata={**self.metadata, **metadata})
        return made

    @property
    def success(self) -> bool:
        """Whether no circuit failed."""
        return not any(entry.error for entry in self.entries)

    @property
    def is_exact(self) -> bool:
        """Whether `from_bytes(to_bytes())` is the same in type too: whatever a function returned is of such types."""
        from qdock.results.values import is_exact

        return all(is_exact(entry._returned) for entry in self.entries)

    # --- a sequence of entries

    def __len__(self) -> int:
        return len(self.entries)

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
            raise ResultError(f"This result is of {len(self.entries)} circuits, so there is none with index {index}.")
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
        if circuit is None and len(self.entries) != 1:
            return counts_of_each(self.entries)
        return self.get_entry(circuit).get_counts()

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
            raise ResultError(
                f"Only results of the same circuits can be added, but one is of {len(self.entries)} circuits and the "
                f"other of {len(other.entries)}."
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
        file = io.BytesIO()
        self._write(file)
        return file.getvalue()

    @classmethod
    def from_bytes(cls, data: bytes, *, limit: int = MAX_ARRAY_BYTES) -> Result:
        """Return the result that `to_bytes` wrote; it refuses what `load` refuses."""
        return cls._read(io.BytesIO(data), limit)

    def _write(self, file: BinaryIO) -> None:
        writer = ArrayWriter()
        entries = [_to_record(entry, writer) for entry in self.entries]
        document = {"format": _FORMAT, "version": _VERSION, "metadata": self.metadata, "entries": entries}
        result_io.write_archive(file, document, writer)

    @classmethod
    def _read(cls, file: BinaryIO, limit: int) -> Result:
        document, reader = result_io.read_archive(file, limit)
        _check_document(document)
        try:
            entries = [_from_record(record, reader) for record in document["entries"]]
            result = cls(entries, document["metadata"])
        except ResultFormatError:
            raise
        except (TypeError, ValueError) as error:
            raise ResultFormatError(f"The file is damaged: {error}") from error
        reader.finish()
        return result

    # --- for people

    def __repr__(self) -> str:
        facts = [f"{key} {value}" for key, value in self.metadata.items() if key in ("backend", "seed", "job_id")]
        failed = [] if self.success else ["not all succeeded"]
        circuits = f"{len(self.entries):,} circuit{'s' * (len(self.entries) != 1)}"
        return f"<Result of {circuits}: {'; '.join([self._names(), *facts, *failed])}>"

    def _repr_html_(self) -> str:
        shown = "".join(f"<div>{entry._repr_html_()}</div>" for entry in self.entries[:_SHOWN])
        rest = len(self.entries) - _SHOWN
        more = f"<p>and {rest:,} more circuits</p>" if rest > 0 else ""
        return f"<div>{shown or escape(repr(self))}{more}</div>"


# --- records: an entry as JSON values, its arrays by type


def _to_record(entry: CircuitResult, writer: ArrayWriter) -> dict[str, Any]:
    values = entry.__dict__
    record = dict(zip(_VALUES, _get_values(values), strict=True))
    record["arrays"] = {name: writer.add(values[name]) for name in ARRAYS if values[name] is not None}
    data = entry._stored_data()
    record["data"] = record["data_arrays"] = {}
    if not data:
        return record
    arrays = {name: check_array(name, value) for name, value in data.items() if isinstance(value, np.ndarray)}
    record["data"] = {name: value for name, value in data.items() if name not in arrays}
    record["data_arrays"] = {name: writer.add(array) for name, array in arrays.items()}
    return record


def _from_record(record: Any, reader: ArrayReader) -> CircuitResult:
    if not isinstance(record, dict) or set(record) != {*_VALUES, "arrays", "data", "data_arrays"}:
        raise ResultFormatError("The file is damaged: an entry in it does not have the fields of one.")
    codes, data, data_codes = (_as_dict(record.pop(key)) for key in ("arrays", "data", "data_arrays"))
    if not set(codes) <= set(ARRAYS) or set(data) & set(data_codes):
        raise ResultFormatError("The file is damaged: an entry in it does not have the arrays of one.")
    arrays = {name: reader.take(code) for name, code in codes.items()}
    for name in ("statevector", "unitary", "probabilities"):
        check_finite(name, arrays.get(name))
    data_arrays = {name: reader.take(code) for name, code in data_codes.items()}
    values: dict[str, Any] = {**record, **arrays, "data": {**data, **data_arrays}}
    return CircuitResult(**values)


def _as_dict(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ResultFormatError("The file is damaged: a part of an entry in it is no JSON object.")
    return value


def _check_document(document: dict[str, Any]) -> None:
    if document.get("format") != _FORMAT or document.get("version") != _VERSION:
        raise ResultFormatError(
            f"The file holds {str(document.get('format'))[:60]!r} of version {str(document.get('version'))[:20]}, but "
            f"this version of qdock reads {_FORMAT!r} of version {_VERSION}."
        )
    if not isinstance(document.get("entries"), list) or not isinstance(document.get("metadata"), dict):
        raise ResultFormatError("The file is damaged: it has no list of entries or no metadata.")
