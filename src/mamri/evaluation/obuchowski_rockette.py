"""Multi-reader multi-case analysis after Obuchowski and Rockette, with the corrections of Hillis.

The figure of merit of reader j in modality i is ``mu + tau_i + R_j + (tau R)_ij + e_ij``, where the
errors of the sampled cases have one variance and three covariances: ``Cov1`` of one reader in two
modalities, ``Cov2`` of two readers in one modality, ``Cov3`` of two readers in two modalities.
"""

import itertools
import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy import stats

from mamri.evaluation.cases import group_index
from mamri.evaluation.delong import areas_and_covariance
from mamri.evaluation.estimate import Estimate, normal_quantile
from mamri.evaluation.reader_study import (
    FigureOfMerit,
    ReaderStudy,
    leave_one_out_figures,
    reader_figures,
)
from mamri.evaluation.roc import roc_auc
from mamri.records import InputError
from mamri.records.volume import read_only

CovarianceMethod = Literal["delong", "jackknife", "bootstrap"]
Generalization = Literal["readers and cases", "cases", "readers"]


@dataclass(frozen=True, slots=True)
class ReaderVariance:
    """Variance components of the model; by analysis of variance, so the first two can be negative.

    Parameters
    ----------
    reader, modality_reader : float
        ``Var(R)`` and ``Var(tau R)``; NaN with one reader or one modality.
    error, cov_1, cov_2, cov_3 : float
        Of the errors; 0 where the design has no such pair.
    n_cases : int
        Cases, or patients, that the error terms belong to.
    """

    reader: float
    modality_reader: float
    error: float
    cov_1: float
    cov_2: float
    cov_3: float
    n_cases: int


@dataclass(frozen=True, slots=True)
class ModalityFigure:
    """Mean figure of merit of the readers in one modality; its interval is not clipped.

    Parameters
    ----------
    modality : str
    figure : Estimate
    standard_error, df : float
        From the readings in this modality alone; df is infinite with fixed readers.
    """

    modality: str
    figure: Estimate
    standard_error: float
    df: float


@dataclass(frozen=True, slots=True)
class FigureDifference:
    """Difference of two modalities, first minus second.

    Parameters
    ----------
    first, second : str
    reader : str
        Whose difference it is; empty for the readers' mean.
    difference : Estimate
    standard_error, df : float
        df is infinite where the statistic is normal.
    t, p : float
        Test of no difference, two-sided, without correction for several pairs.
    """

    first: str
    second: str
    reader: str
    difference: Estimate
    standard_error: float
    df: float
    t: float
    p: float


@dataclass(frozen=True, slots=True, eq=False)
class ReaderComparison:
    """Comparison of modalities over readers.

    Parameters
    ----------
    generalize_to : str
        Population that the tests and intervals speak of.
    figures : (modalities, readers) float
    ms_modality, ms_reader, ms_modality_reader : float
        Mean squares of the figures.
    variance : ReaderVariance
    f, df_numerator, df_denominator, p : float
        Test of equal modalities; NaN with one modality. With fixed readers ``f * df_numerator`` is
        chi-squared, and the denominator's df infinite.
    modalities : tuple of ModalityFigure
    differences : tuple of FigureDifference
        Of each pair of modalities.
    reader_differences : tuple of FigureDifference
        The same of each reader alone, for the population of cases.
    """

    generalize_to: str
    figures: np.ndarray
    ms_modality: float
    ms_reader: float
    ms_modality_reader: float
    variance: ReaderVariance
    f: float
    df_numerator: float
    df_denominator: float
    p: float
    modalities: tuple[ModalityFigure, ...]
    differences: tuple[FigureDifference, ...]
    reader_differences: tuple[FigureDifference, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "figures", read_only(self.figures))


