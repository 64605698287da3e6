"""The frozen nouns of mamri: volumes, exams, anatomy, findings, results, errors."""

from mamri.records.acquired_series import AcquiredSeries
from mamri.records.anatomy import Anatomy, AnatomyMethod
from mamri.records.caveat import Caveat, CheckStatus, QualityCheck, Status
from mamri.records.description import UNDETERMINED, Description, FindingRelation, Measure
from mamri.records.diffusion import AlignmentQuality, FindingDiffusion
from mamri.records.dynamic import DiffusionSeries, DynamicSeries
from mamri.records.errors import (
    DicomError,
    GeometryError,
    InputError,
    MamriError,
    ModelError,
    TimingError,
)
from mamri.records.exam import (
    Acquisition,
    Coverage,
    Exam,
    FatSuppressionSeen,
    Plane,
    SeriesRecord,
    SeriesRole,
    Timing,
)
from mamri.records.finding import (
    ALL_SIMULATED,
    Assessment,
    DelayedPhase,
    DetectionMethod,
    Finding,
    FindingKinetics,
    InitialPhase,
)
from mamri.records.kinetic_maps import KineticMaps
from mamri.records.laterality import Laterality
from mamri.records.lesion_crop import IntensityLandmarks, LesionCrop
from mamri.records.perfusion import FindingPerfusion
from mamri.records.provenance import Provenance
from mamri.records.radiomics import FindingRadiomics, RegionFeatures
from mamri.records.result import BreastMeasurement, BreastSymmetry, ExamResult, ModelUse
from mamri.records.volume import LabelMap, Volume

__all__ = [
    "ALL_SIMULATED",
    "UNDETERMINED",
    "AcquiredSeries",
    "Acquisition",
    "AlignmentQuality",
    "Anatomy",
    "AnatomyMethod",
    "Assessment",
    "BreastMeasurement",
    "BreastSymmetry",
    "Caveat",
    "CheckStatus",
    "Coverage",
    "DelayedPhase",
    "Description",
    "DetectionMethod",
    "DicomError",
    "DiffusionSeries",
    "DynamicSeries",
    "Exam",
    "ExamResult",
    "FatSuppressionSeen",
    "Finding",
    "FindingDiffusion",
    "FindingKinetics",
    "FindingPerfusion",
    "FindingRadiomics",
    "FindingRelation",
    "GeometryError",
    "InitialPhase",
    "InputError",
    "IntensityLandmarks",
    "KineticMaps",
    "LabelMap",
    "Laterality",
    "LesionCrop",
    "MamriError",
    "Measure",
    "ModelError",
    "ModelUse",
    "Plane",
    "Provenance",
    "QualityCheck",
    "RegionFeatures",
    "SeriesRecord",
    "SeriesRole",
    "Status",
    "Timing",
    "TimingError",
    "Volume",
]
