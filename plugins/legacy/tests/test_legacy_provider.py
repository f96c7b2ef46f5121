"""BasicAer and its simulators, base classes of old backends, and adapters both ways."""

from __future__ import annotations

import asyncio
import concurrent.futures
import copy
import io
import json
import logging
import os
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import qdock
from qdock import Circuit, CircuitResult, Dock, JobCancelledError, JobError, JobStatus, JobV1, LocalBackend
from qdock import Result as CoreResult
from qdock_legacy import (
    AdaptedJob,
    BackendV1,
    BaseBackend,
    BasicAer,
    BasicAerJob,
    BasicAerProvider,
    Options,
    ProviderV1,
    QasmBackendConfiguration,
    QiskitBackendNotFoundError,
    QobjError,
    Result,
    assemble,
    filter_backends,
    from_old_backend,
    job_monitor,
    to_old_backend,
)
from qdock_legacy.qobj import Qobj
from qdock_legacy.unrecorded import UnrecordedJob
from qdock_legacy.wire import run_file

FOLDER = os.environ.get("QDOCK_TEST_ORACLE")
SOON = 10.0


def bell() -> Circuit:
    return Circuit(2, 2, name="bell").h(0).cx(0, 1).measure([0, 1], [0, 1])


def qobj_of(seed: int = 7, shots: int = 1024, **fields: Any) -> dict[str, Any]:
    """A Bell pair, measured, as a file of 2020 has it."""
    instructions = [
        {"name": "u2", "qubits": [0], "params": [0.0, np.pi]},
        {"name": "cx", "qubits": [0, 1]},
        {"name": "measure", "qubits": [0], "memory": [0]},
        {"name": "measure", "qubits": [1], "memory": [1]},
    ]
    sizes = {"n_qubits": 2, "memory_slots": 2}
    header = {"name": "bell", "creg_sizes": [["c", 2]], **sizes}
    return {
        "qobj_id": "q",
        "schema_version": "1.3.0",
        "type": "QASM",
        "header": {},
        "config": {"shots": shots, "seed_simulator": seed, **sizes, **fields},
        "experiments": [{"instructions": instructions, "header": header, "config": dict(sizes)}],
    }


# --- the provider


def test_the_provider_has_three_simulators_in_order():
    names = ["qasm_simulator", "statevector_simulator", "unitary_simulator"]
    assert [backend.name() for backend in BasicAer.backends()] == names
    assert BasicAer.get_backend("qasm_simulator") is BasicAer.backends("qasm_simulator")[0]
    assert str(BasicAer) == "BasicAer"
    assert all(backend.provider() is BasicAer for backend in BasicAer.backends())


@pytest.mark.parametrize("name", [None, ""])
def test_one_backend_must_be_chosen(name):
    with pytest.raises(QiskitBackendNotFoundError, match="More than one backend matches the criteria"):
        BasicAer.get_backend(name)


def test_a_backend_that_is_not_there_is_an_error_or_none_of_a_list():
    with pytest.raises(QiskitBackendNotFoundError, match="The 'nope' backend is not installed in your system"):
        BasicAer.get_backend("nope")
    with pytest.raises(QiskitBackendNotFoundError, match="No backend matches the criteria"):
        BasicAer.get_backend("qasm_simulator", simulator=False)
    assert BasicAer.backends("nope") == []


@pytest.mark.parametrize(
    "old, name",
    [
        ("qasm_simulator_py", "qasm_simulator"),
        ("statevector_simulator_py", "statevector_simulator"),
        ("unitary_simulator_py", "unitary_simulator"),
        ("local_qasm_simulator_py", "qasm_simulator"),
        ("local_statevector_simulator_py", "statevector_simulator"),
        ("local_unitary_simulator_py", "unitary_simulator"),
        ("local_unitary_simulator", "unitary_simulator"),
    ],
)
def test_a_name_that_was_given_up_works_and_is_logged_once(old, name, caplog):
    with caplog.at_level(logging.WARNING):
        assert BasicAer.get_backend(old) is BasicAer.get_backend(name)
    assert [record.getMessage() for record in caplog.records] == [f"Backend '{old}' is deprecated. Use '{name}'."]


def test_backends_are_filtered_by_configuration_status_and_function():
    def found(**criteria: Any) -> list[str]:
        return [backend.name().removesuffix("_simulator") for backend in BasicAer.backends(**criteria)]

    assert found(memory=True) == ["qasm", "statevector"]
    assert found(operational=True) == ["qasm", "statevector", "unitary"]
    assert found(nonsense=1) == []
    assert found(filters=lambda backend: "unitary" in backend.name()) == ["unitary"]
    assert filter_backends([], operational=True) == []


