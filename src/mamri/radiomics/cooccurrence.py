"""Grey level co-occurrence: which levels are neighbours of which."""

import numba
import numpy as np

from mamri.radiomics.aggregation import Aggregation, average, directions, merge
from mamri.radiomics.feature_registry import FEATURES, FeatureFamily

_NAMES = tuple(feature.name for feature in FEATURES[FeatureFamily.COOCCURRENCE])


def cooccurrence_features(levels: np.ndarray, aggregation: Aggregation) -> dict[str, float]:
    """Twenty-five features of the co-occurrence of grey levels at a distance of one voxel.

    Matrices are symmetric. Where all levels are equal, correlation is 1 and the measures of
    information correlation are undefined.

    Parameters
    ----------
    levels : (S, R, C) int32
        0 outside the region, grey levels from 1.
    aggregation : Aggregation

    Returns
    -------
    dict of str to float
        NaN where no two voxels of the region are neighbours.

    References
    ----------
    .. [1] IBSI reference manual, arXiv:1612.07003, section 3.6 (LFYI).
    .. [2] Haralick RM, Shanmugam K, Dinstein I. Textural features for image classification. IEEE
       Trans Syst Man Cybern 1973;SMC-3:610-621. doi:10.1109/TSMC.1973.4309314
    """
    by_slice = aggregation.is_planar
    counts = _count_pairs(levels, directions(aggregation), int(levels.max()), by_slice)
    rows = [matrix_features(m) for m in merge(counts, aggregation) if m.any()]
    values = average(rows, len(_NAMES))
    return dict(zip(_NAMES, values.tolist(), strict=True))


def matrix_features(counts: np.ndarray) -> np.ndarray:
    """Features of one symmetric matrix of counts, (N, N), in the order of the registry."""
    n = counts.shape[0]
    level = np.arange(1, n + 1, dtype=np.float64)
    p = counts / counts.sum()
    marginal = p.sum(axis=1)
    i, j = level[:, None], level[None, :]
    apart = np.abs(i - j)
    sums, differences = _diagonals(p)
    k_sum, k_diff = np.arange(2, 2 * n + 1, dtype=np.float64), np.arange(n, dtype=np.float64)
    mean = float((level * marginal).sum())
    variance = float(((level - mean) ** 2 * marginal).sum())
    sum_mean, diff_mean = float((k_sum * sums).sum()), float((k_diff * differences).sum())
    contrast = float((k_diff**2 * differences).sum())
    auto = float((i * j * p).sum())
    joint = _entropy(p)
    own = _entropy(marginal)
    product = marginal[:, None] * marginal[None, :]
    known = p > 0
    hxy1 = float(-(p[known] * np.log2(product[known])).sum())
    hxy2 = _entropy(product)
    off = apart > 0
    from_sum = i + j - 2 * mean
    return np.array(
        [
            p.max(),
            mean,
            variance,
            joint,
            diff_mean,
            float(((k_diff - diff_mean) ** 2 * differences).sum()),
            _entropy(differences),
            sum_mean,
            float(((k_sum - sum_mean) ** 2 * sums).sum()),
            _entropy(sums),
            float((p**2).sum()),
            contrast,
            diff_mean,
            float((p / (1 + apart)).sum()),
            float((p / (1 + apart / n)).sum()),
            float((p / (1 + apart**2)).sum()),
            float((p / (1 + (apart / n) ** 2)).sum()),
            float((p[off] / apart[off] ** 2).sum()),
            (auto - mean**2) / variance if variance > 1e-12 else 1.0,
            auto,
            float((from_sum**2 * p).sum()),
            float((from_sum**3 * p).sum()),
            float((from_sum**4 * p).sum()),
            (joint - hxy1) / own if own > 0 else np.nan,
            np.sqrt(max(1 - np.exp(-2 * (hxy2 - joint)), 0.0)) if own > 0 else np.nan,
        ]
    )


def _diagonals(p: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Probability of each sum of two levels, from 2, and of each difference, from 0."""
    n = p.shape[0]
    place = np.arange(n)
    sums = np.bincount((place[:, None] + place).ravel(), weights=p.ravel(), minlength=2 * n - 1)
    apart = np.abs(place[:, None] - place)
    return sums, np.bincount(apart.ravel(), weights=p.ravel(), minlength=n)


def _entropy(p: np.ndarray) -> float:
    known = p[p > 0]
    return float(-(known * np.log2(known)).sum()) + 0.0


@numba.njit(cache=True)
def _count_pairs(
    levels: np.ndarray, offsets: np.ndarray, n_levels: int, by_slice: bool
) -> np.ndarray:
    n_s, n_r, n_c = levels.shape
    n_groups = n_s if by_slice else 1
    counts = np.zeros((n_groups, offsets.shape[0], n_levels, n_levels), np.int64)
    for s in range(n_s):
        group = s if by_slice else 0
        for r in range(n_r):
            for c in range(n_c):
                here = levels[s, r, c]
                if here == 0:
                    continue
                for d in range(offsets.shape[0]):
                    i, j, k = s + offsets[d, 0], r + offsets[d, 1], c + offsets[d, 2]
                    if i < 0 or j < 0 or k < 0 or i >= n_s or j >= n_r or k >= n_c:
                        continue
                    there = levels[i, j, k]
                    if there > 0:
                        counts[group, d, here - 1, there - 1] += 1
                        counts[group, d, there - 1, here - 1] += 1
    return counts
