"""Features of several sites made comparable: z-scores by site, and ComBat.

Both are fitted without outcomes, on cases that may be learned from alone.

References
----------
.. [1] Johnson WE, Li C, Rabinovic A. Adjusting batch effects in microarray expression data using
   empirical Bayes methods. Biostatistics 2007;8:118-127. doi:10.1093/biostatistics/kxj037
.. [2] Fortin JP, Cullen N, Sheline YI et al. Harmonization of cortical thickness measurements
   across scanners and sites. NeuroImage 2018;167:104-120. doi:10.1016/j.neuroimage.2017.11.024
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from mamri.records import InputError

MIN_CASES = 5  # of a site, to tell its level and spread: assumption
_TOLERANCE = 1e-6
_MAX_TURNS = 500


@dataclass(frozen=True, slots=True, eq=False)
class SiteAdjustment:
    """Level and spread of each site, in units of the standardised features.

    Parameters
    ----------
    centre, scale : (F,) float
        Of all sites together.
    shift : mapping of site to (F,) float
        Subtracted from standardised features.
    stretch : mapping of site to (F,) float
        They are divided by it then.
    is_empirical : bool
        ComBat; else plain z-scores.
    """

    centre: np.ndarray
    scale: np.ndarray
    shift: Mapping[str, np.ndarray]
    stretch: Mapping[str, np.ndarray]
    is_empirical: bool


def fit_sites(x: np.ndarray, sites: np.ndarray, *, empirical: bool = True) -> SiteAdjustment:
    """Estimate what each site adds to features and how it stretches them.

    Parameters
    ----------
    x : (n, F) float
        Without missing values.
    sites : (n,) str
    empirical : bool
        ComBat: estimates shrunk to those of all features of a site, eq. 3.1 of [1]_, parametric
        priors, no covariates; else plain means and standard deviations.

    Returns
    -------
    SiteAdjustment

    Raises
    ------
    InputError
        If a site has fewer than five cases.
    """
    names, counts = np.unique(sites, return_counts=True)
    if counts.min() < MIN_CASES:
        fewest = str(names[counts.argmin()])
        raise InputError(
            f"harmonisation needs {MIN_CASES} cases of every site, {fewest!r} has "
            f"{counts.min()}; join small sites or leave harmonisation out"
        )
    means = {name: x[sites == name].mean(axis=0) for name in names}
    centre = sum(n * means[name] for name, n in zip(names, counts, strict=True)) / counts.sum()
    residual = x - np.stack([means[name] for name in sites])
    scale = np.sqrt(np.mean(residual**2, axis=0))
    scale[scale < 1e-12] = 1.0
    z = (x - centre) / scale
    found = {name: _site(z[sites == name], empirical=empirical) for name in names}
    return SiteAdjustment(
        centre,
        scale,
        {name: shift for name, (shift, _) in found.items()},
        {name: stretch for name, (_, stretch) in found.items()},
        empirical,
    )


def apply_sites(x: np.ndarray, sites: np.ndarray, fitted: SiteAdjustment) -> np.ndarray:
    """Take the estimates of each site off its features.

    A site that was not fitted is estimated from the very cases given, if they are five or more, by
    plain means and standard deviations: a feature that varies little elsewhere may lie very far
    out there, and would rule the priors of all others. No outcome is asked for.

    Parameters
    ----------
    x : (n, F) float
    sites : (n,) str
    fitted : SiteAdjustment

    Returns
    -------
    (n, F) float

    Raises
    ------
    InputError
        If a site was not fitted and has fewer than five cases here.
    """
    z = (x - fitted.centre) / fitted.scale
    adjusted = np.empty_like(z)
    for name in np.unique(sites).tolist():
        rows = sites == name
        if name in fitted.shift:
            shift, stretch = fitted.shift[name], fitted.stretch[name]
        elif rows.sum() >= MIN_CASES:
            shift, stretch = _site(z[rows], empirical=False)
        else:
            raise InputError(
                f"the site {name!r} is unknown to this model and needs {MIN_CASES} cases to be "
                f"harmonised, got {int(rows.sum())}; give more of its cases at once, or use a "
                "model without harmonisation"
            )
        adjusted[rows] = (z[rows] - shift) / stretch
    return adjusted * fitted.scale + fitted.centre


def _site(z: np.ndarray, *, empirical: bool) -> tuple[np.ndarray, np.ndarray]:
    """Shift and stretch of one site from its standardised features."""
    shift, variance = z.mean(axis=0), z.var(axis=0, ddof=1)
    variance = np.maximum(variance, 1e-12)
    if not empirical or z.shape[1] < 3:
        return shift, np.sqrt(variance)
    n = len(z)
    prior, spread = shift.mean(), shift.var(ddof=1)
    mean, square = variance.mean(), max(variance.var(ddof=1), 1e-12)
    a, b = (2 * square + mean**2) / square, (mean * square + mean**3) / square
    own, own_variance = shift, variance
    for _ in range(_MAX_TURNS):
        new = (n * spread * shift + own_variance * prior) / (n * spread + own_variance)
        squares = ((z - new) ** 2).sum(axis=0)
        new_variance = (b + squares / 2) / (n / 2 + a - 1)
        moved = max(
            float(np.max(np.abs(new - own) / np.maximum(np.abs(own), 1e-12))),
            float(np.max(np.abs(new_variance - own_variance) / own_variance)),
        )
        own, own_variance = new, new_variance
        if moved < _TOLERANCE:
            break
    return own, np.sqrt(own_variance)
