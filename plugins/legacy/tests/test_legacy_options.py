"""Options of old backends: values as attributes and as a mapping, and what updates are checked against."""

from __future__ import annotations

import copy
import pickle

import pytest

from qdock_legacy import Options


def options() -> Options:
    made = Options(shots=1024, method="statevector", memory=False)
    made.set_validator("shots", (1, 8192))
    made.set_validator("method", ["statevector", "unitary"])
    made.set_validator("memory", bool)
    return made


def test_options_are_attributes_and_a_mapping():
    found = options()
    assert (found.shots, found["shots"], found.get("shots"), found.get("nope"), found.get("nope", 5)) == (
        1024, 1024, 1024, None, 5,
    )  # fmt: skip
    assert list(found) == ["shots", "method", "memory"]
    assert (len(found), "shots" in found, "nope" in found) == (3, True, False)
    assert dict(found) == {"shots": 1024, "method": "statevector", "memory": False}
    assert repr(found) == "Options(shots=1024, method='statevector', memory=False)"
    assert Options.from_dict(dict(found)) != found
    assert Options(**found) == Options.from_dict(dict(found)) != dict(found)


def test_an_option_that_is_not_there_is_no_attribute():
    with pytest.raises(AttributeError, match="Option nope is not defined"):
        _ = options().nope


def test_updates_set_what_is_allowed_and_may_add_new_options():
    found = options()
    found.update_options(shots=1, method="unitary", memory=True, new="x")
    assert dict(found) == {"shots": 1, "method": "unitary", "memory": True, "new": "x"}


@pytest.mark.parametrize(
    "fields, error, message",
    [
        ({"shots": 0}, ValueError, "'shots' is not a valid value, must be >=1 and <=8192, but is 0"),
        ({"shots": 8193}, ValueError, "'shots' is not a valid value"),
        (
            {"method": "magic"},
            ValueError,
            r"'method' is not a valid choice, must be one of \['statevector', 'unitary'\]",
        ),
        ({"memory": 1}, TypeError, "'memory' is not of required type bool, but is 1 of type int"),
        ({"shots": 5, "memory": None}, TypeError, "'memory' is not of required type bool"),
    ],
)
def test_an_update_that_is_not_allowed_changes_nothing(fields, error, message):
    found = options()
    with pytest.raises(error, match=message):
        found.update_options(**fields)
    assert found == options()


def test_an_assignment_is_not_checked():
    found = options()
    found.shots = 10**9
    assert found.shots == 10**9


@pytest.mark.parametrize(
    "field, validator, error, message",
    [
        ("nope", (1, 2), KeyError, "Field 'nope' is not present in this options object"),
        ("shots", (1, 2, 3), ValueError, r"A tuple validator is '\(lower, upper\)'"),
        ("shots", [], ValueError, "A list validator must have at least one entry"),
        ("shots", "1..5", TypeError, "is not a valid validator type, it must be a tuple, list, or class/type"),
    ],
)
def test_a_validator_must_make_sense(field, validator, error, message):
    with pytest.raises(error, match=message):
        options().set_validator(field, validator)


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy, lambda item: pickle.loads(pickle.dumps(item))])
def test_a_copy_is_equal_and_checks_the_same(copied):
    found, again = options(), copied(options())
    assert again == found
    again.update_options(shots=5)
    assert found.shots == 1024
    with pytest.raises(ValueError, match="'shots' is not a valid value"):
        again.update_options(shots=0)
