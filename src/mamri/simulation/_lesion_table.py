"""What lesions are like, by class: published frequencies, means and spreads.

Frequencies are fractions of 1. Rows without a numbered source are assumptions: where only
associations are published (which descriptor goes with which class), the size of the effect was
chosen so that it keeps their order.

References
----------
.. [1] Jansen SA et al. J Magn Reson Imaging 2011;33:1382-1389. doi:10.1002/jmri.22567 (type of 617
   malignant and 235 benign lesions)
.. [2] Kuhl CK et al. Dynamic breast MR imaging: are signal intensity time course data useful for
   differential diagnosis of enhancing lesions? Radiology 1999;211:101-110.
   doi:10.1148/radiology.211.1.r99ap38101 (curve types of 101 malignant and 165 benign lesions)
.. [3] Surov A et al. BMC Cancer 2019. doi:10.1186/s12885-019-6298-5 (subtypes of 661 cancers with
   MRI in five centres: 28.0, 44.1, 10.4, 17.5 %)
.. [4] Iran J Radiol, article ijradiology-64889 (267 cancers: share of masses and size, median and
   quartiles, by subtype; authors not seen)
.. [5] Cancer Res Treat 2010;42:30-36. doi:10.4143/crt.2010.42.1.30 (positive nodes by size)
.. [6] Rummel S et al. ecancermedicalscience 2015;9:552 (quadrants of 980 cancers)
.. [7] Surov A, Meyer HJ, Wienke A. BMC Cancer 2019;19:955. doi:10.1186/s12885-019-6201-4 (ADC of
   13847 lesions: malignant 1.03, benign 1.50)
.. [8] Woodhams R et al. Magn Reson Med Sci 2005;4:35-42 (ADC spreads; carcinoma in situ)
.. [9] Meng T et al. Cancer Imaging 2020;20. doi:10.1186/s40644-020-00365-4 (T1 1612, SD 216, and
   T2 80.9, SD 7.5, of 48 cancers at 3 T)
.. [10] Liu L et al. J Int Med Res 2018;46:1928-1935. doi:10.1177/0300060517721071 (T2 of 21 benign
   lesions 95.5, SD 26.5)
.. [11] Ktrans and kep of 14 benign and 24 malignant lesions at 3 T, as quoted in a thesis: 0.134,
   SD 0.121 and 0.339, SD 0.128 per min; kep 0.273, SD 0.137 and 0.515, SD 0.169
.. [12] In Vivo 2022;36:398-408. doi:10.21873/invivo.12717 (Ktrans and Ki-67: r = 0.44)
.. [13] Tozaki M et al. Radiat Med 2005 (margins of 49 malignant and 14 benign masses);
   Egypt J Radiol Nucl Med 2020. doi:10.1186/s43055-020-0147-z (rim in 46 % of triple-negative
   masses)
.. [14] Hochman MG et al. Radiology 1997;204:123-129 (septa in 64 % of enhancing fibroadenomas)
"""

from dataclasses import dataclass

from mamri.records import DelayedPhase
from mamri.simulation._population_table import Normal
from mamri.simulation.lesion_plan import (
    Distribution,
    InternalEnhancement,
    LesionType,
    MassMargin,
    MassShape,
    Subtype,
)

_I, _M, _S, _D = InternalEnhancement, MassMargin, MassShape, Distribution


@dataclass(frozen=True, slots=True)
class LesionClass:
    """Descriptors and tissue of a class of lesions.

    Parameters
    ----------
    curve, shape, margin, internal, distribution, non_mass_internal : mapping to float
        Frequency of each descriptor; of masses, and of non-mass enhancement.
    ktrans_per_min, kep_per_min : Normal, per minute
        As published.
    ktrans_drawn, kep_drawn : Normal, per minute
        Log-normal candidates, of which those with the wanted curve are kept; chosen so that the
        kept ones have the published mean and SD.
    vp : Normal
    t1_ms, t2_ms : Normal, ms
        At 3 T.
    adc : Normal, 1e-3 mm2/s
    oedema : float
        Frequency of perifocal oedema.
    """

    curve: dict[DelayedPhase, float]
    shape: dict[MassShape, float]
    margin: dict[MassMargin, float]
    internal: dict[InternalEnhancement, float]
    distribution: dict[Distribution, float]
    non_mass_internal: dict[InternalEnhancement, float]
    ktrans_per_min: Normal
    kep_per_min: Normal
    ktrans_drawn: Normal
    kep_drawn: Normal
    vp: Normal
    t1_ms: Normal
    t2_ms: Normal
    adc: Normal
    oedema: float


