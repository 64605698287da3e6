"""Power and size of a planned multi-reader multi-case study from the components of a pilot.

Error variance and covariances are inversely proportional to the number of cases, with the pilot's
share of cases with the disease; the spread of readers does not depend on it.
"""

import math
from dataclasses import dataclass

from scipy import stats

from mamri.evaluation.obuchowski_rockette import Generalization, ReaderVariance, satterthwaite
from mamri.records import InputError


@dataclass(frozen=True, slots=True)
class PlannedTest:
    """The test that a planned study of two modalities is to end with.

    Parameters
    ----------
    difference : float
        True difference, first minus second, that the power is computed for; larger is better.
    margin : float or None
        None for the two-sided test of equal modalities. Else the first is to be shown not to be
        worse than the second by this much or more, one-sided; 0 for superiority.
    alpha : float
        Level of the test: 0.05 two-sided, and 0.025 one-sided, are usual.
    generalize_to : {"readers and cases", "cases", "readers"}

    Raises
    ------
    InputError
        If there is nothing to show, or a number is out of range.
    """

    difference: float
    margin: float | None = None
    alpha: float = 0.05
    generalize_to: Generalization = "readers and cases"

    def __post_init__(self) -> None:
        if not 0 < self.alpha < 1:
            raise InputError(
                f"a level between 0 and 1 was needed, got {self.alpha}; 5 % is written 0.05"
            )
        if self.margin is None and self.difference == 0:
            raise InputError(
                "a difference other than 0 was needed for a test of equal modalities, got 0; name "
                "the smallest difference that matters"
            )
        if self.margin is not None and (self.margin < 0 or not self.difference > -self.margin):
            raise InputError(
                f"a margin of 0 or more, and a difference above minus the margin, were needed, got "
                f"margin {self.margin} and difference {self.difference}; a margin of 5 points is "
                f"written 0.05"
            )


@dataclass(frozen=True, slots=True)
class ReaderPower:
    """Power of a planned study.

    Parameters
    ----------
    n_readers, n_cases : int
    power : float
    noncentrality : float
        Of F for the test of equal modalities, of t for a margin.
    df : float
        Of the denominator.
    standard_error : float
        Expected, of the difference.
    """

    n_readers: int
    n_cases: int
    power: float
    noncentrality: float
    df: float
    standard_error: float


def reader_power(
    variance: ReaderVariance, test: PlannedTest, *, n_readers: int, n_cases: int
) -> ReaderPower:
    """Power of a study of two modalities from Obuchowski-Rockette components [1]_.

    With the pilot's error terms times ``c_pilot / c`` and ``C = max(Cov2 - Cov3, 0)``, the expected
    mean square is ``E = max(Var(TR), 0) + Var - Cov1 - C`` and, for a population of readers and
    cases, ``D = E + r C`` with ``D^2 (r - 1) / E^2`` degrees of freedom; for cases only
    ``D = Var - Cov1 + (r - 1) C`` with ``c - 1`` degrees of freedom, a little more careful than the
    chi-squared test of the analysis; for readers only ``D = E`` with ``r - 1``. The noncentrality
    of F is ``r d^2 / (2 D)``. With a margin ``m`` the test is ``t = (d + m) / sqrt(2 D / r)``.

    Parameters
    ----------
    variance : ReaderVariance
        Of a pilot, or conjectured.
    test : PlannedTest
    n_readers, n_cases : int
        Of the planned study; the share of cases with the disease is that of the pilot.

    Returns
    -------
    ReaderPower

    Raises
    ------
    InputError
        If there are fewer than two readers, or cases, or the components leave no spread.

    References
    ----------
    .. [1] Hillis SL, Obuchowski NA, Berbaum KS. Power estimation for multireader ROC methods: an
       updated and unified approach. Acad Radiol 2011;18:129-142. doi:10.1016/j.acra.2010.09.007
    """
    fewest = 1 if test.generalize_to == "cases" else 2
    if n_readers < fewest or n_cases < 2:
        raise InputError(
            f"{fewest} readers and 2 cases at least were needed, got {n_readers} and {n_cases}; "
            f"plan a larger study"
        )
    spread, df = _spread(variance, test.generalize_to, n_readers, n_cases)
    if not spread > 0:
        raise InputError(
            f"components with a spread above 0 were needed, got {spread:g}; take them from a study "
            f"with more cases"
        )
    error = math.sqrt(2 * spread / n_readers)
    if test.margin is None:
        noncentrality = (test.difference / error) ** 2
        limit = stats.f.ppf(1 - test.alpha, 1, df)
        power = stats.ncf.sf(limit, 1, df, noncentrality)
    else:
        noncentrality = (test.difference + test.margin) / error
        power = stats.nct.sf(stats.t.ppf(1 - test.alpha, df), df, noncentrality)
    return ReaderPower(n_readers, n_cases, float(power), noncentrality, df, error)


