"""Free-response analysis: how well marks with scores find lesions, when an image has any number.

An image is what one reads at a time, a breast or an exam, with no lesion (normal) or several. A
mark hits one lesion or none; then it is false. Only the best mark of a lesion counts, and further
ones on it are neither hits nor false. A lesion without a mark, and an image without a false one,
has the score minus infinity.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.spatial import cKDTree

from mamri.evaluation.bootstrap import BootstrapEstimate, bootstrap_interval
from mamri.evaluation.cases import label_list
from mamri.evaluation.overlap import checked_spacing
from mamri.records import InputError
from mamri.records.volume import read_only

_LUNA_RATES = (0.125, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0)
_ROUNDING = 1e-12  # a rate of 1/8 is met by one false mark in eight images in spite of rounding

Weighting = Literal["lesion", "image"]
FalseMarksOn = Literal["normal", "all"]


@dataclass(frozen=True, slots=True, eq=False)
class FreeResponse:
    """Marks and lesions of a set of images.

    Parameters
    ----------
    n_images : int
        Normal ones included.
    lesion_image : (k,) int
        Image of each true lesion, 0 to n_images - 1.
    scores : (m,) float
        Of each mark; higher speaks for a lesion.
    mark_image : (m,) int
        Image of each mark.
    mark_lesion : (m,) int
        Lesion that each mark hits, an index of `lesion_image`; -1 if false.
    lesion_weight : (k,) float or None
        Importance of each lesion against the others of its image, above 0; alike if None.

    Raises
    ------
    InputError
        If lengths differ, a number is out of range, or a mark hits a lesion of another image.
    """

    n_images: int
    lesion_image: np.ndarray
    scores: np.ndarray
    mark_image: np.ndarray
    mark_lesion: np.ndarray
    lesion_weight: np.ndarray | None = None

    def __post_init__(self) -> None:
        for name in ("lesion_image", "mark_image", "mark_lesion"):
            object.__setattr__(self, name, read_only(np.asarray(getattr(self, name), np.intp)))
        for name in ("scores", "lesion_weight"):
            if getattr(self, name) is not None:
                values = np.asarray(getattr(self, name), np.float64)
                object.__setattr__(self, name, read_only(values))
        _check(self)


@dataclass(frozen=True, slots=True, eq=False)
class FrocCurve:
    """Sensitivity against false marks, from the strictest threshold to the laxest.

    Parameters
    ----------
    thresholds : (p,) float
        Falling; the first is infinite, where no mark counts.
    false_marks_per_image, sensitivity : (p,) float
        Mean over all images, and share of lesions.
    """

    thresholds: np.ndarray
    false_marks_per_image: np.ndarray
    sensitivity: np.ndarray

    def __post_init__(self) -> None:
        for name in ("thresholds", "false_marks_per_image", "sensitivity"):
            object.__setattr__(self, name, read_only(getattr(self, name)))


@dataclass(frozen=True, slots=True, eq=False)
class LocalisationCurve:
    """Lesions localised against images with a false alarm: an AFROC or LROC curve.

    Parameters
    ----------
    thresholds : (p,) float
        Falling, from infinity. For AFROC to minus infinity, the point (1, 1).
    false_positive_fraction : (p,) float
        Share of images.
    localisation_fraction : (p,) float
        Share, or weighted share, of lesions; for LROC of images with a lesion.
    """

    thresholds: np.ndarray
    false_positive_fraction: np.ndarray
    localisation_fraction: np.ndarray

    def __post_init__(self) -> None:
        for name in ("thresholds", "false_positive_fraction", "localisation_fraction"):
            object.__setattr__(self, name, read_only(getattr(self, name)))


@dataclass(frozen=True, slots=True, eq=False)
class ImageMarks:
    """Marks and lesions of one image.

    Parameters
    ----------
    scores : (m,) float
    lesion : (m,) int
        Number of the lesion hit, 0 to n_lesions - 1; -1 if false.
    n_lesions : int
    """

    scores: np.ndarray
    lesion: np.ndarray
    n_lesions: int

    def __post_init__(self) -> None:
        for name in ("scores", "lesion"):
            object.__setattr__(self, name, read_only(getattr(self, name)))


def froc_curve(data: FreeResponse) -> FrocCurve:
    """Free-response ROC curve: sensitivity by lesion against mean false marks an image [1]_.

    Parameters
    ----------
    data : FreeResponse

    Returns
    -------
    FrocCurve
        From (0, 0); it ends where the marks do.

    Raises
    ------
    InputError
        If there is no lesion.

    References
    ----------
    .. [1] Chakraborty DP, Berbaum KS. Observer studies involving detection and localization:
       modeling, analysis, and validation. Med Phys 2004;31:2313-2330. doi:10.1118/1.1769352
    """
    _need_lesions(data)
    thresholds = np.append(np.inf, np.unique(data.scores)[::-1])
    false_marks = data.scores[data.mark_lesion < 0]
    return FrocCurve(
        thresholds,
        _count_from(false_marks, thresholds) / data.n_images,
        _count_from(lesion_ratings(data), thresholds) / len(data.lesion_image),
    )


def sensitivity_at_false_marks(data: FreeResponse, false_marks_per_image: float) -> float:
    """Highest sensitivity among the thresholds that keep a rate of false marks.

    Only thresholds that exist count; LUNA16 interpolates between them instead.

    Parameters
    ----------
    data : FreeResponse
    false_marks_per_image : float
        Mean over all images, at most.

    Returns
    -------
    float

    Raises
    ------
    InputError
        If there is no lesion, or the rate is below 0 or NaN.
    """
    if not false_marks_per_image >= 0:
        raise InputError(
            f"a rate of 0 false marks an image or more was needed, got {false_marks_per_image}; "
            f"1/8 to 8 are usual"
        )
    curve = froc_curve(data)
    kept = curve.false_marks_per_image <= false_marks_per_image + _ROUNDING
    return float(curve.sensitivity[kept][-1])


def competition_performance_metric(
    data: FreeResponse, rates: Sequence[float] = _LUNA_RATES
) -> float:
    """CPM: mean sensitivity at 1/8, 1/4, 1/2, 1, 2, 4 and 8 false marks an image [1]_ [2]_.

    Parameters
    ----------
    data : FreeResponse
    rates : sequence of float
        False marks an image.

    Returns
    -------
    float

    Raises
    ------
    InputError
        As in `sensitivity_at_false_marks`.

    References
    ----------
    .. [1] Niemeijer M, Loog M, Abràmoff MD, Viergever MA, Prokop M, van Ginneken B. On combining
       computer-aided detection systems. IEEE Trans Med Imaging 2011;30:215-223.
       doi:10.1109/TMI.2010.2072789
    .. [2] Setio AAA et al. Validation, comparison, and combination of algorithms for automatic
       detection of pulmonary nodules in computed tomography images: the LUNA16 challenge. Med
       Image Anal 2017;42:1-13. doi:10.1016/j.media.2017.06.015
    """
    return float(np.mean([sensitivity_at_false_marks(data, rate) for rate in rates]))


def afroc_curve(
    data: FreeResponse, *, weighting: Weighting = "lesion", false_marks_on: FalseMarksOn = "normal"
) -> LocalisationCurve:
    """Alternative FROC curve: lesions localised against images whose highest false mark is as high.

    Parameters
    ----------
    data : FreeResponse
    weighting, false_marks_on
        As in `afroc_area`.

    Returns
    -------
    LocalisationCurve
        From (0, 0) to (1, 1), with a straight line from the laxest mark on.

    Raises
    ------
    InputError
        As in `afroc_area`.
    """
    ratings, weights, false_ratings = _afroc_parts(data, weighting, false_marks_on)
    thresholds = np.concatenate([[np.inf], np.unique(data.scores)[::-1], [-np.inf]])
    found = (ratings >= thresholds[:, None]) @ weights
    return LocalisationCurve(
        thresholds, _count_from(false_ratings, thresholds) / len(false_ratings), found
    )


def afroc_area(
    data: FreeResponse, *, weighting: Weighting = "lesion", false_marks_on: FalseMarksOn = "normal"
) -> float:
    """Area under the AFROC curve, the JAFROC figure of merit theta.

    ``sum over images i and lesions j of w_j psi(X_i, Y_j) / n``, with the highest false score X_i
    of each of n normal images, the best score Y_j of each lesion, and psi 1 where ``Y > X``, 1/2
    where equal (unmarked against unmarked too), 0 below [1]_. An observer who marks nothing gets
    1/2; chance is 0, not 1/2.

    Parameters
    ----------
    data : FreeResponse
    weighting : {"lesion", "image"}
        Every lesion the same, or every image with lesions, its own sharing by `lesion_weight`: the
        weighted AFROC, where an image of many lesions counts no more than one of one.
    false_marks_on : {"normal", "all"}
        Images whose false marks count. All is JAFROC1, for sets with few normal images.

    Returns
    -------
    float

    Raises
    ------
    InputError
        If there is no lesion, no such image, or a setting is unknown.

    References
    ----------
    .. [1] Chakraborty DP, Berbaum KS. Observer studies involving detection and localization:
       modeling, analysis, and validation. Med Phys 2004;31:2313-2330. doi:10.1118/1.1769352

    Examples
    --------
    >>> data = FreeResponse(2, [1, 1], [0.9, 0.5], [1, 0], [0, -1])  # one of two lesions is marked
    >>> afroc_area(data)
    0.5
    """
    ratings, weights, false_ratings = _afroc_parts(data, weighting, false_marks_on)
    rising = np.sort(false_ratings)
    beaten = sum(np.searchsorted(rising, ratings, side=side) for side in ("left", "right"))
    return float(weights @ beaten / (2 * len(rising)))


def lroc_curve(
    has_lesion: np.ndarray, ratings: np.ndarray, is_correct: np.ndarray
) -> LocalisationCurve:
    """Localisation ROC curve of one mark an image.

    Parameters
    ----------
    has_lesion, ratings, is_correct
        As in `lroc_area`.

    Returns
    -------
    LocalisationCurve
        From (0, 0) to the share of images localised, at 1.

    Raises
    ------
    InputError
        As in `lroc_area`.
    """
    truth, values, correct = _lroc_cases(has_lesion, ratings, is_correct)
    thresholds = np.append(np.inf, np.unique(values)[::-1])
    return LocalisationCurve(
        thresholds,
        _count_from(values[~truth], thresholds) / np.count_nonzero(~truth),
        _count_from(values[correct], thresholds) / np.count_nonzero(truth),
    )


def lroc_area(has_lesion: np.ndarray, ratings: np.ndarray, is_correct: np.ndarray) -> float:
    """Area under the LROC curve [1]_.

    The share of pairs of an image with and one without a lesion in which the former is rated higher
    and its lesion localised; ties count half. Pointing at random places gives far below 1/2.

    Parameters
    ----------
    has_lesion : (n,) bool
    ratings : (n,) float
        Of the one mark of each image; minus infinity if there is none.
    is_correct : (n,) bool
        Whether it hits a lesion; False where there is none.

    Returns
    -------
    float

    Raises
    ------
    InputError
        If one kind of image is missing, a rating is NaN, a mark is correct without a lesion, or
        lengths differ.

    References
    ----------
    .. [1] Swensson RG. Unified measurement of observer performance in detecting and localizing
       target objects on images. Med Phys 1996;23:1709-1725. doi:10.1118/1.597758
    """
    truth, values, correct = _lroc_cases(has_lesion, ratings, is_correct)
    rising = np.sort(values[~truth])
    beaten = sum(np.searchsorted(rising, values[correct], side=side) for side in ("left", "right"))
    return float(np.sum(beaten) / (2 * len(rising) * np.count_nonzero(truth)))


def highest_marks(data: FreeResponse) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The one mark of each image that an LROC analysis takes: the highest.

    Parameters
    ----------
    data : FreeResponse

    Returns
    -------
    has_lesion : (n_images,) bool
    ratings : (n_images,) float
    is_correct : (n_images,) bool
        False where a false mark is as high as the best hit.
    """
    hits = np.full(data.n_images, -np.inf)
    np.maximum.at(hits, data.lesion_image, lesion_ratings(data))
    false_marks = false_mark_ratings(data)
    return _has_lesion(data), np.maximum(hits, false_marks), hits > false_marks


