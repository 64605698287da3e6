"""Whether one modality, or an algorithm, is not worse than another, or better.

One-sided tests from a difference, its standard error and degrees of freedom. The margin is how much
worse is still accepted; it must be chosen before the data are seen.
"""

import math
from dataclasses import dataclass

import numpy as np
from scipy import stats

from mamri.evaluation.delong import AucComparison
from mamri.evaluation.obuchowski_rockette import (
    CovarianceMethod,
    FigureDifference,
    Generalization,
    error_covariance,
    figure_difference,
    refuse_one_reader,
    single_spread,
)
from mamri.evaluation.reader_study import FigureOfMerit, ReaderStudy, reader_figures
from mamri.evaluation.roc import roc_auc
from mamri.records import InputError

ALGORITHM = "algorithm"


@dataclass(frozen=True, slots=True)
class NonInferiority:
    """Verdict on a difference, first minus second, larger being better.

    Parameters
    ----------
    difference, standard_error, df : float
    margin, alpha : float
        How much worse is accepted, and the one-sided level.
    lower_bound : float
        One-sided confidence bound of the difference, of level ``1 - alpha``.
    p : float
        One-sided, of a difference of minus the margin or less.
    p_superiority : float
        One-sided, of a difference of 0 or less.
    is_non_inferior : bool
        The bound is above minus the margin.
    is_superior : bool
        The bound is above 0. Tested after non-inferiority it needs no correction [1]_.

    References
    ----------
    .. [1] Committee for Proprietary Medicinal Products. Points to consider on switching between
       superiority and non-inferiority. CPMP/EWP/482/99, London 2000
    """

    difference: float
    standard_error: float
    df: float
    margin: float
    alpha: float
    lower_bound: float
    p: float
    p_superiority: float
    is_non_inferior: bool
    is_superior: bool


def non_inferiority(
    compared: FigureDifference | AucComparison, *, margin: float, alpha: float = 0.025
) -> NonInferiority:
    """Test whether the first of two is not worse than the second by a margin, and whether better.

    ``t = (d + margin) / SE``, with the degrees of freedom of the comparison: those of Hillis for a
    reader study [1]_, infinite for a comparison of two AUCs after DeLong.

    Parameters
    ----------
    compared : FigureDifference or AucComparison
        From `obuchowski_rockette`, `compare_with_algorithm` or `compare_auc`.
    margin : float
        In the unit of the figure of merit, 0 or more; 0 asks for superiority alone.
    alpha : float
        One-sided level; 0.025 goes with a two-sided interval of 95 %.

    Returns
    -------
    NonInferiority
        No verdict is True, and numbers are NaN, where the standard error is 0 or undefined.

    Raises
    ------
    InputError
        If the margin is below 0, or the level not between 0 and 0.5.

    References
    ----------
    .. [1] Chen W, Petrick NA, Sahiner B. Hypothesis testing in noninferiority and equivalence MRMC
       ROC studies. Acad Radiol 2012;19:1158-1165

    Examples
    --------
    >>> from mamri.evaluation import compare_auc
    >>> labels = np.arange(60) % 2
    >>> first, second = np.arange(60) + 30 * labels, np.arange(60)[::-1] + 30 * labels
    >>> found = non_inferiority(compare_auc(labels, first, second), margin=0.2)
    >>> found.is_non_inferior, found.is_superior
    (True, False)
    """
    if not (margin >= 0 and math.isfinite(margin)) or not 0 < alpha < 0.5:
        raise InputError(
            f"a margin of 0 or more and a one-sided level between 0 and 0.5 were needed, got "
            f"margin {margin} and level {alpha}; give the margin as a positive number"
        )
    if isinstance(compared, AucComparison):
        difference, df = compared.difference, math.inf
    else:
        difference, df = compared.difference.value, compared.df
    error = compared.standard_error if compared.standard_error > 0 else math.nan
    bound = difference - float(stats.t.ppf(1 - alpha, df)) * error
    return NonInferiority(
        difference=difference,
        standard_error=compared.standard_error,
        df=df,
        margin=margin,
        alpha=alpha,
        lower_bound=bound,
        p=float(stats.t.sf((difference + margin) / error, df)),
        p_superiority=float(stats.t.sf(difference / error, df)),
        is_non_inferior=bool(bound > -margin),
        is_superior=bool(bound > 0),
    )


