"""The historical simulators as backends of qdock: circuits, or the circuits of a Qobj, with the old draws."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from time import perf_counter
from typing import TYPE_CHECKING, Any

import numpy as np

from qdock.backend import Context, LocalBackend
from qdock.circuit import Circuit
from qdock.errors import OptionError
from qdock.result import CircuitResult, Result
from qdock_legacy.convert_read import CONFIG
from qdock_legacy.convert_write import circuits_to_qobj
from qdock_legacy.qobj import Qobj
from qdock_legacy.run import Found, run_programs
from qdock_legacy.simulators import OPTIONS, SIMULATORS, Simulator, prepare

if TYPE_CHECKING:
    from qdock.config import Config
    from qdock.job import RecordedJob
    from qdock.spec import BackendSpec

__all__ = ["LegacySimulator"]


class LegacySimulator(LocalBackend):
    """One of ``qasm_simulator``, ``statevector_simulator`` and ``unitary_simulator``.

    What a circuit's Qobj said about its run holds unless an option says otherwise. Nothing of a run is kept here, so
    that any number of jobs may run at once.

    Parameters
    ----------
    spec : BackendSpec
        As the plugin declares it.
    config : Config, optional
        The settings.
    """

    def __init__(self, spec: BackendSpec, config: Config | None = None) -> None:
        super().__init__(spec, config)
        self._simulator: Simulator = SIMULATORS[spec.name]

    def run(self, programs: Any, **options: Any) -> RecordedJob:
        """Submit a job and return it at once; a dict is read as a Qobj."""
        return super().run(Qobj.from_dict(programs) if isinstance(programs, Mapping) else programs, **options)

    # --- what it said about itself

    def version(self) -> str:
        """Return the version that the simulator had."""
        return self._simulator.version

    def configuration(self) -> Any:
        """Return the historical configuration."""
        return self._historical().configuration()

    def properties(self) -> Any:
        """Return nothing, as a simulator did."""
        return self._historical().properties()

    def status(self) -> Any:
        """Return the historical status."""
        return self._historical().status()

    def _historical(self) -> Any:
        from qdock_legacy.provider import BasicAer

        return BasicAer.get_backend(self._simulator.name)

    # --- running

    def check(self, programs: Sequence[Any], options: dict[str, Any]) -> None:
        """Check the circuits with the options, as the historical simulators did not.

        Raises
        ------
        QobjError
            For what this simulator did not run.
        ConversionError
            For a circuit that can't be written as Qobj.
        """
        for number, group in self._groups(programs):
            prepare(self._qobj(group, number, None), self._simulator, _chosen(options))

    def execute(self, programs: Sequence[Any], options: dict[str, Any], context: Context) -> Result:
        """Run circuits that have been checked."""
        begin = perf_counter()
        chosen = _chosen(options)
        entries: list[CircuitResult] = []
        for number, group in self._groups(programs):
            qobj = self._qobj(group, number, context, chosen.get("seed_simulator"))
            ready, settings = prepare(qobj, self._simulator, chosen)
            for circuit, found in zip(group, run_programs(ready, settings, context.check), strict=True):
                entries.append(_entry(circuit, found, settings.shots))
                context.progress(len(entries) / len(programs))
        return Result(entries, {"engine": "numpy", "method": self._simulator.method, "seconds": perf_counter() - begin})

    def _groups(self, programs: Sequence[Circuit]) -> Iterator[tuple[int, list[Circuit]]]:
        """Yield neighbours that are run alike, with the number of the first."""
        number = 0
        for _, group in groupby(programs, key=lambda circuit: _of_all(circuit.metadata.get(CONFIG, {}))):
            circuits = list(group)
            yield number, circuits
            number += len(circuits)

    def _qobj(self, circuits: Sequence[Circuit], first: int, context: Context | None, seed: int | None = None) -> Qobj:
        """Return the Qobj of some circuits; without `seed` those that have none get one that follows from the job's."""
        seeds = [_seed_of(circuit, first + i, context, seed) for i, circuit in enumerate(circuits)]
        return circuits_to_qobj(circuits, backend=self._simulator.name, exact_names=True, seeds=seeds)


def _of_all(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a config says of all circuits of a Qobj."""
    return {
        name: value
        for name, value in config.items()
        if name not in ("seed", "seed_simulator", "allows_measure_sampling")
    }


def _seed_of(circuit: Circuit, index: int, context: Context | None, seed: int | None) -> int | None:
    """Return the seed of an experiment, or None where its circuit says one, or none is needed."""
    config = circuit.metadata.get(CONFIG, {})
    if context is None or (seed is None and ("seed" in config or "seed_simulator" in config)):
        return None
    # One of the job's own streams gives a seed that every generator of old takes.
    return int(context.rng(index).integers(2**31 - 1)) if seed is None else seed


def _chosen(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options that were given, those of ``backend_options`` among them."""
    more = options.get("backend_options") or {}
    if not isinstance(more, Mapping):
        raise OptionError(f"Option `backend_options` is a mapping of options, but {more!r} was given.")
    for name in more:
        if name not in OPTIONS:
            raise OptionError(f"Option `backend_options` has an unknown {name!r}; there are {', '.join(OPTIONS)}.")
    given = {name: value for name, value in options.items() if name in OPTIONS and value is not None}
    return {**more, **given}


def _entry(circuit: Circuit, found: Found, shots: int) -> CircuitResult:
    """Return the entry of a circuit in a result."""
    data = found.data
    fields: dict[str, Any] = {
        "shots": shots,
        "seed": found.seed,
        "seconds": found.seconds,
        "header": {name: value for name, value in circuit.metadata.items() if name != CONFIG},
        **{name: data[name] for name in ("statevector", "unitary") if name in data},
    }
    if not data.get("counts"):
        return CircuitResult.from_circuit(circuit, **fields)
    names = list(data["counts"])
    words = _words([int(name, 16) for name in names], len(circuit.output_clbits))
    place = {name: index for index, name in enumerate(names)}
    memory = np.array([place[name] for name in data["memory"]]) if data.get("memory") else None
    return CircuitResult.from_outcomes(circuit, words, list(data["counts"].values()), memory, **fields)


def _words(numbers: Sequence[int], num_clbits: int) -> np.ndarray[Any, Any]:
    size = 8 * max(1, (num_clbits + 63) // 64)
    rows = [np.frombuffer(number.to_bytes(size, "little"), "<u8") for number in numbers]
    return np.array(rows, dtype=np.uint64)
