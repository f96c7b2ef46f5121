"""The words of the language: what a declared name can't be, and what marks a text that this package has written."""

from __future__ import annotations

__all__ = ["EXACT", "FUNCTION_NAMES", "KEYWORDS"]

#: A text with this line is read back as it is written: nothing in it is computed while it is read.
EXACT = "// qdock: read back as it is written"

#: The keywords of OpenQASM 3.
KEYWORDS = frozenset((
    "OPENQASM", "angle", "array", "barrier", "bit", "bool", "box", "break", "cal", "case", "complex",
    "const", "continue", "creg", "ctrl", "def", "default", "defcal", "defcalgrammar", "delay", "duration",
    "durationof", "else", "end", "extern", "false", "float", "for", "gate", "gphase", "if", "im", "in",
    "include", "input", "int", "inv", "let", "measure", "mutable", "negctrl", "nop", "output", "pow",
    "pragma", "qreg", "qubit", "readonly", "reset", "return", "stretch", "switch", "true", "uint", "void",
    "while",
))  # fmt: skip

#: The built-in functions, by version of the language.
FUNCTION_NAMES = {
    2: frozenset((
        "acos", "asin", "atan", "cos", "exp", "ln", "sin", "sqrt", "tan",
    )),
    3: frozenset((
        "arccos", "arcsin", "arctan", "ceiling", "cos", "exp", "floor", "imag", "log", "mod", "popcount",
        "pow", "real", "rotl", "rotr", "sin", "sqrt", "tan",
    )),
}  # fmt: skip
