"""The historical simulators: their draws, compared with a simulator that does every shot anew, and their options."""

from __future__ import annotations

import json
import logging
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qdock import Circuit, Dock
from qdock.errors import OptionError
from qdock_legacy import Qobj, QobjError, run_qobj
from qdock_legacy.draws import Drawn, draws, uniform
from qdock_legacy.gates import matrices_for, matrix_for
from qdock_legacy.program import compile_experiment
from qdock_legacy.run import Settings, run_programs
from qdock_legacy.tree import Tree

QUBITS, SLOTS = 3, 4


# --- draws


@pytest.mark.parametrize("generator", ["RandomState", "default_rng"])
@pytest.mark.parametrize("seed", [0, 7, 2**32 - 1])
def test_draws_one_by_one_are_those_of_the_generator(generator, seed):
    rng = np.random.RandomState(seed) if generator == "RandomState" else np.random.default_rng(seed)
    expected = [rng.uniform() for _ in range(10_000)]
    stream = draws(generator, seed)
    assert [next(stream) for _ in range(10_000)] == expected
    assert uniform(generator, seed, 10_000).tolist() == expected


@pytest.mark.parametrize("generator", ["RandomState", "default_rng"])
def test_outcomes_are_those_that_choice_finds(generator):
    table = np.random.default_rng(1).random(37)
    table[[0, 5, 6, 36]] = 0
    table /= table.sum()
    rng = np.random.RandomState(3) if generator == "RandomState" else np.random.default_rng(3)
    expected = rng.choice(range(37), 1000, p=table).tolist()
    drawn = Drawn(uniform(generator, 3, 1000))
    assert drawn.outcomes(table) == expected
    other = table[::-1] / table.sum()
    (outcomes, numbers), (reversed_outcomes, _) = drawn.counts(np.stack([table, other]))
    assert list(zip(outcomes, numbers, strict=True)) == list(Counter(expected).items())
    assert reversed_outcomes == list(dict.fromkeys(drawn.outcomes(other)))


@pytest.mark.parametrize("name, number", [("u1", 1), ("u2", 2), ("u3", 3), ("U", 3), ("p", 1), ("rz", 1)])
def test_many_matrices_at_once_are_those_of_one_by_one(name, number):
    angles = [tuple(row) for row in np.random.default_rng(2).uniform(-7, 7, (9, number)).tolist()]
    expected = [matrix_for((name, *each)) for each in angles]
    np.testing.assert_allclose(matrices_for(name, np.array(angles)), expected, atol=1e-15)


# --- any program, compared with every shot done anew

ANGLE = st.floats(-4, 4, allow_nan=False).map(lambda value: round(value, 3))
QUBIT, SLOT = st.integers(0, QUBITS - 1), st.integers(0, SLOTS - 1)
REGISTER = st.integers(0, SLOTS + 1)
HEX = st.integers(0, 2**SLOTS + 1).map(hex)
CONDITION = st.one_of(
    st.none(), st.none(), st.none(), REGISTER, st.builds(lambda mask, val: {"mask": mask, "val": val}, HEX, HEX)
)


def with_condition(instruction, condition):
    return instruction if condition is None else {**instruction, "conditional": condition}


def turn(name, number):
    return st.builds(
        lambda qubit, params: {"name": name, "qubits": [qubit], **({"params": params} if number else {})},
        QUBIT,
        st.lists(ANGLE, min_size=number, max_size=number),
    )


GATES = st.one_of(
    *(
        turn(name, number)
        for name, number in {"u3": 3, "u2": 2, "u1": 1, "U": 3, "rz": 1, "x": 0, "h": 0, "sx": 0}.items()
    ),
    st.permutations(range(QUBITS)).map(lambda order: {"name": "cx", "qubits": list(order[:2])}),
)
MEASURE = st.builds(
    lambda qubit, slot, register: {
        "name": "measure", "qubits": [qubit], "memory": [slot],
        **({} if register is None else {"register": [register]}),
    },
    QUBIT, SLOT, st.one_of(st.none(), REGISTER),
)  # fmt: skip
BFUNC = st.builds(
    lambda mask, relation, val, register, memory: {
        "name": "bfunc", "mask": mask, "relation": relation, "val": val, "register": register,
        **({} if memory is None else {"memory": memory}),
    },
    HEX, st.sampled_from(["==", "!=", "<", "<=", ">", ">="]), HEX, REGISTER, st.one_of(st.none(), SLOT),
)  # fmt: skip
RESET = QUBIT.map(lambda qubit: {"name": "reset", "qubits": [qubit]})
OTHER = st.sampled_from([{"name": "barrier", "qubits": [0, 1]}, {"name": "id", "qubits": [0]}])
ANY = st.builds(with_condition, st.one_of(GATES, GATES, MEASURE, BFUNC, RESET, OTHER), CONDITION)
EXPERIMENT = st.one_of(
    st.lists(ANY, max_size=14),
    st.tuples(st.lists(GATES, max_size=8), st.lists(st.one_of(MEASURE, OTHER), max_size=4)).map(
        lambda parts: parts[0] + parts[1]
    ),
)
CONFIG = st.sampled_from([{}, {}, {"allows_measure_sampling": True}, {"allows_measure_sampling": False}])


