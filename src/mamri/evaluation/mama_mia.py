"""Scores of the MAMA-MIA challenge 2025: segmentation (task 1), response (task 2), and fairness.

Written after the challenge's public scorer [1]_, and made to give its numbers, not better ones.
Whoever compares with other publications needs to know where they differ:

- Its HD95 is in voxels, not in mm: a slice away counts as much as a column away. Both are given.
- Its contour leaves out the edge of the array: a mask cut off there has no surface on that side.
- Two empty masks have a Dice of 0, elsewhere in `mamri.evaluation` 1.
- Its normalised distance is not clipped: an HD95 above 150 voxels counts more than a missing mask.
- In task 2, a group in which every label and every prediction is of one and the same class gets a
  true and a false positive rate of 0, even if all its cases are positive and found.

The scorer tabulates each patient's scores under a wrong index, so that as published its group means
are undefined; here they are the means of each group's patients, as its text says.

References
----------
.. [1] Garrucho L et al. https://github.com/LidiaGarrucho/MAMA-MIA, src/challenge, commit 3b40cf6
   (April 2025): metrics.py, scoring_task1.py, scoring_task2.py
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from mamri.evaluation.cases import label_list, labelled_scores, number_list
from mamri.evaluation.overlap import overlap
from mamri.evaluation.surface_distance import hausdorff_percentile, surface_distances
from mamri.records import InputError

HAUSDORFF_LIMIT = 150.0  # voxels; HD_MAX of the scorer
_AGE_GROUPS = ("0-40", "41-50", "51-60", "61-70", "71+")
_AGE_LIMITS = (0.0, 40.0, 50.0, 60.0, 70.0, 100.0)  # years; each upper limit is within


@dataclass(frozen=True, slots=True)
class ChallengeCase:
    """Scores of one segmentation in task 1.

    Parameters
    ----------
    dice : float
        0 if both masks are empty.
    hausdorff95_voxels : float, voxels
        The challenge's: 0 if both contours are empty, infinite if one is.
    normalised_hausdorff : float
        It over 150 voxels; 1 where infinite.
    hausdorff95_mm : float, mm
        `hausdorff_percentile` in mm, for comparison; the challenge does not use it.
    """

    dice: float
    hausdorff95_voxels: float
    normalised_hausdorff: float
    hausdorff95_mm: float


@dataclass(frozen=True, slots=True)
class ChallengeScore:
    """What a submission is ranked by.

    Parameters
    ----------
    performance, fairness : float
        Both 1 at best.
    rank : float
        Half of each.
    fairness_by_variable : Mapping of variable to float
        Task 1: 1 less half the sum of both gaps. Task 2: 1 less their sum, not clipped.
    """

    performance: float
    fairness: float
    rank: float
    fairness_by_variable: Mapping[str, float]


def challenge_hausdorff95_voxels(truth: np.ndarray, predicted: np.ndarray) -> float:
    """HD95 as the challenge has it: voxels for a unit, contours without the edge of the array.

    Parameters
    ----------
    truth, predicted : (S, R, C) bool

    Returns
    -------
    float, voxels
        0 if both contours are empty, infinite if one is.

    Raises
    ------
    InputError
        If an array is no mask, or their shapes differ.
    """
    distances = surface_distances(truth, predicted, (1.0, 1.0, 1.0), is_edge_outside=False)
    found = hausdorff_percentile(distances, 95)
    return math.inf if math.isnan(found) else found


def challenge_case(
    truth: np.ndarray, predicted: np.ndarray, spacing_mm: tuple[float, float, float]
) -> ChallengeCase:
    """Score one segmentation as task 1 does.

    Parameters
    ----------
    truth, predicted : (S, R, C) bool
    spacing_mm : (3,) float, mm
        For the distance in mm alone.

    Returns
    -------
    ChallengeCase

    Raises
    ------
    InputError
        If an array is no mask, their shapes differ, or a spacing is not above 0.
    """
    common = overlap(truth, predicted)
    voxels = challenge_hausdorff95_voxels(truth, predicted)
    return ChallengeCase(
        dice=common.dice if common.n_truth + common.n_predicted else 0.0,
        hausdorff95_voxels=voxels,
        normalised_hausdorff=voxels / HAUSDORFF_LIMIT if math.isfinite(voxels) else 1.0,
        hausdorff95_mm=hausdorff_percentile(surface_distances(truth, predicted, spacing_mm), 95),
    )


def challenge_segmentation_score(
    dice: np.ndarray, normalised_hausdorff: np.ndarray, variables: Mapping[str, np.ndarray]
) -> ChallengeScore:
    """Rank score of task 1.

    Performance ``(mean Dice + 1 - mean NormHD) / 2``. Fairness: the mean over variables of ``1 -
    (Dice gap + NormHD gap) / 2``, a gap being the largest less the smallest mean of a group.

    Parameters
    ----------
    dice, normalised_hausdorff : (n,) float
        Of `challenge_case`.
    variables : Mapping of name to (n,) str
        Group of each patient; "" leaves a patient out of that variable. The challenge takes
        `age_groups`, `menopausal_groups` and breast density (a to d).

    Returns
    -------
    ChallengeScore

    Raises
    ------
    InputError
        If a number is not finite, lengths differ, or a variable has no group.
    """
    overlaps = number_list(dice, "Dice")
    distances = number_list(normalised_hausdorff, "normalised distances", length=len(overlaps))
    fairness = {}
    for name, members in _members(variables, len(overlaps)).items():
        gaps = [np.ptp([values[of].mean() for of in members]) for values in (overlaps, distances)]
        fairness[name] = float(1 - sum(gaps) / 2)
    mean_fairness = float(np.mean(list(fairness.values())))
    performance = float(0.5 * (overlaps.mean() + 1 - distances.mean()))
    return ChallengeScore(performance, mean_fairness, (performance + mean_fairness) / 2, fairness)


def challenge_response_score(
    labels: np.ndarray, predicted: np.ndarray, variables: Mapping[str, np.ndarray]
) -> ChallengeScore:
    """Rank score of task 2, pathological complete response.

    Performance is balanced accuracy. Fairness is 1 less the mean over variables of the gap of the
    true positive rate plus that of the false positive rate, that mean clipped to 0 and 1.

    Parameters
    ----------
    labels, predicted : (n,) bool or 0 and 1
    variables : Mapping of name to (n,) str
        As in `challenge_segmentation_score`.

    Returns
    -------
    ChallengeScore

    Raises
    ------
    InputError
        If labels are of one class only, lengths differ, or a variable has no group.
    """
    truth, _ = labelled_scores(labels, predicted)
    called = label_list(predicted, name="predictions")
    performance = float((called[truth].mean() + (~called[~truth]).mean()) / 2)
    fairness = {}
    for name, members in _members(variables, len(truth)).items():
        rates = np.array([_rates(truth[of], called[of]) for of in members])  # (groups, 2)
        fairness[name] = float(1 - np.ptp(rates, axis=0).sum())
    mean_fairness = float(np.clip(np.mean(list(fairness.values())), 0, 1))
    return ChallengeScore(performance, mean_fairness, (performance + mean_fairness) / 2, fairness)


def age_groups(ages_years: np.ndarray) -> np.ndarray:
    """Age groups of the challenge: 0-40, 41-50, 51-60, 61-70 and 71+.

    Parameters
    ----------
    ages_years : (n,) float, years
        NaN where unknown.

    Returns
    -------
    (n,) str
        "" where unknown, 0 or below, or above 100, which the scorer drops.

    Examples
    --------
    >>> age_groups(np.array([40.0, 41.0, np.nan])).tolist()
    ['0-40', '41-50', '']
    """
    names = np.array(("", *_AGE_GROUPS, ""))  # NaN sorts last, among those above 100
    return names[np.searchsorted(_AGE_LIMITS, np.asarray(ages_years, np.float64), side="left")]


def menopausal_groups(status: np.ndarray) -> np.ndarray:
    """Menopausal groups of the challenge: pre (with peri), post, and unknown.

    Parameters
    ----------
    status : (n,) str or None
        As in the clinical table; None, NaN or "" where unknown.

    Returns
    -------
    (n,) str
        "pre", "post", "unknown", or what stands there if it is none of them.

    Examples
    --------
    >>> menopausal_groups(np.array(["perimenopausal", "post", None], object)).tolist()
    ['pre', 'post', 'unknown']
    """
    return np.array([_menopausal(one) for one in status])


def _menopausal(status: object) -> str:
    name = status.strip().lower() if isinstance(status, str) else ""
    if "peri" in name:
        return "pre"
    return next((group for group in ("post", "pre") if group in name), name or "unknown")


def _members(variables: Mapping[str, np.ndarray], n: int) -> dict[str, list[np.ndarray]]:
    """Which patients are in each group, (n,) bool, of each variable."""
    members = {}
    for name, groups in variables.items():
        found = np.asarray(groups)
        if found.shape != (n,) or found.dtype.kind != "U" or not np.any(found != ""):
            raise InputError(
                f"the group of each of {n} patients by {name} was needed as text, got shape "
                f"{found.shape} of {found.dtype}, not all empty; write '' where it is unknown"
            )
        members[name] = [found == group for group in np.unique(found) if group]
    if not members:
        raise InputError("a variable at least was needed, got none; the challenge takes three")
    return members


def _rates(truth: np.ndarray, called: np.ndarray) -> tuple[float, float]:
    """True and false positive rate of a group, 0 where the scorer says so."""
    if np.all(truth == truth[0]) and np.all(called == truth[0]):
        return 0.0, 0.0
    true_rate, false_rate = (called[of].mean() if of.any() else 0.0 for of in (truth, ~truth))
    return float(true_rate), float(false_rate)
