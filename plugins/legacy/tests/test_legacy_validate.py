"""Validation: a path, what was given and what is allowed, in a line each; and nothing raw from hostile input."""

from __future__ import annotations

import json
import math
from random import Random

import pytest

from qdock.errors import QdockError
from qdock_legacy import Experiment, Fields, Instruction, Qobj, QobjError, check_qobj, run_qobj


@pytest.fixture
def bell(read):
    return read("001_bell")


def change(data, path, value):
    """Set what stands at a path; `...` takes it away."""
    *way, last = path
    for key in way:
        data = data[key]
    if value is ...:
        del data[last]
    else:
        data[last] = value


def error_of(data, strict=False):
    with pytest.raises(QobjError) as caught:
        Qobj.from_dict(data, strict)
    with pytest.raises(QobjError) as other:
        Qobj.loads(json.dumps(data), strict)
    assert str(other.value).partition("\n")[0] == str(caught.value).partition("\n")[0]
    return caught.value


E0 = ("experiments", 0)
I0 = (*E0, "instructions", 0)
I2 = (*E0, "instructions", 2)
WRONG = [
    (("qobj_id",), ..., "qobj_id: nothing was given; every Qobj has it."),
    (("qobj_id",), 5, "qobj_id: 5 was given; expected str, got int."),
    (("config",), ..., "config: nothing was given; every Qobj has it."),
    (("config",), 3, "config: 3 was given; expected object, got 3."),
    (("config", "shots"), 0, "config.shots: 0 was given; allowed is an integer of at least 1."),
    (("config", "shots"), "many", "config.shots: 'many' was given; allowed is an integer of at least 1."),
    (("config", "shots"), True, "config.shots: true was given; allowed is an integer of at least 1."),
    (("config", "shots"), ..., "config.shots: nothing was given; say how often each experiment is run."),
    (("config", "memory"), 1, "config.memory: 1 was given; allowed is true or false."),
    (("experiments",), [], "experiments: an empty list was given; at least one experiment is needed."),
    (("experiments",), {}, "experiments: an object of 0 was given; expected array, got object."),
    ((*E0, "extra"), 1, "experiments[0].extra: it was given; allowed are instructions, header, config."),
    ((*E0, "header", "name"), None, "experiments[0].header.name: null was given; allowed is a text."),
    ((*E0, "header", "global_phase"), "pi", "experiments[0].header.global_phase: 'pi' was given; allowed is a finite"),
    ((*E0, "config", "n_qubits"), 0, "experiments[0].config.n_qubits: 0 was given; allowed is an integer from 1 to"),
    ((*E0, "config", "memory_slots"), ..., "experiments[0].config.memory_slots: nothing was given; no simulator ran"),
    (I0, 7, "experiments[0].instructions[0]: 7 was given; expected object, got int."),
    ((*I0, "name"), ..., "experiments[0].instructions[0].name: nothing was given; it is needed."),
    ((*I0, "colour"), "red", "experiments[0].instructions[0].colour: it was given; allowed are name, qubits, params,"),
    ((*I0, "texparams"), ["0"], "experiments[0].instructions[0].texparams: a list was given; the schema allows it, b"),
    ((*I0, "_condition"), [0, 1], "experiments[0].instructions[0]._condition: a condition on a register was given;"),
    ((*I0, "qubits"), [2], "experiments[0].instructions[0].qubits[0]: 2 was given; allowed are 0 to 1."),
    ((*I0, "qubits"), [-1], "experiments[0].instructions[0].qubits[0]: -1 was given; allowed are 0 to 1."),
    ((*I0, "qubits"), ["a"], "experiments[0].instructions[0].qubits[0]: 'a' was given; expected int, got str."),
    ((*I0, "qubits"), [0, 1], "experiments[0].instructions[0].qubits: 2 were given; 'u2' takes 1."),
    ((*I0, "params"), [0.5], "experiments[0].instructions[0].params: 1 were given; 'u2' takes 2."),
    ((*I0, "params"), [0.5, None], "experiments[0].instructions[0].params[1]: null was given; allowed is a finite nu"),
    ((*I0, "params"), [0.5, 2**2000], "experiments[0].instructions[0].params[1]: an integer of 2001 bits was given;"),
    ((*I0, "conditional"), -1, "experiments[0].instructions[0].conditional: -1 was given; allowed are 0 to 999,999."),
    ((*I0, "conditional"), {"mask": "x", "val": "0x1"}, "experiments[0].instructions[0].conditional.mask: 'x' was gi"),
    ((*E0, "instructions", 1, "qubits"), [1, 1], "experiments[0].instructions[1].qubits: [1, 1] was given; allowed a"),
    ((*I2, "memory"), ..., "experiments[0].instructions[2].memory: nothing was given; 'measure' has it."),
    ((*I2, "memory"), [], "experiments[0].instructions[2].memory: an empty list was given; at least one slot is need"),
    ((*I2, "memory"), 0, "experiments[0].instructions[2].memory: 0 was given; 'measure' has a list of at least one s"),
    ((*I2, "memory"), [10**9], "experiments[0].instructions[2].memory[0]: 1000000000 was given; allowed are 0 to 999"),
]  # fmt: skip


