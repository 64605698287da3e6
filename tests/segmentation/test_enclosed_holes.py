"""Holes against the slow fill of scipy."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from scipy import ndimage

from mamri.segmentation.enclosed_holes import enclosed_holes


@given(st.integers(0, 2**32 - 1), st.floats(0.2, 0.95))
def test_holes_are_what_filling_adds(seed, density):
    mask = np.random.default_rng(seed).random((7, 8, 9)) < density

    assert np.array_equal(ndimage.binary_fill_holes(mask) & ~mask, enclosed_holes(mask))
