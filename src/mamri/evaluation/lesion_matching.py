"""Which lesion found belongs to which true lesion, one to one, and what is left over.

Lesions are the labels of a map, 0 being background, or the 26-connected parts of a mask.
"""

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy import ndimage
from scipy.optimize import linear_sum_assignment

from mamri.evaluation.overlap import Overlap
from mamri.records import GeometryError, InputError

_TOUCHING = np.ones((3, 3, 3))  # voxels that share a face, an edge or a corner
_TOUCH_ONLY = 1e-9  # what a pair is worth whose centre fits but which shares no voxel


@dataclass(frozen=True, slots=True)
class MatchingSettings:
    """What makes two lesions a pair.

    Parameters
    ----------
    criterion : {"iou", "centre"}
        An IoU above `min_iou`; or the centre of mass of the lesion found, at its nearest voxel, in
        the true one.
    min_iou : float
        0.5 is that of panoptic quality [1]_, above which no lesion fits two. Small lesions, whose
        borders are most of them, ask for less; 0 means any common voxel. Unused with "centre".

    Raises
    ------
    InputError
        If the criterion is another or the IoU is not from 0 to below 1.

    References
    ----------
    .. [1] Kirillov A, He K, Girshick R, Rother C, Dollár P. Panoptic segmentation. CVPR
       2019:9396-9405. doi:10.1109/CVPR.2019.00963
    """

    criterion: Literal["iou", "centre"] = "iou"
    min_iou: float = 0.5

    def __post_init__(self) -> None:
        if self.criterion not in ("iou", "centre") or not 0 <= self.min_iou < 1:
            raise InputError(
                f"a criterion 'iou' or 'centre' and an IoU from 0 to below 1 were needed, got "
                f"{self.criterion!r} and {self.min_iou}; any common voxel is 'iou' and 0"
            )


@dataclass(frozen=True, slots=True)
class LesionPair:
    """A true lesion and the one found that belongs to it.

    Parameters
    ----------
    truth_label, predicted_label : int
        In the two maps.
    iou, dice : float
        Of the two lesions alone.
    """

    truth_label: int
    predicted_label: int
    iou: float
    dice: float


@dataclass(frozen=True, slots=True)
class LesionMatching:
    """Pairs of lesions, and those without a partner.

    With TP pairs, FN missed and FP false: a share without a denominator is NaN.

    Parameters
    ----------
    pairs : tuple of LesionPair
    missed : tuple of int
        Labels of true lesions that were not found.
    false_positives : tuple of int
        Labels found that are no true lesion.
    """

    pairs: tuple[LesionPair, ...]
    missed: tuple[int, ...]
    false_positives: tuple[int, ...]

    @property
    def sensitivity(self) -> float:
        """``TP / (TP + FN)``."""
        return _share(len(self.pairs), len(self.pairs) + len(self.missed))

    @property
    def precision(self) -> float:
        """``TP / (TP + FP)``."""
        return _share(len(self.pairs), len(self.pairs) + len(self.false_positives))

    @property
    def f1(self) -> float:
        """``TP / (TP + FP / 2 + FN / 2)``, the recognition quality RQ of panoptic quality."""
        return _share(len(self.pairs), self._weight)

    @property
    def mean_dice(self) -> float:
        """Mean Dice of the pairs."""
        return _share(sum(pair.dice for pair in self.pairs), len(self.pairs))

    @property
    def mean_iou(self) -> float:
        """Mean IoU of the pairs, the segmentation quality SQ of panoptic quality."""
        return _share(sum(pair.iou for pair in self.pairs), len(self.pairs))

    @property
    def panoptic_quality(self) -> float:
        """``sum(IoU) / (TP + FP / 2 + FN / 2)``, SQ times RQ; 0 if nothing matches."""
        return _share(sum(pair.iou for pair in self.pairs), self._weight)

    @property
    def _weight(self) -> float:
        return len(self.pairs) + (len(self.missed) + len(self.false_positives)) / 2


def label_lesions(mask: np.ndarray) -> np.ndarray:
    """Number the 26-connected parts of a mask.

    Parameters
    ----------
    mask : (S, R, C) bool

    Returns
    -------
    (S, R, C) int
        0 outside, 1 and up in array order.

    Raises
    ------
    InputError
        If the array is no mask.
    """
    found = np.asarray(mask)
    if found.dtype != np.bool_ or found.ndim != 3:
        raise InputError(
            f"a mask (S, R, C) of bool was needed, got shape {found.shape} of {found.dtype}; a map "
            f"of labels needs no numbering"
        )
    labels, _ = ndimage.label(found, _TOUCHING)
    return np.asarray(labels)


