"""A program's file: what is read and what is refused, with none of its content in an error."""

import os
import socket

import pytest

from qdock.conversion.source import SOURCE_LIMIT, check_length, read_program
from qdock.errors import LimitExceeded, ProgramError


@pytest.fixture
def path(tmp_path):
    return tmp_path / "bell.qasm"


def test_a_text_is_read_as_it_is(path):
    path.write_bytes("OPENQASM 3;\r\n// π\n".encode())
    assert read_program(path) == read_program(str(path)) == "OPENQASM 3;\r\n// π\n"


def test_a_byte_order_mark_is_no_part_of_the_text(path):
    path.write_bytes(b"\xef\xbb\xbfOPENQASM 3;")
    assert read_program(path) == "OPENQASM 3;"


@pytest.mark.parametrize("content", [b"secret \xff", "secret π".encode("utf-16"), b"secret \xc3"])
def test_what_is_not_utf8_is_refused_without_showing_it(path, content):
    path.write_bytes(content)
    with pytest.raises(
        ProgramError, match=r"bell\.qasm is not UTF-8 text: the byte at offset \d+ does not fit"
    ) as caught:
        read_program(path)
    seen = caught.value
    while seen:
        assert "secret" not in repr(seen)
        seen = seen.__context__


def test_a_missing_file_is_an_error(path):
    with pytest.raises(ProgramError, match=r"The program's file .*bell\.qasm does not exist\."):
        read_program(path)
    path.symlink_to(path.with_name("gone"))
    with pytest.raises(ProgramError, match="does not exist"):
        read_program(path)


def test_what_is_no_regular_file_is_refused_at_once(path, tmp_path):
    with pytest.raises(ProgramError, match="is a folder, not a regular file"):
        read_program(tmp_path)
    os.mkfifo(path)
    with pytest.raises(ProgramError, match="is a named pipe, not a regular file"):
        read_program(path)
    with pytest.raises(ProgramError, match="is a device, not a regular file"):
        read_program("/dev/zero")


def test_a_socket_is_refused(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("s")
        with pytest.raises(ProgramError, match=r"s can't be read|is a socket"):
            read_program("s")


def test_a_path_that_no_system_takes_is_an_error():
    with pytest.raises(ProgramError, match=r"can't be read: .*embedded null"):
        read_program("a\0b")
    with pytest.raises(ProgramError, match="can't be read"):
        read_program("a" * 5000)


def test_a_link_to_a_file_is_that_file(path, tmp_path):
    path.write_text("x")
    (tmp_path / "link").symlink_to(path)
    assert read_program(tmp_path / "link") == "x"


def test_the_limit_is_64_megabytes():
    assert SOURCE_LIMIT == 64 * 2**20


def test_a_file_above_the_limit_is_refused(path):
    path.write_text("x" * 11)
    assert read_program(path, limit=11) == "x" * 11
    with pytest.raises(LimitExceeded, match=r"bell\.qasm has more than 10 bytes, the limit of a program's source"):
        read_program(path, limit=10)


def test_a_huge_file_is_refused_without_reading_it(path):
    with path.open("wb") as file:
        file.truncate(10 * SOURCE_LIMIT)
    with pytest.raises(LimitExceeded, match="has more than 67108864 bytes"):
        read_program(path)


@pytest.mark.skipif(not os.path.exists("/proc/self/maps"), reason="no file here has more bytes than it says")
def test_a_file_that_says_it_is_empty_is_bounded_all_the_same():
    assert os.stat("/proc/self/maps").st_size == 0
    with pytest.raises(LimitExceeded, match="has more than 10 bytes"):
        read_program("/proc/self/maps", limit=10)


def test_a_text_above_the_limit_is_refused():
    check_length("x" * 10, limit=10)
    with pytest.raises(LimitExceeded, match="The program has 11 characters; the limit of a program's source is 10"):
        check_length("x" * 11, limit=10)
