"""What each library does for each task: a function that makes the work, which is then timed.

A task's function gets the cell and returns a function of no arguments, the work from a ready circuit to the result in
the user's hands. This module runs in the environments of all libraries, so it imports nothing but numpy by itself.
"""

from __future__ import annotations

import atexit
import math
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from circuits import CIRCUITS, TINY_QUBITS, Step, dynamic, tiny

__all__ = ["LIBRARIES"]

Work = Callable[[], Any]
Cell = dict[str, Any]

SHOTS = 1024
BATCH = 1000


def steps_of(cell: Cell) -> list[Step]:
    return CIRCUITS[cell["circuit"]](cell["qubits"])


def size_of(steps: Sequence[Step]) -> int:
    return 1 + max(qubit for step in steps for qubit in step.qubits)


# --- qdock


def qdock_circuit(steps: Sequence[Step], measured: bool = False) -> Any:
    from qdock import Circuit

    size = size_of(steps)
    clbits = 1 + max((step.clbit for step in steps if step.clbit is not None), default=size - 1)
    circuit = Circuit(size, clbits)
    for name, qubits, values, clbit in steps:
        if name == "measure":
            circuit.measure(qubits[0], clbit)
        elif clbit is not None:
            circuit.if_(circuit.bit(clbit), circuit.block().append(name, qubits, values))
        elif name == "unitary":
            circuit.unitary(values, qubits)
        elif name == "mcz":
            circuit.mcp(math.pi, qubits[:-1], qubits[-1])
        else:
            circuit.append(name, qubits, values)
    return circuit.measure_all() if measured else circuit


def qdock_options(cell: Cell, **options: Any) -> dict[str, Any]:
    from qdock_basic.plugin import SPEC

    chosen = {"engine": "fast", "threads": cell.get("threads", 2), "precision": cell.get("precision", "double")}
    return {**{name: option.default for name, option in SPEC.options.items()}, **chosen, **options}


def qdock_execute(programs: list[Any], cell: Cell, **options: Any) -> Work:
    """The engine without a job."""
    from qdock.backend import Context
    from qdock_basic import BasicSimulator

    backend, chosen = BasicSimulator(), qdock_options(cell, **options)

    def execute() -> Any:
        context = Context(seed=1)
        try:
            return backend.execute(programs, chosen, context)
        finally:
            context.end()

    return execute


def qdock_state(cell: Cell) -> Work:
    from qdock_basic import fast

    circuit, precision, threads = qdock_circuit(steps_of(cell)), cell.get("precision", "double"), cell["threads"]
    return lambda: fast.statevector(circuit, precision=precision, threads=threads)[0]


def qdock_unitary(cell: Cell) -> Work:
    work = qdock_execute([qdock_circuit(steps_of(cell))], cell, output="unitary")
    return lambda: work()[0].unitary


def qdock_shots(cell: Cell) -> Work:
    work = qdock_execute([qdock_circuit(steps_of(cell), True)], cell, shots=cell["shots"])
    return lambda: work()[0].counts


def qdock_clifford(cell: Cell) -> Work:
    work = qdock_execute([qdock_circuit(steps_of(cell), True)], cell, shots=cell["shots"])
    return lambda: work().get_counts()


def qdock_samples(cell: Cell) -> Work:
    """Different outcomes as packed bits, and how often each was seen."""
    work = qdock_execute([qdock_circuit(steps_of(cell), True)], cell, shots=cell["shots"])

    def arrays() -> Any:
        entry = work()[0]
        return entry.outcomes, entry.counts

    return arrays


def qdock_dynamic(cell: Cell) -> Work:
    work = qdock_execute([qdock_circuit(dynamic(cell["qubits"]))], cell, shots=cell["shots"])
    return lambda: work().get_counts()


def qdock_backend(store: str = "memory") -> Any:
    """Return a backend whose jobs are recorded in memory, or in a file that goes with this process."""
    from qdock.config import Config
    from qdock.dock import Dock

    place = "memory:" if store == "memory" else f"sqlite://{new_folder()}/jobs.sqlite"
    return Dock(Config.load({"QDOCK_STORE": place})).get_backend("basic_simulator")


