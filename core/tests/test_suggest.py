"""The name that somebody may have meant."""

from __future__ import annotations

import sys

import pytest

from qdock.common.suggest import closest, did_you_mean
from qdock.errors import CircuitError
from qdock.gates import find_definition


def test_the_name_that_is_most_like_it_is_suggested():
    assert closest("basc", ["coin", "basic", "base"]) == "basic"
    assert did_you_mean("basc", ["coin", "basic"]) == " Did you mean 'basic'?"


def test_nothing_is_suggested_for_what_is_like_no_name():
    assert closest("xyz", ["coin", "basic"]) is None
    assert did_you_mean("xyz", ["coin"]) == ""
    assert did_you_mean("xyz", ["coin"], " Known: coin.") == " Known: coin."


def test_names_may_come_from_any_iterable():
    assert did_you_mean("coim", iter({"coin": 1})) == " Did you mean 'coin'?"


def test_where_names_cannot_be_compared_an_error_goes_without_a_hint(monkeypatch):
    monkeypatch.setitem(sys.modules, "difflib", None)
    assert did_you_mean("basc", ["basic"], " Known: basic.") == " Known: basic."
    with pytest.raises(CircuitError, match="'hh'"):
        find_definition("hh")
