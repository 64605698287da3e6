"""Magnetic, diffusion and kinetic properties of tissues, one row a tissue, with their sources.

T1 and T2 at (1.5 T, 3 T) and T2* in ms; proton density relative to water; ADC in 1e-3 mm2/s; Ktrans
per minute; ve and vp as volume fractions. Values without a numbered source are assumptions, chosen
so that the simulated images resemble real ones; they are named as such in ``source``. Lesions have
their own table, `_lesion_table`.

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
.. [5] Gold GE et al. Musculoskeletal MRI at 3.0 T: relaxation times and image contrast.
   AJR Am J Roentgenol 2004;183:343-351. doi:10.2214/ajr.183.2.1830343
.. [6] Baltzer P et al. Diffusion-weighted imaging of the breast: a consensus and mission statement
   from the EUSOBI International Breast Diffusion-Weighted Imaging working group.
   Eur Radiol 2020;30:1436-1450. doi:10.1007/s00330-019-06510-3
"""

from dataclasses import dataclass
from enum import IntEnum


class Tissue(IntEnum):
    """Tissues of the digital body; the value is the code in a tissue mixture.

    Lesions follow from `LESION` on: an even code for the body of one, the next odd code for its
    necrotic core.
    """

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
    VEIN = 11
    NIPPLE = 12
    ARTERY = 13
    CARTILAGE = 14
    MARROW = 15
    NODE = 16
    CYST = 17
    IMPLANT = 18
    CAPSULE = 19
    CLIP = 20
    OEDEMA = 21
    LESION = 24


N_PLAIN = int(Tissue.LESION)  # codes before the lesions; some are free


@dataclass(frozen=True, slots=True)
class TissueProperties:
    """Properties of one tissue.

    Parameters
    ----------
    proton_density : float, relative to water
    t1_ms, t2_ms : (1.5 T, 3 T) of float, ms
    t2_star_ms : float, ms
    adc : float, 1e-3 mm2/s
    ktrans_per_min : float, per minute
    ve, vp : float, volume fraction
    fat_share : float, 0 to 1
        Share of its protons in fat, which fat suppression acts on.
    saturated : float
        Share of the water signal left after a fat suppression pulse, which also saturates water
        bound to macromolecules (magnetization transfer); assumed, from the ratio of muscle to
        fibroglandular tissue in real exams.
    source : str
        Where each value comes from.
    """

    proton_density: float
    t1_ms: tuple[float, float]
    t2_ms: tuple[float, float]
    t2_star_ms: float
    adc: float
    ktrans_per_min: float
    ve: float
    vp: float
    fat_share: float = 0.0
    saturated: float = 0.95
    source: str = "all assumed"


