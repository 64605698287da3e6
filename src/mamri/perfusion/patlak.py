"""Patlak model: uptake without return, ``C(t) = PS integral of ca + vp ca(t)``.

References
----------
.. [1] Patlak CS, Blasberg RG, Fenstermacher JD. Graphical evaluation of blood-to-brain transfer
   constants from multiple-time uptake data. J Cereb Blood Flow Metab 1983;3:1-7.
   doi:10.1038/jcbfm.1983.1 (equation 4)
"""

import numpy as np

from mamri.perfusion.covariance import spread
from mamri.perfusion.exponential_basis import ExponentialBasis
from mamri.perfusion.perfusion_fit import FitStatus
from mamri.perfusion.voxel_fit import VoxelFit


def fit_patlak(curves: np.ndarray, basis: ExponentialBasis) -> VoxelFit:
    """Fit the Patlak model to every voxel by linear least squares, neither parameter negative.

    Unlike the graphical analysis, noise is taken to be that of the concentration.

    Parameters
    ----------
    curves : (T, V) float, mM
    basis : ExponentialBasis

    Returns
    -------
    VoxelFit
        Of ``ps_per_min`` and ``vp``.
    """
    design = np.stack([basis.integral, basis.plasma])
    (ii, ic), (_, cc) = design @ design.T
    is_finite = np.isfinite(curves).all(axis=0)
    safe = np.where(is_finite, curves, 0).astype(np.float64)
    yi, yc = design @ safe
    den = max(ii * cc - ic * ic, 1e-12 * ii * cc)
    ps, vp = (yi * cc - yc * ic) / den, (yc * ii - yi * ic) / den
    is_leak_only, is_blood_only = vp < 0, (ps < 0) & (vp >= 0)
    ps = np.where(is_leak_only, yi / ii, np.where(is_blood_only, 0, ps))
    vp = np.where(is_leak_only, 0, np.where(is_blood_only, yc / cc, vp))
    rest = safe - design.T @ np.stack([ps, vp])
    status = np.zeros(curves.shape[1], np.uint8)
    status[is_leak_only | is_blood_only] = FitStatus.VALUE_AT_ZERO
    is_flat = np.ptp(safe, axis=0) == 0
    status[is_flat | ~((ps > 0) | (vp > 0)) | (ps < 0) | (vp < 0)] = FitStatus.NO_UPTAKE
    status[~is_finite] = FitStatus.NOT_FINITE
    covariance = np.array([cc, -ic, ii])[:, None] / den * np.ones(curves.shape[1])
    covariance[:, status != FitStatus.FITTED] = np.nan
    errors = {
        "ps_per_min": spread(covariance, (1.0, 0.0)),
        "vp": spread(covariance, (0.0, 1.0)),
    }
    is_none = (status == FitStatus.NOT_FINITE) | (status == FitStatus.NO_UPTAKE)
    parameters = {
        name: np.where(is_none, np.nan, values).astype(np.float32)
        for name, values in (("ps_per_min", ps), ("vp", vp))
    }
    is_above = parameters["vp"] > 1
    status[is_above] = FitStatus.VOLUME_ABOVE_ONE
    for values in (parameters["vp"], errors["vp"]):
        values[is_above] = np.nan
    squares = np.where(is_none, np.nan, (rest * rest).sum(axis=0)).astype(np.float32)
    return VoxelFit(parameters, errors, squares, status, n_parameters=2)
