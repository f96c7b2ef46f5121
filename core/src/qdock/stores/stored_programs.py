"""Programs in the durable store: as JSON if they are short, as packed arrays if they are many circuits or long ones."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from qdock.circuit import Circuit
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


def program_contents(program: Any) -> dict[str, bytes]:
    """Return the contents of the documents that hold a program, by their kinds."""
    if program is None:
        return {}
    circuits = program if type(program) is tuple else (program,)
    if all(type(item) is Circuit for item in circuits) and sum(map(len, circuits)) >= _PACKED_OPERATIONS:
        document, arrays = pack_circuits(circuits)
        packed = pack({"single": circuits is not program, "circuits": document}, arrays)
        return {"packed program": packed, "program": pack(*program_to_value(_FOR_EARLIER))}
    # Of a circuit that many jobs run it is made once.
    if type(program) is Circuit and not program.metadata:
        return {"program": program.once(_as_json, program.name)}
    return {"program": _as_json(program)}


def _as_json(program: Any, _name: str = "") -> bytes:
    return pack(*program_to_value(program))


def program_from_content(kind: str, content: bytes) -> Any:
    """Return the program in a document."""
    return _READ[kind](*unpack(content))
