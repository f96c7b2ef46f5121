from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import qdock_basic
from qdock.backend import Context
from qdock.circuit import Circuit
from qdock.config import Config
from qdock.dock import Dock
from qdock.errors import ConfigError, JobCancelledError, LimitExceeded, OptionError
from qdock.executors.thread import ThreadExecutor
from qdock.job import JobStatus
from qdock.spec import BackendSpec
from qdock_basic import BasicProviderJob, BasicSimulator
from qdock_basic.estimate import seconds_of
from qdock_basic.plugin import SPEC, qdock_backends

DEFAULTS = {name: option.default for name, option in SPEC.options.items()}


def bell() -> Circuit:
    return Circuit(2, 2, name="bell").h(0).cx(0, 1).measure([0, 1], [0, 1])


def long_circuit(rounds: int = 20_000) -> Circuit:
    """Runs for minutes unless it is stopped."""
    circuit = Circuit(14, 1)
    circuit.for_(None, range(rounds), circuit.block().h(range(14)).cx(range(13), range(1, 14))).measure(0, 0)
    return circuit


@pytest.fixture
def dock() -> Iterator[Dock]:
    with Dock(Config.load({})) as dock:
        yield dock


@pytest.fixture
def simulator(dock: Dock) -> Any:
    return dock.get_backend("basic_simulator")


# --- found and described


def test_the_backend_is_found_by_its_names(dock: Dock) -> None:
    assert dock.get_backend("basic/basic_simulator") is dock.get_backend("basic_simulator")
    assert isinstance(dock.get_backend("basic_simulator"), BasicSimulator)


def test_its_spec_is_what_the_hook_yields() -> None:
    (spec,) = qdock_backends()
    assert spec.name == BasicSimulator.spec.name == "basic_simulator"
    assert list(spec.options) == list(DEFAULTS)
    assert {name: option.default for name, option in spec.options.items()} == DEFAULTS
    assert BackendSpec.from_dict(json.loads(json.dumps(spec.to_dict()))) == spec


def test_listing_imports_neither_numpy_nor_the_engine() -> None:
    code = "import qdock_basic.plugin, sys; print(*sorted(sys.modules))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert {name for name in loaded if name.startswith("qdock_basic")} == {"qdock_basic", "qdock_basic.plugin"}
    assert "numpy" not in loaded


def test_public_names_are_imported_when_they_are_used() -> None:
    assert set(qdock_basic.__all__) <= set(dir(qdock_basic))
    for name in qdock_basic.__all__:
        assert callable(getattr(qdock_basic, name))
    with pytest.raises(AttributeError, match="module 'qdock_basic' has no attribute 'nothing'"):
        _ = qdock_basic.nothing


def test_a_simulator_of_ones_own_needs_no_dock() -> None:
    result = BasicSimulator().execute([bell()], DEFAULTS, Context(seed=3))
    assert sum(result.get_counts().values()) == 1024


# --- running


def test_a_bell_circuit_counts_only_zeros_and_ones(simulator: Any) -> None:
    counts = simulator.run(bell(), shots=500, seed=1).result().get_counts()
    assert set(counts) == {"00", "11"}
    assert sum(counts.values()) == 500


def test_the_result_says_how_it_was_made(simulator: Any) -> None:
    circuit = bell()
    circuit.metadata = {"author": "B"}
    result = simulator.run([circuit, Circuit(1, 1).t(0).reset(0).measure(0, 0)], seed=8, engine="numpy").result()
    assert result.metadata["engine"] == "numpy"
    assert result.metadata["method"] == "branching, sampling"
    assert result.metadata["passes"] == 3
    assert result.metadata["threads"] == 1
    parts = [result.metadata[f"seconds_{part}"] for part in ("plan", "run", "sample")]
    assert 0 < sum(parts) < result.metadata["seconds"]
    assert result.metadata["seconds"] > 0
    assert [entry.name for entry in result] == ["bell", "circuit"]
    assert [entry.seed for entry in result] == [8, 8]
    assert all(entry.seconds > 0 for entry in result)
    assert result[0].header == {"author": "B"}


