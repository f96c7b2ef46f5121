"""What the plugin brings: the three historical simulators, converters of Qobj, and the command ``qdock qobj``."""

from __future__ import annotations

from collections.abc import Iterator

from qdock.spec import BackendSpec, CommandSpec, ConverterSpec, Option, hookimpl

#: What tells a Qobj from other JSON: an object with one of its names in the beginning.
_PATTERN = (
    r"\A\s*\{(?=[\s\S]*?\"(?:qobj_id|experiments|schema_version|memory_slots|seed_simulator|initial_statevector"
    r"|initial_unitary|parametric_pulses|pulse_library)\"\s*:)"
)
#: Gates that the old simulators ran.
GATES = ("U", "CX", "cx", "h", "id", "p", "rz", "sx", "u", "u0", "u1", "u2", "u3", "unitary", "x")

_GENERATOR = Option(
    str,
    default="RandomState",
    choices=("RandomState", "default_rng"),
    doc="Whose draws the seed repeats: those of BasicAer, or those of BasicSimulator.",
)
_COMMON = {
    "seed_simulator": Option(int, minimum=0, doc="Seed of each experiment; the job's own seed if there is none."),
    "chop_threshold": Option(float, minimum=0, doc="Smaller entries of an array become 0; 1e-15 if not set."),
    "generator": _GENERATOR,
    "backend_options": Option("json", doc="Options by name, as old scripts gave them."),
}
_SHOTS = {
    "shots": Option(int, minimum=1, maximum=65_536, doc="What the Qobj says, or else 1024, if not set."),
    "memory": Option(bool, doc="Whether the outcome of every shot is kept."),
    "initial_statevector": Option("array", doc="Amplitudes to begin with."),
}
_CONTROL = ("mid_circuit_measurement", "reset", "conditionals", "variables")


def _spec(name: str, summary: str, features: tuple[str, ...], options: dict[str, Option]) -> BackendSpec:
    return BackendSpec(
        name=name,
        factory="qdock_legacy.backends:LegacySimulator",
        summary=summary,
        num_qubits=24,
        gates=GATES,
        features=frozenset(features),
        options={**options, **_COMMON},
        aliases=(f"{name}_py", f"local_{name}_py"),
        max_shots=65_536,
    )


@hookimpl
def qdock_backends() -> Iterator[BackendSpec]:
    """Yield the historical simulators."""
    counts = ("counts", "memory", "initial_state", *_CONTROL)
    unitary = {"shots": _SHOTS["shots"], "initial_unitary": Option("array", doc="Matrix to begin with.")}
    yield _spec("qasm_simulator", "BasicAer's simulator of shots, its counts to the last bit.", counts, _SHOTS)
    yield _spec(
        "statevector_simulator",
        "BasicAer's simulator of one shot's state.",
        ("statevector", "initial_state", *_CONTROL),
        _SHOTS,
    )
    yield _spec(
        "unitary_simulator",
        "BasicAer's simulator of a circuit's matrix.",
        ("unitary", "conditionals", "variables"),
        unitary,
    )


@hookimpl
def qdock_converters() -> Iterator[ConverterSpec]:
    """Yield the converters from Qobj and to it."""
    names = ("qdock_legacy.qobj.Qobj",)
    yield ConverterSpec(
        "qobj", "circuit", "qdock_legacy.convert_read:to_circuits", (".qobj",), type_names=names, pattern=_PATTERN
    )
    yield ConverterSpec("circuit", "qobj", "qdock_legacy.convert_write:from_circuit")


@hookimpl
def qdock_commands() -> Iterator[CommandSpec]:
    """Yield the command."""
    yield CommandSpec("qobj", "qdock_legacy.commands:command", "Validate, show, run and write Qobj files.")
