"""The examples in the docstrings give what they show."""

from __future__ import annotations

import doctest
from importlib import import_module

import pytest


@pytest.mark.parametrize(
    "module",
    ["combinatorial", "eigensolver", "estimator", "fidelity", "gradients", "pauli", "phases", "sampler", "search"],
)
def test_the_examples_of_a_module_give_what_they_show(module):
    found = doctest.testmod(import_module(f"qdock_algorithms.{module}"))
    assert found.attempted
    assert not found.failed
