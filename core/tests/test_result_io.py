"""Results at rest: equal afterwards, and refused if anything about the file is not as it was written."""

from __future__ import annotations

import copy
import io
import json
import math
import os
import pickle
import random
import struct
import tracemalloc
import zipfile
from collections import Counter
from enum import IntEnum

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from qdock.circuit import Circuit
from qdock.errors import LimitExceeded, QdockError, ResultError, ResultFormatError
from qdock.result import CircuitResult, Result
from qdock.results import result_io
from qdock.results.result_io import MAX_JSON_DEPTH, json_bytes, json_depth

WIDE = Circuit(1, 70, name="wide")
TEXT = st.text(max_size=8)
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**200), 2**200)
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=8,
)
DTYPES = st.sampled_from(["?", "i1", "<i2", ">i4", "<u8", "f2", ">f4", "<f8", "c8", ">c16"])
ARRAYS = DTYPES.flatmap(lambda dtype: hnp.arrays(dtype, hnp.array_shapes(min_dims=0, min_side=0, max_side=3)))
MAPPINGS = st.dictionaries(TEXT, JSON, max_size=3)


@st.composite
def entries(draw):
    values = draw(st.lists(st.sampled_from([0, 1, 2**65, 2**70 - 1]), max_size=8))
    fields = draw(
        st.fixed_dictionaries(
            {},
            optional={
                "name": TEXT,
                "seed": st.integers(0, 2**64 - 1),
                "seconds": st.floats(0, 1e9),
                "statevector": st.sampled_from([[1, 0], np.array([0, 1j], np.complex64)]),
                "unitary": st.just(np.eye(2)),
                "probabilities": st.sampled_from([[0.25, 0.75], {0: 0.5, 2**69: 0.5}]),
                "header": MAPPINGS,
                "data": st.dictionaries(TEXT, JSON | ARRAYS, max_size=3),
                "error": TEXT,
            },
        )
    )
    if not draw(st.booleans()):
        return CircuitResult.from_circuit(WIDE, **fields)
    rows = np.array([[value & (2**64 - 1), value >> 64] for value in values], np.uint64).reshape(len(values), 2)
    memory = np.arange(len(values)) if draw(st.booleans()) else None
    return CircuitResult.from_outcomes(WIDE, rows, memory=memory, **fields)


# --- the trip there and back


@given(parts=st.lists(entries(), max_size=3), metadata=MAPPINGS)
def test_a_result_is_equal_after_the_trip_through_bytes(parts, metadata):
    result = Result(parts, metadata)
    data = result.to_bytes()
    again = Result.from_bytes(data)
    assert again == result
    assert [entry.seconds for entry in again] == [entry.seconds for entry in result]
    assert again.to_bytes() == data


@given(entry=entries())
def test_a_result_is_equal_after_pickling(entry):
    assert pickle.loads(pickle.dumps(Result([entry]))) == Result([entry])


@pytest.fixture(scope="module")
def result():
    """A result with an array of every kind."""
    wide = CircuitResult.from_outcomes(WIDE, np.array([[1, 0], [0, 63], [1, 0]], np.uint64), memory=[0, 1, 2, 1])
    exact = CircuitResult(
        name="exact",
        seed=2**64 - 1,
        seconds=0.1,
        statevector=np.array([0.6, 0.8j]),
        unitary=np.eye(2),
        probabilities=[0.36, 0.64],
        header={"a": [1, None, {"b": "\ud800 é ☃"}]},
        data={"gradient": np.arange(6.0).reshape(2, 3), "energy": -1.5, "missing": np.array([np.nan])},
    )
    return Result([wide, exact, CircuitResult(name="failed", error="lost")], {"job_id": "j", "seed": 3})


@pytest.fixture(scope="module")
def data(result):
    return result.to_bytes()


def test_a_result_is_equal_after_the_trip_through_a_file(result, data, tmp_path):
    path = tmp_path / "with space é.qdock"
    result.save(path)
    result.save(str(path))
    assert Result.load(str(path)) == result
    assert path.read_bytes() == data
    assert os.listdir(tmp_path) == [path.name]


