"""What a Qobj must be like: the published schema, or, more leniently, what an old simulator ran."""

from __future__ import annotations

import math
import re
import weakref
from collections.abc import Callable, Iterator, Mapping
from itertools import chain, islice
from typing import Any, NamedTuple

from msgspec import UNSET

from qdock_legacy.errors import QobjError
from qdock_legacy.plain import MAX_SLOTS
from qdock_legacy.qobj import Condition, Experiment, Fields, Instruction, Qobj

__all__ = ["Problem", "as_error", "check", "instruction_problems", "is_hex", "problems_of"]

#: So many problems are told of one Qobj.
MAX_PROBLEMS = 10
RELATIONS = ("==", "!=", "<", "<=", ">", ">=")

_HEX = re.compile(r"\s*(0[xX])?[0-9a-fA-F]+\s*")


class Problem(NamedTuple):
    """Something wrong: where, and what was given and is allowed."""

    path: str
    text: str

    def __str__(self) -> str:
        return f"{self.path}: {self.text}" if self.path else self.text


def as_error(problems: list[Problem]) -> QobjError:
    """Return the error that tells of problems, a line for each."""
    return QobjError("\n".join(map(str, problems)), problems[0].path)


def is_hex(text: str) -> bool:
    """Whether a text is a hexadecimal number."""
    return _HEX.fullmatch(text) is not None


def show(value: Any) -> str:
    """Return a value as a message shows it, in a few characters."""
    if isinstance(value, Fields):
        value = value.to_dict()
    if isinstance(value, (dict, list, tuple)):
        return f"{'an object' if isinstance(value, dict) else 'a list'} of {len(value)}"
    if isinstance(value, int) and not isinstance(value, bool) and value.bit_length() > 80:
        return f"an integer of {value.bit_length()} bits"
    text = {True: "true", False: "false"}[value] if isinstance(value, bool) else repr(value)
    return "null" if value is None else text if len(text) <= 60 else f"{text[:57]}..."


# --- kinds of values


class Kind(NamedTuple):
    """What a value must be: a test, and in words."""

    test: Callable[[Any], bool]
    words: str


