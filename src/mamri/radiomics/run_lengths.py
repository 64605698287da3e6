"""Grey level run lengths: how many voxels in a row have one level."""

import numba
import numpy as np

from mamri.radiomics.aggregation import Aggregation, average, directions, merge
from mamri.radiomics.emphasis import N_EMPHASIS, emphasis_features
from mamri.radiomics.feature_registry import FEATURES, FeatureFamily

_NAMES = tuple(feature.name for feature in FEATURES[FeatureFamily.RUN_LENGTH])


def run_length_features(levels: np.ndarray, aggregation: Aggregation) -> dict[str, float]:
    """Sixteen features of runs of one grey level.

    Parameters
    ----------
    levels : (S, R, C) int32
        0 outside the region, grey levels from 1.
    aggregation : Aggregation

    Returns
    -------
    dict of str to float

    References
    ----------
    .. [1] IBSI reference manual, arXiv:1612.07003, section 3.7 (TP0I).
    .. [2] Galloway MM. Texture analysis using gray level run lengths. Comput Graph Image Process
       1975;4:172-179. doi:10.1016/S0146-664X(75)80008-6
    """
    ways = directions(aggregation)
    counts = _count_runs(levels, ways, int(levels.max()), max(levels.shape), aggregation.is_planar)
    inside = levels > 0
    voxels = inside.sum(axis=(1, 2)) if aggregation.is_planar else inside.sum().reshape(1)
    voxels = merge(np.repeat(voxels[:, None], len(ways), axis=1), aggregation)
    rows = []
    for table, n_voxels in zip(merge(counts, aggregation), voxels, strict=True):
        level, length = np.nonzero(table)
        if level.size:
            entries = table[level, length]
            rows.append(emphasis_features(level + 1, length + 1, entries, float(n_voxels)))
    values = average(rows, N_EMPHASIS)
    return dict(zip(_NAMES, values[: len(_NAMES)].tolist(), strict=True))


@numba.njit(cache=True)
def _count_runs(
    levels: np.ndarray, offsets: np.ndarray, n_levels: int, longest: int, by_slice: bool
) -> np.ndarray:
    n_s, n_r, n_c = levels.shape
    n_groups = n_s if by_slice else 1
    counts = np.zeros((n_groups, offsets.shape[0], n_levels, longest), np.int64)
    for s in range(n_s):
        group = s if by_slice else 0
        for r in range(n_r):
            for c in range(n_c):
                level = levels[s, r, c]
                if level == 0:
                    continue
                for d in range(offsets.shape[0]):
                    ds, dr, dc = offsets[d, 0], offsets[d, 1], offsets[d, 2]
                    i, j, k = s - ds, r - dr, c - dc
                    before = i >= 0 and j >= 0 and k >= 0 and i < n_s and j < n_r and k < n_c
                    if before and levels[i, j, k] == level:
                        continue  # counted where the run begins
                    length = 1
                    i, j, k = s + ds, r + dr, c + dc
                    while (
                        i >= 0
                        and j >= 0
                        and k >= 0
                        and i < n_s
                        and j < n_r
                        and k < n_c
                        and levels[i, j, k] == level
                    ):
                        length += 1
                        i, j, k = i + ds, j + dr, k + dc
                    counts[group, d, level - 1, length - 1] += 1
    return counts
