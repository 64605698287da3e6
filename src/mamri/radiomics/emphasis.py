"""What run lengths, zone sizes, zone distances and dependence counts have in common.

All four are tables of counts by grey level ``i`` and a length ``j``, and the reference manual
defines the same features on each.
"""

import numpy as np

# Order of the values that `emphasis_features` returns; each family names them its own way.
N_EMPHASIS = 17


def emphasis_features(
    levels: np.ndarray, lengths: np.ndarray, counts: np.ndarray, n_voxels: float
) -> np.ndarray:
    """Emphases, non-uniformities, variances and entropy of a table of counts.

    Parameters
    ----------
    levels, lengths : (K,) int, from 1
        Grey level and length of each entry; entries may repeat.
    counts : (K,) number, above 0
    n_voxels : float
        Voxels that the table was made from, once for each merged direction.

    Returns
    -------
    (17,) float
        Emphasis of short, long, low and high, then of short low, short high, long low, long high;
        non-uniformity of grey levels and its normalised form; the same of lengths; percentage;
        variances of levels and of lengths; entropy; energy.

    References
    ----------
    .. [1] IBSI reference manual, arXiv:1612.07003, sections 3.7 (run lengths), 3.8 (size zones),
       3.9 (distance zones), 3.11 (dependence).
    """
    i, j = levels.astype(np.float64), lengths.astype(np.float64)
    total = float(counts.sum())
    share = counts / total
    i2, j2 = i**2, j**2
    by_level = np.bincount(levels, weights=counts)
    _, place = np.unique(lengths, return_inverse=True)
    by_length = np.bincount(place, weights=counts)
    pairs = levels.astype(np.int64) * (int(lengths.max()) + 1) + lengths
    _, place = np.unique(pairs, return_inverse=True)
    cell = np.bincount(place, weights=share)
    grey, length = float((by_level**2).sum()), float((by_length**2).sum())
    return np.array(
        [
            (share / j2).sum(),
            (share * j2).sum(),
            (share / i2).sum(),
            (share * i2).sum(),
            (share / (i2 * j2)).sum(),
            (share * i2 / j2).sum(),
            (share * j2 / i2).sum(),
            (share * i2 * j2).sum(),
            grey / total,
            grey / total**2,
            length / total,
            length / total**2,
            total / n_voxels,
            (share * (i - (share * i).sum()) ** 2).sum(),
            (share * (j - (share * j).sum()) ** 2).sum(),
            -(cell * np.log2(cell)).sum(),
            (cell**2).sum(),
        ]
    )
