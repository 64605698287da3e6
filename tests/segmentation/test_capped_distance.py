"""The capped distance against the full Euclidean transform."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import ndimage

from mamri.segmentation.capped_distance import capped_distance


@given(st.integers(0, 2**32 - 1), st.integers(1, 8), st.tuples(*[st.integers(1, 12)] * 3))
def test_it_is_the_euclidean_distance_below_the_cap(seed, cap, shape):
    mask = np.random.default_rng(seed).random(shape) > 0.1
    if mask.all():
        mask[0, 0, 0] = False

    expected = np.minimum(ndimage.distance_transform_edt(mask), cap)

    assert expected == pytest.approx(capped_distance(mask, cap), abs=1e-5)


def test_a_full_mask_is_at_the_cap_everywhere():
    assert np.all(capped_distance(np.ones((4, 5, 6), bool), 3) == 3)
