"""Pharmacokinetics: from signals to concentration, and on to transfer constants with their errors.

On bare arrays: ``fit(concentration, times_s, aif, model="extended_tofts")``.
"""

from mamri.perfusion.arterial_input import (
    PopulationInput,
    blood_from_plasma,
    plasma_from_blood,
    population_input,
)
from mamri.perfusion.exam_perfusion import ExamPerfusion, exam_perfusion
from mamri.perfusion.exponential_basis import ArterialInput, exponential_convolution
from mamri.perfusion.fit_curves import FitSettings, fit
from mamri.perfusion.measured_input import (
    MeasuredInput,
    MeasuredInputSettings,
    ReferenceRegionSettings,
    measured_input,
    measured_input_from_signal,
    reference_region_input,
)
from mamri.perfusion.model_choice import (
    ChoiceSettings,
    ModelChoice,
    akaike_information,
    akaike_weights,
    choose_model,
    expected_relative_errors,
)
from mamri.perfusion.perfusion_fit import FitStatus, PerfusionFit, TissueModel
from mamri.perfusion.perfusion_settings import PerfusionSettings
from mamri.perfusion.relaxivity import ContrastAgent, agent_in_text, relaxivity
from mamri.perfusion.signal_to_concentration import (
    SpoiledGradientEcho,
    concentration_to_signal,
    signal_to_concentration,
)
from mamri.perfusion.t1_mapping import T1Map, T1Settings, literature_t1, t1_linear, t1_nonlinear
from mamri.perfusion.tissue_curve import tissue_curve
from mamri.perfusion.uncertainty import combined_errors, concentration_from_shifted_baseline

__all__ = [
    "ArterialInput",
    "ChoiceSettings",
    "ContrastAgent",
    "ExamPerfusion",
    "FitSettings",
    "FitStatus",
    "MeasuredInput",
    "MeasuredInputSettings",
    "ModelChoice",
    "PerfusionFit",
    "PerfusionSettings",
    "PopulationInput",
    "ReferenceRegionSettings",
    "SpoiledGradientEcho",
    "T1Map",
    "T1Settings",
    "TissueModel",
    "agent_in_text",
    "akaike_information",
    "akaike_weights",
    "blood_from_plasma",
    "choose_model",
    "combined_errors",
    "concentration_from_shifted_baseline",
    "concentration_to_signal",
    "exam_perfusion",
    "expected_relative_errors",
    "exponential_convolution",
    "fit",
    "literature_t1",
    "measured_input",
    "measured_input_from_signal",
    "plasma_from_blood",
    "population_input",
    "reference_region_input",
    "relaxivity",
    "signal_to_concentration",
    "t1_linear",
    "t1_nonlinear",
    "tissue_curve",
]
