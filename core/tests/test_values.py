"""Values that can be stored come back as they were, and what can't be says so."""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qdock import Call, Circuit
from qdock.errors import ResultError
from qdock.result import Result
from qdock.results.circuit_result import CircuitResult
from qdock.results.result_checks import is_same
from qdock.results.values import Unstorable, as_plain, decode, encode, is_exact, snapshot


@dataclass
class Point:
    x: float
    path: object = None


SCALARS = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | st.binary()
    | st.complex_numbers(allow_nan=False) | st.just(2**9000)
)  # fmt: skip
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner)
        | st.dictionaries(st.text(), inner)
        | st.lists(inner).map(tuple)
        | st.dictionaries(st.integers() | st.tuples(st.text()), inner)
    ),
    max_leaves=10,
)


def stored(value):
    """Return a value after a way through JSON, with its arrays beside."""
    arrays = {}
    encoded = encode(value, arrays)
    return decode(json.loads(json.dumps(encoded, allow_nan=False)), arrays)


@given(VALUES)
def test_a_value_comes_back_as_it_was(value):
    assert is_same(stored(value), value)
    assert is_exact(value)


@pytest.mark.parametrize(
    "value",
    [np.arange(6.0).reshape(2, 3), np.array([1 + 2j]), Circuit(2, 2).h(0), Call("math:hypot", (3, [4])),
     Result([CircuitResult(name="a", shots=3, num_clbits=1, outcomes=[1], counts=[3])])],
)  # fmt: skip
def test_arrays_circuits_calls_and_results_come_back(value):
    assert is_same(stored({"x": [value]}), {"x": [value]})


def test_a_dataclass_comes_back_as_a_namespace_with_its_fields():
    value = Point(0.5, [Point(1.0)])
    assert stored(value) == SimpleNamespace(x=0.5, path=[SimpleNamespace(x=1.0, path=None)])
    assert stored(stored(value)) == stored(value)
    assert not is_exact(value)


def test_numbers_of_numpy_become_numbers_of_python():
    back = stored([np.int64(3), np.float64(0.5), np.bool_(True), np.complex128(1j)])
    assert [(value, type(value)) for value in back] == [(3, int), (0.5, float), (True, bool), (1j, complex)]
    assert not is_exact(np.float64(0.5))


def nested(levels):
    value = []
    for _ in range(levels):
        value = [value]
    return value


def endless():
    value = []
    value.append(value)
    return value


@pytest.mark.parametrize(
    "value, reason",
    [
        (
            threading.Event(),
            "Event can't be stored: neither JSON nor an array, a Circuit or a Call, a Res",
        ),
        (Point, "type can't be stored"),
        ([Point(max)], "builtin_function_or_method can't be stored"),
        (Call(lambda: 1), "the function .*<lambda> can't be imported by its name"),
        (np.array([None]), "an array of object can't be stored, only one of numbers"),
        (nested(200), "nested over 100 levels deep"),
        (endless(), "nested over 100 levels deep"),
    ],
)
def test_what_can_not_be_stored_says_why(value, reason):
    with pytest.raises(Unstorable, match=reason):
        encode(value, {})
    assert not is_exact(value)


def test_a_function_of_the_main_program_has_no_name_elsewhere(monkeypatch):
    function = test_numbers_of_numpy_become_numbers_of_python
    monkeypatch.setattr(function, "__module__", "__main__")
    with pytest.raises(Unstorable, match="the function __main__:test_numbers"):
        encode(Call(function), {})


def test_a_snapshot_does_not_change_with_what_it_was_taken_of():
    value = {"angles": np.zeros(2), "energies": [1.0]}
    taken = snapshot(value, "A checkpoint")
    value["angles"][0] = 5
    value["energies"].append(2.0)
    assert is_same(taken, {"angles": np.zeros(2), "energies": [1.0]})


def test_a_snapshot_of_what_can_not_be_stored_names_what_it_is_for():
    with pytest.raises(Unstorable, match=r"A checkpoint can't be kept: Event can't be stored: .*\."):
        snapshot({"event": threading.Event()}, "A checkpoint")


def test_values_are_shown_as_json():
    value = Point(float("nan"), {1: (np.array([1j, 2]), np.float32(0.5)), "b": threading.Lock})
    shown = as_plain(value)
    assert shown == {"x": "nan", "path": {"1": [[[0.0, 1.0], [2.0, 0.0]], 0.5], "b": repr(threading.Lock)}}
    assert as_plain(np.array([np.inf, 1.0])) == ["inf", 1.0]
    assert as_plain(Result.empty()) == {"success": True, "metadata": {}, "results": []}
    json.dumps(shown, allow_nan=False)


# --- in a result


def test_what_a_function_returned_is_the_object_itself_until_it_is_stored():
    value = Point(1.0, np.arange(3))
    result = Result([CircuitResult.from_value("m:f", value)])
    assert result.get_value() is value
    assert result[0].holds == ["value"]
    assert not result.is_exact
    back = Result.from_bytes(result.to_bytes())
    assert is_same(vars(back.get_value()), {"x": 1.0, "path": np.arange(3)})
    assert back[0].holds == ["value"]
    assert back.is_exact
    assert back.to_dict()["results"][0]["data"] == {"value": {"x": 1.0, "path": [0, 1, 2]}}
    assert back.data() == {"value": back.get_value()}


def test_none_is_a_value_too():
    result = Result([CircuitResult.from_value("m:f", None)])
    assert result.get_value() is None
    assert Result.from_bytes(result.to_bytes()).get_value() is None


def test_results_are_equal_if_what_was_returned_is():
    first, second, third = (Result([CircuitResult.from_value("f", [np.arange(n)])]) for n in (2, 2, 3))
    assert first == second == Result.from_bytes(first.to_bytes())
    assert first != third


def test_of_several_calls_a_list_of_values_is_returned():
    result = Result([CircuitResult.from_value("f", number) for number in (1, 2)])
    assert result.get_value() == [1, 2]
    assert result.get_value(1) == 2


def test_a_result_whose_value_can_not_be_stored_says_so_when_it_is_written():
    result = Result([CircuitResult.from_value("f", threading.Event())])
    with pytest.raises(Unstorable, match="Event can't be stored"):
        result.to_bytes()


def test_a_circuit_has_no_value():
    with pytest.raises(ResultError, match="Circuit 'bell' has no value; its result holds nothing"):
        CircuitResult(name="bell").get_value()


def test_the_value_of_a_call_that_failed_is_its_error():
    with pytest.raises(ResultError, match="because it failed: ValueError: no"):
        CircuitResult(name="f", error="ValueError: no").get_value()
