"""The description of findings: what was measured, judged by limits, in the words of a lexicon.

A limit is not a fact of nature. Each stands in `DescriptionSettings` with where it comes from, and
travels with the result, so that a reader can check the number and disagree with the word.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from scipy import ndimage

from mamri.findings.descriptors import DescriptionLimits, Judgement, Looks, judge_looks
from mamri.findings.fluid_signal import FluidSettings, FluidSignal, fluid_signals
from mamri.findings.internal_measures import internal_measures
from mamri.findings.lesion_field import FieldSettings, LesionField, lesion_field
from mamri.findings.lexicon import DEFAULT_LEXICON, load_lexicon
from mamri.findings.relations import RelationSettings
from mamri.findings.spread_measures import SpreadMeasures, spread_measures
from mamri.findings.surface_measures import surface_measures
from mamri.geometry import spacing_mm, to_lps
from mamri.kinetics import subtraction
from mamri.records import (
    Anatomy,
    Description,
    DynamicSeries,
    Finding,
    GeometryError,
    LabelMap,
    Provenance,
    Volume,
)


@dataclass(frozen=True, slots=True)
class DescriptionSettings:
    """How findings are described.

    Parameters
    ----------
    lexicon : str
        File of words in ``mamri/findings/lexicons``.
    limits : DescriptionLimits
    scale : FieldSettings
    fluid : FluidSettings
    relations : RelationSettings
    around_mm : float, mm
        How far around a finding the image is looked at. Assumption: 15, so that the surroundings
        of the scale and the reach of spicules lie within.
    """

    lexicon: str = DEFAULT_LEXICON
    limits: DescriptionLimits = field(default_factory=DescriptionLimits)
    scale: FieldSettings = field(default_factory=FieldSettings)
    fluid: FluidSettings = field(default_factory=FluidSettings)
    relations: RelationSettings = field(default_factory=RelationSettings)
    around_mm: float = 15.0


DEFAULT_DESCRIPTION = DescriptionSettings()


def describe_findings(
    findings: tuple[Finding, ...],
    labels: LabelMap,
    series: DynamicSeries,
    phase: int,
    anatomy: Anatomy,
    *,
    vessels: np.ndarray,
    t2: Volume | None = None,
    settings: DescriptionSettings = DEFAULT_DESCRIPTION,
) -> tuple[Finding, ...]:
    """Describe every finding.

    Parameters
    ----------
    findings : tuple of Finding
        With size and place.
    labels : LabelMap
        Value = finding id.
    series : DynamicSeries
        Motion corrected, with a phase before contrast.
    phase : int
        Index of the phase near the peak whose rise shows the findings.
    anatomy : Anatomy
        On the grid of the series and the labels.
    vessels : (S, R, C) bool
    t2 : Volume, optional
        T2-weighted image on any grid, fat suppressed or not.
    settings : DescriptionSettings

    Returns
    -------
    tuple of Finding
        With their description.

    Raises
    ------
    GeometryError
        If labels, series, anatomy and vessels do not share one grid.
    """
    shapes = {labels.array.shape, series.array.shape[1:], anatomy.breast.shape, vessels.shape}
    if len(shapes) > 1:
        raise GeometryError(
            f"labels, series, anatomy and vessels must share one grid, got {sorted(shapes)}; "
            "resample them first with geometry.resample_like()"
        )
    fluids: Mapping[int, FluidSignal] = {}
    if t2 is not None and findings:
        fluids = fluid_signals(t2, labels, anatomy, settings.fluid)
    boxes = ndimage.find_objects(labels.array)
    described = []
    for finding in findings:
        box = boxes[finding.id - 1]
        looks = Looks(
            longest_mm=finding.diameters_mm[0],
            voxels_across=finding.diameters_mm[2] / max(spacing_mm(series.affine)),
            spread=_spread(finding, box, labels, anatomy),
            # Without T2 there is no signal at all, which is another reason than an unfit one.
            fluid=None if t2 is None else fluids.get(finding.id, FluidSignal()),
        )
        found = _field(finding.id, box, labels, series, phase, anatomy, vessels, settings)
        if found is not None:
            looks = replace(
                looks,
                noise=found.noise,
                surface=surface_measures(found),
                inside=internal_measures(found),
            )
        judged = judge_looks(looks, settings.limits)
        described.append(replace(finding, description=_in_words(judged, settings.lexicon)))
    return tuple(described)


def _spread(
    finding: Finding, box: tuple[slice, ...], labels: LabelMap, anatomy: Anatomy
) -> SpreadMeasures:
    mask = labels.array[box] == finding.id
    return spread_measures(mask, _affine_of(labels.affine, box), finding.side, anatomy)


def _affine_of(affine: np.ndarray, box: tuple[slice, ...]) -> np.ndarray:
    moved = np.array(affine)
    moved[:3, 3] = to_lps(affine, np.array([part.start for part in box]))
    return moved


def _field(
    number: int,
    box: tuple[slice, ...],
    labels: LabelMap,
    series: DynamicSeries,
    phase: int,
    anatomy: Anatomy,
    vessels: np.ndarray,
    settings: DescriptionSettings,
) -> LesionField | None:
    """The finding and what is around it, cut out and brought on its own scale."""
    width = spacing_mm(series.affine)
    margins = [int(np.ceil(settings.around_mm / mm)) for mm in width]
    large = tuple(
        slice(max(0, part.start - margin), part.stop + margin)
        for part, margin in zip(box, margins, strict=True)
    )
    mask = labels.array[large] == number
    others = (labels.array[large] > 0) | vessels[large] | anatomy.skin[large]
    others |= anatomy.breast[large] == 0
    cut = DynamicSeries(series.array[(slice(None), *large)], series.affine, series.times_s)
    rise = np.asarray(subtraction(cut, phase).array, np.float32)
    return lesion_field(np.nan_to_num(rise), mask, others & ~mask, width, settings.scale)


def _in_words(judged: Mapping[str, Judgement], name: str) -> Description:
    lexicon = load_lexicon(name)
    return Description(
        **{descriptor: lexicon.word(descriptor, j.code) for descriptor, j in judged.items()},
        reasons={descriptor: j.reason for descriptor, j in judged.items() if j.reason},
        measures=tuple(measure for j in judged.values() for measure in j.measures),
        lexicon=lexicon.title,
    )


def description_provenance(settings: DescriptionSettings) -> Provenance:
    """What was done, for the methods paragraph."""
    limits = settings.limits
    lexicon = load_lexicon(settings.lexicon)
    return Provenance(
        step="description",
        method=(
            "Findings were described in the terms of " + lexicon.name + ": type, shape, margin and "
            "internal enhancement from the rise of the signal, resampled to even steps and scaled "
            "between its surroundings and the finding; T2 signal and oedema, where there was a "
            "T2-weighted image, against fibroglandular tissue and fat of the same breast. Limits "
            "were chosen on simulated lesions where no published ones exist; each stands with the "
            "number it judged."
        ),
        settings={
            "lexicon": lexicon.title,
            "step_mm": settings.scale.step_mm,
            "focus_mm": limits.focus_mm,
            "non_mass_relief": limits.non_mass_relief,
            "rim_ratio": limits.rim_ratio,
        },
        references=(
            "American College of Radiology. ACR BI-RADS Atlas, Breast Imaging Reporting and Data "
            "System, 5th edition. Reston, VA: American College of Radiology; 2013.",
        ),
    )
