"""From the setting ``defaults.store`` to a store: in memory, a named file, or the one in the user's folder for data."""

from __future__ import annotations

import os
import sys
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

from qdock.errors import ConfigError, StoreError, StoreWarning

if TYPE_CHECKING:
    from qdock.store import Store

__all__ = ["network_file_system", "open_store", "user_path"]

#: The setting for the store in the user's folder.
USER_STORE = "sqlite:"

#: File systems of other hosts: neither SQLite's WAL nor a lock means there what it means here.
NETWORK_FILE_SYSTEMS = frozenset(
    (
        "9p",
        "afs",
        "beegfs",
        "ceph",
        "cifs",
        "fuse.ceph",
        "fuse.glusterfs",
        "fuse.s3fs",
        "fuse.sshfs",
        "gfs2",
        "glusterfs",
        "gpfs",
        "lustre",
        "ncpfs",
        "nfs",
        "nfs4",
        "orangefs",
        "pvfs2",
        "smb3",
        "smbfs",
        "virtiofs",
    )
)


def open_store(setting: str) -> Store:
    """Return the store that a setting names.

    The one in the user's folder, which nobody chose, can't be had on every machine; then job records stay in memory,
    with a warning.

    Raises
    ------
    ConfigError
        If the setting names none.
    StoreError
        If the file that it names can't be used.
    """
    from qdock.store import MemoryStore

    if setting == "memory:":
        return MemoryStore()
    try:
        return _open(_path(setting))
    except StoreError as error:
        if setting != USER_STORE:
            raise
        warnings.warn(
            f"Job records are kept in memory and end with this process. {error} If memory is what you want, set "
            "QDOCK_STORE to memory:.",
            StoreWarning,
            stacklevel=2,
        )
    return MemoryStore()


def user_path() -> Path:
    """Return the file in the user's folder for data."""
    import platformdirs

    return Path(platformdirs.user_data_dir("qdock", appauthor=False)) / "jobs.sqlite"


def _path(setting: str) -> Path:
    if setting == USER_STORE:
        return user_path()
    kind, _, rest = setting.partition("://")
    path = Path(os.path.expanduser(rest.removeprefix("/") if sys.platform == "win32" else rest))
    if kind != "sqlite" or not path.is_absolute():
        raise ConfigError(
            f"The setting `defaults.store` (QDOCK_STORE) is memory:, sqlite: or sqlite:///absolute/path, but is "
            f"{setting!r}."
        )
    return path


def _open(path: Path) -> Store:
    """Return the store in a file, which is made if there is none."""
    reason = _unusable(path)
    if reason is not None:
        raise StoreError(f"The store {path} can't be used: {reason}. Set QDOCK_STORE to another file, or to memory:.")
    from qdock.stores.sqlite_store import SqliteStore

    store = SqliteStore(path)
    store.open()
    return store


def _unusable(path: Path) -> str | None:
    """Return why no store can be at `path`, or None."""
    if not path.is_absolute():
        return "there is no home folder"
    try:
        # What was run and what came of it is the user's own.
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        return f"its folder can't be made ({error.strerror})"
    if not os.access(path.parent, os.W_OK) or (path.exists() and not os.access(path, os.W_OK)):
        return "it may not be written to"
    kind = network_file_system(path.parent)
    return f"it is on a network file system ({kind}), where no lock can be relied on" if kind else None


def network_file_system(folder: Path, mounts: str = "/proc/self/mountinfo") -> str | None:
    """Return the type of the network file system that a folder is on; None for one of this host, or where unknown."""
    try:
        lines = Path(mounts).read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return None
    where, found = str(folder.resolve()), ("", "")
    for line in lines:
        left, _, right = line.partition(" - ")
        # Spaces stand there as octal escapes.
        point = left.split()[4].replace("\\040", " ").rstrip("/")
        if (where + "/").startswith(point + "/") and len(point) >= len(found[0]):
            found = point, right.split()[0]
    return found[1] if found[1] in NETWORK_FILE_SYSTEMS else None