def test_what_was_read_is_read_only(data):
    again = Result.from_bytes(data)
    assert not again[1].statevector.flags.writeable
    assert not again[1].data["gradient"].flags.writeable


def test_numpy_alone_can_read_the_file(data):
    with np.load(io.BytesIO(data), allow_pickle=False) as archive:
        assert archive["c16.npy"].tolist() == [0.6, 0.8j, 1, 0, 0, 1]
        assert json.loads(archive["document.json"])["entries"][1]["name"] == "exact"


def test_an_array_larger_than_a_piece_is_read_and_written_whole(monkeypatch):
    monkeypatch.setattr(result_io, "_CHUNK_BYTES", 100)
    result = Result([CircuitResult(data={"x": np.arange(333.0), "y": np.arange(50.0)[::-2]})])
    assert Result.from_bytes(result.to_bytes()) == result


def test_saving_that_fails_leaves_the_old_file_and_nothing_else(result, tmp_path, monkeypatch):
    path = tmp_path / "result"
    result.save(path)
    before = path.read_bytes()

    def no_room(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(result_io, "write_archive", no_room)
    with pytest.raises(OSError, match="No space left"):
        Result.empty().save(path)
    assert path.read_bytes() == before
    assert os.listdir(tmp_path) == ["result"]


def test_a_device_or_pipe_is_not_replaced_by_a_file(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with pytest.raises(FileExistsError, match="This is no regular file"):
        Result([]).save(pipe)
    assert pipe.is_fifo()


def test_a_place_that_is_no_file_is_named_when_a_result_is_saved(tmp_path):
    result = Result([CircuitResult(error="x")])
    with pytest.raises(IsADirectoryError, match="This is a folder") as folder:
        result.save(tmp_path)
    assert folder.value.filename == str(tmp_path)
    with pytest.raises(FileNotFoundError, match="There is no such folder") as missing:
        result.save(tmp_path / "nowhere" / "one.result")
    assert missing.value.filename == str(tmp_path / "nowhere")


def test_a_result_too_large_to_load_is_not_saved(monkeypatch):
    state = np.zeros(1 << 10, np.complex128)
    with pytest.raises(LimitExceeded, match="array of 16,384 bytes is over the limit of 1,024 bytes"):
        result_io.ArrayWriter(limit=1024).add(state)
    monkeypatch.setattr(result_io, "MAX_JSON_BYTES", 100)
    with pytest.raises(LimitExceeded, match="over the limit of 100 bytes"):
        Result.empty().with_metadata(x="y" * 100).to_bytes()


def test_a_small_archive_is_the_one_that_zipfile_writes(monkeypatch):
    entries = [
        CircuitResult(name="ü", data={"a": np.arange(5), "b": np.ones((2, 3)), "c": np.array(1j), "d": np.zeros(0)}),
        CircuitResult(name="none"),
    ]
    for result in (Result(entries), Result.empty()):
        small = result.to_bytes()
        monkeypatch.setattr(result_io, "_SMALL_BYTES", -1)
        assert small == result.to_bytes()
        monkeypatch.undo()


# --- files that are not as they were written


def members_of(data):
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def archive_of(members, compression=zipfile.ZIP_STORED):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", compression) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return file.getvalue()


def changed(data, member=None, content=None, **document):
    """Return the file with a member replaced, or left out, and keys of its document changed."""
    members = members_of(data)
    if member is not None:
        members[member] = content
    if document:
        members["document.json"] = json.dumps({**json.loads(members["document.json"]), **document}).encode()
    return archive_of({name: value for name, value in members.items() if value is not None})


def with_array(data, code, **entry):
    """Return the file with another entry for the arrays of one type."""
    arrays = json.loads(members_of(data)["document.json"])["arrays"]
    return changed(data, arrays={**arrays, code: {**arrays.get(code, {}), **entry}})


def with_entry(file, **fields):
    """Return the file with fields of its second entry changed."""
    listed = json.loads(members_of(file)["document.json"])["entries"]
    return changed(file, entries=[listed[0], {**listed[1], **fields}, listed[2]])


def npy(array, allow_pickle=False):
    file = io.BytesIO()
    np.lib.format.write_array(file, array, allow_pickle=allow_pickle)
    return file.getvalue()


class Bomb:
    """Would say so if it were ever unpickled."""

    def __reduce__(self):
        return exec, ("raise SystemExit('unpickled')",)


DEEP = "[" * 200 + "]" * 200
HOSTILE = {
    "empty": (lambda _: b"", "cut short, or no result of qdock: it has no table of contents"),
    "foreign": (lambda _: b"\x89PNG" * 100, "no table of contents"),
    "a zip archive of something else": (lambda _: archive_of({"a": b"b"}), "it has a member 'a'"),
    "an archive of nothing": (lambda _: archive_of({}), "it has no member 'document.json'"),
    "without its beginning": (lambda data: data[1:], "damaged"),
    "without its end": (lambda data: data[:-1], "no table of contents"),
    "with a comment": (lambda data: data[:-2] + b"\x01\x00!", "no table of contents"),
    "compressed": (lambda data: archive_of(members_of(data), zipfile.ZIP_DEFLATED), "member '.*' is compressed"),
    "bomb": (lambda _: archive_of({"f8.npy": npy(np.zeros(10**6))}, zipfile.ZIP_LZMA), "'f8.npy' is compressed"),
    "many members": (lambda _: archive_of({str(index): b"" for index in range(999)}), "lists 999 members"),
    "long names": (lambda _: archive_of({f"{index}" * 60000: b"" for index in range(9)}), "lists 9 members"),
    "member missing": (lambda data: changed(data, "c16.npy"), "arrays are not those that its document lists"),
    "document missing": (lambda data: changed(data, "document.json"), "no member 'document.json'"),
    "member too many": (lambda data: changed(data, "u2.npy", b""), "arrays are not those"),
    "no arrays": (lambda data: changed(data, arrays=[]), "arrays are not those"),
    "object array": (
        lambda data: changed(data, "c16.npy", npy(np.array([Bomb()]), True)),
        "header of member 'c16.npy'",
    ),
    "pickle": (lambda data: changed(data, "c16.npy", pickle.dumps(Bomb())), "header of member 'c16.npy' is not"),
    "pickle as document": (lambda data: changed(data, "document.json", pickle.dumps(Bomb())), "damaged"),
    "other type": (lambda data: changed(data, "c16.npy", npy(np.arange(6))), "header of member 'c16.npy' is not"),
    "other length": (lambda data: changed(data, "c16.npy", npy(np.zeros(7, complex))), "header of member"),
    "other shape": (lambda data: changed(data, "c16.npy", npy(np.zeros((6, 1), complex))), "header of member"),
    "other version": (lambda data: changed(data, "c16.npy", b"\x93NUMPY\x02\x00" + bytes(99)), "header of member"),
    "code in a header": (lambda data: changed(data, "c16.npy", b"\x93NUMPY\x01\x00\x0a\x00exit(0)   "), "header"),
    "data missing": (lambda data: changed(data, "c16.npy", npy(np.zeros(6, complex))[:-1]), "of 223 bytes is no array"),
    "data too many": (lambda data: changed(data, "c16.npy", npy(np.zeros(6, complex)) + b"0"), "of 225 bytes is no"),
    "other data": (lambda data: changed(data, "c16.npy", npy(np.zeros(6, complex))), "sha256 of member 'c16.npy'"),
    "other hash": (lambda data: with_array(data, "c16", sha256="0" * 64), "sha256 of member 'c16.npy'"),
    "no hash": (lambda data: with_array(data, "c16", sha256=None), "sha256 of member 'c16.npy'"),
    "huge shape": (lambda data: with_array(data, "c16", shapes=[[1 << 40]]), "over the limit of 4,294,967,296 bytes"),
    "huge product": (lambda data: with_array(data, "c16", shapes=[[1 << 40] * 9]), "over the limit"),
    "many huge": (lambda data: with_array(data, "c16", shapes=[[1 << 27]] * 9), "header of member"),
    "huge and empty": (lambda data: with_array(data, "c16", shapes=[[6], [0, 1 << 47, 1 << 47]]), "damaged"),
    "length no number": (lambda data: with_array(data, "c16", shapes=[["6"]]), "6 is no length of an array"),
    "length negative": (lambda data: with_array(data, "c16", shapes=[[-6]]), "-6 is no length"),
    "length a bool": (lambda data: with_array(data, "c16", shapes=[[True]]), "True is no length"),
    "length over 2**48": (lambda data: with_array(data, "c16", shapes=[[1 << 50]]), "is no length"),
    "shape no list": (lambda data: with_array(data, "c16", shapes=[6]), "6 is no shape of an array"),
    "too many axes": (lambda data: with_array(data, "c16", shapes=[[1] * 99]), "is no shape of an array"),
    "shapes missing": (lambda data: with_array(data, "c16", shapes=None), "does not say how its arrays of type 'c16'"),
    "JSON cut short": (lambda data: changed(data, "document.json", b'{"a": ['), "damaged"),
    "JSON not UTF-8": (lambda data: changed(data, "document.json", b'"\xff"'), "damaged"),
    "JSON no object": (lambda data: changed(data, "document.json", b"[]"), "its document is not a JSON object"),
    "JSON with NaN": (lambda data: changed(data, metadata={"a": float("nan")}), "its JSON has a NaN"),
    "JSON with infinity": (lambda data: changed(data, metadata={"a": -float("inf")}), "its JSON has a -Infinity"),
    "JSON with 1e999": (lambda data: changed(data, "document.json", b'{"a": 1e999}'), "its JSON has the number 1e999"),
    "JSON with a key twice": (lambda data: changed(data, "document.json", b'{"a": 1, "a": 2}'), "has a key twice"),
    "JSON with a long integer": (lambda data: changed(data, "document.json", b"9" * 9999), "damaged"),
    "deep JSON": (lambda data: changed(data, "document.json", DEEP.encode()), "JSON nested 200 deep is over the limit"),
    "very deep JSON": (lambda data: changed(data, "document.json", b"[" * 10**6), "JSON nested 1,000,000 deep"),
    "other format": (lambda data: changed(data, format="other"), "holds 'other' of version 1, but"),
    "newer version": (lambda data: changed(data, version=3), "reads 'qdock-result' of version 1 and 2"),
    "no entries": (lambda data: changed(data, entries={}), "no list of entries"),
    "no metadata": (lambda data: changed(data, metadata=3), "`metadata` of a result is a mapping, but 3 was given"),
    "an entry too few": (lambda data: changed(data, entries=[]), "nothing refers to an array of type"),
    "an entry that is none": (lambda data: changed(data, entries=[3]), "does not have the fields of one"),
    "an entry with a field more": (lambda data: with_entry(data, more=1), "does not have the fields of one"),
    "an entry with a wrong field": (lambda data: with_entry(data, shots=-1), "`shots` of a result is at least 0"),
    "an entry with a long register": (lambda data: with_entry(data, registers=[["a", 1 << 70]]), "`num_clbits` is at"),
    "a register that is none": (lambda data: with_entry(data, registers=[[1, 2, 3]]), "damaged"),
    "registers that are none": (lambda data: with_entry(data, registers=3), "damaged"),
    "arrays that are none": (lambda data: with_entry(data, arrays=3), "a part of an entry in it is no JSON object"),
    "an array of another name": (lambda data: with_entry(data, arrays={"x": "f8"}), "does not have the arrays of one"),
    "an array twice": (lambda data: with_entry(data, data={"missing": 1}), "does not have the arrays of one"),
    "an array of no type": (lambda data: with_entry(data, arrays={"unitary": "x"}), "an array of type 'x' that is not"),
    "an array of type list": (lambda data: with_entry(data, arrays={"unitary": [1]}), r"an array of type \[1\]"),
    "an array in a wrong place": (lambda data: with_entry(data, arrays={"outcomes": "f8"}), "damaged"),
    "a bool of two": (
        lambda _: saved(data={"x": np.frombuffer(b"\2", np.bool_)}),
        "member 'b1.npy' has a truth value that is neither",
    ),
    "NaN in a state": (lambda _: saved(statevector=[np.nan, 0]), "`statevector` has a number that is not finite"),
    "infinite probability": (lambda _: saved(probabilities=[np.inf, 0]), "`probabilities` has a number that is not"),
}


def saved(**fields):
    return Result([CircuitResult(**fields)]).to_bytes()


@pytest.mark.parametrize("case", HOSTILE)
def test_a_hostile_file_is_refused_with_a_reason(data, case, tmp_path):
    make, message = HOSTILE[case]
    path = tmp_path / "hostile"
    path.write_bytes(make(data))
    with pytest.raises((ResultFormatError, LimitExceeded), match=message) as caught:
        Result.load(path)
    assert isinstance(caught.value, ValueError)
    with pytest.raises(QdockError, match=message):
        Result.from_bytes(make(data))


@pytest.mark.parametrize("case", ["bomb", "huge shape", "huge product", "many huge", "very deep JSON", "many members"])
def test_a_hostile_file_is_refused_before_anything_is_allocated_for_it(data, case):
    hostile = HOSTILE[case][0](data)
    tracemalloc.start()
    with pytest.raises(QdockError):
        Result.from_bytes(hostile)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 10 * len(hostile) + 2**20


def test_members_that_share_their_bytes_are_refused():
    """A directory that lists one large member under several names would read it several times."""
    content = npy(np.zeros(1000))
    good = archive_of({"f8.npy": content, "i8.npy": content})
    offset = good.index(b"PK\x01\x02", good.index(b"PK\x01\x02") + 1)
    shared = bytearray(good)
    shared[offset + 42 : offset + 46] = bytes(4)
    local_end = good.index(b"PK\x03\x04", 4)
    overlapping = bytes(shared[:local_end] + shared[good.index(b"PK\x01\x02") :])
    moved = bytearray(overlapping)
    struct.pack_into("<I", moved, len(moved) - 6, local_end)
    with pytest.raises(ResultFormatError, match="members overlap"):
        Result.from_bytes(bytes(moved))


def test_a_second_directory_is_refused_in_a_small_file(data):
    locator = b"PK\x06\x07" + bytes(16)
    with pytest.raises(ResultFormatError, match="lists 6 members"):
        Result.from_bytes(data[:-22] + locator + data[-22:])


def test_the_limit_can_be_set(data):
    with pytest.raises(LimitExceeded, match="array of 64 bytes is over the limit of 50 bytes"):
        Result.from_bytes(data, limit=50)


def test_large_json_is_refused_unread(data, monkeypatch):
    monkeypatch.setattr(result_io, "MAX_JSON_BYTES", 100)
    with pytest.raises(LimitExceeded, match=r"JSON of [\d,]+ bytes is over the limit of 100 bytes"):
        Result.from_bytes(data)


def test_what_is_no_regular_file_is_refused(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", tmp_path):
        with pytest.raises(ResultFormatError, match="is not a regular file"):
            Result.load(path)
    with pytest.raises(FileNotFoundError):
        Result.load(tmp_path / "missing")


@pytest.mark.parametrize("kind", ["flip", "cut", "insert", "double", "zero", "swap"])
def test_mutated_files_are_refused_or_give_the_same_result(data, result, kind):
    rng = random.Random(kind)
    refused = 0
    for _ in range(200):
        try:
            assert Result.from_bytes(mutated(data, kind, rng)) == result
        except ResultError:
            refused += 1
    assert refused > 100


def mutated(data, kind, rng):
    at, size = rng.randrange(len(data)), rng.randrange(1, 40)
    flipped = bytes([data[at] ^ 1 << rng.randrange(8)])
    other = rng.randrange(len(data))
    return {
        "flip": data[:at] + flipped + data[at + 1 :],
        "cut": data[:at] + data[at + size :],
        "insert": data[:at] + rng.randbytes(size) + data[at:],
        "double": data[:at] + data[at : at + size] * 2 + data[at + size :],
        "zero": data[:at] + bytes(size) + data[at + size :],
        "swap": data[:at] + data[other : other + size] + data[at + size :],
    }[kind]


HOSTILE_VALUES = [None, True, -1, 2, 10**400, 1e308, "x", "u8", [], [[]], [None], {}, {"x": 1}, [["c", 2]], [[2**60]]]


def test_documents_with_any_part_replaced_are_refused_or_readable(data):
    rng, refused = random.Random(1), 0
    for _ in range(600):
        document = json.loads(members_of(data)["document.json"])
        replace_somewhere(document, rng)
        try:
            Result.from_bytes(changed(data, "document.json", json.dumps(document).encode())).to_dict()
        except (ResultError, LimitExceeded):
            refused += 1
    assert refused > 300


def replace_somewhere(value, rng):
    """Replace, in place, a part of a JSON value that is chosen at random."""
    key = rng.choice(list(value) if isinstance(value, dict) else range(len(value)))
    if isinstance(value[key], (dict, list)) and value[key] and rng.random() < 0.8:
        replace_somewhere(value[key], rng)
    else:
        value[key] = copy.deepcopy(rng.choice(HOSTILE_VALUES))


def test_every_file_that_ends_early_is_refused(data):
    for size in range(0, len(data), 7):
        with pytest.raises(ResultFormatError, match="The file is"):
            Result.from_bytes(data[:size])


# --- JSON


@given(value=JSON)
def test_depth_is_that_of_the_decoded_value(value):
    def depth(part):
        if isinstance(part, dict):
            return 1 + max(map(depth, part.values()), default=0)
        return 1 + max(map(depth, part), default=0) if isinstance(part, list) else 0

    assert json_depth(json.dumps(value).encode()) == depth(value)


@pytest.mark.parametrize(
    "text,depth",
    [(b'"[["', 0), (b'"\\"[["', 0), (b'["\\\\"[', 2), (b'"' + b'\\"' * 10**6 + b"[[", 0), (b'"\\', 0), (b"", 0)],
)
def test_brackets_inside_strings_are_no_depth(text, depth):
    assert json_depth(text) == depth


def test_the_deepest_header_that_can_be_made_can_be_stored():
    header: dict = {}
    for _ in range(MAX_JSON_DEPTH - 9):
        header = {"a": header}
    result = Result([CircuitResult(header=header, data=header)], header)
    assert Result.from_bytes(result.to_bytes()) == result


def test_counts_of_a_loaded_result_are_those_that_were_saved():
    values = Counter({index * 7919 % 2**70: index + 1 for index in range(50)})
    saved = Result([CircuitResult.from_counts(WIDE, values)])
    assert Result.from_bytes(saved.to_bytes()).get_counts().int_outcomes() == values


@pytest.mark.parametrize(
    "value", [None, "\ud800", "\u00e9", 2**200, -(2**70), [1.5, {"a": [True]}], IntEnum("Kind", "A").A]
)
def test_json_is_the_same_whichever_encoder_writes_it(value):
    assert json.loads(json_bytes({"value": value})) == json.loads(json.dumps({"value": value}))


@pytest.mark.parametrize(
    "value", [{"a": None, "b": {"c": None}}, {"a": "null", "b": None}, {"a": [None, [None]]}, [None]]
)
def test_nulls_that_are_meant_are_written_and_none_hides_what_is_no_number(value):
    assert json.loads(json_bytes(value)) == value
    for hidden in ({"z": math.nan, "v": value}, {"v": value, "z": {"y": math.inf}}, [value, [math.nan]]):
        with pytest.raises(ValueError, match="JSON"):
            json_bytes(hidden)


@pytest.mark.parametrize("value, error", [(math.nan, ValueError), (math.inf, ValueError), (object(), TypeError)])
def test_what_is_no_json_is_refused_and_never_written_as_null(value, error):
    with pytest.raises(error, match="JSON"):
        json_bytes({"value": value})
