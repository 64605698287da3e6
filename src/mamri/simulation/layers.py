"""Tissues laid over one another at a point: each covers a part of what was there before."""

from typing import NamedTuple

import numba
import numpy as np

MAX_LAYERS = 48


class Place(NamedTuple):
    """A point and how finely it is looked at: x, y, z in mm LPS, and the width of an edge, mm."""

    x: float
    y: float
    z: float
    vox: float


class Layers(NamedTuple):
    """Tissues laid so far and the share of the point that each has; (48,) int and float."""

    codes: np.ndarray
    shares: np.ndarray


@numba.njit(cache=True)  # type: ignore[misc, unused-ignore]
def lay_over(layers: Layers, n: int, tissue: int, opacity: float) -> int:
    """Cover a part of what is there with a tissue.

    Parameters
    ----------
    layers : Layers
        Changed in place.
    n : int
        How many of them are in use.
    tissue : int
    opacity : float
        Share that the new tissue takes, cut to 0 to 1.

    Returns
    -------
    int
        How many are in use now.
    """
    if opacity <= 0.004:
        return n
    if opacity >= 1:
        layers.codes[0], layers.shares[0] = tissue, 1.0
        return 1
    for k in range(n):
        layers.shares[k] *= 1 - opacity
    if n == MAX_LAYERS:
        n -= 1
    layers.codes[n], layers.shares[n] = tissue, opacity
    return n + 1
