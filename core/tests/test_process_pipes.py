"""What stands between an owner and its workers: messages cut out of a pipe, plain values, and what is printed."""

from __future__ import annotations

import os
import random
import threading

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qdock.executors import output
from qdock.executors.output import KEPT_BYTES, Output
from qdock.executors.pipe import FrameReader, Kind, TooLarge, frame, write_all
from qdock.executors.plain import is_plain, pack_plain, unpack_plain


@pytest.fixture
def pipe():
    ends = os.pipe()
    yield ends
    for fd in ends:
        os.close(fd)


def read(reader, number):
    frames = []
    while len(frames) < number:
        frames += reader.read()
    return frames


def test_messages_come_out_as_they_went_in_whatever_their_size(pipe):
    sizes = [0, 1, 8, 9, 10, 65_535, 65_536, 65_537, 200_000, 3_000_000, 0, 5]
    bodies = [random.Random(size).randbytes(size) for size in sizes]
    messages = [part for body in bodies for part in frame(Kind.LOG, body[:7], body[7:])]
    writer = threading.Thread(target=write_all, args=(pipe[1], messages))
    writer.start()
    frames = read(FrameReader(pipe[0], 1 << 22), len(bodies))
    writer.join()
    assert frames == [(Kind.LOG, body) for body in bodies]


def test_messages_are_cut_wherever_the_pieces_end(pipe):
    data = b"".join(frame(Kind.LOG, b"one") + frame(Kind.PROGRESS, b"three"))
    reader, frames = FrameReader(pipe[0], 100), []
    for index in range(len(data)):
        os.write(pipe[1], data[index : index + 1])
        frames += reader.read()
    assert frames == [(Kind.LOG, b"one"), (Kind.PROGRESS, b"three")]


def test_a_message_over_the_limit_is_refused_before_there_is_room_for_it(pipe):
    os.write(pipe[1], frame(Kind.LOG, b"")[0][:1] + (1 << 60).to_bytes(8, "little"))
    with pytest.raises(TooLarge, match="a message of 1,152,921,504,606,846,976 bytes, over the limit of 100"):
        FrameReader(pipe[0], 100).read()


plain = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False) | st.text() | st.binary(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(plain)
def test_plain_values_are_equal_afterwards(value):
    assert is_plain(value)
    assert unpack_plain(pack_plain(value)) == value


@pytest.mark.parametrize("dtype", ["?", "i1", "u8", "f2", "f8", "c8", "c16"])
def test_arrays_are_equal_afterwards_and_can_be_changed(dtype):
    array = np.arange(12).reshape(3, 4).astype(dtype)[:, ::2]
    found = unpack_plain(pack_plain([array]))[0]
    np.testing.assert_array_equal(found, array, strict=True)
    found[0, 0] = 1


@pytest.mark.parametrize(
    "value", [2**64, (), {1: 2}, {1}, 1j, np.float64(1), np.array([None]), np.array(["a"]), type("Text", (str,), {})()]
)
def test_what_would_come_back_as_something_else_is_not_plain(value):
    assert not is_plain(value)
    assert not is_plain([{"a": value}])


def test_nesting_beyond_what_is_looked_at_is_not_plain():
    value = []
    for _ in range(200):
        value = [value]
    assert not is_plain(value)


def test_lines_are_passed_on_when_they_are_whole():
    texts = []
    out = Output(texts.append)
    for piece in (b"one\ntw", b"o\n", b"thr", b"ee \xc3", b"\xa4\n", b"rest"):
        out.feed(piece)
    assert texts == ["one", "two", "three ä"]
    out.finish()
    assert texts == ["one", "two", "three ä", "rest"]
    out.finish()
    assert len(texts) == 4


def test_a_line_without_an_end_is_passed_on_in_pieces():
    texts = []
    out = Output(texts.append)
    out.feed(b"x" * 20_000)
    assert texts == ["x" * 20_000]


def test_a_flood_is_cut_and_what_is_missing_is_counted(monkeypatch):
    monkeypatch.setattr(output, "BYTES_PER_SECOND", 0)
    texts = []
    out = Output(texts.append)
    line = b"y" * 99 + b"\n"
    for _ in range(300):
        out.feed(line * 100)
    out.finish()
    assert sum(map(len, texts)) <= output.BURST_BYTES + KEPT_BYTES + 100
    missing = 300 * 10_000 - output.BURST_BYTES - KEPT_BYTES
    (note,) = (text for text in texts if "are not kept" in text)
    number = int(note.split()[0].strip("[").replace(",", ""))
    assert abs(number - missing) < 20_000


def test_after_a_flood_lines_are_passed_on_again(monkeypatch):
    monkeypatch.setattr(output.time, "monotonic", lambda: now)
    now, texts = 0.0, []
    out = Output(texts.append)
    for _ in range(300):
        out.feed(b"z" * 9_999 + b"\n")
    now = 60.0
    out.feed(b"later\n")
    assert texts[-1].startswith("[")
    assert texts[-1].endswith("z\nlater")
    out.feed(b"and on\n")
    assert texts[-1] == "and on"
