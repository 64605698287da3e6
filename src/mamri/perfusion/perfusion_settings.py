"""How an exam's pharmacokinetics are computed."""

from dataclasses import dataclass, field

from mamri.perfusion.arterial_input import PopulationInput
from mamri.perfusion.fit_curves import FitSettings
from mamri.perfusion.model_choice import ChoiceSettings


@dataclass(frozen=True, slots=True)
class PerfusionSettings:
    """How an exam's pharmacokinetics are computed.

    Parameters
    ----------
    input : PopulationInput
        Arterial input, in plasma.
    dose_mmol_per_kg : float, mmol/kg
    arrival_s : float, s
        From the injection to the arrival in the breast, where the images are too far apart to show
        it. Assumption: 18.
    arrival_range_s : (low, high) of float, s
        Arrivals that are tried where they are not. Assumption.
    arrival_step_s : float, s
    arrival_sampling_s : float, s
        Images at most so far apart around the arrival show it. Assumption: 12.
    t1_ms : float or None, ms
        T1 before contrast of all that is fitted; None for fibroglandular tissue from the
        literature, see `literature_t1`.
    t1_sd : float
        Standard deviation of T1 between women over its mean, which goes into the standard errors.
        Assumption: 0.15, the upper end of what `literature_t1` tells.
    r1 : float, per mM and s
        Relaxivity where the agent is not recorded or not in the table. Assumption: 4.5, that of
        most agents within a fifth or so.
    min_enhancement_percent : float, %
        Voxels of the region are fitted from this highest enhancement on. Assumption.
    max_time_constants : float
        A tissue that comes to balance with the blood so many times over before the first image
        after the arrival shows no rate, only its volume: there and beyond nothing is given.
        Assumption: 3, 95 % of the way.
    max_relative_error : float
        Ktrans of a finding is not given where its standard error, T1 apart, is larger than so many
        times itself. Assumption: 1.
    min_region_voxels : int
        Fewer than this are not enough to measure the noise.
    fit : FitSettings
    choice : ChoiceSettings
    """

    input: PopulationInput = PopulationInput.PARKER
    dose_mmol_per_kg: float = 0.1
    arrival_s: float = 18.0
    arrival_range_s: tuple[float, float] = (0.0, 45.0)
    arrival_step_s: float = 1.0
    arrival_sampling_s: float = 12.0
    t1_ms: float | None = None
    t1_sd: float = 0.15
    r1: float = 4.5
    min_enhancement_percent: float = 30.0
    max_time_constants: float = 3.0
    max_relative_error: float = 1.0
    min_region_voxels: int = 50
    fit: FitSettings = field(default_factory=FitSettings)
    choice: ChoiceSettings = field(default_factory=ChoiceSettings)
