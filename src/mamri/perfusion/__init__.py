"""Pharmacokinetics: from concentration curves to transfer constants with their errors.

On bare arrays: ``fit(concentration, times_s, aif, model="extended_tofts")``.
"""

from mamri.perfusion.exponential_basis import ArterialInput, exponential_convolution
from mamri.perfusion.fit_curves import FitSettings, fit
from mamri.perfusion.model_choice import (
    ChoiceSettings,
    ModelChoice,
    akaike_information,
    akaike_weights,
    choose_model,
    expected_relative_errors,
)
from mamri.perfusion.perfusion_fit import FitStatus, PerfusionFit, TissueModel
from mamri.perfusion.tissue_curve import tissue_curve

__all__ = [
    "ArterialInput",
    "ChoiceSettings",
    "FitSettings",
    "FitStatus",
    "ModelChoice",
    "PerfusionFit",
    "TissueModel",
    "akaike_information",
    "akaike_weights",
    "choose_model",
    "expected_relative_errors",
    "exponential_convolution",
    "fit",
    "tissue_curve",
]
