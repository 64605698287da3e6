"""Features made fit to learn from, by what the training cases show alone."""

from dataclasses import dataclass

import numpy as np
from scipy import stats

from mamri.normalization.site_harmonisation import SiteAdjustment, apply_sites, fit_sites
from mamri.prediction.experiment import SiteHarmonisation, TargetKind
from mamri.records import InputError

_QUANTILES = 100
_FEW_VALUES = 10  # features with no more values are only centred and scaled: assumption
_MAX_SCORE = 3.0  # normal scores beyond are cut: assumption


@dataclass(frozen=True, slots=True)
class PreparationSettings:
    """How features are prepared.

    Parameters
    ----------
    max_missing : float
        A feature that more than this share of cases lacks is left out. Assumption: 0.4.
    max_correlation : float
        Of two features with a higher rank correlation the later is left out. Assumption: 0.95.
    max_features : int
        Features kept: those with the strongest association with the outcome, one by one; 0 keeps
        all. Assumption: 100.
    harmonisation : SiteHarmonisation
    """

    max_missing: float = 0.4
    max_correlation: float = 0.95
    max_features: int = 100
    harmonisation: SiteHarmonisation = SiteHarmonisation.NONE


@dataclass(frozen=True, slots=True, eq=False)
class Preparation:
    """What was learned of the features; applied by `prepare`.

    Parameters
    ----------
    medians : (F,) float
        Put in for missing values.
    first : (G,) int
        Features with enough values, which are harmonised.
    sites : SiteAdjustment or None
    levels : (Q, G) float
        Quantiles of each; NaN where a feature has few values.
    centre, scale : (G,) float
    kept : (H,) int
        Of ``first``, those that models see.
    """

    medians: np.ndarray
    first: np.ndarray
    sites: SiteAdjustment | None
    levels: np.ndarray
    centre: np.ndarray
    scale: np.ndarray
    kept: np.ndarray

    @property
    def columns(self) -> np.ndarray:
        """Which of the original features models see, (H,) int."""
        return self.first[self.kept]


def fit_preparation(
    x: np.ndarray,
    y: np.ndarray,
    event: np.ndarray,
    kind: TargetKind,
    sites: np.ndarray,
    settings: PreparationSettings,
) -> Preparation:
    """Learn how to prepare features from training cases.

    Missing values become the median; sites are harmonised; values become normal scores of their
    rank (few values: centred and scaled), so that outliers do not rule; of features that say the
    same one is kept.

    Parameters
    ----------
    x : (n, F) float
        NaN where missing.
    y, event : (n,)
        The outcome, for `PreparationSettings.max_features` alone.
    kind : TargetKind
    sites : (n,) str
    settings : PreparationSettings

    Returns
    -------
    Preparation

    Raises
    ------
    InputError
        If no feature varies.
    """
    missing = np.isnan(x).mean(axis=0)
    enough = (missing <= settings.max_missing) & (missing < 1)
    medians = np.zeros(x.shape[1])
    medians[enough] = np.nanmedian(x[:, enough], axis=0)
    filled = np.where(np.isnan(x), medians, x)
    spread = np.ptp(filled, axis=0)
    first = np.flatnonzero(enough & (spread > 1e-9 * np.maximum(1.0, np.abs(medians))))
    if first.size == 0:
        raise InputError(
            "no feature varies among the training cases with enough values; choose others, or "
            "raise features.max_missing"
        )
    values = filled[:, first]
    adjustment = None
    if settings.harmonisation is not SiteHarmonisation.NONE:
        empirical = settings.harmonisation is SiteHarmonisation.COMBAT
        adjustment = fit_sites(values, sites, empirical=empirical)
        values = apply_sites(values, sites, adjustment)
    levels = np.quantile(values, np.linspace(0, 1, _QUANTILES + 1), axis=0)
    few = np.array([np.unique(filled[:, j]).size <= _FEW_VALUES for j in first])
    levels[:, few] = np.nan
    centre, scale = values.mean(axis=0), values.std(axis=0)
    scale[scale < 1e-12] = 1.0
    scored = _scores(values, levels, centre, scale)
    kept = _distinct(scored, settings.max_correlation)
    if 0 < settings.max_features < kept.size:
        strength = _association(scored[:, kept], y, event, kind)
        strongest = np.argsort(-strength, kind="stable")[: settings.max_features]
        kept = kept[np.sort(strongest)]
    return Preparation(medians, first, adjustment, levels, centre, scale, kept)


