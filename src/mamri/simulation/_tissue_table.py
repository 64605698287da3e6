"""Magnetic and kinetic properties of tissues, one row a tissue, with their sources.

T1 at 1.5 T and 3 T and T2* in ms; proton density relative to water; Ktrans per minute; ve and vp
as volume fractions. Values without a numbered source are assumptions, chosen so that the simulated
images resemble real ones; they are named as such in ``source``.

References
----------
.. [1] Rakow-Penner R et al. Relaxation times of breast tissue at 1.5T and 3T measured using IDEAL.
   J Magn Reson Imaging 2006;23:87-91. doi:10.1002/jmri.20469
.. [2] Stanisz GJ et al. T1, T2 relaxation and magnetization transfer in tissue at 3T.
   Magn Reson Med 2005;54:507-512. doi:10.1002/mrm.20605
.. [3] Szomolanyi P et al. Comparison of the relaxivities of macrocyclic gadolinium-based contrast
   agents in human plasma at 1.5, 3, and 7 T, and blood at 3 T. Invest Radiol 2019;54:559-564.
   doi:10.1097/RLI.0000000000000577
.. [4] Ryu JK et al. Estimation of T2* relaxation times for the glandular tissue and fat of breast
   at 3T MRI system. J Korean Soc Magn Reson Med 2014;18:1-6.
"""

from dataclasses import dataclass
from enum import IntEnum


class Tissue(IntEnum):
    """Tissues of the digital body; the value is the label in the tissue map."""

    AIR = 0
    SKIN = 1
    FAT = 2
    FIBROGLANDULAR = 3
    LIGAMENT = 4
    MUSCLE = 5
    BONE = 6
    LUNG = 7
    BLOOD = 8
    MYOCARDIUM = 9
    LIVER = 10
    BREAST_VESSEL = 11
    NIPPLE = 12
    LESION = 13


@dataclass(frozen=True, slots=True)
class TissueProperties:
    """Properties of one tissue.

    Parameters
    ----------
    proton_density : float, relative to water
    t1_ms : (1.5 T, 3 T) of float, ms
    t2_star_ms : float, ms
    ktrans_per_min : float, per minute
    ve, vp : float, volume fraction
    source : str
        Where each value comes from.
    """

    proton_density: float
    t1_ms: tuple[float, float]
    t2_star_ms: float
    ktrans_per_min: float
    ve: float
    vp: float
    source: str


TISSUES: dict[Tissue, TissueProperties] = {
    Tissue.AIR: TissueProperties(0.0, (1000, 1000), 10, 0, 0.1, 0, "no signal"),
    Tissue.SKIN: TissueProperties(
        0.68, (800, 950), 12, 0.035, 0.35, 0.01, "all assumed; enhances slowly"
    ),
    Tissue.FAT: TissueProperties(
        0.90, (296, 367), 36, 0.002, 0.05, 0.001, "T1 [1], T2* [4], rest assumed"
    ),
    Tissue.FIBROGLANDULAR: TissueProperties(
        0.80, (1266, 1445), 22, 0.022, 0.30, 0.004, "T1 [1], T2* [4], slow uptake assumed"
    ),
    Tissue.LIGAMENT: TissueProperties(
        0.60, (1100, 1300), 15, 0.006, 0.15, 0.001, "all assumed; fibrous tissue"
    ),
    Tissue.MUSCLE: TissueProperties(
        0.80, (1008, 1412), 25, 0.025, 0.12, 0.012, "T1 [2], rest assumed"
    ),
    Tissue.BONE: TissueProperties(
        0.25, (400, 450), 4, 0.02, 0.10, 0.01, "all assumed; cortex and suppressed marrow together"
    ),
    Tissue.LUNG: TissueProperties(0.15, (1200, 1350), 1.5, 0.0, 0.10, 0.10, "all assumed"),
    Tissue.BLOOD: TissueProperties(
        0.90, (1441, 1932), 60, 0.0, 0.10, 1.0, "T1 [2]; whole blood, so vp stands for blood"
    ),
    Tissue.MYOCARDIUM: TissueProperties(
        0.80, (1030, 1471), 30, 0.35, 0.25, 0.08, "T1 [2], rest assumed"
    ),
    Tissue.LIVER: TissueProperties(0.80, (576, 812), 20, 0.30, 0.30, 0.06, "T1 [2], rest assumed"),
    Tissue.BREAST_VESSEL: TissueProperties(
        0.90, (1441, 1932), 40, 0.0, 0.10, 0.9, "T1 [2]; whole blood, later than the heart"
    ),
    Tissue.NIPPLE: TissueProperties(
        0.80, (1000, 1200), 18, 0.06, 0.35, 0.02, "all assumed; enhances like vascular skin"
    ),
    Tissue.LESION: TissueProperties(
        0.85, (1050, 1300), 30, 0.2, 0.4, 0.02, "assumed; kinetics are set for each lesion"
    ),
}

# Relaxivity of gadobutrol in plasma at 37 C, per mM and s, at (1.5 T, 3 T) [3].
GADOBUTROL_RELAXIVITY = (4.78, 4.97)

# Haematocrit of large vessels: usual population value, assumption.
HAEMATOCRIT = 0.42
