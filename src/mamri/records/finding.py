"""Enhancing lesions as findings, in the words of BI-RADS."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np

from mamri.records.caveat import Status
from mamri.records.description import UNDETERMINED, Description, FindingRelation
from mamri.records.diffusion import FindingDiffusion
from mamri.records.laterality import Laterality
from mamri.records.perfusion import FindingPerfusion
from mamri.records.radiomics import FindingRadiomics
from mamri.records.volume import read_only


class DetectionMethod(StrEnum):
    """How lesions are found."""

    MODEL = "model"
    CLASSICAL = "classical"


class InitialPhase(StrEnum):
    """Initial enhancement, BI-RADS MRI."""

    SLOW = "slow"
    MEDIUM = "medium"
    FAST = "fast"


class DelayedPhase(StrEnum):
    """Delayed enhancement, BI-RADS MRI (curve types 1, 2 and 3)."""

    PERSISTENT = "persistent"
    PLATEAU = "plateau"
    WASHOUT = "washout"


@dataclass(frozen=True, slots=True, eq=False)
class FindingKinetics:
    """How a finding enhances.

    Parameters
    ----------
    times_s : (T,) float, s from injection
    mean_signal : (T,) float, a.u.
        Mean over the finding.
    sd_signal : (T,) float, a.u.
        Standard deviation over the voxels of the finding.
    initial : InitialPhase or None
        Of the worst (most suspicious) 3x3x3 neighbourhood; None where undefined.
    delayed : DelayedPhase or None
        Of the same neighbourhood.
    worst_signal : (T,) float, a.u.
        Mean signal of that neighbourhood; NaN where undefined.
    worst_centre_mm_lps : (x, y, z), mm
        Its centre.
    peak_enhancement_percent : float, %
        Highest percent enhancement of the mean curve.
    ser_mean : float
        Mean signal enhancement ratio over the finding; NaN where undefined.
    washout_fraction : float
        Share of the finding's voxels with wash-out, 0 to 1; NaN where undefined.
    ftv_ml : float, ml
        Functional tumor volume inside the finding's surroundings; NaN where undefined.
    """

    times_s: np.ndarray
    mean_signal: np.ndarray
    sd_signal: np.ndarray
    initial: InitialPhase | None
    delayed: DelayedPhase | None
    worst_signal: np.ndarray
    worst_centre_mm_lps: tuple[float, float, float] | None
    peak_enhancement_percent: float
    ser_mean: float
    washout_fraction: float
    ftv_ml: float

    def __post_init__(self) -> None:
        for name in ("times_s", "mean_signal", "sd_signal", "worst_signal"):
            object.__setattr__(self, name, read_only(np.asarray(getattr(self, name), float)))


# In the evidence of an assessment whose model never saw a patient.
ALL_SIMULATED = "all simulated"


@dataclass(frozen=True, slots=True)
class Assessment:
    """One answer to one question, with its doubt.

    Parameters
    ----------
    target : str
        The question, e.g. ``kaiser_score``.
    value : str, float, int or None
        None where it could not be answered.
    unit : str
    interval : (low, high) or None
    model : str
        Rule or model that answered.
    evidence : str
        What it rests on, in a sentence.
    status : Status
    """

    target: str
    value: str | float | int | None
    unit: str
    interval: tuple[float, float] | None
    model: str
    evidence: str
    status: Status


@dataclass(frozen=True, slots=True, eq=False)
class Finding:
    """One enhancing region.

    Parameters
    ----------
    id : int
        Value in the lesion mask, from 1, most conspicuous first.
    side : Laterality
    quadrant : str
        ``upper outer``, ``upper inner``, ``lower outer``, ``lower inner`` or ``central``.
    clock_face : str
        ``1`` to ``12`` (o'clock, facing the patient) or ``central``.
    centroid_mm_lps : (x, y, z), mm
    bounding_box_mm_lps : ((x, y, z) lowest, (x, y, z) highest), mm
    volume_ml : float, ml
    diameters_mm : (longest, second, third), mm
    confidence : float or None
        None where no calibrated model gave one.
    distance_mm : mapping of ``skin``, ``nipple``, ``chest_wall`` to float, mm
        Shortest distance from the finding's edge; NaN where unknown.
    kinetics : FindingKinetics
    description : Description
    assessments : tuple of Assessment
    perfusion : FindingPerfusion or None
        None where pharmacokinetics were not looked at.
    diffusion : FindingDiffusion or None
        None where the exam has no diffusion-weighted series.
    radiomics : FindingRadiomics or None
        None where radiomics was not asked for.
    depth : str
        ``anterior``, ``middle`` or ``posterior`` third of the way from nipple to chest wall.
    relation : FindingRelation
        To the other findings of its breast.
    """

    id: int
    side: Laterality
    quadrant: str
    clock_face: str
    centroid_mm_lps: tuple[float, float, float]
    bounding_box_mm_lps: tuple[tuple[float, float, float], tuple[float, float, float]]
    volume_ml: float
    diameters_mm: tuple[float, float, float]
    confidence: float | None
    distance_mm: Mapping[str, float]
    kinetics: FindingKinetics
    description: Description = field(default_factory=Description)
    assessments: tuple[Assessment, ...] = ()
    perfusion: FindingPerfusion | None = None
    diffusion: FindingDiffusion | None = None
    radiomics: FindingRadiomics | None = None
    depth: str = UNDETERMINED
    relation: FindingRelation = field(default_factory=FindingRelation)