def prepare(x: np.ndarray, sites: np.ndarray, preparation: Preparation) -> np.ndarray:
    """Features as models see them.

    Parameters
    ----------
    x : (n, F) float
        NaN where missing.
    sites : (n,) str
    preparation : Preparation

    Returns
    -------
    (n, H) float
    """
    values = np.where(np.isnan(x), preparation.medians, x)[:, preparation.first]
    if preparation.sites is not None:
        values = apply_sites(values, sites, preparation.sites)
    kept = preparation.kept
    return _scores(
        values[:, kept],
        preparation.levels[:, kept],
        preparation.centre[kept],
        preparation.scale[kept],
    )


def narrowed(preparation: Preparation, columns: np.ndarray) -> Preparation:
    """The same preparation for a table that has fewer columns, without what models never see.

    Parameters
    ----------
    preparation : Preparation
    columns : (G,) int
        Columns of the smaller table, ascending; all that models see are among them.

    Returns
    -------
    Preparation
        Gives the same numbers for sites that it was fitted on, or that need no adjustment.
    """
    kept, sites = preparation.kept, preparation.sites
    if sites is not None:
        sites = SiteAdjustment(
            sites.centre[kept],
            sites.scale[kept],
            {name: shift[kept] for name, shift in sites.shift.items()},
            {name: stretch[kept] for name, stretch in sites.stretch.items()},
            sites.is_empirical,
        )
    return Preparation(
        medians=preparation.medians[columns],
        first=np.searchsorted(columns, preparation.columns),
        sites=sites,
        levels=preparation.levels[:, kept],
        centre=preparation.centre[kept],
        scale=preparation.scale[kept],
        kept=np.arange(kept.size),
    )


def _scores(
    values: np.ndarray, levels: np.ndarray, centre: np.ndarray, scale: np.ndarray
) -> np.ndarray:
    """Normal scores by quantiles; z-scores of features without quantiles."""
    scores = np.clip((values - centre) / scale, -2 * _MAX_SCORE, 2 * _MAX_SCORE)
    share = np.linspace(0, 1, len(levels))
    for j in np.flatnonzero(np.isfinite(levels[0])):
        column = levels[:, j]
        # Ties get the middle of their ranks.
        up = np.interp(values[:, j], column, share)
        down = 1 - np.interp(-values[:, j], -column[::-1], share)
        scores[:, j] = np.clip(stats.norm.ppf((up + down) / 2), -_MAX_SCORE, _MAX_SCORE)
    return scores


def _distinct(scores: np.ndarray, limit: float) -> np.ndarray:
    """Features in order, without those that correlate above a limit with an earlier one."""
    z = scores - scores.mean(axis=0)
    length = np.linalg.norm(z, axis=0)
    z = z / np.where(length > 0, length, 1.0)
    kept: list[int] = []
    for j in range(z.shape[1]):
        if not kept or np.max(np.abs(z[:, kept].T @ z[:, j])) <= limit:
            kept.append(j)
    return np.array(kept)


def _association(
    scores: np.ndarray, y: np.ndarray, event: np.ndarray, kind: TargetKind
) -> np.ndarray:
    """Strength of each feature alone: share of its variance that the outcome explains."""
    if kind in (TargetKind.BINARY, TargetKind.CLASSES):
        total = scores.var(axis=0)
        between = sum(
            (y == k).mean() * (scores[y == k].mean(axis=0) - scores.mean(axis=0)) ** 2
            for k in np.unique(y)
        )
        return np.asarray(between / np.maximum(total, 1e-12))
    answer = stats.rankdata(y) if kind is TargetKind.NUMBER else _martingale(y, event)
    answer = (answer - answer.mean()) / (answer.std() or 1.0)
    centred = scores - scores.mean(axis=0)
    return np.asarray(np.abs(centred.T @ answer) / len(y) / np.maximum(scores.std(axis=0), 1e-12))


def _martingale(time: np.ndarray, event: np.ndarray) -> np.ndarray:
    """Events less those expected by the Nelson-Aalen estimate of all cases together."""
    order = np.argsort(time, kind="stable")
    at_risk = len(time) - np.searchsorted(time[order], time[order], side="left")
    steps = np.cumsum(event[order] / at_risk)
    hazard = np.empty(len(time))
    last = np.searchsorted(time[order], time[order], side="right") - 1
    hazard[order] = steps[last]
    return event.astype(float) - hazard
