"""Crops of the findings of an exam, from what an analysis has at hand."""

import numpy as np
from scipy import ndimage

from mamri.findings import CropSettings, cut_crops
from mamri.geometry.resample import Interpolation, resample_like
from mamri.normalization.intensity_landmarks import measure_landmarks
from mamri.pipeline.enhancing_regions import EnhancingRegions
from mamri.pipeline.quantify import Quantified
from mamri.records import Anatomy, DynamicSeries, Exam, LesionCrop, Volume


def make_crops(
    exam: Exam,
    series: DynamicSeries,
    anatomy: Anatomy,
    regions: EnhancingRegions,
    found: Quantified,
    settings: CropSettings,
) -> tuple[LesionCrop, ...]:
    """Cut every finding out of the phases, the T2 image and the map of the ADC.

    Parameters
    ----------
    exam : Exam
        In anatomical order.
    series : DynamicSeries
        Motion corrected.
    anatomy : Anatomy
    regions : EnhancingRegions
    found : Quantified
    settings : CropSettings

    Returns
    -------
    tuple of LesionCrop
        Empty where no phase follows the injection, or none precedes it.
    """
    if not regions.phases or not series.n_pre:
        return ()
    phases = {
        "pre": series.n_pre - 1,
        "first_post": regions.phases[0],
        "late": regions.phases[-1],
    }
    images = {name: series.phase(number) for name, number in phases.items()}
    lesions = regions.lesions.array > 0
    breast = (anatomy.breast > 0) & ~anatomy.skin & ~lesions
    gland = anatomy.fibroglandular & breast
    # The border between fat and gland is both.
    fat = breast & ~ndimage.binary_dilation(anatomy.fibroglandular)
    if not breast.any():
        return ()
    landmarks = {
        "dynamic": measure_landmarks([i.array for i in images.values()], breast, gland, fat)
    }
    if exam.t2 is not None:
        carried = [
            resample_like(
                Volume(mask.astype(np.uint8), anatomy.affine),
                exam.t2,
                interpolation=Interpolation.NEAREST,
            ).array
            > 0
            for mask in (breast, gland, fat)
        ]
        if carried[0].any():
            images["t2"] = exam.t2
            landmarks["t2"] = measure_landmarks([exam.t2.array], *carried)
    if "adc" in found.maps:
        images["adc"] = found.maps["adc"]
    return cut_crops(found.findings, regions.lesions, images, landmarks, settings)