def error_covariance(
    study: ReaderStudy,
    *,
    figure: FigureOfMerit = roc_auc,
    method: CovarianceMethod = "delong",
    n_samples: int = 2000,
    seed: int = 0,
) -> np.ndarray:
    """Covariance of the readers' figures of merit over samples of cases, readers held fixed.

    DeLong's for the AUC [1]_; or by the jackknife, ``(c - 1) / c sum (t_(k) - t_(.))^2`` over the
    ``c`` cases left out in turn; or by the bootstrap, cases of each class drawn apart, so that the
    numbers of both stay. With groups whole patients are left out, or drawn from all of them.

    Parameters
    ----------
    study : ReaderStudy
    figure : callable of labels and scores
    method : {"delong", "jackknife", "bootstrap"}
    n_samples, seed : int
        Of the bootstrap.

    Returns
    -------
    (modalities * readers, modalities * readers) float
        Readers of the first modality first.

    Raises
    ------
    InputError
        If DeLong is asked for another figure than the AUC, the figure is undefined without a case,
        or there are fewer than two samples.

    References
    ----------
    .. [1] DeLong ER, DeLong DM, Clarke-Pearson DL. Comparing the areas under two or more correlated
       receiver operating characteristic curves: a nonparametric approach. Biometrics
       1988;44:837-845. doi:10.2307/2531595
    """
    if method == "delong":
        if figure is not roc_auc:
            raise InputError(
                "DeLong's covariance is that of roc_auc, got another figure of merit; use the "
                'method "jackknife" or "bootstrap"'
            )
        rows = study.scores.reshape(-1, len(study.labels))
        covariance = areas_and_covariance(study.labels, rows, study.groups)[1]
    elif method == "jackknife":
        left = leave_one_out_figures(study, figure)
        left = left.reshape(len(left), -1)
        covariance = (len(left) - 1) * np.cov(left, rowvar=False, ddof=0)
    else:
        drawn = _bootstrap_figures(study, figure, n_samples, seed)
        covariance = np.cov(drawn.reshape(len(drawn), -1), rowvar=False)
    covariance = np.atleast_2d(covariance)
    if not np.isfinite(covariance).all():
        raise InputError(
            "two cases, or patients, of each class at least were needed for a covariance, got "
            "fewer; read more cases"
        )
    return covariance


def obuchowski_rockette(
    study: ReaderStudy,
    *,
    figure: FigureOfMerit = roc_auc,
    covariance: np.ndarray | None = None,
    generalize_to: Generalization = "readers and cases",
    level: float = 0.95,
) -> ReaderComparison:
    """Compare modalities over readers with the model of Obuchowski and Rockette [1]_.

    With ``t`` modalities, ``r`` readers and ``C = max(Cov2 - Cov3, 0)``, ``F = MS(T) / D`` with
    ``t - 1`` degrees of freedom above, and below, by Hillis [2]_ [3]_:

    - readers and cases: ``D = MS(TR) + r C``, ``D^2 (t - 1) (r - 1) / MS(TR)^2``;
    - cases (fixed readers): ``D = Var - Cov1 + (r - 1) C``, infinite;
    - readers (fixed cases): ``D = MS(TR)``, ``(t - 1) (r - 1)``.

    A difference of two modalities has the standard error ``sqrt(2 D / r)`` and the same degrees of
    freedom. A single modality has ``sqrt((MS(R) + r max(Cov2, 0)) / r)`` from its own readings with
    ``(MS(R) + r max(Cov2, 0))^2 (r - 1) / MS(R)^2``; ``sqrt((Var + (r - 1) max(Cov2, 0)) / r)``
    with fixed readers, and ``sqrt(MS(R) / r)`` with fixed cases.

    Parameters
    ----------
    study : ReaderStudy
    figure : callable of labels and scores
    covariance : (modalities * readers, modalities * readers) float, or None
        From `error_covariance`; if None by DeLong for the AUC, else by the jackknife.
    generalize_to : {"readers and cases", "cases", "readers"}
        What is a sample of a population; the other is fixed.
    level : float
        Of the intervals.

    Returns
    -------
    ReaderComparison

    Raises
    ------
    InputError
        If readers are random and there is one, or the covariance does not fit the study.

    References
    ----------
    .. [1] Obuchowski NA, Rockette HE. Hypothesis testing of diagnostic accuracy for multiple
       readers and multiple tests: an ANOVA approach with dependent observations. Communications in
       Statistics - Simulation and Computation 1995;24:285-308. doi:10.1080/03610919508813243
    .. [2] Hillis SL. A comparison of denominator degrees of freedom methods for multiple observer
       ROC analysis. Stat Med 2007;26:596-619. doi:10.1002/sim.2532 (ddf_H and ddf_H_single)
    .. [3] Hillis SL. A marginal-mean ANOVA approach for analyzing multireader multicase
       radiological imaging data. Stat Med 2014;33:330-360. doi:10.1002/sim.5926
    """
    normal_quantile(level)
    n_modalities, n_readers, _ = study.scores.shape
    refuse_one_reader(n_readers, generalize_to)
    if covariance is None:
        method: CovarianceMethod = "delong" if figure is roc_auc else "jackknife"
        covariance = error_covariance(study, figure=figure, method=method)
    errors = _by_reader(covariance, n_modalities, n_readers)
    figures = reader_figures(study, figure)
    n_cases = int(group_index(study.groups, len(study.labels)).max()) + 1
    squares = mean_squares(figures)
    variance = _variance(squares, errors, n_cases, figures.shape)
    spread, df = _denominator(squares[2], variance, figures.shape, generalize_to)
    f = squares[0] / spread if spread > 0 else math.nan
    return ReaderComparison(
        generalize_to=generalize_to,
        figures=figures,
        ms_modality=squares[0],
        ms_reader=squares[1],
        ms_modality_reader=squares[2],
        variance=variance,
        f=f,
        df_numerator=n_modalities - 1,
        df_denominator=df,
        p=f_tail(f, n_modalities - 1, df),
        modalities=_modality_figures(study, figures, errors, generalize_to, level),
        differences=mean_differences(study, figures, math.sqrt(2 * spread / n_readers), df, level),
        reader_differences=_reader_differences(study, figures, errors, level),
    )


