"""Call: a function and its arguments."""

from __future__ import annotations

import math
import pickle
import threading

import numpy as np
import pytest

from qdock import Call, Circuit
from qdock.errors import ProgramError


def test_a_call_calls_its_function_with_its_arguments():
    assert Call(sorted, ([3, 1, 2],), {"reverse": True})() == [3, 2, 1]


def test_a_function_is_imported_by_its_name():
    assert Call("math:hypot", (3, 4))() == 5.0
    assert Call("collections:Counter.most_common").resolve().__name__ == "most_common"


@pytest.mark.parametrize("function", [3, "math.hypot", None, "a:b:c"])
def test_what_is_neither_a_function_nor_a_name_is_refused(function):
    with pytest.raises(ProgramError, match=r"A call's function is a callable or a text like 'package.module:name'"):
        Call(function)


@pytest.mark.parametrize("name", ["no_such_module_x:f", "math:no_such_function", ":f", "math:"])
def test_a_name_that_can_not_be_imported_is_an_error_at_the_call(name):
    with pytest.raises(ProgramError, match=f"The function '{name}' can't be imported"):
        Call(name)()


def test_a_name_of_what_is_no_function_is_an_error_at_the_call():
    with pytest.raises(ProgramError, match="'math:pi' is of type float and can't be called"):
        Call("math:pi")()


def test_a_call_can_not_be_changed():
    call = Call(max, (1, 2))
    with pytest.raises(AttributeError, match="A Call can't be changed; make another one with another 'args'"):
        call.args = (3,)
    with pytest.raises(AttributeError, match="A Call can't be changed; 'args' stays"):
        del call.args


def test_calls_are_equal_by_what_they_call():
    assert Call(max, [1, 2]) == Call(max, (1, 2))
    assert Call(max, (1,)) != Call(min, (1,))
    assert Call(max) != max


def test_a_call_survives_pickling():
    call = Call("math:hypot", (3, 4), {})
    assert pickle.loads(pickle.dumps(call)) == call


def test_a_call_shows_itself():
    assert repr(Call(math.hypot, (3,), {"x": "y"})) == "<Call math:hypot(3, x='y')>"
    assert repr(Call("a.b:c")) == "<Call a.b:c()>"


def test_a_copy_has_its_own_containers_arrays_and_circuits_and_shares_the_rest():
    event, circuit = threading.Event(), Circuit(1).h(0)
    given = {"list": [1, [2]], "set": {1}, "bytes": bytearray(b"a"), "array": np.zeros(2), "circuit": circuit}
    copy = Call(max, (given, event)).copy()
    given["list"][1].append(3)
    given["set"].add(2)
    given["bytes"].append(65)
    given["array"][0] = 1
    circuit.x(0)
    kept = copy.args[0]
    assert (kept["list"], kept["set"], kept["bytes"]) == ([1, [2]], {1}, bytearray(b"a"))
    assert kept["array"].tolist() == [0, 0]
    assert kept["circuit"] == Circuit(1).h(0)
    assert copy.args[1] is event
