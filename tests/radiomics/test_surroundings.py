"""Rings around lesions."""

import numpy as np

from mamri.radiomics import peritumoral_ring


def test_the_ring_is_as_thick_as_asked_for_in_millimetres():
    lesion = np.zeros((9, 21, 21), bool)
    lesion[4, 10, 10] = True
    ring = peritumoral_ring(lesion, np.ones_like(lesion), (2.0, 1.0, 1.0), 4.0)

    assert [2, 3, 5, 6] == np.flatnonzero(ring[:, 10, 10]).tolist()
    assert [6, 7, 8, 9, 11, 12, 13, 14] == np.flatnonzero(ring[4, 10]).tolist()


def test_the_ring_stays_where_it_may_lie():
    lesion = np.zeros((5, 9, 9), bool)
    lesion[2, 4, 4] = True
    allowed = np.zeros_like(lesion)
    allowed[:, :, 5:] = True

    ring = peritumoral_ring(lesion, allowed, (1.0, 1.0, 1.0), 3.0)
    assert ring.any()
    assert not (ring & ~allowed).any()
    assert not peritumoral_ring(lesion & False, allowed, (1.0, 1.0, 1.0), 3.0).any()
