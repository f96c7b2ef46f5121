"""What the plugin brings: converters between OpenQASM and circuits, and two commands."""

from __future__ import annotations

from collections.abc import Iterator

from qdock.spec import CommandSpec, ConverterSpec, hookimpl

#: What a text of the language has in its beginning: a version line, an include, or a declaration of qubits or gates.
_PATTERN = (
    r"^\ufeff?[ \t]*(?:OPENQASM\s+\d|include\s*[\"'][^\"'\n]*[\"']\s*;|[qc]reg\s+\w+\s*[\[;]|"
    r"(?:qubit|bit)\s*(?:\[[^\]\n]*\])?\s*[^\W\d]\w*\s*[;=]|gate\s+[^\W\d]\w*[^;={]*\{|input\s+\w+|defcalgrammar\b)"
)
_SUFFIXES = (".qasm", ".qasm2", ".qasm3", ".openqasm")


@hookimpl
def qdock_converters() -> Iterator[ConverterSpec]:
    """Yield the reader, and a writer for each version of the language."""
    yield ConverterSpec("openqasm", "circuit", "qdock_openqasm.api:loads", suffixes=_SUFFIXES, pattern=_PATTERN)
    yield ConverterSpec("circuit", "openqasm", "qdock_openqasm.api:dumps")
    yield ConverterSpec("circuit", "openqasm2", "qdock_openqasm.api:dumps2")


@hookimpl
def qdock_commands() -> Iterator[CommandSpec]:
    """Yield the commands."""
    yield CommandSpec("convert", "qdock_openqasm.commands:convert", "Write a program in another format.")
    yield CommandSpec("check-program", "qdock_openqasm.commands:check_program", "Say what programs need to run.")