MALIGNANT = LesionClass(
    curve={  # [2]
        DelayedPhase.PERSISTENT: 0.089,
        DelayedPhase.PLATEAU: 0.336,
        DelayedPhase.WASHOUT: 0.575,
    },
    shape={_S.OVAL: 0.17, _S.ROUND: 0.13, _S.IRREGULAR: 0.70},  # assumed
    margin={_M.CIRCUMSCRIBED: 0.10, _M.IRREGULAR: 0.47, _M.SPICULATED: 0.43},  # [13]
    internal={  # assumed; rim by subtype below
        _I.HOMOGENEOUS: 0.08,
        _I.HETEROGENEOUS: 0.71,
        _I.RIM: 0.20,
        _I.DARK_SEPTA: 0.01,
    },
    distribution={  # assumed
        _D.FOCAL: 0.20,
        _D.LINEAR: 0.14,
        _D.SEGMENTAL: 0.42,
        _D.REGIONAL: 0.19,
        _D.DIFFUSE: 0.05,
    },
    non_mass_internal={  # assumed
        _I.HOMOGENEOUS: 0.07,
        _I.HETEROGENEOUS: 0.40,
        _I.CLUMPED: 0.30,
        _I.CLUSTERED_RING: 0.23,
    },
    ktrans_per_min=Normal(0.339, 0.128, 0.06, 1.2),  # [11]
    kep_per_min=Normal(0.515, 0.169, 0.12, 2.5),  # [11]
    ktrans_drawn=Normal(0.368, 0.135, 0.06, 1.2),
    kep_drawn=Normal(0.475, 0.26, 0.12, 2.5),  # wide enough for wash-out
    vp=Normal(0.03, 0.02, 0.0, 0.12),  # assumed
    t1_ms=Normal(1612, 216, 1000, 2400),  # [9]
    t2_ms=Normal(80.9, 7.5, 55, 130),  # [9]
    adc=Normal(1.03, 0.20, 0.55, 1.9),  # mean [7], spread assumed near [8]
    oedema=0.35,  # assumed
)

BENIGN = LesionClass(
    curve={  # [2]
        DelayedPhase.PERSISTENT: 0.830,
        DelayedPhase.PLATEAU: 0.115,
        DelayedPhase.WASHOUT: 0.055,
    },
    shape={_S.OVAL: 0.65, _S.ROUND: 0.20, _S.IRREGULAR: 0.15},  # assumed
    margin={_M.CIRCUMSCRIBED: 0.80, _M.IRREGULAR: 0.18, _M.SPICULATED: 0.02},  # near [13]
    internal={  # assumed; septa fewer than in [14], which saw fibroadenomas alone
        _I.HOMOGENEOUS: 0.42,
        _I.HETEROGENEOUS: 0.33,
        _I.RIM: 0.06,
        _I.DARK_SEPTA: 0.19,
    },
    distribution={  # assumed
        _D.FOCAL: 0.45,
        _D.LINEAR: 0.20,
        _D.SEGMENTAL: 0.10,
        _D.REGIONAL: 0.20,
        _D.DIFFUSE: 0.05,
    },
    non_mass_internal={  # assumed
        _I.HOMOGENEOUS: 0.25,
        _I.HETEROGENEOUS: 0.45,
        _I.CLUMPED: 0.25,
        _I.CLUSTERED_RING: 0.05,
    },
    ktrans_per_min=Normal(0.134, 0.121, 0.03, 0.8),  # [11]
    # [11]; not reached: a persistent curve needs kep below 0.18 with the reference protocol
    kep_per_min=Normal(0.273, 0.137, 0.05, 1.8),
    ktrans_drawn=Normal(0.191, 0.165, 0.03, 0.8),
    kep_drawn=Normal(0.204, 0.098, 0.05, 1.8),
    vp=Normal(0.015, 0.012, 0.0, 0.08),  # assumed
    t1_ms=Normal(1480, 220, 900, 2400),  # assumed: below malignant, as [9] says
    t2_ms=Normal(95.5, 26.5, 40, 151),  # [10]
    adc=Normal(1.50, 0.36, 0.7, 2.3),  # mean [7], spread assumed near [8]
    oedema=0.06,  # assumed
)

IN_SITU_ADC = Normal(1.31, 0.24, 0.7, 2.1)  # [8]
T1_RATIO_15T = 0.85  # T1 at 1.5 T against 3 T: assumed, as of fibroglandular tissue
T2_RATIO_15T = 1.05  # assumed

