"""One lesion to simulate: what it is, how it looks, how it enhances."""

from dataclasses import dataclass
from enum import StrEnum

from mamri.records import DelayedPhase, Laterality


class LesionType(StrEnum):
    """BI-RADS lesion types."""

    FOCUS = "focus"
    MASS = "mass"
    NON_MASS = "non_mass"


class MassShape(StrEnum):
    """BI-RADS shapes of a mass."""

    OVAL = "oval"
    ROUND = "round"
    IRREGULAR = "irregular"


class MassMargin(StrEnum):
    """BI-RADS margins of a mass."""

    CIRCUMSCRIBED = "circumscribed"
    IRREGULAR = "irregular"
    SPICULATED = "spiculated"


class InternalEnhancement(StrEnum):
    """BI-RADS internal enhancement of masses and of non-mass enhancement."""

    HOMOGENEOUS = "homogeneous"
    HETEROGENEOUS = "heterogeneous"
    RIM = "rim"
    DARK_SEPTA = "dark_septa"
    CLUMPED = "clumped"
    CLUSTERED_RING = "clustered_ring"


class Distribution(StrEnum):
    """BI-RADS distributions of non-mass enhancement."""

    FOCAL = "focal"
    LINEAR = "linear"
    SEGMENTAL = "segmental"
    REGIONAL = "regional"
    DIFFUSE = "diffuse"


class Subtype(StrEnum):
    """Molecular subtypes by receptors, as immunohistochemistry approximates them."""

    LUMINAL_A = "luminal_a"
    LUMINAL_B = "luminal_b"
    HER2 = "her2"
    TRIPLE_NEGATIVE = "triple_negative"


@dataclass(frozen=True, slots=True)
class LesionKinetics:
    """Extended Tofts parameters of a lesion.

    Parameters
    ----------
    ktrans_per_min : float, per minute
    ve, vp : float, volume fraction
    """

    ktrans_per_min: float
    ve: float
    vp: float

    @property
    def kep_per_min(self) -> float:
        """Rate from tissue back to plasma, per minute."""
        return self.ktrans_per_min / self.ve


@dataclass(frozen=True, slots=True)
class LesionTissue:
    """Relaxation and diffusion of a lesion.

    Parameters
    ----------
    t1_ms, t2_ms : (1.5 T, 3 T) of float, ms
    adc : float, 1e-3 mm2/s
    """

    t1_ms: tuple[float, float] = (1200.0, 1450.0)
    t2_ms: tuple[float, float] = (85.0, 80.0)
    adc: float = 1.1


@dataclass(frozen=True, slots=True)
class Biology:
    """What pathology would say of a malignant lesion.

    Parameters
    ----------
    in_situ : bool
    subtype : Subtype or None
        None for carcinoma in situ.
    ki67_percent : float, %
    node_positive : bool
    """

    in_situ: bool
    subtype: Subtype | None
    ki67_percent: float
    node_positive: bool


@dataclass(frozen=True, slots=True)
class LesionPlan:
    """One lesion to place.

    Parameters
    ----------
    side : Laterality
    type : LesionType
    internal : InternalEnhancement
    curve : DelayedPhase
        Delayed behaviour that the kinetics were chosen for; what they give with a protocol is
        stored in the truth.
    diameter_mm : float, mm
        Mean diameter of a mass or focus, spicules not counted; length of a non-mass region.
    kinetics : LesionKinetics
    lateral, up, forward : float
        Place in the breast: from -1 (inner) to 1 (outer), from -1 (lower) to 1 (upper) in parts
        of the breast's half width and height at that depth, and from 0 (chest) to 1 (nipple).
    shape : MassShape or None
    margin : MassMargin or None
    distribution : Distribution or None
    tissue : LesionTissue
    malignant : bool
    oedema : bool
        Perifocal oedema on T2.
    biology : Biology or None
    group : int
        Lesions of one multifocal disease share a number.
    fixed_place : bool
        Place it just there; otherwise the nearest fibroglandular tissue is sought.
    """

    side: Laterality
    type: LesionType
    internal: InternalEnhancement
    curve: DelayedPhase
    diameter_mm: float
    kinetics: LesionKinetics
    lateral: float
    up: float
    forward: float
    shape: MassShape | None = None
    margin: MassMargin | None = None
    distribution: Distribution | None = None
    tissue: LesionTissue = LesionTissue()
    malignant: bool = False
    oedema: bool = False
    biology: Biology | None = None
    group: int = 0
    fixed_place: bool = False
