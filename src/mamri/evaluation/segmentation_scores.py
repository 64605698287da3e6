"""All measures of one segmentation, and their summary over many.

Empty masks: if both are empty, they agree, and Dice, IoU and NSD are 1 and distances 0. If one is
empty, Dice, IoU and NSD are 0 and distances are undefined, NaN. The volume error in percent and
sensitivity are NaN without truth, precision without a finding. A summary leaves NaN out and says
how many there were; `penalise_undefined` puts a distance in their place instead.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

import numpy as np

from mamri.evaluation.bootstrap import BootstrapEstimate, bootstrap_interval
from mamri.evaluation.overlap import checked_spacing, overlap, volume_error, voxel_ml
from mamri.evaluation.surface_distance import (
    hausdorff,
    hausdorff_percentile,
    mean_surface_distance,
    normalised_surface_distance,
    surface_distances,
)
from mamri.records import InputError

_NOT_MEASURES = ("tolerance_mm", "is_empty_truth", "is_empty")


@dataclass(frozen=True, slots=True)
class SegmentationScores:
    """How well one mask meets the true one.

    Parameters
    ----------
    dice, iou, sensitivity, precision : float
        As in `Overlap`.
    volume_truth_ml, volume_ml : float, ml
        True, and found.
    volume_error_ml, volume_error_percent : float
        Found minus true.
    hausdorff_mm, hausdorff95_mm, mean_surface_distance_mm, nsd : float
        As in `mamri.evaluation.surface_distance`.
    tolerance_mm : float, mm
        Of the NSD.
    is_empty_truth, is_empty : bool
        Whether the true mask, and the one found, have no voxel.
    """

    dice: float
    iou: float
    sensitivity: float
    precision: float
    volume_truth_ml: float
    volume_ml: float
    volume_error_ml: float
    volume_error_percent: float
    hausdorff_mm: float
    hausdorff95_mm: float
    mean_surface_distance_mm: float
    nsd: float
    tolerance_mm: float
    is_empty_truth: bool
    is_empty: bool


@dataclass(frozen=True, slots=True)
class MeasureSummary:
    """One measure over many cases; all but the counts are of those where it is defined.

    Parameters
    ----------
    mean : BootstrapEstimate
        With its interval; NaN where no case is defined.
    standard_deviation : float
        Between cases, with ``n - 1``; NaN with fewer than two.
    median, lower_quartile, upper_quartile : float
    n_cases, n_undefined : int
        All cases, and those of them left out because the measure is NaN.
    """

    mean: BootstrapEstimate
    standard_deviation: float
    median: float
    lower_quartile: float
    upper_quartile: float
    n_cases: int
    n_undefined: int


def score_segmentation(
    truth: np.ndarray,
    predicted: np.ndarray,
    spacing_mm: tuple[float, float, float],
    *,
    tolerance_mm: float,
) -> SegmentationScores:
    """Measure a mask against the true one by overlap, volume and surface distance.

    Overlap alone hides the shape and favours large masks, distances alone the size: both families
    are needed [1]_.

    Parameters
    ----------
    truth, predicted : (S, R, C) bool
    spacing_mm : (3,) float, mm
        Along slice, row and column.
    tolerance_mm : float, mm
        Of the NSD: what two readers differ by.

    Returns
    -------
    SegmentationScores

    Raises
    ------
    InputError
        If an array is no mask, their shapes differ, a spacing is not above 0, or the tolerance
        below 0.

    References
    ----------
    .. [1] Maier-Hein L, Reinke A et al. Metrics reloaded: recommendations for image analysis
       validation. Nat Methods 2024;21:195-212. doi:10.1038/s41592-023-02151-z

    Examples
    --------
    >>> truth = np.zeros((1, 4, 4), bool)
    >>> truth[0, :2, :2] = True
    >>> found = score_segmentation(truth, np.roll(truth, 1, axis=2), (1, 1, 1), tolerance_mm=0)
    >>> found.dice, found.hausdorff_mm
    (0.5, 1.0)
    """
    common = overlap(truth, predicted)
    ml = voxel_ml(spacing_mm)
    error = volume_error(common.n_truth * ml, common.n_predicted * ml)
    distances = surface_distances(truth, predicted, spacing_mm)
    return SegmentationScores(
        dice=common.dice,
        iou=common.iou,
        sensitivity=common.sensitivity,
        precision=common.precision,
        volume_truth_ml=common.n_truth * ml,
        volume_ml=common.n_predicted * ml,
        volume_error_ml=error.signed_ml,
        volume_error_percent=error.signed_percent,
        hausdorff_mm=hausdorff(distances),
        hausdorff95_mm=hausdorff_percentile(distances, 95),
        mean_surface_distance_mm=mean_surface_distance(distances),
        nsd=normalised_surface_distance(distances, tolerance_mm=tolerance_mm),
        tolerance_mm=float(tolerance_mm),
        is_empty_truth=common.n_truth == 0,
        is_empty=common.n_predicted == 0,
    )


def penalise_undefined(scores: SegmentationScores, penalty_mm: float) -> SegmentationScores:
    """Put a distance where there is none because one of the masks is empty.

    The mean distance then pays for what was missed, and depends on the penalty: name it.

    Parameters
    ----------
    scores : SegmentationScores
    penalty_mm : float, mm
        Such as the diagonal of the image, `grid_diagonal_mm`: the largest distance possible.

    Returns
    -------
    SegmentationScores

    Raises
    ------
    InputError
        If the penalty is below 0 or not finite.
    """
    if not 0 <= penalty_mm < math.inf:
        raise InputError(
            f"a penalty of 0 mm or more was needed, got {penalty_mm}; take grid_diagonal_mm()"
        )

    def paid(distance_mm: float) -> float:
        return float(penalty_mm) if math.isnan(distance_mm) else distance_mm

    return replace(
        scores,
        hausdorff_mm=paid(scores.hausdorff_mm),
        hausdorff95_mm=paid(scores.hausdorff95_mm),
        mean_surface_distance_mm=paid(scores.mean_surface_distance_mm),
    )


def grid_diagonal_mm(shape: tuple[int, int, int], spacing_mm: tuple[float, float, float]) -> float:
    """Largest distance between centres of voxels of a grid.

    Parameters
    ----------
    shape : (3,) int
        Slices, rows, columns.
    spacing_mm : (3,) float, mm

    Returns
    -------
    float, mm

    Raises
    ------
    InputError
        If a spacing is not above 0.

    Examples
    --------
    >>> grid_diagonal_mm((1, 4, 5), (2.0, 1.0, 1.0))
    5.0
    """
    return float(np.linalg.norm((np.array(shape) - 1) * checked_spacing(spacing_mm)))


def summarise_segmentations(
    scores: Sequence[SegmentationScores],
    *,
    groups: np.ndarray | None = None,
    n: int = 2000,
    seed: int = 0,
    level: float = 0.95,
) -> dict[str, MeasureSummary]:
    """Mean, spread and quartiles of every measure, with the interval of the mean by patient.

    Parameters
    ----------
    scores : sequence of SegmentationScores
        One a case.
    groups : (n,) of any one type, or None
        Patient of each case; each case is drawn by itself if None.
    n : int
        Bootstrap samples.
    seed : int
    level : float
        Of the interval.

    Returns
    -------
    dict of measure to MeasureSummary
        Every number of `SegmentationScores` but the tolerance, and the absolute volume errors.

    Raises
    ------
    InputError
        If there are no cases, their tolerances differ, or as in `bootstrap_interval`.
    """
    tolerances = {one.tolerance_mm for one in scores}
    if len(tolerances) != 1:
        raise InputError(
            f"cases scored with one tolerance were needed, got {len(scores)} cases with "
            f"{sorted(tolerances)} mm; score them all alike"
        )
    names = [field.name for field in fields(SegmentationScores) if field.name not in _NOT_MEASURES]
    values = {name: np.array([getattr(one, name) for one in scores]) for name in names}
    for name in ("volume_error_ml", "volume_error_percent"):
        values[f"absolute_{name}"] = np.abs(values[name])
    table = np.stack(list(values.values()), axis=1)  # (n, measures)
    means = []

    def keep_means(sample: np.ndarray) -> float:
        means.append(_means_of_defined(sample))
        return math.nan  # every measure's are kept; those of one are of no use

    # All measures from the same samples: drawing them takes longer than the means.
    bootstrap_interval(keep_means, [table], groups=groups, n=n, seed=seed, level=level)
    return {
        name: _summary(column, _interval(samples[0], samples[1:], level))
        for (name, column), samples in zip(values.items(), np.stack(means, axis=1), strict=True)
    }


def _means_of_defined(table: np.ndarray) -> np.ndarray:
    """Mean of each column without its NaN; NaN where nothing is left."""
    is_defined = ~np.isnan(table)
    counts = is_defined.sum(axis=0)
    sums = np.where(is_defined, table, 0).sum(axis=0)
    return np.divide(sums, counts, out=np.full(len(counts), math.nan), where=counts > 0)


def _interval(value: float, samples: np.ndarray, level: float) -> BootstrapEstimate:
    """Percentile interval as `bootstrap_interval` has it."""
    defined = samples[~np.isnan(samples)]
    lower = upper = error = math.nan
    if len(defined) > 1:
        lower, upper = np.quantile(defined, [(1 - level) / 2, (1 + level) / 2])
        error = defined.std(ddof=1)
    n_undefined = len(samples) - len(defined)
    return BootstrapEstimate(
        float(value), float(lower), float(upper), float(error), len(samples), n_undefined
    )


def _summary(values: np.ndarray, mean: BootstrapEstimate) -> MeasureSummary:
    defined = values[~np.isnan(values)]
    lower, median, upper = np.quantile(defined, [0.25, 0.5, 0.75]) if len(defined) else [np.nan] * 3
    return MeasureSummary(
        mean=mean,
        standard_deviation=float(defined.std(ddof=1)) if len(defined) > 1 else math.nan,
        median=float(median),
        lower_quartile=float(lower),
        upper_quartile=float(upper),
        n_cases=len(values),
        n_undefined=len(values) - len(defined),
    )