_P = TissueProperties
TISSUES: dict[Tissue, TissueProperties] = {
    Tissue.AIR: _P(0.0, (1000, 1000), (50, 50), 10, 0.0, 0, 0.1, 0, source="no signal"),
    Tissue.SKIN: _P(
        0.68,
        (800, 950),
        (35, 32),
        12,
        1.2,
        0.035,
        0.35,
        0.01,
        saturated=0.85,
        source="assumed; enhances slowly",
    ),
    Tissue.FAT: _P(
        0.90,
        (296, 367),
        (53, 53),
        36,
        0.15,
        0.002,
        0.05,
        0.001,
        fat_share=1.0,
        source="T1, T2 [1], T2* [4], rest assumed",
    ),
    Tissue.FIBROGLANDULAR: _P(
        0.80,
        (1266, 1445),
        (57, 54),
        22,
        1.90,
        0.022,
        0.30,
        0.004,
        source="T1, T2 [1], T2* [4], ADC [6], slow uptake assumed",
    ),
    Tissue.LIGAMENT: _P(
        0.60,
        (1100, 1300),
        (40, 38),
        15,
        1.4,
        0.006,
        0.15,
        0.001,
        saturated=0.85,
        source="assumed; fibrous tissue",
    ),
    Tissue.MUSCLE: _P(
        0.80,
        (1008, 1412),
        (44, 50),
        25,
        1.5,
        0.025,
        0.12,
        0.012,
        saturated=0.6,
        source="T1, T2 [2], rest assumed",
    ),
    Tissue.BONE: _P(0.08, (400, 450), (10, 10), 2, 0.3, 0.0, 0.1, 0.0, source="assumed; cortex"),
    Tissue.LUNG: _P(0.15, (1200, 1350), (40, 30), 1.5, 1.0, 0.0, 0.10, 0.10),
    Tissue.BLOOD: _P(
        0.90,
        (1441, 1932),
        (290, 275),
        60,
        3.0,
        0.0,
        0.10,
        1.0,
        source="T1, T2 [2]; whole blood, so vp stands for blood; ADC assumed, flow spoils more",
    ),
    Tissue.MYOCARDIUM: _P(
        0.80,
        (1030, 1471),
        (40, 47),
        30,
        1.5,
        0.35,
        0.25,
        0.08,
        saturated=0.75,
        source="T1, T2 [2], rest assumed",
    ),
    Tissue.LIVER: _P(
        0.80,
        (576, 812),
        (46, 42),
        20,
        1.2,
        0.30,
        0.30,
        0.06,
        saturated=0.65,
        source="T1, T2 [2], rest assumed",
    ),
    Tissue.VEIN: _P(
        0.90,
        (1441, 1932),
        (180, 150),
        40,
        2.5,
        0.0,
        0.10,
        0.85,
        source="T1 [2]; whole blood, later than the heart; rest assumed",
    ),
    Tissue.NIPPLE: _P(
        0.80, (1000, 1200), (50, 48), 18, 1.3, 0.06, 0.35, 0.02, source="assumed; like moist skin"
    ),
    Tissue.ARTERY: _P(
        0.90,
        (1441, 1932),
        (290, 275),
        40,
        3.0,
        0.0,
        0.10,
        0.95,
        source="T1, T2 [2]; whole blood, rest assumed",
    ),
    Tissue.CARTILAGE: _P(
        0.90,
        (750, 900),
        (30, 27),
        20,
        1.4,
        0.004,
        0.2,
        0.0,
        saturated=0.8,
        source="T2 [2]; T1 below that of [2], so that it outshines muscle as in real exams",
    ),
    Tissue.MARROW: _P(
        0.60,
        (500, 600),
        (50, 45),
        10,
        0.5,
        0.03,
        0.15,
        0.02,
        fat_share=0.6,
        source="assumed: two fifths red marrow, T1 between fat and water; fat near [5]",
    ),
    Tissue.NODE: _P(
        0.85,
        (1100, 1350),
        (80, 75),
        30,
        1.15,
        0.35,
        0.35,
        0.04,
        saturated=0.85,
        source="assumed; enhances fast",
    ),
    Tissue.CYST: _P(
        1.0, (2600, 2900), (600, 500), 120, 2.5, 0.0, 0.1, 0.0, source="assumed; simple fluid"
    ),
    Tissue.IMPLANT: _P(
        0.55, (1100, 1300), (150, 130), 60, 0.05, 0.0, 0.1, 0.0, source="assumed; silicone gel"
    ),
    Tissue.CAPSULE: _P(0.35, (900, 1100), (25, 22), 6, 0.8, 0.02, 0.3, 0.01),
    Tissue.CLIP: _P(0.0, (1000, 1000), (10, 10), 1, 0.0, 0, 0.1, 0, source="signal void"),
    Tissue.OEDEMA: _P(
        0.92, (1600, 1800), (120, 110), 45, 2.1, 0.02, 0.5, 0.003, source="assumed; interstitial"
    ),
}

# Relaxivity of gadobutrol in plasma at 37 C, per mM and s, at (1.5 T, 3 T) [3].
GADOBUTROL_RELAXIVITY = (4.78, 4.97)

# Haematocrit of large vessels: usual population value, assumption.
HAEMATOCRIT = 0.42
