"""The functions that a user of this package calls: read a program, write a circuit."""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from qdock_openqasm.limits import Limits
from qdock_openqasm.reader import Reader

if TYPE_CHECKING:
    from qdock.circuit import Circuit

__all__ = ["dumps", "dumps2", "load", "loads"]


def loads(
    text: str,
    path: str | os.PathLike[str] | None = None,
    *,
    inputs: Mapping[str, float] | None = None,
    limits: Limits | None = None,
) -> Circuit:
    """Return the circuit of an OpenQASM program of version 2 or 3.

    Parameters
    ----------
    text : str
        The program.
    path : path, optional
        The file that it came from: what it includes is looked for below that file's folder.
    inputs : mapping of str to number, optional
        Values for ``input`` declarations. Those left out become parameters of the circuit.
    limits : Limits, optional
        What the program may cost. None: the defaults, with what ``[plugins.openqasm]`` in the configuration says.

    Raises
    ------
    OpenQasmError
        If the program is invalid or asks for what no circuit can hold; it shows every place.
    LimitExceeded
        If reading it would cost more than a limit allows.
    """
    return Reader(limits or _configured(), inputs).read(text, None if path is None else Path(path))


def load(
    path: str | os.PathLike[str], *, inputs: Mapping[str, float] | None = None, limits: Limits | None = None
) -> Circuit:
    """Return the circuit of an OpenQASM file; see `loads`."""
    from qdock.conversion.source import read_program

    return loads(read_program(Path(path)), path, inputs=inputs, limits=limits)


@lru_cache(maxsize=1)
def _configured() -> Limits:
    from qdock.config import Config

    return Limits.from_settings(Config.load().plugin("openqasm"))


def dumps(circuit: Circuit, version: int = 3) -> str:
    """Return a circuit as OpenQASM text; `loads` gives an equal circuit back.

    Parameters
    ----------
    circuit : Circuit
        Any circuit.
    version : int
        2 or 3.

    Raises
    ------
    ConversionError
        That names what the version has no words for.
    """
    from qdock_openqasm import writer, writer2

    if version not in (2, 3):
        raise ValueError(f"`version` is 2 or 3, but is {version!r}.")
    return writer2.dumps2(circuit) if version == 2 else writer.dumps3(circuit)


def dumps2(circuit: Circuit) -> str:
    """Return a circuit as OpenQASM 2 text."""
    return dumps(circuit, version=2)