def refuse_one_reader(n_readers: int, generalize_to: Generalization) -> None:
    """Refuse to speak of a population of readers from one.

    Parameters
    ----------
    n_readers : int
    generalize_to : {"readers and cases", "cases", "readers"}

    Raises
    ------
    InputError
        If there is one reader and readers are random.
    """
    if n_readers < 2 and generalize_to != "cases":
        raise InputError(
            "two readers at least were needed to speak of a population of readers, got one; add "
            'readers, or generalize to "cases"'
        )


def mean_squares(figures: np.ndarray) -> tuple[float, float, float]:
    """Mean squares of modalities, readers and their interaction, in this order.

    Parameters
    ----------
    figures : (modalities, readers) float

    Returns
    -------
    tuple of float
        NaN with one modality, or one reader.
    """
    t, r = figures.shape
    rows, columns = figures.mean(axis=1), figures.mean(axis=0)
    left = figures - rows[:, None] - columns + figures.mean()
    both = (t - 1) * (r - 1)
    return (
        cleared(r * float(rows.var(ddof=1)), figures) if t > 1 else math.nan,
        cleared(t * float(columns.var(ddof=1)), figures) if r > 1 else math.nan,
        cleared(float((left**2).sum() / both), figures) if both else math.nan,
    )


def cleared(square: float, values: np.ndarray) -> float:
    """A mean square, 0 where it is no more than the rounding of the values it comes from.

    Parameters
    ----------
    square : float
    values : array of float

    Returns
    -------
    float
    """
    # Rounding leaves about 1e-32 of the square of the values; real differences 1e-12 and more.
    return square if square > 1e-20 * float((values**2).mean()) else 0.0


def mean_differences(
    study: ReaderStudy, figures: np.ndarray, error: float, df: float, level: float
) -> tuple[FigureDifference, ...]:
    """Differences of the readers' means between modalities, all with one standard error.

    Parameters
    ----------
    study : ReaderStudy
    figures : (modalities, readers) float
    error, df : float
        Standard error of a difference, and its degrees of freedom.
    level : float

    Returns
    -------
    tuple of FigureDifference
    """
    means = figures.mean(axis=1)
    return tuple(
        figure_difference(
            (study.modalities[i], study.modalities[j], ""),
            float(means[i] - means[j]),
            error,
            df,
            level,
        )
        for i, j in itertools.combinations(range(len(means)), 2)
    )


