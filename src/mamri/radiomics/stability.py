"""Which features survive small changes of outline and image."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from mamri.radiomics.intraclass_correlation import IntraclassCorrelation, intraclass_correlation
from mamri.records import InputError, Status


@dataclass(frozen=True, slots=True)
class StabilitySettings:
    """When a feature counts as stable.

    Parameters
    ----------
    threshold : float
        Least ICC(2,1): 0.75 is good, 0.9 excellent [1]_.
    by_lower_bound : bool
        Judge by the lower end of the 95 % interval, as [1]_ and [2]_ do, or by the value itself.
    min_lesions : int
        Fewer with a value in every repeat leave a feature undecided. Assumption: 10; [1]_ advises
        30 and at least three repeats.

    References
    ----------
    .. [1] Koo TK, Li MY. A guideline of selecting and reporting intraclass correlation coefficients
       for reliability research. J Chiropr Med 2016;15:155-163. doi:10.1016/j.jcm.2016.02.012
    .. [2] Zwanenburg A, Leger S, Agolli L et al. Assessing robustness of radiomic features by image
       perturbation. Sci Rep 2019;9:614. doi:10.1038/s41598-018-36938-4
    """

    threshold: float = 0.75
    by_lower_bound: bool = True
    min_lesions: int = 10

    def __post_init__(self) -> None:
        if not 0 < self.threshold <= 1 or self.min_lesions < 2:
            raise InputError(
                f"a threshold above 0 and up to 1 and at least two lesions were needed, got "
                f"{self.threshold} and {self.min_lesions}"
            )


@dataclass(frozen=True, slots=True)
class FeatureStability:
    """Stability of one feature.

    Parameters
    ----------
    icc : IntraclassCorrelation
    n_lesions : int
        With a value in every repeat.
    is_stable : bool
        False too where it could not be decided.
    status : Status
        ``undefined`` where too few lesions have values, or all values are equal.
    """

    icc: IntraclassCorrelation
    n_lesions: int
    is_stable: bool
    status: Status


_UNKNOWN = IntraclassCorrelation(float("nan"), float("nan"), float("nan"))


def feature_stability(
    tables: Sequence[Sequence[Mapping[str, float | None]]],
    settings: StabilitySettings = StabilitySettings(),
) -> dict[str, FeatureStability]:
    """Judge every feature over repeats with perturbed outlines or images.

    Parameters
    ----------
    tables : sequence over repeats of sequence over lesions of mapping of feature to value
        The same lesions in the same order in every repeat; None or NaN where a feature has no
        value.
    settings : StabilitySettings

    Returns
    -------
    dict of feature to FeatureStability
        All features that any row names, in the order of their first mention.

    Raises
    ------
    InputError
        If there are fewer than two repeats, or they differ in the number of lesions.
    """
    sizes = {len(table) for table in tables}
    if len(tables) < 2 or len(sizes) != 1:
        raise InputError(
            f"at least two repeats of the same lesions were needed, got {len(tables)} with "
            f"{sorted(sizes)} lesions; compute all lesions in every repeat"
        )
    names = dict.fromkeys(name for table in tables for row in table for name in row)
    return {name: _judge(name, tables, settings) for name in names}


def stable_features(stability: Mapping[str, FeatureStability]) -> tuple[str, ...]:
    """Names of the stable ones, in their order."""
    return tuple(name for name, found in stability.items() if found.is_stable)


def _judge(
    name: str,
    tables: Sequence[Sequence[Mapping[str, float | None]]],
    settings: StabilitySettings,
) -> FeatureStability:
    values = np.array([[row.get(name) for row in table] for table in tables], np.float64).T
    whole = values[np.isfinite(values).all(axis=1)]
    n = len(whole)
    if n < settings.min_lesions:
        return FeatureStability(_UNKNOWN, n, is_stable=False, status=Status.UNDEFINED)
    icc = intraclass_correlation(whole)
    seen = icc.lower if settings.by_lower_bound else icc.value
    return FeatureStability(
        icc,
        n,
        is_stable=bool(seen >= settings.threshold),
        status=Status.OK if np.isfinite(seen) else Status.UNDEFINED,
    )
