"""How the left breast differs from the right one in size, tissue and enhancement.

BI-RADS asks whether background enhancement is symmetric or asymmetric [1]_; usually it is symmetric
[2]_. It gives no limits, and none were found for any of the measures here, so they are given as
numbers and not called symmetric or not. What is usual: the volumes of a woman's breasts differ by
53 to 63 ml on average [3]_; in 100 women of middle age no measure of tissue differed between the
sides, and in 400 young women the share of water was 0.84 points higher on the right [4]_. Asymmetry
of the volume of dense tissue, not of the breast, was related to cancers found at the same
screening [5]_.

References
----------
.. [1] Morris EA, Comstock CE, Lee CH et al. ACR BI-RADS Magnetic Resonance Imaging. In: ACR BI-RADS
   Atlas, 5th ed. American College of Radiology, 2013.
.. [2] Giess CS, Yeh ED, Raza S, Birdwell RL. Background parenchymal enhancement at breast MR
   imaging: normal patterns, diagnostic challenges, and potential for false-positive and
   false-negative interpretation. RadioGraphics 2014;34:234-247. doi:10.1148/rg.341135034
.. [3] Scutt D et al. Breast asymmetry and predisposition to breast cancer. Breast Cancer Res
   2006;8:R14. doi:10.1186/bcr1388
.. [4] Hennessey S et al. Bilateral symmetry of breast tissue composition by magnetic resonance in
   young women and adults. Cancer Causes Control 2014;25:491-497. doi:10.1007/s10552-014-0351-0
   (from its abstract)
.. [5] Hudson SM et al. Left-right breast asymmetry and risk of screen-detected and interval cancers
   in a large population-based screening population. Br J Radiol 2020;93:20200154.
   doi:10.1259/bjr.20200154 (from its abstract)
"""

import math
from collections.abc import Sequence

from mamri.records import BreastMeasurement, BreastSymmetry, Laterality, Provenance, Status

REFERENCES = (
    "Morris EA, Comstock CE, Lee CH et al. ACR BI-RADS Magnetic Resonance Imaging. In: ACR BI-RADS "
    "Atlas, 5th ed. American College of Radiology, 2013.",
)


def breast_symmetry(
    breasts: Sequence[BreastMeasurement], cut_sides: Sequence[Laterality] = ()
) -> tuple[BreastSymmetry, Provenance]:
    """Compare the two breasts of an exam.

    Parameters
    ----------
    breasts : sequence of BreastMeasurement
        At most one a side.
    cut_sides : sequence of Laterality
        Breasts that the field of view does not hold whole: nothing is compared then.

    Returns
    -------
    BreastSymmetry
        All NaN, with the reason, unless both breasts were found whole. The difference of
        background enhancement is also NaN where a breast has none.
    Provenance
    """
    sides = {breast.side: breast for breast in breasts}
    lack = _lack(sides, cut_sides)
    if lack:
        return BreastSymmetry(Status.NOT_COMPUTED, lack), _provenance()
    left, right = sides[Laterality.LEFT], sides[Laterality.RIGHT]
    symmetry = BreastSymmetry(
        status=Status.OK,
        volume_index_percent=asymmetry_index_percent(left.volume_ml, right.volume_ml),
        fgt_index_percent=asymmetry_index_percent(left.fgt_ml, right.fgt_ml),
        density_difference_points=left.density_percent - right.density_percent,
        bpe_difference_points=left.bpe_percent - right.bpe_percent,
    )
    return symmetry, _provenance()


def asymmetry_index_percent(left: float, right: float) -> float:
    """Difference of two amounts over their sum.

    Parameters
    ----------
    left, right : float, of the same unit, 0 or more

    Returns
    -------
    float, %
        ``100 (left - right) / (left + right)``; NaN where both are 0 or one is NaN.

    Examples
    --------
    >>> asymmetry_index_percent(600.0, 400.0)
    20.0
    """
    return 100.0 * (left - right) / (left + right) if left + right > 0 else math.nan


def _lack(sides: dict[Laterality, BreastMeasurement], cut: Sequence[Laterality]) -> str:
    """Why the breasts cannot be compared; empty where they can."""
    if not sides:
        return "No breast was found."
    if len(sides) < len(Laterality):
        return f"Only the {next(iter(sides)).word} breast was found."
    if len(cut) == len(Laterality):
        return "Both breasts reach the edge of the field of view."
    if cut:
        return f"The {cut[0].word} breast reaches the edge of the field of view."
    return ""


def _provenance() -> Provenance:
    return Provenance(
        step="breast_symmetry",
        method=(
            "Where both breasts were seen whole, their volumes and their volumes of "
            "fibroglandular tissue were compared by an asymmetry index, 100 (left - right) / "
            "(left + right), and their density and background enhancement by the difference, left "
            "less right."
        ),
        references=REFERENCES,
    )
