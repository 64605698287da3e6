"""Multi-reader multi-case analysis after Dorfman, Berbaum and Metz, by jackknife pseudovalues.

The pseudovalue of a case is what it adds to a reader's figure of merit; modality, reader and case
then form a three-way analysis of variance. With jackknife covariances the method of Obuchowski and
Rockette gives the same F: the two check each other.
"""

from dataclasses import dataclass

import numpy as np

from mamri.evaluation.estimate import normal_quantile
from mamri.evaluation.obuchowski_rockette import (
    FigureDifference,
    Generalization,
    ModalityFigure,
    cleared,
    f_tail,
    mean_differences,
    satterthwaite,
    student_interval,
)
from mamri.evaluation.reader_study import (
    FigureOfMerit,
    ReaderStudy,
    leave_one_out_figures,
    reader_figures,
)
from mamri.evaluation.roc import roc_auc
from mamri.records import InputError
from mamri.records.volume import read_only


@dataclass(frozen=True, slots=True)
class PseudovalueMeanSquares:
    """Mean squares of pseudovalues: main effects and interactions of modality, reader and case."""

    modality: float
    reader: float
    case: float
    modality_reader: float
    modality_case: float
    reader_case: float
    modality_reader_case: float


@dataclass(frozen=True, slots=True)
class PseudovalueVariance:
    """Variance components of pseudovalues; by analysis of variance, so they can be negative.

    Parameters
    ----------
    reader, case, modality_reader, modality_case, reader_case : float
    error : float
        With the interaction of all three.
    """

    reader: float
    case: float
    modality_reader: float
    modality_case: float
    reader_case: float
    error: float


@dataclass(frozen=True, slots=True, eq=False)
class PseudovalueComparison:
    """Comparison of modalities over readers by pseudovalues.

    Parameters
    ----------
    generalize_to : str
        Population that the tests and intervals speak of.
    figures : (modalities, readers) float
    mean_squares : PseudovalueMeanSquares
    variance : PseudovalueVariance
    f, df_numerator, df_denominator, p : float
        Test of equal modalities.
    modalities : tuple of ModalityFigure
    differences : tuple of FigureDifference
        Of each pair of modalities.
    """

    generalize_to: str
    figures: np.ndarray
    mean_squares: PseudovalueMeanSquares
    variance: PseudovalueVariance
    f: float
    df_numerator: float
    df_denominator: float
    p: float
    modalities: tuple[ModalityFigure, ...]
    differences: tuple[FigureDifference, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "figures", read_only(self.figures))


def pseudovalues(study: ReaderStudy, figure: FigureOfMerit = roc_auc) -> np.ndarray:
    """Normalized jackknife pseudovalues, ``c t - (c - 1) t_(k)``, shifted to the mean ``t``.

    The shift [1]_ makes their mean the figure of merit itself; it is 0 for the AUC.

    Parameters
    ----------
    study : ReaderStudy
    figure : callable of labels and scores

    Returns
    -------
    (modalities, readers, cases or patients) float

    Raises
    ------
    InputError
        If the figure is undefined without a case.

    References
    ----------
    .. [1] Hillis SL, Berbaum KS, Metz CE. Recent developments in the Dorfman-Berbaum-Metz procedure
       for multireader ROC study analysis. Acad Radiol 2008;15:647-661.
       doi:10.1016/j.acra.2007.12.015
    """
    whole = reader_figures(study, figure)[..., None]
    left = np.moveaxis(leave_one_out_figures(study, figure), 0, -1)
    raw = left.shape[-1] * whole - (left.shape[-1] - 1) * left
    return np.asarray(raw - raw.mean(axis=-1, keepdims=True) + whole)


