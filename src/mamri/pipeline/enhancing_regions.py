"""What enhances: vessels, lesions, maps and projections of the subtraction."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from mamri.findings import outlined_lesions, search_phases
from mamri.kinetics import can_compute, subtraction, subtraction_projections
from mamri.pipeline.analysis_settings import AnalysisSettings
from mamri.pipeline.find_lesions import find_lesions
from mamri.pipeline.step_clock import StepClock
from mamri.records import (
    Anatomy,
    Caveat,
    DynamicSeries,
    KineticMaps,
    LabelMap,
    ModelUse,
    Provenance,
    Volume,
)
from mamri.segmentation import segment_vessels


@dataclass(frozen=True, slots=True, eq=False)
class EnhancingRegions:
    """What was found in the phases after contrast; empty where there are none to compare.

    Parameters
    ----------
    vessels : (S, R, C) bool
    lesions : LabelMap
        Value = finding id.
    maps : mapping of str to Volume
        Kinetic maps and subtractions.
    mips : mapping of str to (rows, columns) array
    caveats : tuple of Caveat
    provenance : tuple of Provenance
    phases : tuple of int
        Phase in which lesions are looked for first, and the late one where there is another.
    confidence : mapping of finding id to float
    models : tuple of ModelUse
    """

    vessels: np.ndarray
    lesions: LabelMap
    maps: Mapping[str, Volume]
    mips: Mapping[str, np.ndarray]
    caveats: tuple[Caveat, ...]
    provenance: tuple[Provenance, ...]
    phases: tuple[int, ...] = ()
    confidence: Mapping[int, float] = field(default_factory=dict)
    models: tuple[ModelUse, ...] = ()


def find_enhancing_regions(
    series: DynamicSeries,
    maps: KineticMaps,
    anatomy: Anatomy,
    settings: AnalysisSettings,
    step: StepClock,
    *,
    outlines: LabelMap | None = None,
) -> EnhancingRegions:
    """Find vessels and lesions, and keep what shows them.

    Parameters
    ----------
    series : DynamicSeries
        Motion corrected, in anatomical order.
    maps : KineticMaps
    anatomy : Anatomy
    settings : AnalysisSettings
    step : StepClock
    outlines : LabelMap, optional
        Lesions of a person, on any grid; they replace detection.

    Returns
    -------
    EnhancingRegions
        With the one reason in a caveat where nothing dynamic can be computed.
    """
    if not can_compute(series):
        return _still(series, anatomy, outlines)
    with step("vessels"):
        phases = search_phases(series, maps, settings.detection)
        enhancement = subtraction(series, phases[0], settings.kinetics)
        vessels = segment_vessels(
            enhancement.array, anatomy.breast, anatomy.affine, settings.vessels
        )
    with step("detection"):
        found = find_lesions(series, maps, anatomy, vessels, settings, outlines=outlines)
    with step("projections"):
        volumes = _map_volumes(series, maps, settings)
        mips = subtraction_projections(enhancement, anatomy.breast)
    return EnhancingRegions(
        vessels,
        found.labels,
        volumes,
        mips,
        found.caveats,
        (found.provenance,),
        phases,
        found.confidence,
        found.models,
    )


def _still(series: DynamicSeries, anatomy: Anatomy, outlines: LabelMap | None) -> EnhancingRegions:
    """Nothing but what a person outlined, and why."""
    none = np.zeros(anatomy.breast.shape, np.uint16)
    vessels = none.astype(bool) if anatomy.vessels is None else anatomy.vessels
    caveats = (_not_dynamic(series),)
    if outlines is None:
        return EnhancingRegions(vessels, LabelMap(none, anatomy.affine), {}, {}, caveats, ())
    lesions, provenance = outlined_lesions(outlines, series.phase(0))
    return EnhancingRegions(vessels, lesions, {}, {}, caveats, (provenance,))


def _map_volumes(
    series: DynamicSeries, maps: KineticMaps, settings: AnalysisSettings
) -> dict[str, Volume]:
    """Kinetic maps that were computed, and the subtraction of every post-contrast phase."""
    volumes = {name.removesuffix("_s"): volume for name, volume in maps.volumes().items()}
    for number, phase in enumerate(range(series.n_pre, series.n_phases), start=1):
        volumes[f"subtraction_{number:02d}"] = subtraction(series, phase, settings.kinetics)
    return volumes


def _not_dynamic(series: DynamicSeries) -> Caveat:
    """The one reason why nothing dynamic was computed; stands for those of the kinetics."""
    if series.n_phases == 1:
        code, lack = "single_phase", "has one T1-weighted phase"
    elif series.n_pre == 0:
        code, lack = "no_pre_contrast_phase", "has no phase at or before the injection"
    else:
        code, lack = "no_post_contrast_phase", "has no phase after the injection"
    return Caveat(
        code,
        f"The exam {lack}: enhancement, curves, subtractions and findings could not be computed; "
        "breasts and fibroglandular tissue were.",
    )
