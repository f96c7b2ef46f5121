"""Packages whose names are looked up when they are first used."""

from __future__ import annotations

import sys
from types import ModuleType

import pytest

from qdock.common.lazy import lazily


@pytest.fixture
def package(monkeypatch):
    made, part = ModuleType("made_up"), ModuleType("made_up.part")
    part.answer = 42
    monkeypatch.setitem(sys.modules, "made_up", made)
    monkeypatch.setitem(sys.modules, "made_up.part", part)
    made.__getattr__, made.__dir__ = lazily("made_up", {"part": ["answer"], "missing": ["question"]})
    return made


def test_a_name_is_looked_up_once_in_the_module_that_has_it(package):
    assert "answer" not in vars(package)
    assert package.answer == 42
    assert vars(package)["answer"] == 42


def test_every_name_is_listed_whether_it_was_used_or_not(package):
    assert {"answer", "question", "__name__"} <= set(dir(package))


def test_what_a_package_imports_for_itself_is_not_listed_and_what_it_defines_is(package):
    package.sys, package.Here, package.__all__ = sys, object, ["Here", "answer"]
    assert "Here" in dir(package)
    assert "sys" not in dir(package)


def test_a_name_that_there_is_not_is_an_attribute_error(package):
    with pytest.raises(AttributeError, match="module 'made_up' has no attribute 'anwser'"):
        _ = package.anwser


def test_a_module_that_can_not_be_imported_says_so_when_its_name_is_used(package):
    with pytest.raises(ModuleNotFoundError, match=r"made_up\.missing|'made_up' is not a package"):
        _ = package.question
