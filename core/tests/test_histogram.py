"""Histograms as text: what is shown, in which order, and how wide."""

from __future__ import annotations

import io
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qdock.results.histogram import Row, percent, plain_histogram, rich_histogram, rows, shorten, show_histogram

VALUES = st.dictionaries(st.text("01 ", min_size=1, max_size=90), st.integers(0, 10**9), max_size=40)


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    encoding = "utf-8"

    def isatty(self):
        return True


def test_most_likely_first_and_the_rest_summed():
    bars = rows({"a": 1, "b": 5, "c": 5, "d": 2, "e": 7}, limit=2)
    assert bars == [Row("e", "7", 7 / 20), Row("b", "5", 5 / 20), Row("3 others", "8", 8 / 20, rest=True)]


def test_a_rest_of_one_is_shown_as_itself():
    assert [bar.label for bar in rows({"a": 3, "b": 2, "c": 1}, limit=2)] == ["a", "b", "c"]


def test_a_limit_below_one_is_refused():
    with pytest.raises(ValueError, match="`limit` must be at least 1 bar, but is 0"):
        rows({"a": 1}, limit=0)


def test_plain_text_of_a_bell_pair():
    assert plain_histogram({"00": 100, "11": 300}, width=40, title="bell: 400 shots") == (
        "bell: 400 shots\n11  300   75.0 %  ██████████████████████\n00  100   25.0 %  ███████▍"
    )


def test_ascii_only_text_has_ascii_only():
    text = plain_histogram({"0" * 90: 1, "1" * 90: 2}, width=50, ascii_only=True)
    assert text.isascii()
    assert "#" in text


def test_probabilities_are_shown_with_decimals():
    assert plain_histogram({"00": 0.75, "11": 0.25}, width=40).startswith("00  0.7500   75.0 %  ")


def test_the_rest_has_no_bar():
    text = plain_histogram({f"{value:08b}": 1 for value in range(256)}, limit=3)
    assert text.splitlines()[-1] == "253 others  253   98.8 %"


def test_nothing_seen_is_said():
    assert plain_histogram({}) == "no outcomes"
    assert plain_histogram({}, title="bell") == "bell\nno outcomes"
    assert plain_histogram({"0": 0}) == "0  0    0.0 %"


@given(values=VALUES, limit=st.integers(1, 20), width=st.integers(40, 120), ascii_only=st.booleans())
def test_lines_fit_the_width_and_numbers_add_up(values, limit, width, ascii_only):
    lines = plain_histogram(values, limit=limit, width=width, ascii_only=ascii_only).splitlines()
    assert all(len(line) <= width and line == line.rstrip() for line in lines)
    assert len(lines) <= max(limit + 1, 1)
    assert sum(int(bar.value.replace(",", "")) for bar in rows(values, limit)) == sum(values.values())


@pytest.mark.parametrize(
    "share, text", [(0, "0.0 %"), (1e-9, "<0.1 %"), (0.5, "50.0 %"), (0.99999, ">99.9 %"), (1, "100.0 %")]
)
def test_no_share_is_rounded_to_nothing_or_to_all(share, text):
    assert percent(share) == text


def test_long_labels_lose_their_middle():
    assert shorten("0" * 50 + "1" * 50, 11) == "00000…11111"
    assert shorten("0101", 4) == "0101"


def test_a_terminal_gets_colour_and_a_pipe_plain_text():
    terminal, pipe = Terminal(), io.StringIO()
    show_histogram({"00": 1, "11": 3}, title="bell", file=terminal)
    show_histogram({"00": 1, "11": 3}, title="bell", file=pipe)
    assert "█" in terminal.getvalue()
    assert "outcome" in terminal.getvalue()
    assert pipe.getvalue() == plain_histogram({"00": 1, "11": 3}, title="bell") + "\n"
    assert "\x1b" not in pipe.getvalue()


def test_a_stream_that_cannot_draw_blocks_gets_ascii():
    binary = io.BytesIO()
    stream = io.TextIOWrapper(binary, encoding="ascii")
    show_histogram({"0" * 90: 1, "1": 3}, file=stream)
    stream.flush()
    assert b"###" in binary.getvalue()


def test_a_terminal_that_cannot_draw_blocks_gets_ascii():
    terminal = Terminal()
    terminal.encoding = "ascii"
    show_histogram({"0": 1, "1": 3}, file=terminal)
    assert terminal.getvalue() == plain_histogram({"0": 1, "1": 3}, ascii_only=True) + "\n"


def test_stdout_is_the_default(capsys):
    show_histogram({"0": 1})
    assert capsys.readouterr().out.startswith("0  1  100.0 %")


def test_the_table_fits_eighty_columns_and_keeps_markup_as_text():
    from rich.console import Console

    console = Console(file=io.StringIO(), width=80, force_terminal=True)
    console.print(rich_histogram({"[red]0[/red]": 3, "1" * 300: 0.5}, title="[b]x"))
    assert "[red]0[/red]" in console.file.getvalue()
    assert "[b]x" in console.file.getvalue()


def test_plain_text_needs_neither_rich_nor_numpy():
    code = (
        "import sys; from qdock.results.histogram import show_histogram; show_histogram({'0': 1});"
        "sys.exit(', '.join({'rich', 'numpy', 'matplotlib'} & set(sys.modules)))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert run.stderr.strip() == ""
