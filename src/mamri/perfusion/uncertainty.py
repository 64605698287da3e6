"""Errors of a fit that its own residuals do not show.

The scatter about a fitted curve tells of noise that differs from image to image. What is common to
all images (the noise of the baseline that every concentration is divided by, an assumed T1, a
plasma fraction held fixed) bends or scales the whole curve, and the fit follows it without trace.
"""

from collections.abc import Sequence

import numpy as np

from mamri.perfusion.perfusion_fit import PerfusionFit
from mamri.perfusion.signal_to_concentration import SpoiledGradientEcho, signal_to_concentration
from mamri.records import InputError


def combined_errors(fitted: PerfusionFit, shifted: Sequence[PerfusionFit]) -> dict[str, np.ndarray]:
    """Standard errors with further sources, by how the fit answers when each is off by its own.

    ``u^2 = s^2 + sum over sources of (p_shifted - p)^2``: propagation to first order of sources
    that do not depend on each other [1]_.

    Parameters
    ----------
    fitted : PerfusionFit
    shifted : sequence of PerfusionFit
        Of the same voxels, each with one source changed by one standard deviation.

    Returns
    -------
    dict of parameter to (...) float
        NaN where the parameter or its own standard error is undefined, or a shifted fit is.

    Raises
    ------
    InputError
        If a fit is of another model.

    References
    ----------
    .. [1] Joint Committee for Guides in Metrology. Evaluation of measurement data: guide to the
       expression of uncertainty in measurement. JCGM 100:2008 (equation 10)
    """
    if any(fit.model is not fitted.model for fit in shifted):
        raise InputError(
            f"errors combine fits of one model, {fitted.model}, got "
            f"{sorted({fit.model.value for fit in shifted})}; fit the same model with each source"
        )
    return {
        name: np.sqrt(
            np.square(np.asarray(error, np.float64))
            + sum(np.square(fit.parameters[name] - fitted.parameters[name]) for fit in shifted)
        )
        for name, error in fitted.standard_errors.items()
    }


def concentration_from_shifted_baseline(
    signal: np.ndarray,
    sequence: SpoiledGradientEcho,
    relative_shift: float | np.ndarray,
    *,
    t1_ms: float | np.ndarray,
    r1: float,
    baseline: Sequence[int],
) -> np.ndarray:
    """Concentration if the true signal before contrast were higher by a share.

    Parameters
    ----------
    signal : (T, ...) real, a.u.
    sequence : SpoiledGradientEcho
    relative_shift : float or (...) float
        As a rule the standard deviation of the baseline over itself: that of one image's noise
        over the signal and the root of the number of baseline points.
    t1_ms, r1, baseline
        As of `signal_to_concentration`.

    Returns
    -------
    (T, ...) float, mM
        Baseline points keep the value that they had.
    """
    changed = np.asarray(signal) / (1 + np.asarray(relative_shift))
    points = list(baseline)
    changed[points] = np.asarray(signal)[points]
    return signal_to_concentration(changed, sequence, t1_ms=t1_ms, r1=r1, baseline=baseline)