@pytest.mark.parametrize("output", ["statevector", "unitary"])
def test_exact_outputs_name_themselves_as_method(output: str, simulator: Any) -> None:
    assert simulator.run(Circuit(2).h(0), output=output).result().metadata["method"] == output


def test_a_result_survives_its_file(simulator: Any, tmp_path: Any) -> None:
    for output in ("counts", "probabilities", "statevector"):
        result = simulator.run(bell(), output=output, seed=4).result()
        result.save(tmp_path / "result.npz")
        assert type(result).load(tmp_path / "result.npz") == result


def test_results_of_two_runs_add_up(simulator: Any) -> None:
    first, second = (simulator.run(bell(), seed=seed).result() for seed in (1, 2))
    assert (first + second)[0].shots == 2048


@pytest.mark.parametrize("slots", [1, 2, 8])
@pytest.mark.parametrize("batch", [1, 7, 100])
def test_the_same_seed_gives_the_same_counts_however_the_work_is_split(dock: Dock, batch: int, slots: int) -> None:
    circuits = []
    for index in range(100):
        circuit = Circuit(3, 3).ry(0.05 * index, 0).cx(0, 1).h(2).measure(0, 0)
        circuits.append(circuit.if_(circuit.bit(0), circuit.block().h(1)).measure([1, 2], [1, 2]))
    inline = dock.run(circuits, "basic_simulator", executor="inline", seed=42, shots=200)
    expected = [entry.get_counts() for entry in inline.result()]
    # As batches of jobs that run at the same time, each as a whole ...
    executor = ThreadExecutor(slots=slots)
    jobs = [dock.run(circuits, "basic_simulator", executor=executor, seed=42, shots=200) for _ in range(min(batch, 3))]
    assert all([entry.get_counts() for entry in job.result()] == expected for job in jobs)
    # ... and as batches of circuits, of which each draws by its number in the job.
    simulator: Any = dock.get_backend("basic_simulator")
    found = []
    for start in range(0, 100, batch):
        part = range(start, min(start + batch, 100))
        options = {**DEFAULTS, "shots": 200}
        results = (simulator.simulate(circuits[index], index, options, Context(seed=42)) for index in part)
        found += [entry.get_counts() for entry, _ in results]
    assert found == expected
    executor.close()


def test_many_jobs_at_once_do_not_disturb_each_other(dock: Dock) -> None:
    expected = [dock.run(bell(), "basic_simulator", seed=seed).result().get_counts() for seed in range(24)]
    executor = ThreadExecutor(slots=8)
    jobs = [dock.run(bell(), "basic_simulator", executor=executor, seed=seed) for seed in range(24)]
    assert [job.result().get_counts() for job in jobs] == expected
    executor.close()


def test_a_seed_that_was_drawn_repeats_the_run(simulator: Any) -> None:
    job = simulator.run(bell())
    assert simulator.run(bell(), seed=job.seed).result().get_counts() == job.result().get_counts()
    assert job.rerun().result().get_counts() == job.result().get_counts()


# --- small and large


def test_small_work_is_done_on_the_spot(simulator: Any) -> None:
    job = simulator.run(bell())
    assert type(job) is BasicProviderJob
    assert job.status() is JobStatus.DONE


def test_large_work_goes_to_a_thread_and_can_be_cancelled(simulator: Any) -> None:
    job = simulator.run(long_circuit())
    assert type(job) is not BasicProviderJob
    # It looks whether to stop once its kernels are compiled, where none are kept: minutes on a busy machine.
    assert job.cancel(wait=240)
    assert job.status() is JobStatus.CANCELLED
    with pytest.raises(JobCancelledError):
        job.result()


