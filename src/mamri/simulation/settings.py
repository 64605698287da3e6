"""What to simulate: the woman, her lesions, the scan."""

from dataclasses import dataclass, field
from enum import StrEnum

from mamri.records import DelayedPhase, GeometryError, Laterality, Plane, TimingError


class LesionShape(StrEnum):
    """Shape and margin of a simulated mass."""

    OVAL = "oval"
    IRREGULAR = "irregular"
    SPICULATED = "spiculated"
    RIM = "rim"


@dataclass(frozen=True, slots=True)
class LesionSpec:
    """One lesion to place.

    Parameters
    ----------
    side : Laterality
    shape : LesionShape
    curve : DelayedPhase
        Wanted delayed behaviour; what the kinetics give is stored in the truth.
    diameter_mm : float, mm
        Mean diameter of the body of the mass, spicules not counted.
    lateral, up, forward : float
        Place in the breast: from -1 (inner) to 1 (outer), from -1 (lower) to 1 (upper) in parts
        of the breast's half width and height at that depth, and from 0 (chest) to 1 (nipple).
    """

    side: Laterality
    shape: LesionShape
    curve: DelayedPhase
    diameter_mm: float
    lateral: float
    up: float
    forward: float


DEMO_LESIONS = (
    LesionSpec(
        Laterality.LEFT, LesionShape.SPICULATED, DelayedPhase.WASHOUT, 14.0, 0.35, 0.30, 0.45
    ),
    LesionSpec(Laterality.LEFT, LesionShape.RIM, DelayedPhase.PLATEAU, 13.0, -0.35, -0.35, 0.42),
    LesionSpec(
        Laterality.RIGHT, LesionShape.OVAL, DelayedPhase.PERSISTENT, 14.0, 0.25, -0.30, 0.50
    ),
    LesionSpec(
        Laterality.RIGHT, LesionShape.IRREGULAR, DelayedPhase.WASHOUT, 9.0, -0.30, 0.35, 0.40
    ),
)


@dataclass(frozen=True, slots=True)
class SimulationSettings:
    """Settings of one simulated exam; lengths in mm, times in s.

    Parameters
    ----------
    shape : (S, R, C) of int
        Stored grid. Axial: slices to the head, rows to the back, columns to the patient's left.
        Sagittal: slices to the patient's right, rows to the feet, columns to the back.
    spacing_mm : (S, R, C) of float, mm
    times_s : tuple of float, s
        Centre of each phase from the injection; at least one at or below 0.
    phase_duration_s : float, s
        Time to acquire a phase; a phase shows the concentration at its centre.
    plane : Plane
        Axial or sagittal.
    side : Laterality or None
        The breast in the field of view; None for both.
    fat_suppressed : bool
    field_strength_t : float, T
        1.5 or 3.
    tr_ms, te_ms, flip_angle_deg : float
        Defaults: a usual 3D gradient echo with fat suppression at 1.5 T.
    noise : float
        Standard deviation of the complex noise relative to fibroglandular tissue before contrast
        in the middle of the breast (assumption: 0.05 to 0.1 in clinical exams).
    motion_mm : float, mm
        Largest shift of a phase against the first; 0 for none. Rotation and breathing of the
        chest wall grow with it.
    density : float
        Wanted share of fibroglandular tissue in the breast volume, 0.02 to 0.6.
    bolus_delay_s : float, s
        From injection to arrival in the breast (assumption: 18 s, injection in an arm vein).
    tilt_deg : float, degrees
        Rotation of the grid about the front-back axis, for oblique exams.
    lesions : tuple of LesionSpec
        Those of a side outside the field of view are left out.
    seed : int
        Same settings and seed give the same voxels.
    """

    shape: tuple[int, int, int]
    spacing_mm: tuple[float, float, float]
    times_s: tuple[float, ...]
    phase_duration_s: float
    plane: Plane = Plane.AXIAL
    side: Laterality | None = None
    fat_suppressed: bool = True
    field_strength_t: float = 1.5
    tr_ms: float = 4.5
    te_ms: float = 1.5
    flip_angle_deg: float = 12.0
    noise: float = 0.06
    motion_mm: float = 0.8
    density: float = 0.17
    bolus_delay_s: float = 18.0
    tilt_deg: float = 0.0
    lesions: tuple[LesionSpec, ...] = field(default=DEMO_LESIONS)
    seed: int = 7

    def __post_init__(self) -> None:
        if min(self.shape) < 1 or min(self.spacing_mm) <= 0:
            raise GeometryError(
                f"a simulated grid needs positive sizes, got shape {self.shape} and spacing "
                f"{self.spacing_mm} mm; give three positive numbers for each"
            )
        if self.plane is Plane.CORONAL:
            raise GeometryError(
                "the simulator makes axial and sagittal exams, got coronal; choose one of these"
            )
        rising = all(a < b for a, b in zip(self.times_s, self.times_s[1:], strict=False))
        if not self.times_s or self.times_s[0] > 0 or not rising:
            raise TimingError(
                f"phase times must increase and begin at or before the injection, got "
                f"{self.times_s} s; give the centre of each phase in seconds from the injection"
            )


DEMO = SimulationSettings(
    shape=(96, 256, 256),
    spacing_mm=(1.8, 1.3, 1.3),
    times_s=(-60.0, 67.5, 142.5, 217.5, 292.5, 367.5),
    phase_duration_s=75.0,
)
"""Axial, both breasts, fat suppressed: one phase before and five after contrast."""

BENCHMARK = SimulationSettings(
    shape=(160, 448, 448),
    spacing_mm=(1.1, 0.8, 0.8),
    times_s=(-65.0, 62.5, 147.5, 232.5, 317.5),
    phase_duration_s=85.0,
    noise=0.08,
    seed=11,
)
"""A large clinical exam: 32 million voxels in five phases."""

SAGITTAL = SimulationSettings(
    shape=(60, 256, 256),
    spacing_mm=(2.4, 0.8, 0.8),
    times_s=(-150.0, 140.0, 440.0),
    phase_duration_s=280.0,
    plane=Plane.SAGITTAL,
    side=Laterality.LEFT,
    noise=0.05,
    seed=3,
)
"""One breast, three slow phases, as in older multi-centre trials."""

NON_SUPPRESSED = SimulationSettings(
    shape=(80, 320, 320),
    spacing_mm=(2.0, 1.05, 1.05),
    times_s=(-50.0, 60.0, 135.0, 210.0, 285.0, 360.0),
    phase_duration_s=75.0,
    fat_suppressed=False,
    tr_ms=8.0,
    flip_angle_deg=20.0,
    te_ms=4.6,
    noise=0.05,
    seed=5,
)
"""Axial, both breasts, without fat suppression, to be read by subtraction."""
