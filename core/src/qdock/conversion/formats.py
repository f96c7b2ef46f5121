"""Which format a program is in, told without importing anything.

An object is told by its type's name, a file by its suffix, a text by a pattern in its beginning.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Container, Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Any

from qdock.spec import ConverterSpec

__all__ = ["HUB", "find_formats", "is_in_format", "native_format", "subject", "unknown_program"]

HUB = "circuit"

#: Formats of the core's own objects, by the full name of their type.
_NATIVE = {"qdock.circuit.Circuit": HUB, "qdock.call.Call": "call"}
#: How many characters of a text are looked at, and how many if nothing is found in those: comments may come first.
_HEAD, _LONG_HEAD = 4_096, 2**20
#: A text in a message is no longer than this.
_LONGEST_SHOWN = 200
#: Well-known kinds of text: what they are called, their suffixes, how they begin, and who reads them.
_KNOWN = (
    ("OpenQASM", (".qasm", ".qasm2", ".qasm3"), r'^[ \t]*(OPENQASM\s|include\s*"|qreg\s|qubit\b)', "qdock-openqasm"),
)


def native_format(program: object) -> str | None:
    """Return the format of a `Circuit` or a `Call`, and None for anything else."""
    kind: Any = type(program)
    return _native_format_of(kind)


@lru_cache(maxsize=256)
def _native_format_of(kind: type) -> str | None:
    names = map(_full_name, kind.__mro__)
    return next((_NATIVE[name] for name in names if name in _NATIVE), None)


def _full_name(kind: type) -> str:
    return f"{kind.__module__}.{kind.__qualname__}"


def _is_named(kind: type, name: str) -> bool:
    """Whether a type has that full name, or is exported under it."""
    if _full_name(kind) == name:
        return True
    # An object's module is loaded, and so is where it is exported from; `vars` wakes no lazy attribute.
    module, _, attribute = name.rpartition(".")
    return kind is not object and getattr(sys.modules.get(module), "__dict__", {}).get(attribute) is kind


def find_formats(program: object, path: Any, specs: Iterable[ConverterSpec]) -> list[str]:
    """Return the formats that fit a program best: none, one, or several that fit as well as each other.

    Parameters
    ----------
    program : object or str
        An object, or the text of the file `path` where that is not None.
    """
    specs = list(specs)
    return _formats_of_text(program, path, specs) if isinstance(program, str) else _formats_of_object(program, specs)


def _formats_of_object(program: object, specs: Sequence[ConverterSpec]) -> list[str]:
    """Return the formats of the object's class, else of its nearest base that has any."""
    for base in type(program).__mro__:
        formats = _sources(spec for spec in specs if any(_is_named(base, name) for name in spec.type_names))
        if formats:
            return formats
    return []


def _formats_of_text(text: str, path: Any, specs: Sequence[ConverterSpec]) -> list[str]:
    """Return the format of the file's suffix; where that is none or several, what is found first in the text."""
    name = "" if path is None else os.fspath(path).lower()
    by_suffix = [spec for spec in specs if name.endswith(tuple(map(str.lower, spec.suffixes)))]
    formats = _sources(by_suffix)
    return formats if len(formats) == 1 else _found_first(text, by_suffix or specs) or formats


def _found_first(text: str, specs: Iterable[ConverterSpec]) -> list[str]:
    specs = list(specs)
    return _found_within(_HEAD, text, specs) or _found_within(_LONG_HEAD, text, specs)


def _found_within(length: int, text: str, specs: Iterable[ConverterSpec]) -> list[str]:
    head = text[:length].replace("\r\n", "\n")
    found = [(spec, re.search(spec.pattern, head, re.MULTILINE)) for spec in specs if spec.pattern]
    starts = [(match.start(), spec) for spec, match in found if match]
    first = min((start for start, _ in starts), default=0)
    return _sources(spec for start, spec in starts if start == first)


def _sources(specs: Iterable[ConverterSpec]) -> list[str]:
    return list(dict.fromkeys(spec.source for spec in specs))


def is_in_format(value: object, name: str, specs: Iterable[ConverterSpec]) -> bool:
    """Whether a value can be in a format, as far as the readers of that format say how it is told."""
    if name in _NATIVE.values():
        return native_format(value) == name
    readers = [spec for spec in specs if spec.source == name]
    types = [full_name for spec in readers for full_name in spec.type_names]
    if isinstance(value, str):
        return not types or any(spec.pattern or spec.suffixes for spec in readers)
    bases = type(value).__mro__
    return value is not None and (not types or any(_is_named(base, full) for base in bases for full in types))


# --- messages


def subject(program: object, path: Any = None) -> str:
    """Return what to call a program in a message; of a text only a short line is shown."""
    if path is not None:
        return f"The file {os.fspath(path)}"
    if not isinstance(program, str):
        return f"A program of type {_full_name(type(program))}"
    if "\n" not in program and len(program) <= _LONGEST_SHOWN:
        return f"The text {program!r}, which names no file,"
    return f"The program, a text of {len(program)} characters,"


def unknown_program(
    program: object, path: Any, specs: Iterable[ConverterSpec], installed: Container[str]
) -> tuple[str, str]:
    """Return (what to say of a program in no known format, the distribution that would read it or an empty text).

    Parameters
    ----------
    installed : container of str
        Distributions that it is no use to install.
    """
    specs = list(specs)
    suffixes: dict[str, set[str]] = {HUB: set(), "call": set()}
    for spec in specs:
        suffixes.setdefault(spec.source, set()).update(spec.suffixes)
    formats = ", ".join(f"{name} ({', '.join(sorted(ends))})" if ends else name for name, ends in suffixes.items())
    if isinstance(program, str) and path is None and _is_missing_file(program, specs):
        return f"There is no file {program!r}, and it is no text of a program either. Check its path.", ""
    advice, distribution = _advice(program, path, installed)
    return f"{subject(program, path)} is in no format that is installed: {formats}. {advice}", distribution


def _is_missing_file(text: str, specs: Iterable[ConverterSpec]) -> bool:
    """Whether a text ends as the files of some format do, and is short enough to be a path."""
    ends = tuple(end for spec in specs for end in spec.suffixes)
    return "\n" not in text and len(text) <= _LONGEST_SHOWN and text.lower().endswith(ends)


def _advice(program: object, path: Any, installed: Container[str]) -> tuple[str, str]:
    if callable(program):
        return "A function is run as `qdock.Call(function, arguments)`.", ""
    if isinstance(program, (Iterator, list, tuple, set)):
        return "Several programs are given as one list or tuple of them.", ""
    if isinstance(program, (bytes, bytearray)):
        return "Decode it to a text first.", ""
    name = program if isinstance(program, str) and path is None else os.fspath(path or "")
    for kind, suffixes, start, distribution in _KNOWN:
        text = isinstance(program, str) and re.search(start, program[:_LONG_HEAD], re.MULTILINE)
        if text or name.lower().endswith(suffixes):
            install = "" if distribution in installed else f": `pip install {distribution}`"
            return f"It looks like {kind}{install}.", distribution
    return "Install a plugin that converts it; `qdock plugins` shows those there are.", ""
