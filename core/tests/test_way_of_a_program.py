"""The way a program goes: converted, copied, lowered, checked, recorded, and what is refused on the way."""

from __future__ import annotations

import pathlib

import numpy as np
import pytest

from qdock import Call, Circuit, CircuitResult, Dock, LocalBackend, Parameter, Result, Target
from qdock.errors import CircuitError, ConversionError, LimitExceeded, OptionError, ProgramError
from qdock.spec import FEATURES, BackendSpec, ConverterSpec


class Show(LocalBackend):
    """Keeps the programs that it was asked to run."""

    def __init__(self, spec=None, config=None, target=None):
        super().__init__(spec, config)
        self.seen, self._target = [], target

    def target(self):
        return self._target

    def execute(self, programs, options, context):
        self.seen.extend(programs)
        return Result([CircuitResult(name="c") for _ in programs])


def spec(**fields):
    return BackendSpec("show", "x:Show", **fields)


@pytest.fixture
def dock():
    with Dock(entry_points=[]) as dock:
        yield dock


def read_stars(text):
    """The converter of the made-up language in which a star is a Hadamard gate on the next qubit."""
    circuit = Circuit(text.count("*"))
    for qubit in range(circuit.num_qubits):
        circuit.h(qubit)
    return circuit


@pytest.fixture
def stars(dock, monkeypatch):
    monkeypatch.setattr("qdock.call.read_stars", read_stars, raising=False)
    dock.register(ConverterSpec("stars", "circuit", "qdock.call:read_stars", (".stars",), pattern=r"^\*"))
    return dock


# --- converting


def read_stack(text):
    """The converter of a format in which each line is a circuit, named by it."""
    return [Circuit(1, name=name) for name in text.split()[1:]]


def test_the_programs_that_a_converter_finds_in_one_are_the_jobs_programs(dock, monkeypatch):
    monkeypatch.setattr("qdock.call.read_stack", read_stack, raising=False)
    dock.register(ConverterSpec("stack", "circuit", "qdock.call:read_stack", pattern=r"^STACK"))
    backend = Show()
    job = dock.run(["STACK a b", Circuit(1, name="c")], backend)
    assert len(job.result()) == 3
    assert [circuit.name for circuit in backend.seen] == [circuit.name for circuit in job.program] == ["a", "b", "c"]
    assert [circuit.name for circuit in dock.run("STACK a", backend).program] == ["a"]


def test_the_programs_that_are_found_in_one_are_counted(dock, monkeypatch):
    monkeypatch.setattr("qdock.call.read_stack", read_stack, raising=False)
    dock.register(ConverterSpec("stack", "circuit", "qdock.call:read_stack", pattern=r"^STACK"))
    with pytest.raises(LimitExceeded, match="at most 1 programs in a job, but 2 were given"):
        dock.run("STACK a b", Show(spec(max_programs=1)))


def test_a_circuit_is_run_as_it_is(dock):
    backend, circuit = Show(), Circuit(2).h(0).cx(0, 1)
    job = dock.run(circuit, backend)
    job.result()
    assert backend.seen == [circuit]
    assert job.program == circuit


def test_a_text_is_converted_and_recorded_as_a_circuit(stars):
    backend = Show()
    job = stars.run("***\n", backend)
    job.result()
    assert backend.seen == [Circuit(3).h(0).h(1).h(2)]
    assert job.program == backend.seen[0]


@pytest.mark.parametrize("kind", [str, pathlib.Path])
def test_a_file_is_read_by_its_path(stars, tmp_path, kind):
    (tmp_path / "two.stars").write_text("**")
    backend = Show()
    stars.run(kind(tmp_path / "two.stars"), backend).result()
    assert backend.seen == [Circuit(2).h(0).h(1)]


def test_several_programs_of_different_kinds_are_one_job(stars):
    backend = Show()
    stars.run([Circuit(1), "*\n", "**\n"], backend).result()
    assert [circuit.num_qubits for circuit in backend.seen] == [1, 1, 2]


def test_a_program_is_converted_without_being_run(stars):
    assert stars.convert("*\n") == Circuit(1).h(0)
    circuit = Circuit(1)
    assert stars.convert(circuit) is circuit


def test_a_program_in_no_known_format_is_refused(dock):
    with pytest.raises(ConversionError):
        dock.run("no such language\n", Show())
    assert dock.jobs() == []


def test_a_call_is_refused_by_a_backend_of_circuits(dock):
    with pytest.raises(ConversionError):
        dock.run(Call(max), Show())


def test_no_program_is_refused(dock):
    with pytest.raises(ProgramError, match="A job needs at least one program, but an empty list was given"):
        dock.run([], Show())


# --- copying


