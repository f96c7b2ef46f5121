"""Included files lie below the program's folder, and nobody sees what is in them."""

import os
import sys

import pytest

from qdock.errors import LimitExceeded, QdockError
from qdock_openqasm.api import load, loads
from qdock_openqasm.errors import OpenQasmError
from qdock_openqasm.limits import Limits

posix = pytest.mark.skipif(sys.platform == "win32", reason="links, pipes and devices of POSIX")


@pytest.fixture
def read(tmp_path):
    """Return the circuit of a program that includes a file."""
    home = tmp_path / "home"
    home.mkdir()

    def run(name, limits=None, head="OPENQASM 3.0;"):
        program = home / "main.qasm"
        program.write_text(f'{head}\ninclude "{name}";\nqubit last;\n')
        return load(program, limits=limits)

    run.home = home
    return run


def refused(read, name, **options):
    with pytest.raises(QdockError) as caught:
        read(name, **options)
    return str(caught.value)


def test_a_file_beside_the_program_is_read(read):
    (read.home / "a.inc").write_text("OPENQASM 3.0;\nqubit[3] q;\n")
    assert read("a.inc").num_qubits == 4


def test_names_are_looked_up_beside_the_including_file_and_then_beside_the_program(read):
    (read.home / "sub").mkdir()
    (read.home / "sub" / "a.inc").write_text('include "b.inc"; include "c.inc";')
    (read.home / "sub" / "b.inc").write_text("qubit b;")
    (read.home / "c.inc").write_text("qubit c;")
    assert [register.name for register in read("sub/a.inc").qregs] == ["b", "c", "last"]


def test_the_libraries_need_no_file():
    assert len(loads('include "stdgates.inc"; qubit q; h q;')) == 1
    assert len(loads('OPENQASM 2.0; include "qelib1.inc"; qreg q[1]; h q;')) == 1


def test_a_text_has_no_folder():
    with pytest.raises(OpenQasmError, match="the program is a text without a file"):
        loads('include "a.inc";')


@pytest.mark.parametrize(
    "name", ["../secret.inc", "sub/../../secret.inc", "/etc/passwd", "C:/x.inc", "..\\\\secret.inc"]
)
def test_paths_that_lead_out_are_refused(read, name, tmp_path):
    (tmp_path / "secret.inc").write_text("qubit secret;")
    assert "only files below the program's own folder" in refused(read, name)


@posix
def test_links_that_lead_out_are_refused(read, tmp_path):
    (tmp_path / "secret.inc").write_text("qubit secret;")
    (read.home / "link.inc").symlink_to(tmp_path / "secret.inc")
    assert "lies outside of the program's folder" in refused(read, "link.inc")
    (read.home / "folder").symlink_to(tmp_path)
    assert "lies outside of the program's folder" in refused(read, "folder/secret.inc")


@posix
def test_a_pipe_is_refused_without_waiting(read):
    os.mkfifo(read.home / "pipe.inc")
    assert "it is no regular file" in refused(read, "pipe.inc")


@posix
def test_devices_and_folders_are_refused(read):
    (read.home / "zero.inc").symlink_to("/dev/zero")
    assert "outside" in refused(read, "zero.inc")
    (read.home / "folder.inc").mkdir()
    assert "no regular file" in refused(read, "folder.inc")


@posix
def test_a_file_that_may_not_be_read_is_refused(read):
    if os.geteuid() == 0:
        pytest.skip("the superuser may read everything")
    (read.home / "a.inc").write_text("")
    (read.home / "a.inc").chmod(0)
    assert "Permission denied" in refused(read, "a.inc")


def test_a_file_that_does_not_exist_is_refused(read):
    assert "the included file 'a.inc' does not exist" in refused(read, "a.inc")


def test_what_a_missing_file_would_have_declared_is_not_missed(read):
    (read.home / "main.qasm").write_text('OPENQASM 3.0;\ninclude "a.inc";\nfoo bar;\nqubit q; q = 1;\n')
    with pytest.raises(OpenQasmError) as caught:
        load(read.home / "main.qasm")
    assert [problem.line for problem in caught.value.problems] == [2, 4]


@pytest.mark.parametrize(
    "name, message",
    [
        ("", "empty file name"),
        ("a\0b", "it can't be opened"),
        ("a" * 1000, "it can't be opened"),
        (" ", "does not exist"),
    ],
)
def test_odd_names_are_refused(read, name, message):
    assert message in refused(read, name)


def test_a_file_cannot_include_itself(read):
    assert "'main.qasm' includes itself" in refused(read, "main.qasm")


def test_files_cannot_include_each_other_in_a_circle(read):
    (read.home / "a.inc").write_text('include "b.inc";')
    (read.home / "b.inc").write_text('include "a.inc";')
    assert "includes itself" in refused(read, "a.inc").replace("'…'", "'a.inc'")


def test_the_depth_of_includes_is_limited(read):
    for k in range(20):
        (read.home / f"a{k}.inc").write_text(f'include "a{k + 1}.inc";')
    assert "limit `include_depth` reached: 16 levels" in refused(read, "a0.inc")


def test_the_number_of_included_files_is_limited(read):
    (read.home / "one.inc").write_text("")
    (read.home / "all.inc").write_text('include "one.inc";' * 300)
    assert "limit `include_files` reached: 256 included files" in refused(read, "all.inc")


def test_the_size_of_all_included_files_is_limited(read):
    (read.home / "big.inc").write_text("//" + " " * 1000)
    assert "limit `include_bytes`" in refused(read, "big.inc", limits=Limits(include_bytes=1000))
    (read.home / "twice.inc").write_text('include "big.inc";' * 2)
    with pytest.raises(LimitExceeded, match="limit `include_bytes`"):
        read("twice.inc", limits=Limits(include_bytes=2000))


def test_a_file_that_is_not_utf8_is_refused(read):
    (read.home / "a.inc").write_bytes(b"qubit q;\xff")
    assert "byte 8 is not UTF-8" in refused(read, "a.inc")


@pytest.mark.parametrize(
    "content",
    [
        "SECRET:x:0:0\n",
        "-----BEGIN SECRET KEY-----\nSECRET\n",
        "password = SECRET;",
        "qubit q; SECRET q;",
        'include "SECRET";',
        "int SECRET; int SECRET;",
        "@SECRET",
        "pragma SECRET\nx SECRET;",
        "int i = SECRET(1, 2);",
        '"SECRET',
        "/* SECRET",
        "def SECRET(int a) { } SECRET(1, 2);",
        "gate SECRET a { SECRET a; }",
        "SECRET" * 500 + ";",
        "9" * 100 + "SECRET;",
        "return SECRET;",
        "switch (SECRET) { }",
        "qubit SECRET; int a = SECRET;",
    ],
)
def test_nothing_of_a_files_content_is_shown(read, content):
    (read.home / "passwords.inc").write_text(content)
    for head in ("OPENQASM 3.0;", "OPENQASM 2.0;"):
        shown = ""
        try:
            read("passwords.inc", head=head)
        except QdockError as error:
            shown = str(error) + repr(getattr(error, "problems", ""))
        assert "SECRET" not in shown