def figure_difference(
    names: tuple[str, str, str], difference: float, error: float, df: float, level: float
) -> FigureDifference:
    """Test and interval of a difference by Student's t.

    Parameters
    ----------
    names : tuple of str
        First and second modality, and reader.
    difference, error, df : float
        The difference, its standard error and degrees of freedom.
    level : float

    Returns
    -------
    FigureDifference
        t and p are NaN where the standard error is 0 or undefined.
    """
    t = difference / error if error > 0 else math.nan
    p = float(2 * stats.t.sf(abs(t), df))
    return FigureDifference(*names, student_interval(difference, error, df, level), error, df, t, p)


def f_tail(f: float, df_numerator: float, df_denominator: float) -> float:
    """Probability of a larger F; the denominator's degrees of freedom may be infinite.

    Parameters
    ----------
    f, df_numerator, df_denominator : float

    Returns
    -------
    float
    """
    if math.isinf(df_denominator):
        return float(stats.chi2.sf(f * df_numerator, df_numerator))
    return float(stats.f.sf(f, df_numerator, df_denominator))


def _by_reader(covariance: np.ndarray, n_modalities: int, n_readers: int) -> np.ndarray:
    """Covariance as (modality, reader, modality, reader)."""
    n = n_modalities * n_readers
    if np.shape(covariance) != (n, n) or not np.isfinite(covariance).all():
        raise InputError(
            f"a finite covariance of {n} figures was needed for {n_modalities} modalities and "
            f"{n_readers} readers, got shape {np.shape(covariance)}; take it from "
            f"error_covariance() of the same study"
        )
    return np.asarray(covariance).reshape(n_modalities, n_readers, n_modalities, n_readers)


def _average_covariance(errors: np.ndarray) -> tuple[float, float, float, float]:
    """Mean error variance, Cov1, Cov2 and Cov3 of (modality, reader, modality, reader)."""
    t, r = errors.shape[:2]
    modality = np.eye(t, dtype=bool)[:, None, :, None]
    reader = np.eye(r, dtype=bool)[None, :, None, :]
    pairs = (modality & reader, ~modality & reader, modality & ~reader, ~modality & ~reader)
    found = [errors[np.broadcast_to(pair, errors.shape)] for pair in pairs]
    error, cov_1, cov_2, cov_3 = (float(x.mean()) if x.size else 0.0 for x in found)
    return error, cov_1, cov_2, cov_3


def _variance(
    squares: tuple[float, float, float],
    errors: np.ndarray,
    n_cases: int,
    shape: tuple[int, ...],
) -> ReaderVariance:
    error, cov_1, cov_2, cov_3 = _average_covariance(errors)
    return ReaderVariance(
        reader=(squares[1] - squares[2]) / shape[0] - cov_1 + cov_3,
        modality_reader=squares[2] - error + cov_1 + cov_2 - cov_3,
        error=error,
        cov_1=cov_1,
        cov_2=cov_2,
        cov_3=cov_3,
        n_cases=n_cases,
    )


def _denominator(
    ms_modality_reader: float,
    variance: ReaderVariance,
    shape: tuple[int, ...],
    generalize_to: Generalization,
) -> tuple[float, float]:
    """Denominator of F, and its degrees of freedom."""
    t, r = shape
    common = max(variance.cov_2 - variance.cov_3, 0.0)
    if t < 2:
        return math.nan, math.nan
    if generalize_to == "cases":
        return variance.error - variance.cov_1 + (r - 1) * common, math.inf
    if generalize_to == "readers":
        return ms_modality_reader, (t - 1) * (r - 1)
    spread = ms_modality_reader + r * common
    return spread, satterthwaite(spread, ms_modality_reader, (t - 1) * (r - 1))


def satterthwaite(spread: float, part: float, df: float) -> float:
    """Degrees of freedom of a sum of which only one part, with its own, is random.

    Parameters
    ----------
    spread, part, df : float
        The sum, its part, and the part's degrees of freedom.

    Returns
    -------
    float
        ``df (spread / part)^2``; infinite where the part is 0.
    """
    return df * (spread / part) ** 2 if part > 0 else math.inf


