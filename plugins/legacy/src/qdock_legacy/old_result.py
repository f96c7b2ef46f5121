"""Results in the historical wire format: what the old `Result` class held, read, and wrote."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from enum import IntEnum
from types import SimpleNamespace
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from qdock.errors import ResultFormatError
from qdock_legacy.errors import QiskitError
from qdock_legacy.old_counts import Counts, format_bits, format_marginal, marginal_bits, marginal_memory

__all__ = [
    "ExperimentResult",
    "ExperimentResultData",
    "MeasLevel",
    "Result",
    "ResultHeader",
    "get_counts",
    "get_memory",
    "marginal_counts",
]

#: What of a header says how outcomes are written.
_FORMAT = ("time_taken", "creg_sizes", "memory_slots")


class MeasLevel(IntEnum):
    """What a measurement gives back: raw data, kerneled points, or bits."""

    RAW = 0
    KERNELED = 1
    CLASSIFIED = 2


class _Fields(SimpleNamespace):
    """Values as attributes; those that were not given are absent."""

    def to_dict(self) -> dict[str, Any]:
        """Return the values by name; lists and dicts in them are not copied."""
        return dict(vars(self))

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Return an object with the values of a dict, which is not changed."""
        return cls(**_object(cls, data))

    def __contains__(self, name: str) -> bool:
        return name in vars(self)

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild, (type(self), vars(self))


def _rebuild(cls: type[_Fields], fields: dict[str, Any]) -> _Fields:
    made = cls.__new__(cls)
    vars(made).update(fields)
    return made


class ResultHeader(_Fields):
    """What stood in the header of a Qobj or an experiment."""


class ExperimentResultData(_Fields):
    """What came back of one experiment: ``counts``, ``memory``, ``statevector``, ``unitary``, ``snapshots`` ..."""