def new_folder() -> str:
    folder = tempfile.mkdtemp()
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def qdock_batch(cell: Cell) -> Work:
    backend, all_steps = qdock_backend(cell["store"]), [tiny(index) for index in range(BATCH)]

    def counts(circuits: list[Any]) -> Any:
        return backend.run(circuits, engine="fast").result().get_counts()

    if cell["building"]:
        return lambda: counts([qdock_tiny(steps) for steps in all_steps])
    circuits = [qdock_circuit(steps, True) for steps in all_steps]
    return lambda: counts(circuits)


def qdock_tiny(steps: Sequence[Step]) -> Any:
    """One circuit of a batch, written as for people who know their gates; `qulacs_tiny` is word for word the same."""
    from qdock import Circuit

    circuit = Circuit(TINY_QUBITS, TINY_QUBITS)
    for name, qubits, values, _ in steps:
        if name == "cx":
            circuit.cx(qubits[0], qubits[1])
        elif name == "rx":
            circuit.rx(values[0], qubits[0])
        else:
            circuit.rz(values[0], qubits[0])
    return circuit.measure_all()


def qdock_one(_: Cell) -> Work:
    backend, circuit = qdock_backend(), qdock_circuit([Step("h", (0,))], True)
    # As in all other cells, whichever of them this process has done before.
    backend.set_options(engine="fast")
    return lambda: backend.run(circuit).result().get_counts()


# --- qiskit: Aer and BasicSimulator


def qiskit_circuit(steps: Sequence[Step], measured: bool = False) -> Any:
    from qiskit import QuantumCircuit

    size = size_of(steps)
    clbits = 1 + max((step.clbit for step in steps if step.clbit is not None), default=-1)
    circuit = QuantumCircuit(size, clbits)
    for name, qubits, values, clbit in steps:
        if name == "measure":
            circuit.measure(qubits[0], clbit)
        elif clbit is not None:
            with circuit.if_test((circuit.clbits[clbit], 1)):
                getattr(circuit, name)(*values, *qubits)
        elif name == "unitary":
            circuit.unitary(values, qubits)
        elif name == "mcz":
            circuit.mcp(math.pi, list(qubits[:-1]), qubits[-1])
        else:
            getattr(circuit, name)(*values, *qubits)
    if measured:
        circuit.measure_all()
    return circuit


def aer(cell: Cell, method: str) -> Any:
    from qiskit_aer import AerSimulator

    return AerSimulator(
        method=method, precision=cell.get("precision", "double"), max_parallel_threads=cell.get("threads", 2)
    )


def aer_state(cell: Cell) -> Work:
    circuit, simulator = qiskit_circuit(steps_of(cell)), aer(cell, "statevector")
    circuit.save_statevector()
    return lambda: np.asarray(simulator.run(circuit, shots=1).result().get_statevector())


def aer_unitary(cell: Cell) -> Work:
    circuit, simulator = qiskit_circuit(steps_of(cell)), aer(cell, "unitary")
    circuit.save_unitary()
    return lambda: np.asarray(simulator.run(circuit).result().get_unitary())


def aer_counts(cell: Cell) -> Work:
    circuit = qiskit_circuit(steps_of(cell), True)
    simulator = aer(cell, "automatic" if cell["task"] == "clifford" else "statevector")
    return lambda: simulator.run(circuit, shots=cell["shots"]).result().get_counts()


def aer_dynamic(cell: Cell) -> Work:
    circuit, simulator = qiskit_circuit(dynamic(cell["qubits"])), aer(cell, "statevector")
    return lambda: simulator.run(circuit, shots=cell["shots"]).result().get_counts()


def qiskit_batch(cell: Cell, simulator: Any) -> Work:
    all_steps = [tiny(index) for index in range(BATCH)]
    if cell["building"]:
        return lambda: simulator.run([qiskit_circuit(steps, True) for steps in all_steps]).result().get_counts()
    circuits = [qiskit_circuit(steps, True) for steps in all_steps]
    return lambda: simulator.run(circuits).result().get_counts()


def qiskit_one(simulator: Any) -> Work:
    circuit = qiskit_circuit([Step("h", (0,))], True)
    return lambda: simulator.run(circuit).result().get_counts()


def basic_simulator() -> Any:
    from qiskit.providers.basic_provider import BasicSimulator

    return BasicSimulator()


# --- qulacs