def _modality_figures(
    study: ReaderStudy,
    figures: np.ndarray,
    errors: np.ndarray,
    generalize_to: Generalization,
    level: float,
) -> tuple[ModalityFigure, ...]:
    r = figures.shape[1]
    found = []
    for i, name in enumerate(study.modalities):
        error, _, cov_2, _ = _average_covariance(errors[i : i + 1, :, i : i + 1])
        spread, df = single_spread(figures[i], error, max(cov_2, 0.0), generalize_to)
        deviation = math.sqrt(spread / r)
        interval = student_interval(float(figures[i].mean()), deviation, df, level)
        found.append(ModalityFigure(name, interval, deviation, df))
    return tuple(found)


def single_spread(
    figures: np.ndarray, error: float, cov_2: float, generalize_to: Generalization
) -> tuple[float, float]:
    """Number of readers times the variance of their mean figure, and its degrees of freedom.

    Parameters
    ----------
    figures : (readers,) float
    error, cov_2 : float
        Error variance, and covariance of two readers, not negative.
    generalize_to : {"readers and cases", "cases", "readers"}

    Returns
    -------
    tuple of float
        By Hillis' ddf_H_single where both are random.
    """
    r = len(figures)
    if generalize_to == "cases":
        return error + (r - 1) * cov_2, math.inf
    ms = cleared(float(figures.var(ddof=1)), figures)
    spread = ms + (r * cov_2 if generalize_to == "readers and cases" else 0.0)
    return spread, satterthwaite(spread, ms, r - 1)


def _reader_differences(
    study: ReaderStudy, figures: np.ndarray, errors: np.ndarray, level: float
) -> tuple[FigureDifference, ...]:
    found = []
    for j, reader in enumerate(study.readers):
        own = errors[:, j, :, j]
        for a, b in itertools.combinations(range(len(study.modalities)), 2):
            variance = own[a, a] + own[b, b] - 2 * own[a, b]
            # Rounding leaves about 1e-17 where both modalities order all cases alike.
            error = math.sqrt(variance) if variance > 1e-15 else 0.0
            names = (study.modalities[a], study.modalities[b], reader)
            difference = float(figures[a, j] - figures[b, j])
            found.append(figure_difference(names, difference, error, math.inf, level))
    return tuple(found)


def student_interval(value: float, error: float, df: float, level: float) -> Estimate:
    """Interval by Student's t; the degrees of freedom may be infinite.

    Parameters
    ----------
    value, error, df : float
        The value, its standard error and degrees of freedom.
    level : float

    Returns
    -------
    Estimate
        Bounds are NaN where the standard error is 0, which does not mean certainty.
    """
    half = float(stats.t.ppf((1 + level) / 2, df)) * error if error > 0 else math.nan
    return Estimate(value, value - half, value + half)


def _bootstrap_figures(
    study: ReaderStudy, figure: FigureOfMerit, n_samples: int, seed: int
) -> np.ndarray:
    """Figures on samples of cases, (samples, modalities, readers)."""
    if n_samples < 2:
        raise InputError(
            f"two bootstrap samples at least were needed, got {n_samples}; 2000 are usual"
        )
    rng = np.random.default_rng(seed)
    patient = group_index(study.groups, len(study.labels))
    members = [np.flatnonzero(patient == p) for p in range(int(patient.max()) + 1)]
    classes = [np.flatnonzero(study.labels), np.flatnonzero(~study.labels)]
    found = []
    for _ in range(n_samples):
        if study.groups is None:
            chosen = np.concatenate([rng.choice(one, len(one)) for one in classes])
        else:
            chosen = np.concatenate(
                [members[p] for p in rng.integers(len(members), size=len(members))]
            )
        drawn = study.labels[chosen]
        if drawn.any() and not drawn.all():  # whole patients may give one class only
            scores = study.scores[..., chosen]
            found.append([[figure(drawn, reader) for reader in modality] for modality in scores])
    return np.array(found)
