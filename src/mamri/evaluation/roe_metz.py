"""Simulated reader studies with known truth, after Roe and Metz.

The score of a case of truth t is ``shift_i t + R_jt + C_kt + (tau R)_ijt + (tau C)_ikt + (R C)_jkt
+ E_ijkt`` with independent normal terms, the same variances with and without the disease: an
equal-variance binormal model.
"""

import math
from dataclasses import dataclass

import numpy as np
from scipy import stats

from mamri.evaluation.reader_study import ReaderStudy
from mamri.records import InputError
from mamri.records.volume import read_only


@dataclass(frozen=True, slots=True)
class RoeMetzSettings:
    """Mean shift of each modality and variance components of the scores.

    The components are those that Roe and Metz [1]_ call HH at an AUC of 0.855, with large
    correlation between readings of one case and large spread of readers, as the software iMRMC
    (FDA, simulation settings of its R package) repeats them.

    Parameters
    ----------
    shifts : tuple of float
        Of cases with the disease, one for each modality; 1.5 gives an AUC of 0.856 to a reader
        without effects of their own.
    reader, case, modality_reader, modality_case, reader_case, error : float
        Variances; those with a case and the error usually sum to 1.

    Raises
    ------
    InputError
        If there is no modality, a variance is below 0, or no case varies.

    References
    ----------
    .. [1] Roe CA, Metz CE. Dorfman-Berbaum-Metz method for statistical analysis of multireader,
       multimodality receiver operating characteristic data: validation with computer simulation.
       Acad Radiol 1997;4:298-303. doi:10.1016/S1076-6332(97)80032-3
    """

    shifts: tuple[float, ...] = (1.5, 1.5)
    reader: float = 0.03
    case: float = 0.3
    modality_reader: float = 0.03
    modality_case: float = 0.3
    reader_case: float = 0.2
    error: float = 0.2

    def __post_init__(self) -> None:
        cases = (self.case, self.modality_case, self.reader_case, self.error)
        variances = (self.reader, self.modality_reader, *cases)
        if not self.shifts or min(variances) < 0 or not sum(cases) > 0:
            raise InputError(
                f"a shift for each modality and variances of 0 or more, of which one with a case "
                f"is above 0, were needed, got {len(self.shifts)} shifts and variances "
                f"{', '.join(f'{v:g}' for v in variances)}; correct the settings"
            )


@dataclass(frozen=True, slots=True)
class StudySize:
    """Readers and cases of a study.

    Parameters
    ----------
    n_readers, n_positive, n_negative : int
        Readers, cases with the disease, and cases without it; each 1 or more.

    Raises
    ------
    InputError
        If there are none of one kind.
    """

    n_readers: int
    n_positive: int
    n_negative: int

    def __post_init__(self) -> None:
        if min(self.n_readers, self.n_positive, self.n_negative) < 1:
            raise InputError(
                f"a reader and a case of each class at least were needed, got {self.n_readers} "
                f"readers, {self.n_positive} and {self.n_negative} cases; enlarge the study"
            )


def true_auc(settings: RoeMetzSettings) -> np.ndarray:
    """AUC of each modality over the populations of readers and cases [1]_.

    ``Phi(shift / sqrt(2 V))`` where ``V`` is the sum of all variances, since the reader's own terms
    differ between the truths.

    Parameters
    ----------
    settings : RoeMetzSettings

    Returns
    -------
    (modalities,) float

    References
    ----------
    .. [1] Gallas BD, Hillis SL. Generalized Roe and Metz receiver operating characteristic model:
       analytic link between simulated decision scores and empirical AUC variances and covariances.
       J Med Imaging 2014;1:031006. doi:10.1117/1.JMI.1.3.031006

    Examples
    --------
    >>> true_auc(RoeMetzSettings(shifts=(1.0, 1.5))).round(3).tolist()
    [0.754, 0.849]
    """
    total = (
        settings.reader
        + settings.case
        + settings.modality_reader
        + settings.modality_case
        + settings.reader_case
        + settings.error
    )
    return np.asarray(stats.norm.cdf(np.array(settings.shifts) / math.sqrt(2 * total)))


def simulate_reader_study(
    settings: RoeMetzSettings, size: StudySize, *, seed: int | np.random.Generator
) -> ReaderStudy:
    """Draw readers and cases, and every reader's score of every case in every modality [1]_.

    Parameters
    ----------
    settings : RoeMetzSettings
    size : StudySize
    seed : int or numpy Generator

    Returns
    -------
    ReaderStudy
        Cases with the disease first.

    References
    ----------
    .. [1] Roe CA, Metz CE. Dorfman-Berbaum-Metz method for statistical analysis of multireader,
       multimodality receiver operating characteristic data: validation with computer simulation.
       Acad Radiol 1997;4:298-303. doi:10.1016/S1076-6332(97)80032-3

    Examples
    --------
    >>> study = simulate_reader_study(RoeMetzSettings(), StudySize(3, 20, 30), seed=1)
    >>> study.scores.shape
    (2, 3, 50)
    """
    rng = np.random.default_rng(seed)
    shifts = np.array(settings.shifts)[:, None, None]
    classes = [
        shift + _scores(settings, (len(settings.shifts), size.n_readers, n), rng)
        for shift, n in ((shifts, size.n_positive), (0 * shifts, size.n_negative))
    ]
    n_cases = size.n_positive + size.n_negative
    return ReaderStudy(
        scores=np.concatenate(classes, axis=-1),
        labels=read_only(np.arange(n_cases) < size.n_positive),
        modalities=tuple(f"modality {i + 1}" for i in range(len(settings.shifts))),
        readers=tuple(f"reader {j + 1}" for j in range(size.n_readers)),
        cases=tuple(f"case {k + 1}" for k in range(n_cases)),
    )


def _scores(
    settings: RoeMetzSettings, shape: tuple[int, int, int], rng: np.random.Generator
) -> np.ndarray:
    """Random terms of the cases of one truth."""
    t, r, c = shape
    terms = (
        (settings.reader, (1, r, 1)),
        (settings.case, (1, 1, c)),
        (settings.modality_reader, (t, r, 1)),
        (settings.modality_case, (t, 1, c)),
        (settings.reader_case, (1, r, c)),
        (settings.error, (t, r, c)),
    )
    scores = np.zeros(shape)
    for variance, size in terms:
        scores += math.sqrt(variance) * rng.standard_normal(size)
    return scores
