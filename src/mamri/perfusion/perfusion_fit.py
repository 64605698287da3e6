"""What a fit of a tissue model gives, whatever the model."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum, StrEnum

import numpy as np


class TissueModel(StrEnum):
    """Models of how contrast agent is exchanged between plasma and tissue [1]_.

    References
    ----------
    .. [1] Sourbron SP, Buckley DL. Classic models for dynamic contrast-enhanced MRI. NMR Biomed
       2013;26:1004-1027. doi:10.1002/nbm.2940
    """

    TOFTS = "tofts"
    EXTENDED_TOFTS = "extended_tofts"
    PATLAK = "patlak"
    TWO_COMPARTMENT_UPTAKE = "two_compartment_uptake"
    TWO_COMPARTMENT_EXCHANGE = "two_compartment_exchange"


class FitStatus(IntEnum):
    """How the fit of a voxel ended.

    ``FITTED`` is whole. ``VALUE_AT_ZERO``: of two amplitudes that must not be negative one is 0 at
    the best fit (the plasma fraction, or the leakage), and standard errors are undefined.
    ``RATE_AT_END``: the rate is beyond what was searched. ``VOLUME_ABOVE_ONE``: a fraction above 1,
    which is undefined then. ``NO_UPTAKE``: a curve that never changes, or that no uptake fits.
    ``NOT_FINITE``: a sample is missing. ``NOT_ASKED``: outside the mask.
    """

    FITTED = 0
    NOT_FINITE = 1
    NO_UPTAKE = 2
    VALUE_AT_ZERO = 3
    RATE_AT_END = 4
    VOLUME_ABOVE_ONE = 5
    NOT_ASKED = 6


@dataclass(frozen=True, slots=True, eq=False)
class PerfusionFit:
    """Parameters of a tissue model, voxel by voxel.

    Parameters
    ----------
    model : TissueModel
    parameters : mapping of name to (...) float32
        ``ktrans_per_min``, ``kep_per_min``, ``ve``, ``vp``, ``ps_per_min``, ``fp_per_min``,
        ``delay_s``, as the model has them; NaN where undefined.
    standard_errors : mapping of name to (...) float32
        For the same parameters but the delay; NaN where undefined.
    residual_sd : (...) float32, mM
        Root of the sum of squared residuals over the degrees of freedom.
    sum_of_squares : (...) float32, mM^2
    status : (...) uint8
        Of `FitStatus`.
    n_times, n_parameters : int
        Images, and parameters that were fitted.
    """

    model: TissueModel
    parameters: Mapping[str, np.ndarray]
    standard_errors: Mapping[str, np.ndarray]
    residual_sd: np.ndarray
    sum_of_squares: np.ndarray
    status: np.ndarray
    n_times: int
    n_parameters: int