def cases_needed(
    variance: ReaderVariance,
    test: PlannedTest,
    *,
    n_readers: int,
    power: float = 0.8,
    most: int = 100_000,
) -> ReaderPower:
    """Least number of cases that gives so many readers the power.

    Parameters
    ----------
    variance : ReaderVariance
    test : PlannedTest
    n_readers : int
    power : float
        Between 0 and 1.
    most : int
        Cases that are not exceeded.

    Returns
    -------
    ReaderPower
        Of the study with that number.

    Raises
    ------
    InputError
        If the power is not reached: with few readers, no number of cases may do.
    """
    _check_power(power)

    def found(n_cases: int) -> ReaderPower:
        return reader_power(variance, test, n_readers=n_readers, n_cases=n_cases)

    low, high = 1, 2
    while found(high).power < power:
        if high >= most:
            raise InputError(
                f"a power of {power:g} was asked for, {n_readers} readers reach "
                f"{found(high).power:.3f} with {high} cases; plan more readers, or for "
                f"a larger difference"
            )
        low, high = high, min(2 * high, most)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if found(middle).power >= power else (middle, high)
    return found(high)


def readers_needed(
    variance: ReaderVariance,
    test: PlannedTest,
    *,
    n_cases: int,
    power: float = 0.8,
    most: int = 200,
) -> ReaderPower:
    """Least number of readers that gives so many cases the power.

    Parameters
    ----------
    variance : ReaderVariance
    test : PlannedTest
    n_cases : int
    power : float
        Between 0 and 1.
    most : int
        Readers that are not exceeded.

    Returns
    -------
    ReaderPower
        Of the study with that number.

    Raises
    ------
    InputError
        If the power is not reached: with few cases, no number of readers may do.
    """
    _check_power(power)
    for n_readers in range(1 if test.generalize_to == "cases" else 2, most + 1):
        found = reader_power(variance, test, n_readers=n_readers, n_cases=n_cases)
        if found.power >= power:
            return found
    raise InputError(
        f"a power of {power:g} was asked for, {n_cases} cases reach {found.power:.3f} with {most} "
        f"readers; plan more cases or a larger difference"
    )


def _spread(
    variance: ReaderVariance, generalize_to: Generalization, n_readers: int, n_cases: int
) -> tuple[float, float]:
    """Expected denominator of F, and its degrees of freedom."""
    scale = variance.n_cases / n_cases
    common = scale * max(variance.cov_2 - variance.cov_3, 0.0)
    own = scale * (variance.error - variance.cov_1)
    if generalize_to == "cases":
        return own + (n_readers - 1) * common, n_cases - 1
    interaction = 0.0 if math.isnan(variance.modality_reader) else variance.modality_reader
    mean_square = max(interaction, 0.0) + own - common
    if generalize_to == "readers":
        return mean_square, n_readers - 1
    spread = mean_square + n_readers * common
    return spread, satterthwaite(spread, mean_square, n_readers - 1)


def _check_power(power: float) -> None:
    if not 0 < power < 1:
        raise InputError(f"a power between 0 and 1 was needed, got {power}; 80 % is written 0.8")
