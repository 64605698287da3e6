"""How a finding enhances inside: its centre against its border, and how even it is."""

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from mamri.findings.lesion_field import LesionField

# Depths, as shares of the greatest, of what is called centre and border. Assumptions.
_CENTRE, _BORDER = 0.7, (0.15, 0.45)
_HALF = 0.5
_EDGE_MM, _EDGE_SHARE = 1.6, 0.45  # this much of the edge is left out of the inside: assumption


@dataclass(frozen=True, slots=True)
class InternalMeasures:
    """Numbers of the inside of a finding; NaN where they could not be measured.

    Parameters
    ----------
    centre_to_border : float
        Mean enhancement of the centre over that of the border; below 1 where the border is
        stronger.
    variation : float
        Coefficient of variation of the enhancement inside, noise taken off.
    main_part_percent : float, %
        Share of the largest connected piece in all that enhances half as much as the finding, or
        more, within its outline.
    """

    centre_to_border: float
    variation: float
    main_part_percent: float


def internal_measures(field: LesionField) -> InternalMeasures:
    """Measure the inside of a finding.

    Parameters
    ----------
    field : LesionField

    Returns
    -------
    InternalMeasures
    """
    deepest = field.depth_mm.max()
    depth = field.depth_mm / deepest
    border = field.value[(depth > _BORDER[0]) & (depth < _BORDER[1])]
    centre = field.value[depth > _CENTRE]
    ratio = float(centre.mean() / border.mean()) if border.size and border.mean() > 0 else np.nan
    inside = field.value[field.depth_mm > min(_EDGE_MM, _EDGE_SHARE * deepest)]
    spread = float(np.sqrt(max(0.0, inside.var() - field.noise**2)))
    lit, _ = ndimage.label((field.value >= _HALF) & field.outline)
    sizes = np.bincount(lit.ravel())[1:]
    return InternalMeasures(
        centre_to_border=ratio,
        variation=spread / float(inside.mean()) if inside.mean() > 0 else np.nan,
        main_part_percent=100 * float(sizes.max() / sizes.sum()),
    )
