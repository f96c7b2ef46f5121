"""From a text to a circuit: statement by statement, plain ones on the fast path."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qdock.circuit import Circuit
from qdock.errors import CircuitError, LimitExceeded
from qdock_openqasm.chunks import Chunker
from qdock_openqasm.errors import Fault, GivenUp, Position, Problem, Suppressed, as_error, from_core, locate, problem_of
from qdock_openqasm.fast import FastPath
from qdock_openqasm.flow import Flow
from qdock_openqasm.include import Includes
from qdock_openqasm.ir import build
from qdock_openqasm.limits import Limits
from qdock_openqasm.program import Program
from qdock_openqasm.scan import deep_stack
from qdock_openqasm.sources import Origin, Source
from qdock_openqasm.vocabulary import EXACT

if TYPE_CHECKING:
    from qdock_openqasm.grammar import Grammar

__all__ = ["Reader"]

_VERSIONS = ("2.0", "3.0", "3.1")
_HEADER = re.compile(r"(?:\s++|//[^\n]*+|/\*.*?\*/)*+", re.DOTALL | re.ASCII)
_VERSION = re.compile(r"OPENQASM\s+([0-9]+(?:\.[0-9]+)?)\s*;", re.ASCII)
_INCLUDES_2 = re.compile(r"""^[ \t]*include\s*["']qelib1\.inc["']""", re.MULTILINE)
_BUILT_IN_2 = re.compile(r"^[ \t]*CX\b", re.MULTILINE)
_INCLUDES_3 = re.compile(r"""^[ \t]*(?:include\s*["']stdgates\.inc["']|qubit\b|bit\b)""", re.MULTILINE)
_EXACT = re.compile(rf"^{re.escape(EXACT)}\s*$", re.MULTILINE)
_NEAR = 200
#: What an error says that should not be there.
FAULTY = "that is a fault of qdock-openqasm"
_MOST_SUPPRESSED = 100
_WORDS = re.compile(r"[^\W\d]\w*")


class Reader:
    """Reads one program.

    Parameters
    ----------
    limits : Limits
        What it may cost.
    inputs : mapping of str to number
        Values for its ``input`` declarations.
    fast : bool
        Whether plain statements may go around the parser; the result is the same.
    """

    def __init__(self, limits: Limits, inputs: Mapping[str, Any] | None = None, fast: bool = True) -> None:
        self.limits = limits
        self.program = Program(limits, inputs or {}, self._include)
        self.program.compiles = fast
        self._is_fast = fast
        self._problems: list[Problem] = []
        self._suppressed = 0
        self._hidden: Fault | None = None
        self._stopped = False
        self._includes = Includes(None, limits)

    def read(self, text: str, path: Path | None = None, name: str | None = None) -> Circuit:
        """Return the circuit of a program, or raise the error that shows all that is wrong with it."""
        source = Source(text, name or (str(path) if path else "<program>"), path)
        self._includes = Includes(path, self.limits)
        try:
            with deep_stack():
                self.limits.check("source_bytes", len(text))
                self._read_program(source)
                if not self._problems and self._hidden is None:
                    return self._circuit(source)
        except Fault as fault:
            self._fail(fault, source)
        except RecursionError:
            self._fail(self.limits.reached("nesting"), source)
        if not self._problems and self._hidden is not None:
            self._fail(self._hidden, source)
        raise as_error(self._problems, limit=False, stopped=self._stopped)

    def _fail(self, fault: Fault, source: Source) -> None:
        """Raise the error for a limit at once; keep any other with those before."""
        problem = problem_of(fault, Position(Origin(source), 1, 1))
        if fault.is_limit:
            raise as_error([*self._problems, problem], limit=True) from None
        if problem not in self._problems:
            self._problems.append(problem)

    # --- the program's own text

    def _read_program(self, source: Source) -> None:
        start, version = self._header(source)
        self.program.begin(version, exact=_EXACT.search(source.text, 0, start + _NEAR) is not None)
        self._read_statements(source, start)
        unknown = list(self.program.inputs)
        if unknown and not self._problems:
            raise Fault(f"the program has no input '{unknown[0]}' to give a value to")

    def _header(self, source: Source) -> tuple[int, int]:
        """Return where the statements begin, and the language's version as 2 or 3."""
        text = source.text
        blank = _HEADER.match(text)
        start = blank.end() if blank else 0
        match = _VERSION.match(text, start)
        if match is None:
            is_2 = (_INCLUDES_2.search(text) or _BUILT_IN_2.search(text)) and not _INCLUDES_3.search(text)
            return start, 2 if is_2 and not text.startswith("OPENQASM", start) else 3
        number = match[1] if "." in match[1] else f"{match[1]}.0"
        if number not in _VERSIONS:
            line, column = source.place(start)
            place = Position(Origin(source), line, column + 1, len(match.group()))
            raise Fault(f"OpenQASM {match[1]} is not supported; the versions are {', '.join(_VERSIONS)}", place)
        return match.end(), int(number[0])

    def _read_statements(self, source: Source, start: int) -> None:
        """Run the statements of a source from a position on; go on behind those with errors."""
        grammar: Grammar | None = None
        chunker = Chunker(source.text)
        fast = FastPath(source, self.program) if self._is_fast else None
        position = start
        while True:
            if fast is not None and not self.program.ended:
                position = fast.run(position)
            found = chunker.next(position)
            if found is None or self._stopped:
                return
            begin, position = found
            grammar = grammar or self._grammar(source)
            try:
                self._run(grammar, begin, position)
            except Fault as fault:
                self._recover(fault, source, begin, position)

    def _grammar(self, source: Source) -> Grammar:
        # Most of what there is to import: a file of plain statements does without it.
        from qdock_openqasm.grammar import Grammar

        return Grammar(source, self.limits, self.program.version)

    def _run(self, grammar: Grammar, begin: int, end: int) -> None:
        try:
            for statement in grammar.parse(begin, end):
                self._run_statement(statement)
        except (CircuitError, LimitExceeded) as error:
            raise from_core(error, None) from None
        except Fault:
            raise
        except RecursionError:
            line, column = grammar.source.place(begin)
            place = Position(Origin(grammar.source), line, column + 1)
            raise self.limits.reached("nesting", None, place) from None
        except Exception as error:
            message = f"this statement can't be read ({type(error).__name__}: {error}): {FAULTY}"
            raise Fault(message) from error

    def _run_statement(self, statement: Any) -> None:
        program = self.program
        if program.ended:
            with program.only_checking():
                program.run(statement)
        else:
            program.ended = program.run(statement) is Flow.END

    def _recover(self, fault: Fault, source: Source, begin: int, end: int) -> None:
        """Keep an error and go on; what the statement would have declared is not missed again."""
        self.program.recover()
        if isinstance(fault, GivenUp):
            self._stopped = True
            return
        scopes = self.program.scopes
        words = set(_WORDS.findall(source.text[begin : min(end, begin + 10_000)]))
        scopes.poisoned |= {word for word in words if scopes.find(word) is None}
        if isinstance(fault, Suppressed):
            self._suppressed += 1
            self._hidden = self._hidden or fault
            self._stopped = self._suppressed > _MOST_SUPPRESSED
            return
        line, column = source.place(begin)
        if fault.span is None:
            fault.span = Position(Origin(source), line, column + 1)
        self._fail(fault, source)
        self._stopped = len(self._problems) >= self.limits.errors

    # --- included files

    def _include(self, name: str, span: Any) -> None:
        self.program.scopes.is_incomplete = True
        source = self._includes.enter(name, locate(span))
        self.program.scopes.is_incomplete = False
        start = 0
        blank = _HEADER.match(source.text)
        match = _VERSION.match(source.text, blank.end() if blank else 0)
        if match:
            start = match.end()
        self._read_statements(source, start)
        self._includes.leave()

    # --- the result

    def _circuit(self, source: Source) -> Circuit:
        program = self.program
        layout = program.memory.layout
        if program.outputs:
            layout.cregs = [(name, size, output and name in program.outputs) for name, size, output in layout.cregs]
        name = source.path.stem if source.path else "circuit"
        circuit = build(program.memory.out, layout, name)
        if program.notes:
            circuit.metadata["openqasm_notes"] = list(program.notes)
        if program.pragmas:
            circuit.metadata["openqasm_pragmas"] = list(program.pragmas)
        return circuit