@pytest.mark.parametrize("path, value, message", WRONG, ids=[row[2][:60] for row in WRONG])
def test_an_error_says_where_what_was_given_and_what_is_allowed(bell, path, value, message):
    change(bell, path, value)
    error = error_of(bell)
    assert str(error).startswith(message)
    assert error.path == message.partition(": ")[0]


@pytest.mark.parametrize(
    "fields, message",
    [
        ({"mask": "0xg"}, "mask: '0xg' was given; allowed is a hexadecimal number such as '0x3'."),
        ({"relation": "<>"}, "relation: '<>' was given: invalid boolean function relation; allowed are ==, !=, <, <=,"),
        ({"register": ...}, "register: nothing was given; a bfunc writes a slot of the register."),
        ({"register": [1]}, "register: a list of 1 was given; 'bfunc' has one slot."),
    ],
)
def test_a_bfunc_is_checked(bell, fields, message):
    bfunc = {"name": "bfunc", "mask": "0x1", "relation": "==", "val": "0x1", "register": 2, **fields}
    bell["experiments"][0]["instructions"].append({key: value for key, value in bfunc.items() if value is not ...})
    assert str(error_of(bell)).startswith(f"experiments[0].instructions[4].{message}")


def test_one_problem_does_not_hide_the_next_and_the_first_ten_are_told(bell):
    for index in range(4):
        bell["experiments"][0]["instructions"][index] = {"name": index}
    bell["header"] = 5
    lines = str(error_of(bell)).split("\n")
    assert [line.partition(":")[0] for line in lines] == ["header"] + [
        f"experiments[0].instructions[{index}].name" for index in range(4)
    ]
    bell["experiments"] = bell["experiments"] * 20
    assert len(str(error_of(bell)).split("\n")) == 10


def test_the_lenient_rules_ask_only_for_what_a_run_needs(bell):
    for path in (("type",), ("schema_version",), ("header",), (*E0, "header")):
        change(bell, path, ...)
    bell["config"]["seed"] = bell["config"].pop("seed_simulator")
    entry = run_qobj(Qobj.from_dict(bell))["results"][0]
    assert (entry["name"], entry["seed_simulator"], entry["data"]["counts"]) == (
        "circuit-0",
        7,
        {"0x0": 524, "0x3": 500},
    )


@pytest.mark.parametrize(
    "path, value, message",
    [
        (("type",), ..., "type: nothing was given"),
        (("schema_version",), ..., "schema_version: nothing was given"),
        (("header", "backend_name"), 3, "header.backend_name: 3 was given; allowed is a text."),
        ((*E0, "header", "qreg_sizes"), [["q", 0]], "experiments[0].header.qreg_sizes: a list of 1 was given; allowed"),
        ((*E0, "header", "clbit_labels"), [3], "experiments[0].header.clbit_labels: a list of 1 was given; allowed"),
        (("config", "rep_delay"), -1, "config.rep_delay: -1 was given; allowed is a number of at least 0."),
    ],
)
def test_the_strict_rules_are_those_of_the_schema(bell, path, value, message):
    Qobj.from_dict(bell, strict=True)
    change(bell, path, value)
    Qobj.from_dict(bell)
    assert str(error_of(bell, strict=True)).startswith(message)


