"""Enhancing lesions as findings: detection, size, place, kinetics, score."""

from mamri.findings.assess import assess_finding
from mamri.findings.describe import (
    DescriptionSettings,
    describe_findings,
    description_provenance,
)
from mamri.findings.detection import detect_findings, search_phases
from mamri.findings.kaiser_score import KaiserDescriptors, KaiserScore, kaiser_score
from mamri.findings.learned_detection import (
    LearnedDetectionSettings,
    LesionNetwork,
    detect_with_network,
)
from mamri.findings.lesion_confidence import LesionCalibration
from mamri.findings.lesion_crop import CropSettings, cut_crops
from mamri.findings.location import LocationSettings
from mamri.findings.measure import MeasureSettings, measure_findings
from mamri.findings.outlined import outlined_lesions
from mamri.findings.relations import relate_findings
from mamri.findings.settings import DetectionSettings

__all__ = [
    "CropSettings",
    "DescriptionSettings",
    "DetectionSettings",
    "KaiserDescriptors",
    "KaiserScore",
    "LearnedDetectionSettings",
    "LesionCalibration",
    "LesionNetwork",
    "LocationSettings",
    "MeasureSettings",
    "assess_finding",
    "cut_crops",
    "describe_findings",
    "description_provenance",
    "detect_findings",
    "detect_with_network",
    "kaiser_score",
    "measure_findings",
    "outlined_lesions",
    "relate_findings",
    "search_phases",
]