class ExperimentResult(_Fields):
    """One experiment's part of a result.

    Parameters
    ----------
    shots : int or (int, int)
    success : bool
    data : ExperimentResultData
    meas_level : int
        2: bits; 1: a complex point for each clbit; 0: raw data.
    **fields
        ``header``, ``status``, ``seed``, ``meas_return`` and whatever else came along; they become attributes.

    Raises
    ------
    QiskitError
        If `meas_return` is neither ``"single"`` nor ``"avg"``.
    """

    def __init__(
        self, shots: Any, success: bool, data: ExperimentResultData, meas_level: int = 2, **fields: Any
    ) -> None:
        if fields.get("meas_return") not in (None, "single", "avg"):
            raise QiskitError(f"{fields['meas_return']!r} is not a valid meas_return value; it is 'single' or 'avg'.")
        super().__init__(shots=shots, success=success, data=data, meas_level=meas_level, **fields)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Return the experiment of a dict, which is not changed.

        Raises
        ------
        ResultFormatError
            If it is no dict, or `shots`, `success` or `data` is missing.
        """
        fields = _object(cls, data, "shots", "success", "data")
        fields["data"] = ExperimentResultData.from_dict(fields["data"])
        return cls(**_with_header(fields))

    def to_dict(self) -> dict[str, Any]:
        """Return the experiment in the wire format."""
        return {name: _plain(value) for name, value in vars(self).items()}


class Result(_Fields):
    """What came back of a job, in the historical form.

    Parameters
    ----------
    backend_name, backend_version : str
    qobj_id, job_id : str
    success : bool
        Whether all of it succeeded.
    results : list of ExperimentResult
    **fields
        ``date``, ``status``, ``header`` and whatever else came along; they become attributes.

    Examples
    --------
    ::

        result = Result.from_dict(json.load(file))
        result.get_counts("bell")
    """

    date: Any = None
    status: str | None = None
    header: ResultHeader | None = None

    def __init__(
        self,
        backend_name: str,
        backend_version: str,
        qobj_id: str | None,
        job_id: str | None,
        success: bool,
        results: Sequence[ExperimentResult],
        **fields: Any,
    ) -> None:
        super().__init__(
            backend_name=backend_name,
            backend_version=backend_version,
            qobj_id=qobj_id,
            job_id=job_id,
            success=success,
            results=list(results),
            **fields,
        )

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Return the result of a dict in the wire format, which is not changed.

        Raises
        ------
        ResultFormatError
            If it is no dict, or a field that every result has is missing.
        """
        fields = _object(cls, data, "backend_name", "backend_version", "qobj_id", "job_id", "success", "results")
        if not isinstance(fields["results"], Sequence):
            raise ResultFormatError(f"`results` of a Result is a list, but {fields['results']!r:.60} was given.")
        fields["results"] = [ExperimentResult.from_dict(item) for item in fields["results"]]
        return cls(**_with_header(fields))

    def to_dict(self) -> dict[str, Any]:
        """Return the result in the wire format, exactly what `from_dict` was given, and ``meas_level``."""
        return {name: _plain(value) for name, value in vars(self).items()}

    # --- what the experiments gave

    def data(self, experiment: Any = None) -> dict[str, Any]:
        """Return all that came back of an experiment, outcomes in hexadecimal; nothing is copied.

        Parameters
        ----------
        experiment : int, str or circuit, optional
            Its index, its name, or what was run. None: the only one there is.

        Raises
        ------
        QiskitError
            If there is none, it failed, or there are several to choose from.
        """
        data: ExperimentResultData = self._experiment(experiment).data
        return data.to_dict()

    def get_counts(self, experiment: Any = None) -> Counts | list[Counts]:
        """Return how often each outcome was seen, by formatted bit string.

        Parameters
        ----------
        experiment : int, str or circuit, optional
            As for `data`. None: of all, as a list unless there is exactly one.

        Raises
        ------
        QiskitError
            If there are neither counts nor a statevector, or as for `data`.
        """
        if experiment is not None:
            return self._counts(experiment)
        found = [self._counts(index) for index in range(len(self.results))]
        return found[0] if len(found) == 1 else found

    def _counts(self, key: Any) -> Counts:
        chosen = self._experiment(key)
        data, header = chosen.data, _header(chosen)
        if "counts" in data:
            return Counts(data.counts, **{name: header[name] for name in _FORMAT if name in header})
        if "statevector" in data:
            return Counts(_probabilities(_complex(data.statevector)))
        raise QiskitError(f'No counts for experiment "{key!r}"')

    def get_memory(self, experiment: Any = None) -> list[str] | NDArray[Any]:
        """Return every shot, in order: formatted bit strings, or complex numbers for measurement levels 0 and 1.

        Parameters
        ----------
        experiment : int, str or circuit, optional
            As for `data`.

        Raises
        ------
        QiskitError
            If the shots were not kept, the measurement level is unknown, or as for `data`.
        """
        chosen = self._experiment(experiment)
        if "memory" not in chosen.data:
            raise QiskitError(
                f'No memory for experiment "{experiment!r}". Please verify that you either ran a measurement level 2 '
                f'job with the memory flag set, eg., "memory=True", or a measurement level 0/1 job.'
            )
        read = _MEMORY.get(chosen.meas_level)
        if read is None:
            raise QiskitError(f"Measurement level {chosen.meas_level} is not supported")
        memory: list[str] | NDArray[Any] = read(chosen.data.memory, _header(chosen))
        return memory

    def get_statevector(self, experiment: Any = None, decimals: int | None = None) -> NDArray[Any]:
        """Return the final statevector, ``(2**num_qubits,)``; rounded unless `decimals` is None or 0.

        Raises
        ------
        QiskitError
            If there is none, or as for `data`.
        """
        return self._array("statevector", experiment, decimals)

    def get_unitary(self, experiment: Any = None, decimals: int | None = None) -> NDArray[Any]:
        """Return the matrix, ``(2**num_qubits, 2**num_qubits)``; rounded unless `decimals` is None or 0.

        Raises
        ------
        QiskitError
            If there is none, or as for `data`.
        """
        return self._array("unitary", experiment, decimals)

    def _array(self, name: str, experiment: Any, decimals: int | None) -> NDArray[Any]:
        data = self._experiment(experiment).data
        if name not in data:
            raise QiskitError(f'No {name} for experiment "{experiment!r}"')
        values = _complex(getattr(data, name))
        return np.around(values, decimals) if decimals else values

    def _experiment(self, key: Any) -> ExperimentResult:
        """Return the experiment that was chosen, if it succeeded."""
        chosen = self._choose(key)
        if not chosen.success:
            status = getattr(chosen, "status", None) or "Experiment was not successful"
            raise QiskitError(self.status or "Result was not successful", ", ", status)
        return chosen

    def _choose(self, key: Any) -> ExperimentResult:
        if key is None and len(self.results) != 1:
            raise QiskitError("You have to select a circuit or schedule when there is more than one available")
        if key is None or isinstance(key, int):
            return self._at(0 if key is None else key)
        name = getattr(key, "name", key)
        named: list[ExperimentResult] = [item for item in self.results if _header(item).get("name", "") == name]
        if not named:
            raise QiskitError(f'Data for experiment "{name}" could not be found.')
        if len(named) > 1:
            warnings.warn(
                f'Result object contained multiple results matching name "{name}", only first match will be returned. '
                f"Use an integer index to retrieve results for all entries.",
                stacklevel=4,
            )
        return named[0]

    def _at(self, index: int) -> ExperimentResult:
        try:
            chosen: ExperimentResult = self.results[index]
        except IndexError:
            raise QiskitError(f'Result for experiment "{index}" could not be found.') from None
        return chosen


