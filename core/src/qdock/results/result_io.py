"""Files of JSON and arrays: written without pickle, and checked before anything is allocated for them.

A file is a zip archive that `numpy.load` can open too: one ``.npy`` member for each type of number, in which
all arrays of that type stand one after the other, and ``document.json``, which holds everything else, the shapes
of the arrays and a sha256 of each member. Members are stored, not compressed, so nothing can be larger in
memory than the file that it came from.
"""

from __future__ import annotations

import contextlib
import errno
import functools
import hashlib
import io
import json
import os
import secrets
import stat
import struct
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from qdock.common.json_guard import MAX_JSON_DEPTH, json_depth
from qdock.errors import LimitExceeded, ResultFormatError

if TYPE_CHECKING:
    # Where it is used it is imported: small results are written without it, and it takes its time.
    import zipfile

__all__ = [
    "MAX_ARRAY_BYTES",
    "ArrayReader",
    "ArrayWriter",
    "Piece",
    "archive_pieces",
    "check_array",
    "json_bytes",
    "read_archive",
    "write_archive",
]

#: Bytes on their way to a file.
Piece = bytes | memoryview

#: The largest array that is read or written unless the caller says otherwise.
MAX_ARRAY_BYTES = 4 << 30
MAX_JSON_BYTES = 64 << 20

