"""The grammar: the one module that knows which parser reads a statement.

The tree is that of the package ``openqasm``; the others import it from here as `ast`. Includes, constants and
all other meaning are not the parser's business.
"""

from __future__ import annotations

import openqasm
from openqasm import ast

from qdock_openqasm.errors import Fault, Position
from qdock_openqasm.limits import Limits
from qdock_openqasm.scan import scan
from qdock_openqasm.sources import Origin, Source
from qdock_openqasm.words import Masks

__all__ = ["Grammar", "ast", "parse_expression"]

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
        try:
            program = openqasm.parse(prefix + self._masks.mask(text), filename=origin)
        except openqasm.QasmError as error:
            raise Fault(self._masks.unmask(error.message), error.span) from None
        except (AssertionError, ValueError, IndexError):
            # What the parser's own checks missed, such as a digit of another script behind a point.
            raise Fault("this can't be read as OpenQASM", Position(origin, origin.line, origin.column + 1)) from None
        if self._masks.names:
            for node in openqasm.walk(program):
                if isinstance(node, ast.Identifier):
                    node.name = self._masks.names.get(node.name, node.name)
        return program.statements


def parse_expression(text: str, version: int) -> ast.Expression:
    """Return the tree of a single expression."""
    prefix = _VERSION_2 if version == 2 else ""
    statement = openqasm.parse(f"{prefix}gphase({text});").statements[0]
    assert isinstance(statement, ast.GlobalPhase)
    return statement.argument
