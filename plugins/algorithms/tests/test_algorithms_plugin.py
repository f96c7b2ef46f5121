"""The package: what it offers, and that importing it costs nothing."""

from __future__ import annotations

import subprocess
import sys

import pytest

import qdock_algorithms


def test_importing_the_package_imports_no_numpy():
    code = "import sys, qdock_algorithms.plugin; print({'numpy', 'scipy'} & set(sys.modules))"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout == "set()\n"


def test_every_public_name_can_be_imported():
    assert [name for name in qdock_algorithms.__all__ if not hasattr(qdock_algorithms, name)] == []
    assert set(qdock_algorithms.__all__) <= set(dir(qdock_algorithms))


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        _ = qdock_algorithms.nothing


def test_the_runner_is_listed_as_a_backend_of_functions():
    run = subprocess.run([sys.executable, "-m", "qdock", "backends"], capture_output=True, text=True, check=True)
    line = "algorithms/algorithm_runner\tfunctions\t\tFunctions that run circuits and compute between them."
    assert line in run.stdout.splitlines()