def qobj_of(experiments, shots=20, seed=7):
    sizes = {"n_qubits": QUBITS, "memory_slots": SLOTS}
    return {
        "qobj_id": "made", "schema_version": "1.3.0", "type": "QASM", "header": {},
        "config": {"shots": shots, "memory": True, "seed_simulator": seed, **sizes},
        "experiments": [
            {"config": {**sizes, **config}, "header": {"name": f"e{i}", "global_phase": 0.3}, "instructions": steps}
            for i, (steps, config) in enumerate(experiments)
        ],
    }  # fmt: skip


@given(
    experiments=st.lists(st.tuples(EXPERIMENT, CONFIG), min_size=1, max_size=3),
    shots=st.sampled_from([1, 2, 17]),
    seed=st.sampled_from([0, 11, 2**32 - 1]),
    generator=st.sampled_from(["RandomState", "default_rng"]),
)
@settings(max_examples=150)
def test_every_shot_is_as_if_it_were_done_anew(shot_by_shot, experiments, shots, seed, generator):
    data = qobj_of(experiments, shots, seed)
    for index, entry in enumerate(run_qobj(Qobj.from_dict(data), generator=generator)["results"]):
        expected = shot_by_shot.memory_of(data, index, generator)
        assert entry["data"] == {"counts": dict(Counter(expected)), "memory": expected}
        assert list(entry["data"]["counts"]) == list(Counter(expected))


@given(experiments=st.lists(st.tuples(EXPERIMENT, CONFIG), min_size=1, max_size=3))
@settings(max_examples=40)
def test_a_job_on_the_backend_gives_the_same(experiments):
    data = qobj_of(experiments)
    expected = [entry["data"]["counts"] for entry in run_qobj(Qobj.from_dict(data))["results"]]
    with Dock() as dock:
        found = dock.run(Qobj.from_dict(data), "qasm_simulator").result()
    for entry, counts in zip(found, expected, strict=True):
        assert entry.get_data()["counts"] == counts
        assert entry.seed == 7


def test_states_that_were_given_up_are_worked_out_again():
    steps = [
        {"name": "h", "qubits": [0]},
        {"name": "measure", "qubits": [0], "memory": [0]},
        {"name": "h", "qubits": [1]},
    ]
    steps += [
        {"name": "reset", "qubits": [1]},
        {"name": "h", "qubits": [2]},
        {"name": "measure", "qubits": [2], "memory": [2]},
    ]
    qobj = Qobj.from_dict(qobj_of([(steps * 2, {})]))
    program = compile_experiment(qobj.experiments[0], 0, "qasm_simulator")
    start = np.zeros(8, complex)
    start[0] = 1
    made = [draws("RandomState", 5) for _ in range(2)]
    roomy, narrow = Tree(program, start), Tree(program, start, kept_bytes=0)
    for _ in range(200):
        assert roomy.follow(made[0]).memory == narrow.follow(made[1]).memory
    assert next(made[0]) == next(made[1])


def test_each_way_that_shots_go_is_simulated_once(monkeypatch):
    from qdock_legacy import tree

    applied = []
    monkeypatch.setattr(tree, "apply_matrix", lambda *arguments: applied.append(arguments))
    steps = [
        {"name": "x", "qubits": [0]},
        {"name": "measure", "qubits": [1], "memory": [0]},
        {"name": "x", "qubits": [2]},
    ]
    run_qobj(Qobj.from_dict(qobj_of([(steps, {})], shots=1000)))
    assert len(applied) == 2


# --- options


def test_without_a_seed_the_global_generator_gives_one(read):
    data = read("001_bell")
    del data["config"]["seed_simulator"]
    np.random.seed(5)
    expected = int(np.random.randint(2147483647, dtype=np.int32))
    np.random.seed(5)
    entry = run_qobj(Qobj.from_dict(data))["results"][0]
    assert entry["seed_simulator"] == expected
    data["config"]["seed_simulator"] = expected
    assert run_qobj(Qobj.from_dict(data))["results"][0]["data"] == entry["data"]


def test_options_stand_in_place_of_what_the_qobj_says(read):
    result = run_qobj(Qobj.from_dict(read("001_bell")), shots=10, memory=True, seed_simulator=3, job_id="j")
    assert (result["job_id"], result["results"][0]["shots"], result["results"][0]["seed_simulator"]) == ("j", 10, 3)
    assert len(result["results"][0]["data"]["memory"]) == 10
    with pytest.raises(QobjError, match=r"^shots: 0 was given; allowed is an integer of at least 1"):
        run_qobj(Qobj.from_dict(read("001_bell")), shots=0)
    with pytest.raises(QobjError, match=r"^generator: 'MT' was given; allowed are RandomState, default_rng"):
        run_qobj(Qobj.from_dict(read("001_bell")), generator="MT")
    from qdock_legacy import BasicAerError

    with pytest.raises(BasicAerError, match="Option 'colour' is not used by qasm_simulator"):
        run_qobj(Qobj.from_dict(read("001_bell")), colour="red")


