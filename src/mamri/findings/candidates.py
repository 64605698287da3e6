"""Enhancing regions as candidates: where each one starts and ends."""

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from mamri.findings.enhancement_levels import EnhancementLevels
from mamri.findings.settings import DetectionSettings

_TOUCHING = np.ones((3, 3, 3), bool)  # voxels that share a corner are connected
_CLOSING = 2  # samples; gaps in a rim up to twice this are closed before it is filled (assumption)
_MARGIN = 6  # samples left free around a candidate, for its surroundings
_ROUNDS = 3  # second looks at what a stronger neighbour cut off; more change nothing in practice


@dataclass(frozen=True, slots=True, eq=False)
class Candidate:
    """One enhancing region on the working grid.

    Parameters
    ----------
    mask : bool array
        The region within `box`.
    box : (3,) of slice
        Part of the working grid: the region and a margin, as far as the grid reaches.
    """

    mask: np.ndarray
    box: tuple[slice, slice, slice]

    @property
    def points(self) -> np.ndarray:
        """Indices of its voxels on the working grid, (N, 3)."""
        return np.asarray(np.argwhere(self.mask) + [part.start for part in self.box])


def candidate_from_points(points: np.ndarray, shape: tuple[int, ...]) -> Candidate:
    """Candidate of the given (N, 3) voxels of a grid."""
    low = np.maximum(points.min(axis=0) - _MARGIN, 0)
    high = np.minimum(points.max(axis=0) + _MARGIN + 1, shape)
    mask = np.zeros(tuple(high - low), bool)
    mask[tuple((points - low).T)] = True
    s, r, c = (slice(int(a), int(b)) for a, b in zip(low, high, strict=True))
    return Candidate(mask, (s, r, c))


def find_candidates(levels: EnhancementLevels, settings: DetectionSettings) -> list[Candidate]:
    """Separate regions that enhance more than the exam's background.

    A region holds a seed and ends at the edge threshold or at a share of its own peak, whichever
    is higher, so that a mass does not flood into enhancing parenchyma. What the peak of a strong
    region cut off is looked at again by itself. Gaps and holes, such as the dead centre of a mass
    with rim enhancement, are filled.

    Parameters
    ----------
    levels : EnhancementLevels
    settings : DetectionSettings

    Returns
    -------
    list of Candidate
    """
    allowed = levels.edge & levels.region.inside
    found: list[Candidate] = []
    for _ in range(_ROUNDS):
        parts, allowed = _one_round(allowed, levels, settings)
        found += parts
        if not parts:
            break
    return [_filled(candidate, levels) for candidate in found]


def _one_round(
    allowed: np.ndarray, levels: EnhancementLevels, settings: DetectionSettings
) -> tuple[list[Candidate], np.ndarray]:
    """Strong parts of every connected region with a seed, and what remains for the next round."""
    labels, _ = ndimage.label(allowed, _TOUCHING)
    boxes = ndimage.find_objects(labels)
    parts = []
    rest = np.zeros(allowed.shape, bool)
    for index in np.unique(labels[levels.seed & allowed]):
        box = boxes[index - 1]
        region = labels[box] == index
        signal = levels.signal[box]
        limit = settings.edge_fraction * float(np.percentile(signal[region], 90))
        strong, _ = ndimage.label(region & (signal > limit), _TOUCHING)
        kept = np.unique(strong[levels.seed[box] & (strong > 0)])
        corner = [part.start for part in box]
        inner = ndimage.find_objects(strong)
        for part in kept:
            cut = inner[part - 1]
            points = np.argwhere(strong[cut] == part) + [edge.start for edge in cut] + corner
            parts.append(candidate_from_points(points, allowed.shape))
        near = ndimage.binary_dilation(np.isin(strong, kept), _TOUCHING, iterations=2)
        rest[box] |= region & ~near
    return parts, rest


def _filled(candidate: Candidate, levels: EnhancementLevels) -> Candidate:
    """Candidate with its holes filled, also those of a rim with gaps, inside the breast."""
    mask = candidate.mask
    closed = ndimage.binary_closing(mask, _TOUCHING, iterations=_CLOSING)
    holes = ndimage.binary_fill_holes(closed) & ~closed
    filled = mask | ndimage.binary_closing(mask, ndimage.generate_binary_structure(3, 1))
    if holes.any():
        # The closing narrowed the hole: the band around it belongs to it.
        filled |= holes | (ndimage.binary_dilation(holes, _TOUCHING, iterations=_CLOSING) & closed)
    filled &= levels.region.inside[candidate.box]
    filled |= mask
    return Candidate(ndimage.binary_fill_holes(filled), candidate.box)


def merge_satellites(
    candidates: list[Candidate], shape: tuple[int, ...], *, distance: float, share: float
) -> list[Candidate]:
    """Join small candidates to a larger one close by.

    Parameters
    ----------
    candidates : list of Candidate
    shape : (3,) of int
        Of the working grid.
    distance : float, samples
        Largest gap that is bridged.
    share : float
        Only candidates below this share of the larger one's volume are joined to it.

    Returns
    -------
    list of Candidate
        Largest first.
    """
    order = sorted(candidates, key=lambda c: -np.count_nonzero(c.mask))
    points = [candidate.points for candidate in order]
    owner = list(range(len(order)))
    for small in range(1, len(order)):
        for large in range(small):
            if owner[large] != large or len(points[small]) > share * len(points[large]):
                continue
            if _gap(points[small], order[large]) <= distance:
                owner[small] = large
                break
    return [
        candidate_from_points(
            np.concatenate([p for p, o in zip(points, owner, strict=True) if o == index]), shape
        )
        for index in range(len(order))
        if owner[index] == index
    ]


def _gap(points: np.ndarray, large: Candidate) -> float:
    """Samples between the voxels of a candidate and another one; infinite beyond its margin."""
    local = points - [part.start for part in large.box]
    near = local[np.all((local >= 0) & (local < large.mask.shape), axis=1)]
    if not len(near):
        return float("inf")
    return float(ndimage.distance_transform_edt(~large.mask)[tuple(near.T)].min()) - 1