# What a number may be at rest: little-endian, and the same on every platform.
_TYPES = {
    code: np.dtype(code if code in ("b1", "i1", "u1") else f"<{code}")
    for code in ("b1", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f2", "f4", "f8", "c8", "c16")
}
_DOCUMENT = "document.json"
_DIRECTORY_END = b"PK\x05\x06"
_DIRECTORY_END_SIZE = 22
_MAX_DIRECTORY_BYTES = 64 << 10
_MAX_HEADER_BYTES = 512
_CHUNK_BYTES = 4 << 20
#: Arrays up to this size are written in one piece.
_SMALL_BYTES = 4 << 20
_ENCODER = json.JSONEncoder(allow_nan=False, separators=(",", ":"))

# The records of a zip archive, as PKWARE's APPNOTE.TXT, sections 4.3.7, 4.3.12 and 4.3.16, has them: a member and its
# entry in the table of contents say the same of it, from the version to the length of what is left empty.
_ZIP_FACTS = struct.Struct("<5H3L2H")
_ZIP_MEMBER = b"PK\3\4"
_ZIP_MEMBER_SIZE = len(_ZIP_MEMBER) + _ZIP_FACTS.size
_ZIP_ENTRY = b"PK\1\2\x14\3"
_ZIP_ENTRY_END = struct.Struct("<3H2L")
_ZIP_END = struct.Struct("<4s4H2LH")


def check_array(name: str, array: NDArray[Any]) -> NDArray[Any]:
    """Return `array` in native byte order, or raise TypeError if it can't be stored."""
    if f"{array.dtype.kind}{array.dtype.itemsize}" not in _TYPES:
        raise TypeError(
            f"{name} is an array of type {array.dtype}, which can't be stored. Use integers, floats or complex numbers."
        )
    return array.astype(array.dtype.newbyteorder("="), copy=False)


# --- writing


class ArrayWriter:
    """Collects the arrays of a document; `add` returns what the document says in place of the array."""

    def __init__(self, limit: int = MAX_ARRAY_BYTES) -> None:
        self.limit, self.size = limit, 0
        self.arrays: dict[str, list[NDArray[Any]]] = {}

    def add(self, array: NDArray[Any]) -> str:
        """Take an array, and return the code of its type: reading takes the next array of that type."""
        size, dtype = array.nbytes, array.dtype
        if size > self.limit:
            _check_limit(size, self.limit)
        self.size += size
        code = f"{dtype.kind}{dtype.itemsize}"
        self.arrays.setdefault(code, []).append(array)
        return code


def write_archive(file: BinaryIO, document: dict[str, Any], writer: ArrayWriter) -> None:
    """Write `document`, JSON values with at most `MAX_JSON_DEPTH` levels, and the arrays that it refers to.

    Equal documents and arrays give equal bytes.
    """
    if writer.size <= _SMALL_BYTES:
        file.writelines(_small_archive(document, writer))
        return
    import zipfile

    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        plan = {code: _write_arrays(archive, code, items) for code, items in sorted(writer.arrays.items())}
        with archive.open(zipfile.ZipInfo(_DOCUMENT), "w") as member:
            member.write(_encode(document, plan))


def archive_pieces(document: dict[str, Any], writer: ArrayWriter) -> list[Piece]:
    """Return what `write_archive` writes, in pieces: large arrays as they are, without a copy."""
    if writer.size <= _SMALL_BYTES:
        return _small_archive(document, writer)
    file = io.BytesIO()
    write_archive(file, document, writer)
    return [file.getbuffer()]


def _small_archive(document: dict[str, Any], writer: ArrayWriter) -> list[Piece]:
    members: dict[str, tuple[bytes, Piece]] = {}
    plan = {}
    for code, items in sorted(writer.arrays.items()):
        pack = _joined([array.astype(_TYPES[code], copy=False) for array in items])
        plan[code] = _plan(items, hashlib.sha256(pack))
        members[f"{code}.npy"] = _npy_header(code, len(pack)), pack
    members[_DOCUMENT] = b"", _encode(document, plan)
    return _small_zip(members)


def _joined(arrays: list[NDArray[Any]]) -> Piece:
    """Return the bytes of arrays, one after the other."""
    if len(arrays) == 1 and arrays[0].size:
        return np.ascontiguousarray(arrays[0]).reshape(-1).view(np.uint8).data
    return b"".join([array.tobytes() for array in arrays])


def _encode(document: dict[str, Any], plan: dict[str, Any]) -> bytes:
    text = json_bytes({**document, "arrays": plan})
    _check_json(text)
    return text


def json_bytes(value: Any) -> bytes:
    """Return JSON values as a text in ASCII or UTF-8, or raise `ValueError` or `TypeError` for what is none."""
    try:
        text: bytes = _quick_encoder().encode(value)
    # Half of a surrogate pair, or a class of somebody's own.
    except (ValueError, TypeError):
        return _ENCODER.encode(value).encode()
    # It writes null for what is no number, which the slower one refuses.
    nulls = text.count(b"null")
    return text if not nulls or nulls == _nones(value) else _ENCODER.encode(value).encode()


def _nones(value: Any) -> int:
    """Return how many values are None, of an object and of those in it; deeper ones are not counted."""
    found = [*value.values()] if type(value) is dict else []
    for part in [*found]:
        if type(part) is dict:
            found += part.values()
    return found.count(None)


@functools.cache
def _quick_encoder() -> Any:
    import msgspec

    return msgspec.json.Encoder()


def _plan(arrays: list[NDArray[Any]], digest: Any) -> dict[str, Any]:
    """Return what a document says of the arrays of one type: their shapes and the sha256 of their data."""
    return {"shapes": [list(array.shape) for array in arrays], "sha256": digest.hexdigest()}


@functools.lru_cache(1024)
def _npy_header(code: str, size: int) -> bytes:
    """Return what stands before `size` bytes of numbers of one type."""
    file, length = io.BytesIO(), size // _TYPES[code].itemsize
    np.lib.format.write_array_header_1_0(file, {"descr": _TYPES[code].str, "fortran_order": False, "shape": (length,)})
    return file.getvalue()


def _small_zip(members: dict[str, tuple[bytes, Piece]]) -> list[Piece]:
    """Return the archive that zipfile would write, which takes far longer over a small one than its content does.

    The content of each member is in two pieces.
    """
    parts: list[Piece] = []
    entries: list[bytes] = []
    offset = 0
    for text, (head, rest) in members.items():
        name, size = text.encode(), len(head) + len(rest)
        # Version 2.0, no flags, stored, the first of January 1980.
        facts = _ZIP_FACTS.pack(20, 0, 0, 0, 33, zlib.crc32(rest, zlib.crc32(head)), size, size, len(name), 0)
        parts += (_ZIP_MEMBER + facts + name + head, rest)
        entries += (_ZIP_ENTRY, facts, _ZIP_ENTRY_END.pack(0, 0, 0, 0o600 << 16, offset), name)
        offset += _ZIP_MEMBER_SIZE + len(name) + size
    directory = b"".join(entries)
    end = _ZIP_END.pack(_DIRECTORY_END, 0, 0, len(members), len(members), len(directory), offset, 0)
    return [*parts, directory + end]


def _write_arrays(archive: zipfile.ZipFile, code: str, arrays: list[NDArray[Any]]) -> dict[str, Any]:
    """Write the arrays of one type into one member, and return their shapes and the sha256 of their data."""
    import zipfile

    digest = hashlib.sha256()
    size = sum(array.size for array in arrays) * _TYPES[code].itemsize
    large = size > zipfile.ZIP64_LIMIT // 2
    with archive.open(zipfile.ZipInfo(f"{code}.npy"), "w", force_zip64=large) as member:
        member.write(_npy_header(code, size))
        for chunk in _chunks(arrays, _TYPES[code]):
            digest.update(chunk)
            member.write(chunk)
    return _plan(arrays, digest)


def _chunks(arrays: list[NDArray[Any]], dtype: np.dtype[Any]) -> Iterator[memoryview]:
    """Yield the arrays' bytes in pieces: a copy of a large array at once may not fit in memory."""
    for array in arrays:
        data = np.ascontiguousarray(array, dtype).reshape(-1).view(np.uint8).data
        yield from (data[start : start + _CHUNK_BYTES] for start in range(0, len(data), _CHUNK_BYTES))


def save_file(path: str | os.PathLike[str], write: Callable[[BinaryIO], None]) -> None:
    """Write a file beside `path` and move it there when it is whole, so that `path` is never half a file."""
    target = Path(path)
    # Otherwise the error would be about the file beside it, which nobody has heard of.
    if target.is_dir():
        raise IsADirectoryError(errno.EISDIR, "This is a folder; give the name of a file in it", str(target))
    if target.exists() and not target.is_file():
        # A device or a pipe would be replaced by a file of its name.
        raise FileExistsError(
            errno.EEXIST, "This is no regular file; give the name of one, or of none yet", str(target)
        )
    if not target.parent.is_dir():
        raise FileNotFoundError(errno.ENOENT, "There is no such folder to save a result in", str(target.parent))
    temporary = target.with_name(f".{target.name}.{secrets.token_hex(4)}.tmp")
    try:
        with temporary.open("xb") as file:
            write(file)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(target)
    except BaseException:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise


# --- reading


class ArrayReader:
    """Hands out the arrays of a document in the order in which they were added."""

    def __init__(self, arrays: dict[str, list[NDArray[Any]]]) -> None:
        self._next = {code: iter(items) for code, items in arrays.items()}

    def take(self, code: Any) -> NDArray[Any]:
        """Return the next array of a type."""
        array = next(self._next[code], None) if isinstance(code, str) and code in self._next else None
        if array is None:
            raise ResultFormatError(f"The file is damaged: it refers to an array of type {code!r} that is not there.")
        return array

    def finish(self) -> None:
        """Check that every array was taken."""
        for code, rest in self._next.items():
            if next(rest, None) is not None:
                raise ResultFormatError(f"The file is damaged: nothing refers to an array of type {code!r} in it.")


@contextlib.contextmanager
def open_file(path: str | os.PathLike[str]) -> Iterator[BinaryIO]:
    """Open a regular file for reading; a pipe or a device, which might never end, is refused."""
    if not stat.S_ISREG(os.stat(path).st_mode):
        raise ResultFormatError(f"{os.fspath(path)!r} is not a regular file, so no result can be loaded from it.")
    with open(path, "rb") as file:
        yield file


def read_archive(file: BinaryIO, limit: int = MAX_ARRAY_BYTES) -> tuple[dict[str, Any], ArrayReader]:
    """Return the document and the arrays of a file that `write_archive` wrote.

    Parameters
    ----------
    file : binary file
        Seekable; its content need not be trusted.
    limit : int
        Bytes of the largest array to accept.

    Raises
    ------
    ResultFormatError
        If the file is damaged, cut short, or not such a file.
    LimitExceeded
        If an array or the JSON is too large.
    """
    import zipfile

    try:
        size = _check_directory(file)
        with zipfile.ZipFile(file) as archive:
            return _read_members(archive, size, limit)
    except (ResultFormatError, LimitExceeded):
        raise
    # What zipfile, json and numpy.lib.format are known to raise over mutated files.
    except (zipfile.BadZipFile, EOFError, OSError, ValueError, RuntimeError, LookupError, struct.error) as error:
        raise ResultFormatError(f"The file is damaged, or no result of qdock: {error}.") from error


def _check_directory(file: BinaryIO) -> int:
    """Return the file's size, once its table of contents is known to be there and small."""
    size = file.seek(0, os.SEEK_END)
    file.seek(max(size - _DIRECTORY_END_SIZE - 20, 0))
    tail = file.read()
    end = tail[-_DIRECTORY_END_SIZE:]
    if len(end) < _DIRECTORY_END_SIZE or not end.startswith(_DIRECTORY_END):
        raise ResultFormatError("The file is cut short, or no result of qdock: it has no table of contents at its end.")
    # A second, 64-bit table of contents may only be there if the file is too large for the first.
    large = tail.startswith(b"PK\x06\x07")
    entries = int.from_bytes(end[10:12], "little")
    directory = int.from_bytes(end[12:16], "little")
    if entries > len(_TYPES) + 1 or directory > _MAX_DIRECTORY_BYTES or (large and size < 1 << 32):
        raise ResultFormatError(f"The file is damaged, or no result of qdock: it lists {entries} members.")
    return size


def _read_members(archive: zipfile.ZipFile, size: int, limit: int) -> tuple[dict[str, Any], ArrayReader]:
    members = _check_members(archive, size)
    document = _read_json(archive, members.pop(_DOCUMENT))
    plan = document.pop("arrays", None)
    if not isinstance(plan, dict) or {f"{code}.npy" for code in plan} != set(members):
        raise ResultFormatError("The file is damaged: its arrays are not those that its document lists.")
    lengths = {code: _check_shapes(code, entry, limit) for code, entry in plan.items()}
    arrays = {}
    for code, entry in plan.items():
        pack = _read_pack(archive, members[f"{code}.npy"], code, lengths[code], entry.get("sha256"))
        arrays[code] = _split(pack, entry["shapes"])
    return document, ArrayReader(arrays)


def _check_members(archive: zipfile.ZipFile, size: int) -> dict[str, zipfile.ZipInfo]:
    """Return the members by name, once each is known to be one of ours, stored as it is, and inside the file."""
    import zipfile

    allowed = {_DOCUMENT, *(f"{code}.npy" for code in _TYPES)}
    members: dict[str, zipfile.ZipInfo] = {}
    for info in archive.infolist():
        if info.filename not in allowed or info.filename in members:
            raise ResultFormatError(f"The file is no result of qdock: it has a member {info.filename[:60]!r}.")
        if info.compress_type != zipfile.ZIP_STORED or info.file_size != info.compress_size or info.flag_bits & 1:
            raise ResultFormatError(f"The file is no result of qdock: its member {info.filename!r} is compressed.")
        members[info.filename] = info
    if sum(info.file_size for info in members.values()) > size:
        raise ResultFormatError("The file is damaged: its members overlap.")
    if _DOCUMENT not in members:
        raise ResultFormatError(f"The file is no result of qdock: it has no member {_DOCUMENT!r}.")
    return members


def _check_shapes(code: str, entry: Any, limit: int) -> int:
    """Return how many numbers the arrays of a type have, once each is known to be within the limit."""
    shapes = entry.get("shapes") if isinstance(entry, dict) else None
    if code not in _TYPES or not isinstance(shapes, list):
        raise ResultFormatError(f"The file is damaged: it does not say how its arrays of type {code!r} are shaped.")
    total = 0
    for shape in shapes:
        size = _size(shape)
        _check_limit(size * _TYPES[code].itemsize, limit)
        total += size
    return total


def _size(shape: Any) -> int:
    if not isinstance(shape, list) or len(shape) > 32:
        raise ResultFormatError(f"The file is damaged: {str(shape)[:60]} is no shape of an array.")
    size = 1
    for length in shape:
        if isinstance(length, bool) or not isinstance(length, int) or not 0 <= length < 1 << 48:
            raise ResultFormatError(f"The file is damaged: {str(length)[:60]} is no length of an array.")
        size *= length
    return size


def _read_pack(archive: zipfile.ZipFile, info: zipfile.ZipInfo, code: str, length: int, sha256: Any) -> NDArray[Any]:
    """Return all numbers of a type, read in one pass that also takes their sha256."""
    dtype = _TYPES[code]
    with archive.open(info) as member:
        _check_header(member, info.filename, dtype, length)
        if info.file_size != member.tell() + length * dtype.itemsize:
            raise ResultFormatError(
                f"The file is damaged: member {info.filename!r} of {info.file_size:,} bytes is no array of {length:,} "
                f"numbers of type {dtype}."
            )
        pack = np.empty(length, dtype)
        found = _fill(pack.view(np.uint8).data, member)
    if found != sha256:
        raise ResultFormatError(f"The file is damaged: the sha256 of member {info.filename!r} is not the one recorded.")
    if code == "b1" and (pack.view(np.uint8) > 1).any():
        raise ResultFormatError(f"The file is damaged: member {info.filename!r} has a truth value that is neither.")
    return pack.astype(dtype.newbyteorder("="), copy=False)


def _check_header(member: IO[bytes], name: str, dtype: np.dtype[Any], length: int) -> None:
    """Raise unless the header is the one expected, compared as text: nothing of it is evaluated."""
    expected = f"{{'descr': '{dtype.str}', 'fortran_order': False, 'shape': ({length},), }}"
    start = member.read(10)
    header = member.read(min(int.from_bytes(start[8:], "little"), _MAX_HEADER_BYTES))
    if not start.startswith(b"\x93NUMPY\x01\x00") or header.rstrip(b" \n") != expected.encode():
        raise ResultFormatError(f"The file is damaged: the header of member {name!r} is not {expected}.")


def _fill(buffer: memoryview, member: IO[bytes]) -> str:
    """Read the rest of `member`, which is as long as `buffer`, into it; return the sha256."""
    digest = hashlib.sha256()
    for start in range(0, len(buffer), _CHUNK_BYTES):
        piece = buffer[start : start + _CHUNK_BYTES]
        data = member.read(len(piece))
        digest.update(data)
        piece[:] = data
    return digest.hexdigest()


def _split(pack: NDArray[Any], shapes: list[list[int]]) -> list[NDArray[Any]]:
    arrays, start = [], 0
    for shape in shapes:
        stop = start + _size(shape)
        arrays.append(pack[start:stop].reshape(shape))
        start = stop
    return arrays


def _check_limit(size: int, limit: int) -> None:
    if size > limit:
        raise LimitExceeded(f"A result's array of {size:,} bytes is over the limit of {limit:,} bytes for one array.")


# --- JSON


def _read_json(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> dict[str, Any]:
    if info.file_size > MAX_JSON_BYTES:
        raise LimitExceeded(f"JSON of {info.file_size:,} bytes is over the limit of {MAX_JSON_BYTES:,} bytes.")
    text = archive.read(info)
    _check_json(text)
    document = json.loads(
        text, parse_constant=_refuse_constant, parse_float=_finite_float, object_pairs_hook=_distinct_keys
    )
    if not isinstance(document, dict):
        raise ResultFormatError("The file is no result of qdock: its document is not a JSON object.")
    return document


def _check_json(text: bytes) -> None:
    """Raise if the JSON is too large or too deep: decoding deep JSON would exhaust the stack."""
    if len(text) > MAX_JSON_BYTES:
        raise LimitExceeded(f"JSON of {len(text):,} bytes is over the limit of {MAX_JSON_BYTES:,} bytes.")
    # Fewer brackets than that can't be nested so deep.
    depth = json_depth(text) if text.count(b"[") + text.count(b"{") > MAX_JSON_DEPTH else 0
    if depth > MAX_JSON_DEPTH:
        raise LimitExceeded(f"JSON nested {depth:,} deep is over the limit of {MAX_JSON_DEPTH} levels.")


def _refuse_constant(text: str) -> float:
    raise ResultFormatError(f"The file is no result of qdock: its JSON has a {text}, which is no number.")


def _finite_float(text: str) -> float:
    number = float(text)
    if not np.isfinite(number):
        raise ResultFormatError(f"The file is no result of qdock: its JSON has the number {text[:60]}.")
    return number


def _distinct_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    values = dict(pairs)
    if len(values) != len(pairs):
        raise ResultFormatError("The file is no result of qdock: its JSON has a key twice.")
    return values
