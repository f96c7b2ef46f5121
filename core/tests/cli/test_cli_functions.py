"""``qdock run package.module:function``: functions in place of files, with arguments from ``--bind``."""

from __future__ import annotations

import json
import sys

import pytest

FUNCTIONS = """
import numpy as np

def add(a, b=2):
    return a + b

def tell(**values):
    return values

def numbers(n=3):
    return {"zeros": np.zeros(n), "n": n, "text": "a\\tb", "z": 1j}

def fail():
    raise ValueError("no luck")
"""

RUNNER = """
from qdock.spec import BackendSpec, hookimpl

@hookimpl
def qdock_backends():
    yield BackendSpec("caller", "caller_plugin:make", accepts=("call",), simulator=False)

def make(spec, config):
    from qdock import CircuitResult, LocalBackend, Result

    class Caller(LocalBackend):
        def execute(self, programs, options, context):
            return Result([CircuitResult.from_value(call.name, call()) for call in programs])

    return Caller(spec, config)
"""

RUN = ("run", "--backend", "caller", "--seed", "5")


@pytest.fixture
def caller(qdock, monkeypatch):
    """The command, with a backend that calls functions, and a module with functions."""
    qdock.install("caller", RUNNER)
    (qdock.site / "deeds_of_mine.py").write_text(FUNCTIONS)
    monkeypatch.setenv("QDOCK_ONLY", "toy caller")
    monkeypatch.setattr("sys.path", list(sys.path))
    return qdock


def test_a_function_is_run(caller):
    assert caller(*RUN, "deeds_of_mine:add", "--bind", "a=40").out == "42\n"


def test_a_function_of_a_module_in_the_working_folder_is_run(caller):
    (caller.folder / "deeds_of_this_folder.py").write_text(FUNCTIONS)
    assert caller.on_pipes(*RUN, "deeds_of_this_folder:add", "--bind", "a=40").out == "42\n"


def test_arguments_are_json_where_they_can_be(caller):
    bound = [part for text in ("i=1", "f=0.5", "b=true", "l=[1, 2]", "t=H2", "n=null") for part in ("--bind", text)]
    outcome = caller(*RUN, "deeds_of_mine:tell", *bound)
    assert outcome.out.splitlines() == ["i\t1", "f\t0.5", "b\ttrue", "l\t[1, 2]", "t\tH2", "n\tnull"]


def test_what_comes_back_is_in_one_json_document(caller):
    document = json.loads(caller(*RUN, "deeds_of_mine:numbers", "--json").out)
    assert document["results"][0]["name"] == "deeds_of_mine:numbers"
    assert document["results"][0]["data"] == {"value": {"zeros": [0, 0, 0], "n": 3, "text": "a\tb", "z": [0, 1]}}
    assert document["seed"] == 5


def test_a_terminal_gets_a_table_of_what_has_names_and_else_the_value(caller):
    shown = caller.on_terminal(*RUN, "deeds_of_mine:numbers", "--bind", "n=2000").out
    assert "deeds_of_mine:numbers on caller/caller, seed 5" in shown
    assert "... (10,000 characters)" in " ".join(shown.split())
    assert "42\n" in caller.on_terminal(*RUN, "deeds_of_mine:add", "--bind", "a=40").out


def test_a_function_that_fails_is_a_failed_job_and_no_fault_of_the_command(caller):
    outcome = caller(*RUN, "deeds_of_mine:fail")
    assert outcome.status == 1
    assert "failed: ValueError: no luck" in outcome.err
    assert "This is a fault" not in outcome.err
    assert "raise ValueError" in caller("--debug", *RUN, "deeds_of_mine:fail").err


@pytest.mark.parametrize(
    "name, message",
    [
        ("nowhere:add", "No module named 'nowhere'"),
        ("deeds_of_mine:nothing", "has no attribute 'nothing'"),
        ("deeds_of_mine:add:b", "does not exist"),
        ("deeds of mine:add", "does not exist"),
    ],
)
def test_a_name_of_no_function_is_an_error(caller, name, message):
    outcome = caller(*RUN, name)
    assert outcome.status != 0
    assert message in outcome.err


def test_a_backend_of_circuits_says_where_functions_run(caller):
    outcome = caller("run", "--backend", "coin", "deeds_of_mine:add")
    assert outcome.status == 2
    assert "A function runs on a backend that runs functions" in outcome.err


def test_a_file_of_that_name_goes_first(caller):
    (caller.folder / "a:b").write_text("no program")
    assert "The file a:b" in caller(*RUN, "a:b").err
