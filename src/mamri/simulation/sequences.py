"""What a scanner is told to do: grids, sequences, protocols."""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from mamri.geometry import affine_from_axes
from mamri.records import GeometryError, Laterality, Plane, TimingError


class FatHandling(StrEnum):
    """What a sequence does with the signal of fat."""

    NONE = "none"
    SUPPRESSED = "suppressed"
    DIXON = "dixon"


@dataclass(frozen=True, slots=True)
class Grid:
    """Stored grid of a sequence; lengths in mm.

    Parameters
    ----------
    shape : (S, R, C) of int
        Axial: slices to the head, rows to the back, columns to the patient's left. Sagittal: slices
        to the patient's right, rows to the feet, columns to the back. Coronal: slices to the back,
        rows to the feet, columns to the patient's left.
    spacing_mm : (S, R, C) of float, mm
    plane : Plane
    side : Laterality or None
        The breast in the field of view; None for both.
    tilt_deg : float, degrees
        Rotation about the front-back axis, for oblique exams.
    back_mm : float, mm
        How far the centre lies behind the usual one.
    """

    shape: tuple[int, int, int]
    spacing_mm: tuple[float, float, float]
    plane: Plane = Plane.AXIAL
    side: Laterality | None = None
    tilt_deg: float = 0.0
    back_mm: float = 0.0

    def __post_init__(self) -> None:
        if min(self.shape) < 1 or min(self.spacing_mm) <= 0:
            raise GeometryError(
                f"a simulated grid needs positive sizes, got shape {self.shape} and spacing "
                f"{self.spacing_mm} mm; give three positive numbers for each"
            )

    @property
    def phase_axis(self) -> int:
        """Array axis of phase encoding: left-right, head-feet in sagittal and coronal grids."""
        return 2 if self.plane is Plane.AXIAL else 1

    def affine(self) -> np.ndarray:
        """Affine (slice, row, column, 1) to LPS, (4, 4) mm."""
        ds, dr, dc = self.spacing_mm
        if self.plane is Plane.AXIAL:
            steps = np.array([[0, 0, ds], [0, dr, 0], [dc, 0, 0]], float)
            centre = np.array([0.0, 8.0, 0.0])
        elif self.plane is Plane.SAGITTAL:
            steps = np.array([[-ds, 0, 0], [0, 0, -dr], [0, dc, 0]], float)
            centre = np.array([0.0, -10.0, 8.0])
        else:
            steps = np.array([[0, ds, 0], [0, 0, -dr], [dc, 0, 0]], float)
            centre = np.array([0.0, -15.0, 0.0])
        if self.side is not None:
            centre[0] = -92.0 if self.side is Laterality.RIGHT else 92.0
        centre[1] += self.back_mm
        angle = np.deg2rad(self.tilt_deg)
        turn = np.array(
            [[np.cos(angle), 0, np.sin(angle)], [0, 1, 0], [-np.sin(angle), 0, np.cos(angle)]]
        )
        steps = steps @ turn.T
        half = (np.array(self.shape) - 1) / 2
        return affine_from_axes(centre - half @ steps, *steps)


@dataclass(frozen=True, slots=True)
class GradientEcho:
    """Spoiled gradient echo, 3D.

    Parameters
    ----------
    tr_ms, te_ms : float, ms
    flip_angle_deg : float, degrees
    fat : FatHandling
    """

    tr_ms: float
    te_ms: float
    flip_angle_deg: float
    fat: FatHandling = FatHandling.SUPPRESSED


@dataclass(frozen=True, slots=True)
class TurboSpinEcho:
    """T2-weighted turbo spin echo, 2D.

    Parameters
    ----------
    grid : Grid
    tr_ms, te_ms : float, ms
        Repetition and effective echo time.
    fat : FatHandling
    inversion_time_ms : float, ms, or None
        Given for STIR.
    echo_train_length : int
    start_s : float, s
        When it begins, from the injection.
    """

    grid: Grid
    tr_ms: float = 4500.0
    te_ms: float = 85.0
    fat: FatHandling = FatHandling.NONE
    inversion_time_ms: float | None = None
    echo_train_length: int = 15
    start_s: float = -480.0


@dataclass(frozen=True, slots=True)
class DiffusionEcho:
    """Diffusion-weighted echo planar imaging, 2D, fat suppressed.

    Parameters
    ----------
    grid : Grid
        Phase encoding runs along its rows' axis 1 (front-back in axial grids).
    tr_ms, te_ms : float, ms
    b_values : tuple of float, s/mm2
    echo_spacing_ms : float, ms
    acceleration : float
        Parallel imaging factor, which shortens the echo train.
    start_s : float, s
        When it begins, from the injection.
    """

    grid: Grid
    tr_ms: float = 7000.0
    te_ms: float = 75.0
    b_values: tuple[float, ...] = (0.0, 100.0, 600.0, 800.0)
    echo_spacing_ms: float = 0.6
    acceleration: float = 2.0
    start_s: float = -300.0


@dataclass(frozen=True, slots=True)
class DynamicScan:
    """A dynamic series.

    Parameters
    ----------
    grid : Grid
    sequence : GradientEcho
    times_s : tuple of float, s
        Centre of each phase from the injection; increasing, the first at or below 0.
    phase_duration_s : float, s
        Time to acquire a phase; a phase shows the concentration at its centre.
    noise : float
        Standard deviation of the complex noise relative to fibroglandular tissue before contrast
        in the middle of the breast.
    """

    grid: Grid
    sequence: GradientEcho
    times_s: tuple[float, ...]
    phase_duration_s: float
    noise: float = 0.05

    def __post_init__(self) -> None:
        rising = all(a < b for a, b in zip(self.times_s, self.times_s[1:], strict=False))
        if not self.times_s or self.times_s[0] > 0 or not rising:
            raise TimingError(
                f"phase times must increase and begin at or before the injection, got "
                f"{self.times_s} s; give the centre of each phase in seconds from the injection"
            )


@dataclass(frozen=True, slots=True)
class Protocol:
    """Everything that is acquired in one visit.

    Parameters
    ----------
    name : str
    models : str
        Which public collection or paper it imitates.
    field_strength_t : float, T
        1.5 or 3.
    dynamic : DynamicScan
    ultrafast : DynamicScan or None
        A fast series around the arrival of the bolus.
    t2 : TurboSpinEcho or None
    diffusion : DiffusionEcho or None
    plain_t1 : GradientEcho or None
        Without fat suppression, before contrast, on the grid of the dynamic series.
    evenness : float, 0 to 1
        How far the scanner evens out coil sensitivity, which raises the noise at depth.
    air_masked : bool
        The scanner sets air far from the patient to 0.
    encoded : (S, R, C) of float
        Part of k-space that is encoded along each axis; the rest is filled with zeros.
    wrap_mm : float, mm
        How far the patient reaches beyond the field of view along phase encoding, and folds in.
    habits : str
        Scanner whose tags it is written with.
    """

    name: str
    models: str
    field_strength_t: float
    dynamic: DynamicScan
    ultrafast: DynamicScan | None = None
    t2: TurboSpinEcho | None = None
    diffusion: DiffusionEcho | None = None
    plain_t1: GradientEcho | None = None
    evenness: float = 0.0
    air_masked: bool = False
    encoded: tuple[float, float, float] = (0.7, 0.85, 0.85)
    wrap_mm: float = 0.0
    habits: str = "siemens"
