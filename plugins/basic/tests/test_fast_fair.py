"""Fair bits drawn in compiled code: the same as those of numpy's generator, in the same order."""

from __future__ import annotations

import numpy as np
import pytest

from qdock.streams import stream
from qdock_basic import fast
from qdock_basic.drawing.sampling import draw_choices, visits_choices

if fast.why_not() is not None:
    pytest.skip("the fast engine needs numba", allow_module_level=True)

from qdock_basic.fast.drawing.fair import MOST_BITS, draw_fair

KEY = (2**64 - 3, 5)


@pytest.mark.parametrize(
    "num_bits, shots",
    [(1, 1), (1, 19), (3, 7), (8, 2000), (9, 5000), (20, 5000), (53, 5000), (63, 9), (MOST_BITS, 500)],
)
def test_fair_bits_are_those_of_numpy_s_generator(num_bits: int, shots: int) -> None:
    assert not visits_choices(num_bits, shots)
    for block in (0, 3):
        choices, counts = draw_fair(np.array(KEY, np.uint64), block, num_bits, shots)
        expected = draw_choices(num_bits, shots, stream(*KEY, block))
        np.testing.assert_array_equal(choices, expected[0])
        np.testing.assert_array_equal(counts, expected[1])
