"""What a plugin says about itself: the hook marker, the specs that hooks yield, and the vocabulary of features.

Specs are frozen data. Their factories are strings, ``"package.module:Name"``, imported on first use, so a
plugin module needs nothing but this one. Standard library and pluggy only.
"""

from __future__ import annotations

import builtins
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, fields
from functools import cached_property
from typing import Any

import pluggy

from qdock.common.suggest import did_you_mean
from qdock.errors import OptionError, PluginError

__all__ = [
    "ENTRY_POINT_GROUP",
    "FEATURES",
    "BackendSpec",
    "CommandSpec",
    "ConverterSpec",
    "ExecutorSpec",
    "Option",
    "hookimpl",
]

ENTRY_POINT_GROUP = "qdock.v1"

hookimpl = pluggy.HookimplMarker("qdock")

#: What a backend may declare that it can do. A plugin's own features begin with ``x-``.
FEATURES: dict[str, str] = {
    "counts": "how often each outcome was seen",
    "memory": "the outcome of every shot, in order",
    "statevector": "the final state",
    "probabilities": "the exact distribution over outcomes",
    "unitary": "the circuit's matrix",
    "initial_state": "a start from a given state",
    "mid_circuit_measurement": "gates after a measurement of the same qubit",
    "reset": "a qubit set back to zero",
    "conditionals": "if/else and switch on measured values",
    "loops": "while and for at run time",
    "variables": "classical variables and expressions at run time",
    "single_precision": "complex64 amplitudes on request",
}

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
_FACTORY = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*:[A-Za-z_]\w*(\.[A-Za-z_]\w*)*")
_OPTION_TYPES = ("bool", "int", "float", "str", "json", "array")


@dataclass(frozen=True)
class Option:
    """One run option of a backend, checked before a job exists.

    Parameters
    ----------
    type : str or type
        ``bool``, ``int``, ``float`` or ``str``, as a type or by name, or ``"json"`` (any JSON value), or
        ``"array"`` (anything numpy makes a numeric array of).
    default : optional
        Used when neither the call, the backend nor the configuration says otherwise. None: not set.
    minimum, maximum : number, optional
        Inclusive bounds of a number.
    choices : iterable, optional
        The values allowed.
    doc : str
        One sentence for people.
    """

    type: str
    default: Any = None
    minimum: float | None = None
    maximum: float | None = None
    choices: tuple[Any, ...] = ()
    doc: str = ""

    def __init__(
        self,
        type: str | builtins.type[Any],
        default: Any = None,
        minimum: float | None = None,
        maximum: float | None = None,
        choices: Iterable[Any] = (),
        doc: str = "",
    ) -> None:
        name = type if isinstance(type, str) else type.__name__
        if name not in _OPTION_TYPES:
            raise PluginError(f"An option's type is one of {', '.join(_OPTION_TYPES)}, but {name!r} was given.")
        for key, value in zip(
            ("type", "default", "minimum", "maximum", "choices", "doc"),
            (name, default, minimum, maximum, tuple(choices), doc),
            strict=True,
        ):
            object.__setattr__(self, key, value)
        # An array is left alone: checking it would import numpy to list a backend.
        if name != "array":
            object.__setattr__(self, "default", self._checked_default())

    def _checked_default(self) -> Any:
        try:
            return self.check("default", self.default)
        except OptionError as error:
            raise PluginError(f"An option's default must be a value that the option allows. {error}") from None

    def check(self, name: str, value: Any) -> Any:
        """Return `value` in this option's type, or raise `OptionError` naming the option and what is allowed."""
        if value is None:
            return None
        value = _CHECKS[self.type](name, value)
        if self.choices and value not in self.choices:
            allowed = ", ".join(repr(choice) for choice in self.choices)
            raise OptionError(f"Option `{name}` must be one of {allowed}, but is {value!r}.")
        if self.minimum is not None and value < self.minimum:
            raise OptionError(f"Option `{name}` must be at least {self.minimum}, but is {value}.")
        if self.maximum is not None and value > self.maximum:
            raise OptionError(f"Option `{name}` must be at most {self.maximum}, but is {value}.")
        return value

    def parse(self, name: str, text: str) -> Any:
        """Return the value that `text`, from a command line or the environment, stands for."""
        if self.type == "str":
            return self.check(name, text)
        import json

        try:
            value = json.loads(text.lower() if self.type == "bool" else text)
        except (ValueError, RecursionError):
            raise OptionError(f"Option `{name}` is {_ARTICLE[self.type]}, but {text!r} was given.") from None
        return self.check(name, value)