def test_providers_of_one_class_are_equal_and_not_hashable():
    assert BasicAerProvider() == BasicAer
    assert BasicAer != 5
    with pytest.raises(TypeError, match="unhashable"):
        hash(BasicAer)


def test_a_provider_of_its_own_implements_backends():
    class Mine(ProviderV1):
        def backends(self, name=None, **kwargs):
            return [name]

    assert Mine().get_backend("x") == "x"
    with pytest.raises(TypeError, match="abstract method"):
        ProviderV1()


# --- the simulators


@pytest.mark.parametrize(
    "name, flags", [("qasm", (True, True)), ("statevector", (True, True)), ("unitary", (False, False))]
)
def test_a_simulator_says_what_it_is(name, flags):
    backend = BasicAer.get_backend(f"{name}_simulator")
    found = backend.configuration()
    assert (found.simulator, found.local, found.open_pulse, found.coupling_map) == (True, True, False, None)
    assert (found.conditional, found.memory) == flags
    assert QasmBackendConfiguration.from_dict(found.to_dict()) == found
    assert {gate.name for gate in found.gates} <= set(found.basis_gates)
    assert backend.status().to_dict() == {
        "backend_name": f"{name}_simulator",
        "backend_version": "1",
        "operational": True,
        "pending_jobs": 0,
        "status_msg": "",
    }
    assert (backend.properties(), backend.version, str(backend)) == (None, 1, f"{name}_simulator")
    assert repr(backend) == f"<{name.capitalize()}SimulatorPy('{name}_simulator')>"


def test_a_qobj_runs_and_its_seed_repeats_the_old_counts():
    job = BasicAer.get_backend("qasm_simulator").run(qobj_of())
    assert isinstance(job, BasicAerJob)
    result = job.result(SOON)
    assert isinstance(result, Result)
    # As BasicAer 0.25.3 gave them for this seed.
    assert result.get_counts() == {"00": 524, "11": 500}
    assert (result.qobj_id, result.job_id, result.status) == ("q", job.job_id(), "COMPLETED")
    assert job.backend() is BasicAer.get_backend("qasm_simulator")


@pytest.mark.skipif(FOLDER is None, reason="QDOCK_TEST_ORACLE does not say where the recorded cases lie")
def test_every_recorded_qobj_gives_the_recorded_result_through_the_provider():
    for path in sorted((Path(FOLDER) / "qobj").glob("*.json")):
        expected = json.loads((Path(FOLDER) / "result" / path.name).read_text())
        job = BasicAer.get_backend(expected["backend_name"]).run(json.loads(path.read_text()))
        found = job.result(SOON).to_dict()
        found["job_id"], found["time_taken"] = expected["job_id"], expected["time_taken"]
        for ours, theirs in zip(found["results"], expected["results"], strict=True):
            ours["time_taken"] = theirs["time_taken"]
            for name in {"statevector", "unitary"} & theirs["data"].keys():
                pairs = np.array(theirs["data"].pop(name))
                np.testing.assert_allclose(ours["data"].pop(name), pairs[..., 0] + 1j * pairs[..., 1], atol=1e-12)
        assert found == expected, path.name


def test_circuits_are_assembled_and_run():
    backend = BasicAer.get_backend("qasm_simulator")
    result = backend.run([bell(), bell()], shots=1024, seed_simulator=7, memory=True).result(SOON)
    assert result.get_counts() == [{"00": 524, "11": 500}] * 2
    assert len(result.get_memory(1)) == 1024


def test_states_and_matrices_come_back_as_arrays():
    circuit = Circuit(1).h(0)
    half = np.sqrt(0.5)
    state = BasicAer.get_backend("statevector_simulator").run(circuit).result(SOON).get_statevector()
    matrix = BasicAer.get_backend("unitary_simulator").run(circuit).result(SOON).get_unitary()
    np.testing.assert_allclose(state, [half, half], atol=1e-12)
    np.testing.assert_allclose(matrix, [[half, half], [half, -half]], atol=1e-12)


def counts(backend: Any, program: Any, **options: Any) -> dict[str, int]:
    return backend.run(program, **options).result(SOON).get_counts()


