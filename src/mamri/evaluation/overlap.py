"""How much two masks of one grid have in common, and how their volumes differ.

The first mask is the truth, the second what was found. Overlap counts voxels, whatever their size.
"""

import math
from dataclasses import dataclass

import numpy as np

from mamri.records import GeometryError, InputError


@dataclass(frozen=True, slots=True)
class Overlap:
    """Voxels of two masks and of their intersection, and the ratios of them.

    Two empty masks agree: Dice and IoU are 1. If one is empty they are 0. Sensitivity is NaN
    without truth, precision without a finding [1]_ (section on empty references).

    Parameters
    ----------
    n_truth, n_predicted, n_both : int
        Voxels of each mask, and in both.

    Raises
    ------
    InputError
        If more voxels are in both than in one.

    References
    ----------
    .. [1] Maier-Hein L, Reinke A et al. Metrics reloaded: recommendations for image analysis
       validation. Nat Methods 2024;21:195-212. doi:10.1038/s41592-023-02151-z

    Examples
    --------
    >>> found = Overlap(n_truth=4, n_predicted=2, n_both=2)
    >>> round(found.dice, 3), found.iou, found.sensitivity, found.precision
    (0.667, 0.5, 0.5, 1.0)
    """

    n_truth: int
    n_predicted: int
    n_both: int

    def __post_init__(self) -> None:
        if not 0 <= self.n_both <= min(self.n_truth, self.n_predicted):
            raise InputError(
                f"voxels in both masks must be among those of each, got {self.n_both} of "
                f"{self.n_truth} and {self.n_predicted}; count them with overlap()"
            )

    @property
    def dice(self) -> float:
        """``2 |A and B| / (|A| + |B|)``, which is also the F1 score of the voxels."""
        total = self.n_truth + self.n_predicted
        return 2 * self.n_both / total if total else 1.0

    @property
    def iou(self) -> float:
        """Intersection over union, the Jaccard index: ``Dice / (2 - Dice)``."""
        union = self.n_truth + self.n_predicted - self.n_both
        return self.n_both / union if union else 1.0

    @property
    def sensitivity(self) -> float:
        """Share of the truth that was found."""
        return self.n_both / self.n_truth if self.n_truth else math.nan

    @property
    def precision(self) -> float:
        """Share of what was found that is true."""
        return self.n_both / self.n_predicted if self.n_predicted else math.nan


@dataclass(frozen=True, slots=True)
class VolumeError:
    """How far the volume found is from the true one; above 0 where too much was found.

    Parameters
    ----------
    signed_ml, absolute_ml : float
    signed_percent, absolute_percent : float
        Of the true volume; NaN where that is 0.
    """

    signed_ml: float
    absolute_ml: float
    signed_percent: float
    absolute_percent: float


def overlap(truth: np.ndarray, predicted: np.ndarray) -> Overlap:
    """Count the voxels of two masks and of their intersection.

    Parameters
    ----------
    truth, predicted : (S, R, C) bool

    Returns
    -------
    Overlap

    Raises
    ------
    InputError
        If an array is no mask, or their shapes differ.
    """
    first, second = mask_pair(truth, predicted)
    both = int(np.count_nonzero(first & second))
    return Overlap(int(np.count_nonzero(first)), int(np.count_nonzero(second)), both)


def mask_volume_ml(mask: np.ndarray, spacing_mm: tuple[float, float, float]) -> float:
    """Volume of a mask: its voxels, each counted whole.

    Parameters
    ----------
    mask : (S, R, C) bool
    spacing_mm : (3,) float, mm
        Along slice, row and column.

    Returns
    -------
    float, ml

    Raises
    ------
    InputError
        If the array is no mask, or a spacing is not above 0.

    Examples
    --------
    >>> mask_volume_ml(np.ones((10, 10, 10), bool), (1.0, 1.0, 1.0))
    1.0
    """
    (found,) = _masks(mask)
    return int(np.count_nonzero(found)) * voxel_ml(spacing_mm)


def volume_error(truth_ml: float, predicted_ml: float) -> VolumeError:
    """Difference of two volumes, found minus true.

    Parameters
    ----------
    truth_ml, predicted_ml : float, ml

    Returns
    -------
    VolumeError

    Raises
    ------
    InputError
        If a volume is below 0 or not finite.

    Examples
    --------
    >>> found = volume_error(8.0, 6.0)
    >>> found.signed_ml, found.absolute_percent
    (-2.0, 25.0)
    """
    if not (0 <= truth_ml < math.inf and 0 <= predicted_ml < math.inf):
        raise InputError(
            f"two volumes of 0 or more were needed, got {truth_ml} and {predicted_ml} ml; measure "
            f"them with mask_volume_ml()"
        )
    signed = predicted_ml - truth_ml
    percent = 100 * signed / truth_ml if truth_ml else math.nan
    return VolumeError(signed, abs(signed), percent, abs(percent))


def mask_pair(truth: np.ndarray, predicted: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Two masks of one grid.

    Parameters
    ----------
    truth, predicted : (S, R, C) bool

    Returns
    -------
    truth, predicted : (S, R, C) bool

    Raises
    ------
    InputError
        If an array is no mask.
    GeometryError
        If their shapes differ.
    """
    first, second = _masks(truth, predicted)
    if first.shape != second.shape:
        raise GeometryError(
            f"both masks must be on one grid, got shapes {first.shape} and {second.shape}; "
            f"resample one like the other first"
        )
    return first, second


def checked_spacing(spacing_mm: tuple[float, float, float]) -> np.ndarray:
    """Distance of neighbouring voxels along slice, row and column.

    Parameters
    ----------
    spacing_mm : (3,) float, mm

    Returns
    -------
    (3,) float, mm

    Raises
    ------
    InputError
        If these are not three numbers above 0.
    """
    spacing = np.asarray(spacing_mm, dtype=np.float64)
    if spacing.shape != (3,) or not (np.isfinite(spacing).all() and spacing.min() > 0):
        raise InputError(
            f"a spacing above 0 mm along slice, row and column was needed, got {spacing_mm}; take "
            f"it from the affine with geometry.spacing_mm()"
        )
    return spacing


def voxel_ml(spacing_mm: tuple[float, float, float]) -> float:
    """Volume of a voxel.

    Parameters
    ----------
    spacing_mm : (3,) float, mm

    Returns
    -------
    float, ml

    Raises
    ------
    InputError
        If a spacing is not above 0.
    """
    return float(np.prod(checked_spacing(spacing_mm))) / 1000  # mm^3 to ml


def _masks(*arrays: np.ndarray) -> list[np.ndarray]:
    masks = [np.asarray(array) for array in arrays]
    for mask in masks:
        if mask.dtype != np.bool_ or mask.ndim != 3 or mask.size == 0:
            raise InputError(
                f"a mask (S, R, C) of bool was needed, got shape {mask.shape} of {mask.dtype}; "
                f"compare a label map with its label first"
            )
    return masks
