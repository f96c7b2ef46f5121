"""How many of something."""

from __future__ import annotations

import pytest

from qdock.common.counting import count_of


@pytest.mark.parametrize("number, text", [(0, "0 jobs"), (1, "1 job"), (2, "2 jobs"), (1000, "1,000 jobs")])
def test_only_one_is_singular(number, text):
    assert count_of(number, "job") == text
