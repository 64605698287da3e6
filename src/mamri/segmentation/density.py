"""Amount of fibroglandular tissue: share of the breast and category."""

import math
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class DensityCutOffs:
    """Shares of fibroglandular tissue that separate the four categories.

    BI-RADS asks a reader for the amount of fibroglandular tissue by eye, in four categories without
    numbers. The quarters here are those of the fourth BI-RADS edition for mammography, which
    studies of automated MRI measurement go on using [1]_. A volume share is lower than a
    projected one, so categories from these limits lean towards ``a`` and ``b``: centres that have
    calibrated their own limits should set them.

    Parameters
    ----------
    scattered, heterogeneous, extreme : float, %
        Lower limits of categories b, c and d.

    References
    ----------
    .. [1] Wengert GJ et al. Inter- and intra-observer agreement of BI-RADS-based subjective visual
       estimation of amount of fibroglandular breast tissue with magnetic resonance imaging:
       comparison to automated quantitative assessment. Eur Radiol 2016;26:3917-3922.
       doi:10.1007/s00330-016-4274-x
    """

    scattered: float = 25.0
    heterogeneous: float = 50.0
    extreme: float = 75.0


def density_percent(fibroglandular_ml: float, breast_ml: float) -> float:
    """Fibroglandular share of the breast volume.

    Parameters
    ----------
    fibroglandular_ml, breast_ml : float, ml

    Returns
    -------
    float, %
        NaN for a breast without volume.

    Examples
    --------
    >>> density_percent(120.0, 800.0)
    15.0
    """
    if not breast_ml > 0:
        return math.nan
    return 100.0 * fibroglandular_ml / breast_ml


def density_category(percent: float, cut_offs: DensityCutOffs | None = None) -> str:
    """Category of the amount of fibroglandular tissue.

    Parameters
    ----------
    percent : float, %
        As from `density_percent`.
    cut_offs : DensityCutOffs or None
        None for the defaults.

    Returns
    -------
    str
        ``a`` (almost entirely fat) to ``d`` (extreme), or ``undetermined`` for NaN.

    Examples
    --------
    >>> density_category(30.0)
    'b'
    """
    if math.isnan(percent):
        return "undetermined"
    limits = cut_offs if cut_offs is not None else DensityCutOffs()
    passed = sum(
        percent >= limit for limit in (limits.scattered, limits.heterogeneous, limits.extreme)
    )
    return "abcd"[passed]
