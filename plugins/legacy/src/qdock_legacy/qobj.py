"""Qobj: a typed, immutable model of QASM Qobj 1.x, as old programs wrote it to files."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

import msgspec
from msgspec import UNSET, Struct, UnsetType

if TYPE_CHECKING:
    from qdock_legacy.plain import Plain

__all__ = ["Condition", "Experiment", "Fields", "Instruction", "Qobj"]


class Fields(Mapping[str, Any]):
    """Named JSON values that nobody can change: a header or a config, of which any key may be missing.

    Values are read as ``fields["shots"]`` or ``fields.shots``; lists come out as tuples, objects as `Fields`.
    """

    __slots__ = ("_data",)
    _data: dict[str, Any]

    def __init__(self, data: Mapping[str, Any] | None = None) -> None:
        # What is given may be changed by its owner later.
        object.__setattr__(self, "_data", _thawed(data or {}))

    @classmethod
    def _of(cls, data: dict[str, Any]) -> Fields:
        """Return fields that take over `data`, which nobody else has."""
        fields = cls.__new__(cls)
        object.__setattr__(fields, "_data", data)
        return fields

    def __getitem__(self, name: str) -> Any:
        return _frozen(self._data[name])

    def __getattr__(self, name: str) -> Any:
        try:
            return _frozen(object.__getattribute__(self, "_data")[name])
        except (KeyError, AttributeError):
            raise AttributeError(f"There is no {name!r} among these fields: {', '.join(self)}.") from None

    def __setattr__(self, name: str, value: Any) -> None:
        raise AttributeError(f"A Qobj can't be changed. Make another one: {name!r} stays as it is.")

    def __iter__(self) -> Iterator[str]:
        return iter(self._data)

    def __len__(self) -> int:
        return len(self._data)

    def __eq__(self, other: object) -> bool:
        return self._data == (other._data if isinstance(other, Fields) else other)

    def __hash__(self) -> int:
        return hash(tuple(sorted(self._data)))

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self._data,)

    def __repr__(self) -> str:
        return f"Fields({self._data!r})"

    def to_dict(self) -> dict[str, Any]:
        """Return a copy as plain JSON values."""
        copied: dict[str, Any] = msgspec.to_builtins(self._data)
        return copied


def _frozen(value: Any) -> Any:
    if isinstance(value, dict):
        return Fields._of(value)
    return tuple(map(_frozen, value)) if isinstance(value, list) else value


def _thawed(value: Any) -> Any:
    """Return a copy as dicts and lists; the exact types come first, for there are many of them."""
    kind = type(value)
    if kind is str or kind is int or kind is float:
        return value
    if kind is list or kind is tuple:
        return [_thawed(item) for item in value]
    if kind is dict or isinstance(value, Mapping):
        return {key: _thawed(item) for key, item in (value._data if kind is Fields else value).items()}
    return [_thawed(item) for item in value] if isinstance(value, (list, tuple)) else value


class _Model(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What all parts have in common: no field can be set, and one that was not given is not written."""

    def to_dict(self) -> dict[str, Any]:
        """Return the part as JSON values: `from_dict` reads them, and they are nobody else's."""
        data: dict[str, Any] = _thawed(msgspec.to_builtins(self, enc_hook=_plain))
        return data


def _plain(value: Any) -> Any:
    if isinstance(value, Fields):
        return value._data
    raise NotImplementedError(f"A Qobj holds JSON values, but {value!r} of type {type(value).__name__} was given.")


class Condition(_Model, frozen=True, gc=False):
    """What an instruction waits for, in the form before 0.7: the masked memory, shifted down, equals a value.

    Parameters
    ----------
    mask, val : str
        Hexadecimal.
    type : str, optional
        ``"equals"``.
    """

    mask: str
    val: str
    type: str | UnsetType = UNSET


