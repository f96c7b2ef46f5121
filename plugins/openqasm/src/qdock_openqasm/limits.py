"""What a program may cost to read: every limit, its default, and the error that names it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

from qdock.errors import ConfigError
from qdock_openqasm.errors import Fault

__all__ = ["DEFAULT_LIMITS", "Limits"]

_MEGABYTE = 1024 * 1024

_WHAT = {
    "source_bytes": "bytes of source",
    "nesting": "levels of nesting",
    "identifier": "characters in a name",
    "integer_digits": "digits in an integer",
    "constant_bits": "bits in a constant",
    "qubits": "declared qubits",
    "clbits": "declared classical bits",
    "elements": "elements in arrays",
    "variables": "classical variables at run time",
    "gates": "gates after expansion",
    "iterations": "loop iterations while loading",
    "while_rounds": "rounds of a `while` loop while loading",
    "work": "steps of loops, calls and copies while loading",
    "include_depth": "levels of include",
    "include_files": "included files",
    "include_bytes": "bytes in included files",
    "matrix_qubits": "qubits of a gate raised to a power that is no whole number",
    "errors": "errors shown at once",
}


@dataclass(frozen=True)
class Limits:
    """The limits under which a program is read, each checked before the cost arises.

    A setting ``[plugins.openqasm]`` with one of these names replaces the default.
    """

    source_bytes: int = 64 * _MEGABYTE
    nesting: int = 200
    identifier: int = 1024
    integer_digits: int = 20
    constant_bits: int = 4096
    qubits: int = 1_000_000
    clbits: int = 1_000_000
    elements: int = 1_000_000
    variables: int = 100_000
    gates: int = 50_000_000
    iterations: int = 10_000_000
    while_rounds: int = 1_000_000
    work: int = 4_000_000
    include_depth: int = 16
    include_files: int = 256
    include_bytes: int = 16 * _MEGABYTE
    matrix_qubits: int = 8
    errors: int = 10

    def check(self, name: str, asked: int, span: Any = None) -> None:
        """Raise a limit `Fault` unless `asked` is within the limit `name`."""
        allowed = getattr(self, name)
        if asked > allowed:
            raise self.reached(name, asked, span)

    def reached(self, name: str, asked: int | None = None, span: Any = None) -> Fault:
        """Return the error that says which limit was reached, its value and what was asked."""
        allowed = getattr(self, name)
        wanted = "more" if asked is None else f"{asked:,}" if asked < 10**18 else f"about 10^{len(str(asked)) - 1}"
        return Fault(
            f"limit `{name}` reached: {allowed:,} {_WHAT[name]} are allowed, but {wanted} would be needed. "
            f"A larger `{name}` in the settings [plugins.openqasm] allows it",
            span,
            is_limit=True,
        )

    @classmethod
    def from_settings(cls, settings: Mapping[str, Any]) -> Limits:
        """Return the limits with the settings of the same names put in; other settings are left alone."""
        known = {item.name for item in fields(cls)}
        changes = {name: value for name, value in settings.items() if name in known}
        for name, value in changes.items():
            if isinstance(value, bool) or not isinstance(value, int) or value < 1:
                raise ConfigError(f"[plugins.openqasm] {name} must be a whole number of at least 1, but is {value!r}.")
        return replace(cls(), **changes)


DEFAULT_LIMITS = Limits()