def test_a_running_job_says_how_far_it_is(dock: Dock) -> None:
    told: list[tuple[float, str]] = []

    class Watched(Context):
        def check(self) -> None:
            if len(told) > 3:
                raise JobCancelledError("Enough was seen.")

        def progress(self, fraction: float, text: str = "") -> None:
            told.append((fraction, text))

    circuit = Circuit(16, 1)
    for _ in range(400):
        circuit.h(range(16)).cp(0.1, range(15), range(1, 16))
    simulator: Any = dock.get_backend("basic_simulator")
    with pytest.raises(JobCancelledError, match="Enough"):
        simulator.execute([bell(), circuit.measure(0, 0)], {**DEFAULTS, "engine": "numpy"}, Watched(seed=1))
    fractions = [fraction for fraction, _ in told]
    assert fractions == sorted(fractions)
    assert 0.5 <= fractions[0] <= fractions[-1] < 1
    assert told[0][1] == "circuit 2 of 2"


def test_estimates_are_small_for_small_work_only() -> None:
    assert seconds_of(bell(), DEFAULTS) < 1e-3
    assert seconds_of(Circuit(5, 5).h(range(5)).measure_all(), DEFAULTS) < 1e-3
    assert seconds_of(long_circuit(), DEFAULTS) > 1
    assert seconds_of(Circuit(24, 24).ry(0.3, range(24)).measure_all(), DEFAULTS) > 0.1
    assert seconds_of(Circuit(24, 24).h(range(24)).measure_all(), DEFAULTS) < 0.001
    assert seconds_of(Circuit(12).h(range(12)), {**DEFAULTS, "output": "unitary"}) > 0.1
    assert seconds_of(bell(), {**DEFAULTS, "memory": True, "shots": 10**6}) > 1e-2
    assert seconds_of(Circuit(1_000_000, 1).t(0).measure(0, 0), DEFAULTS) > 1e6
    assert seconds_of(Circuit(0), DEFAULTS) < 1e-3


def test_estimates_count_branches_and_rounds() -> None:
    split, straight = Circuit(10, 10), Circuit(10, 10)
    for qubit in range(9):
        split.h(0).measure(0, qubit)
        straight.h(0).h(0)
    straight.measure(range(9), range(9))
    assert seconds_of(split.h(0), DEFAULTS) > 50 * seconds_of(straight, DEFAULTS)
    looped = Circuit(10, 10)
    looped.for_(None, [0.5] * 500, looped.block().h(0))
    unknown = Circuit(10, 10)
    unknown.while_(unknown.bit(0), unknown.block().h(0))
    assert seconds_of(looped, DEFAULTS) > 5 * seconds_of(unknown, DEFAULTS) / 2
    assert seconds_of(Circuit(2).h(0), {**DEFAULTS, "output": "probabilities"}) < 1e-3


# --- refused before there is a job


def refused(simulator: Any, circuit: Circuit, message: str, **options: Any) -> None:
    with pytest.raises(OptionError, match=message):
        simulator.run(circuit, **options)
    assert simulator.dock.jobs() == []


def test_counts_of_a_circuit_that_measures_nothing_are_refused(simulator: Any) -> None:
    message = r"Circuit 'circuit' measures nothing, so it has no counts\. Measure its qubits, .* or ask for output="
    refused(simulator, Circuit(2).h(0), message)
    refused(simulator, Circuit(2, 2).h(0), message)
    scratch = Circuit(1)
    scratch.measure(0, scratch.add_creg("s", 1, output=False))
    refused(simulator, scratch, "measures only into registers that results don't show, so it has no counts")


def test_measuring_in_a_block_is_measuring(simulator: Any) -> None:
    circuit = Circuit(1, 1)
    circuit.if_(~circuit.bit(0), circuit.block().x(0).measure(0, 0))
    assert simulator.run(circuit).result().get_counts() == {"1": 1024}


@pytest.mark.parametrize("name", ["measurement", "reset"])
def test_a_unitary_with_a_measurement_or_reset_is_refused(name: str, simulator: Any) -> None:
    circuit = Circuit(1, 1)
    inner = circuit.block()
    circuit.if_(circuit.bit(0), inner.measure(0, 0) if name == "measurement" else inner.reset(0))
    refused(simulator, circuit, f"Circuit 'circuit' has no unitary: it has a {name}", output="unitary")


