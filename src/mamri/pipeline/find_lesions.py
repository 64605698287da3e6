"""The lesions of an exam: outlines of a person, the model, or the classical way."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from mamri.findings import (
    detect_findings,
    detect_with_network,
    outlined_lesions,
    search_phases,
)
from mamri.io.find_model import find_model
from mamri.kinetics import can_compute
from mamri.kinetics.baseline import mean_of_phases
from mamri.pipeline.analysis_settings import AnalysisSettings
from mamri.pipeline.lesion_network import load_lesion_network
from mamri.records import (
    Anatomy,
    Caveat,
    DetectionMethod,
    DynamicSeries,
    KineticMaps,
    LabelMap,
    ModelUse,
    Provenance,
)


@dataclass(frozen=True, slots=True, eq=False)
class FoundLesions:
    """Lesions and how they were found.

    Parameters
    ----------
    labels : LabelMap
        Value = finding id.
    provenance : Provenance
    caveats : tuple of Caveat
    confidence : mapping of finding id to float
        Empty where no model gave one.
    models : tuple of ModelUse
    """

    labels: LabelMap
    provenance: Provenance
    caveats: tuple[Caveat, ...] = ()
    confidence: Mapping[int, float] = field(default_factory=dict)
    models: tuple[ModelUse, ...] = ()


def find_lesions(
    series: DynamicSeries,
    maps: KineticMaps,
    anatomy: Anatomy,
    vessels: np.ndarray,
    settings: AnalysisSettings,
    *,
    outlines: LabelMap | None = None,
) -> FoundLesions:
    """Find the lesions of an exam.

    Parameters
    ----------
    series : DynamicSeries
        In anatomical order, motion corrected.
    maps : KineticMaps
        Only its choice of the late phase is used.
    anatomy : Anatomy
    vessels : (S, R, C) bool
        For the classical way, which also completes the outlines of the model.
    settings : AnalysisSettings
    outlines : LabelMap, optional
        Lesions of a person; they replace detection.

    Returns
    -------
    FoundLesions

    Raises
    ------
    ModelError
        If the model is missing or damaged.
    """
    if outlines is not None:
        return FoundLesions(*outlined_lesions(outlines, series.phase(0)))
    is_searchable = can_compute(series) and bool(anatomy.breast.any())
    if settings.detection_method is DetectionMethod.CLASSICAL or not is_searchable:
        return FoundLesions(*detect_findings(series, maps, anatomy, vessels, settings.detection))
    model = find_model("lesion")
    network = load_lesion_network(model, settings.engine)
    chosen = search_phases(series, maps, settings.detection)
    before = mean_of_phases(series.array, range(series.n_pre))
    enhancing, _, _ = detect_findings(series, maps, anatomy, vessels, settings.detection)
    labels, confidence, provenance, caveats = detect_with_network(
        (before, series.array[chosen[0]], series.array[chosen[-1]]),
        anatomy,
        network,
        settings.learned_detection,
        enhancing=np.asarray(enhancing.array),
    )
    card = model.card
    use = ModelUse(card.name, card.version, model.sha256, card.licence, card.trained_on)
    return FoundLesions(labels, provenance, caveats, confidence, (use,))