def lesion_ratings(data: FreeResponse) -> np.ndarray:
    """Best score on each lesion.

    Parameters
    ----------
    data : FreeResponse

    Returns
    -------
    (k,) float
        Minus infinity where unmarked.
    """
    ratings = np.full(len(data.lesion_image), -np.inf)
    hits = data.mark_lesion >= 0
    np.maximum.at(ratings, data.mark_lesion[hits], data.scores[hits])
    return ratings


def false_mark_ratings(data: FreeResponse) -> np.ndarray:
    """Highest score of a false mark on each image.

    Parameters
    ----------
    data : FreeResponse

    Returns
    -------
    (n_images,) float
        Minus infinity where there is none.
    """
    ratings = np.full(data.n_images, -np.inf)
    false = data.mark_lesion < 0
    np.maximum.at(ratings, data.mark_image[false], data.scores[false])
    return ratings


def bootstrap_free_response(
    statistic: Callable[[FreeResponse], float],
    data: FreeResponse,
    *,
    groups: np.ndarray | None = None,
    n: int = 2000,
    seed: int = 0,
    level: float = 0.95,
) -> BootstrapEstimate:
    """Percentile interval of any figure of merit, drawing whole patients with all their images.

    Parameters
    ----------
    statistic : callable
        Such as `afroc_area`. `InputError` on a sample, such as no normal image, means undefined.
    data : FreeResponse
    groups : (n_images,) of any one type, or None
        Patient of each image; each image is drawn by itself if None.
    n : int
        Samples.
    seed : int
    level : float
        Of the interval.

    Returns
    -------
    BootstrapEstimate

    Raises
    ------
    InputError
        As in `bootstrap_interval`.
    """
    return bootstrap_interval(
        lambda images: statistic(draw_images(data, images)),
        [np.arange(data.n_images)],
        groups=groups,
        n=n,
        seed=seed,
        level=level,
    )


