"""Isotropic diffusional kurtosis: how far the decay of the signal bends from one exponential."""

from dataclasses import dataclass

import numpy as np

from mamri.diffusion.log_polynomial import fit_log_polynomial
from mamri.diffusion.samples import PER_MS_UM2, FitWeights, voxel_samples
from mamri.records import InputError
from mamri.records.volume import read_only


@dataclass(frozen=True, slots=True)
class KurtosisSettings:
    """How kurtosis is fitted and when it is believed.

    Parameters
    ----------
    weights : FitWeights
    noise_floor : float, a.u.
        Samples at or below this are left out: a noise floor looks like kurtosis.
    min_b : float, s/mm2
        Images below this b-value are left out (perfusion); 0 keeps all.
    min_highest_b : float, s/mm2
        The highest b-value must reach this, or the bend drowns in noise. Breast studies go to 2000
        [1]_, reviews of body imaging ask for 1500 to 2000 (assumption: 1500 is enough).
    min_kurtosis : float
        Values below it are undefined; no distribution has an excess kurtosis below -2. Tissue made
        of compartments has 0 or more, but clipping there would lift the mean of free water.

    References
    ----------
    .. [1] Wu D, Li G, Zhang J et al. Characterization of breast tumors using diffusion kurtosis
       imaging (DKI). PLoS One 2014;9:e113240. doi:10.1371/journal.pone.0113240
    """

    weights: FitWeights = FitWeights.SIGNAL_SQUARED
    noise_floor: float = 0.0
    min_b: float = 0.0
    min_highest_b: float = 1500.0
    min_kurtosis: float = -2.0


DEFAULT_KURTOSIS = KurtosisSettings()


@dataclass(frozen=True, slots=True, eq=False)
class KurtosisMaps:
    """Diffusion coefficient and kurtosis; NaN in all where either is undefined.

    Parameters
    ----------
    diffusion : (...) float32, 1e-3 mm2/s
        Diffusion coefficient corrected for kurtosis; larger than the ADC where kurtosis is above 0.
    kurtosis : (...) float32, dimensionless
        Excess kurtosis of the displacements; 0 for one exponential.
    s0 : (...) float32, a.u.
        Fitted signal at b 0.
    residual : (...) float32, dimensionless
        Root mean square difference of ln S from the fit; NaN with three samples.
    n_used : (...) uint8
        Samples used.
    """

    diffusion: np.ndarray
    kurtosis: np.ndarray
    s0: np.ndarray
    residual: np.ndarray
    n_used: np.ndarray

    def __post_init__(self) -> None:
        for name in ("diffusion", "kurtosis", "s0", "residual", "n_used"):
            object.__setattr__(self, name, read_only(getattr(self, name)))


def kurtosis_maps(
    signals: np.ndarray,
    b_values: np.ndarray,
    settings: KurtosisSettings = DEFAULT_KURTOSIS,
    *,
    mask: np.ndarray | None = None,
) -> KurtosisMaps:
    """Diffusion coefficient and isotropic kurtosis of every voxel by linear least squares.

    Fits ``ln S = ln S0 - b D + b^2 D^2 K / 6`` (the expansion of [1]_ to second order in b), a
    parabola. It holds up to ``b = 3 / (D K)``, where it would begin to rise [2]_: voxels in which
    the highest usable b-value lies beyond are undefined, as are those whose signal does not fall,
    whose kurtosis is below ``min_kurtosis``, or whose usable b-values are fewer than three or end
    below ``min_highest_b``.

    Departure: one image a b-value is taken as it comes (usually the mean over directions); the
    kurtosis tensor is not fitted.

    Parameters
    ----------
    signals : (B, ...) real, a.u.
    b_values : (B,) float, s/mm2
    settings : KurtosisSettings
    mask : (...) bool, optional
        Voxels to fit; all others are NaN.

    Returns
    -------
    KurtosisMaps

    Raises
    ------
    GeometryError
        If b-values or mask do not fit the signals.
    InputError
        If fewer than three different b-values are left, the highest is below ``min_highest_b``, or
        a b-value or setting is negative or not finite.

    References
    ----------
    .. [1] Jensen JH, Helpern JA, Ramani A, Lu H, Kaczynski K. Diffusional kurtosis imaging: the
       quantification of non-Gaussian water diffusion by means of magnetic resonance imaging. Magn
       Reson Med 2005;53:1432-1440. doi:10.1002/mrm.20508
    .. [2] Jensen JH, Helpern JA. MRI quantification of non-Gaussian water diffusion by kurtosis
       analysis. NMR Biomed 2010;23:698-710. doi:10.1002/nbm.1518

    Examples
    --------
    >>> b_values = np.array([0.0, 500.0, 1000.0, 1500.0, 2000.0])
    >>> x = b_values * 1.2e-3
    >>> maps = kurtosis_maps(1000 * np.exp(-x + x**2 * 0.8 / 6), b_values)
    >>> round(float(maps.diffusion), 3), round(float(maps.kurtosis), 3)
    (1.2, 0.8)
    """
    samples = voxel_samples(
        signals,
        b_values,
        noise_floor=settings.noise_floor,
        min_b=settings.min_b,
        min_distinct=3,
        mask=mask,
    )
    needed = settings.min_highest_b * PER_MS_UM2
    if samples.b[-1] < needed:
        raise InputError(
            f"kurtosis needs a b-value of at least {settings.min_highest_b:g} s/mm2, got at most "
            f"{samples.b[-1] / PER_MS_UM2:g}; fit the ADC instead or acquire higher b-values"
        )
    curve = fit_log_polynomial(samples, degree=2, weights=settings.weights)
    with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
        diffusion = -curve.c1
        kurtosis = 6 * curve.c2 / curve.c1**2
        s0 = np.exp(curve.c0)
    rises_at_end = curve.c1 + 2 * curve.c2 * curve.highest_b > 0
    defined = (diffusion > 0) & np.isfinite(s0) & (kurtosis >= settings.min_kurtosis)
    defined &= np.isfinite(kurtosis) & ~rises_at_end & (curve.highest_b >= np.float32(needed))
    for array in (diffusion, kurtosis, s0, curve.residual):
        array[~defined] = np.nan
    return KurtosisMaps(
        diffusion=diffusion.reshape(samples.shape),
        kurtosis=kurtosis.reshape(samples.shape),
        s0=s0.reshape(samples.shape),
        residual=curve.residual.reshape(samples.shape),
        n_used=curve.n_used.reshape(samples.shape),
    )