def test_an_argument_of_run_comes_before_the_qobj_and_that_before_what_was_set():
    backend = type(BasicAer.get_backend("qasm_simulator"))()
    backend.set_options(shots=10, seed_simulator=3)
    assert sum(counts(backend, bell()).values()) == 10
    assert counts(backend, bell()) == counts(backend, qobj_of(seed=3, shots=10))
    assert counts(backend, qobj_of(seed=7)) == {"00": 524, "11": 500}
    assert sum(counts(backend, qobj_of(), shots=5).values()) == 5
    assert counts(backend, qobj_of(seed=1), backend_options={"seed_simulator": 7}) == {"00": 524, "11": 500}
    assert set(counts(backend, qobj_of(), initial_statevector=[0, 0, 0, 1])) == {"01", "10"}


def test_options_can_be_given_to_the_class():
    backend = type(BasicAer.get_backend("qasm_simulator"))(shots=5)
    assert backend.options.shots == 5
    with pytest.raises(AttributeError, match="Options field shotz is not valid for this backend; it has shots"):
        type(backend)(shotz=5)
    with pytest.raises(AttributeError, match="Options field shotz is not valid"):
        backend.set_options(shotz=5)


def test_an_option_that_there_is_not_is_dropped_with_a_warning():
    backend = BasicAer.get_backend("qasm_simulator")
    with pytest.warns(UserWarning, match="Option max_parallel_threads is not used by this backend"):
        job = backend.run(qobj_of(), max_parallel_threads=4)
    assert job.result(SOON).get_counts() == {"00": 524, "11": 500}


def test_a_dict_that_is_no_qobj_is_refused_and_what_can_not_be_run_fails():
    backend = BasicAer.get_backend("qasm_simulator")
    with pytest.raises(QobjError, match="experiments: an empty list was given"):
        backend.run({**qobj_of(), "experiments": []})
    unknown = qobj_of()
    unknown["experiments"][0]["instructions"][0] = {"name": "warp", "qubits": [0]}
    job = backend.run(unknown)
    with pytest.raises(QobjError, match='encountered unrecognized operation "warp"'):
        job.result(SOON)
    assert job.status() is JobStatus.ERROR


def test_a_lenient_qobj_runs_where_a_job_by_hand_wants_the_schema():
    old = qobj_of()
    del old["header"]
    backend = BasicAer.get_backend("qasm_simulator")
    assert counts(backend, old) == {"00": 524, "11": 500}
    with pytest.raises(QobjError, match="header"):
        BasicAerJob(backend, "by-hand", backend._run_job, old).submit()


def test_a_job_by_hand_runs_the_simulators_own_function():
    backend = BasicAer.get_backend("qasm_simulator")
    job = BasicAerJob(backend, "by-hand", backend._run_job, qobj_of())
    job.submit()
    assert job.result(SOON).get_counts("bell") == {"00": 524, "11": 500}
    assert job.result().job_id == "by-hand"


def test_eight_jobs_of_eight_threads_on_one_backend_give_the_sequential_answers():
    backend = BasicAer.get_backend("qasm_simulator")
    qobjs = [qobj_of(seed=seed, shots=100 + seed, memory=True) for seed in range(24)]
    alone = [backend.run(qobj).result(SOON).results[0].data for qobj in qobjs]
    together = threading.Barrier(8)

    def run(number: int) -> list[Any]:
        together.wait(SOON)
        jobs = [backend.run(qobj) for qobj in qobjs[number::8]]
        return [job.result(SOON).results[0].data for job in jobs]

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        found = list(pool.map(run, range(8)))
    assert found == [alone[number::8] for number in range(8)]


def test_a_run_that_is_cancelled_stops_between_experiments():
    job = BasicAer.get_backend("qasm_simulator").run(assemble([bell()] * 3, shots=10))
    job.result(SOON)
    begun, proceed = threading.Event(), threading.Event()

    def run(job_id: str, qobj: Any) -> Any:
        begun.set()
        assert proceed.wait(SOON)
        return BasicAer.get_backend("qasm_simulator")._run_job(job_id, qobj)

    job = BasicAerJob(None, "slow", run, qobj_of())
    job.submit()
    assert begun.wait(SOON)
    assert job.cancel(wait=0) is False
    proceed.set()
    with pytest.raises(JobCancelledError, match="Job slow was cancelled"):
        job.result(SOON)


# --- base classes


def configuration(**fields: Any) -> QasmBackendConfiguration:
    return QasmBackendConfiguration.from_dict(
        {**BasicAer.get_backend("qasm_simulator").configuration().to_dict(), **fields}
    )


