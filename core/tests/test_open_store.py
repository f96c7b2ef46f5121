"""Which store a setting names, and what happens where it can't be had."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import apsw
import pytest

from qdock.config import Config
from qdock.dock import Dock
from qdock.errors import ConfigError, StoreError, StoreWarning
from qdock.store import MemoryStore
from qdock.stores import open_store as module
from qdock.stores.open_store import network_file_system, open_store, user_path
from qdock.stores.sqlite_store import SqliteStore


@pytest.fixture
def user(tmp_path, monkeypatch):
    """The user's file, in a folder of the test's own."""
    path = tmp_path / "data" / "jobs.sqlite"
    monkeypatch.setattr(module, "user_path", lambda: path)
    return path


def test_memory_is_what_it_says():
    assert isinstance(open_store("memory:"), MemoryStore)


def test_a_path_names_a_file(tmp_path):
    store = open_store(f"sqlite://{tmp_path}/my jobs ü.sqlite")
    assert isinstance(store, SqliteStore)
    assert store.path == tmp_path / "my jobs ü.sqlite"


def test_without_a_path_it_is_the_users_own(user):
    assert open_store("sqlite:").path == user


def test_the_users_own_is_in_the_folder_for_data(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert user_path().name == "jobs.sqlite"
    if sys.platform == "linux":
        assert user_path() == tmp_path / "qdock" / "jobs.sqlite"


@pytest.mark.parametrize(
    "setting", ["jobs.sqlite", "sqlite://jobs.sqlite", "sqlite:jobs.sqlite", "postgres:///x", "/x"]
)
def test_what_names_no_store_is_an_error(setting):
    with pytest.raises(ConfigError, match=r"is memory:, sqlite: or sqlite:///absolute/path, but is"):
        open_store(setting)


def test_a_named_file_that_can_not_be_is_an_error(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match=r"its folder can't be made \(.*\)\. Set QDOCK_STORE to another file"):
        open_store(f"sqlite://{tmp_path}/file/jobs.sqlite")


def test_where_the_users_folder_can_not_be_made_records_stay_in_memory_with_a_warning(user):
    user.parent.touch()
    with pytest.warns(StoreWarning, match=r"kept in memory .* its folder can't be made"):
        assert isinstance(open_store("sqlite:"), MemoryStore)


def test_where_there_is_no_home_records_stay_in_memory_with_a_warning(monkeypatch):
    monkeypatch.setattr(module, "user_path", lambda: Path("~/.local/share/qdock/jobs.sqlite"))
    with pytest.warns(StoreWarning, match="there is no home folder"):
        assert isinstance(open_store("sqlite:"), MemoryStore)


def test_a_file_that_may_not_be_written_is_not_used(user, monkeypatch):
    monkeypatch.setattr(module.os, "access", lambda path, _: path != user.parent)
    with pytest.warns(StoreWarning, match="may not be written to"):
        open_store("sqlite:")


def corrupt(path):
    path.write_bytes(b"no store" * 1000)


def foreign(path):
    apsw.Connection(str(path)).execute("CREATE TABLE theirs (x)")


def newer(path):
    store = SqliteStore(path)
    store.open()
    with store._files.write() as db:
        db.execute("UPDATE about SET value = 99 WHERE name = 'reader'; PRAGMA user_version = 99")
    store.close()


def full(path):
    path.symlink_to("/dev/full")


@pytest.mark.parametrize(
    "spoil, reason",
    [
        (corrupt, "is damaged or no store"),
        (foreign, "of another program"),
        (newer, "is of version 99"),
        (full, "can't"),
    ],
)
def test_a_file_that_is_no_store_to_use_is_replaced_by_memory_unless_it_was_named(user, spoil, reason):
    user.parent.mkdir()
    spoil(user)
    with pytest.warns(StoreWarning, match=f"kept in memory .*{user}.*{reason}") as warned:
        assert isinstance(open_store("sqlite:"), MemoryStore)
    assert len(warned) == 1
    with pytest.raises(StoreError, match=reason):
        open_store(f"sqlite://{user}")


@pytest.mark.skipif(sys.platform == "win32", reason="there are no modes here")
def test_what_was_run_is_the_users_own(user):
    open_store("sqlite:").close()
    assert user.parent.stat().st_mode & 0o777 == 0o700


def test_a_network_file_system_is_not_used(user, monkeypatch):
    monkeypatch.setattr(module, "network_file_system", lambda _: "nfs4")
    with pytest.warns(StoreWarning, match=r"on a network file system \(nfs4\)"):
        open_store("sqlite:")
    with pytest.raises(StoreError, match=r"on a network file system \(nfs4\)"):
        open_store(f"sqlite://{user}")


def test_a_network_file_system_is_known_by_where_it_is_mounted(tmp_path):
    mounts = tmp_path / "mountinfo"
    lines = [
        "22 1 8:1 / / rw shared:1 - ext4 /dev/sda1 rw",
        rf"30 22 0:50 / {str(tmp_path).replace(' ', chr(92) + '040')}/far rw shared:2 - nfs4 host:/home rw",
        f"31 30 8:2 / {tmp_path}/far/near rw - xfs /dev/sdb rw",
    ]
    mounts.write_text("\n".join(lines))
    found = [network_file_system(tmp_path / name, str(mounts)) for name in ("far/x", "farther", "far/near/x", "")]
    assert found == ["nfs4", None, None, None]
    assert network_file_system(tmp_path, str(tmp_path / "none")) is None


def test_a_dock_uses_the_store_of_its_settings(tmp_path):
    config = Config.load(environ={"QDOCK_STORE": f"sqlite://{tmp_path}/jobs.sqlite"})
    with Dock(config, entry_points=[]) as dock:
        assert dock.store.path == tmp_path / "jobs.sqlite"


def test_the_driver_is_imported_when_the_store_opens(tmp_path):
    code = f"""
import sys, qdock
dock = qdock.Dock(qdock.Config.load(environ={{"QDOCK_STORE": "sqlite://{tmp_path}/jobs.sqlite"}}))
dock.backends()
assert "apsw" not in sys.modules
assert dock.jobs() == []
assert "apsw" in sys.modules
"""
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
