"""Programs in the durable store: as JSON if they are short, as packed arrays if they are many circuits or long ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

import numpy as np

from qdock.circuit import Circuit
from qdock.errors import LimitExceeded
from qdock.results.result_io import Piece
from qdock.results.values import NotStored
from qdock.stores.documents import pack, unpack
from qdock.stores.packed_circuits import pack_circuits, unpack_circuits
from qdock.stores.stored import program_from_value, program_to_value

__all__ = ["PROGRAM_KINDS", "program_contents", "program_from_content"]

#: Circuits of fewer operations in all are JSON, which is shorter then, and costs less.
_PACKED_OPERATIONS = 64
#: What a qdock that reads stores up to version 2 finds in the place of packed circuits, as the reason why it has none.
_FOR_EARLIER = NotStored("it is packed as only a later version of qdock can read it: update qdock")


def _circuits_from_value(value: Any, arrays: Mapping[str, np.ndarray[Any, Any]]) -> Any:
    circuits = unpack_circuits(value["circuits"], arrays)
    return circuits[0] if value["single"] else tuple(circuits)


#: Kinds of documents that hold a program, and what reads them. Where there is the first, the second is for others.
_READ = {"packed program": _circuits_from_value, "program": program_from_value}
PROGRAM_KINDS = tuple(_READ)


def program_contents(program: Any) -> dict[str, list[Piece]]:
    """Return the contents of the documents that hold a program, by their kinds, each in pieces."""
    # Of a circuit that many jobs run they are made once.
    if type(program) is Circuit and not program.metadata:
        return program.once(_contents, program.name)
    return {} if program is None else _contents(program)


def _contents(program: Any, _name: str = "") -> dict[str, list[Piece]]:
    circuits = program if type(program) is tuple else (program,)
    if all(type(item) is Circuit for item in circuits) and sum(map(len, circuits)) >= _PACKED_OPERATIONS:
        # What is no array is bounded in an archive. There may be more than that, which is JSON then.
        with suppress(LimitExceeded):
            return {"packed program": _packed(program, circuits), "program": _as_json(_FOR_EARLIER)}
    return {"program": _as_json(program)}


def _packed(program: Any, circuits: Sequence[Circuit]) -> list[Piece]:
    document, arrays = pack_circuits(circuits)
    return pack({"single": circuits is not program, "circuits": document}, arrays)


def _as_json(program: Any) -> list[Piece]:
    return pack(*program_to_value(program))


def program_from_content(kind: str, content: bytes) -> Any:
    """Return the program in a document.

    Raises
    ------
    ValueError
        If it is but what an earlier version is told, and so the packed circuits beside it are lost.
    """
    program = _READ[kind](*unpack(content))
    if program == _FOR_EARLIER:
        raise ValueError("its packed circuits are not there")
    return program