def qulacs_circuit(steps: Sequence[Step]) -> Any:
    from qulacs import QuantumCircuit, gate

    circuit = QuantumCircuit(size_of(steps))
    for step in steps:
        circuit.add_gate(_qulacs_gate(gate, step))
    return circuit


_QULACS_GATES = {"h": "H", "x": "X", "s": "S", "u": "U3", "cx": "CNOT", "cz": "CZ", "swap": "SWAP"}


def _qulacs_gate(gate: Any, step: Step) -> Any:
    name, qubits, values, _ = step
    if name == "unitary":
        return gate.DenseMatrix(list(qubits), values)
    if name in ("cp", "mcz"):
        made = gate.to_matrix_gate(gate.U1(qubits[-1], *values) if name == "cp" else gate.Z(qubits[-1]))
        for control in qubits[:-1]:
            made.add_control_qubit(control, 1)
        return made
    if name == "rzz":
        return gate.PauliRotation(list(qubits), [3, 3], -values[0])
    if name in _QULACS_GATES:
        return getattr(gate, _QULACS_GATES[name])(*qubits, *values)
    # Its rotations turn the other way.
    return getattr(gate, name.upper())(qubits[0], -values[0])


def qulacs_state(cell: Cell) -> Work:
    from qulacs import QuantumState

    circuit = qulacs_circuit(steps_of(cell))

    def work() -> Any:
        state = QuantumState(cell["qubits"])
        circuit.update_quantum_state(state)
        return state.get_vector()

    return work


def _qulacs_sampled(circuit: Any, size: int, shots: int) -> Any:
    from qulacs import QuantumState

    state = QuantumState(size)
    circuit.update_quantum_state(state)
    return state.sampling(shots)


def qulacs_shots(cell: Cell) -> Work:
    circuit = qulacs_circuit(steps_of(cell))
    return lambda: np.unique(_qulacs_sampled(circuit, cell["qubits"], cell["shots"]), return_counts=True)


def qulacs_batch(cell: Cell) -> Work:
    all_steps, counts = [tiny(index) for index in range(BATCH)], _qulacs_counts(TINY_QUBITS)
    if cell["building"]:
        return lambda: [counts(qulacs_tiny(steps)) for steps in all_steps]
    circuits = [qulacs_circuit(steps) for steps in all_steps]
    return lambda: [counts(circuit) for circuit in circuits]


def qulacs_tiny(steps: Sequence[Step]) -> Any:
    from qulacs import QuantumCircuit

    circuit = QuantumCircuit(TINY_QUBITS)
    for name, qubits, values, _ in steps:
        if name == "cx":
            circuit.add_CNOT_gate(qubits[0], qubits[1])
        elif name == "rx":
            circuit.add_RX_gate(qubits[0], -values[0])
        else:
            circuit.add_RZ_gate(qubits[0], -values[0])
    return circuit


def _qulacs_counts(size: int) -> Callable[[Any], dict[str, int]]:
    """Return what runs a circuit to counts by bit string; of few outcomes none is quicker than a table of them all."""
    keys = [format(outcome, f"0{size}b") for outcome in range(1 << size)]

    def counts(circuit: Any) -> dict[str, int]:
        seen = np.bincount(_qulacs_sampled(circuit, size, SHOTS), minlength=len(keys))
        return {key: number for key, number in zip(keys, seen.tolist(), strict=True) if number}

    return counts


def qulacs_one(_: Cell) -> Work:
    circuit, counts = qulacs_circuit([Step("h", (0,))]), _qulacs_counts(1)
    return lambda: counts(circuit)


# --- PennyLane: wire 0 is the most significant


def lightning_operations(steps: Sequence[Step]) -> list[Any]:
    import pennylane as qml

    size, readings, operations = size_of(steps), {}, []
    table = {
        "h": qml.Hadamard,
        "x": qml.PauliX,
        "s": qml.S,
        "u": qml.U3,
        "rx": qml.RX,
        "ry": qml.RY,
        "rz": qml.RZ,
        "cx": qml.CNOT,
        "cz": qml.CZ,
        "cp": qml.ControlledPhaseShift,
        "swap": qml.SWAP,
        "rzz": qml.IsingZZ,
    }
    for name, qubits, values, clbit in steps:
        wires = [size - 1 - qubit for qubit in qubits]
        if name == "measure":
            readings[clbit] = qml.measure(wires[0])
        elif clbit is not None:
            qml.cond(readings[clbit], table[name])(*values, wires=wires)
        elif name == "unitary":
            operations.append(qml.QubitUnitary(values, wires=wires[::-1]))
        elif name == "mcz":
            operations.append(qml.ctrl(qml.PauliZ(wires[-1]), control=wires[:-1]))
        else:
            operations.append(table[name](*values, wires=wires))
    return operations


