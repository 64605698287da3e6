"""Amount of fibroglandular tissue: share of the breast and category."""

import math
from dataclasses import asdict, dataclass

from mamri.records import InputError, Provenance

REFERENCES = (
    "Yoshida R et al. Optimal breast density characterization using a three-dimensional automated "
    "breast densitometry system. Curr Oncol 2021;28:5384-5394. doi:10.3390/curroncol28060448",
    "Rahbar K, Gubern-Merida A, Patrie JT, Harvey JA. Automated volumetric mammographic breast "
    "density measurements may underestimate percent breast density for high-density breasts. "
    "Acad Radiol 2017;24(12), article S1076-6332(17)30277-5.",
)


@dataclass(frozen=True, slots=True)
class DensityCutOffs:
    """Shares of fibroglandular tissue that separate the four categories.

    BI-RADS asks a reader for the amount of fibroglandular tissue by eye, in four categories without
    numbers, and no published limits for the share measured on MRI were found. The limits here are
    those of volumetric mammography (Volpara density grades [1]_). It measures the same quantity,
    the volume of fibroglandular tissue over that of the breast, and its grades are read as
    comparable to the BI-RADS categories [2]_. In 220 breasts it and MRI had the same mean, 10 %
    (on MRI 1 to 41 %), with 95 % of the differences from MRI between -8 and 7 percentage points,
    and the lower values in dense breasts [3]_; over 186 exams they correlated with r = 0.93 [4]_.
    The quarters of the fourth BI-RADS edition (25, 50, 75 %) were meant for projected area and
    put nearly every breast in ``a``.

    Their limits: they were set for mammograms, not against readers of MRI; a share measured on MRI
    depends on sequence and segmentation by several points, so a breast within a few points of a
    limit may be of either category; centres that have compared their own readers should set their
    own. Another published set, 5, 9 and 21 %, gives another mammography software the categories
    in the proportions of five radiologists over 537 exams [5]_.

    Parameters
    ----------
    scattered, heterogeneous, extreme : float, %
        Lower limits of categories b, c and d [1]_.

    Raises
    ------
    InputError
        If the limits do not rise from 0 to 100.

    References
    ----------
    .. [1] Yoshida R et al. Optimal breast density characterization using a three-dimensional
       automated breast densitometry system. Curr Oncol 2021;28:5384-5394.
       doi:10.3390/curroncol28060448 (limits of the grades; from its abstract)
    .. [2] Wanders JOP et al. Volumetric breast density affects performance of digital screening
       mammography. Breast Cancer Res Treat 2017;162:95-103. doi:10.1007/s10549-016-4090-7
       (from its abstract)
    .. [3] Rahbar K et al. Automated volumetric mammographic breast density measurements may
       underestimate percent breast density for high-density breasts. Acad Radiol 2017;24(12),
       article S1076-6332(17)30277-5 (from its abstract and tables)
    .. [4] Gubern-Merida A et al. Volumetric breast density estimation from full-field digital
       mammograms: a validation study. PLoS One 2014;9:e85952. doi:10.1371/journal.pone.0085952
       (from its abstract)
    .. [5] Osteras BH et al. BI-RADS density classification from areometric and volumetric
       automatic breast density measurements. Acad Radiol 2016;23(4), article
       S1076-6332(16)00020-9 (table 4)
    """

    scattered: float = 3.5
    heterogeneous: float = 7.5
    extreme: float = 15.5

    def __post_init__(self) -> None:
        limits = (self.scattered, self.heterogeneous, self.extreme)
        if not 0 < limits[0] < limits[1] < limits[2] < 100:
            raise InputError(
                f"density limits must rise between 0 and 100 %, got {limits}; give the lower "
                "limits of categories b, c and d in this order"
            )


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
    >>> density_category(10.0)
    'c'
    """
    if math.isnan(percent):
        return "undetermined"
    limits = cut_offs if cut_offs is not None else DensityCutOffs()
    passed = sum(
        percent >= limit for limit in (limits.scattered, limits.heterogeneous, limits.extreme)
    )
    return "abcd"[passed]


def density_provenance(cut_offs: DensityCutOffs | None = None) -> Provenance:
    """How volumes, share and category were found, for the methods text."""
    limits = cut_offs if cut_offs is not None else DensityCutOffs()
    published = limits == DensityCutOffs()
    source = "those of volumetric mammography" if published else "set by the user"
    return Provenance(
        step="breast_density",
        method=(
            "Breast density was the volume of fibroglandular tissue over that of the breast, in "
            f"category b from {limits.scattered:g} %, c from {limits.heterogeneous:g} % and d from "
            f"{limits.extreme:g} % (limits {source})."
        ),
        settings=asdict(limits),
        references=REFERENCES if published else (),
    )
