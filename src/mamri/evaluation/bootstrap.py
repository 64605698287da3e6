"""Intervals by resampling: whole patients are drawn again with all their cases."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from mamri.evaluation.cases import group_index, labelled_scores
from mamri.evaluation.estimate import normal_quantile
from mamri.records import InputError

_BLOCK = 2_000_000  # numbers drawn at a time: 16 MB


@dataclass(frozen=True, slots=True)
class BootstrapEstimate:
    """A value and its percentile interval.

    Parameters
    ----------
    value : float
        On the cases as they are.
    lower, upper : float
        NaN where fewer than two samples are defined.
    standard_error : float
        Standard deviation over the samples.
    n_samples, n_undefined : int
        Samples drawn, and those left out because the value is undefined on them. Where these are
        many, the interval is that of the luckier samples.
    """

    value: float
    lower: float
    upper: float
    standard_error: float
    n_samples: int
    n_undefined: int


@dataclass(frozen=True, slots=True)
class BootstrapComparison:
    """Difference of two models on the same cases, first minus second.

    Parameters
    ----------
    first, second, difference : float
        On the cases as they are.
    lower, upper, standard_error : float
        Of the difference, as in `BootstrapEstimate`.
    p : float
        Two-sided, of no difference.
    n_samples, n_undefined : int
        As in `BootstrapEstimate`.
    """

    first: float
    second: float
    difference: float
    lower: float
    upper: float
    standard_error: float
    p: float
    n_samples: int
    n_undefined: int


def bootstrap_interval(
    statistic: Callable[..., float],
    arrays: Sequence[np.ndarray],
    *,
    groups: np.ndarray | None = None,
    n: int = 2000,
    seed: int = 0,
    level: float = 0.95,
) -> BootstrapEstimate:
    """Percentile interval of any number computed from lists of cases [1]_ (section 13.3).

    Every sample draws as many patients as there are, with replacement, and takes all their cases.

    Parameters
    ----------
    statistic : callable
        Takes the arrays in their order and returns a number. NaN or `InputError` (such as one class
        only) on a sample means undefined.
    arrays : sequence of (n, ...) arrays
        First axis: the cases.
    groups : (n,) of any one type, or None
        Patient of each case; each case is drawn by itself if None.
    n : int
        Samples.
    seed : int
        Of the random numbers.
    level : float
        Of the interval.

    Returns
    -------
    BootstrapEstimate

    Raises
    ------
    InputError
        If there are no arrays, their lengths differ, groups do not fit, n or level are out of
        range, or the statistic refuses the cases as they are.

    References
    ----------
    .. [1] Efron B, Tibshirani RJ. An introduction to the bootstrap. Chapman and Hall 1993; whole
       patients: Field CA, Welsh AH. Bootstrapping clustered data. J R Stat Soc B 2007;69:369-390.
       doi:10.1111/j.1467-9868.2007.00593.x

    Examples
    --------
    >>> found = bootstrap_interval(np.mean, [np.arange(100.0)])
    >>> found.value, round(found.lower), round(found.upper)
    (49.5, 44, 55)
    """
    normal_quantile(level)
    cases = [np.asarray(array) for array in arrays]
    if not cases or any(a.ndim == 0 or len(a) != len(cases[0]) for a in cases):
        raise InputError(
            f"arrays of the same cases were needed, got shapes {[a.shape for a in cases]}; bring "
            f"them to the same cases in the same order"
        )
    value = float(statistic(*cases))
    samples = np.array(
        [
            _defined(statistic, [a[chosen] for a in cases])
            for chosen in _samples(groups, len(cases[0]), n, seed)
        ]
    )
    return _percentile(value, samples, level)


def bootstrap_auc(
    labels: np.ndarray,
    scores: np.ndarray,
    *,
    groups: np.ndarray | None = None,
    n: int = 2000,
    seed: int = 0,
    level: float = 0.95,
) -> BootstrapEstimate:
    """Percentile interval of the AUC, computed for many samples at once.

    Gives what `bootstrap_interval` gives with `roc_auc` and the same seed, much faster: scores are
    sorted once, and each sample only counts how often each case was drawn.

    Parameters
    ----------
    labels : (n,) bool or 0 and 1
    scores : (n,) float
    groups : (n,) of any one type, or None
        Patient of each case.
    n : int
        Samples.
    seed : int
    level : float
        Of the interval.

    Returns
    -------
    BootstrapEstimate
        Undefined are samples of one class only.

    Raises
    ------
    InputError
        As in `roc_auc` and `bootstrap_interval`.
    """
    normal_quantile(level)
    truth, (values,) = labelled_scores(labels, scores)
    patient = group_index(groups, len(truth))
    order = np.argsort(values, kind="stable")
    truth, patient, values = truth[order], patient[order], values[order]
    starts = np.flatnonzero(np.append(True, np.diff(values) > 0))  # of each distinct score
    areas = [
        _weighted_areas(truth, starts, counts[:, patient])
        for counts in _counts(patient.max() + 1, len(truth), n, seed)
    ]
    value = _weighted_areas(truth, starts, np.ones((1, len(truth))))[0]
    return _percentile(float(value), np.concatenate(areas), level)


def compare_bootstrap(
    statistic: Callable[[np.ndarray, np.ndarray], float],
    truth: np.ndarray,
    first: np.ndarray,
    second: np.ndarray,
    *,
    groups: np.ndarray | None = None,
    n: int = 2000,
    seed: int = 0,
    level: float = 0.95,
) -> BootstrapComparison:
    """Difference of a measure between two models, both computed on each sample.

    The p-value is twice the smaller share of samples whose difference is at or below, or at or
    above, 0, each share as ``(count + 1) / (samples + 1)`` [1]_ (equation 4.11): the level at which
    the percentile interval just reaches 0.

    Parameters
    ----------
    statistic : callable
        Takes the truth and a model's output; undefined as in `bootstrap_interval`.
    truth : (n, ...)
    first, second : (n, ...)
        Output of the two models for the same cases.
    groups : (n,) of any one type, or None
        Patient of each case.
    n : int
        Samples.
    seed : int
    level : float
        Of the interval.

    Returns
    -------
    BootstrapComparison

    Raises
    ------
    InputError
        As in `bootstrap_interval`.

    References
    ----------
    .. [1] Davison AC, Hinkley DV. Bootstrap methods and their application. Cambridge University
       Press 1997. doi:10.1017/CBO9780511802843
    """
    differences: list[float] = []

    def difference(truth: np.ndarray, first: np.ndarray, second: np.ndarray) -> float:
        differences.append(float("nan"))
        differences[-1] = float(statistic(truth, first) - statistic(truth, second))
        return differences[-1]

    found = bootstrap_interval(
        difference, [truth, first, second], groups=groups, n=n, seed=seed, level=level
    )
    samples = np.array(differences[1:])
    samples = samples[~np.isnan(samples)]
    tails = min(np.count_nonzero(samples <= 0), np.count_nonzero(samples >= 0))
    p = min(2 * (tails + 1) / (len(samples) + 1), 1.0) if len(samples) > 1 else float("nan")
    return BootstrapComparison(
        first=float(statistic(np.asarray(truth), np.asarray(first))),
        second=float(statistic(np.asarray(truth), np.asarray(second))),
        difference=found.value,
        lower=found.lower,
        upper=found.upper,
        standard_error=found.standard_error,
        p=p,
        n_samples=found.n_samples,
        n_undefined=found.n_undefined,
    )


def _defined(statistic: Callable[..., float], arrays: Sequence[np.ndarray]) -> float:
    """Value of the statistic, NaN where it refuses the sample."""
    try:
        return float(statistic(*arrays))
    except InputError:
        return float("nan")


def _percentile(value: float, samples: np.ndarray, level: float) -> BootstrapEstimate:
    defined = samples[~np.isnan(samples)]
    lower = upper = error = float("nan")
    if len(defined) > 1:
        lower, upper = np.quantile(defined, [(1 - level) / 2, (1 + level) / 2])
        error = defined.std(ddof=1)
    n_undefined = len(samples) - len(defined)
    return BootstrapEstimate(
        value, float(lower), float(upper), float(error), len(samples), n_undefined
    )


def _draws(n_patients: int, per_draw: int, n: int, seed: int) -> Iterator[np.ndarray]:
    """Patients of the samples, in blocks of (samples, n_patients)."""
    if n < 1:
        raise InputError(f"at least one sample was needed, got {n}; 2000 is usual")
    rng = np.random.default_rng(seed)
    block = max(_BLOCK // per_draw, 1)
    for first in range(0, n, block):
        yield rng.integers(0, n_patients, (min(block, n - first), n_patients))


def _samples(groups: np.ndarray | None, n_cases: int, n: int, seed: int) -> Iterator[np.ndarray]:
    """Indices of the cases of each sample."""
    patient = group_index(groups, n_cases)
    ends = np.cumsum(np.bincount(patient))[:-1]
    members = np.split(np.argsort(patient, kind="stable"), ends)
    for block in _draws(len(members), n_cases, n, seed):
        for drawn in block:
            yield np.concatenate([members[i] for i in drawn])


def _counts(n_patients: int, n_cases: int, n: int, seed: int) -> Iterator[np.ndarray]:
    """How often each patient is in each sample, in blocks of (samples, n_patients)."""
    for block in _draws(n_patients, n_cases, n, seed):
        cells = block + n_patients * np.arange(len(block))[:, None]
        counts = np.bincount(cells.ravel(), minlength=n_patients * len(block))
        yield counts.reshape(len(block), n_patients).astype(np.float64)


def _weighted_areas(truth: np.ndarray, starts: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """AUC of each row of weights of the cases sorted by score, (b,); NaN with one class only."""
    positive = np.add.reduceat(np.where(truth, weights, 0), starts, axis=1)  # (b, levels)
    negative = np.add.reduceat(np.where(truth, 0, weights), starts, axis=1)
    beaten = np.cumsum(negative, axis=1) - negative / 2
    pairs = positive.sum(axis=1) * negative.sum(axis=1)
    areas = (positive * beaten).sum(axis=1)
    return np.divide(areas, pairs, out=np.full(len(pairs), np.nan), where=pairs > 0)
