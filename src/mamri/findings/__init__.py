"""Enhancing lesions as findings: detection, size, place, kinetics."""

from mamri.findings.detection import detect_findings, search_phases
from mamri.findings.location import LocationSettings
from mamri.findings.measure import MeasureSettings, measure_findings
from mamri.findings.settings import DetectionSettings

__all__ = [
    "DetectionSettings",
    "LocationSettings",
    "MeasureSettings",
    "detect_findings",
    "measure_findings",
    "search_phases",
]
