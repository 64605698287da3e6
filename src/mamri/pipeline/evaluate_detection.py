"""Marks against true lesions: FROC, AFROC and LROC with intervals."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from mamri.evaluation.bootstrap import BootstrapEstimate
from mamri.evaluation.detection import (
    FreeResponse,
    ImageMarks,
    LocalisationCurve,
    afroc_area,
    afroc_curve,
    bootstrap_free_response,
    competition_performance_metric,
    free_response,
    froc_curve,
    highest_marks,
    lesion_ratings,
    lroc_area,
    lroc_curve,
    sensitivity_at_false_marks,
)
from mamri.evaluation.estimate import Estimate
from mamri.evaluation.marks_in_mm import marks_near_lesions
from mamri.evaluation.plain_figures import Figures, interval_figure, rounded_list
from mamri.io.detection_tables import SearchedImage, read_searched_images
from mamri.io.evaluation_tables import CaseColumns
from mamri.pipeline.evaluation_document import evaluation_document
from mamri.records import InputError

RATES = (0.125, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0)  # false marks an image, as in LUNA16


@dataclass(frozen=True, slots=True)
class DetectionEvaluation:
    """Settings of an evaluation of marks.

    Parameters
    ----------
    within_mm : float, mm
        A mark hits within the radius of the lesion, or this distance if that is larger.
        Assumption: 5, what the centre of a small lesion is uncertain by.
    rates : tuple of float
        False marks an image at which sensitivity is told.
    bootstrap : int
        Samples of patients; 2000 are usual.
    seed : int
        Of the random numbers.
    """

    within_mm: float = 5.0
    rates: tuple[float, ...] = RATES
    bootstrap: int = 2000
    seed: int = 1

    def __post_init__(self) -> None:
        if not self.rates:
            raise InputError("a rate of false marks an image at least was needed, got none")


def evaluate_detection(
    lesions: Path, marks: Path, settings: DetectionEvaluation | None = None
) -> dict[str, Any]:
    """Measure marks by the lesions that they hit.

    Parameters
    ----------
    lesions, marks : Path
        As in `io.detection_tables`.
    settings : DetectionEvaluation, optional

    Returns
    -------
    dict of plain values
        As `evaluation_document` makes it: curves and figures with 95 % intervals by patient; what
        cannot be measured, as an AFROC without normal images, is None with the reason in
        ``not_measured``.

    Raises
    ------
    InputError
        As in `io.detection_tables.read_searched_images`, or if no image has a lesion.
    """
    settings = settings or DetectionEvaluation()
    images = read_searched_images(lesions, marks)
    data = free_response([_marked(image, settings.within_mm) for image in images])
    patients = np.array([image.patient for image in images])
    curve = froc_curve(data)
    figures, not_measured = _figures(data, patients, settings)
    return evaluation_document(
        "detection",
        CaseColumns(
            f"{lesions.name} and {marks.name}",
            tuple(image.name for image in images),
            tuple(image.patient for image in images),
            any(image.patient != image.name for image in images),
            {},
        ),
        settings={
            "within_mm": settings.within_mm,
            "false_marks_per_image": list(settings.rates),
            "bootstrap": settings.bootstrap,
            "seed": settings.seed,
        },
        figures={
            "images": data.n_images,
            "normal_images": int(np.sum([not image.centres_mm for image in images])),
            "lesions": len(data.lesion_image),
            "marks": len(data.scores),
            "false_marks": int(np.sum(data.mark_lesion < 0)),
            **figures,
            "not_measured": not_measured,
            "froc_curve": {
                "thresholds": rounded_list(curve.thresholds),
                "false_marks_per_image": rounded_list(curve.false_marks_per_image),
                "sensitivity": rounded_list(curve.sensitivity),
            },
            "afroc_curve": None if "afroc" in not_measured else _curve(afroc_curve(data)),
            "lroc_curve": (
                None if "lroc" in not_measured else _curve(lroc_curve(*highest_marks(data)))
            ),
            "per_lesion": _per_lesion(images, data),
        },
        methods=["marks", "froc", "afroc", "lroc", "bootstrap"],
    )


def _marked(image: SearchedImage, within_mm: float) -> ImageMarks:
    return marks_near_lesions(
        np.array(image.marks_mm).reshape(-1, 3),
        np.array(image.scores),
        np.array(image.centres_mm).reshape(-1, 3),
        np.array(image.radii_mm),
        within_mm=within_mm,
    )


def _figures(
    data: FreeResponse, patients: np.ndarray, settings: DetectionEvaluation
) -> tuple[Figures, dict[str, str]]:
    """Figures by name, and why others are not there."""
    wanted: dict[str, Callable[[FreeResponse], float]] = {
        **{
            f"sensitivity_at_{rate:g}": partial(
                sensitivity_at_false_marks, false_marks_per_image=rate
            )
            for rate in settings.rates
        },
        "mean_sensitivity": partial(competition_performance_metric, rates=settings.rates),
        "afroc": afroc_area,
        "weighted_afroc": partial(afroc_area, weighting="image"),
        "afroc_all_images": partial(afroc_area, false_marks_on="all"),
        "lroc": _lroc,
    }
    found: Figures = {}
    not_measured = {}
    for name, statistic in wanted.items():
        try:
            value = statistic(data)
        except InputError as error:
            found[name], not_measured[name] = None, str(error)
            continue
        found[name] = interval_figure(_interval(value, statistic, data, patients, settings))
    return found, not_measured


def _interval(
    value: float,
    statistic: Callable[[FreeResponse], float],
    data: FreeResponse,
    patients: np.ndarray,
    settings: DetectionEvaluation,
) -> Estimate | BootstrapEstimate:
    if np.unique(patients).size < 2:  # no interval from one patient
        return Estimate(value, math.nan, math.nan)
    return bootstrap_free_response(
        statistic, data, groups=patients, n=settings.bootstrap, seed=settings.seed
    )


def _lroc(data: FreeResponse) -> float:
    return lroc_area(*highest_marks(data))


def _curve(curve: LocalisationCurve) -> Figures:
    return {
        "false_positive_fraction": rounded_list(curve.false_positive_fraction),
        "localisation_fraction": rounded_list(curve.localisation_fraction),
    }


def _per_lesion(images: Sequence[SearchedImage], data: FreeResponse) -> list[dict[str, Any]]:
    """Best score of each lesion; None where no mark hits it."""
    best = rounded_list(lesion_ratings(data))
    places = [(image, k) for image in images for k in range(len(image.centres_mm))]
    return [
        {
            "image": image.name,
            **dict(zip(("x_mm", "y_mm", "z_mm"), image.centres_mm[k], strict=True)),
            "diameter_mm": 2 * image.radii_mm[k] or None,
            "score": score,
        }
        for (image, k), score in zip(places, best, strict=True)
    ]
