"""Qobj to circuits and back: nothing is lost, and any backend runs an old file."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from qdock import Circuit, Dock, Parameter
from qdock.convert import Converters
from qdock.errors import ConversionError
from qdock.expr import Uint
from qdock_legacy import Qobj, QobjError, circuits_to_qobj, run_qobj, to_circuits
from qdock_legacy.plugin import qdock_converters

CASES = sorted(path.stem for path in Path(__file__).with_name("cases").glob("*.json"))


@pytest.fixture(scope="module")
def converters():
    return Converters(list(qdock_converters()))


def data_of(result):
    return [
        {name: value.tolist() if isinstance(value, np.ndarray) else value for name, value in entry["data"].items()}
        for entry in result["results"]
    ]


# --- which text is a Qobj


@pytest.mark.parametrize("name", CASES)
def test_a_qobj_is_told_by_what_is_in_it(converters, read, name):
    for text in (json.dumps(read(name)), json.dumps(read(name), indent=1, sort_keys=True)):
        assert converters.recognise(text) == "qobj"
        assert converters.recognise(text, path="old.json") == "qobj"


@pytest.mark.parametrize(
    "text", ['{"format": "qdock.circuit"}', '["qobj_id"]', '{"a": "qobj_id"}', "[]", "{}", "qobj_id: 3"]
)
def test_other_json_is_not(converters, text):
    with pytest.raises(ConversionError, match="is in no format that is installed"):
        converters.recognise(text + "\n")


# --- to circuits and back


@pytest.mark.parametrize("name", CASES)
def test_circuits_of_a_qobj_give_its_instructions_and_headers_again(read, name):
    qobj = Qobj.from_dict(read(name))
    circuits = to_circuits(qobj)
    again = circuits_to_qobj(circuits, exact_names=True, qobj_id=qobj.qobj_id)
    assert [item.header for item in again.experiments] == [item.header for item in qobj.experiments]
    for one, other in zip(again.experiments, qobj.experiments, strict=True):
        assert one.to_dict()["instructions"] == other.to_dict()["instructions"]
    assert [Circuit.from_json(circuit.to_json()) for circuit in circuits] == circuits
    simulator = next((n for n in ("statevector", "unitary") if n in str(qobj.header.backend_name)), "qasm")
    assert data_of(run_qobj(again, f"{simulator}_simulator")) == data_of(run_qobj(qobj, f"{simulator}_simulator"))


def test_every_recorded_qobj_comes_back(oracle):
    for facts in json.loads((oracle / "manifest.json").read_text("utf-8")).values():
        qobj = Qobj.load(oracle / facts["qobj"])
        again = circuits_to_qobj(to_circuits(qobj), exact_names=True, qobj_id=qobj.qobj_id)
        assert data_of(run_qobj(again, facts["backend"])) == data_of(run_qobj(qobj, facts["backend"]))


def test_registers_and_what_the_config_says_are_kept(read):
    (circuit,) = to_circuits(Qobj.from_dict(read("014_multi_register")))
    header = read("014_multi_register")["experiments"][0]["header"]
    assert [[item.name, item.size] for item in circuit.cregs] == header["creg_sizes"]
    assert [[item.name, item.size] for item in circuit.qregs] == header["qreg_sizes"]
    assert circuit.metadata["qobj_config"] == {"shots": 128, "memory": True, "seed_simulator": 21}


@pytest.mark.parametrize(
    "sizes, expected",
    [
        ([["a b", 2]], [("c", 2)]),
        ([["c", 1], ["c", 1]], [("c", 1), ("c0", 1)]),
        ([["c", 1]], [("c", 1), ("c0", 1)]),
        ([["c", 5]], [("c", 2)]),
        ("cc", [("c", 2)]),
    ],
)
def test_registers_that_make_no_sense_get_others(read, sizes, expected):
    data = read("001_bell")
    data["experiments"][0]["header"]["creg_sizes"] = sizes
    (circuit,) = to_circuits(Qobj.from_dict(data))
    assert [(item.name, item.size) for item in circuit.cregs] == expected


def test_a_slot_beyond_the_memory_is_shown(read):
    data = read("001_bell")
    data["experiments"][0]["instructions"][3]["memory"] = [4]
    assert set(run_qobj(Qobj.from_dict(data))["results"][0]["data"]["counts"]) == {"0x0", "0x11"}
    (circuit,) = to_circuits(Qobj.from_dict(data))
    assert len(circuit.output_clbits) == 5


@pytest.mark.parametrize(
    "instruction, message",
    [
        (
            {"name": "snapshot", "label": "a", "snapshot_type": "state"},
            "'snapshot' was given; a circuit has no such operation",
        ),
        ({"name": "copy", "register_orig": 0, "register_copy": 1}, "'copy' was given; a circuit has no such operation"),
        ({"name": "unitary", "qubits": [0]}, "'unitary' has a matrix"),
        ({"name": "unitary", "qubits": [0], "params": [[[1, 0], [0, 3]]]}, r"instructions\[0\]: "),
        ({"name": "rx", "qubits": [0]}, "0 were given; 'rx' takes 1"),
    ],
)
def test_what_is_no_part_of_a_circuit_is_refused_with_its_path(read, instruction, message):
    data = read("001_bell")
    data["experiments"][0]["instructions"][0] = instruction
    with pytest.raises(QobjError, match=rf"experiments\[0\]\.instructions\[0\].*{message}|{message}"):
        to_circuits(json.dumps(data))


@pytest.mark.parametrize("val, expected", [("0x0", "0x1"), ("0x7", "0x0")])
def test_a_condition_on_slots_that_there_are_not_stays_what_it_is(read, val, expected):
    data = read("001_bell")
    flip = {"name": "x", "qubits": [0], "conditional": {"mask": "0x70", "val": val}}
    data["experiments"][0]["instructions"] = [flip, data["experiments"][0]["instructions"][2]]
    for qobj in (Qobj.from_dict(data), circuits_to_qobj(to_circuits(Qobj.from_dict(data)))):
        assert set(run_qobj(qobj)["results"][0]["data"]["counts"]) == {expected}


# --- the start that a config asks for


def prepared(seed, num_qubits=3):
    rng = np.random.default_rng(seed)
    state = rng.normal(size=1 << num_qubits) + 1j * rng.normal(size=1 << num_qubits)
    return state / np.linalg.norm(state)


def with_start(state, num_qubits, instructions=()):
    sizes = {"n_qubits": num_qubits, "memory_slots": 1}
    experiment = {"config": sizes, "header": {"name": "c"}, "instructions": list(instructions)}
    config = {"shots": 10, **sizes} | ({} if state is None else {"initial_statevector": state})
    return Qobj.from_dict({"qobj_id": "q", "type": "QASM", "config": config, "experiments": [experiment]})


@pytest.mark.parametrize("state", [prepared(1), prepared(2), -np.eye(8)[0], 1j * np.eye(8)[5], np.eye(8)[0]])
def test_a_circuit_begins_with_the_state_that_its_qobj_asks_for(state):
    qobj = with_start(state, 3, [{"name": "h", "qubits": [1]}])
    (circuit,) = to_circuits(qobj)
    with Dock() as dock:
        found = dock.run(circuit, "basic_simulator", output="statevector").result().get_statevector()
    expected = run_qobj(qobj, "statevector_simulator")["results"][0]["data"]["statevector"]
    np.testing.assert_allclose(found, expected, atol=1e-12)
    assert circuits_to_qobj([circuit]).config["initial_statevector"] == qobj.config["initial_statevector"]
    again = circuits_to_qobj([circuit], exact_names=True)
    assert [item.name for item in again.experiments[0].instructions] == ["h"]


def test_a_gate_like_the_start_that_comes_later_stays():
    qobj = with_start([0, 1], 1)
    (circuit,) = to_circuits(qobj)
    circuit.compose(circuit)
    assert [item.name for item in circuits_to_qobj([circuit]).experiments[0].instructions] == ["unitary"]


@pytest.mark.parametrize(
    "state, num_qubits, message",
    [
        (np.eye(2**11)[0], 11, r"given for 11 qubits; beyond 10 only .* `qdock qobj run`"),
        ([1, 0], 2, "2 rows were given; allowed are 4 on 2 qubits"),
        ([1, 1, 0, 0], 2, r"a vector of norm 1\.414\d* was given"),
    ],
)
def test_a_start_that_no_circuit_can_begin_with_is_refused(state, num_qubits, message):
    with pytest.raises(QobjError, match=rf"^config\.initial_statevector: .*{message}"):
        to_circuits(with_start(state, num_qubits))


def test_an_initial_unitary_that_is_none_is_refused():
    qobj = with_start(None, 1)
    with pytest.raises(QobjError, match=r"^config\.initial_unitary: what was given is not unitary"):
        to_circuits(qobj, {"initial_unitary": [[1, 1], [0, 1]]})


# --- any backend


@pytest.mark.parametrize(
    "name", ["047_bfunc_all_relations_to_memory", "058_conditional_measure_and_reset", "070_single_clbit_condition"]
)
def test_the_basic_simulator_finds_what_the_old_one_finds(read, name):
    data = read(name)
    data["config"]["shots"] = 4000
    old = run_qobj(Qobj.from_dict(data))["results"][0]["data"]["counts"]
    with Dock() as dock:
        new = dock.run(Qobj.from_dict(data), "basic_simulator", shots=4000, seed=3).result()[0].get_data()["counts"]
    assert new.keys() == old.keys()
    for outcome, number in old.items():
        assert abs(new[outcome] - number) < 6 * (2 * number) ** 0.5


def test_other_gates_of_a_file_run_elsewhere(read):
    data = read("001_bell")
    data["experiments"][0]["instructions"][:2] = [
        {"name": "y", "qubits": [0]}, {"name": "ry", "qubits": [1], "params": [3.141592653589793]},
        {"name": "barrier"}, {"name": "delay", "qubits": [0], "params": [100]}, {"name": "u0", "qubits": [0]},
    ]  # fmt: skip
    with Dock() as dock:
        assert dock.run(json.dumps(data), "basic_simulator", shots=10).result().get_counts() == {"11": 10}


# --- from circuits


def test_a_circuit_is_written_in_gates_that_every_release_ran():
    circuit = Circuit(3, 3, name="mixed").h(0).ccx(0, 1, 2).rx(0.3, 1).unitary(np.eye(2)[::-1], 2).barrier().reset(0)
    circuit.measure_all()
    qobj = circuits_to_qobj([circuit], shots=99, seed=5)
    names = {instruction.name for instruction in qobj.experiments[0].instructions}
    assert names <= {"u1", "u2", "u3", "cx", "id", "unitary", "barrier", "reset", "measure"}
    assert Qobj.loads(qobj.dumps(), strict=True) == qobj
    assert (qobj.config.shots, qobj.config.seed_simulator, qobj.config.n_qubits, qobj.header.backend_name) == (
        99, 5, 3, "qasm_simulator",
    )  # fmt: skip
    assert qobj.experiments[0].header.name == "mixed"


def test_conditions_are_written_as_assemble_wrote_them():
    circuit = Circuit(2)
    circuit.add_creg("a", 1)
    circuit.add_creg("b", 2)
    circuit.measure(0, 0).if_(circuit.value("b").eq(2), circuit.block().x(1))
    instructions = circuits_to_qobj([circuit]).experiments[0].to_dict()["instructions"]
    assert instructions[0] == {"name": "measure", "qubits": [0], "memory": [0], "register": [0]}
    assert instructions[1] == {"name": "bfunc", "register": 3, "mask": "0x6", "relation": "==", "val": "0x4"}
    assert (instructions[2]["qubits"], instructions[2]["conditional"]) == ([1], 3)


def nested_conditions():
    circuit = Circuit(3, 3).h(0).h(1).measure([0, 1], [0, 1])
    inner = circuit.block().x(2).if_(circuit.bit(1), circuit.block().x(0), circuit.block().x(1))
    other = circuit.block().if_(~circuit.bit(1), circuit.block().h(2))
    circuit.if_(circuit.bit(0), inner, other)
    circuit.if_(circuit.value("c").ge(2), circuit.block().reset(0))
    return circuit.measure(range(3), range(3))


def test_nested_conditions_with_else_mean_the_same():
    circuit = nested_conditions()
    counts = run_qobj(circuits_to_qobj([circuit], shots=8000, seed=2))["results"][0]["data"]["counts"]
    with Dock() as dock:
        exact = dock.run(circuit, "basic_simulator", output="probabilities").result()[0].get_probabilities_dict()
    assert {format(int(name, 16), "03b") for name in counts} == set(exact)
    for name, number in counts.items():
        expected = 8000 * exact[format(int(name, 16), "03b")]
        assert abs(number - expected) < 6 * expected**0.5


def looping():
    circuit = Circuit(1, 1)
    return circuit.while_(circuit.bit(0), circuit.block().x(0))


def with_variable():
    circuit = Circuit(1, 1)
    circuit.assign(circuit.add_var("n", Uint(3)), 2)
    return circuit


def with_scratch(name="scratch"):
    circuit = Circuit(1, 1)
    circuit.measure(0, circuit.add_creg(name, 1, output=False)[0])
    return circuit


def with_condition_on(condition):
    circuit = Circuit(2, 2)
    return circuit.if_(condition(circuit), circuit.block().x(0))


@pytest.mark.parametrize(
    "make, message",
    [
        (looping, "it has the operation 'while'"),
        (with_variable, "it has an assignment"),
        (with_scratch, "it has the scratch register 'scratch'"),
        (lambda: with_scratch("register"), "it has a measurement into a scratch register"),
        (lambda: Circuit(1).rx(Parameter("theta"), 0), "it has parameters without a value: theta. Bind them first"),
        (Circuit, "it has no qubits"),
        (lambda: with_condition_on(lambda c: c.bit(0) & c.bit(1)), "it has the condition"),
        (lambda: with_condition_on(lambda c: c.value([1, 0]).eq(2)), "it has the condition"),
    ],
)
def test_what_a_qobj_can_not_say_is_refused(make, message):
    with pytest.raises(ConversionError, match=f"can't be written as Qobj: {message}"):
        circuits_to_qobj([make()])


def test_a_circuit_is_converted_through_the_dock():
    with Dock() as dock:
        qobj = dock.convert(Circuit(1, 1).x(0).measure(0, 0), "qobj")
    assert isinstance(qobj, Qobj)
    assert run_qobj(qobj)["results"][0]["data"]["counts"] == {"0x1": 1024}
