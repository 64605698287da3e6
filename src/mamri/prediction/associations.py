"""Each feature alone against the outcome, and against the site, with corrected p-values.

For description: no model uses these, and no case is left out as unseen.
"""

import warnings

import numpy as np
from scipy import stats

from mamri.evaluation import benjamini_hochberg, log_rank_test
from mamri.normalization.site_harmonisation import MIN_CASES, apply_sites, fit_sites
from mamri.prediction.experiment import SiteHarmonisation, TargetKind
from mamri.prediction.outcome import Outcome
from mamri.prediction.scores import goodness

_FEWEST = 10  # cases with a value that a test needs: assumption
_FALSE_DISCOVERY = 0.05


def associations(x: np.ndarray, columns: list[str], outcome: Outcome) -> list[dict[str, object]]:
    """Test every feature alone against the outcome, strongest first.

    Classes: Kruskal-Wallis test and, of two, the AUC; numbers: Spearman's rank correlation;
    survival: log-rank test of the halves above and below the median, and Harrell's concordance.

    Parameters
    ----------
    x : (m, F) float
        Features of the cases of the outcome; NaN where missing.
    columns : list of str
    outcome : Outcome

    Returns
    -------
    list of dict
        ``feature``, ``cases``, ``measure`` (its name), ``value``, ``p``, ``p_adjusted`` (false
        discovery rate of Benjamini and Hochberg over all features tested).
    """
    rows: list[dict[str, object]] = []
    p_values = []
    for column, name in zip(x.T, columns, strict=True):
        known = ~np.isnan(column)
        if known.sum() < _FEWEST or np.ptp(column[known]) == 0:
            continue
        p, measure, value = _test(column[known], outcome, known)
        if not np.isfinite(p):
            continue
        p_values.append(p)
        rows.append(
            {
                "feature": name,
                "cases": int(known.sum()),
                "measure": measure,
                "value": round(value, 4) if np.isfinite(value) else None,
                "p": float(f"{p:.3g}"),
            }
        )
    if not rows:
        return []
    adjusted = benjamini_hochberg(np.array(p_values))
    found = [
        {**row, "p_adjusted": float(f"{p:.3g}")} for row, p in zip(rows, adjusted, strict=True)
    ]
    return [found[n] for n in np.argsort(p_values, kind="stable")]


def site_effect(
    x: np.ndarray, sites: np.ndarray, harmonisation: SiteHarmonisation
) -> dict[str, object] | None:
    """How many features differ by site before and after harmonisation.

    Kruskal-Wallis test of each feature, Benjamini and Hochberg at 5 %. Sites that see other
    patients differ for good reasons too.

    Parameters
    ----------
    x : (m, F) float
    sites : (m,) str
    harmonisation : SiteHarmonisation
        Fitted on all cases here, without outcomes; ``none`` tests the features as they are alone.

    Returns
    -------
    dict or None
        ``features`` (tested), ``before``, ``after`` (numbers that differ; ``after`` None without
        harmonisation), ``explained_before``, ``explained_after`` (median share of the variance of
        ranks that sites explain). None with fewer than two sites of five cases.
    """
    names, counts = np.unique(sites, return_counts=True)
    if names.size < 2 or counts.min() < MIN_CASES or "" in names:
        return None
    filled = np.where(np.isnan(x), np.nanmedian(np.where(np.isnan(x).all(0), 0.0, x), axis=0), x)
    filled = filled[:, np.ptp(filled, axis=0) > 0]
    if filled.shape[1] == 0:
        return None
    before = _by_site(filled, sites)
    found: dict[str, object] = {
        "features": filled.shape[1],
        "before": before[0],
        "explained_before": before[1],
        "after": None,
        "explained_after": None,
    }
    if harmonisation is SiteHarmonisation.NONE:
        return found
    fitted = fit_sites(filled, sites, empirical=harmonisation is SiteHarmonisation.COMBAT)
    after = _by_site(apply_sites(filled, sites, fitted), sites)
    return {**found, "after": after[0], "explained_after": after[1]}


def _by_site(x: np.ndarray, sites: np.ndarray) -> tuple[int, float]:
    groups = [sites == name for name in np.unique(sites)]
    n, k = len(x), len(groups)
    tests = [stats.kruskal(*(column[rows] for rows in groups)) for column in x.T]
    p = benjamini_hochberg(np.array([float(test.pvalue) for test in tests]))
    # Eta squared of ranks: (H - k + 1) / (n - k).
    explained = np.median([max(0.0, (float(t.statistic) - k + 1) / (n - k)) for t in tests])
    return int(np.sum(p < _FALSE_DISCOVERY)), round(float(explained), 3)


def _test(values: np.ndarray, outcome: Outcome, known: np.ndarray) -> tuple[float, str, float]:
    y, event = outcome.y[known], outcome.event[known]
    if outcome.kind is TargetKind.NUMBER:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", stats.ConstantInputWarning)
            test = stats.spearmanr(values, y)
        return float(test.pvalue), "rank correlation", float(test.statistic)
    if outcome.kind is TargetKind.SURVIVAL:
        above = values > np.median(values)
        if above.all() or not above.any() or not event.any():
            return float("nan"), "", float("nan")
        value = goodness(values[:, None], y, event, outcome.kind)
        return log_rank_test(y, event, above.astype(int)).p, "concordance", value
    groups = [values[y == k] for k in np.unique(y)]
    if len(groups) < 2:
        return float("nan"), "", float("nan")
    p = float(stats.kruskal(*groups).pvalue)
    if outcome.kind is TargetKind.BINARY:
        return p, "AUC", goodness(values[:, None], y, event, outcome.kind)
    total = float(stats.kruskal(*groups).statistic)
    share = (total - len(groups) + 1) / (len(values) - len(groups))
    return p, "share of variance of ranks", max(0.0, share)
