"""Where a finding lies: side, quadrant, clock face, distances to skin, nipple and chest wall.

Everything is decided in patient coordinates (LPS, mm: x to the patient's left, y to the back, z to
the head), never from column numbers, so neither storage order nor an oblique grid can swap sides.
"""

from dataclasses import dataclass
from math import atan2, degrees, hypot

import numpy as np
from scipy import ndimage
from scipy.spatial import KDTree

from mamri.geometry import to_lps
from mamri.records import UNDETERMINED, Anatomy, Laterality

_OVERLAP_MM = 1e-6  # rounding of coordinates


@dataclass(frozen=True, slots=True)
class LocationSettings:
    """How places are named.

    Parameters
    ----------
    central_radius_mm : float, mm
        A finding whose centroid lies within this distance of the nipple, seen from the front, is
        ``central``. Assumption: 10 mm, half the radius of an average areola (diameter 4.0 cm [1]_).

    References
    ----------
    .. [1] Sanuki J, Fukuma E, Uchida Y. Morphologic study of nipple-areola complex in 600 breasts.
       Aesthetic Plast Surg 2009;33:295-297. doi:10.1007/s00266-008-9194-y
    """

    central_radius_mm: float = 10.0


def side_of(mask: np.ndarray, breast: np.ndarray, affine: np.ndarray) -> Laterality:
    """Side of a finding: the breast that holds most of it, else the half of the body.

    Parameters
    ----------
    mask : (S, R, C) bool
        At least one voxel set.
    breast : (S, R, C) uint8
        1 right, 2 left.
    affine : (4, 4) float, mm

    Returns
    -------
    Laterality
    """
    counts = {side: np.count_nonzero(breast[mask] == side) for side in Laterality}
    if any(counts.values()):
        return max(counts, key=lambda side: counts[side])
    x_mm = to_lps(affine, np.argwhere(mask)).mean(axis=0)[0]
    return Laterality.RIGHT if x_mm < 0 else Laterality.LEFT


def nipple_position(anatomy: Anatomy, side: Laterality) -> np.ndarray | None:
    """Nipple of one breast, or the foremost point of its mask where no nipple was found.

    Returns
    -------
    (3,) float, mm LPS, or None
        None where that breast is not in the image.
    """
    if side in anatomy.nipples_mm_lps:
        return np.asarray(anatomy.nipples_mm_lps[side], float)
    breast = anatomy.breast == side
    rows = np.flatnonzero(breast.any(axis=(0, 2)))
    if not rows.size:
        return None
    slices, columns = np.nonzero(breast[:, rows[0], :])
    indices = np.column_stack([slices, np.full(slices.size, rows[0]), columns])
    return np.asarray(to_lps(anatomy.affine, indices).mean(axis=0))


def quadrant(
    point: np.ndarray, nipple: np.ndarray, *, side: Laterality, central_radius_mm: float
) -> str:
    """Quadrant of a point: above or below the nipple, further out or further in.

    Parameters
    ----------
    point, nipple : (3,) float, mm LPS
    side : Laterality
    central_radius_mm : float, mm
        Within this distance of the nipple, seen from the front, the answer is ``central``.

    Returns
    -------
    str
        ``upper outer``, ``upper inner``, ``lower outer``, ``lower inner`` or ``central``.

    Examples
    --------
    >>> nipple = np.array([-90.0, -60.0, 0.0])
    >>> quadrant(nipple + [-20, 30, 15], nipple, side=Laterality.RIGHT, central_radius_mm=10)
    'upper outer'
    """
    left, _, up = np.asarray(point, float) - nipple
    if hypot(left, up) <= central_radius_mm:
        return "central"
    outward = left if side is Laterality.LEFT else -left
    return f"{'upper' if up >= 0 else 'lower'} {'outer' if outward >= 0 else 'inner'}"


def clock_face(point: np.ndarray, nipple: np.ndarray, *, central_radius_mm: float) -> str:
    """Hour of a point on a clock centred on the nipple, as seen by one who faces the patient.

    The patient's left is then on the viewer's right, so outer is 9 o'clock in the right breast
    and 3 o'clock in the left one, by one formula for both.

    Parameters
    ----------
    point, nipple : (3,) float, mm LPS
    central_radius_mm : float, mm
        Within this distance of the nipple, seen from the front, the answer is ``central``.

    Returns
    -------
    str
        ``1`` to ``12``, or ``central``.

    Examples
    --------
    >>> clock_face(np.array([40.0, 0, 0]), np.zeros(3), central_radius_mm=10)
    '3'
    """
    left, _, up = np.asarray(point, float) - nipple
    if hypot(left, up) <= central_radius_mm:
        return "central"
    hour = round(degrees(atan2(left, up)) / 30) % 12  # 30 degrees an hour
    return str(hour or 12)


