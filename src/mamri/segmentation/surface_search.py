"""Smooth surface of least cost through a stack of candidate depths.

Semi-global matching: at every column of a height map each candidate depth has a cost, neighbours
may differ at a price that grows with the step, and the sum along eight straight paths through the
map approximates the least cost over all smooth surfaces. Made for stereo vision, where the height
map is a disparity image.

References
----------
.. [1] Hirschmuller H. Stereo processing by semiglobal matching and mutual information.
   IEEE Trans Pattern Anal Mach Intell 2008;30:328-341. doi:10.1109/TPAMI.2007.1166
"""

import numba
import numpy as np


def least_cost_surface(cost: np.ndarray, *, step_price: float, jump_price: float) -> np.ndarray:
    """Index of the chosen depth in every column.

    Parameters
    ----------
    cost : (S, C, D) float
        Cost of each candidate depth.
    step_price : float
        Price of a change by one depth index between neighbours; a change by two costs three times
        as much.
    jump_price : float
        Price of any larger change.

    Returns
    -------
    (S, C) int

    Examples
    --------
    >>> cost = np.ones((1, 5, 4))
    >>> cost[0, [0, 1, 3, 4], 2] = 0.0
    >>> cost[0, 2, 0] = 0.8  # an outlier
    >>> least_cost_surface(cost, step_price=0.5, jump_price=2.0).tolist()
    [[2, 2, 2, 2, 2]]
    """
    total = _path_costs(np.ascontiguousarray(cost, dtype=np.float32), step_price, jump_price)
    return np.asarray(np.argmin(total, axis=2))


_DIRECTIONS = ((0, 1), (0, -1), (1, 0), (-1, 0), (1, 1), (-1, -1), (1, -1), (-1, 1))


@numba.njit(cache=True)
def _path_costs(cost: np.ndarray, step: float, jump: float) -> np.ndarray:  # (S, C, D)
    n_s, n_c, n_d = cost.shape
    total = np.zeros_like(cost)
    path = np.empty_like(cost)
    for ds, dc in _DIRECTIONS:
        for i in range(n_s):
            s = i if ds >= 0 else n_s - 1 - i
            for j in range(n_c):
                c = j if dc >= 0 else n_c - 1 - j
                ps, pc = s - ds, c - dc
                if ps < 0 or ps >= n_s or pc < 0 or pc >= n_c:
                    for d in range(n_d):
                        path[s, c, d] = cost[s, c, d]
                        total[s, c, d] += cost[s, c, d]
                    continue
                before = path[ps, pc]
                least = before.min()
                for d in range(n_d):
                    best = min(before[d], least + jump)
                    if d > 0:
                        best = min(best, before[d - 1] + step)
                    if d > 1:
                        best = min(best, before[d - 2] + 3 * step)
                    if d < n_d - 1:
                        best = min(best, before[d + 1] + step)
                    if d < n_d - 2:
                        best = min(best, before[d + 2] + 3 * step)
                    value = cost[s, c, d] + best - least
                    path[s, c, d] = value
                    total[s, c, d] += value
    return total