def lightning_state(cell: Cell) -> Work:
    import pennylane as qml

    kind = np.complex64 if cell.get("precision") == "single" else np.complex128
    device = qml.device("lightning.qubit", wires=cell["qubits"], c_dtype=kind)
    script = qml.tape.QuantumScript(lightning_operations(steps_of(cell)), [qml.state()])
    (script,), _ = device.preprocess_transforms()([script])
    return lambda: device.execute(script)


def lightning_shots(cell: Cell) -> Work:
    import pennylane as qml

    device = qml.device("lightning.qubit", wires=cell["qubits"])
    script = qml.tape.QuantumScript(lightning_operations(steps_of(cell)), [qml.counts()], shots=cell["shots"])
    return lambda: device.execute(script)


def lightning_dynamic(cell: Cell) -> Work:
    import pennylane as qml

    device = qml.device("lightning.qubit", wires=cell["qubits"])

    @qml.set_shots(cell["shots"])
    @qml.qnode(device, mcm_method="tree-traversal")
    def node() -> Any:
        lightning_operations(dynamic(cell["qubits"])[: -cell["qubits"]])
        return qml.counts()

    return node


def lightning_one(_: Cell) -> Work:
    import pennylane as qml

    device = qml.device("lightning.qubit", wires=1)
    script = qml.tape.QuantumScript([qml.Hadamard(0)], [qml.counts()], shots=SHOTS)
    return lambda: device.execute(script)


# --- cirq and qsim: the first qubit is the most significant


def cirq_circuit(steps: Sequence[Step]) -> Any:
    import cirq

    size = size_of(steps)
    line = cirq.LineQubit.range(size)
    turns = {"rx": cirq.rx, "ry": cirq.ry, "rz": cirq.rz}
    table = {"h": cirq.H, "x": cirq.X, "s": cirq.S, "cx": cirq.CNOT, "cz": cirq.CZ, "swap": cirq.SWAP}
    operations = []
    for name, qubits, values, _ in steps:
        on = [line[size - 1 - qubit] for qubit in qubits]
        if name == "unitary":
            gate, on = cirq.MatrixGate(values), on[::-1]
        elif name == "mcz":
            gate = cirq.Z.controlled(len(qubits) - 1)
        elif name == "u":
            gate = cirq.MatrixGate(_u(*values))
        elif name == "cp":
            gate = cirq.CZPowGate(exponent=values[0] / math.pi)
        elif name == "rzz":
            gate = cirq.ZZPowGate(exponent=values[0] / math.pi, global_shift=-0.5)
        else:
            gate = table[name] if name in table else turns[name](values[0])
        operations.append(gate.on(*on))
    return cirq.Circuit(operations)


def _u(theta: float, phi: float, lam: float) -> Any:
    cos, sin = math.cos(theta / 2), math.sin(theta / 2)
    first = [cos, -np.exp(1j * lam) * sin]
    return np.array([first, [np.exp(1j * phi) * sin, np.exp(1j * (phi + lam)) * cos]])


def cirq_state(cell: Cell) -> Work:
    import cirq

    kind = np.complex64 if cell.get("precision") == "single" else np.complex128
    circuit, simulator = cirq_circuit(steps_of(cell)), cirq.Simulator(dtype=kind)
    return lambda: simulator.simulate(circuit).final_state_vector


def cirq_one(_: Cell) -> Work:
    import cirq

    qubit = cirq.LineQubit(0)
    circuit, simulator = cirq.Circuit(cirq.H(qubit), cirq.measure(qubit, key="m")), cirq.Simulator()
    return lambda: simulator.run(circuit, repetitions=SHOTS).histogram(key="m")