def test_the_simulators_of_arrays_run_one_shot(read, caplog):
    caplog.set_level(logging.INFO)
    entry = run_qobj(Qobj.from_dict(read("020_sv_measured")), "statevector_simulator", shots=100)["results"][0]
    assert entry["shots"] == 1
    assert "statevector_simulator only supports 1 shot. Setting shots=1." in caplog.text


def test_a_run_is_stopped_where_its_check_raises(read):
    def stop():
        raise InterruptedError

    with pytest.raises(InterruptedError):
        run_qobj(Qobj.from_dict(read("040_per_experiment_seed")), check=stop)


def test_many_experiments_are_worked_on_in_batches(read, monkeypatch):
    data = read("001_bell")
    data["experiments"] *= 9
    expected = [entry["data"] for entry in run_qobj(Qobj.from_dict(data))["results"]]
    monkeypatch.setattr("qdock_legacy.run.AMPLITUDES", 16)
    assert [entry["data"] for entry in run_qobj(Qobj.from_dict(data))["results"]] == expected


def test_nothing_to_run_gives_nothing():
    assert list(run_programs([], Settings())) == []


# --- as backends of qdock


@pytest.fixture
def dock():
    with Dock() as dock:
        yield dock


def test_a_qobj_runs_as_its_file_says(dock, read):
    data = read("040_per_experiment_seed")
    recorded = run_qobj(Qobj.from_dict(data))["results"]
    for program in (Qobj.from_dict(data), json.dumps(data)):
        result = dock.run(program, "qasm_simulator").result()
        assert [entry.get_data()["counts"] for entry in result] == [entry["data"]["counts"] for entry in recorded]
        assert [entry.get_data()["memory"] for entry in result] == [entry["data"]["memory"] for entry in recorded]
        assert [entry.header["name"] for entry in result] == ["s0", "s1", "s2"]
    job = dock.get_backend("qasm_simulator").run(data, shots=5)
    assert [entry.shots for entry in job.result()] == [5, 5, 5]


def test_a_circuit_runs_with_options(dock):
    bell = Circuit(2, 2).h(0).cx(0, 1).measure_all()
    device = dock.get_backend("qasm_simulator")
    assert device.run(bell, seed_simulator=7).result().get_counts() == {"00": 524, "11": 500}
    assert device.run(bell, seed_simulator=7, generator="default_rng").result().get_counts() == {"00": 517, "11": 507}
    job = device.run(bell, backend_options={"seed_simulator": 7}, shots=200, memory=True)
    assert job.result().get_counts() == {"00": 106, "11": 94}
    assert len(job.result().get_memory()) == 200
    start = device.run(bell, initial_statevector=[0, 1, 0, 0], seed=1).result()
    assert device.run(bell, initial_statevector=[0, 1, 0, 0], seed=1).result().get_counts() == start.get_counts()


def test_arrays_come_back(dock):
    circuit = Circuit(1).h(0)
    state = dock.run(circuit, "statevector_simulator").result().get_statevector()
    np.testing.assert_allclose(state, [0.5**0.5, 0.5**0.5], atol=1e-15)
    matrix = dock.run(circuit, "unitary_simulator").result().get_unitary()
    np.testing.assert_allclose(matrix, np.array([[1, 1], [1, -1]]) * 0.5**0.5, atol=1e-15)
    turned = dock.run(circuit, "unitary_simulator", initial_unitary=[[0, 1], [1, 0]]).result().get_unitary()
    np.testing.assert_allclose(turned, np.array([[1, 1], [-1, 1]]) * 0.5**0.5, atol=1e-15)


def test_what_can_not_be_run_raises_before_there_is_a_job(dock):
    measured = Circuit(1, 1).measure(0, 0)
    with pytest.raises(QobjError, match='Unsupported "unitary_simulator" instruction "measure"'):
        dock.run(measured, "unitary_simulator")
    with pytest.raises(OptionError, match="`backend_options` has an unknown 'colour'"):
        dock.run(measured, "qasm_simulator", backend_options={"colour": 1})
    with pytest.raises(OptionError, match="`backend_options` is a mapping of options"):
        dock.run(measured, "qasm_simulator", backend_options=[1])
    assert dock.jobs() == []


def test_the_historical_methods_are_there(dock):
    device = dock.get_backend("qasm_simulator")
    assert device.version() == device.configuration().backend_version == "2.1.0"
    assert device.status().operational
    assert device.properties() is None
    assert dock.get_backend("local_qasm_simulator_py") is device


def test_eight_threads_on_one_backend_get_the_answers_of_one(dock, read):
    names = [
        "001_bell",
        "047_bfunc_all_relations_to_memory",
        "058_conditional_measure_and_reset",
        "041_odd_headers",
    ] * 2
    device = dock.get_backend("qasm_simulator")
    programs = [Qobj.from_dict(read(name)) for name in names]
    one_by_one = [device.run(program).result()[0].get_data() for program in programs]
    with ThreadPoolExecutor(8) as pool:
        for _ in range(3):
            together = pool.map(lambda program: device.run(program).result()[0].get_data(), programs)
            assert list(together) == one_by_one