class Constant(BaseBackend):
    """A backend of 2019: whatever it is given, all shots are the same."""

    def __init__(self, provider: Any = None) -> None:
        super().__init__(configuration(backend_name="constant", backend_version="0.9.0"), provider)
        self.seen: list[Any] = []

    def run(self, qobj: Any) -> Any:
        self.seen.append(qobj)
        job = BasicAerJob(self, "id-1", self._compute, qobj)
        job.submit()
        return job

    def _compute(self, job_id: str, qobj: Any) -> Result:
        shots = qobj.config.shots
        data = {"counts": {"0x2": shots}, **({"memory": ["0x2"] * shots} if qobj.config.memory else {})}
        experiments = [{"shots": shots, "success": True, "data": data} for _ in qobj.experiments]
        about = {"backend_name": "constant", "backend_version": "0.9.0", "qobj_id": qobj.qobj_id, "job_id": job_id}
        return Result.from_dict({**about, "success": True, "results": experiments})


def test_a_base_backend_is_a_name_a_version_and_a_status():
    backend = Constant(BasicAer)
    assert (backend.name(), backend.version(), backend.properties()) == ("constant", "0.9.0", None)
    assert (backend.status().operational, backend.status().pending_jobs) == (True, 0)
    assert str(backend) == "constant"
    assert repr(backend) == "<Constant('constant') from BasicAer()>"
    with pytest.raises(TypeError, match="abstract method"):
        BaseBackend(configuration())


def test_a_backend_v1_has_options_and_the_version_1():
    class Mine(BackendV1):
        @classmethod
        def _default_options(cls):
            return Options(shots=5)

        def run(self, run_input, **options):
            return run_input

    backend = Mine(configuration(backend_name="mine"), shots=6)
    backend.set_options(shots=7)
    assert (backend.version, backend.options.shots, backend.status().backend_version) == (1, 7, "1")
    assert repr(backend) == "<Mine('mine')>"
    with pytest.raises(TypeError, match="abstract method"):
        BackendV1(configuration())


# --- a backend of qdock in the old form


@pytest.fixture
def dock():
    with Dock() as made:
        yield made


@pytest.fixture
def adapted(dock):
    return to_old_backend(dock.get_backend("basic_simulator"))


def test_any_backend_can_have_the_old_form(adapted):
    found = adapted.configuration()
    assert (adapted.name(), adapted.version, str(adapted)) == ("basic_simulator", 1, "basic_simulator")
    assert (found.memory, found.conditional, found.simulator, found.local) == (True, True, True, True)
    assert "cx" in found.basis_gates
    assert adapted.options.shots == 1024
    assert to_old_backend("basic_simulator").name() == "basic_simulator"


def test_a_qobj_runs_on_any_backend_and_the_result_is_in_the_old_form(adapted):
    qobj = assemble(bell(), adapted, shots=100, seed_simulator=5, memory=True, qobj_id="mine")
    job = adapted.run(qobj)
    assert isinstance(job, AdaptedJob)
    assert isinstance(job, JobV1)
    result = job.result(SOON)
    assert (result.qobj_id, result.job_id, result.backend_name) == ("mine", job.job_id(), "basic_simulator")
    assert set(result.get_counts("bell")) == {"00", "11"}
    assert sum(result.get_counts().values()) == len(result.get_memory()) == 100
    assert Result.from_dict(result.to_dict()) == result
    assert (job.status(), job.backend(), job.qobj()) == (JobStatus.DONE, adapted, qobj)
    assert job.cancel() is False
    assert job.seed == 5
    with pytest.raises(AttributeError, match="nonsense"):
        _ = job.nonsense
    with pytest.raises(JobError, match="has been submitted already"):
        job.submit()


def test_a_dict_and_circuits_run_on_any_backend_too(adapted):
    assert set(adapted.run(qobj_of()).result(SOON).get_counts()) == {"00", "11"}
    result = adapted.run([bell(), bell()], shots=5, seed_simulator=1).result(SOON)
    assert [sum(found.values()) for found in result.get_counts()] == [5, 5]
    state = adapted.run(Circuit(1).h(0), output="statevector").result(SOON).get_statevector()
    np.testing.assert_allclose(state, [np.sqrt(0.5)] * 2, atol=1e-12)


def test_options_that_were_set_count_and_unknown_ones_are_dropped(adapted):
    adapted.set_options(shots=7)
    with pytest.warns(UserWarning, match="Option magic is not used by this backend"):
        result = adapted.run(bell(), magic=1).result(SOON)
    assert sum(result.get_counts().values()) == 7
    assert sum(adapted.run(qobj_of(shots=9)).result(SOON).get_counts().values()) == 9