def draw_images(data: FreeResponse, images: np.ndarray) -> FreeResponse:
    """Some images with their lesions and marks; one drawn twice is two images.

    Parameters
    ----------
    data : FreeResponse
    images : (j,) int
        Of 0 to n_images - 1.

    Returns
    -------
    FreeResponse
    """
    lesions, of_lesion = _members(data.lesion_image, images, data.n_images)
    marks, of_mark = _members(data.mark_image, images, data.n_images)
    # Within an image lesions keep their order: a lesion's place plus where the image's start.
    order = np.argsort(data.lesion_image, kind="stable")
    place = np.empty(len(order), np.intp)
    place[order] = np.arange(len(order))
    place -= np.searchsorted(data.lesion_image[order], data.lesion_image)
    starts = np.searchsorted(of_lesion, np.arange(len(images)))
    hit = data.mark_lesion[marks]
    moved = np.full(len(marks), -1)
    moved[hit >= 0] = place[hit[hit >= 0]] + starts[of_mark[hit >= 0]]
    weight = None if data.lesion_weight is None else data.lesion_weight[lesions]
    return FreeResponse(len(images), of_lesion, data.scores[marks], of_mark, moved, weight)


def marks_of_image(
    centres: np.ndarray,
    scores: np.ndarray,
    lesions: np.ndarray,
    spacing_mm: tuple[float, float, float],
    *,
    within_mm: float = 0.0,
) -> ImageMarks:
    """Tell which lesion each candidate of an image hits.

    A candidate hits the lesion its centre lies in, else the nearest with a voxel whose centre is
    within a distance.

    Parameters
    ----------
    centres : (m, 3) float, voxels
        Along slice, row and column; such as those of `lesion_centres`.
    scores : (m,) float
    lesions : (S, R, C) int
        Map of true lesions, 0 being background; see `label_lesions`.
    spacing_mm : (3,) float, mm
    within_mm : float, mm
        0 asks for a centre inside the lesion.

    Returns
    -------
    ImageMarks
        Lesions numbered in the order of their labels.

    Raises
    ------
    InputError
        If shapes do not fit, a number is not finite, or a distance or spacing is out of range.
    """
    spacing = checked_spacing(spacing_mm)
    points, labels = np.asarray(centres, np.float64).reshape(-1, 3), np.asarray(lesions)
    values = np.asarray(scores, np.float64)
    if values.shape != (len(points),) or labels.ndim != 3 or labels.dtype.kind not in "ui":
        raise InputError(
            f"a score for each centre and a map of labels (S, R, C) were needed, got {len(points)} "
            f"centres, scores {values.shape}, and {labels.shape} of {labels.dtype}; number the "
            f"lesions with label_lesions()"
        )
    if not (np.isfinite(points).all() and 0 <= within_mm < math.inf):
        raise InputError(
            f"finite centres and a distance of 0 mm or more were needed, got {within_mm} mm; leave "
            f"candidates without a centre out"
        )
    voxels = np.argwhere(labels > 0)
    if len(voxels) == 0:
        return ImageMarks(values, np.full(len(points), -1), 0)
    names, number = np.unique(labels[tuple(voxels.T)], return_inverse=True)
    distance, nearest = cKDTree(voxels * spacing).query(points * spacing)
    # The nearest voxel centre is that of the voxel the point lies in, if a lesion has that voxel.
    inside = np.all(np.abs(points - voxels[nearest]) <= 0.5, axis=1)
    return ImageMarks(
        values, np.where(inside | (distance <= within_mm), number[nearest], -1), len(names)
    )