_ARTICLE = {
    "bool": "true or false",
    "int": "a whole number",
    "float": "a number",
    "str": "a text",
    "json": "a JSON value",
    "array": "an array of numbers",
}


def _refuse(name: str, kind: str, value: Any) -> OptionError:
    return OptionError(f"Option `{name}` is {_ARTICLE[kind]}, but {value!r} of type {type(value).__name__} was given.")


def _check_bool(name: str, value: Any) -> bool:
    if isinstance(value, bool):
        return value
    # numpy's truth values are no `bool`; they are told without importing it.
    if getattr(getattr(value, "dtype", None), "kind", "") == "b" and value.ndim == 0:
        return bool(value)
    raise _refuse(name, "bool", value)


def _check_int(name: str, value: Any) -> int:
    # numpy's integers are no `int`, but have __index__; True has it too and is no number of anything.
    if isinstance(value, bool) or not hasattr(value, "__index__"):
        raise _refuse(name, "int", value)
    return int(value.__index__())


def _check_float(name: str, value: Any) -> float:
    if isinstance(value, (bool, str)) or not hasattr(value, "__float__"):
        raise _refuse(name, "float", value)
    number = float(value)
    if not math.isfinite(number):
        raise OptionError(f"Option `{name}` must be finite, but is {number}.")
    return number


def _check_str(name: str, value: Any) -> str:
    if isinstance(value, str):
        return value
    raise _refuse(name, "str", value)


def _check_json(name: str, value: Any) -> Any:
    import json

    try:
        return json.loads(json.dumps(value, allow_nan=False))
    except (TypeError, ValueError, RecursionError) as error:
        raise OptionError(f"Option `{name}` is a JSON value, but this one is not: {error}.") from None


def _check_array(name: str, value: Any) -> Any:
    import numpy as np

    try:
        array = np.array(value)
    except ValueError:
        raise OptionError(f"Option `{name}` is an array of numbers, but its rows differ in length.") from None
    if array.dtype.kind not in "biufc":
        raise OptionError(f"Option `{name}` is an array of numbers, but its entries are of type {array.dtype}.")
    return array


_CHECKS = {
    "bool": _check_bool,
    "int": _check_int,
    "float": _check_float,
    "str": _check_str,
    "json": _check_json,
    "array": _check_array,
}


def _check_name(kind: str, name: str) -> None:
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise PluginError(
            f"{name!r} is no name for {kind}. Use up to 64 letters, digits, '_', '-' and '.', a letter or digit first."
        )


def _check_factory(owner: str, factory: str) -> None:
    if not isinstance(factory, str) or not _FACTORY.fullmatch(factory):
        raise PluginError(f"{owner} names its factory as {factory!r}; write it as 'package.module:Name'.")


def _check_features(owner: str, features: Iterable[str]) -> None:
    for feature in features:
        if feature not in FEATURES and not feature.startswith("x-"):
            hint = did_you_mean(feature, FEATURES, f" The vocabulary: {', '.join(FEATURES)}.")
            raise PluginError(f"{owner} declares the unknown feature {feature!r}; its own begin with 'x-'.{hint}")


