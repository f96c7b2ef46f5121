"""What a program may include: regular text files below its own folder, and nothing of them is ever shown."""

import os

import pytest

from qdock.errors import LimitExceeded
from qdock_openqasm.api import load, loads
from qdock_openqasm.errors import OpenQasmError
from qdock_openqasm.limits import Limits

SECRET = "a secret line that no error shows"


@pytest.fixture
def program(tmp_path):
    """Write a program that includes a file, and return its path."""
    folder = tmp_path / "programs"
    folder.mkdir()
    (tmp_path / "outside.inc").write_text(SECRET)

    def write(included, **files):
        for name, text in files.items():
            path = folder / f"{name.replace('__', '/')}.inc"
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(text if isinstance(text, bytes) else text.encode())
        main = folder / "main.qasm"
        main.write_text(f'OPENQASM 3.0;\ninclude "stdgates.inc";\ninclude "{included}";\nqubit q;\nflip q;\n')
        return main

    return write


FLIP = "gate flip a { x a; }\n"


def refusal(path):
    with pytest.raises(OpenQasmError) as raised:
        load(path)
    message = str(raised.value)
    assert SECRET not in message
    return message


def test_files_below_the_programs_folder_are_included(program):
    assert [step.name for step in load(program("flip.inc", flip=FLIP))] == ["x"]
    assert len(load(program("deep/flip.inc", deep__flip='include "deep/more.inc";\n', deep__more=FLIP))) == 1


@pytest.mark.parametrize("name", ["../outside.inc", "deep/../../outside.inc", "/etc/hostname", "~/outside.inc"])
def test_files_elsewhere_are_denied(program, name):
    assert "main.qasm:3:1: " in refusal(program(name, deep__flip=FLIP))


def test_a_link_out_of_the_folder_is_denied(program, tmp_path):
    path = program("link.inc")
    (path.parent / "link.inc").symlink_to(tmp_path / "outside.inc")
    assert "main.qasm:3:1: " in refusal(path)


def test_what_is_no_regular_file_is_denied_without_waiting_for_it(program):
    path = program("pipe.inc")
    os.mkfifo(path.parent / "pipe.inc")
    assert "main.qasm:3:1: " in refusal(path)
    (path.parent / "pipe.inc").unlink()
    (path.parent / "pipe.inc").symlink_to("/dev/zero")
    assert "main.qasm:3:1: " in refusal(path)


def test_a_file_that_is_no_text_is_refused(program):
    assert "main.qasm:3:1: " in refusal(program("raw.inc", raw=b"\xff\xfe\x00"))


def test_a_missing_file_is_named(program):
    assert "'nowhere.inc' does not exist" in refusal(program("nowhere.inc"))


def test_a_file_that_includes_itself_is_refused(program):
    assert "includes itself" in refusal(program("loop.inc", loop='include "loop.inc";\n'))
    assert "includes itself" in refusal(program("one.inc", one='include "two.inc";', two='include "one.inc";'))


def test_a_text_without_a_file_includes_nothing_but_the_libraries():
    with pytest.raises(OpenQasmError, match=r":2:1: "):
        loads('OPENQASM 3.0;\ninclude "flip.inc";')


def test_too_many_and_too_deep_files_reach_a_limit(program):
    files = {f"f{i}": f'include "f{i + 1}.inc";' for i in range(20)}
    with pytest.raises(LimitExceeded, match="limit `include_depth` reached: 16 "):
        load(program("f0.inc", f20=FLIP, **files))
    many = {f"g{i}": "" for i in range(300)}
    path = program("all.inc", all="".join(f'include "g{i}.inc";\n' for i in range(300)), **many)
    with pytest.raises(LimitExceeded, match="limit `include_files` reached: 256 "):
        load(path)
    with pytest.raises(LimitExceeded, match="limit `include_bytes` reached: 10 "):
        load(program("flip.inc", flip=FLIP), limits=Limits(include_bytes=10))