def qsim_state(cell: Cell) -> Work:
    import qsimcirq

    options = qsimcirq.QSimOptions(cpu_threads=cell.get("threads", 2), max_fused_gate_size=4)
    circuit, simulator = cirq_circuit(steps_of(cell)), qsimcirq.QSimSimulator(options)
    return lambda: simulator.simulate(circuit).final_state_vector


# --- braket: the first qubit is the most significant


def braket_circuit(steps: Sequence[Step]) -> Any:
    from braket.circuits import Circuit

    size, circuit = size_of(steps), Circuit()
    table = {"cx": "cnot", "cp": "cphaseshift", "rzz": "zz", "u": "u"}
    for name, qubits, values, _ in steps:
        on = [size - 1 - qubit for qubit in qubits]
        if name == "unitary":
            circuit.unitary(matrix=values, targets=on[::-1])
        elif name == "mcz":
            circuit.z(on[-1], control=on[:-1])
        else:
            getattr(circuit, table.get(name, name))(*on, *values)
    return circuit


def braket_state(cell: Cell) -> Work:
    from braket.devices import LocalSimulator

    circuit, device = braket_circuit(steps_of(cell)).state_vector(), LocalSimulator()
    return lambda: device.run(circuit).result().values[0]


def braket_one(_: Cell) -> Work:
    from braket.circuits import Circuit
    from braket.devices import LocalSimulator

    circuit, device = Circuit().h(0), LocalSimulator()
    return lambda: device.run(circuit, shots=SHOTS).result().measurement_counts


# --- mqt.ddsim and stim


def ddsim_state(cell: Cell) -> Work:
    from mqt.core import load
    from mqt.ddsim import CircuitSimulator

    loaded = load(qiskit_circuit(steps_of(cell)))

    def work() -> Any:
        simulator = CircuitSimulator(loaded)
        simulator.simulate(1)
        return np.asarray(simulator.get_constructed_dd().get_vector())

    return work


def stim_circuit(cell: Cell) -> Any:
    import stim

    circuit = stim.Circuit()
    for name, qubits, _, _ in steps_of(cell):
        circuit.append(name.upper(), qubits)
    circuit.append("M", range(cell["qubits"]))
    return circuit


def stim_clifford(cell: Cell) -> Work:
    """Counts by bit string, which stim leaves to its users: the quickest way that was found."""
    circuit, size = stim_circuit(cell), cell["qubits"]

    def counts() -> Any:
        bits = circuit.compile_sampler().sample(cell["shots"])[:, ::-1]
        return Counter((bits + np.uint32(ord("0"))).view(f"U{size}")[:, 0].tolist())

    return counts


def stim_samples(cell: Cell) -> Work:
    """The outcome of every shot as packed bits."""
    circuit = stim_circuit(cell)
    return lambda: circuit.compile_sampler().sample(cell["shots"], bit_packed=True)


#: By library, then by task.
LIBRARIES: dict[str, dict[str, Callable[[Cell], Work]]] = {
    "qdock": {
        "state": qdock_state,
        "unitary": qdock_unitary,
        "shots": qdock_shots,
        "clifford": qdock_clifford,
        "samples": qdock_samples,
        "dynamic": qdock_dynamic,
        "batch": qdock_batch,
        "one": qdock_one,
    },
    "aer": {
        "state": aer_state,
        "unitary": aer_unitary,
        "shots": aer_counts,
        "clifford": aer_counts,
        "dynamic": aer_dynamic,
        "batch": lambda cell: qiskit_batch(cell, aer(cell, "statevector")),
        "one": lambda cell: qiskit_one(aer(cell, "statevector")),
    },
    "basicsimulator": {
        "batch": lambda cell: qiskit_batch(cell, basic_simulator()),
        "one": lambda _: qiskit_one(basic_simulator()),
    },
    "qulacs": {"state": qulacs_state, "shots": qulacs_shots, "batch": qulacs_batch, "one": qulacs_one},
    "lightning": {
        "state": lightning_state,
        "shots": lightning_shots,
        "dynamic": lightning_dynamic,
        "one": lightning_one,
    },
    "cirq": {"state": cirq_state, "one": cirq_one},
    "qsim": {"state": qsim_state},
    "braket": {"state": braket_state, "one": braket_one},
    "ddsim": {"state": ddsim_state},
    "stim": {"clifford": stim_clifford, "samples": stim_samples},
}