def test_memory_of_an_exact_output_is_refused(simulator: Any) -> None:
    message = "Option `memory` is the order of shots and goes with output='counts', not with 'statevector'"
    refused(simulator, bell(), message, memory=True, output="statevector")


def test_an_initial_state_that_does_not_fit_is_refused(simulator: Any) -> None:
    refused(simulator, bell(), r"Circuit 'bell': `initial_state` must have 2\^2 = 4 amplitudes", initial_state=[1, 0])
    refused(simulator, bell(), "`initial_state` must have norm 1, but its norm is 2", initial_state=[0, 2, 0, 0])
    refused(simulator, bell(), "must have finite amplitudes", initial_state=[np.nan, 0, 0, 0])
    unmeasured = Circuit(2).h(0)
    message = "`initial_state` does not go with output='unitary'"
    refused(simulator, unmeasured, message, initial_state=[1, 0, 0, 0], output="unitary")


def test_an_initial_state_is_taken_as_an_option(simulator: Any) -> None:
    counts = simulator.run(Circuit(1, 1).measure(0, 0), initial_state=[0, 1j]).result().get_counts()
    assert counts == {"1": 1024}


@pytest.mark.parametrize("shots", [0, -1, 10**12, float("nan"), "10", 2.5, True])
def test_shots_that_are_none_are_refused(shots: Any, simulator: Any) -> None:
    refused(simulator, bell(), "Option `shots`", shots=shots)


@pytest.mark.parametrize("options", [{"output": "count"}, {"precision": "half"}, {"memory": 1}, {"outputs": "counts"}])
def test_options_out_of_their_range_are_refused(options: Any, simulator: Any) -> None:
    refused(simulator, bell(), "ption", **options)


@pytest.mark.parametrize("qubits", [40, 10_000])
def test_too_many_qubits_are_refused_with_bytes_needed_and_free(qubits: int, simulator: Any) -> None:
    with pytest.raises(LimitExceeded, match=r"needs .* bytes.*, but this process may use .* bytes"):
        simulator.run(
            Circuit(qubits, 1).ry(0.1, range(qubits)).cx(range(qubits - 1), range(1, qubits)).measure(qubits - 1, 0)
        )


def test_a_loop_of_thousand_million_rounds_fails_with_the_limit_named(simulator: Any) -> None:
    job = simulator.run(long_circuit(10**9))
    job.wait_for_final_state(30)
    assert job.status() is JobStatus.ERROR
    assert "max_loop_iterations = 10,000,000" in job.error.message


# --- settings


def test_options_and_limits_come_from_the_configuration() -> None:
    settings = {"shots": 77, "precision": "single", "max_branches": 4}
    with Dock(Config.load({}, plugins={"basic": settings})) as dock:
        assert dock.run(bell(), "basic_simulator").result()[0].shots == 77
        vector = dock.run(Circuit(1), "basic_simulator", output="statevector").result().get_statevector()
        assert vector.dtype == np.complex64
        circuit = Circuit(1, 4)
        for clbit in range(4):
            circuit.ry(1, 0).measure(0, clbit)
        job = dock.run(circuit, "basic_simulator", output="probabilities")
        job.wait_for_final_state(30)
        assert "max_branches = 4" in job.error.message


def test_a_wrong_limit_in_the_configuration_is_refused() -> None:
    with (
        Dock(Config.load({}, plugins={"basic": {"max_branches": "many"}})) as dock,
        pytest.raises(ConfigError, match=r"\[plugins.basic\] max_branches must be a whole number"),
    ):
        dock.get_backend("basic_simulator")


def test_options_can_be_set_for_all_later_runs(simulator: Any) -> None:
    simulator.set_options(shots=10, memory=True)
    assert len(simulator.run(bell()).result().get_memory()) == 10
    simulator.set_options(shots=None, memory=None)
    assert simulator.run(bell()).result()[0].shots == 1024
