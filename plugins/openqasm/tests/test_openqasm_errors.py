"""What is wrong with a program is said with its place, the line, a caret, and what was declared where.

The programs stand in ``wrong_3.txt`` and ``wrong_2.txt``, each below a line ``== line:column message``.
"""

import pickle

import pytest

from qdock.errors import LimitExceeded, ProgramError, QdockError
from qdock_openqasm.api import load, loads
from qdock_openqasm.errors import OpenQasmError, Problem
from qdock_openqasm.limits import Limits

HEADS = {3: 'OPENQASM 3.0; include "stdgates.inc";\n', 2: 'OPENQASM 2.0; include "qelib1.inc";\n'}


@pytest.fixture(scope="module", params=[3, 2])
def wrong(request, sections):
    """A version, and what is wrong with which programs of it."""
    return request.param, sections(f"wrong_{request.param}.txt")


def error_of(text, **options):
    with pytest.raises(OpenQasmError) as caught:
        loads(text, **options)
    return caught.value


def test_every_error_is_found_at_its_place(wrong):
    version, programs = wrong
    for head, program in programs:
        place, _, message = head.partition(" ")
        problem = error_of(HEADS[version] + program).problems[0]
        assert (f"{problem.line - 1}:{problem.column}", problem.message) == (place, message), program


def test_an_error_shows_its_line_with_a_caret():
    error = error_of("OPENQASM 3.0;\nqubit[2] q;\nh q;\n")
    assert str(error) == (
        "<program>:3:1: undefined gate 'h'.\n"
        "    3 | h q;\n"
        "      | ^\n"
        "        'h' is a gate of the standard library: include \"stdgates.inc\";"
    )
    assert (error.path, error.line, error.column) == ("<program>", 3, 1)


def test_an_error_says_where_a_name_was_declared():
    error = error_of('OPENQASM 3.0;\ninclude "stdgates.inc";\nint alpha;\nx alpha;\n')
    assert "'alpha'" in error.problems[0].notes[0]
    assert "<program>:3:5" in error.problems[0].notes[0]


def test_the_caret_marks_the_whole_of_what_is_wrong():
    error = error_of("OPENQASM 3.0;\nqubit q;\n\tbit b = undefined_name;\n")
    lines = str(error).splitlines()
    assert lines[1].endswith("|  bit b = undefined_name;")
    assert lines[2].endswith("|          ^^^^^^^^^^^^^^")


def test_the_errors_of_several_statements_are_shown_together():
    error = error_of("OPENQASM 3.0;\nfoo q;\nqubit q;\nbar q;\nint i = 1.5im;\n")
    assert [problem.line for problem in error.problems] == [2, 4, 5]


def test_what_follows_from_an_error_is_not_shown():
    error = error_of("OPENQASM 3.0;\nint n = m;\nqubit q;\nU(n, 0, 0) q;\nn = n + 1;\nfoo q; foo q; foo q;\n")
    assert [problem.message for problem in error.problems] == ["undefined identifier 'm'", "undefined gate 'foo'"]


def test_an_error_is_shown_once_however_often_it_is_met():
    error = error_of("OPENQASM 3.0;\ndef f() -> int { return; }\nint i = f();\nint j = f();\n")
    assert len(error.problems) == 1


def test_at_most_ten_errors_are_shown():
    error = error_of("OPENQASM 3.0;\n" + "".join(f"gate{k} q;\n" for k in range(100)))
    assert len(error.problems) == Limits().errors == 10
    assert str(error).endswith("The rest of the program was not looked at.")


def test_after_an_error_no_long_loop_is_made_to_find_others():
    text = "OPENQASM 3.0; foo $0; int k = 0; for int i in [0:999999] { k = k ^ i; } bar $0;"
    assert [problem.message for problem in error_of(text).problems] == ["undefined gate 'foo'"]


def test_errors_can_be_pickled():
    error = error_of("OPENQASM 3.0; foo $0;")
    copy = pickle.loads(pickle.dumps(error))
    assert (str(copy), copy.problems) == (str(error), error.problems)


def test_errors_are_those_of_programs_and_limits_are_limits():
    assert issubclass(OpenQasmError, ProgramError)
    with pytest.raises(LimitExceeded, match=r"<program>:1:15: limit `qubits` reached"):
        loads("OPENQASM 3.0; qubit[1000001] q;")


def test_lines_that_cannot_be_printed_are_shown_as_far_as_they_can_be():
    error = error_of("OPENQASM 3.0; /* \x1b[31m */ foo $0;")
    assert "\x1b" not in str(error)
    error = error_of("OPENQASM 3.0; /*" + "a" * 1000 + "*/ foo $0;")
    assert len(str(error)) < 300
    assert error.column == 1020


def test_a_file_is_named_in_its_errors(tmp_path):
    path = tmp_path / "a b.qasm"
    path.write_text("OPENQASM 3.0;\nfoo $0;\n")
    with pytest.raises(OpenQasmError) as caught:
        load(path)
    assert str(caught.value).startswith(f"{path}:2:1: ")
    assert caught.value.path == str(path)


def test_a_file_that_cannot_be_read_is_an_error_of_ours(tmp_path):
    with pytest.raises(QdockError, match=r"none\.qasm"):
        load(tmp_path / "none.qasm")
    (tmp_path / "binary.qasm").write_bytes(b"OPENQASM 3.0;\xff")
    with pytest.raises(QdockError, match="UTF-8"):
        load(tmp_path / "binary.qasm")


def test_a_problem_without_its_line_is_shown_in_one():
    assert str(Problem("no", "a.qasm", 1, 2)) == "a.qasm:1:2: no."


@pytest.mark.parametrize("version", ["2.6", "1.0", "4.0", "3.2", "99999999999999999999.0"])
def test_other_versions_are_refused(version):
    with pytest.raises(
        OpenQasmError, match=rf"1:1: OpenQASM {version} is not supported; the versions are 2.0, 3.0, 3.1"
    ):
        loads(f"OPENQASM {version};")


@pytest.mark.parametrize("version", ["2.0", "3.0", "3.1", "2", "3"])
def test_these_versions_are_read(version):
    assert loads(f"OPENQASM {version};").num_qubits == 0


def test_a_missing_semicolon_is_looked_for_in_the_line_before():
    error = error_of('OPENQASM 3.0;\ninclude "stdgates.inc";\nqubit q\n\nh q;\n')
    assert error.problems[0].message == "expected ';', found identifier 'h'"
    assert error.problems[0].notes == ("the statement before it, which ends in line 3, has no ';'",)
    assert error_of('OPENQASM 3.0;\ninclude "stdgates.inc";\nqubit q; x q q;\n').problems[0].notes == ()


def test_a_name_in_other_case_is_suggested_first():
    error = error_of('OPENQASM 3.0;\ninclude "stdgates.inc";\nqubit q;\nCX2 q;\nH q;\n')
    assert error.problems[1].message == "undefined gate 'H'. Did you mean 'h'?"