@dataclass(frozen=True)
class BackendSpec:
    """A backend as its plugin declares it.

    Parameters
    ----------
    name : str
        Short name, unique within the plugin.
    factory : str
        ``"package.module:Name"``, called with ``(spec, config)`` when the backend is first used.
    summary : str
        One sentence for people.
    simulator : bool
        Whether it computes rather than runs on a device.
    num_qubits : int, optional
        How many qubits it has. None: bounded by memory only.
    accepts : tuple of str
        Program formats it runs: ``"circuit"``, ``"call"``.
    gates : tuple of str, optional
        Names of the gates it runs; others are lowered to them. None: all of `qdock.gates`.
    features : frozenset of str
        From `FEATURES`, or its own, beginning with ``x-``.
    options : mapping of str to Option
        Its run options. ``shots`` need not be declared.
    aliases : tuple of str
        Other short names.
    executor : str, optional
        Where its jobs run unless the caller or the configuration says otherwise.
    params : mapping
        JSON values for the factory, so that one class can serve many devices.
    max_programs, max_shots : int, optional
        The most that one job may ask for.
    install_hint : str, optional
        Shown when the factory can't be imported: ``"pip install qdock-basic[fast]"``.
    deprecated : str, optional
        What to use instead; shown as a warning.
    plugin : str
        Filled in by the registry.
    """

    name: str
    factory: str
    summary: str = ""
    simulator: bool = True
    num_qubits: int | None = None
    accepts: tuple[str, ...] = ("circuit",)
    gates: tuple[str, ...] | None = None
    features: frozenset[str] = frozenset()
    options: Mapping[str, Option] = field(default_factory=dict)
    aliases: tuple[str, ...] = ()
    executor: str | None = None
    params: Mapping[str, Any] = field(default_factory=dict)
    max_programs: int | None = None
    max_shots: int | None = None
    install_hint: str | None = None
    deprecated: str | None = None
    plugin: str = ""

    def __post_init__(self) -> None:
        _check_name("a backend", self.name)
        for alias in self.aliases:
            _check_name("a backend", alias)
        _check_factory(f"Backend {self.name!r}", self.factory)
        _check_features(f"Backend {self.name!r}", self.features)
        for key in ("accepts", "aliases", "gates"):
            value = getattr(self, key)
            if isinstance(value, str):
                raise PluginError(
                    f"Backend {self.name!r}: `{key}` is a tuple of names, but the text {value!r} was given."
                )
            object.__setattr__(self, key, None if value is None else tuple(value))
        object.__setattr__(self, "features", frozenset(self.features))
        object.__setattr__(self, "options", dict(self.options))
        object.__setattr__(self, "params", dict(self.params))

    @cached_property
    def full_name(self) -> str:
        """``plugin/name``, or the short name of a backend that no plugin brought."""
        return f"{self.plugin}/{self.name}" if self.plugin else self.name

    def to_dict(self) -> dict[str, Any]:
        """Return the spec as JSON values; `from_dict` is the inverse."""
        data = asdict(self)
        data["features"] = sorted(self.features)
        for key in ("accepts", "aliases", "gates"):
            data[key] = None if data[key] is None else list(data[key])
        for option in data["options"].values():
            option["choices"] = list(option["choices"])
        return data

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> BackendSpec:
        """Return the spec that `to_dict` wrote."""
        known = {item.name for item in fields(cls)}
        values = {key: value for key, value in data.items() if key in known}
        values["options"] = {name: Option(**option) for name, option in data.get("options", {}).items()}
        return cls(**values)


@dataclass(frozen=True)
class ExecutorSpec:
    """A place where local jobs run, as its plugin declares it; the factory is called with ``(spec, config)``."""

    name: str
    factory: str
    summary: str = ""
    install_hint: str | None = None
    plugin: str = ""

    def __post_init__(self) -> None:
        _check_name("an executor", self.name)
        _check_factory(f"Executor {self.name!r}", self.factory)

    @cached_property
    def full_name(self) -> str:
        """``plugin/name``, or the short name of a built-in executor."""
        return f"{self.plugin}/{self.name}" if self.plugin else self.name


@dataclass(frozen=True)
class ConverterSpec:
    """A one-way translation between two program formats.

    Recognising a program imports nothing: a file by its suffix, an object by its type's name, a text by a
    regular expression that is searched in its first 4,096 characters.

    Parameters
    ----------
    source, target : str
        Format names: ``"openqasm"``, ``"circuit"``.
    function : str
        ``"package.module:name"``, called with the program (a text as `str`) and, where it takes the keyword
        ``path``, the file that it came from. It returns a program, or a list of those that it found in this one.
    suffixes : tuple of str
        File endings of the source format, with the dot.
    type_names : tuple of str
        Full names of Python types of the source format: ``"qiskit.circuit.QuantumCircuit"``.
    pattern : str, optional
        Regular expression, matched with ``re.MULTILINE``, by which a text of the source format is told.
    """

    source: str
    target: str
    function: str
    suffixes: tuple[str, ...] = ()
    type_names: tuple[str, ...] = ()
    pattern: str | None = None
    plugin: str = ""

    def __post_init__(self) -> None:
        _check_name("a program format", self.source)
        _check_name("a program format", self.target)
        _check_factory(f"Converter {self.source!r} to {self.target!r}", self.function)
        if self.pattern is not None:
            try:
                re.compile(self.pattern, re.MULTILINE)
            except re.error as error:
                raise PluginError(
                    f"Converter {self.source!r}: the pattern {self.pattern!r} is invalid: {error}."
                ) from None


@dataclass(frozen=True)
class CommandSpec:
    """A subcommand of the ``qdock`` command line; the factory names a `click.Command`."""

    name: str
    factory: str
    summary: str = ""
    plugin: str = ""

    def __post_init__(self) -> None:
        _check_name("a command", self.name)
        _check_factory(f"Command {self.name!r}", self.factory)
