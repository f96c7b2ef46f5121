"""The grammar: the one module that knows which parser reads a statement.

The tree is that of the package ``openqasm``; the others import it from here as `ast`. Includes, constants and
all other meaning are not the parser's business.
"""

from __future__ import annotations

import re

import openqasm
from openqasm import ast

from qdock_openqasm.errors import Fault, Position
from qdock_openqasm.limits import Limits
from qdock_openqasm.scan import scan
from qdock_openqasm.sources import Origin, Source

__all__ = ["KEYWORDS", "Grammar", "ast", "parse_expression"]

from openqasm.lexer import KEYWORDS

#: The words that OpenQASM 2 knows as keywords; the parser's others may be names there.
_KEYWORDS_2 = frozenset(
    ("OPENQASM", "include", "qreg", "creg", "gate", "opaque", "if", "measure", "reset", "barrier", "pi")
)
_NEW_KEYWORDS = KEYWORDS - _KEYWORDS_2
_VERSION_2 = "OPENQASM 2.0;\n"
_DECLARED_2 = re.compile(
    r"\b(?:qreg|creg)\s+(\w+)|\b(?:gate|opaque)\s+(\w+)\s*(?:\(([^)]*)\))?([^{;]*)(?=[{;])",
)
#: Takes the place of the first letter of a name that is a keyword to the parser: a letter that no keyword begins with.
_MASK = "ᛯ"


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
        self._names = _names_to_mask(source.text) if version == 2 else {}
        self._masked = re.compile(rf"\b(?:{'|'.join(self._names.values())})\b") if self._names else None

    def parse(self, begin: int, end: int) -> list[ast.Statement]:
        """Return the statements in a piece of the source, with spans that `errors.locate` understands."""
        text = self.source.text[begin:end]
        prefix, first_line = (_VERSION_2, 2) if self.version == 2 else ("", 1)
        origin = Origin(self.source, begin, first_line)
        scan(text, self.limits, origin)
        if self._masked:
            text = self._masked.sub(lambda match: _MASK + match.group()[1:], text)
        try:
            program = openqasm.parse(prefix + text, filename=origin)
        except openqasm.QasmError as error:
            raise Fault(self._unmasked(error.message), error.span) from None
        except (AssertionError, ValueError, IndexError):
            # What the parser's own checks missed, such as a digit of another script behind a point.
            raise Fault("this can't be read as OpenQASM", Position(origin, origin.line, origin.column + 1)) from None
        if self._masked:
            for node in openqasm.walk(program):
                if isinstance(node, ast.Identifier):
                    node.name = self._names.get(node.name, node.name)
        return program.statements

    def _unmasked(self, message: str) -> str:
        for masked, name in self._names.items():
            message = message.replace(masked, name)
        return message


def parse_expression(text: str, version: int) -> ast.Expression:
    """Return the tree of a single expression."""
    prefix = _VERSION_2 if version == 2 else ""
    statement = openqasm.parse(f"{prefix}gphase({text});").statements[0]
    assert isinstance(statement, ast.GlobalPhase)
    return statement.argument


def _names_to_mask(text: str) -> dict[str, str]:
    """The names of an OpenQASM 2 program that the parser would take for keywords of OpenQASM 3, by their masks."""
    if not any(word in text for word in _NEW_KEYWORDS):
        return {}
    found: set[str] = set()
    for match in _DECLARED_2.finditer(text):
        for group in match.groups():
            found.update(re.findall(r"\w+", group or ""))
    return {_MASK + name[1:]: name for name in sorted(found & _NEW_KEYWORDS)}
