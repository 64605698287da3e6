"""Whether predicted probabilities are met by what happened."""

from dataclasses import dataclass

import numpy as np
from scipy import optimize, special, stats

from mamri.evaluation.cases import labelled_probabilities
from mamri.evaluation.estimate import UNDEFINED, Estimate, normal_quantile, wilson_interval
from mamri.records import InputError
from mamri.records.volume import read_only


@dataclass(frozen=True, slots=True)
class LogisticRecalibration:
    """Line that maps the logit of the predictions to that of the outcome, with Wald intervals.

    Parameters
    ----------
    slope : Estimate
        1 is right; below 1 predictions are too extreme.
    intercept : Estimate
        That goes with the slope.
    intercept_in_the_large : Estimate
        With the slope fixed at 1: 0 is right; above 0 predictions are too low on the whole.
    """

    slope: Estimate
    intercept: Estimate
    intercept_in_the_large: Estimate


@dataclass(frozen=True, slots=True, eq=False)
class CalibrationCurve:
    """Predicted and observed shares in bins of about equally many cases.

    Parameters
    ----------
    predicted, observed : (b,) float
        Mean probability, and share of cases with the disease.
    lower, upper : (b,) float
        Wilson interval of the observed share.
    count : (b,) int
        Cases.
    """

    predicted: np.ndarray
    observed: np.ndarray
    lower: np.ndarray
    upper: np.ndarray
    count: np.ndarray

    def __post_init__(self) -> None:
        for name in ("predicted", "observed", "lower", "upper", "count"):
            object.__setattr__(self, name, read_only(getattr(self, name)))


def brier_score(labels: np.ndarray, probabilities: np.ndarray) -> float:
    """Mean squared difference between probability and outcome [1]_ (one of his two classes).

    Parameters
    ----------
    labels : (n,) bool or 0 and 1
    probabilities : (n,) float

    Returns
    -------
    float
        0 is perfect; always predicting the prevalence ``q`` gives ``q (1 - q)``.

    Raises
    ------
    InputError
        If a probability is not within 0 and 1, or the lengths differ.

    References
    ----------
    .. [1] Brier GW. Verification of forecasts expressed in terms of probability. Mon Weather Rev
       1950;78:1-3. doi:10.1175/1520-0493(1950)078<0001:VOFEIT>2.0.CO;2 (equation 2)

    Examples
    --------
    >>> brier_score(np.array([1, 0]), np.array([0.5, 0.5]))
    0.25
    """
    truth, predicted = labelled_probabilities(labels, probabilities)
    return float(np.mean((predicted - truth) ** 2))


def logistic_recalibration(
    labels: np.ndarray, probabilities: np.ndarray, *, level: float = 0.95
) -> LogisticRecalibration:
    """Calibration slope and intercept: ``logit P(disease) = a + b logit(p)`` [1]_.

    ``a`` and ``b`` by maximum likelihood; calibration in the large is ``a`` with ``b = 1`` [2]_.

    Parameters
    ----------
    labels : (n,) bool or 0 and 1
    probabilities : (n,) float
        Above 0 and below 1.
    level : float
        Of the intervals.

    Returns
    -------
    LogisticRecalibration
        Slope and its intercept are NaN where all predictions are equal or a threshold separates the
        classes; all three are NaN with one class only.

    Raises
    ------
    InputError
        If a probability is 0 or 1 or outside, the lengths differ, or the level is not between 0
        and 1.

    References
    ----------
    .. [1] Cox DR. Two further applications of a model for binary regression. Biometrika
       1958;45:562-565. doi:10.1093/biomet/45.3-4.562
    .. [2] Van Calster B, McLernon DJ, van Smeden M, Wynants L, Steyerberg EW. Calibration: the
       Achilles heel of predictive analytics. BMC Med 2019;17:230. doi:10.1186/s12916-019-1466-7
    """
    z = normal_quantile(level)
    truth, predicted = labelled_probabilities(labels, probabilities)
    if predicted.min() <= 0 or predicted.max() >= 1:
        raise InputError(
            f"probabilities above 0 and below 1 were needed, got {predicted.min():g} to "
            f"{predicted.max():g}; clip them first and say at what"
        )
    if truth.all() or not truth.any():
        return LogisticRecalibration(UNDEFINED, UNDEFINED, UNDEFINED)
    logit = special.logit(predicted)
    in_the_large = _intercept_alone(truth, logit, z)  # as in `calibration_in_the_large`
    with_disease, without = logit[truth], logit[~truth]
    if with_disease.min() >= without.max() or with_disease.max() <= without.min():
        return LogisticRecalibration(UNDEFINED, UNDEFINED, in_the_large)
    intercept, slope = _line(truth, logit, z)
    return LogisticRecalibration(slope, intercept, in_the_large)


def calibration_in_the_large(
    labels: np.ndarray, probabilities: np.ndarray, *, level: float = 0.95
) -> Estimate:
    """Logit by which predictions are too low on the whole: 0 is right.

    The ``a`` of ``logit P(disease) = a + logit(p)``, as in `logistic_recalibration`, alone.

    Parameters
    ----------
    labels : (n,) bool or 0 and 1
    probabilities : (n,) float
        Those of 0 and 1 are moved by 1e-6 before their logit is taken.
    level : float
        Of the Wald interval.

    Returns
    -------
    Estimate
        NaN with one class only.

    Raises
    ------
    InputError
        If a probability is not within 0 and 1, the lengths differ, or the level is not between 0
        and 1.
    """
    z = normal_quantile(level)
    truth, predicted = labelled_probabilities(labels, probabilities)
    if truth.all() or not truth.any():
        return UNDEFINED
    return _intercept_alone(truth, special.logit(np.clip(predicted, 1e-6, 1 - 1e-6)), z)