# Instructions hold no cycles; a file has so many of them that the garbage collector had better not look at each.
class Instruction(_Model, frozen=True, gc=False, rename={"condition": "_condition"}):
    """One instruction; what it does not have is `msgspec.UNSET`.

    Parameters
    ----------
    name : str
    qubits : tuple of int
    params : tuple
        Numbers; of a ``unitary`` its matrix, complex numbers as ``[re, im]``.
    memory, register : int or tuple of int
        The slots that a measurement or a bfunc writes.
    conditional : int or Condition
        The bit of the register, or the value of the memory, without which the instruction is skipped.
    condition : (register, value)
        A condition of a circuit that was never assembled.
    mask, relation, val : str
        Of a bfunc: what it compares.
    label, snapshot_type : str
    register_orig, register_copy : int, and int or tuple of int
        Of a copy.
    texparams : tuple of str
    """

    name: str
    qubits: tuple[int, ...] | UnsetType = UNSET
    params: tuple[Any, ...] | UnsetType = UNSET
    memory: int | tuple[int, ...] | UnsetType = UNSET
    register: int | tuple[int, ...] | UnsetType = UNSET
    conditional: int | Condition | UnsetType = UNSET
    condition: tuple[Any, Any] | UnsetType = UNSET
    mask: str | UnsetType = UNSET
    relation: str | UnsetType = UNSET
    val: str | UnsetType = UNSET
    label: str | UnsetType = UNSET
    snapshot_type: str | UnsetType = UNSET
    register_orig: int | UnsetType = UNSET
    register_copy: int | tuple[int, ...] | UnsetType = UNSET
    texparams: tuple[str, ...] | UnsetType = UNSET


class Experiment(_Model, frozen=True, dict=True):
    """One circuit.

    Parameters
    ----------
    instructions : tuple of Instruction
    header, config : Fields, optional
    """

    instructions: tuple[Instruction, ...]
    header: Fields | UnsetType = UNSET
    config: Fields | UnsetType = UNSET

    @cached_property
    def plain(self) -> Plain | None:
        """What it does, if it is a plain circuit."""
        from qdock_legacy.plain import read_plain

        return read_plain(self)


class Qobj(_Model, frozen=True, weakref=True):
    """What was sent to a backend: circuits, and how to run them.

    Read one with `from_dict`, `loads` or `load`; only then it has been checked.

    Parameters
    ----------
    experiments : tuple of Experiment
    qobj_id, schema_version, type : str, optional
    header, config : Fields, optional

    Examples
    --------
    >>> qobj = Qobj.load("old.json")
    >>> qobj.config.shots, len(qobj.experiments)
    (1024, 1)
    """

    experiments: tuple[Experiment, ...]
    qobj_id: str | UnsetType = UNSET
    schema_version: str | UnsetType = UNSET
    type: str | UnsetType = UNSET
    header: Fields | UnsetType = UNSET
    config: Fields | UnsetType = UNSET

    #: Of what `dumps` and `assemble` write.
    SCHEMA_VERSION: ClassVar[str] = "1.3.0"

    @classmethod
    def from_dict(cls, data: Mapping[str, Any], strict: bool = False) -> Qobj:
        """Return the Qobj that a dict describes; the dict stays as it is.

        Parameters
        ----------
        data : mapping
            JSON values; complex numbers and arrays are taken too.
        strict : bool
            Whether it must fit the published schema. If not, it need only be what an old simulator ran.

        Raises
        ------
        QobjError
            With the JSON path of everything that is wrong, the first few of it.
        """
        from qdock_legacy.qobj_read import from_dict

        return from_dict(data, strict)

    @classmethod
    def loads(cls, text: str | bytes, strict: bool = False) -> Qobj:
        """Return the Qobj in a JSON text; see `from_dict`."""
        from qdock_legacy.qobj_read import from_json

        return from_json(text, strict)

    @classmethod
    def load(cls, path: str | os.PathLike[str], strict: bool = False) -> Qobj:
        """Return the Qobj in a JSON file; see `from_dict`."""
        from qdock.conversion.source import read_program

        return cls.loads(read_program(path), strict)

    def dumps(self) -> str:
        """Return the Qobj as JSON text: `loads` reads it."""
        return msgspec.json.encode(self, enc_hook=_plain).decode()

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the Qobj to a JSON file: `load` reads it."""
        with open(path, "w", encoding="utf-8") as file:
            file.write(self.dumps())

    def problems(self, strict: bool = False) -> list[str]:
        """Return what is wrong with it, one line for each problem, the first few."""
        from qdock_legacy.qobj_rules import problems_of

        return [str(problem) for problem in problems_of(self, strict)]
