"""Statistics of the intensities of a region, and of their histogram."""

import numpy as np


def intensity_statistics(values: np.ndarray) -> dict[str, float]:
    """Eighteen statistics of the intensities of a region.

    Parameters
    ----------
    values : (V,) float
        At least one.

    Returns
    -------
    dict of str to float
        By the names of the registry; variances are those of the population, kurtosis is above that
        of a normal distribution. NaN where a spread or a sum of zero leaves a ratio undefined.

    References
    ----------
    .. [1] IBSI reference manual, arXiv:1612.07003, section 3.3 (UHIW).
    """
    x = np.asarray(values, np.float64)
    mean = x.mean()
    from_mean = x - mean
    variance = np.mean(from_mean**2)
    low, p10, p25, median, p75, p90, high = np.percentile(x, [0, 10, 25, 50, 75, 90, 100])
    middle = x[(x >= p10) & (x <= p90)]
    from_middle = np.abs(middle - middle.mean()) if middle.size else np.array([np.nan])
    energy = np.sum(x**2)
    spread = variance > 1e-12 * max(energy / x.size, np.finfo(float).tiny)
    with np.errstate(divide="ignore", invalid="ignore"):
        found = {
            "mean": mean,
            "variance": variance,
            "skewness": np.mean(from_mean**3) / variance**1.5 if spread else np.nan,
            "excess_kurtosis": np.mean(from_mean**4) / variance**2 - 3 if spread else np.nan,
            "median": median,
            "minimum": low,
            "percentile_10": p10,
            "percentile_90": p90,
            "maximum": high,
            "interquartile_range": p75 - p25,
            "range": high - low,
            "mean_absolute_deviation": np.abs(from_mean).mean(),
            "robust_mean_absolute_deviation": from_middle.mean(),
            "median_absolute_deviation": np.abs(x - median).mean(),
            "coefficient_of_variation": np.sqrt(variance) / mean,
            "quartile_coefficient_of_dispersion": (p75 - p25) / (p75 + p25),
            "energy": energy,
            "root_mean_square": np.sqrt(energy / x.size),
        }
    return {name: float(value) for name, value in found.items()}


def histogram_statistics(levels: np.ndarray) -> dict[str, float]:
    """Twenty-three statistics of the histogram of the grey levels of a region.

    The mode nearest to the mean is taken where several levels are as frequent; gradients are
    central differences, one-sided at the ends, and the first level of an extreme one is named.

    Parameters
    ----------
    levels : (V,) int, from 1

    Returns
    -------
    dict of str to float

    References
    ----------
    .. [1] IBSI reference manual, arXiv:1612.07003, section 3.4 (ZVCW).
    """
    found = intensity_statistics(levels)
    del found["energy"], found["root_mean_square"]
    counts = np.bincount(levels, minlength=levels.max() + 1)[1:]
    share = counts[counts > 0] / levels.size
    modes = np.flatnonzero(counts == counts.max()) + 1
    found["mode"] = float(modes[np.argmin(np.abs(modes - found["mean"]))])
    found["entropy"] = float(-np.sum(share * np.log2(share)))
    found["uniformity"] = float(np.sum(share**2))
    known = counts.size > 1
    gradient = np.gradient(counts.astype(float)) if known else np.full(1, np.nan)
    for word, value, at in (
        ("maximum", gradient.max(), gradient.argmax()),
        ("minimum", gradient.min(), gradient.argmin()),
    ):
        found[f"{word}_gradient"] = float(value)
        found[f"{word}_gradient_level"] = float(at + 1) if known else float("nan")
    return found
