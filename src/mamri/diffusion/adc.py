"""Apparent diffusion coefficient: one exponential through the signals of every voxel.

Coefficients are in 1e-3 mm2/s throughout mamri. The fit is linear, in the logarithm of the signal;
magnitude images hold a noise floor below which the signal no longer falls, so samples at or below
a stated floor are left out rather than allowed to flatten the decay.
"""

from dataclasses import dataclass

import numpy as np

from mamri.diffusion.log_polynomial import fit_log_polynomial
from mamri.diffusion.samples import FitWeights, voxel_samples
from mamri.records.volume import read_only

# s/mm2. In 24 breast cancers leaving out lower b-values moved the ADC towards the diffusion
# coefficient without perfusion: Nilsen LB, Fangberget A, Geier O, Seierstad T. Quantitative
# analysis of diffusion-weighted magnetic resonance imaging in malignant breast lesions using
# different b value combinations. Eur Radiol 2013;23:1027-1033. doi:10.1007/s00330-012-2687-8
PERFUSION_FREE_MIN_B = 100.0


@dataclass(frozen=True, slots=True)
class AdcSettings:
    """How the apparent diffusion coefficient is fitted.

    Parameters
    ----------
    weights : FitWeights
        By default the square of the signal: as unbiased as uniform weights and more precise, by 5 %
        at an ADC of 1.2 and 15 % at 2.0 (b 0, 100, 600, 800; signal to noise 20 to 50).
    noise_floor : float, a.u.
        Samples at or below this are left out. Rician noise of standard deviation s has a mean of
        1.25 s where there is no signal; two to three s is a usual floor (assumption). The default
        leaves out only what has no logarithm.
    min_b : float, s/mm2
        Images below this b-value are left out; 0 keeps all, as the consensus levels expect.
        ``PERFUSION_FREE_MIN_B`` (100) keeps most of the perfusion out.
    """

    weights: FitWeights = FitWeights.SIGNAL_SQUARED
    noise_floor: float = 0.0
    min_b: float = 0.0


DEFAULT_ADC = AdcSettings()


@dataclass(frozen=True, slots=True, eq=False)
class AdcMaps:
    """Apparent diffusion coefficient with what tells how far to trust it.

    Parameters
    ----------
    adc : (...) float32, 1e-3 mm2/s
        NaN outside the mask, where fewer than two different b-values were usable, and where the
        signal rises with b.
    s0 : (...) float32, a.u.
        Fitted signal at b 0 (extrapolated where images of low b are left out).
    residual : (...) float32, dimensionless
        Root mean square difference of ln S from the fit: about the relative error of the signals.
        The coefficient of determination is not given, for it tends to 0 with the ADC however well
        the line fits. NaN with two samples, through which every line passes.
    standard_error : (...) float32, 1e-3 mm2/s
        Of the ADC, from the scatter of its own samples; NaN with two samples. With n of them an
        interval takes the quantiles of Student's t with n - 2 degrees of freedom.
    n_used : (...) uint8
        Samples used.
    """

    adc: np.ndarray
    s0: np.ndarray
    residual: np.ndarray
    standard_error: np.ndarray
    n_used: np.ndarray

    def __post_init__(self) -> None:
        for name in ("adc", "s0", "residual", "standard_error", "n_used"):
            object.__setattr__(self, name, read_only(getattr(self, name)))


def adc_maps(
    signals: np.ndarray,
    b_values: np.ndarray,
    settings: AdcSettings = DEFAULT_ADC,
    *,
    mask: np.ndarray | None = None,
) -> AdcMaps:
    """Apparent diffusion coefficient of every voxel by (weighted) log-linear least squares.

    Fits ``ln S = ln S0 - b ADC`` [1]_ to the usable samples: finite and above the noise floor.
    Weights, where asked for, are the squared signals that the unweighted line predicts [2]_; the
    standard error allows for the larger scatter of ln S in weak signals with either weights.

    Departures: samples below the floor are left out, voxel by voxel, which the papers do not; a
    rising signal has no diffusion coefficient and gives NaN instead of a negative one, so that the
    mean of a region whose ADC is near 0 leans upwards.

    Parameters
    ----------
    signals : (B, ...) real, a.u.
        One image a b-value, any number of axes after the first.
    b_values : (B,) float, s/mm2
        In any order; repeats (directions, averages) are allowed.
    settings : AdcSettings
    mask : (...) bool, optional
        Voxels to fit; all others are NaN.

    Returns
    -------
    AdcMaps

    Raises
    ------
    GeometryError
        If b-values or mask do not fit the signals.
    InputError
        If a b-value or setting is negative or not finite, or fewer than two different b-values
        are left.

    References
    ----------
    .. [1] Stejskal EO, Tanner JE. Spin diffusion measurements: spin echoes in the presence of a
       time-dependent field gradient. J Chem Phys 1965;42:288-292. doi:10.1063/1.1695690
    .. [2] Veraart J, Sijbers J, Sunaert S, Leemans A, Jeurissen B. Weighted linear least squares
       estimation of diffusion MRI parameters: strengths, limitations, and pitfalls. NeuroImage
       2013;81:335-346. doi:10.1016/j.neuroimage.2013.05.028

    Examples
    --------
    >>> b_values = np.array([0.0, 100.0, 600.0, 800.0])
    >>> maps = adc_maps(1000 * np.exp(-b_values * 1.2e-3), b_values)
    >>> round(float(maps.adc), 4), round(float(maps.s0), 1)
    (1.2, 1000.0)
    """
    samples = voxel_samples(
        signals,
        b_values,
        noise_floor=settings.noise_floor,
        min_b=settings.min_b,
        min_distinct=2,
        mask=mask,
    )
    line = fit_log_polynomial(samples, degree=1, weights=settings.weights)
    with np.errstate(over="ignore"):
        s0 = np.exp(line.c0, out=line.c0)
    s0[~(line.c1 <= 0)] = np.nan
    undefined = ~np.isfinite(s0)
    adc = np.subtract(0, line.c1, out=line.c1)  # 0 - 0 is 0, where -0 would be -0
    for array in (adc, s0, line.residual, line.slope_error):
        array[undefined] = np.nan
    return AdcMaps(
        adc=adc.reshape(samples.shape),
        s0=s0.reshape(samples.shape),
        residual=line.residual.reshape(samples.shape),
        standard_error=line.slope_error.reshape(samples.shape),
        n_used=line.n_used.reshape(samples.shape),
    )