def depth_third(nipple_mm: float, chest_wall_mm: float) -> str:
    """Third of the way from nipple to chest wall that a point lies in.

    Parameters
    ----------
    nipple_mm : float, mm
        How far the point lies behind the nipple.
    chest_wall_mm : float, mm
        Its distance to the chest wall.

    Returns
    -------
    str
        ``anterior``, ``middle``, ``posterior``; ``undetermined`` where either is unknown.

    Examples
    --------
    >>> depth_third(20.0, 60.0)
    'anterior'
    """
    whole = nipple_mm + chest_wall_mm
    if not whole > 0:
        return UNDETERMINED
    return ("anterior", "middle", "posterior")[min(2, int(3 * max(nipple_mm, 0.0) / whole))]


@dataclass(frozen=True, slots=True, eq=False)
class Surroundings:
    """Surfaces of one breast, ready for nearest-distance questions.

    Parameters
    ----------
    skin, chest_wall : KDTree of points in mm LPS, or None
        None where the surface is not in the image.
    nipple : (3,) float, mm LPS, or None
    """

    skin: KDTree | None
    chest_wall: KDTree | None
    nipple: np.ndarray | None


def surroundings(anatomy: Anatomy, side: Laterality) -> Surroundings:
    """Skin, chest wall and nipple of one breast.

    The chest wall is the back surface of the breast mask: the last voxel of each front-to-back
    column, where the body goes on behind it.

    Parameters
    ----------
    anatomy : Anatomy
        In anatomical order: index 1 runs from front to back.
    side : Laterality

    Returns
    -------
    Surroundings
    """
    breast = anatomy.breast == side
    filled = np.flatnonzero(breast.any(axis=(0, 1)))
    if not filled.size:
        return Surroundings(None, None, None)
    columns = slice(int(filled[0]), int(filled[-1]) + 1)
    breast = breast[:, :, columns]
    offset = np.array([0, 0, columns.start])
    n_rows = breast.shape[1]
    last = n_rows - 1 - np.argmax(breast[:, ::-1, :], axis=1)  # (S, C)
    slices, cols = np.nonzero(breast.any(axis=1))
    rows = last[slices, cols]
    behind = np.minimum(rows + 1, n_rows - 1)
    inside = anatomy.body[:, :, columns][slices, behind, cols] & (rows + 1 < n_rows)
    back = np.column_stack([slices, rows, cols])[inside]
    skin = np.argwhere(breast & anatomy.skin[:, :, columns])

    def tree(indices: np.ndarray) -> KDTree | None:
        return KDTree(to_lps(anatomy.affine, indices + offset)) if len(indices) else None

    return Surroundings(tree(skin), tree(back), nipple_position(anatomy, side))


def distances_mm(mask: np.ndarray, affine: np.ndarray, *, around: Surroundings) -> dict[str, float]:
    """Shortest distance from a finding to skin, nipple and chest wall.

    Distances run between voxel centres in mm, exact on anisotropic and oblique grids; 0 where the
    finding overlaps the surface.

    Parameters
    ----------
    mask : (S, R, C) bool
        At least one voxel set.
    affine : (4, 4) float, mm
    around : Surroundings
        Of the breast that holds the finding.

    Returns
    -------
    dict
        ``skin``, ``nipple``, ``chest_wall`` in mm; NaN where the surface is unknown.
    """
    border = mask & ~ndimage.binary_erosion(mask)
    points = to_lps(affine, np.argwhere(border))
    inner = to_lps(affine, np.argwhere(mask & ~border))

    def nearest(tree: KDTree | None) -> float:
        if tree is None:
            return float("nan")
        # A voxel whose neighbours all belong to the finding is nearest only to one it overlaps.
        if np.isfinite(tree.query(inner, distance_upper_bound=_OVERLAP_MM)[0]).any():
            return 0.0
        return float(np.min(tree.query(points)[0]))

    nipple = around.nipple
    return {
        "skin": nearest(around.skin),
        "nipple": float("nan")
        if nipple is None
        else float(np.min(np.linalg.norm(np.vstack([points, inner]) - nipple, axis=1))),
        "chest_wall": nearest(around.chest_wall),
    }
