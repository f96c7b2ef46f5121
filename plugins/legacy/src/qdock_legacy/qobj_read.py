"""From JSON text or a dict to a Qobj: every failure becomes an error with the JSON path of what is wrong."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

import msgspec
import numpy as np
from msgspec.structs import replace

from qdock.common.json_guard import MAX_JSON_DEPTH, check_depth
from qdock.errors import LimitExceeded
from qdock_legacy.errors import QobjError, error_at
from qdock_legacy.pause import collector_paused
from qdock_legacy.qobj import Experiment, Fields, Instruction, Qobj
from qdock_legacy.qobj_pulse import pulse_problems
from qdock_legacy.qobj_rules import MAX_PROBLEMS, Problem, as_error, check, show

__all__ = ["from_dict", "from_json"]

_STEPS = np.zeros(256, np.int8)
_STEPS[list(b"[{")], _STEPS[list(b"]}")] = 1, -1
_NO_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))
_SPACED_KEY = re.compile(rb'"\s+:')


def _fields(kind: type, value: Any) -> Any:
    """Make header and config of a JSON object."""
    if kind is not Fields:
        raise NotImplementedError
    if not isinstance(value, dict):
        raise ValueError(f"Expected `object`, got {show(value)}")
    for key in value:
        if not isinstance(key, str):
            raise ValueError(f"Expected names, got {show(key)}")
    return Fields._of(value)


_DECODER = msgspec.json.Decoder(Qobj, dec_hook=_fields)


def from_json(text: str | bytes, strict: bool = False) -> Qobj:
    """Return the Qobj in a JSON text.

    Raises
    ------
    QobjError
        If it is no JSON, or no valid Qobj.
    """
    content = text.encode("utf-8", "surrogatepass") if isinstance(text, str) else bytes(text)
    with collector_paused():
        try:
            qobj = _DECODER.decode(content)
        except (msgspec.MsgspecError, ValueError, RecursionError) as error:
            raise _reason(content, error) from None
        if _may_be_deep(content) or _may_repeat_keys(content, qobj):
            _parse(content)
        return _checked(qobj, strict)


def from_dict(data: Mapping[str, Any], strict: bool = False) -> Qobj:
    """Return the Qobj that a dict describes; the dict stays as it is.

    Raises
    ------
    QobjError
        If it describes no valid Qobj.
    """
    if not isinstance(data, Mapping):
        raise QobjError(f"A Qobj is made from a dict, but {show(data)} of type {type(data).__name__} was given.")
    plain = _copied(data)
    try:
        qobj = msgspec.convert(plain, Qobj, dec_hook=_fields)
    except (msgspec.MsgspecError, ValueError, TypeError) as error:
        raise _explained(plain, error) from None
    return _checked(qobj, strict)


def _checked(qobj: Qobj, strict: bool) -> Qobj:
    if qobj.type == "PULSE":
        raise as_error(pulse_problems(qobj.to_dict()))
    check(qobj, strict)
    return qobj


# --- what came from Python


def _copied(data: Any) -> Any:
    """Return a copy as plain JSON values, complex numbers as [re, im]."""
    try:
        return _plain(data, "", 0)
    except RecursionError:
        raise QobjError(f"The Qobj is nested deeper than {MAX_JSON_DEPTH}, the limit.") from None


def _plain(value: Any, path: str, depth: int) -> Any:
    if type(value) is float and not math.isfinite(value):
        raise error_at(path, f"{value} was given; allowed is a finite number.")
    if value is None or type(value) in (bool, int, float, str):
        return value
    if depth > MAX_JSON_DEPTH:
        raise QobjError(f"{path[:80]}...: nested deeper than {MAX_JSON_DEPTH}, the limit.", path[:80])
    if isinstance(value, Mapping):
        return {
            _name(key, path): _plain(item, f"{path}.{key}" if path else str(key), depth + 1)
            for key, item in value.items()
        }
    if isinstance(value, (list, tuple)):
        return [_plain(item, f"{path}[{index}]", depth + 1) for index, item in enumerate(value)]
    if isinstance(value, complex) or hasattr(value, "tolist"):
        return _plain_number(value, path, depth)
    if isinstance(value, (bool, int, float, str)):
        return _plain(next(kind(value) for kind in (int, float, str) if isinstance(value, kind)), path, depth)
    raise error_at(path, f"a {type(value).__name__} was given; allowed are JSON values, complex numbers and arrays.")


def _plain_number(value: Any, path: str, depth: int) -> Any:
    """Return an array, a number of numpy or a complex number as JSON values."""
    if isinstance(value, complex):
        return _plain([float(value.real), float(value.imag)], path, depth)
    if getattr(getattr(value, "dtype", None), "kind", "") not in "biufcUS":
        raise error_at(path, f"an array of {getattr(value, 'dtype', 'objects')} was given; allowed are numbers.")
    return _plain(value.tolist(), path, depth + 1)


def _name(key: Any, path: str) -> str:
    if not isinstance(key, str):
        raise QobjError(f"{path or 'the Qobj'}: the name {show(key)} was given; allowed are texts.", path)
    return str(key)


# --- what is wrong


def _reason(content: bytes, error: Exception) -> QobjError:
    return _explained(_parse(content), error)


def _parse(content: bytes) -> Any:
    """Return JSON text as plain values, or raise for a text that is no proper JSON: with repeated names, or NaN."""
    try:
        text = content.decode("utf-8")
        check_depth(text, "The Qobj")
        data = json.loads(text, object_pairs_hook=_Pairs)
    except UnicodeDecodeError as error:
        raise QobjError(f"The Qobj is no UTF-8 text: {error.reason} at byte {error.start}.") from None
    except LimitExceeded as error:
        raise QobjError(str(error)) from None
    except RecursionError:
        raise QobjError(f"The Qobj is nested deeper than {MAX_JSON_DEPTH}, the limit.") from None
    except ValueError as error:
        # Python also refuses integers of thousands of digits.
        raise QobjError(f"The Qobj is no JSON: {error}.") from None
    problems = list(islice(_text_problems(data, ""), MAX_PROBLEMS))
    if problems:
        raise as_error(problems)
    return _merged(data)


class _Pairs(list[tuple[str, Any]]):
    """The names and values of a JSON object, in order."""


def _text_problems(value: Any, path: str) -> Iterator[Problem]:
    """Yield names that an object has twice, and numbers that JSON does not have."""
    if isinstance(value, _Pairs):
        seen: set[str] = set()
        for key, item in value:
            where = f"{path}.{key}" if path else key
            if key in seen:
                yield Problem(where, "it was given twice; allowed is once.")
            seen.add(key)
            yield from _text_problems(item, where)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _text_problems(item, f"{path}[{index}]")
    elif isinstance(value, float) and not math.isfinite(value):
        yield Problem(path, f"{value} was given; allowed is a finite number.")


def _merged(value: Any) -> Any:
    if isinstance(value, _Pairs):
        return {key: _merged(item) for key, item in value}
    return [_merged(item) for item in value] if isinstance(value, list) else value


def _may_be_deep(content: bytes) -> bool:
    """Whether a text may be nested too deep; brackets in its strings, which count here, don't decide that alone."""
    brackets = np.frombuffer(content.translate(None, _NO_BRACKETS), np.uint8)
    depth = _STEPS[brackets].cumsum(dtype=np.int32)
    return bool(depth.max(initial=0) > MAX_JSON_DEPTH or depth.min(initial=0) < 0 or (len(depth) and depth[-1] != 0))