def _is_int(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_number(value: Any) -> bool:
    return (_is_int(value) and value.bit_length() < 1024) or (isinstance(value, float) and math.isfinite(value))


def _whole(minimum: int | None = None, maximum: int | None = None) -> Kind:
    low, high = -math.inf if minimum is None else minimum, math.inf if maximum is None else maximum
    words = f" from {minimum} to {maximum:,}" if maximum is not None else f" of at least {minimum}"
    return Kind(lambda value: _is_int(value) and low <= value <= high, f"an integer{'' if minimum is None else words}")


def _pairs(value: Any, least: int) -> bool:
    return isinstance(value, (list, tuple)) and all(
        isinstance(item, (list, tuple)) and len(item) == 2 and isinstance(item[0], str) and _is_int(item[1])
        and item[1] >= least for item in value
    )  # fmt: skip


_BOOL = Kind(lambda value: isinstance(value, bool), "true or false")
_TEXT = Kind(lambda value: isinstance(value, str), "a text")
_LIST = Kind(lambda value: isinstance(value, (list, tuple)), "a list")
_OBJECT = Kind(lambda value: isinstance(value, Mapping), "an object")
_NUMBER = Kind(_is_number, "a finite number")
_DELAY = Kind(lambda value: _is_number(value) and value >= 0, "a number of at least 0")
_SIZES = Kind(lambda value: _pairs(value, 1), "a list of [name, size], sizes of at least 1")
_LABELS = Kind(
    lambda value: _LIST.test(value) and all(item is None or _pairs([item], 0) for item in value),
    "a list of [register, index] or null",
)
_SLOTS = _whole(0, MAX_SLOTS)
_QUBITS = _whole(1, MAX_SLOTS)

#: What a run looks at.
_RUN_CONFIG = {
    "shots": _whole(1),
    "memory_slots": _SLOTS,
    "n_qubits": _QUBITS,
    "memory": _BOOL,
    "seed": _whole(),
    "seed_simulator": _whole(),
}
_RUN_EXPERIMENT_CONFIG = {
    "n_qubits": _QUBITS,
    "memory_slots": _SLOTS,
    "seed": _whole(),
    "seed_simulator": _whole(),
    "allows_measure_sampling": _BOOL,
}
_RUN_HEADER = {"name": _TEXT, "global_phase": _NUMBER}
#: What the published schema speaks of besides.
_STRICT_CONFIG = {
    **_RUN_CONFIG,
    "max_credits": _whole(),
    "kernels": _OBJECT,
    "discriminators": _OBJECT,
    "pulse_library": _LIST,
    "rep_delay": _DELAY,
    "calibrations": _OBJECT,
}
_STRICT_EXPERIMENT_CONFIG = {**_RUN_EXPERIMENT_CONFIG, "init_qubits": _BOOL, "calibrations": _OBJECT}
_STRICT_EXPERIMENT_HEADER = {
    **_RUN_HEADER,
    "n_qubits": _whole(0),
    "memory_slots": _whole(0),
    "qreg_sizes": _SIZES,
    "creg_sizes": _SIZES,
    "qubit_labels": _LABELS,
    "clbit_labels": _LABELS,
    "metadata": _OBJECT,
}
_STRICT_HEADER = {"backend_name": _TEXT, "backend_version": _TEXT}


def _fields_problems(fields: Any, kinds: Mapping[str, Kind], path: str) -> Iterator[Problem]:
    data = {} if fields is UNSET else fields._data
    for name, (test, words) in kinds.items():
        if name in data and not test(data[name]):
            yield Problem(f"{path}.{name}", f"{show(data[name])} was given; allowed is {words}.")


def _missing(part: Any, names: tuple[str, ...], path: str = "", what: str = "") -> Iterator[Problem]:
    for name in names:
        if (part is UNSET) or (name not in part if isinstance(part, Fields) else getattr(part, name) is UNSET):
            where = f"{path}.{name}" if path else name
            yield Problem(where, f"nothing was given; {what or 'every Qobj has it'}.")


# --- the whole

# The Qobjs in which nothing was wrong by the lenient rules: they can't change, so they need not be looked at again.
_CHECKED: weakref.WeakValueDictionary[int, Qobj] = weakref.WeakValueDictionary()


def check(qobj: Qobj, strict: bool = False) -> None:
    """Raise `QobjError` if anything is wrong with a Qobj; see `problems_of`."""
    if not strict and _CHECKED.get(id(qobj)) is qobj:
        return
    problems = problems_of(qobj, strict)
    if problems:
        raise as_error(problems)
    if not strict:
        _CHECKED[id(qobj)] = qobj


def problems_of(qobj: Qobj, strict: bool = False) -> list[Problem]:
    """Return what is wrong with a Qobj, the first few.

    Parameters
    ----------
    qobj : Qobj
    strict : bool
        Whether by the published schema; if not, by what every old simulator needed.
    """
    parts = (experiment_problems(item, f"experiments[{i}]", strict) for i, item in enumerate(qobj.experiments))
    return list(islice(chain(_envelope(qobj, strict), chain.from_iterable(parts)), MAX_PROBLEMS))


def _envelope(qobj: Qobj, strict: bool) -> Iterator[Problem]:
    needed = ("qobj_id", "schema_version", "type", "header", "config") if strict else ("qobj_id", "config")
    yield from _missing(qobj, needed)
    if qobj.type is not UNSET and qobj.type != "QASM":
        yield Problem("type", f"{show(qobj.type)} was given; allowed is 'QASM'.")
    yield from _fields_problems(qobj.config, _STRICT_CONFIG if strict else _RUN_CONFIG, "config")
    if strict:
        yield from _fields_problems(qobj.header, _STRICT_HEADER, "header")
    elif qobj.config is not UNSET:
        yield from _missing(qobj.config, ("shots",), "config", "say how often each experiment is run")
    if not qobj.experiments:
        yield Problem("experiments", "an empty list was given; at least one experiment is needed.")


def experiment_problems(experiment: Experiment, path: str, strict: bool = False) -> Iterator[Problem]:
    """Yield what is wrong with an experiment."""
    header, config = (
        (_STRICT_EXPERIMENT_HEADER, _STRICT_EXPERIMENT_CONFIG) if strict else (_RUN_HEADER, _RUN_EXPERIMENT_CONFIG)
    )
    yield from _fields_problems(experiment.header, header, f"{path}.header")
    yield from _fields_problems(experiment.config, config, f"{path}.config")
    if not strict:
        yield from _missing(
            experiment.config, ("n_qubits", "memory_slots"), f"{path}.config", "no simulator ran without it"
        )
    if experiment.plain is not None:
        return
    num_qubits = _number_of_qubits(experiment)
    for index, instruction in enumerate(experiment.instructions):
        where = f"{path}.instructions[{index}]"
        if strict:
            yield from _schema_problems(instruction, where)
        else:
            yield from instruction_problems(instruction, where, num_qubits)


def _number_of_qubits(experiment: Experiment) -> int | None:
    number = experiment.config.get("n_qubits") if experiment.config else None
    return number if isinstance(number, int) and _QUBITS.test(number) else None


def _not_finite(fields: Any, path: str) -> Iterator[Problem]:
    """Yield the numbers that are none; JSON has no text for them."""
    for where, value in _leaves(fields, path):
        if isinstance(value, float) and not math.isfinite(value):
            yield Problem(where, f"{value} was given; allowed is a finite number.")


def _leaves(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Fields):
        value = value._data
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _leaves(item, f"{path}.{key}")
    elif isinstance(value, (list, tuple)):
        for index, item in enumerate(value):
            yield from _leaves(item, f"{path}[{index}]")
    elif value is not UNSET:
        yield path, value


# --- instructions


class Rule(NamedTuple):
    """How many qubits and parameters an instruction has; None: any number."""

    qubits: int | None = None
    params: int | None = None


_SHAPES = (
    (1, 3, "u3 U u"),
    (1, 0, "reset id h s sdg t tdg x y z sx sxdg"),
    (1, 1, "u1 u0 rx ry rz p"),
    (1, 2, "u2"),
    (2, 0, "cx CX cy cz ch swap"),
    (2, 1, "cu1 crz rzz"),
    (2, 3, "cu3"),
    (3, 0, "ccx cswap"),
)
#: Every gate that has a rule, and reset.
RULES: dict[str, Rule] = {name: Rule(qubits, params) for qubits, params, names in _SHAPES for name in names.split()}
#: Names that the schema knows nothing of: it lets them pass.
_LATER = frozenset({"u", "sx", "sxdg", "p"})
#: What else an instruction must have.
_NEEDS = {
    "measure": ("qubits", "memory"),
    "barrier": (),
    "snapshot": ("label", "snapshot_type"),
    "bfunc": ("mask", "relation", "val"),
    "copy": ("register_orig", "register_copy"),
}


def _schema_problems(instruction: Instruction, path: str) -> Iterator[Problem]:
    """Yield what the published schema finds; it checks no index against the number of qubits."""
    rule = None if instruction.name in _LATER else RULES.get(instruction.name)
    if rule is not None and not (instruction.name in ("u3", "U") and instruction.qubits == ()):
        yield from _numbers(instruction, rule, path)
    yield from _missing(instruction, _NEEDS.get(instruction.name, ()), path, f"{instruction.name!r} has it")
    if instruction.name == "measure" and instruction.qubits == ():
        yield Problem(f"{path}.qubits", "an empty list was given; 'measure' has at least one qubit.")
    yield from _slot_problems(instruction, path)


def instruction_problems(instruction: Instruction, path: str, num_qubits: int | None) -> Iterator[Problem]:
    """Yield why no simulator could run an instruction on so many qubits."""
    name = instruction.name
    rule = RULES.get(name)
    if rule is not None and name not in ("id", "u0"):
        yield from _numbers(instruction, rule, path)
    yield from _missing(instruction, _NEEDS.get(name, ()), path, f"{name!r} has it")
    if name != "barrier":
        yield from _qubit_problems(instruction, path, num_qubits)
    yield from _slot_problems(instruction, path)
    if instruction.params is not UNSET:
        yield from _param_problems(instruction, path)
    if name == "bfunc":
        yield from _bfunc_problems(instruction, path)
    if isinstance(instruction.conditional, Condition):
        yield from _hex_problems(instruction.conditional, ("mask", "val"), f"{path}.conditional")
    yield from _never_run(instruction, path)


def _numbers(instruction: Instruction, rule: Rule, path: str) -> Iterator[Problem]:
    for name, needed in zip(("qubits", "params"), rule, strict=True):
        given = getattr(instruction, name)
        number = 0 if given is UNSET else len(given)
        if needed is not None and number != needed:
            yield Problem(f"{path}.{name}", f"{number} were given; {instruction.name!r} takes {needed}.")


def _qubit_problems(instruction: Instruction, path: str, num_qubits: int | None) -> Iterator[Problem]:
    qubits = () if instruction.qubits is UNSET else instruction.qubits
    for index, qubit in enumerate(qubits):
        if qubit < 0 or (num_qubits is not None and qubit >= num_qubits):
            most = "" if num_qubits is None else f" to {num_qubits - 1}"
            yield Problem(f"{path}.qubits[{index}]", f"{show(qubit)} was given; allowed are 0{most or ' and up'}.")
    if len(set(qubits)) != len(qubits) and instruction.name != "measure":
        yield Problem(f"{path}.qubits", f"{list(qubits)} was given; allowed are different qubits.")


def _slot_problems(instruction: Instruction, path: str) -> Iterator[Problem]:
    lists = instruction.name == "measure"
    for name in ("memory", "register", "conditional"):
        value = getattr(instruction, name)
        if value is UNSET or isinstance(value, Condition):
            continue
        if isinstance(value, tuple) != (lists and name != "conditional"):
            allowed = "a list of at least one slot" if lists else "one slot"
            yield Problem(f"{path}.{name}", f"{show(value)} was given; {instruction.name!r} has {allowed}.")
            continue
        if value == ():
            yield Problem(f"{path}.{name}", "an empty list was given; at least one slot is needed.")
        for index, slot in enumerate(value if isinstance(value, tuple) else (value,)):
            if not 0 <= slot < MAX_SLOTS:
                where = f"{path}.{name}[{index}]" if isinstance(value, tuple) else f"{path}.{name}"
                yield Problem(where, f"{show(slot)} was given; allowed are 0 to {MAX_SLOTS - 1:,}.")


def _param_problems(instruction: Instruction, path: str) -> Iterator[Problem]:
    if instruction.name in ("unitary", "snapshot"):
        yield from _not_finite(instruction.params, f"{path}.params")
        return
    for index, value in enumerate(instruction.params or ()):
        if not _is_number(value):
            yield Problem(f"{path}.params[{index}]", f"{show(value)} was given; allowed is a finite number.")


def _bfunc_problems(instruction: Instruction, path: str) -> Iterator[Problem]:
    yield from _missing(instruction, ("register",), path, "a bfunc writes a slot of the register")
    yield from _hex_problems(instruction, ("mask", "val"), path)
    if instruction.relation is not UNSET and instruction.relation not in RELATIONS:
        given = show(instruction.relation)
        yield Problem(
            f"{path}.relation",
            f"{given} was given: invalid boolean function relation; allowed are {', '.join(RELATIONS)}.",
        )


def _hex_problems(part: Any, names: tuple[str, ...], path: str) -> Iterator[Problem]:
    for name in names:
        text = getattr(part, name)
        if text is not UNSET and not is_hex(text):
            yield Problem(f"{path}.{name}", f"{show(text)} was given; allowed is a hexadecimal number such as '0x3'.")


def _never_run(instruction: Instruction, path: str) -> Iterator[Problem]:
    if instruction.texparams is not UNSET:
        yield Problem(
            f"{path}.texparams", "a list was given; the schema allows it, but no simulator took it. Leave it out."
        )
    if instruction.condition is not UNSET:
        yield Problem(
            f"{path}._condition",
            "a condition on a register was given; allowed is a 'bfunc' and `conditional`, which assembling makes.",
        )
