"""Settings of the kinetic maps."""

from dataclasses import dataclass, field

from mamri.kinetics.curve_type import CurveThresholds
from mamri.kinetics.phase_choice import PhaseSettings


@dataclass(frozen=True, slots=True)
class KineticSettings:
    """How curves are read.

    Parameters
    ----------
    phases : PhaseSettings
        Which phases are baseline, early and late.
    thresholds : CurveThresholds
        Limits between slow, medium, fast and persistent, plateau, wash-out.
    noise_floor : float or None, a.u.
        Baseline signal at or below which a voxel is undefined; None measures it.
    noise_sigmas : float
        Measured floor in standard deviations of the noise: at 5 the percent enhancement of a
        voxel has a standard deviation of about 28 % (assumption).
    min_late_rise_percent : float, %
        Late enhancement at or below this leaves the signal enhancement ratio undefined: there it
        is a ratio of two noises and would ruin every mean (assumption).
    """

    phases: PhaseSettings = field(default_factory=PhaseSettings)
    thresholds: CurveThresholds = field(default_factory=CurveThresholds)
    noise_floor: float | None = None
    noise_sigmas: float = 5.0
    min_late_rise_percent: float = 10.0


DEFAULT_SETTINGS = KineticSettings()
