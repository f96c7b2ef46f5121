"""The grammar: the one module that knows which parser reads a statement.

The tree is that of the package ``openqasm``; the others import it from here as `ast`. Includes, constants and
all other meaning are not the parser's business.
"""

from __future__ import annotations

import re

import openqasm
from openqasm import ast

from qdock_openqasm.errors import Fault, Position, locate
from qdock_openqasm.limits import Limits
from qdock_openqasm.scan import scan
from qdock_openqasm.sources import Origin, Source
from qdock_openqasm.words import Masks

__all__ = ["Grammar", "ast", "parse_expression"]

_VERSION = re.compile(r"OPENQASM\b")
_VERSION_2 = "OPENQASM 2.0;\n"


class Grammar:
    """Parses the statements of one source.

    Parameters
    ----------
    source : Source
        What the statements are pieces of.
    limits : Limits
        Checked before the parser sees a statement.
    version : int
        2 or 3.
    """

    def __init__(self, source: Source, limits: Limits, version: int) -> None:
        self.source = source
        self.limits = limits
        self.version = version
        self._masks = Masks(source.text, version)

    def parse(self, begin: int, end: int) -> list[ast.Statement]:
        """Return the statements in a piece of the source, with spans that `errors.locate` understands."""
        text = self.source.text[begin:end]
        prefix, first_line = (_VERSION_2, 2) if self.version == 2 else ("", 1)
        origin = Origin(self.source, begin, first_line)
        scan(text, self.limits, origin)
        if _VERSION.match(text):
            place = Position(origin, origin.line, origin.column + 1, len("OPENQASM"))
            raise Fault("the version must be the first statement of a program", place)
        try:
            program = openqasm.parse(prefix + self._masks.mask(text), filename=origin)
        except openqasm.QasmError as error:
            raise Fault(self._masks.unmask(error.message), error.span, self._missing(error)) from None
        except (AssertionError, ValueError, IndexError):
            # What the parser's own checks missed, such as a digit of another script behind a point.
            raise Fault("this can't be read as OpenQASM", Position(origin, origin.line, origin.column + 1)) from None
        if self._masks.names:
            for node in openqasm.walk(program):
                if isinstance(node, ast.Identifier):
                    node.name = self._masks.names.get(node.name, node.name)
        return program.statements

    def _missing(self, error: openqasm.QasmError) -> tuple[str, ...]:
        """What to add where a semicolon is missed at the beginning of a line: it belongs to a line before."""
        place = locate(error.span)
        if place is None or not error.message.startswith("expected ';', found"):
            return ()
        number = place.line - 1
        if self.source.line(place.line)[: place.column - 1].strip():
            return ()
        while number and not self.source.line(number).strip():
            number -= 1
        return (f"the statement before it, which ends in line {number}, has no ';'",) if number else ()


def parse_expression(text: str, version: int) -> ast.Expression:
    """Return the tree of a single expression."""
    prefix = _VERSION_2 if version == 2 else ""
    statement = openqasm.parse(f"{prefix}gphase({text});").statements[0]
    assert isinstance(statement, ast.GlobalPhase)
    return statement.argument
