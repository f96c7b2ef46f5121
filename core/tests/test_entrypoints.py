"""Reading entry points: the quick way gives what `importlib.metadata` gives, whatever stands in the folders."""

import importlib
import importlib.metadata
import os
import sys
import zipfile
from types import SimpleNamespace

import pytest

from qdock.discovery import entrypoints
from qdock.discovery.entrypoints import EntryPoint, normalized, read_entry_points


@pytest.fixture
def path(tmp_path, monkeypatch):
    """An import path of two folders of the test's own, seen by nothing else."""
    folders = [tmp_path / "first", tmp_path / "second"]
    for folder in folders:
        folder.mkdir()
    monkeypatch.setattr(sys, "path", [str(tmp_path / "missing"), *map(str, folders)])
    yield folders
    importlib.invalidate_caches()


def install(folder, info, entries="", metadata=""):
    target = folder / info
    target.mkdir()
    if entries is not None:
        (target / "entry_points.txt").write_bytes(entries.encode() if isinstance(entries, str) else entries)
    (target / "METADATA").write_text(metadata, encoding="utf-8")
    return target


def both_ways():
    """Return what the folders say and what `importlib.metadata` says, in one form."""
    importlib.invalidate_caches()
    ways = entrypoints._read_folders(sys.path), entrypoints._read_with_importlib()
    return [sorted((e.name, e.value, e.group, e.distribution, e.version) for e in way) for way in ways]


META = "Metadata-Version: 2.1\nName: {}\nVersion: {}\nSummary: x\n\nName: not-this\n"

TEXTS = [
    "[qdock.v1]\ncoin = made_up.plugin\n",
    "[other]\nx = y\n[qdock.v1]\n\n# a comment = 1\n  coin=made_up.plugin:obj [extra]  \n[qdock.v2]\nc = new\n[x]\nq=z",
    "\r\n[qdock.v1]\r\ncoin = made_up.plugin\r\n",
    "[qdock.v1]\na = b = c\n",
    "[qdock.vx]\na = b\n[qdock.v]\na = b\n[qdock]\na = b\n[xqdock.v1]\na = b\n",
    "[ qdock.v1 ]\na = b\n",
    "",
]


@pytest.mark.parametrize("text", TEXTS)
def test_folders_give_what_importlib_gives(path, text):
    install(path[0], "made_up-1.0.dist-info", text, META.format("made-up", "1.0"))
    quick, slow = both_ways()
    assert quick == slow


def test_of_one_distribution_on_two_folders_the_first_counts(path):
    install(path[0], "made_up-1.0.dist-info", "[qdock.v1]\ncoin = first\n", META.format("made-up", "1.0"))
    install(path[1], "Made.Up-2.0.dist-info", "[qdock.v1]\ncoin = second\n", META.format("made-up", "2.0"))
    quick, slow = both_ways()
    assert quick == slow == [("coin", "first", "qdock.v1", "made-up", "1.0")]


def test_eggs_and_odd_folders_are_read_alike(path):
    egg = install(path[0], "old_one-0.1-py3.11.egg-info", "[qdock.v1]\nold = a\n")
    (egg / "METADATA").rename(egg / "PKG-INFO")
    (egg / "PKG-INFO").write_text(META.format("old-one", "0.1"))
    (path[0] / "flat-1.0.egg-info").write_text(META.format("flat", "1.0"))
    install(path[0], "none-1.0.dist-info", None, META.format("none", "1.0"))
    (path[1] / "file.dist-info").write_text("")
    quick, slow = both_ways()
    assert quick == slow == [("old", "a", "qdock.v1", "old-one", "0.1")]


def test_the_installed_distributions_are_read_alike():
    quick, slow = both_ways()
    assert quick == slow


def test_a_broken_file_of_anybody_hides_nothing(path):
    install(path[0], "theirs-1.0.dist-info", b"[qdock.v1]\nt\xff = t\n", META.format("theirs", "1.0"))
    install(path[0], "garbled-1.0.dist-info", "[qdock.v1]\nno equals sign\n", META.format("garbled", "1.0"))
    install(path[1], "made_up-1.0.dist-info", "[qdock.v1]\ncoin = made_up\n", META.format("made-up", "1.0"))
    importlib.invalidate_caches()
    assert ("coin", "made_up") in [(entry.name, entry.value) for entry in read_entry_points()]


def test_without_metadata_the_folder_names_the_distribution(path):
    target = install(path[0], "made_up-1.0.dist-info", "[qdock.v1]\ncoin = a\n")
    (target / "METADATA").unlink()
    (entry,) = entrypoints._read_folders(sys.path)
    assert (entry.distribution, entry.version) == ("made_up", "1.0")


@pytest.mark.usefixtures("path")
def test_archives_are_left_to_importlib(tmp_path, monkeypatch):
    assert entrypoints._is_plain()
    archive = tmp_path / "made_up.zip"
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("zipped-1.0.dist-info/entry_points.txt", "[qdock.v1]\nzipped = z\n")
        file.writestr("zipped-1.0.dist-info/METADATA", META.format("zipped", "1.0"))
    monkeypatch.setattr(sys, "path", [*sys.path, str(archive)])
    assert not entrypoints._is_plain()
    monkeypatch.delitem(sys.modules, "importlib.metadata")
    assert [(entry.name, entry.distribution) for entry in read_entry_points()] == [("zipped", "zipped")]


@pytest.mark.usefixtures("path")
def test_a_finder_of_distributions_is_heard(monkeypatch):
    finder = SimpleNamespace(find_spec=lambda *_: None, find_distributions=lambda *_: [])
    monkeypatch.setattr(sys, "meta_path", [*sys.meta_path, finder])
    assert not entrypoints._is_plain()


def test_importlib_is_not_loaded_for_plain_folders(path, monkeypatch):
    install(path[0], "made_up-1.0.dist-info", "[qdock.v1]\ncoin = a\n", META.format("made-up", "1.0"))
    monkeypatch.delitem(sys.modules, "importlib.metadata")
    assert [entry.name for entry in read_entry_points()] == ["coin"]
    assert "importlib.metadata" not in sys.modules


def test_a_distribution_that_can_not_say_who_it_is_has_no_name():
    class Nameless:
        @property
        def name(self):
            raise KeyError("Name")

    entry = SimpleNamespace(name="a", value="b", group="qdock.v1", dist=Nameless())
    assert EntryPoint.adopt(entry).distribution == ""
    adopted = EntryPoint.adopt(entry)
    assert EntryPoint.adopt(adopted) is adopted
    assert repr(adopted) == "EntryPoint('a', 'b', 'qdock.v1')"


def test_distribution_names_are_normalized():
    assert normalized("Qdock__Coin.x") == "qdock-coin-x"


def test_the_current_folder_is_read_where_the_path_says_so(path, monkeypatch):
    install(path[0], "made_up-1.0.dist-info", "[qdock.v1]\ncoin = a\n", META.format("made-up", "1.0"))
    monkeypatch.chdir(path[0])
    monkeypatch.setattr(sys, "path", [""])
    assert [entry.name for entry in entrypoints._read_folders(sys.path)] == ["coin"]
    assert os.getcwd() == str(path[0])