def lesion_centres(labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Labels in a map and their centres of mass.

    Parameters
    ----------
    labels : (S, R, C) int
        0 is background.

    Returns
    -------
    labels : (k,) int
        Rising.
    centres : (k, 3) float, voxels
        Along slice, row and column. It lies outside a lesion that is bent far enough.

    Raises
    ------
    InputError
        If the array is no map of labels.
    """
    lesions = _label_map(labels)
    voxels = np.nonzero(lesions)
    names, index, sizes = np.unique(lesions[voxels], return_inverse=True, return_counts=True)
    sums = [np.bincount(index, axis, len(names)) for axis in voxels]
    return names, np.stack(sums, axis=1) / sizes[:, None]


def match_lesions(
    truth: np.ndarray, predicted: np.ndarray, settings: MatchingSettings | None = None
) -> LesionMatching:
    """Pair true lesions with those found, each with one at most.

    Of all ways to pair lesions that fit by the settings, the one with the largest sum of IoU is
    taken; above an IoU of 0.5 it is the only one [1]_.

    Parameters
    ----------
    truth, predicted : (S, R, C) int or bool
        Maps of labels, or masks that are split into 26-connected parts.
    settings : MatchingSettings or None
        The defaults if None.

    Returns
    -------
    LesionMatching

    Raises
    ------
    InputError
        If an array is neither mask nor map of labels, or their shapes differ.

    References
    ----------
    .. [1] Kirillov A, He K, Girshick R, Rother C, Dollár P. Panoptic segmentation. CVPR
       2019:9396-9405. doi:10.1109/CVPR.2019.00963 (section 4.1)
    """
    chosen = settings or MatchingSettings()
    true_map, found_map = _label_map(truth), _label_map(predicted)
    if true_map.shape != found_map.shape:
        raise GeometryError(
            f"both maps must be on one grid, got shapes {true_map.shape} and {found_map.shape}; "
            f"resample one like the other first"
        )
    true_names, found_names, common, true_sizes, found_sizes = _counts(true_map, found_map)
    iou = common / (true_sizes[:, None] + found_sizes - common)
    fits = iou > chosen.min_iou
    if chosen.criterion == "centre":
        voxels = np.rint(lesion_centres(found_map)[1]).astype(np.intp)
        fits = true_names[:, None] == true_map[tuple(voxels.T)]
    rows, columns = linear_sum_assignment(np.where(fits, iou + _TOUCH_ONLY, 0), maximize=True)
    kept = fits[rows, columns]
    rows, columns = rows[kept], columns[kept]
    pairs = tuple(
        _pair(true_names[i], found_names[j], true_sizes[i], found_sizes[j], common[i, j])
        for i, j in zip(rows, columns, strict=True)
    )
    return LesionMatching(
        pairs=pairs,
        missed=tuple(np.delete(true_names, rows).tolist()),
        false_positives=tuple(np.delete(found_names, columns).tolist()),
    )


def _counts(
    true_map: np.ndarray, found_map: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Labels of both maps, (k,) and (m,), their common voxels, (k, m), and their sizes."""
    used = (true_map > 0) | (found_map > 0)
    true_voxels, found_voxels = (one[used].astype(np.int64) for one in (true_map, found_map))
    true_names, true_index = np.unique(np.append(0, true_voxels), return_inverse=True)
    found_names, found_index = np.unique(np.append(0, found_voxels), return_inverse=True)
    cells = true_index[1:] * len(found_names) + found_index[1:]
    table = np.bincount(cells, minlength=len(true_names) * len(found_names))
    table = table.reshape(len(true_names), len(found_names))
    sizes = table.sum(axis=1)[1:], table.sum(axis=0)[1:]
    return true_names[1:], found_names[1:], table[1:, 1:], *sizes


def _pair(true_name: int, found_name: int, n_true: int, n_found: int, n_both: int) -> LesionPair:
    both = Overlap(int(n_true), int(n_found), int(n_both))
    return LesionPair(int(true_name), int(found_name), both.iou, both.dice)


def _label_map(labels: np.ndarray) -> np.ndarray:
    found = np.asarray(labels)
    if found.dtype == np.bool_:
        return label_lesions(found)
    if found.dtype.kind not in "ui" or found.ndim != 3 or (found.size and found.min() < 0):
        raise InputError(
            f"a mask or a map of labels (S, R, C) of 0 and up was needed, got shape {found.shape} "
            f"of {found.dtype}; number the lesions with label_lesions()"
        )
    return found


def _share(part: float, whole: float) -> float:
    return part / whole if whole else math.nan
