"""``qdock convert`` and ``qdock check-program``, as their users type them."""

import json
import subprocess
import sys

import pytest
from click.testing import CliRunner

from qdock.circuit import Circuit
from qdock.cli import cli
from qdock_openqasm.api import load, loads

BELL = 'OPENQASM 2.0;\ninclude "qelib1.inc";\nqreg q[2];\ncreg c[2];\nh q[0];\ncx q[0], q[1];\nmeasure q -> c;\n'


@pytest.fixture
def qdock(tmp_path, monkeypatch):
    """Run a command in a folder that holds a program, and return what it printed, its errors and its exit status."""
    (tmp_path / "bell.qasm").write_text(BELL)
    monkeypatch.chdir(tmp_path)

    def run(*words, given=None):
        done = CliRunner().invoke(cli, words, input=given)
        return done.stdout, done.stderr, done.exit_code

    return run


@pytest.mark.parametrize("name, head", [("out.qasm", "OPENQASM 3.0;"), ("out.qasm2", "OPENQASM 2.0;"), ("O.QASM3", "")])
def test_the_suffix_of_the_output_says_the_format(qdock, tmp_path, name, head):
    assert qdock("convert", "bell.qasm", name) == ("", "", 0)
    assert (tmp_path / name).read_text().startswith(head)
    assert load(tmp_path / name) == loads(BELL)


@pytest.mark.parametrize("form", [{"indent": 2}, {"separators": (",", ":")}, {"sort_keys": True}], ids=str)
def test_json_that_another_program_wrote_is_read_too(qdock, tmp_path, form):
    (tmp_path / "other.json").write_text(json.dumps(json.loads(loads(BELL).to_json()), **form))
    assert qdock("convert", "other.json", "again.qasm") == ("", "", 0)
    assert loads((tmp_path / "again.qasm").read_text()) == loads(BELL)


def test_circuits_become_json_and_programs_again(qdock, tmp_path):
    assert qdock("convert", "bell.qasm", "bell.json")[2] == 0
    assert Circuit.from_json((tmp_path / "bell.json").read_text()) == loads(BELL)
    assert qdock("convert", "bell.json", "again.qasm") == ("", "", 0)
    assert load(tmp_path / "again.qasm") == loads(BELL)


def test_standard_input_and_output_are_files_too(qdock):
    printed, _, status = qdock("convert", "-", "-", given=BELL)
    assert status == 0
    assert printed.startswith("OPENQASM 3.0;")
    printed, _, _ = qdock("convert", "bell.qasm", "-", "--to", "json")
    assert Circuit.from_json(printed) == loads(BELL)
    printed, _, _ = qdock("convert", "-", "-", "--to", "openqasm2", given=printed)
    assert loads(printed) == loads(BELL)


def test_an_output_of_no_known_format_is_a_mistake_of_usage(qdock, tmp_path):
    _, error, status = qdock("convert", "bell.qasm", "bell.txt")
    assert "say the format with --to" in error
    assert status == 2
    assert not (tmp_path / "bell.txt").exists()


def test_nothing_is_written_if_the_program_is_wrong(qdock, tmp_path):
    (tmp_path / "wrong.qasm").write_text("OPENQASM 3.0;\nqubit q;\nfoo q;\n")
    (tmp_path / "old.qasm").write_text("old")
    _, error, status = qdock("convert", "wrong.qasm", "old.qasm")
    assert "wrong.qasm:3:1: undefined gate 'foo'" in error
    assert status == 2
    assert (tmp_path / "old.qasm").read_text() == "old"


def test_what_version_2_cannot_say_is_refused(qdock, tmp_path):
    (tmp_path / "loop.qasm").write_text("OPENQASM 3.0; qubit q; bit c; c = measure q; while (c) { c = measure q; }")
    _, error, status = qdock("convert", "loop.qasm", "loop.qasm2")
    assert "OpenQASM 2" in error
    assert status == 2


def test_a_file_that_is_not_there_is_named(qdock):
    _, error, status = qdock("convert", "none.qasm", "-")
    assert "none.qasm" in error
    assert status == 2


def test_checking_shows_what_a_program_needs(qdock):
    printed, error, status = qdock("check-program", "bell.qasm")
    assert (error, status) == ("", 0)
    lines = printed.splitlines()
    assert lines[0] == "bell.qasm: valid"
    assert "  qubits      2" in lines
    assert "  clbits      2" in lines
    assert any(line.startswith("  operations  4 (") for line in lines)


def test_checking_shows_notes_and_parameters(qdock, tmp_path):
    (tmp_path / "p.qasm").write_text("OPENQASM 3.0; input float t; @odd\nqubit q; U(t, 0, 0) q;")
    printed, _, _ = qdock("check-program", "p.qasm")
    assert "  parameters  t" in printed.splitlines()
    assert "  note        annotations have no effect: @odd" in printed.splitlines()


def test_checking_shows_all_errors_of_all_files(qdock, tmp_path):
    (tmp_path / "a.qasm").write_text("OPENQASM 3.0;\nfoo $0;\nbar $0;\n")
    printed, error, status = qdock("check-program", "a.qasm", "bell.qasm")
    assert status == 2
    assert "a.qasm:2:1" in error
    assert "a.qasm:3:1" in error
    assert "bell.qasm: valid" in printed


def test_checking_prints_json(qdock, tmp_path):
    (tmp_path / "a.qasm").write_text("OPENQASM 3.0;\nfoo $0;\n")
    printed, error, status = qdock("check-program", "--json", "a.qasm", "bell.qasm")
    assert (error, status) == ("", 2)
    wrong, right = json.loads(printed)
    assert wrong["valid"] is False
    assert [(item["line"], item["column"]) for item in wrong["problems"]] == [(2, 1)]
    assert (right["valid"], right["qubits"], right["clbits"], right["operations"]) == (True, 2, 2, 4)
    one, _, _ = qdock("check-program", "--json", "bell.qasm")
    assert json.loads(one) == right


def test_checking_reads_standard_input(qdock):
    printed, _, status = qdock("check-program", "-", given=BELL)
    assert printed.startswith("-: valid\n")
    assert status == 0


def test_checking_names_the_backends_that_can_run_it(qdock, tmp_path):
    pytest.importorskip("qdock_basic")
    (tmp_path / "wide.qasm").write_text("OPENQASM 3.0; qubit[900000] q; U(1, 2, 3) q[0];")
    printed, _, _ = qdock("check-program", "bell.qasm")
    assert "basic/basic_simulator" in printed
    found = json.loads(qdock("check-program", "--json", "wide.qasm")[0])
    assert set(found["backends"]) | set(found["not"])


@pytest.mark.parametrize("words", [["convert", "--help"], ["check-program", "--help"]])
def test_help_is_shown_without_the_parser(words):
    code = (
        "import sys; from qdock.cli import main\n"
        f"sys.argv = ['qdock', *{words!r}]\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        "print('openqasm' in sys.modules, file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert "Usage: " in done.stdout
    assert done.stderr.endswith("False\n")
