"""What ``qdock run`` shows of a result: pictures on a terminal, lines with tabs on a pipe."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from qdock.cli.output import harmless, is_terminal, write, write_note, write_rich, write_table

if TYPE_CHECKING:
    from qdock.result import Result
    from qdock.results.circuit_result import CircuitResult

__all__ = ["show_result"]

#: Rows of a statevector, and of a unitary, that a terminal shows.
_STATES, _ROWS = 32, 8
#: Outcomes of single shots that a terminal shows.
_SHOTS = 200
#: Characters of what a function returned that a terminal shows of each part.
_CHARACTERS = 1000

Line = tuple[object, ...]


def show_result(title: str, result: Result, prefix: Sequence[str] = ()) -> None:
    """Show what came back.

    Parameters
    ----------
    title : str
        What a terminal shows above it.
    result : Result
        What came back.
    prefix : sequence of str
        Cells that begin each line on a pipe: the file's name, where there are several.
    """
    if is_terminal():
        from rich.text import Text

        write_rich(Text(harmless(title), style="bold"))
    for entry in result:
        # The outcomes of all shots say what their counts say, and more.
        hidden = "counts" if "memory" in entry.holds and not is_terminal() else ""
        for name in entry.holds:
            if name in _SHOWN and name != hidden:
                picture, lines = _SHOWN[name]
                if is_terminal():
                    picture(entry)
                else:
                    _write_lines(prefix, lines(entry))


def _write_lines(prefix: Sequence[str], lines: Iterator[Line]) -> None:
    for line in lines:
        write("\t".join(map(str, (*prefix, *line))))


# --- on a terminal


def _draw_counts(entry: CircuitResult) -> None:
    from qdock.results.histogram import rich_histogram

    write_rich(rich_histogram(entry.get_counts()))


def _draw_probabilities(entry: CircuitResult) -> None:
    from qdock.results.histogram import rich_histogram

    write_rich(rich_histogram(entry.get_probabilities_dict()))


def _draw_memory(entry: CircuitResult) -> None:
    from rich.text import Text

    memory = entry.get_memory()
    write_rich(Text("  ".join(memory[:_SHOTS])))
    _note_rest(len(memory) - _SHOTS, "shots")


def _draw_statevector(entry: CircuitResult) -> None:
    import numpy as np

    state = entry.get_statevector()
    likely = abs(state) ** 2
    shown = np.sort(np.argsort(-likely, kind="stable")[:_STATES])
    bits = (len(state) - 1).bit_length()
    rows = [(_bits(index, bits), _amplitude(state[index]), f"{likely[index]:.6f}") for index in shown if likely[index]]
    write_table(("State", "Amplitude", "Probability"), rows)
    _note_rest(int(np.count_nonzero(likely)) - len(rows), "states")


def _draw_unitary(entry: CircuitResult) -> None:
    matrix = entry.get_unitary()
    if len(matrix) > _ROWS:
        write_note(f"A unitary of {len(matrix)} rows is too wide for a terminal. --json prints it, -o FILE saves it.")
        return
    bits = (len(matrix) - 1).bit_length()
    names = [_bits(index, bits) for index in range(len(matrix))]
    write_table(("", *names), [(name, *map(_short, row)) for name, row in zip(names, matrix, strict=True)])


def _draw_value(entry: CircuitResult) -> None:
    from rich.text import Text

    value = _shown_value(entry)
    if isinstance(value, dict) and value:
        write_table(("Name", "Value"), [(name, _shortened(part)) for name, part in value.items()])
    else:
        write_rich(Text(harmless(_shortened(value))))


def _shortened(value: Any) -> str:
    """Return a value in as many characters as a few lines have."""
    text = _as_text(value)
    return text if len(text) <= _CHARACTERS else f"{text[:_CHARACTERS]}... ({len(text):,} characters)"


def _note_rest(number: int, what: str) -> None:
    if number > 0:
        write_note(f"{number:,} more {what}. --json prints all, -o FILE saves them.")


def _bits(index: int, width: int) -> str:
    return f"{index:0{width}b}" if width else ""


def _amplitude(value: complex) -> str:
    return f"{value.real:+.6f} {value.imag:+.6f}i"


def _short(value: complex) -> str:
    """Return a matrix entry in as few characters as show it to three digits."""
    real, imag = round(value.real, 3) + 0.0, round(value.imag, 3) + 0.0
    if not imag:
        return f"{real:g}"
    return f"{real:g}{imag:+g}i" if real else f"{imag:g}i"


# --- on a pipe


def _count_lines(entry: CircuitResult) -> Iterator[Line]:
    counts = entry.get_counts()
    yield from sorted(counts.items(), key=lambda item: (-item[1], item[0]))


def _probability_lines(entry: CircuitResult) -> Iterator[Line]:
    yield from sorted(entry.get_probabilities_dict().items(), key=lambda item: (-item[1], item[0]))


def _memory_lines(entry: CircuitResult) -> Iterator[Line]:
    for bits in entry.get_memory():
        yield (bits,)


def _statevector_lines(entry: CircuitResult) -> Iterator[Line]:
    state = entry.get_statevector()
    bits = (len(state) - 1).bit_length()
    for index, value in enumerate(state.tolist()):
        if value:
            yield _bits(index, bits), value.real, value.imag


def _value_lines(entry: CircuitResult) -> Iterator[Line]:
    value = _shown_value(entry)
    if isinstance(value, dict):
        yield from ((name, _as_text(part)) for name, part in value.items())
    else:
        yield (_as_text(value),)


def _shown_value(entry: CircuitResult) -> Any:
    from qdock.results.values import as_plain

    return as_plain(entry.get_value())


def _as_text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _unitary_lines(entry: CircuitResult) -> Iterator[Line]:
    for row in entry.get_unitary().tolist():
        yield tuple(str(value).strip("()") for value in row)


#: What there may be in a result -> how a terminal shows it, and its lines on a pipe.
_SHOWN: dict[str, tuple[Callable[[CircuitResult], None], Callable[[CircuitResult], Iterator[Line]]]] = {
    "counts": (_draw_counts, _count_lines),
    "memory": (_draw_memory, _memory_lines),
    "statevector": (_draw_statevector, _statevector_lines),
    "unitary": (_draw_unitary, _unitary_lines),
    "probabilities": (_draw_probabilities, _probability_lines),
    "value": (_draw_value, _value_lines),
}
