"""assemble and execute, as scripts of 2019 call them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from qdock import Circuit, Dock, Parameter
from qdock.errors import BackendNotFoundError
from qdock_legacy import BasicAer, BasicAerJob, QiskitError, Result, assemble, execute

SOON = 10.0
QASM = BasicAer.get_backend("qasm_simulator")
UNITARY = BasicAer.get_backend("unitary_simulator")


def bell(name: str = "bell") -> Circuit:
    return Circuit(2, 2, name=name).h(0).cx(0, 1).measure([0, 1], [0, 1])


def test_a_circuit_becomes_a_qobj_that_fits_the_published_schema():
    qobj = assemble(bell(), QASM, shots=100, memory=True, seed_simulator=7, max_credits=3, qobj_id="mine")
    assert qobj.problems(strict=True) == []
    config = {
        "shots": 100,
        "memory": True,
        "seed_simulator": 7,
        "max_credits": 3,
        "n_qubits": 2,
        "memory_slots": 2,
        "init_qubits": True,
        "meas_level": 2,
        "parameter_binds": [],
        "parametric_pulses": [],
    }
    found = qobj.to_dict()
    assert (found["qobj_id"], found["type"], found["config"]) == ("mine", "QASM", config)
    assert found["header"] == {"backend_name": "qasm_simulator", "backend_version": "2.1.0"}
    experiment = found["experiments"][0]
    assert experiment["header"]["name"] == "bell"
    assert [item["name"] for item in experiment["instructions"]] == ["h", "cx", "measure", "measure"]


def test_gates_that_the_backend_does_not_know_are_written_in_those_it_does():
    names = [item.name for item in assemble(bell(), UNITARY).experiments[0].instructions]
    assert "h" not in names
    assert {"cx", "measure"} < set(names) <= {*UNITARY.configuration().basis_gates, "measure"}


def test_a_backend_of_qdock_says_what_it_allows_too():
    with Dock() as dock:
        device = dock.get_backend("basic_simulator")
        assert assemble(bell(), device).header["backend_name"] == "basic_simulator"


def test_without_a_backend_the_header_is_what_was_given():
    assert assemble(bell()).to_dict()["header"] == {}
    header = {"owner": "me", "backend_name": "other"}
    assert assemble(bell(), QASM, qobj_header=header).to_dict()["header"] == {
        "backend_name": "other",
        "backend_version": "2.1.0",
        "owner": "me",
    }


def test_each_circuit_is_an_experiment_and_sizes_are_the_largest():
    qobj = assemble([bell("one"), Circuit(3, 1, name="two").x(2).measure(2, 0)], shots=np.int64(5))
    assert [item.header.name for item in qobj.experiments] == ["one", "two"]
    assert (qobj.config.n_qubits, qobj.config.memory_slots, qobj.config.shots) == (3, 2, 5)
    assert assemble(bell()).qobj_id != assemble(bell()).qobj_id


def test_what_else_is_said_about_the_run_stands_in_the_config():
    assert assemble(bell(), initial_statevector=[1, 0, 0, 0], nothing=None).config["initial_statevector"] == (
        1,
        0,
        0,
        0,
    )
    assert "nothing" not in assemble(bell(), nothing=None).config


@pytest.mark.parametrize(
    "arguments, message",
    [
        ({"shots": 1.5}, r"Argument 'shots' should be of type 'int', but 1\.5 was given"),
        ({"shots": True}, "Argument 'shots' should be of type 'int'"),
        (
            {"backend": QASM, "shots": 65_537},
            "Number of shots specified: 65537 exceeds max_shots property of the backend: 65536",
        ),
        ({"backend": UNITARY, "memory": True}, "memory not supported by backend unitary_simulator"),
        (
            {"parameter_binds": [{"t": 1}]},
            r"Mismatch between run_config.parameter_binds and all circuit parameters. Parameter binds: .*t.* Circuit",
        ),
    ],
)
def test_what_a_backend_does_not_allow_is_refused(arguments, message):
    with pytest.raises(QiskitError, match=message):
        assemble(bell(), **arguments)


@pytest.mark.parametrize("given", [None, "h q[0];", [bell(), 5]])
def test_only_circuits_are_assembled(given):
    with pytest.raises(QiskitError, match=r"bad input to assemble\(\) function; must be either circuits or schedules"):
        assemble(given)


def test_no_circuits_are_an_error():
    with pytest.raises(ValueError, match="There are no circuits to assemble"):
        assemble([])


def angle() -> tuple[Circuit, Parameter]:
    theta = Parameter("theta")
    return Circuit(1, 1).ry(theta, 0).measure(0, 0), theta


def test_there_is_an_experiment_for_each_circuit_and_binding():
    circuit, theta = angle()
    qobj = assemble([circuit, circuit], QASM, parameter_binds=[{theta: 0.0}, {"theta": np.pi}], shots=10)
    assert len(qobj.experiments) == 4
    counts = QASM.run(qobj).result(SOON).get_counts()
    assert counts == [{"0": 10}, {"1": 10}] * 2


# --- execute


def run(circuits: Any, backend: Any = QASM, **arguments: Any) -> Result:
    return execute(circuits, backend, **arguments).result(SOON)


def test_a_script_of_2019_gives_the_counts_that_it_gave():
    job = execute(bell(), BasicAer.get_backend("qasm_simulator"), shots=1024, seed_simulator=7)
    assert isinstance(job, BasicAerJob)
    # As BasicAer 0.25.3 gave them for this seed.
    assert job.result(SOON).get_counts(bell()) == {"00": 524, "11": 500}


def test_circuits_are_rewritten_in_the_gates_of_the_backend_or_those_that_are_asked_for():
    circuit = Circuit(3, 3).x([0, 1]).ccx(0, 1, 2).measure_all()
    assert run(circuit, shots=10).get_counts() == {"111": 10}
    job = execute(circuit, QASM, basis_gates="u3,cx", shots=10)
    assert {item.name for item in job.qobj().experiments[0].instructions} <= {"u3", "cx", "measure", "barrier"}
    assert job.result(SOON).get_counts() == {"111": 10}


def test_conditions_run_as_they_did():
    circuit = Circuit(2, 2).x(0).measure(0, 0)
    circuit.if_(circuit.bit(0).eq(True), circuit.block().x(1)).measure(1, 1)
    assert run(circuit, shots=10).get_counts() == {"11": 10}


def test_parameters_and_options_reach_the_run():
    circuit, theta = angle()
    assert run(circuit, parameter_binds=[{theta: np.pi}], shots=3).get_counts() == {"1": 3}
    flipped = run(Circuit(1, 1).measure(0, 0), backend_options={"initial_statevector": [0, 1]}, shots=3)
    assert flipped.get_counts() == {"1": 3}


def test_what_the_compiler_was_told_is_ignored_with_a_word_where_it_matters():
    assert run(bell(), seed_transpiler=1, optimization_level=3, shots=5).success
    with pytest.warns(UserWarning, match="coupling_map is not used: qdock rewrites gates, but places no qubits"):
        run(bell(), coupling_map=[[0, 1]], shots=5)


@pytest.mark.parametrize("name", ["qasm_simulator", "local_qasm_simulator_py"])
def test_a_backend_can_be_named_as_in_2018(name):
    assert run(bell(), name, shots=1024, seed_simulator=7).get_counts() == {"00": 524, "11": 500}


def test_any_installed_backend_can_be_named():
    assert run(bell(), "basic_simulator", shots=5).backend_name == "basic_simulator"
    with pytest.raises(BackendNotFoundError, match="no_such_simulator"):
        run(bell(), "no_such_simulator")


def test_any_backend_of_qdock_will_do():
    with Dock() as dock:
        result = run(bell(), dock.get_backend("basic_simulator"), shots=50, seed_simulator=1, memory=True)
        assert isinstance(result, Result)
        assert sum(result.get_counts("bell").values()) == len(result.get_memory()) == 50
        with pytest.raises(QiskitError, match="exceeds max_shots property of the backend"):
            run(bell(), dock.get_backend("basic_simulator"), shots=10**10)