def test_the_schema_lets_pass_what_no_simulator_ran(bell):
    bell["experiments"][0]["instructions"][0] = {"name": "u2", "qubits": [9], "params": [0, 0], "texparams": ["0", "0"]}
    bell["experiments"][0]["config"] = {}
    del bell["config"]["shots"]
    assert Qobj.from_dict(bell, strict=True).problems()


def test_every_recorded_qobj_fits_the_schema(oracle):
    for path in (oracle / "qobj").glob("*.json"):
        Qobj.load(path, strict=True)


def test_problems_are_told_of_a_qobj_that_was_made_by_hand(bell):
    qobj = Qobj((Experiment((Instruction("x"),)),), qobj_id="q", config=Fields({"shots": 1}))
    assert qobj.problems() == [
        "experiments[0].config.n_qubits: nothing was given; no simulator ran without it.",
        "experiments[0].config.memory_slots: nothing was given; no simulator ran without it.",
        "experiments[0].instructions[0].qubits: 0 were given; 'x' takes 1.",
    ]
    with pytest.raises(QobjError, match=r"^experiments\[0\]\.config\.n_qubits: nothing was given"):
        run_qobj(qobj)
    assert Qobj.from_dict(bell).problems() == []


# --- what a simulator did not run


@pytest.mark.parametrize(
    "path, value, simulator, message",
    [
        (
            (*I0, "name"),
            "warp",
            "qasm_simulator",
            r"instructions\[0\]\.name: qasm_simulator encountered unrecognized operat",
        ),
        (
            ("config", "n_qubits"),
            30,
            "qasm_simulator",
            r"config\.n_qubits: Number of qubits 30 is greater than maximum",
        ),
        ((*E0, "config", "n_qubits"), 30, "qasm_simulator", r"config\.n_qubits: Number of qubits 30 is greater than"),
        (("config", "shots"), 65_537, "qasm_simulator", r"config\.shots: Number of shots specified: 65537 exceeds"),
        (
            ("config", "seed_simulator"),
            2**32,
            "qasm_simulator",
            r"config\.seed_simulator: 4294967296 was given; allowed",
        ),
        (
            (*E0, "config", "seed_simulator"),
            -1,
            "qasm_simulator",
            r"\[0\]\.config\.seed_simulator: -1 was given; allowed",
        ),
        (
            ("config", "chop_threshold"),
            -1,
            "statevector_simulator",
            r"config\.chop_threshold: -1 was given; allowed is a",
        ),
        (("config", "initial_statevector"), [1, 1, 0, 0], "qasm_simulator", r"is not normalized: norm 1\.414\d* != 1"),
        (
            ("config", "initial_statevector"),
            [1, 0],
            "qasm_simulator",
            "initial statevector is incorrect length: 2 != 4",
        ),
        (
            ("config", "initial_statevector"),
            "zero",
            "qasm_simulator",
            r"config\.initial_statevector: no vector was given",
        ),
        (("config", "initial_statevector"), [1, [2, 3, 4]], "qasm_simulator", "no vector was given"),
        (
            (*I2, "name"),
            "reset",
            "unitary_simulator",
            r'\[2\]\.name: Unsupported "unitary_simulator" instruction "reset"',
        ),
    ],
)
def test_what_a_simulator_did_not_run_is_refused_with_a_path(bell, path, value, simulator, message):
    change(bell, path, value)
    if value == "reset":
        change(bell, (*I2, "memory"), ...)
        del bell["experiments"][0]["instructions"][3]
    with pytest.raises(QobjError, match=message):
        check_qobj(Qobj.from_dict(bell), simulator)