def expected_calibration_error(
    labels: np.ndarray, probabilities: np.ndarray, *, bins: int = 10
) -> float:
    """Mean difference between predicted and observed share, over bins weighted by their cases.

    Bins hold about equally many cases (not equally wide ranges, of which most would be empty), as
    in `calibration_curve`. It is above 0 even for perfect predictions, more so with few cases: it
    compares models on the same cases, not across studies.

    Parameters
    ----------
    labels : (n,) bool or 0 and 1
    probabilities : (n,) float
    bins : int

    Returns
    -------
    float

    Raises
    ------
    InputError
        If a probability is not within 0 and 1, the lengths differ, or there are fewer cases than
        bins.

    References
    ----------
    .. [1] Naeini MP, Cooper GF, Hauskrecht M. Obtaining well calibrated probabilities using
       Bayesian binning. Proc AAAI Conf Artif Intell 2015;29. doi:10.1609/aaai.v29i1.9602
       (equation 3, there with bins of equal width)
    """
    curve = calibration_curve(labels, probabilities, bins=bins)
    return float(np.average(np.abs(curve.predicted - curve.observed), weights=curve.count))


def calibration_curve(
    labels: np.ndarray, probabilities: np.ndarray, *, bins: int = 10, level: float = 0.95
) -> CalibrationCurve:
    """Predicted against observed shares, in bins of about equally many cases.

    The case of rank r among n (ties take their lowest, so that they stay together) is in bin
    ``floor((r - 1) bins / n)``; bins that ties leave empty are left out.

    Parameters
    ----------
    labels : (n,) bool or 0 and 1
    probabilities : (n,) float
    bins : int
    level : float
        Of the Wilson intervals.

    Returns
    -------
    CalibrationCurve

    Raises
    ------
    InputError
        If a probability is not within 0 and 1, the lengths differ, there are fewer cases than bins,
        or the level is not between 0 and 1.
    """
    truth, predicted = labelled_probabilities(labels, probabilities)
    if not 1 <= bins <= len(truth):
        raise InputError(
            f"from 1 bin to one for each of {len(truth)} cases was needed, got {bins}; take fewer"
        )
    rank = stats.rankdata(predicted, method="min").astype(int)
    _, index, count = np.unique(
        (rank - 1) * bins // len(truth), return_inverse=True, return_counts=True
    )
    n_diseased = np.bincount(index, weights=truth).astype(int)
    shares = [
        wilson_interval(int(k), int(n), level=level) for k, n in zip(n_diseased, count, strict=True)
    ]
    return CalibrationCurve(
        predicted=np.bincount(index, weights=predicted) / count,
        observed=n_diseased / count,
        lower=np.array([share.lower for share in shares]),
        upper=np.array([share.upper for share in shares]),
        count=count,
    )


def _intercept_alone(truth: np.ndarray, logit: np.ndarray, z: float) -> Estimate:
    """Maximum likelihood of ``a`` in ``logit P = a + logit``: predicted and true sums are equal."""

    def excess(a: float) -> float:
        return float((special.expit(a + logit) - truth).sum())

    share = special.logit(truth.mean())
    # 1 more to either side, so that rounding leaves the ends of different sign.
    a = float(optimize.brentq(excess, share - logit.max() - 1, share - logit.min() + 1))
    predicted = special.expit(a + logit)
    half = z / float(np.sqrt((predicted * (1 - predicted)).sum()))
    return Estimate(a, a - half, a + half)


def _line(truth: np.ndarray, logit: np.ndarray, z: float) -> tuple[Estimate, Estimate]:
    """Maximum likelihood of ``a`` and ``b`` in ``logit P = a + b logit``, by Newton steps."""
    centre, scale = logit.mean(), logit.std()  # standardised, the equations stay well-posed
    design = np.column_stack([np.ones_like(logit), (logit - centre) / scale])
    beta = np.array([special.logit(truth.mean()), 0.0])

    def loss(beta: np.ndarray) -> float:
        linear = design @ beta
        return float(np.sum(np.logaddexp(0, linear) - truth * linear))

    for _ in range(100):  # about six are needed
        share = special.expit(design @ beta)
        information = design.T @ (design * (share * (1 - share))[:, None])
        step = np.linalg.solve(information, design.T @ (truth - share))
        while loss(beta + step) > loss(beta) + 1e-9 and np.abs(step).max() > 1e-12:
            step = step / 2
        beta = beta + step
        if np.abs(step).max() < 1e-10:
            break
    back = np.array([[1, -centre / scale], [0, 1 / scale]])
    intercept, slope = back @ beta
    half_a, half_b = z * np.sqrt(np.diag(back @ np.linalg.inv(information) @ back.T))
    return (
        Estimate(float(intercept), float(intercept - half_a), float(intercept + half_a)),
        Estimate(float(slope), float(slope - half_b), float(slope + half_b)),
    )
