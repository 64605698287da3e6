"""What surrounds a voxel: difference from its neighbours' mean, and neighbours of its own level."""

import numba
import numpy as np

from mamri.radiomics.aggregation import Aggregation, average
from mamri.radiomics.emphasis import emphasis_features
from mamri.radiomics.feature_registry import FEATURES, FeatureFamily

_TONE_NAMES = tuple(feature.name for feature in FEATURES[FeatureFamily.TONE_DIFFERENCE])
_DEPENDENCE_NAMES = tuple(feature.name for feature in FEATURES[FeatureFamily.DEPENDENCE])
# Coarseness of a region without any difference: IBSI reference manual, section 3.10 (QCDE).
_COARSEST = 1e6


def neighbourhood_features(
    levels: np.ndarray, aggregation: Aggregation
) -> tuple[dict[str, float], dict[str, float]]:
    """Five features of grey tone differences, and seventeen of grey level dependence.

    Neighbours touch by a corner at least (distance 1); voxels without a neighbour in the region
    have no difference. A neighbour depends on a voxel of the same level (coarseness 0), and the
    voxel itself counts.

    Parameters
    ----------
    levels : (S, R, C) int32
        0 outside the region, grey levels from 1.
    aggregation : Aggregation

    Returns
    -------
    differences, dependence : dict of str to float

    References
    ----------
    .. [1] IBSI reference manual, arXiv:1612.07003, sections 3.10 (IPET) and 3.11 (REK0).
    .. [2] Amadasun M, King R. Textural features corresponding to textural properties. IEEE Trans
       Syst Man Cybern 1989;19:1264-1273. doi:10.1109/21.44046
    .. [3] Sun C, Wee WG. Neighboring gray level dependence matrix for texture classification.
       Comput Vis Graph Image Process 1983;23:341-352. doi:10.1016/0734-189X(83)90032-4
    """
    around = _neighbours(levels, aggregation.is_planar)
    groups = [around]
    if aggregation.is_by_slice:
        groups = [around[around[:, 0] == s] for s in np.unique(around[:, 0])]
    tones, counts = [], []
    for group in groups:
        level = group[:, 1].astype(np.int64)
        has_any = group[:, 2] > 0
        if has_any.any():
            mean = group[has_any, 3] / group[has_any, 2]
            tones.append(_tone_features(level[has_any], np.abs(level[has_any] - mean)))
        same = group[:, 4].astype(np.int64) + 1
        counts.append(emphasis_features(level, same, np.ones(level.size), level.size))
    tone = average(tones, len(_TONE_NAMES)).tolist()
    dependence = average(counts, len(_DEPENDENCE_NAMES)).tolist()
    return (
        dict(zip(_TONE_NAMES, tone, strict=True)),
        dict(zip(_DEPENDENCE_NAMES, dependence, strict=True)),
    )


def _tone_features(level: np.ndarray, difference: np.ndarray) -> np.ndarray:
    """Coarseness, contrast, busyness, complexity and strength."""
    n = level.size
    count = np.bincount(level).astype(float)
    total = np.bincount(level, weights=difference)
    present = np.flatnonzero(count)
    i, p, s = present.astype(float), count[present] / n, total[present]
    n_present = present.size
    apart = np.abs(i[:, None] - i)
    weighted = float((p * s).sum())
    both = p[:, None] + p
    contrast = busyness = 0.0
    if n_present > 1:
        contrast = (p[:, None] * p * apart**2).sum() / (n_present * (n_present - 1))
        contrast *= s.sum() / n
        busyness = weighted / np.abs((i * p)[:, None] - i * p).sum()
    ps = p * s
    return np.array(
        [
            1 / weighted if weighted > 0 else _COARSEST,
            contrast,
            busyness,
            (apart * (ps[:, None] + ps) / both).sum() / n,
            (both * apart**2).sum() / s.sum() if s.sum() > 0 else 0.0,
        ]
    )


@numba.njit(cache=True)
def _neighbours(levels: np.ndarray, is_planar: bool) -> np.ndarray:
    """Slice, level, number of neighbours, sum of their levels, and how many have its level."""
    n_s, n_r, n_c = levels.shape
    n_voxels = 0
    for value in levels.flat:
        n_voxels += value > 0
    found = np.empty((n_voxels, 5))
    up = 0 if is_planar else 1
    at = 0
    for s in range(n_s):
        for r in range(n_r):
            for c in range(n_c):
                level = levels[s, r, c]
                if level == 0:
                    continue
                count, total, same = 0, 0, 0
                for i in range(max(s - up, 0), min(s + up + 1, n_s)):
                    for j in range(max(r - 1, 0), min(r + 2, n_r)):
                        for k in range(max(c - 1, 0), min(c + 2, n_c)):
                            other = levels[i, j, k]
                            if other > 0:
                                count += 1
                                total += other
                                same += other == level
                # The voxel itself was counted with its neighbours.
                found[at, 0], found[at, 1] = s, level
                found[at, 2], found[at, 3], found[at, 4] = count - 1, total - level, same - 1
                at += 1
    return found