def get_counts(result: Result | Mapping[str, Any], experiment: Any = None) -> Counts | list[Counts]:
    """Return the counts in a result, or in a dict in the wire format; see `Result.get_counts`."""
    return _result(result).get_counts(experiment)


def get_memory(result: Result | Mapping[str, Any], experiment: Any = None) -> list[str] | NDArray[Any]:
    """Return every shot in a result, or in a dict in the wire format; see `Result.get_memory`."""
    return _result(result).get_memory(experiment)


def _result(result: Result | Mapping[str, Any]) -> Result:
    return Result.from_dict(result) if isinstance(result, Mapping) else result


def _object(cls: type, data: Any, *required: str) -> dict[str, Any]:
    """Return a copy of a JSON object, or raise if it is none or lacks what it needs."""
    missing = [name for name in required if name not in data] if isinstance(data, Mapping) else list(required)
    if missing or not isinstance(data, Mapping):
        lack = f"; it lacks {', '.join(missing)}" if isinstance(data, Mapping) else ""
        raise ResultFormatError(f"A {cls.__name__} is made from a dict, but {data!r:.60} was given{lack}.")
    return dict(data)


def _with_header(fields: dict[str, Any]) -> dict[str, Any]:
    if fields.get("header") is not None:
        fields["header"] = ResultHeader.from_dict(fields["header"])
    return fields


def _plain(value: Any) -> Any:
    if isinstance(value, _Fields):
        return value.to_dict()
    return [_plain(item) for item in value] if isinstance(value, list) and value else value


def _header(experiment: ExperimentResult) -> dict[str, Any]:
    header = getattr(experiment, "header", None)
    return {} if header is None else dict(header.to_dict())


# --- numbers


def _complex(values: ArrayLike) -> NDArray[Any]:
    """Return an array as it is, and lists of complex numbers or of [re, im] as a complex one."""
    if isinstance(values, np.ndarray):
        return values
    array = np.asarray(values)
    return array if np.iscomplexobj(array) else _from_pairs(array)


def _from_pairs(values: Any) -> NDArray[Any]:
    array = np.asarray(values, dtype=np.float64)
    if array.ndim == 0 or array.shape[-1] != 2:
        raise QiskitError("Complex numbers are written as [re, im], but the inner most lists are not of length 2.")
    return array[..., 0] + 1j * array[..., 1]


def _probabilities(state: NDArray[Any]) -> dict[str, float]:
    """Return the probabilities of a statevector's basis states that are not 0, to 15 decimals."""
    width = max(len(state).bit_length() - 1, 1)
    rounded = np.around(np.abs(state) ** 2, 15)
    return {f"{index:0{width}b}": float(rounded[index]) for index in np.flatnonzero(rounded)}


