"""The fast path: runs of plain statements, without the parser."""

from __future__ import annotations

from qdock_openqasm.program import Program

__all__ = ["FastPath"]


class FastPath:
    """Runs plain statements of a source."""

    def __init__(self, text: str, program: Program) -> None:
        self.text = text
        self.program = program

    def run(self, position: int) -> int:
        """Run the plain statements from a position on; return where the first one that is not plain begins."""
        return position