def free_response(images: Sequence[ImageMarks]) -> FreeResponse:
    """Put the marks of many images together.

    Parameters
    ----------
    images : sequence of ImageMarks

    Returns
    -------
    FreeResponse

    Raises
    ------
    InputError
        If there is no image, or as in `FreeResponse`.
    """
    if not images:
        raise InputError("marks of an image at least were needed, got none; give each image's")
    counts = [one.n_lesions for one in images]
    starts = np.cumsum([0, *counts[:-1]])
    hits = [np.where(i.lesion >= 0, i.lesion + s, -1) for i, s in zip(images, starts, strict=True)]
    return FreeResponse(
        n_images=len(images),
        lesion_image=np.repeat(np.arange(len(images)), counts),
        scores=np.concatenate([one.scores for one in images]),
        mark_image=np.repeat(np.arange(len(images)), [len(one.scores) for one in images]),
        mark_lesion=np.concatenate(hits),
    )


def _members(owner: np.ndarray, images: np.ndarray, n_images: int) -> tuple[np.ndarray, np.ndarray]:
    """Indices of what belongs to the images drawn, in their order, and which draw each is of."""
    order = np.argsort(owner, kind="stable")
    counts = np.bincount(owner, minlength=n_images)
    starts = np.cumsum(counts) - counts
    drawn = np.repeat(np.arange(len(images)), counts[images])
    first = np.cumsum(counts[images]) - counts[images]
    within = np.arange(len(drawn)) - first[drawn]
    return order[starts[images][drawn] + within], drawn


