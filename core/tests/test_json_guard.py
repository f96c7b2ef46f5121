"""The look at JSON before it is decoded: how deep its brackets nest."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qdock.common.json_guard import MAX_JSON_DEPTH, check_depth, json_depth
from qdock.errors import LimitExceeded


@pytest.mark.parametrize("depth", [1, 2, MAX_JSON_DEPTH])
def test_json_up_to_the_limit_passes(depth):
    check_depth("[" * depth + "]" * depth, "x", depth)
    check_depth('{"a":' * depth, "x", depth)
    with pytest.raises(LimitExceeded, match=f"x is nested {depth + 1} deep in JSON; the limit is {depth}"):
        check_depth("[" * (depth + 1), "x", depth)


def test_brackets_in_strings_are_not_counted():
    check_depth('["[[[[", "\\"[[[[", "\\\\", {"[": ["]]"]}]', "x", 3)
    with pytest.raises(LimitExceeded, match="x is nested 3 deep in JSON; the limit is 2"):
        check_depth('["]]]]]", [[]]]', "x", 2)
    check_depth('"' + "[" * 1000, "x", 0)
    check_depth("]]]]" + "[" * 3, "x", 0)
    check_depth("ünïcode \ud800 [", "x", 1)


@given(st.text(alphabet='[]{}"\\ax,', max_size=40))
def test_the_depth_is_that_of_a_reader_that_goes_character_by_character(text):
    depth = deepest = 0
    inside = escaped = False
    for character in text:
        if inside:
            inside, escaped = escaped or character != '"', character == "\\" and not escaped
        elif character == '"':
            inside = True
        else:
            depth += (character in "[{") - (character in "]}")
            deepest = max(deepest, depth)
    assert json_depth(text.encode()) == deepest