def compare_with_algorithm(
    study: ReaderStudy,
    scores: np.ndarray,
    *,
    figure: FigureOfMerit = roc_auc,
    generalize_to: Generalization = "readers and cases",
    level: float = 0.95,
) -> FigureDifference:
    """Compare a stand-alone algorithm with the mean of the readers of the same cases.

    The algorithm is one fixed reader. The figure of merit is taken to be the difference between it
    and each reader, which makes a study of one modality [1]_: with ``r`` readers, ``MS(R)`` of
    their figures and ``Cov2`` the covariance of two such differences, ``Cov(a - t_j, a - t_k)``,
    the mean difference has the standard error ``sqrt((MS(R) + r max(Cov2, 0)) / r)`` and the
    degrees of freedom of one modality by Hillis [2]_. Readers are a sample, and so are cases.

    Parameters
    ----------
    study : ReaderStudy
        Of one modality.
    scores : (cases,) float
        Of the algorithm.
    figure : callable of labels and scores
    generalize_to : {"readers and cases", "cases", "readers"}
    level : float
        Of the interval.

    Returns
    -------
    FigureDifference
        Algorithm minus mean of the readers.

    Raises
    ------
    InputError
        If the study has several modalities, readers are random and there is one, or the
        algorithm's scores do not fit the cases.

    References
    ----------
    .. [1] Chakraborty DP. Observer performance methods for diagnostic imaging. CRC Press 2017
       (chapter 22, one-treatment random-reader random-case analysis)
    .. [2] Hillis SL. A comparison of denominator degrees of freedom methods for multiple observer
       ROC analysis. Stat Med 2007;26:596-619. doi:10.1002/sim.2532 (ddf_H_single)
    """
    n_modalities, n_readers, n_cases = study.scores.shape
    if n_modalities != 1 or np.shape(scores) != (n_cases,):
        raise InputError(
            f"readings in one modality and the algorithm's score of each of {n_cases} cases were "
            f"needed, got {n_modalities} modalities and scores {np.shape(scores)}; choose the "
            f"modality with one_modality()"
        )
    refuse_one_reader(n_readers, generalize_to)
    with_algorithm = ReaderStudy(
        scores=np.concatenate([np.asarray(scores)[None, None], study.scores], axis=1),
        labels=study.labels,
        modalities=study.modalities,
        readers=(_unused_name(study.readers), *study.readers),
        cases=study.cases,
        groups=study.groups,
    )
    method: CovarianceMethod = "delong" if figure is roc_auc else "jackknife"
    covariance = error_covariance(with_algorithm, figure=figure, method=method)
    figures = reader_figures(with_algorithm, figure)[0]
    differences = figures[0] - figures[1:]
    # Cov(a - t_j, a - t_k) of the readers j and k
    errors = covariance[0, 0] - covariance[1:, :1] - covariance[:1, 1:] + covariance[1:, 1:]
    others = errors[~np.eye(n_readers, dtype=bool)]
    cov_2 = max(float(others.mean()), 0.0) if others.size else 0.0
    spread, df = single_spread(differences, float(np.diag(errors).mean()), cov_2, generalize_to)
    names = (ALGORITHM, study.modalities[0], "")
    error = math.sqrt(spread / n_readers)
    return figure_difference(names, float(differences.mean()), error, df, level)


def _unused_name(readers: tuple[str, ...]) -> str:
    name = ALGORITHM
    while name in readers:
        name += "'"
    return name