SIDE_LEFT = 0.52  # left to right about 1.1: assumed from published ratios of 1.04 to 1.26
# Place, (upper, outer) or central, of cancers [6]; taken for benign lesions too (assumed).
QUADRANTS = {
    "upper_outer": 0.515,
    "upper_inner": 0.156,
    "lower_outer": 0.142,
    "central": 0.106,
    "lower_inner": 0.081,
}

IN_SITU_FREQUENCY = 0.28  # of malignant lesions: assumed, so that the types of [1] come out
SUBTYPE_FREQUENCY = {  # [3]
    Subtype.LUMINAL_A: 0.280,
    Subtype.LUMINAL_B: 0.441,
    Subtype.HER2: 0.104,
    Subtype.TRIPLE_NEGATIVE: 0.175,
}
SUBTYPE_MASS = {  # rest non-mass [4]
    Subtype.LUMINAL_A: 0.839,
    Subtype.LUMINAL_B: 0.911,
    Subtype.HER2: 0.583,
    Subtype.TRIPLE_NEGATIVE: 0.875,
}
IN_SITU_TYPE = {LesionType.NON_MASS: 0.78, LesionType.MASS: 0.17, LesionType.FOCUS: 0.05}  # assumed
BENIGN_TYPE = {LesionType.MASS: 0.664, LesionType.NON_MASS: 0.209, LesionType.FOCUS: 0.128}  # [1]

# Median and standard deviation of ln(size), mm, of invasive cancers [4].
SUBTYPE_SIZE = {
    Subtype.LUMINAL_A: (23.0, 0.38),
    Subtype.LUMINAL_B: (27.0, 0.49),
    Subtype.HER2: (33.5, 0.28),
    Subtype.TRIPLE_NEGATIVE: (26.0, 0.41),
}
IN_SITU_SIZE = (22.0, 0.55)  # assumed
BENIGN_SIZE = {LesionType.MASS: (10.5, 0.42), LesionType.NON_MASS: (18.0, 0.50)}  # assumed
FOCUS_SIZE_MM = (3.0, 5.0)  # BI-RADS: a focus is below 5 mm
SIZE_LIMITS_MM = (5.0, 85.0)

# Ki-67, %, log-normal mean and SD: order and cut-offs are published, values assumed.
KI67 = {
    Subtype.LUMINAL_A: Normal(9, 5, 1, 19.9),
    Subtype.LUMINAL_B: Normal(28, 13, 14, 80),
    Subtype.HER2: Normal(38, 18, 8, 90),
    Subtype.TRIPLE_NEGATIVE: Normal(55, 24, 10, 98),
}
KI67_IN_SITU = Normal(15, 10, 1, 60)  # assumed
LN_KI67 = (3.08, 0.80)  # mean and SD of ln(Ki-67, %) of the invasive cancers drawn from these rows
KTRANS_KI67_R = 0.44  # [12]
KTRANS_KI67_PULL = 0.62  # correlation among candidates; the choice by curve weakens it to [12]
ADC_KI67_R = -0.2  # assumed: weak in meta-analyses
RIM_BY_SUBTYPE = {  # triple-negative [13], rest assumed
    Subtype.LUMINAL_A: 0.12,
    Subtype.LUMINAL_B: 0.14,
    Subtype.HER2: 0.20,
    Subtype.TRIPLE_NEGATIVE: 0.46,
}
T2_FACTOR = {  # triple-negative brighter on T2 [13]; size of the effect assumed, its mean is 1
    Subtype.LUMINAL_A: 0.96,
    Subtype.LUMINAL_B: 0.96,
    Subtype.HER2: 0.96,
    Subtype.TRIPLE_NEGATIVE: 1.20,
}
OEDEMA_BY_SUBTYPE = {  # triple-negative more often, luminal A less: order published, values assumed
    Subtype.LUMINAL_A: 0.15,
    Subtype.LUMINAL_B: 0.33,
    Subtype.HER2: 0.42,
    Subtype.TRIPLE_NEGATIVE: 0.52,
}
NODE_POSITIVE = ((5.0, 0.05), (10.0, 0.092), (20.0, 0.218), (1e9, 0.442))  # up to a size, mm [5]
MULTIFOCAL = {  # assumed
    Subtype.LUMINAL_A: 0.20,
    Subtype.LUMINAL_B: 0.25,
    Subtype.HER2: 0.40,
    Subtype.TRIPLE_NEGATIVE: 0.15,
}