@pytest.mark.parametrize(
    "matrix, message",
    [
        ([[1, 0], [0, 1], [0, 0]], "initial unitary is not a square matrix"),
        ([[1, 0], [0, 2]], "initial unitary is not unitary"),
        ([[1, 0], [0, 1]], "initial unitary is incorrect shape: 2 != 4"),
        ([1, 0], "no matrix was given"),
    ],
)
def test_an_initial_unitary_is_checked(bell, matrix, message):
    bell["experiments"][0]["instructions"] = []
    with pytest.raises(QobjError, match=message):
        run_qobj(Qobj.from_dict(bell), "unitary_simulator", initial_unitary=matrix)


@pytest.mark.parametrize(
    "params, message",
    [
        ([], r"instructions\[0\]\.params: 'unitary' has a matrix"),
        ([[[1, 0], [0, 2]]], r"instructions\[0\]\.params\[0\]: a matrix that is not unitary was given, by 3"),
        ([[[1]]], r"a matrix of shape \(1, 1\) was given; on 1 qubits allowed is \(2, 2\)"),
        ([[["1", 0], [0, 1]]], "no matrix was given"),
    ],
)
def test_a_unitary_is_checked(bell, params, message):
    bell["experiments"][0]["instructions"][0] = {"name": "unitary", "qubits": [0], "params": params}
    with pytest.raises(QobjError, match=message):
        run_qobj(Qobj.from_dict(bell))


# --- hostile input


@pytest.mark.parametrize(
    "text, message",
    [
        ("", "The Qobj is no JSON"),
        ("[" * 100_000, "nested 100000 deep in JSON; the limit is 128"),
        ('{"a":' * 100_000, "nested 100000 deep in JSON; the limit is 128"),
        ('{"experiments": [], "header": {"a": %s}}' % ("[" * 500 + "]" * 500), "nested 502 deep in JSON"),
        (b"\xff", "The Qobj is no UTF-8 text: invalid start byte at byte 0"),
        ("\ud800", "The Qobj is no UTF-8 text"),
        ("[1, 2]", "The Qobj is a JSON object, but a list of 2 was given"),
        ('{"config": {"shots": NaN}}', "config.shots: nan was given; allowed is a finite number"),
        ('{"config": {"x": [1, -Infinity]}}', r"config\.x\[1\]: -inf was given; allowed is a finite number"),
        ('{"qobj_id": "a", "qobj_id": "b"}', "qobj_id: it was given twice; allowed is once"),
        ('{"config": {"shots": 1' + "0" * 5000 + "}}", "The Qobj is no JSON: Exceeds the limit"),
    ],
)
def test_what_is_hardly_json_is_refused_with_a_reason(text, message):
    with pytest.raises(QobjError, match=message):
        Qobj.loads(text)


@pytest.mark.parametrize(
    "old, new, path",
    [
        ('"shots": 1024', '"shots": 1024, "shots": 1024', "config.shots"),
        ('"shots": 1024', '"shots" : 1024, "shots" :1024', "config.shots"),
        ('"name": "u2"', '"name": "u2", "name": "u2"', "experiments[0].instructions[0].name"),
        ('"name": "bell"', '"name": "bell", "a": {"b": 1, "b": "\\u0022:"}', "experiments[0].header.a.b"),
        ('"name": "u2", "params": [0, ', '"name": "u2", "params": [NaN, ', "experiments[0].instructions[0].params[0]"),
    ],
)
def test_names_given_twice_and_what_is_no_number_are_told_with_their_path(bell, old, new, path):
    text = json.dumps(bell)
    assert old in text
    with pytest.raises(QobjError, match=r": (it was given twice|nan was given)") as caught:
        Qobj.loads(text.replace(old, new, 1))
    assert caught.value.path == path


def test_escaped_quotes_before_a_colon_are_no_names(bell):
    bell["experiments"][0]["header"]["name"] = 'a" : "b":\\"'
    text = json.dumps(bell).replace('\\"', "\\u0022")
    assert (
        Qobj.loads(text).experiments[0].header.name
        == 'a" : "b":\\"'
        == Qobj.loads(json.dumps(bell)).experiments[0].header.name
    )