def _count_from(values: np.ndarray, thresholds: np.ndarray) -> np.ndarray:
    """How many values are at or above each threshold."""
    return len(values) - np.searchsorted(np.sort(values), thresholds, side="left")


def _has_lesion(data: FreeResponse) -> np.ndarray:
    return np.bincount(data.lesion_image, minlength=data.n_images) > 0


def _need_lesions(data: FreeResponse) -> None:
    if len(data.lesion_image) == 0:
        raise InputError(
            f"a lesion at least was needed, got none in {data.n_images} images; sensitivity needs "
            f"images with lesions"
        )


def _afroc_parts(
    data: FreeResponse, weighting: Weighting, false_marks_on: FalseMarksOn
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Best score of each lesion, its weight (their sum is 1), highest false scores of images."""
    if weighting not in ("lesion", "image") or false_marks_on not in ("normal", "all"):
        raise InputError(
            f"weighting 'lesion' or 'image' and false marks on 'normal' or 'all' images were "
            f"needed, got {weighting!r} and {false_marks_on!r}; the defaults are JAFROC's"
        )
    _need_lesions(data)
    has_lesion = _has_lesion(data)
    false_ratings = false_mark_ratings(data)[~has_lesion | (false_marks_on == "all")]
    if len(false_ratings) == 0:
        raise InputError(
            f"a normal image at least was needed, got none of {data.n_images}; take the "
            f"false marks of all images"
        )
    n_lesions = len(data.lesion_image)
    weights = np.full(n_lesions, 1 / n_lesions)
    if weighting == "image":
        own = np.ones(n_lesions) if data.lesion_weight is None else data.lesion_weight
        total = np.bincount(data.lesion_image, own, data.n_images)
        weights = own / total[data.lesion_image] / np.count_nonzero(has_lesion)
    return lesion_ratings(data), weights, false_ratings


def _lroc_cases(
    has_lesion: np.ndarray, ratings: np.ndarray, is_correct: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    truth = label_list(has_lesion, name="presence of a lesion")
    correct = label_list(is_correct, name="correctness of a mark")
    values = np.asarray(ratings, np.float64)
    if not (truth.shape == correct.shape == values.shape) or np.isnan(values).any():
        raise InputError(
            f"a rating and its correctness for each image were needed, got {truth.shape}, "
            f"{values.shape} and {correct.shape}, or NaN; an image without a mark is rated -inf"
        )
    correct_wrongly = int(np.count_nonzero(correct & (~truth | (values == -np.inf))))
    if truth.all() or not truth.any() or correct_wrongly:
        raise InputError(
            f"images with and without a lesion, and marks correct only where there are both, were "
            f"needed, got {np.count_nonzero(truth)} of {len(truth)} with one and {correct_wrongly} "
            f"correct without lesion or mark; take highest_marks()"
        )
    return truth, values, correct


def _check(data: FreeResponse) -> None:
    lists = [data.lesion_image, data.scores, data.mark_image, data.mark_lesion]
    weight = data.lesion_weight
    lengths = [len(one) if one.ndim == 1 else -1 for one in lists]
    is_alike = -1 not in lengths and len(set(lengths[1:])) == 1
    if not is_alike or (weight is not None and weight.shape != data.lesion_image.shape):
        raise InputError(
            f"scores, images and lesions of the same marks were needed, and weights of the "
            f"lesions, got {[one.shape for one in lists]}; give one of each to a mark"
        )
    images = np.concatenate([data.lesion_image, data.mark_image, [0]])
    lesions = np.append(data.mark_lesion, -1)
    if images.min() < 0 or images.max() >= data.n_images or lesions.min() < -1:
        raise InputError(
            f"images from 0 to {data.n_images - 1} and lesions from -1 were needed, got "
            f"{images.min()} to {images.max()} and {lesions.min()}; number both from 0"
        )
    if not np.isfinite(data.scores).all() or not (weight is None or np.all(weight > 0)):
        n_bad = int(np.count_nonzero(~np.isfinite(data.scores)))
        raise InputError(
            f"finite scores and weights above 0 were needed, got {n_bad} scores that are not "
            f"finite, or weights that are not above 0; leave out what is not scored"
        )
    hit = lesions[lesions >= 0]
    if len(hit) and hit.max() >= len(data.lesion_image):
        raise InputError(
            f"lesions up to {len(data.lesion_image) - 1} were needed, got {hit.max()}; number them "
            f"from 0"
        )
    if np.any(data.lesion_image[hit] != data.mark_image[data.mark_lesion >= 0]):
        raise InputError(
            "a mark must hit a lesion of its own image, got one that does not; compare the images "
            "of marks and lesions"
        )