@pytest.mark.parametrize("executor", ["thread", "inline"])
def test_a_circuit_that_is_changed_after_run_is_run_and_recorded_as_it_was(dock, executor):
    import concurrent.futures
    import threading

    opened, backend, circuit = threading.Event(), Show(), Circuit(1).h(0)
    pool = concurrent.futures.ThreadPoolExecutor(1)
    if executor == "thread":
        executor = pool
        pool.submit(opened.wait, 10)
    job = dock.run(circuit, backend, executor=executor)
    circuit.x(0)
    opened.set()
    job.result()
    assert backend.seen == [Circuit(1).h(0)]
    assert job.program == Circuit(1).h(0)
    pool.shutdown()


def test_work_on_the_spot_is_recorded_as_it_was(dock):
    class Quick(Show):
        def estimate(self, programs, options):
            return 0

    circuit = Circuit(1).h(0)
    job = dock.run(circuit, Quick())
    circuit.x(0)
    assert job.program == Circuit(1).h(0)


@pytest.mark.parametrize("several", [False, True])
def test_whoever_changes_the_program_of_a_job_changes_no_other_job(dock, several):
    circuit = Circuit(1).h(0)
    given = [circuit, circuit] if several else circuit
    one, other = dock.run(given, Show()), dock.run(given, Show())
    taken = one.program[0] if several else one.program
    taken.x(0)
    taken.name = "taken"
    for job in (one, other, other.rerun()):
        program = job.program[0] if several else job.program
        assert (program, program.name) == (Circuit(1).h(0), "circuit")


def test_a_backend_that_changes_what_it_is_given_changes_no_record(dock):
    class Careless(Show):
        def execute(self, programs, options, context):
            programs[0].x(0)
            return super().execute(programs, options, context)

    circuit, backend = Circuit(1).h(0), Careless()
    jobs = [dock.run(circuit, backend, executor="thread") for _ in range(3)]
    for job in jobs:
        job.result()
    assert backend.seen == [Circuit(1).h(0).x(0)] * 3
    assert [job.program for job in jobs] == [Circuit(1).h(0)] * 3


def test_a_backend_that_says_it_changes_nothing_is_given_what_the_job_keeps(dock):
    class Careful(Show):
        changes_programs = False

        def execute(self, programs, options, context):
            kept.extend(programs)
            return super().execute(programs, options, context)

    circuit, kept = Circuit(1).h(0), []
    jobs = [dock.run([circuit, circuit], Careful(), executor="thread") for _ in range(2)]
    for job in jobs:
        job.result()
    assert all(item is circuit.snapshot() for item in kept)
    assert all(item is not circuit for item in kept)
    jobs[0].program[0].x(0)
    circuit.x(0)
    assert kept == [Circuit(1).h(0)] * 4


def test_a_list_of_programs_that_is_changed_after_run_is_run_as_it_was(dock):
    backend, circuits = Show(), [Circuit(1), Circuit(2)]
    job = dock.run(circuits, backend)
    circuits.clear()
    job.result()
    assert len(backend.seen) == len(job.program) == 2


def test_the_arguments_of_a_call_that_are_changed_after_run_are_as_they_were(dock):
    class Runner(Show):
        spec = BackendSpec("runner", "x:Runner", accepts=("call",))

    backend, argument = Runner(), [1, 2]
    job = dock.run(Call(sum, (argument,)), backend)
    argument.append(3)
    job.result()
    assert backend.seen == [Call(sum, ([1, 2],))]


# --- lowering


def test_a_circuit_is_lowered_to_the_gates_of_the_spec_and_recorded_as_it_was(dock):
    backend, circuit = Show(spec(gates=("rz", "sx", "cz"))), Circuit(2).h(0).cx(0, 1)
    job = dock.run(circuit, backend)
    job.result()
    assert {operation.name for operation in backend.seen[0]} <= {"rz", "sx", "cz"}
    assert job.program == circuit


def test_a_circuit_is_lowered_to_the_gates_of_the_target(dock):
    backend = Show(target=Target(2, ("u", "cx")))
    dock.run(Circuit(2).swap(0, 1), backend).result()
    assert {operation.name for operation in backend.seen[0]} == {"cx"}


def test_without_gates_every_gate_is_run(dock):
    backend, circuit = Show(), Circuit(3).ccx(0, 1, 2)
    dock.run(circuit, backend).result()
    assert backend.seen == [circuit]


# --- checking


def test_unbound_parameters_are_refused_with_their_names(dock):
    circuit = Circuit(1, name="ansatz").rx(Parameter("theta"), 0).rz(Parameter("phi"), 0)
    with pytest.raises(CircuitError, match=r"'ansatz' has parameters without a value: phi, theta\. Give .*bind"):
        dock.run(circuit, Show())
    dock.run(circuit.bind({"theta": 0.1, "phi": 0.2}), Show()).result()


