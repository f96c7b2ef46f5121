"""What a result is at rest: an entry as JSON values, or many that are alike as columns, and their arrays by type."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import fields
from operator import itemgetter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qdock.errors import LimitExceeded, ResultFormatError
from qdock.results.circuit_result import ARRAYS, CircuitResult
from qdock.results.count_columns import ALIKE, OWN, CountColumns, are_counts_alone
from qdock.results.result_checks import check_finite
from qdock.results.result_io import ArrayReader, ArrayWriter, check_array

__all__ = ["are_columns", "read_entries", "write_entries"]

#: Fewer circuits are records, which every version reads; more are, too.
MIN_CIRCUITS, MAX_CIRCUITS = 16, 100_000
_FORMAT = "qdock-result"
_VALUES = tuple(item.name for item in fields(CircuitResult) if item.name not in (*ARRAYS, "data"))
_get_values = itemgetter(*_VALUES)
_FIELDS = {*OWN, *ALIKE}
#: The columns' arrays: each as small as its numbers allow.
_COLUMNS = ("outcomes", "counts", "sizes")


def are_columns(entries: Sequence[CircuitResult] | CountColumns) -> bool:
    """Whether entries, or the columns of entries, are columns at rest; it depends on the entries alone."""
    if not MIN_CIRCUITS <= len(entries) <= MAX_CIRCUITS:
        return False
    return isinstance(entries, CountColumns) or are_counts_alone(entries)


def _at_rest(entries: Sequence[CircuitResult] | CountColumns) -> Sequence[CircuitResult] | CountColumns:
    """Return entries, or the columns of entries, as they are written."""
    if not are_columns(entries):
        return tuple(entries)
    return entries if isinstance(entries, CountColumns) else CountColumns.of(entries) or entries


def write_entries(entries: Sequence[CircuitResult] | CountColumns, writer: ArrayWriter) -> dict[str, Any]:
    """Return entries, or the columns of entries, as JSON values; their arrays are put into `writer`.

    Equal entries give equal values.
    """
    entries = _at_rest(entries)
    if isinstance(entries, CountColumns):
        return {"format": _FORMAT, "version": 2, "columns": _to_columns(entries, writer)}
    return {"format": _FORMAT, "version": 1, "entries": [_to_record(entry, writer) for entry in entries]}


def read_entries(document: dict[str, Any], reader: ArrayReader) -> list[CircuitResult] | CountColumns:
    """Return the entries, or their columns, that `write_entries` made these of.

    Raises
    ------
    ResultFormatError
        If they are damaged, or of another version.
    LimitExceeded
        If there are more circuits in columns than a job has.
    """
    version = document.get("version")
    if document.get("format") != _FORMAT or type(version) is not int or version not in _READ:
        raise ResultFormatError(
            f"The file holds {str(document.get('format'))[:60]!r} of version {str(version)[:20]}, but this version of "
            f"qdock reads {_FORMAT!r} of version {' and '.join(map(str, _READ))}."
        )
    try:
        return _READ[version](document, reader)
    except (ResultFormatError, LimitExceeded):
        raise
    except (TypeError, ValueError) as error:
        raise ResultFormatError(f"The file is damaged: {error}") from error


# --- version 1: records


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


def _read_records(document: dict[str, Any], reader: ArrayReader) -> list[CircuitResult]:
    records = document.get("entries")
    if not isinstance(records, list):
        raise ResultFormatError("The file is damaged: it has no list of entries.")
    return [_from_record(record, reader) for record in records]


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


# --- version 2: columns


def _to_columns(columns: CountColumns, writer: ArrayWriter) -> dict[str, Any]:
    arrays = (columns.outcomes, columns.counts, np.diff(columns.starts))
    codes = {name: writer.add(_narrow(array)) for name, array in zip(_COLUMNS, arrays, strict=True)}
    return {"common": columns.common, "own": columns.own, "arrays": codes}


def _narrow(array: NDArray[Any]) -> NDArray[Any]:
    """Return numbers of at least 0 in the smallest type that holds them all."""
    return array.astype(np.min_scalar_type(int(array.max(initial=0))))


def _read_columns(document: dict[str, Any], reader: ArrayReader) -> CountColumns:
    columns = document.get("columns")
    if not isinstance(columns, dict) or set(columns) != {"common", "own", "arrays"}:
        raise ResultFormatError("The file is damaged: it has no columns of entries.")
    common, own, codes = (_as_dict(columns[key]) for key in ("common", "own", "arrays"))
    if {*common, *own} != _FIELDS or set(common) & set(own) or set(codes) != set(_COLUMNS):
        raise ResultFormatError("The file is damaged: its columns are not those of entries.")
    if not all(isinstance(values, list) for values in own.values()):
        raise ResultFormatError("The file is damaged: a column in it is no list.")
    outcomes, counts, sizes = (_unsigned(reader.take(codes[name])) for name in _COLUMNS)
    _check_circuits(len(sizes))
    starts = np.zeros(len(sizes) + 1, np.int64)
    # What is larger is damaged, and its sum could be right by going around.
    np.cumsum(np.minimum(sizes, len(outcomes) + 1).astype(np.int64), out=starts[1:])
    if counts.max(initial=0) >= 1 << 63:
        raise ResultFormatError("The file is damaged: a count in it is over 2**63.")
    common = vars(CircuitResult(**common))
    return CountColumns.checked(common, own, outcomes, counts.astype(np.int64), starts, len(sizes))


def _check_circuits(circuits: int) -> None:
    if not circuits:
        raise ResultFormatError("The file is damaged: its columns are of no circuits.")
    # A byte of a file could stand for a circuit, of which the entry takes a thousand times that.
    if circuits > MAX_CIRCUITS:
        raise LimitExceeded(f"There are {circuits:,} circuits in columns; the limit is {MAX_CIRCUITS:,}.")


def _unsigned(array: NDArray[Any]) -> NDArray[np.uint64]:
    if array.dtype.kind != "u" or array.ndim != 1:
        raise ResultFormatError("The file is damaged: a column in it is no list of numbers of its kind.")
    return array.astype(np.uint64)


_READ: dict[int, Callable[[dict[str, Any], ArrayReader], list[CircuitResult] | CountColumns]] = {
    1: _read_records,
    2: _read_columns,
}
