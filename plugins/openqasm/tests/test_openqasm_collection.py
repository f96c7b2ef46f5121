"""Real files that nobody here wrote: what is valid loads, what is not is refused with line and column."""

import json
import re

import pytest

from qdock.errors import ConversionError, QdockError
from qdock_openqasm.api import dumps, load, loads

#: Files said to load which can't: both include 'custom_gate_def.qasm', which the collection does not have.
INCLUDED_FILE_MISSING = {
    "pyqasm/qasm3/resources/qasm/custom_include/include_sandwiched.qasm",
    "pyqasm/qasm3/resources/qasm/custom_include/multi_include.qasm",
}
#: Of files that are written and read again.
MOST_OPERATIONS = 20_000
PLACE = re.compile(r":\d+:\d+: ")


@pytest.fixture(scope="module")
def read(collection):
    """Read the files of which something is expected; return by file what became of it, an error or a circuit."""
    manifest = json.loads((collection / "manifest.json").read_text())

    def read(expect):
        return {entry["file"]: outcome(collection / entry["file"]) for entry in manifest if entry["expect"] == expect}

    return read


def outcome(path):
    try:
        return load(path)
    except QdockError as error:
        return error


def refused(outcomes):
    return {file: str(error) for file, error in outcomes.items() if isinstance(error, QdockError)}


def test_every_file_that_runs_is_read(read):
    outcomes = read("runs")
    assert len(outcomes) == 148
    assert refused(outcomes) == {}


def test_every_file_that_loads_is_read(read):
    outcomes = read("loads")
    failures = refused(outcomes)
    assert len(outcomes) == 67
    assert failures.keys() == INCLUDED_FILE_MISSING
    assert all("'custom_gate_def.qasm' does not exist" in message for message in failures.values())


def test_every_invalid_file_is_refused_with_line_and_column(read):
    outcomes = read("refused")
    messages = refused(outcomes)
    assert len(messages) == len(outcomes) == 54
    assert [file for file, message in messages.items() if not PLACE.search(message)] == []


def test_a_file_on_which_readers_disagree_loads_or_is_refused_clearly(read):
    outcomes = read("loads, or a clear error")
    assert len(outcomes) == 1
    assert all(PLACE.search(message) for message in refused(outcomes).values())


@pytest.mark.parametrize("version", [3, 2])
def test_every_file_is_written_and_read_back(read, version):
    """As far as version 2 has words for it."""
    written = 0
    for file, circuit in {**read("runs"), **read("loads")}.items():
        if isinstance(circuit, QdockError) or len(circuit) > MOST_OPERATIONS:
            continue
        try:
            text = dumps(circuit, version=version)
        except ConversionError:
            assert version == 2, file
            continue
        assert loads(text) == circuit, file
        written += 1
    assert written >= {3: 200, 2: 160}[version]
