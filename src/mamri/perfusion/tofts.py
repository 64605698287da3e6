"""Tofts and extended Tofts model.

``C(t) = Ktrans integral from 0 to t of exp(-kep (t - s)) ca(s) ds + vp ca(t)``, ``ve = Ktrans /
kep`` [1]_; without the last term in the plain model.

References
----------
.. [1] Tofts PS, Brix G, Buckley DL, et al. Estimating kinetic parameters from dynamic
   contrast-enhanced T1-weighted MRI of a diffusable tracer: standardized quantities and symbols.
   J Magn Reson Imaging 1999;10:223-232.
   doi:10.1002/(SICI)1522-2586(199909)10:3<223::AID-JMRI2>3.0.CO;2-S
"""

import numpy as np

from mamri.perfusion.covariance import spread
from mamri.perfusion.exponential_basis import ExponentialBasis
from mamri.perfusion.one_exponential import (
    AMPLITUDE,
    COLUMN,
    COVARIANCE,
    RATE,
    SUM_OF_SQUARES,
    fit_one_exponential,
    inner_products,
)
from mamri.perfusion.perfusion_fit import FitStatus
from mamri.perfusion.voxel_fit import VoxelFit


def fit_tofts(curves: np.ndarray, basis: ExponentialBasis, *, vp: float | None) -> VoxelFit:
    """Fit the Tofts model to every voxel.

    Parameters
    ----------
    curves : (T, V) float, mM
    basis : ExponentialBasis
    vp : float or None
        Plasma volume fraction where it is known: 0 is the plain model. None fits it.

    Returns
    -------
    VoxelFit
        Of ``ktrans_per_min``, ``kep_per_min``, ``ve``, ``vp``.
    """
    products = inner_products(basis.rows, basis.plasma, basis.rates_per_min, fixed_column=vp)
    found, status = fit_one_exponential(curves, products)
    ktrans, kep, plasma = found[AMPLITUDE], found[RATE], found[COLUMN]
    ve = ktrans / kep
    covariance = found[COVARIANCE:]
    errors = {
        "ktrans_per_min": spread(covariance, (1.0, 0.0, 0.0)),
        "kep_per_min": spread(covariance, (0.0, 1.0, 0.0)),
        "ve": spread(covariance, (1 / kep, -ve / kep, 0.0)),
    }
    if vp is None:
        errors["vp"] = spread(covariance, (0.0, 0.0, 1.0))
    for name, values in (("ve", ve), ("vp", plasma)):
        is_above = values > 1
        status[is_above] = FitStatus.VOLUME_ABOVE_ONE
        values[is_above] = np.nan
        if name in errors:
            errors[name][is_above] = np.nan
    return VoxelFit(
        {"ktrans_per_min": ktrans, "kep_per_min": kep, "ve": ve, "vp": plasma},
        errors,
        found[SUM_OF_SQUARES],
        status,
        n_parameters=2 if vp is not None else 3,
    )
