"""Filters of backends: what they choose, and what they say of what they don't know."""

import pytest

from qdock.spec import BackendSpec


@pytest.fixture
def many(registry):
    made = registry()
    made.register(BackendSpec("sim", "a.b:C", features=frozenset({"counts", "reset"}), aliases=("simulator",)))
    made.register(BackendSpec("small", "a.b:C", num_qubits=5, features=frozenset({"counts", "x-fast"})))
    made.register(BackendSpec("chip", "a.b:C", num_qubits=20, simulator=False))
    made.register(BackendSpec("runner", "a.b:C", accepts=("call", "circuit"), plugin="work"))
    return made


@pytest.mark.parametrize(
    "filters, names",
    [
        ({}, ["chip", "sim", "small", "work/runner"]),
        ({"simulator": False}, ["chip"]),
        ({"simulator": None}, ["chip", "sim", "small", "work/runner"]),
        ({"min_qubits": 6}, ["chip", "sim", "work/runner"]),
        ({"min_qubits": 21, "simulator": True}, ["sim", "work/runner"]),
        ({"features": {"counts"}}, ["sim", "small"]),
        ({"features": ["counts", "x-fast"]}, ["small"]),
        ({"features": "reset"}, ["sim"]),
        ({"accepts": "call"}, ["work/runner"]),
        ({"accepts": ("call", "circuit")}, ["work/runner"]),
        ({"name": "s*"}, ["sim", "small"]),
        ({"name": "simulator"}, ["sim"]),
        ({"name": "work/*"}, ["work/runner"]),
        ({"plugin": "work"}, ["work/runner"]),
    ],
)
def test_filters_choose_backends(many, filters, names):
    assert [spec.full_name for spec in many.backends(**filters)] == names


@pytest.mark.parametrize(
    "filters, error, message",
    [
        ({"simulators": True}, TypeError, "There is no filter 'simulators'. Did you mean 'simulator'?"),
        (
            {"zzz": 1},
            TypeError,
            "There is no filter 'zzz'. Known: simulator, min_qubits, features, accepts, name, plugin",
        ),
        ({"features": {"count"}}, ValueError, "There is no feature 'count'. Did you mean 'counts'?"),
        ({"simulator": "yes"}, TypeError, "Filter `simulator` is True or False, but 'yes' was given."),
        ({"min_qubits": "many"}, TypeError, "Filter `min_qubits` is a whole number, but 'many' was given."),
        ({"min_qubits": True}, TypeError, "Filter `min_qubits` is a whole number, but True was given."),
    ],
)
def test_wrong_filters_say_what_there_is(many, filters, error, message):
    with pytest.raises(error) as caught:
        many.backends(**filters)
    assert message in str(caught.value)