def nested(depth):
    value = []
    for _ in range(depth):
        value = [value]
    return value


@pytest.mark.parametrize(
    "data, message",
    [
        (5, "A Qobj is made from a dict, but 5 of type int was given"),
        ({1: 2}, "the name 1 was given; allowed are texts"),
        ({"header": {"a": {2: 3}}}, r"header\.a: the name 2 was given"),
        ({"header": {"a": object()}}, r"header\.a: a object was given; allowed are JSON values"),
        ({"config": {"x": math.nan}}, r"config\.x: nan was given; allowed is a finite number"),
        ({"config": {"x": [1, complex(0, math.inf)]}}, r"config\.x\[1\]\[1\]: inf was given"),
        ({"config": nested(100_000)}, "nested deeper than 128, the limit"),
    ],
)
def test_what_no_json_value_is_is_refused_with_its_path(data, message):
    with pytest.raises(QobjError, match=message):
        Qobj.from_dict(data)


def test_a_list_that_holds_itself_is_refused():
    loop = []
    loop.append(loop)
    with pytest.raises(QobjError, match="nested deeper than 128, the limit"):
        Qobj.from_dict({"header": {"a": loop}})


def mutated(rng, text):
    """Return the text of a Qobj with some of it changed."""
    marks = [rng.randrange(len(text)) for _ in range(rng.randint(1, 3))]
    for mark in marks:
        piece = rng.choice(['"', "{", "]", ",", "-", "1e999", "NaN", "null", '"x"', "[[]]", "9" * 30, "\\u0000", ""])
        text = text[:mark] + piece + text[mark + rng.randint(0, 6) :]
    return text


def replaced(rng, data):
    """Return the Qobj with a value somewhere in it replaced."""
    data = json.loads(json.dumps(data))
    part = data
    while True:
        keys = list(part) if isinstance(part, dict) else list(range(len(part)))
        key = rng.choice(keys) if keys else None
        if key is None:
            return data
        if isinstance(part[key], (dict, list)) and part[key] and rng.random() < 0.8:
            part = part[key]
            continue
        part[key] = rng.choice([None, -1, 10**30, 0.5, "", "0x", [], {}, [[1]], True, "measure", 2**31, 1e308])
        return data


@pytest.mark.parametrize("name", ["001_bell", "047_bfunc_all_relations_to_memory", "032_unitary_instruction"])
def test_mutated_qobjs_raise_nothing_of_python(read, name):
    rng, data = Random(5), read(name)
    data["config"]["shots"] = 3
    text = json.dumps(data)
    for _ in range(350):
        for make in (lambda: Qobj.loads(mutated(rng, text)), lambda: Qobj.from_dict(replaced(rng, data))):
            try:
                qobj = make()
                if qobj.config["shots"] < 100:
                    run_qobj(qobj)
            except QdockError:
                continue


# --- Pulse Qobj


def test_a_pulse_qobj_is_recognised_and_refused():
    pulse = {
        "qobj_id": "p", "schema_version": "1.2.0", "type": "PULSE", "header": {},
        "config": {
            "meas_level": 2, "meas_return": "avg", "pulse_library": [], "qubit_lo_freq": [5], "meas_lo_freq": [7],
        },
        "experiments": [{"instructions": [{"name": "fc", "ch": "d0", "t0": 0, "phase": 0.5}]}],
    }  # fmt: skip
    error = error_of(pulse)
    assert (error.path, str(error).count("\n")) == ("type", 0)
    assert str(error).startswith("type: 'PULSE' was given; allowed is 'QASM'. Pulses drive a device")
    del pulse["config"]["meas_level"], pulse["experiments"][0]["instructions"][0]["t0"]
    assert [line.partition(":")[0] for line in str(error_of(pulse)).split("\n")] == [
        "type", "config.meas_level", "experiments[0].instructions[0].t0",
    ]  # fmt: skip
    for experiments, path in (([], "experiments"), ([3], "experiments[0].instructions")):
        assert f"\n{path}: no list" in str(error_of({**pulse, "experiments": experiments}))
