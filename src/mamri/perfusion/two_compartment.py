"""Two-compartment exchange model and its limit without return, the uptake model.

Exchange: the response to an input is ``a exp(-k t) + b exp(-l t)`` with ``k < l``, from which
``Fp = a + b``, ``vp = Fp^2 / (a k + b l)``, ``ve = a / k + b / l - vp`` and
``PS = k l vp ve / Fp``. Uptake: it is ``b + a exp(-k t)``, from which ``Fp = a + b``,
``PS = b Fp / a`` and ``vp = Fp^2 / (a k)`` [1]_.

References
----------
.. [1] Sourbron SP, Buckley DL. Tracer kinetic modelling in MRI: estimating perfusion and capillary
   permeability. Phys Med Biol 2012;57:R1-R33. doi:10.1088/0031-9155/57/2/R1
"""

import numpy as np

from mamri.perfusion import two_exponentials as two
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

Slopes = tuple[np.ndarray | float, ...]


def fit_two_compartment_uptake(curves: np.ndarray, basis: ExponentialBasis) -> VoxelFit:
    """Fit the two-compartment uptake model to every voxel.

    Parameters
    ----------
    curves : (T, V) float, mM
    basis : ExponentialBasis

    Returns
    -------
    VoxelFit
        Of ``fp_per_min``, ``ps_per_min`` and ``vp``.
    """
    products = inner_products(basis.rows, basis.integral, basis.rates_per_min)
    found, status = fit_one_exponential(curves, products)
    a, k, b = (found[row].astype(np.float64) for row in (AMPLITUDE, RATE, COLUMN))
    flow = a + b
    values = {"fp_per_min": flow, "ps_per_min": b * flow / a, "vp": flow**2 / (a * k)}
    # Derivatives by (a, k, b).
    slopes: dict[str, Slopes] = {
        "fp_per_min": (1.0, 0.0, 1.0),
        "ps_per_min": (-((b / a) ** 2), 0.0, 1 + 2 * b / a),
        "vp": (
            2 * flow / (a * k) - flow**2 / (a**2 * k),
            -(flow**2) / (a * k**2),
            2 * flow / (a * k),
        ),
    }
    return _checked(values, slopes, found[COVARIANCE:], found[SUM_OF_SQUARES], status)


def fit_two_compartment_exchange(curves: np.ndarray, basis: ExponentialBasis) -> VoxelFit:
    """Fit the two-compartment exchange model to every voxel.

    Parameters
    ----------
    curves : (T, V) float, mM
    basis : ExponentialBasis

    Returns
    -------
    VoxelFit
        Of ``fp_per_min``, ``ps_per_min``, ``vp`` and ``ve``.
    """
    found, status = two.fit_two_exponentials(curves, basis.rows, basis.rates_per_min)
    a, k, b, fast = (
        found[row].astype(np.float64) for row in (two.SLOW, two.SLOW_RATE, two.FAST, two.FAST_RATE)
    )
    numbers = (a, k, b, fast)
    values = _exchange(*numbers)
    slopes: dict[str, list[np.ndarray]] = {name: [] for name in values}
    for n, number in enumerate(numbers):
        # The formulas are smooth: a central difference is good to 1e-9.
        step = 1e-4 * number
        ends = [
            _exchange(*(m + sign * step if i == n else m for i, m in enumerate(numbers)))
            for sign in (-1, 1)
        ]
        for name in values:
            slopes[name].append((ends[1][name] - ends[0][name]) / (2 * step))
    exact: dict[str, Slopes] = {name: tuple(parts) for name, parts in slopes.items()}
    return _checked(values, exact, found[two.COVARIANCE :], found[two.SUM_OF_SQUARES], status)


def _exchange(
    a: np.ndarray, k: np.ndarray, b: np.ndarray, fast: np.ndarray
) -> dict[str, np.ndarray]:
    flow = a + b
    vp = flow**2 / (a * k + b * fast)
    ve = a / k + b / fast - vp
    return {"fp_per_min": flow, "ps_per_min": k * fast * vp * ve / flow, "vp": vp, "ve": ve}


def _checked(
    values: dict[str, np.ndarray],
    slopes: dict[str, Slopes],
    covariance: np.ndarray,
    squares: np.ndarray,
    status: np.ndarray,
) -> VoxelFit:
    """With fractions above 1 taken out."""
    errors = {name: spread(covariance, slope) for name, slope in slopes.items()}
    parameters = {name: value.astype(np.float32) for name, value in values.items()}
    for name in ("vp", "ve"):
        if name in parameters:
            is_above = parameters[name] > 1
            status[is_above] = FitStatus.VOLUME_ABOVE_ONE
            parameters[name][is_above] = np.nan
            errors[name][is_above] = np.nan
    return VoxelFit(parameters, errors, squares, status, n_parameters=len(parameters))