def test_the_historical_simulators_of_a_dock_can_have_the_old_form_too(dock):
    backend = to_old_backend(dock.get_backend("legacy/qasm_simulator"))
    assert backend.run(qobj_of()).result(SOON).get_counts() == {"00": 524, "11": 500}
    assert backend.run(bell(), seed_simulator=7).result(SOON).get_counts() == {"00": 524, "11": 500}
    assert backend.run(qobj_of(seed=1), seed_simulator=7).result(SOON).get_counts() == {"00": 524, "11": 500}


class Coin(LocalBackend):
    """A backend without the option `memory`."""

    def execute(self, programs, options, context):
        return CoreResult([CircuitResult.from_counts(program, {0: options["shots"]}) for program in programs])


def test_what_a_backend_has_no_option_for_is_told_if_it_is_wanted(dock):
    backend = Coin()
    backend.dock = dock
    adapted = to_old_backend(backend)
    assert adapted.run(qobj_of(memory=False, shots=5)).result(SOON).get_counts() == {"00": 5}
    with pytest.warns(UserWarning, match="Option memory is not used by this backend"):
        adapted.run(qobj_of(memory=True))


def test_a_start_that_a_qobj_asks_for_is_one_on_any_backend_that_can(adapted):
    qobj = qobj_of(initial_statevector=[[0, 0], [0, 0], [0, 0], [1, 0]])
    assert set(adapted.run(qobj).result(SOON).get_counts()) == {"01", "10"}
    assert set(adapted.run(qobj_of(), initial_statevector=[0, 0, 0, 1]).result(SOON).get_counts()) == {"01", "10"}
    with pytest.raises(QobjError, match=r"config\.initial_unitary: 1 rows were given; allowed are 4 on 2 qubits"):
        adapted.run(qobj_of(initial_unitary=[[1]]))


def test_headers_come_back_as_they_went(adapted):
    qobj = qobj_of()
    found = adapted.run(qobj).result(SOON)
    assert found.results[0].header.to_dict() == qobj["experiments"][0]["header"]
    assert found.header.to_dict() == {"backend_name": "basic_simulator", "backend_version": "1.0.0"}


def test_an_adapted_job_can_be_awaited_observed_and_used_as_a_future(adapted):
    job, seen = adapted.run(bell(), shots=5), []

    async def wait_for(job: Any) -> Any:
        return await job

    assert sum(asyncio.run(wait_for(job)).get_counts().values()) == 5
    job.add_done_callback(seen.append)
    assert seen == [job]
    assert isinstance(job.future.result(SOON), Result)
    assert list(qdock.as_completed([job], SOON)) == [job]


def test_what_makes_a_dict_is_read_as_a_qobj():
    class Foreign:
        def to_dict(self):
            return qobj_of()

    backend = BasicAer.get_backend("qasm_simulator")
    assert counts(backend, Foreign()) == {"00": 524, "11": 500}
    assert backend._run_job("id", Foreign()).get_counts() == {"00": 524, "11": 500}


def test_an_adapted_job_is_watched_like_any_other(adapted):
    output = io.StringIO()
    job_monitor(adapted.run(bell()), output=output)
    assert output.getvalue() == "\rJob Status: job has successfully run\n"


# --- an old backend as a backend of qdock


def test_an_old_backend_runs_circuits_of_qdock(dock):
    old = Constant()
    job = dock.run([bell(), bell()], from_old_backend(old), shots=20, memory=True, seed=2**40 + 5)
    result = job.result(SOON)
    assert result.get_counts() == [{"10": 20}, {"10": 20}]
    assert result.get_memory(0) == ["10"] * 20
    assert job.record.backend == "constant"
    assert old.seen[0].config.seed_simulator == (2**40 + 5) % 2**31
    assert [experiment.header.name for experiment in old.seen[0].experiments] == ["bell", "bell"]


def test_circuits_are_written_in_the_gates_of_the_old_backend(dock):
    old = Constant()
    dock.run(Circuit(3, 3).ccx(0, 1, 2).measure_all(), from_old_backend(old)).result(SOON)
    names = {instruction.name for instruction in old.seen[0].experiments[0].instructions}
    assert names <= {*old.configuration().basis_gates, "measure", "barrier"}


