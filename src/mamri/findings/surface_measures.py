"""The surface of a finding: how round, how smooth, and what sticks out of it.

Spicules (the root sign of [1]_) are thin: a ball that fits into the body of a finding does not fit
into them. What of the finding and of what enhances in touch with it no such ball reaches is counted
as protrusions. The largest of them is left out: a vessel that touches a finding is one structure,
spicules are many.

References
----------
.. [1] Dietzel M, Baltzer PAT. How to use the Kaiser score as a clinical decision rule for diagnosis
   in multiparametric breast MRI: a pictorial essay. Insights Imaging 2018;9:325-335.
   doi:10.1007/s13244-018-0611-8
"""

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from mamri.findings.lesion_field import LesionField, distance_mm, opened

# All are assumptions; lengths in mm, shares of the radius of the finding, values of its scale.
_RELIEF_SHARE, _LEAST_RELIEF_MM = 0.4, 1.0  # smoothing that relief is measured against
_CORE_SHARE, _CORE_MM = 0.4, (1.5, 6.0)  # radius of the ball that reaches the core of the body
_THIN_MM = 1.6  # radius of the ball that does not fit into a protrusion
_FAINT = 0.4  # what still counts as enhancing in a protrusion
_REACH_MM = 4.0  # protrusions are sought up to the radius of the finding, and up to this
_SHELL, _SHELL_FAINT = (1.0, 2.0), 0.35  # distance from the core, and what counts there
_NOISES = 2.5, 2.0  # least value of both, in spreads of the surroundings
_LEAST_SHELL = 20  # voxels


@dataclass(frozen=True, slots=True)
class SurfaceMeasures:
    """Numbers of the surface of a finding; NaN where they could not be measured.

    Parameters
    ----------
    relief : float
        Volume between the body and its smoothed form, over the surface and the radius of the ball
        of the same volume.
    ellipsoid_overlap : float
        Dice overlap of the body with the ellipsoid of the same second moments.
    axis_ratio : float
        Second over first axis of that ellipsoid.
    protrusions_mm : float, mm
        Volume of all thin protrusions but the largest, over the surface of the ball of the same
        volume.
    shell : float
        Share of a thin shell around the core of the body that enhances.
    """

    relief: float
    ellipsoid_overlap: float
    axis_ratio: float
    protrusions_mm: float
    shell: float


def surface_measures(field: LesionField) -> SurfaceMeasures:
    """Measure the surface of a finding.

    Parameters
    ----------
    field : LesionField

    Returns
    -------
    SurfaceMeasures
    """
    radius, step = field.radius_mm, field.step_mm
    surface = 4 * np.pi * radius**2
    core = opened(field.body, float(np.clip(_CORE_SHARE * radius, *_CORE_MM)), step)
    if not core.any():  # too small for the ball
        core = field.depth_mm >= 0.6 * field.depth_mm.max()
    away = distance_mm(~core, step)
    overlap, ratio = _ellipsoid(field.body)
    return SurfaceMeasures(
        relief=_relief(field) * step**3 / surface / radius,
        ellipsoid_overlap=overlap,
        axis_ratio=ratio,
        protrusions_mm=_protrusions(field, away) * step**3 / surface,
        shell=_shell(field, away),
    )


def _relief(field: LesionField) -> int:
    """Voxels between the body and its smoothed form."""
    sigma = max(_RELIEF_SHARE * field.radius_mm, _LEAST_RELIEF_MM) / field.step_mm
    pad = 3
    smooth = ndimage.gaussian_filter(np.pad(field.body, pad).astype(np.float32), sigma) >= 0.5
    inner = smooth[pad:-pad, pad:-pad, pad:-pad]
    return int(np.count_nonzero((inner != field.body) & ~field.others))


def _ellipsoid(body: np.ndarray) -> tuple[float, float]:
    """Overlap with the ellipsoid of the same second moments, and its second over first axis."""
    index = np.argwhere(body)
    centre = index.mean(axis=0)
    # A voxel is a box with a second moment of its own.
    squares, axes = np.linalg.eigh(np.cov(index.T, bias=True) + np.eye(3) / 12)
    corner = index.min(axis=0) - 3
    grid = np.indices(np.ptp(index, axis=0) + 7).reshape(3, -1).T + corner - centre
    # An ellipsoid has the second moment a^2 / 5 along a half axis a.
    inside = ((grid @ axes) ** 2 / (5 * squares)).sum(axis=1) <= 1
    held = ((((index - centre) @ axes) ** 2) / (5 * squares)).sum(axis=1) <= 1
    overlap = 2 * held.sum() / (inside.sum() + len(index))
    return float(overlap), float(np.sqrt(squares[1] / squares[2]))


def _protrusions(field: LesionField, away_mm: np.ndarray) -> int:
    """Voxels of thin structures that leave the core of the body, the largest of them left out."""
    faint = field.value >= max(_FAINT, _NOISES[0] * field.noise)
    faint &= ~field.others & (away_mm <= max(_REACH_MM, field.radius_mm))
    numbers, _ = ndimage.label(faint | field.body)
    grown = numbers == numbers[tuple(np.argwhere(field.body)[0])]
    thin = grown & ~opened(grown, _THIN_MM, field.step_mm) & (away_mm > _SHELL[0])
    pieces, n = ndimage.label(thin, structure=np.ones((3, 3, 3)))
    sizes = np.bincount(pieces.ravel(), minlength=n + 1)[1:]
    return int(sizes.sum() - sizes.max(initial=0))


def _shell(field: LesionField, away_mm: np.ndarray) -> float:
    shell = (away_mm > _SHELL[0]) & (away_mm <= _SHELL[1]) & ~field.others
    if np.count_nonzero(shell) < _LEAST_SHELL:
        return float("nan")
    enhancing = field.value[shell] >= max(_SHELL_FAINT, _NOISES[1] * field.noise)
    return float(np.mean(enhancing))
