"""Rigid and phase-encoding-affine transforms by mutual information, without random steps.

Both images are compared at the same fixed points. The joint histogram shares each moving value
between two neighbouring bins, so that it changes smoothly with the transform, and Powell's method
[1]_ climbs along one parameter after another. No threads and no linear-algebra library take part
in the sums: same input, same numbers, on any machine with the same numpy and scipy.

References
----------
.. [1] Powell MJD. An efficient method for finding the minimum of a function of several variables
   without calculating derivatives. Comput J 1964;7:155-162. doi:10.1093/comjnl/7.2.155
"""

import numpy as np
from scipy import ndimage, optimize
from scipy.spatial.transform import Rotation

from mamri.records import Volume

_BINS = 32  # of each image; as elastix, and few enough for a few thousand points
_RANGE_PERCENT = (0.5, 99.5)  # values beyond (air, cysts, vessels) share the outer bins
_RADIUS_MM = 60.0  # about that of a breast: turns and stretches are searched in mm at this radius
_SETTLED_MM = 0.05  # a fortieth of a diffusion voxel
_SCALE = 1000.0  # mutual information times this and mm are of one size


def normalized_mutual_information(fixed: np.ndarray, moving: np.ndarray) -> float:
    """Normalised mutual information [1]_ of values at the same points.

    Parameters
    ----------
    fixed, moving : (N,) float, a.u.

    Returns
    -------
    float, dimensionless
        ``(H(fixed) + H(moving)) / H(fixed, moving)``: 1 for independent images, 2 for images
        that determine each other; NaN where both are constant.

    References
    ----------
    .. [1] Studholme C et al. An overlap invariant entropy measure of 3D medical image alignment.
       Pattern Recognit 1999;32:71-86. doi:10.1016/S0031-3203(98)00091-0 (equation 8)

    Examples
    --------
    >>> values = np.tile(np.arange(32.0), 100)
    >>> round(normalized_mutual_information(values, -values), 2)
    2.0
    """
    return _from_bins(_bins(fixed), moving, _value_range(moving))


def find_linear_transform(
    points: np.ndarray,
    fixed: np.ndarray,
    moving: Volume,
    *,
    start: np.ndarray,
    stretched_along: np.ndarray | None,
    rounds: int,
) -> np.ndarray:
    """Transform under which a moving image shares most information with fixed values.

    Parameters
    ----------
    points : (N, 3) float, mm LPS
    fixed : (N,) float, a.u.
        Values of the fixed image at the points.
    moving : Volume
        Float; its border voxels go on outside.
    start : (4, 4) float, mm
        From points of the fixed image to points of the moving one.
    stretched_along : (3,) float, or None
        Unit vector (LPS) along which displacements may grow linearly in space, besides the rigid
        motion; None for a rigid motion alone.
    rounds : int
        Most rounds along all parameters.

    Returns
    -------
    (4, 4) float, mm
        As ``start``.
    """
    bins, columns, centre = _bins(fixed), np.ascontiguousarray(points.T), points.mean(axis=0)
    to_index = np.linalg.inv(moving.affine)
    value_range = _value_range(_values(moving, to_index @ start, columns))

    def cost(parameters: np.ndarray) -> float:
        matrix = to_index @ start @ _transform(parameters, centre, stretched_along)
        return -_SCALE * _from_bins(bins, _values(moving, matrix, columns), value_range)

    found = optimize.minimize(
        cost,
        np.zeros(6 if stretched_along is None else 9),
        method="Powell",
        options={"xtol": _SETTLED_MM, "ftol": 1e-6, "maxiter": rounds},
    )
    return np.asarray(start @ _transform(found.x, centre, stretched_along))


def _transform(
    parameters: np.ndarray, centre: np.ndarray, stretched_along: np.ndarray | None
) -> np.ndarray:
    """Stretch, then turn, about a centre, then shift; (4, 4) from parameters in mm."""
    linear = Rotation.from_rotvec(parameters[3:6] / _RADIUS_MM).as_matrix()
    if stretched_along is not None:
        linear = linear @ (np.eye(3) + np.outer(stretched_along, parameters[6:9] / _RADIUS_MM))
    matrix = np.eye(4)
    matrix[:3, :3] = linear
    matrix[:3, 3] = centre + parameters[:3] - linear @ centre
    return matrix


def _values(moving: Volume, to_index: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """Moving values, linear, at (3, N) points; sums in a fixed order."""
    index = to_index[:3, 3:] + sum(to_index[:3, k : k + 1] * columns[k] for k in range(3))
    return ndimage.map_coordinates(moving.array, index, order=1, mode="nearest", output=np.float64)


def _value_range(values: np.ndarray) -> tuple[float, float]:
    low, high = np.percentile(values, _RANGE_PERCENT)
    return float(low), float(high)


def _scaled(values: np.ndarray, value_range: tuple[float, float]) -> np.ndarray:
    """Values as fractional bin numbers, 0 to 31."""
    low, high = value_range
    if high <= low:
        return np.zeros(values.shape)
    return np.clip((values - low) / (high - low), 0.0, 1.0) * (_BINS - 1)


def _bins(values: np.ndarray) -> np.ndarray:
    return np.rint(_scaled(values, _value_range(values))).astype(np.int64)


def _from_bins(bins: np.ndarray, values: np.ndarray, value_range: tuple[float, float]) -> float:
    place = _scaled(values, value_range)
    lower = np.minimum(place.astype(np.int64), _BINS - 2)
    upper_part = place - lower
    pair = bins * _BINS + lower
    counts = np.bincount(pair, 1 - upper_part, _BINS * _BINS)
    counts += np.bincount(pair + 1, upper_part, _BINS * _BINS)
    joint = (counts / counts.sum()).reshape(_BINS, _BINS)
    both = _entropy(joint)
    if both == 0:
        return float("nan")
    return (_entropy(joint.sum(axis=0)) + _entropy(joint.sum(axis=1))) / both


def _entropy(p: np.ndarray) -> float:
    p = p[p > 0]
    return float(-(p * np.log(p)).sum())