def test_a_simulator_of_basicaer_is_a_backend_of_qdock_like_any_other(dock):
    backend = from_old_backend(BasicAer.get_backend("qasm_simulator"))
    first = dock.run(bell(), backend, shots=1024, seed=7).result(SOON)
    assert first.get_counts() == {"00": 524, "11": 500}
    state = dock.run(Circuit(1).h(0), from_old_backend(BasicAer.get_backend("statevector_simulator"))).result(SOON)
    np.testing.assert_allclose(state.get_statevector(), [np.sqrt(0.5)] * 2, atol=1e-12)


class Bare:
    """The least that an old backend is: a method `run`, here with a result that is there at once."""

    def __init__(self, results: int = 1) -> None:
        self.results = results

    def run(self, qobj: Any) -> Any:
        experiments = [{"shots": 4, "success": True, "data": {"counts": {"0x3": 4}}}] * self.results
        about = {"backend_name": "bare", "backend_version": "1.0.0", "qobj_id": "", "job_id": "", "success": True}
        return {**about, "results": copy.deepcopy(experiments)}


def test_the_least_old_backend_is_enough(dock):
    assert dock.run(bell(), from_old_backend(Bare()), shots=4).result(SOON).get_counts() == {"11": 4}


def test_an_old_backend_that_returns_something_else_makes_a_failed_job(dock):
    with pytest.raises(JobError, match="returned 3 results for 1 experiments"):
        dock.run(bell(), from_old_backend(Bare(3))).result(SOON)


@pytest.mark.parametrize("given", [5, None, "qasm_simulator"])
def test_what_has_no_run_is_no_old_backend(given):
    with pytest.raises(TypeError, match=r"An old backend has a method `run\(qobj\)`"):
        from_old_backend(given)


class Endless(JobV1):
    """A job of a service that goes on until it is cancelled."""

    def __init__(self) -> None:
        super().__init__(None, "endless")
        self.asked, self.stopped = threading.Event(), threading.Event()

    def submit(self) -> None:
        """Nothing to do."""

    def result(self) -> Any:
        raise AssertionError("It never ends.")

    def status(self) -> JobStatus:
        self.asked.set()
        return JobStatus.CANCELLED if self.stopped.is_set() else JobStatus.RUNNING

    def cancel(self) -> None:
        self.stopped.set()


def test_cancelling_the_job_cancels_the_old_one(dock):
    endless = Endless()

    class Service:
        def run(self, qobj):
            return endless

    job = dock.run(bell(), from_old_backend(Service()), executor="thread")
    assert endless.asked.wait(SOON)
    assert job.cancel(wait=SOON) is True
    assert endless.stopped.is_set()


# --- the monitor


def test_the_monitor_shows_each_status_once_over_the_one_before():
    class Told(JobV1):
        answers = [JobStatus.QUEUED, JobStatus.QUEUED, JobStatus.RUNNING, JobStatus.DONE]  # noqa: RUF012  # one test's

        def submit(self):
            """Nothing to do."""

        def result(self):
            """Nothing to tell."""

        def queue_position(self):
            return 3

        def status(self):
            return self.answers.pop(0)

    output = io.StringIO()
    job_monitor(Told(None, "id"), interval=0, output=output)
    shown = ["job is queued (3)", "job is actively running", "job has successfully run"]
    width = 0
    expected = ""
    for text in shown:
        width = max(width, len(text))
        expected += f"\rJob Status: {text:{width}}"
    assert output.getvalue() == expected + "\n"


def test_the_monitor_can_be_quiet_and_writes_to_standard_output_otherwise(capsys):
    job = BasicAer.get_backend("qasm_simulator").run(qobj_of())
    job.result(SOON)
    job_monitor(job, quiet=True)
    assert capsys.readouterr().out == ""
    job_monitor(job, line_discipline="")
    assert capsys.readouterr().out == "Job Status: job has successfully run\n"


def test_jobs_of_basicaer_are_the_cores_own_and_in_no_list():
    job = BasicAer.get_backend("qasm_simulator").run(qobj_of())
    job.result(SOON)
    assert isinstance(job, UnrecordedJob)
    assert job.job_id() not in [known.job_id() for known in qdock.jobs()]


# --- the same file through the command line's function


def test_a_start_that_a_file_asks_for_is_one_on_another_backend_too():
    qobj = Qobj.from_dict(qobj_of(initial_statevector=[0, 0, 0, 1], shots=50))
    found = run_file(qobj, "basic_simulator", {})
    assert set(found["results"][0]["data"]["counts"]) == {"0x1", "0x2"}
