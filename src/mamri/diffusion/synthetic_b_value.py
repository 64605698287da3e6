"""Images at b-values that were not acquired, from fitted parameters."""

import math

import numpy as np

from mamri.diffusion.samples import PER_MS_UM2
from mamri.records import GeometryError, InputError


def synthetic_b_value(
    b_value: float,
    s0: np.ndarray,
    diffusion: np.ndarray,
    *,
    kurtosis: np.ndarray | None = None,
    perfusion_fraction: np.ndarray | None = None,
    pseudo_diffusion: np.ndarray | None = None,
) -> np.ndarray:
    """Signal at a b-value by the model whose parameters are given.

    ``S = S0 ((1 - f) exp(-b D + (b D)^2 K / 6) + f exp(-b D*))``, with K = 0 and f = 0 where they
    are not given; with the ADC for D this is computed diffusion-weighted imaging [1]_.

    Beyond ``b = 3 / (D K)`` the kurtosis series rises again, which no tissue does: NaN there.
    Where D* is NaN but f is known (little perfusion, or D* on a bound of the search) the perfused
    part counts as gone; that lowers the signal by at most ``f exp(-b D*) / (1 - f) exp(-b D)`` of
    it, 0.1 % for f = 0.03, D* = 5, D = 1 and b = 900.

    Parameters
    ----------
    b_value : float, s/mm2
    s0 : (...) float, a.u.
        Signal at b 0.
    diffusion : (...) float, 1e-3 mm2/s
        ADC, or the diffusion coefficient of the kurtosis or IVIM fit.
    kurtosis : (...) float, optional
    perfusion_fraction, pseudo_diffusion : (...) float, dimensionless and 1e-3 mm2/s, optional
        Both or neither.

    Returns
    -------
    (...) float, a.u.
        NaN where a parameter is, except D* as said above.

    Raises
    ------
    GeometryError
        If the maps differ in shape.
    InputError
        If the b-value is negative or not finite, or only one of the two perfusion maps is given.

    References
    ----------
    .. [1] Blackledge MD, Leach MO, Collins DJ, Koh DM. Computed diffusion-weighted MR imaging may
       improve tumor detection. Radiology 2011;261:573-581. doi:10.1148/radiol.11101919

    Examples
    --------
    >>> float(synthetic_b_value(0.0, np.array(1000.0), np.array(1.2)))
    1000.0
    >>> round(float(synthetic_b_value(1500.0, np.array(1000.0), np.array(1.2))), 1)
    165.3
    """
    if not (math.isfinite(b_value) and b_value >= 0):
        raise InputError(
            f"a synthetic image needs a finite b-value of at least 0, got {b_value}; "
            "give it in s/mm2"
        )
    if (perfusion_fraction is None) != (pseudo_diffusion is None):
        raise InputError(
            "perfusion needs the perfusion fraction and the pseudo-diffusion coefficient, got one "
            "of the two; give both or neither"
        )
    given = {
        "s0": s0,
        "diffusion": diffusion,
        "kurtosis": kurtosis,
        "perfusion_fraction": perfusion_fraction,
        "pseudo_diffusion": pseudo_diffusion,
    }
    maps = {name: _floating(value) for name, value in given.items() if value is not None}
    shapes = {name: array.shape for name, array in maps.items()}
    if len(set(shapes.values())) > 1:
        raise GeometryError(
            f"all parameter maps must share one grid, got {shapes}; take them from one fit"
        )
    b = b_value * PER_MS_UM2
    exponent = -b * maps["diffusion"]
    if kurtosis is not None:
        exponent = exponent + exponent**2 * maps["kurtosis"] / 6
        limit = 3 / np.maximum(maps["diffusion"] * maps["kurtosis"], 3e-6)
        exponent = np.where(b <= limit, exponent, np.nan)
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        decay = np.exp(exponent)
        if perfusion_fraction is not None:
            f, fast = maps["perfusion_fraction"], np.exp(-b * maps["pseudo_diffusion"])
            decay = (1 - f) * decay + f * np.where(np.isnan(fast), 0, fast)
        return maps["s0"] * decay


def _floating(array: np.ndarray) -> np.ndarray:
    array = np.asarray(array)
    return array if array.dtype.kind == "f" else array.astype(np.float64)