@pytest.mark.parametrize("jump", ["break_", "continue_"])
def test_a_jump_outside_of_a_loop_is_refused_before_there_is_a_job(dock, jump):
    circuit = Circuit(1, 1).measure(0, 0)
    stray = getattr(circuit.block(), jump)()
    with pytest.raises(CircuitError, match=r"has a break or continue outside of a loop\. Put it in the body"):
        dock.run(circuit.copy().if_(circuit.bit(0), stray), Show())
    dock.run(circuit.copy().while_(circuit.bit(0), circuit.block().if_(circuit.bit(0), stray)), Show()).result()
    assert len(dock.jobs()) == 1


def test_too_many_qubits_are_refused(dock):
    with pytest.raises(LimitExceeded, match="Circuit 'wide' has 6 qubits, but backend 'show' has 5"):
        dock.run([Circuit(5), Circuit(6, name="wide")], Show(spec(num_qubits=5)))
    with pytest.raises(LimitExceeded, match="has 3 qubits, but backend 'Show' has 2"):
        dock.run(Circuit(3), Show(target=Target(2, ("u", "cx"))))


def test_too_many_programs_for_the_backend_are_refused(dock):
    with pytest.raises(LimitExceeded, match="Backend 'show' takes at most 2 programs in a job, but 3 were given"):
        dock.run([Circuit(1)] * 3, Show(spec(max_programs=2)))


def test_more_than_a_hundred_thousand_programs_are_refused(dock):
    with pytest.raises(LimitExceeded, match="A job has at most 100,000 programs, but 100,001 were given"):
        dock.run([Circuit(1)] * 100_001, Show())


@pytest.mark.parametrize("feature", ["mid_circuit_measurement", "reset", "conditionals"])
def test_what_the_backend_does_not_declare_is_refused(dock, feature):
    circuit = Circuit(1, 1, name="needy")
    if feature == "reset":
        circuit.reset(0)
    else:
        circuit.measure(0, 0).h(0)
    if feature == "conditionals":
        circuit.if_(circuit.bit(0), circuit.block().x(0))
    backend = Show(spec(features=frozenset({"counts", "mid_circuit_measurement", "reset"} - {feature})))
    with pytest.raises(
        CircuitError, match=rf"Circuit 'needy' needs {feature}.*, which backend 'show' can't do\. `qdock"
    ):
        dock.run(circuit, backend)


@pytest.mark.parametrize("features", [frozenset(), frozenset(FEATURES)])
def test_a_backend_that_declares_all_or_nothing_is_asked_for_anything(dock, features):
    circuit = Circuit(1, 1).measure(0, 0).reset(0)
    dock.run(circuit, Show(spec(features=features))).result()


def test_a_circuit_that_needs_nothing_special_is_run_by_any_backend(dock):
    dock.run(Circuit(1, 1).h(0).measure(0, 0), Show(spec(features=frozenset({"counts"})))).result()


def test_a_backend_may_check_programs_and_options_together(dock):
    class Picky(Show):
        def check(self, programs, options):
            if options["shots"] > 10 and programs[0].num_qubits > 1:
                raise CircuitError(f"{options['shots']} shots of {programs[0].num_qubits} qubits are too many.")

    dock.run(Circuit(2), Picky(), shots=10).result()
    with pytest.raises(CircuitError, match="20 shots of 2 qubits are too many"):
        dock.run(Circuit(2), Picky(), shots=20)
    assert len(dock.jobs()) == 1


def test_nothing_that_was_refused_is_recorded(dock):
    for program in ([], Circuit(9), Circuit(1).rx(Parameter("a"), 0)):
        with pytest.raises((ProgramError, LimitExceeded, CircuitError)):
            dock.run(program, Show(spec(num_qubits=2)))
    assert dock.jobs() == []


# --- tags and metadata


def test_one_text_is_one_tag(dock):
    assert dock.run(Circuit(1), Show(), tags="blue").tags == ("blue",)


def test_tags_that_are_no_texts_are_refused(dock):
    with pytest.raises(OptionError, match="Tags are texts, but 3 of type int was given"):
        dock.run(Circuit(1), Show(), tags=["a", 3])


def test_metadata_are_copied(dock):
    metadata = {"names": ["a"]}
    job = dock.run(Circuit(1), Show(), metadata=metadata)
    metadata["names"].append("b")
    assert job.metadata == {"names": ["a"]}


@pytest.mark.parametrize("value", [float("nan"), {1, 2}, np.zeros(2), object()])
def test_metadata_that_are_no_json_are_refused(dock, value):
    with pytest.raises(OptionError, match="The metadata of a job are JSON values, but these are not"):
        dock.run(Circuit(1), Show(), metadata={"value": value})