def _may_repeat_keys(content: bytes, qobj: Qobj) -> bool:
    """Whether a text may have a name twice in one object, of which the last one was taken.

    Such a text has more names than what was made of it; what only looks like one is read again to be sure.
    """
    if b"\\u0022" in content or _SPACED_KEY.search(content):
        return True
    return content.count(b'":') != _count_names(qobj)


def _count_names(qobj: Qobj) -> int:
    """Return how many names a Qobj has in JSON; plain instructions, of which there are most, have been counted."""
    rest = replace(qobj, experiments=tuple(map(_without_plain, qobj.experiments)))
    counted = sum(experiment.plain.names for experiment in qobj.experiments if experiment.plain is not None)
    return counted + msgspec.json.encode(rest, enc_hook=_data_of).count(b'":')


def _without_plain(experiment: Experiment) -> Experiment:
    return experiment if experiment.plain is None else replace(experiment, instructions=())


def _data_of(fields: Fields) -> dict[str, Any]:
    return fields._data


def _explained(data: Any, error: Exception) -> QobjError:
    """Return the error that says what is wrong with plain values that are no Qobj."""
    if isinstance(data, dict) and data.get("type") == "PULSE":
        return as_error(pulse_problems(data))
    return as_error(
        list(islice(_shape_problems(data), MAX_PROBLEMS)) or [Problem("", f"The Qobj is invalid: {error}.")]
    )


def _shape_problems(data: Any) -> Iterator[Problem]:
    """Yield what does not fit the model, part by part, so that one problem does not hide the next."""
    if not isinstance(data, dict):
        yield Problem("", f"The Qobj is a JSON object, but {show(data)} was given.")
        return
    experiments = data.get("experiments")
    whole = {**data, "experiments": []} if isinstance(experiments, list) else data
    yield from _misfit(whole, Qobj, "", data)
    for index, experiment in enumerate(experiments if isinstance(experiments, list) else ()):
        path = f"experiments[{index}]"
        instructions = experiment.get("instructions") if isinstance(experiment, dict) else None
        whole = {**experiment, "instructions": []} if isinstance(instructions, list) else experiment
        yield from _misfit(whole, Experiment, path, data)
        for number, instruction in enumerate(instructions if isinstance(instructions, list) else ()):
            yield from _misfit(instruction, Instruction, f"{path}.instructions[{number}]", data)


_WHERE = re.compile(r"(?s)(.*?)(?: - at `\$(.*)`)?")
_FIELD = re.compile(r"Object (contains unknown|missing required) field `(.*)`")


def _misfit(value: Any, kind: type, path: str, data: Any) -> Iterator[Problem]:
    try:
        msgspec.convert(value, kind, dec_hook=_fields)
    except (msgspec.MsgspecError, ValueError, TypeError) as error:
        match = _WHERE.fullmatch(str(error))
        text, place = match.groups() if match else (str(error), "")
        where = f"{path}{place or ''}".lstrip(".")
        if field := _FIELD.fullmatch(text):
            where, missing = f"{where}.{field[2]}".lstrip("."), field[1] != "contains unknown"
            yield Problem(
                where, "nothing was given; it is needed." if missing else f"it was given; allowed are {_allowed(kind)}."
            )
        else:
            yield Problem(where, f"{_given(data, where)}{text[:1].lower()}{text[1:].replace('`', '')}.")


def _allowed(kind: type) -> str:
    return ", ".join(field.encode_name for field in msgspec.structs.fields(kind))


def _given(data: Any, path: str) -> str:
    """Return what stands at a path, for a message."""
    for key, index in re.findall(r"([^.\[\]]+)|\[(\d+)\]", path):
        try:
            data = data[int(index)] if index else data[key]
        except (KeyError, IndexError, TypeError):
            return ""
    return f"{show(data)} was given; "