def _bit_memory(memory: Sequence[str], header: Mapping[str, Any]) -> list[str]:
    return [format_bits(shot, header.get("creg_sizes"), header.get("memory_slots")) for shot in memory]


def _point_memory(level: str, fewest: int, most: int) -> Callable[[Any, Mapping[str, Any]], NDArray[Any]]:
    def read(memory: Any, _: Mapping[str, Any]) -> NDArray[Any]:
        points = _from_pairs(memory)
        if not fewest <= points.ndim <= most:
            raise QiskitError(
                f"Level {level} memory is not of correct shape: it has {fewest} or {most} axes, not {points.ndim}."
            )
        return points

    return read


_MEMORY: dict[int, Callable[[Any, Mapping[str, Any]], Any]] = {
    MeasLevel.CLASSIFIED: _bit_memory,
    MeasLevel.KERNELED: _point_memory("one", 1, 2),
    MeasLevel.RAW: _point_memory("zero", 2, 3),
}


# --- some clbits only


def marginal_counts(
    result: Any,
    indices: Sequence[int] | None = None,
    inplace: bool = False,
    format_marginal: bool = False,
    marginalize_memory: bool | None = True,
) -> Any:
    """Return counts, or a result, over some clbits only, the highest index leftmost.

    Parameters
    ----------
    result : mapping of str to number, or Result
        Counts by bit string, or a result in the historical form.
    indices : sequence of int, optional
        Clbits, 0 the rightmost, in any order. None: all.
    inplace : bool
        Change a Result itself rather than a copy.
    format_marginal : bool
        For counts: put the bits where they were, with ``_`` for clbits that are left out.
    marginalize_memory : bool, optional
        For a Result: True, the memory too; False, remove it; None, leave it as it is.

    Returns
    -------
    dict or Result
        As was given; the header's registers and clbits are those that are left.

    Raises
    ------
    QiskitError
        If there are no indices, or one of them does not exist.
    """
    if not isinstance(result, Result):
        marginal = marginal_bits(result, indices)
        return _format(result, marginal, indices) if format_marginal and indices is not None else marginal
    result = result if inplace else deepcopy(result)
    reduced = [marginal_bits(result._counts(index), indices) for index in range(len(result.results))]
    for experiment, counts in zip(result.results, reduced, strict=True):
        _reduce(experiment, counts, indices, marginalize_memory)
    return result


_format = format_marginal


def _reduce(
    experiment: ExperimentResult, counts: Mapping[str, Any], indices: Sequence[int] | None, with_memory: bool | None
) -> None:
    data, header = experiment.data, getattr(experiment, "header", None)
    data.counts = {hex(int(bits, 2)): number for bits, number in counts.items()}
    if with_memory is False:
        vars(data).pop("memory", None)
    if indices is None:
        return
    chosen = sorted(indices)
    if with_memory and "memory" in data:
        data.memory = _reduced_memory(experiment, chosen)
    if header is not None:
        header.memory_slots = len(chosen)
        if getattr(header, "creg_sizes", None) is not None:
            header.creg_sizes = _left_of(header.creg_sizes, chosen)


def _reduced_memory(experiment: ExperimentResult, indices: Sequence[int]) -> list[Any]:
    memory = experiment.data.memory
    if experiment.meas_level == MeasLevel.CLASSIFIED:
        return list(marginal_memory(memory, indices, hex_return=True))
    averaged = getattr(experiment, "meas_return", None) == "avg"
    return list(marginal_memory(np.asarray(memory), indices, avg_data=averaged).tolist())  # type: ignore[union-attr]


def _left_of(creg_sizes: Sequence[Any], indices: Sequence[int]) -> list[list[Any]]:
    """Return the registers with as many clbits as are left of each, without those that have none."""
    left, start = [], 0
    for name, size in creg_sizes:
        kept = sum(start <= index < start + size for index in indices)
        start += size
        left += [[name, kept]] if kept else []
    return left