def dorfman_berbaum_metz(
    study: ReaderStudy,
    *,
    figure: FigureOfMerit = roc_auc,
    generalize_to: Generalization = "readers and cases",
    level: float = 0.95,
) -> PseudovalueComparison:
    """Compare modalities over readers by the analysis of variance of pseudovalues [1]_.

    ``F = MS(T) / D`` with, as corrected by Hillis [2]_ [3]_, for ``t`` modalities, ``r`` readers
    and ``c`` cases:

    - readers and cases: ``D = MS(TR) + max(MS(TC) - MS(TRC), 0)`` with
      ``D^2 (t - 1) (r - 1) / MS(TR)^2`` degrees of freedom;
    - cases (fixed readers): ``D = MS(TC)``, ``(t - 1) (c - 1)``;
    - readers (fixed cases): ``D = MS(TR)``, ``(t - 1) (r - 1)``.

    Equal to `obuchowski_rockette` with jackknife covariances, except that its fixed readers have a
    chi-squared test, and a common covariance that is not below 0.

    Parameters
    ----------
    study : ReaderStudy
        Two modalities and two readers at least.
    figure : callable of labels and scores
    generalize_to : {"readers and cases", "cases", "readers"}
        What is a sample of a population; the other is fixed.
    level : float
        Of the intervals.

    Returns
    -------
    PseudovalueComparison

    Raises
    ------
    InputError
        If there are fewer modalities or readers, or the figure is undefined without a case.

    References
    ----------
    .. [1] Dorfman DD, Berbaum KS, Metz CE. Receiver operating characteristic rating analysis:
       generalization to the population of readers and patients with the jackknife method. Invest
       Radiol 1992;27:723-731
    .. [2] Hillis SL. A comparison of denominator degrees of freedom methods for multiple observer
       ROC analysis. Stat Med 2007;26:596-619. doi:10.1002/sim.2532
    .. [3] Hillis SL, Berbaum KS, Metz CE. Recent developments in the Dorfman-Berbaum-Metz procedure
       for multireader ROC study analysis. Acad Radiol 2008;15:647-661.
       doi:10.1016/j.acra.2007.12.015
    """
    normal_quantile(level)
    if min(study.scores.shape[:2]) < 2:
        raise InputError(
            f"two modalities and two readers at least were needed, got {study.scores.shape[0]} and "
            f"{study.scores.shape[1]}; use obuchowski_rockette() for fewer"
        )
    values = pseudovalues(study, figure)
    t, r, c = values.shape
    squares = _mean_squares(values)
    spread, df = _denominator(
        (squares.modality_reader, squares.modality_case, squares.modality_reader_case),
        ((t - 1) * (r - 1), (t - 1) * (c - 1)),
        generalize_to,
    )
    figures = values.mean(axis=-1)
    f = squares.modality / spread if spread > 0 else float("nan")
    error = float(np.sqrt(2 * spread / (r * c)))
    return PseudovalueComparison(
        generalize_to=generalize_to,
        figures=figures,
        mean_squares=squares,
        variance=_variance(squares, values.shape),
        f=f,
        df_numerator=t - 1,
        df_denominator=df,
        p=f_tail(f, t - 1, df),
        modalities=tuple(
            _modality_figure(name, one, generalize_to, level)
            for name, one in zip(study.modalities, values, strict=True)
        ),
        differences=mean_differences(study, figures, error, df, level),
    )


def _mean_squares(values: np.ndarray) -> PseudovalueMeanSquares:
    t, r, c = values.shape
    degrees = {(0,): t - 1, (1,): r - 1, (2,): c - 1}
    found = []
    for axes in ((0,), (1,), (2,), (0, 1), (0, 2), (1, 2), (0, 1, 2)):
        df = int(np.prod([degrees[(axis,)] for axis in axes]))
        found.append(cleared(float((_effect(values, axes) ** 2).sum()) / df, values))
    return PseudovalueMeanSquares(*found)


def _effect(values: np.ndarray, axes: tuple[int, ...]) -> np.ndarray:
    """The interaction of these axes, spread over the whole array."""
    found = values
    for axis in range(values.ndim):
        mean = found.mean(axis=axis, keepdims=True)
        found = found - mean if axis in axes else np.broadcast_to(mean, values.shape)
    return found


def _variance(squares: PseudovalueMeanSquares, shape: tuple[int, ...]) -> PseudovalueVariance:
    """Components from expected mean squares."""
    t, r, c = shape
    tr, tc, rc = squares.modality_reader, squares.modality_case, squares.reader_case
    error = squares.modality_reader_case
    return PseudovalueVariance(
        reader=(squares.reader - tr - rc + error) / (t * c),
        case=(squares.case - tc - rc + error) / (t * r),
        modality_reader=(tr - error) / c,
        modality_case=(tc - error) / r,
        reader_case=(rc - error) / t,
        error=error,
    )


def _denominator(
    squares: tuple[float, float, float], degrees: tuple[int, int], generalize_to: Generalization
) -> tuple[float, float]:
    """Denominator and its df, from the mean squares of readers, of cases, and of both."""
    readers, cases, both = squares
    if generalize_to == "readers":
        return readers, degrees[0]
    if generalize_to == "cases":
        return cases, degrees[1]
    spread = readers + max(cases - both, 0.0)
    return spread, satterthwaite(spread, readers, degrees[0])


def _modality_figure(
    name: str, values: np.ndarray, generalize_to: Generalization, level: float
) -> ModalityFigure:
    """Mean figure from the pseudovalues of one modality, (readers, cases)."""
    r, c = values.shape
    by_reader = cleared(c * float(values.mean(axis=1).var(ddof=1)), values)
    by_case = r * float(values.mean(axis=0).var(ddof=1))
    rest = float((_effect(values, (0, 1)) ** 2).sum()) / ((r - 1) * (c - 1))
    spread, df = _denominator((by_reader, by_case, rest), (r - 1, c - 1), generalize_to)
    error = float(np.sqrt(spread / (r * c)))
    return ModalityFigure(name, student_interval(float(values.mean()), error, df, level), error, df)
