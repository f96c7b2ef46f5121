"""Programs with something wrong in them: an error of ours or a circuit, and the fast path agrees with the parser.

Each mutation deletes, repeats, exchanges or puts in a few characters or words of a program that is valid.
"""

import os
import random
import re
from pathlib import Path

import pytest

from qdock.errors import ConversionError, QdockError
from qdock_openqasm.api import dumps
from qdock_openqasm.limits import Limits
from qdock_openqasm.reader import FAULTY, Reader

#: So many mutated inputs; `tox run -e faults` makes a hundred times as many.
COUNT = 100_000 if os.environ.get("QDOCK_TEST_FAULTS") == "full" else 1_000
#: For reading a program twice; the work is counted differently then.
SMALL = Limits(gates=10_000, iterations=10_000, qubits=10_000, clbits=10_000, elements=10_000, work=10**9)
WORDS = [
    "qubit",
    "bit",
    "int",
    "float",
    "gate",
    "def",
    "if",
    "else",
    "for",
    "while",
    "switch",
    "measure",
    "reset",
    "ctrl",
    "inv",
    "pow",
    "gphase",
    "input",
    "const",
    "let",
    "box",
]
SIGNS = list("()[]{};,:=+-*/@\"'\\$#%&|~^<>.0123456789eπ \n\t\x00\u2028")


def seeds():
    """Valid programs: those whose outcomes the tests of the language know."""
    found = []
    for version, head in (
        (3, 'OPENQASM 3.0;\ninclude "stdgates.inc";\n'),
        (2, 'OPENQASM 2.0;\ninclude "qelib1.inc";\n'),
    ):
        text = (Path(__file__).parent / f"programs_{version}.txt").read_text("utf-8")
        text = re.sub(r"^# .*\n", "", text, flags=re.MULTILINE)
        found += [head + program for program in re.split(r"^== .+ -> .+\n", text, flags=re.MULTILINE)[1:]]
    return found


SEEDS = seeds()


def mutated(text, draw):
    """A program with one to three changes."""
    for _ in range(draw.randint(1, 3)):
        start = draw.randrange(len(text))
        end = min(len(text), start + draw.choice([0, 1, 1, 2, 5, 30]))
        change = draw.choice(
            ["", draw.choice(SIGNS), draw.choice(WORDS), text[start:end] * 2, str(10 ** draw.randint(0, 25))]
        )
        text = text[:start] + change + text[end:]
    return text


def outcome(text, fast=True, limits=SMALL):
    """The circuit of a program, or the error that refuses it."""
    try:
        return Reader(limits, fast=fast).read(text)
    except QdockError as error:
        return error


def test_a_mutated_program_is_read_or_refused_by_an_error_of_ours():
    draw = random.Random(1)
    read = 0
    for _ in range(COUNT):
        text = mutated(draw.choice(SEEDS), draw)
        found = outcome(text, limits=Limits())
        read += not isinstance(found, QdockError)
        assert FAULTY not in str(found), text
    print(f"{COUNT} mutated programs: {read} read, {COUNT - read} refused")
    assert 0 < read < COUNT


#: What the search by coverage has found.
FOUND = [
    'OPENQASM 2.0;\ninclude "qelib1.inc"\x1e;\nqreg q[2]; qreg r[2]; cx q, r;\n\n',
    'OPENQASM 3.0;\ninclude "stdgates.inc"\x1c;\nqubit q; x q;',
    "OPENQASM 3.0;\xa0qubit q; U(0, 0, 0) q;",
    "OPENQASM\x1f3.0; qubit q;",
]


@pytest.mark.parametrize("text", FOUND)
def test_what_was_found_is_refused_both_ways(text):
    assert isinstance(outcome(text), QdockError)
    assert isinstance(outcome(text, fast=False), QdockError)


def same(one, other):
    """Whether both are equal circuits, or both are refusals."""
    if isinstance(one, QdockError) or isinstance(other, QdockError):
        return type(one) is type(other)
    return one == other


@pytest.mark.parametrize("text", SEEDS, ids=range(len(SEEDS)))
def test_a_program_that_is_not_mutated_is_read(text):
    assert not isinstance(outcome(text), QdockError)


def test_what_is_read_is_written_and_read_back():
    words = {3: 0, 2: 0}
    for text in SEEDS:
        circuit = outcome(text)
        for version in words:
            try:
                written = dumps(circuit, version=version)
            except ConversionError:
                continue
            assert outcome(written) == circuit, written
            words[version] += 1
    assert words[3] >= len(SEEDS) - 1  # one has a register that is called 'input'
    assert words[2] > len(SEEDS) // 4


@pytest.mark.parametrize("text", SEEDS, ids=range(len(SEEDS)))
def test_the_fast_path_reads_what_the_parser_reads(text):
    assert same(outcome(text), outcome(text, fast=False))


def test_the_fast_path_agrees_on_mutated_programs():
    draw = random.Random(2)
    for _ in range(COUNT // 4):
        text = mutated(draw.choice(SEEDS), draw)
        assert same(outcome(text), outcome(text, fast=False)), text
