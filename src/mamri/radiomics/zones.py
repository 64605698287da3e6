"""Zones of one grey level: how large they are, and how far from the edge of the region."""

import numba
import numpy as np
from scipy import ndimage

from mamri.radiomics.aggregation import Aggregation, average
from mamri.radiomics.emphasis import N_EMPHASIS, emphasis_features
from mamri.radiomics.feature_registry import FEATURES, FeatureFamily

_SIZE_NAMES = tuple(feature.name for feature in FEATURES[FeatureFamily.SIZE_ZONE])
_DISTANCE_NAMES = tuple(feature.name for feature in FEATURES[FeatureFamily.DISTANCE_ZONE])


def zone_features(
    levels: np.ndarray, mask: np.ndarray, aggregation: Aggregation
) -> tuple[dict[str, float], dict[str, float]]:
    """Sixteen features of the sizes of zones, and sixteen of their distances from the edge.

    A zone joins voxels of one level that touch, by a corner at least. Its distance is that of its
    voxel nearest to the edge of the mask, counted in steps through faces, 1 at the edge.

    Parameters
    ----------
    levels : (S, R, C) int32
        0 outside the region, grey levels from 1.
    mask : (S, R, C) bool
        The region before voxels were left out for their intensity.
    aggregation : Aggregation

    Returns
    -------
    sizes, distances : dict of str to float

    References
    ----------
    .. [1] IBSI reference manual, arXiv:1612.07003, sections 3.8 (9SAK) and 3.9 (VMDZ).
    .. [2] Thibault G, Angulo J, Meyer F. Advanced statistical matrices for texture
       characterization: application to cell classification. IEEE Trans Biomed Eng 2014;61:630-637.
       doi:10.1109/TBME.2013.2284600
    """
    zones = _find_zones(levels, edge_distance(mask, aggregation.is_planar), aggregation.is_planar)
    inside = levels > 0
    groups = [(zones, int(inside.sum()))]
    if aggregation.is_by_slice:
        voxels = inside.sum(axis=(1, 2))
        groups = [(zones[zones[:, 3] == s], int(n)) for s, n in enumerate(voxels) if n]
    once = [np.ones(len(found)) for found, _ in groups]
    tables = []
    for column in (1, 2):
        rows = [
            emphasis_features(found[:, 0], found[:, column], one, n)
            for (found, n), one in zip(groups, once, strict=True)
        ]
        tables.append(average(rows, N_EMPHASIS)[: len(_SIZE_NAMES)].tolist())
    sizes = dict(zip(_SIZE_NAMES, tables[0], strict=True))
    return sizes, dict(zip(_DISTANCE_NAMES, tables[1], strict=True))


def edge_distance(mask: np.ndarray, is_planar: bool) -> np.ndarray:
    """Steps through faces to the nearest voxel outside a mask, (S, R, C) int32, 0 outside.

    What lies beyond the array is outside.
    """
    padded = np.pad(mask, 1)
    if not is_planar:
        distance = ndimage.distance_transform_cdt(padded, metric="taxicab")
        return np.asarray(distance[1:-1, 1:-1, 1:-1], np.int32)
    slices = [ndimage.distance_transform_cdt(part, metric="taxicab") for part in padded[1:-1]]
    return np.array(slices, np.int32)[:, 1:-1, 1:-1]


@numba.njit(cache=True)
def _find_zones(levels: np.ndarray, distance: np.ndarray, is_planar: bool) -> np.ndarray:
    """Level, size, least distance and slice of each zone, (Z, 4) int64."""
    n_s, n_r, n_c = levels.shape
    is_left = levels > 0
    n_voxels = 0
    for value in levels.flat:
        n_voxels += value > 0
    found = np.empty((n_voxels, 4), np.int64)
    stack = np.empty((n_voxels, 3), np.int64)
    n_zones = 0
    up = 0 if is_planar else 1
    for s in range(n_s):
        for r in range(n_r):
            for c in range(n_c):
                if not is_left[s, r, c]:
                    continue
                level, nearest = levels[s, r, c], distance[s, r, c]
                size = 0
                stack[0, 0], stack[0, 1], stack[0, 2] = s, r, c
                is_left[s, r, c] = False
                depth = 1
                while depth > 0:
                    depth -= 1
                    a, b, d = stack[depth, 0], stack[depth, 1], stack[depth, 2]
                    size += 1
                    nearest = min(nearest, distance[a, b, d])
                    for i in range(max(a - up, 0), min(a + up + 1, n_s)):
                        for j in range(max(b - 1, 0), min(b + 2, n_r)):
                            for k in range(max(d - 1, 0), min(d + 2, n_c)):
                                if is_left[i, j, k] and levels[i, j, k] == level:
                                    is_left[i, j, k] = False
                                    stack[depth, 0] = i
                                    stack[depth, 1] = j
                                    stack[depth, 2] = k
                                    depth += 1
                found[n_zones, 0], found[n_zones, 1] = level, size
                found[n_zones, 2], found[n_zones, 3] = nearest, s
                n_zones += 1
    return found[:n_zones]
